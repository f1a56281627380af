//! What every source and sink must do, as checks that panic. The pair is one topic, empty at first: what the sink is sent,
//! the source gives.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::{Binary, Content, Error, Message, Outgoing, ReadLimits, Sink, Source};

/// What is checked.
pub struct Pair {
    pub source: Arc<dyn Source>,
    pub sink: Arc<dyn Sink>,
    /// Whether a message under an id that was there already is dropped.
    pub recognises_ids: bool,
}

/// How long something that is there may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everything, in order.
pub async fn check(pair: &Pair) {
    what_is_sent_arrives(pair).await;
    order_is_kept_for_each_key(pair).await;
    reading_again_gives_the_same(pair).await;
    reads_are_limited(pair).await;
    a_read_waits_for_its_patience_only(pair).await;
    a_waiting_read_gets_what_comes(pair).await;
    offsets_that_are_not_there_are_errors(pair).await;
    an_id_that_comes_twice(pair).await;
}

async fn what_is_sent_arrives(pair: &Pair) {
    let contents = [
        Content::Structured(Bytes::from_static(br#"{"specversion":"1.0","id":"1"}"#)),
        Content::Binary(Binary {
            attributes: vec![
                ("id".to_owned(), "2".to_owned()),
                ("specversion".to_owned(), "1.0".to_owned()),
                ("subject".to_owned(), "Größe 100 % \"\u{1f3b5}\"".to_owned()),
            ],
            content_type: Some("application/json".to_owned()),
            data: Some(Bytes::from_static(b"{\"a\": 1}")),
        }),
        Content::Raw {
            headers: vec![("plain".to_owned(), Bytes::from_static(b"header"))],
            body: Bytes::from_static(b"\x00\xff no text"),
        },
    ];
    let before = ends(pair).await;
    for (idx, content) in contents.iter().enumerate() {
        send(pair, &format!("arrives-{idx}"), "one", content.clone()).await;
    }
    let arrived = since(pair, &before, contents.len()).await;
    let arrived: Vec<Content> =
        arrived.into_iter().map(|message| sorted(message.content)).collect();
    assert_eq!(arrived, contents, "what arrives is what was sent");
}

async fn order_is_kept_for_each_key(pair: &Pair) {
    const KEYS: usize = 5;
    const EACH: usize = 20;
    let before = ends(pair).await;
    let messages = (0..KEYS * EACH).map(|idx| Outgoing {
        id: format!("order-{idx}"),
        key: format!("key-{}", idx % KEYS),
        content: text(&format!("{} {:03}", idx % KEYS, idx / KEYS)),
    });
    pair.sink.send(messages.collect()).await.expect("messages are taken");
    let mut by_key: BTreeMap<char, Vec<String>> = BTreeMap::new();
    for message in since(pair, &before, KEYS * EACH).await {
        let text = body(&message);
        by_key.entry(text.chars().next().unwrap_or_default()).or_default().push(text);
    }
    assert_eq!(by_key.len(), KEYS, "each key has arrived");
    for texts in by_key.values() {
        assert_eq!(texts.len(), EACH, "nothing is lost or doubled");
        assert!(texts.is_sorted(), "in order: {texts:?}");
    }
}

async fn reading_again_gives_the_same(pair: &Pair) {
    for partition in partitions(pair).await {
        let range = range(pair, partition).await;
        let all = read_to(pair, partition, range.start, range.end).await;
        assert_eq!(all, read_to(pair, partition, range.start, range.end).await, "as before");
        assert!(all.is_sorted_by(|one, other| one.offset < other.offset), "offsets grow");
        if let Some(middle) = all.get(all.len() / 2) {
            let from = read_to(pair, partition, middle.offset, range.end).await;
            assert_eq!(from, all[all.len() / 2..], "from the middle on");
        }
    }
}

async fn reads_are_limited(pair: &Pair) {
    let before = ends(pair).await;
    for idx in 0..6 {
        send(pair, &format!("limited-{idx}"), "one", text(&"x".repeat(1_000))).await;
    }
    let all = since(pair, &before, 6).await;
    let (partition, first) = place(pair, &before).await;
    let limits =
        |messages_max, bytes_max| ReadLimits { messages_max, bytes_max, patience: PATIENCE };
    let read = pair.source.read(partition, first, limits(4, 1 << 20)).await.expect("it is read");
    assert_eq!(read.messages, all[..4], "no more than were asked for");
    let rest = pair.source.read(partition, read.next, limits(4, 1 << 20)).await;
    assert_eq!(rest.expect("it is read").messages, all[4..], "then the rest");
    // Brokers count bytes in batches, so this holds for the first message alone.
    let read = pair.source.read(partition, first, limits(4, 10)).await.expect("it is read");
    assert_eq!(
        read.messages.first(),
        all.first(),
        "one that is larger than the limit is read alone"
    );
}

async fn a_read_waits_for_its_patience_only(pair: &Pair) {
    let limits =
        ReadLimits { messages_max: 10, bytes_max: 1 << 20, patience: Duration::from_millis(50) };
    for (partition, end) in ends(pair).await {
        let read = pair.source.read(partition, end, limits).await.expect("an empty read is none");
        assert_eq!((read.messages, read.next), (Vec::new(), end), "nothing, from there on");
    }
}

async fn a_waiting_read_gets_what_comes(pair: &Pair) {
    let before = ends(pair).await;
    let sending = send(pair, "waiting", "one", text("at last"));
    let receiving = since(pair, &before, 1);
    let ((), arrived) = futures_util::join!(sending, receiving);
    assert_eq!(arrived.iter().map(body).collect::<Vec<_>>(), ["at last"]);
}

async fn offsets_that_are_not_there_are_errors(pair: &Pair) {
    let limits =
        ReadLimits { messages_max: 10, bytes_max: 1 << 20, patience: Duration::from_millis(50) };
    let partition = partitions(pair).await[0];
    let end = range(pair, partition).await.end;
    let asked = end + 1_000;
    let error = pair.source.read(partition, asked, limits).await.expect_err("it is not there");
    assert!(
        matches!(error, Error::OutOfRange { asked: told, next, .. } if told == asked && next == end),
        "{error}"
    );
}

async fn an_id_that_comes_twice(pair: &Pair) {
    if !pair.recognises_ids {
        return;
    }
    let before = ends(pair).await;
    for _ in 0..2 {
        send(pair, "twice", "one", text("once")).await;
    }
    send(pair, "afterwards", "one", text("afterwards")).await;
    let arrived: Vec<String> = since(pair, &before, 2).await.iter().map(body).collect();
    assert_eq!(arrived, ["once", "afterwards"]);
}

async fn send(pair: &Pair, id: &str, key: &str, content: Content) {
    let message = Outgoing { id: id.to_owned(), key: key.to_owned(), content };
    pair.sink.send(vec![message]).await.expect("a message is taken");
}

async fn partitions(pair: &Pair) -> Vec<u32> {
    pair.source.partitions().await.expect("there are partitions")
}

async fn range(pair: &Pair, partition: u32) -> std::ops::Range<u64> {
    pair.source.range(partition).await.expect("a partition has a range")
}

/// Where the next message of each partition will be.
async fn ends(pair: &Pair) -> Vec<(u32, u64)> {
    let mut ends = Vec::new();
    for partition in partitions(pair).await {
        ends.push((partition, range(pair, partition).await.end));
    }
    ends
}

/// The one partition that has grown, with where it ended before.
async fn place(pair: &Pair, before: &[(u32, u64)]) -> (u32, u64) {
    let now = ends(pair).await;
    let grown = before.iter().zip(&now).find(|(before, now)| before != now);
    *grown.expect("one of them has grown").0
}

/// What has come since; waits until there are so many.
async fn since(pair: &Pair, before: &[(u32, u64)], count: usize) -> Vec<Message> {
    let mut from = before.to_vec();
    let mut messages = Vec::new();
    let limits = ReadLimits {
        messages_max: 1_000,
        bytes_max: 1 << 20,
        patience: Duration::from_millis(100),
    };
    let until = tokio::time::Instant::now() + PATIENCE;
    while messages.len() < count {
        assert!(tokio::time::Instant::now() < until, "{} of {count} messages", messages.len());
        for (partition, next) in &mut from {
            let read = pair.source.read(*partition, *next, limits).await.expect("it is read");
            *next = read.next;
            messages.extend(read.messages);
        }
    }
    assert_eq!(messages.len(), count, "no more than were sent");
    messages
}

async fn read_to(pair: &Pair, partition: u32, from: u64, to: u64) -> Vec<Message> {
    let (mut next, mut messages) = (from, Vec::new());
    let limits = ReadLimits { messages_max: 7, bytes_max: 1 << 20, patience: PATIENCE };
    while next < to {
        let read = pair.source.read(partition, next, limits).await.expect("it is read");
        assert!(read.next > next, "a read moves on");
        next = read.next;
        messages.extend(read.messages);
    }
    messages
}

fn text(text: &str) -> Content {
    Content::Raw { headers: Vec::new(), body: Bytes::copy_from_slice(text.as_bytes()) }
}

fn body(message: &Message) -> String {
    match &message.content {
        Content::Raw { body, .. } => String::from_utf8_lossy(body).into_owned(),
        other => panic!("{other:?} was not sent"),
    }
}

/// Brokers may change the order of headers.
fn sorted(content: Content) -> Content {
    match content {
        Content::Binary(mut binary) => {
            binary.attributes.sort();
            Content::Binary(binary)
        }
        other => other,
    }
}
