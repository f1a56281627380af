//! Messages go in at one end and out at the other, while broker and server are killed: each takes effect once.
//!
//! An instance listens for all of them and emits an event for each. At the end it has seen each once; the sink's topic has
//! each at least once, and what it has twice is the same event under the same id.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use motet_events::{
    Content, KafkaOptions, KafkaSink, KafkaSource, NatsOptions, NatsSink, NatsSource, Outgoing,
    ReadLimits, Sink, Source,
};
use motet_expr::json;

use crate::broker::{Broker, create_stream, create_topic, known};
use crate::support::{Directory, Server};

/// Messages between two kills, and how often something is killed.
const EACH: usize = 40;
const ROUNDS: usize = 4;
/// Everything has arrived this long after the last kill.
const PATIENCE: Duration = Duration::from_secs(60);

const WORKFLOW: &str = "\
document: { dsl: 1.0.3, namespace: shop, name: book, version: 1.0.0 }
do:
  - orders:
      listen:
        to: { any: [{ with: { type: order.placed } }], until: '${ length == COUNT }' }
      foreach:
        item: order
        do:
          - booked:
              emit:
                event:
                  with: { type: order.booked, subject: '${ $order.n | tostring }', data: { n: '${ $order.n }' } }
        output: { as: '${ $order.n }' }
";

/// A broker with a way in and a way out.
struct Rig {
    broker: Broker,
    config: String,
    feed: Arc<dyn Sink>,
    results: Arc<dyn Source>,
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka() {
    let broker = Broker::kafka();
    for topic in ["orders", "booked"] {
        create_topic(broker.port, topic, 3).unwrap();
    }
    let options = |topic: &str| KafkaOptions {
        addresses: vec![broker.address()],
        topic: topic.to_owned(),
        tls: None,
        login: None,
        patience: Duration::from_secs(60),
    };
    let place = format!("kind = \"kafka\"\naddresses = [\"{}\"]", broker.address());
    let config = format!(
        "[[sources]]\nname = \"orders\"\n{place}\ntopic = \"orders\"\nnamespace = \"shop\"\n\
         type = \"order.placed\"\n\
         [[sinks]]\nname = \"booked\"\n{place}\ntopic = \"booked\"\nmode = \"binary\"\n"
    );
    let feed = Arc::new(KafkaSink::new(options("orders")).unwrap());
    let results = Arc::new(KafkaSource::new(options("booked")).unwrap());
    known(&*results).await;
    check(Rig { broker, config, feed, results }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nats() {
    let broker = Broker::nats();
    for stream in ["orders", "booked"] {
        create_stream(broker.port, stream).await;
    }
    let address = format!("nats://{}", broker.address());
    let options = |stream: &str| NatsOptions {
        addresses: vec![address.clone()],
        stream: stream.to_owned(),
        subject: Some(stream.to_owned()),
        tls: None,
        login: None,
        patience: Duration::from_secs(60),
    };
    let place = format!("kind = \"nats\"\naddresses = [\"{address}\"]");
    let config = format!(
        "[[sources]]\nname = \"orders\"\n{place}\nstream = \"orders\"\nnamespace = \"shop\"\n\
         type = \"order.placed\"\n\
         [[sinks]]\nname = \"booked\"\n{place}\nsubject = \"booked\"\ntypes = [\"order.*\"]\n"
    );
    let feed = Arc::new(NatsSink::new(options("orders")));
    let results = Arc::new(NatsSource::new(options("booked")));
    check(Rig { broker, config, feed, results }).await;
}

async fn check(mut rig: Rig) {
    let count = EACH * (ROUNDS + 1);
    let directory = Directory::new();
    directory.write("motet.toml", &rig.config);
    directory.write("book.yaml", &WORKFLOW.replace("COUNT", &count.to_string()));
    let mut server = start(directory);
    assert_eq!(server.motet("publish book.yaml").transcript().lines().count(), 1);
    let began = server.motet("run shop/book --wait 0s --output json");
    let began = json::parse(began.stdout.as_bytes(), json::Limits::default()).unwrap();
    let id = json::get(&began, "id").and_then(json::as_str).unwrap().to_owned();
    for round in 0..=ROUNDS {
        // Who feeds waits until a broker that was killed is there again.
        let feed = rig.feed.clone();
        let feeding = tokio::spawn(async move { send(&*feed, round * EACH).await });
        if round < ROUNDS && round % 2 == 0 {
            rig.broker.kill();
            rig.broker.restart();
        }
        if round < ROUNDS && round != 2 {
            server = start(server.killed());
        }
        feeding.await.unwrap();
    }
    rig.broker.wait_ready();
    let output = ended(&server, &id);
    let seen: BTreeSet<&str> = output.iter().map(String::as_str).collect();
    assert_eq!((output.len(), seen.len()), (count, count), "each message took effect once");
    check_results(&*rig.results, count).await;
    assert_eq!(server.stop(), 0);
}

fn start(directory: Directory) -> Server {
    Server::spawn(directory, &["serve", "--config", "motet.toml", "--data", "data"])
}

/// Sends numbers from the first on; the keys lead to several partitions.
async fn send(feed: &dyn Sink, first: usize) {
    for n in first..first + EACH {
        let content =
            Content::Raw { headers: Vec::new(), body: Bytes::from(format!("{{\"n\": {n}}}")) };
        let message = Outgoing { id: format!("order-{n}"), key: format!("key-{}", n % 7), content };
        let until = Instant::now() + PATIENCE;
        // Under its id it is recognised where it comes twice: by the stream, or by the count of the producer.
        while let Err(error) = feed.send(vec![message.clone()]).await {
            assert!(Instant::now() < until, "{error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// What the instance has seen.
fn ended(server: &Server, id: &str) -> Vec<String> {
    let until = Instant::now() + PATIENCE;
    loop {
        let shown = server.motet(&format!("describe {id} --output json")).stdout;
        let shown = json::parse(shown.as_bytes(), json::Limits::default()).unwrap();
        let output = json::get(&shown, "output").cloned();
        if let Some(motet_expr::Value::Arr(items)) = output {
            return items.iter().map(json::to_text).collect();
        }
        assert!(Instant::now() < until, "it has not ended: {}", json::to_pretty(&shown));
        std::thread::sleep(Duration::from_millis(100));
    }
}

async fn check_results(results: &dyn Source, count: usize) {
    let limits =
        ReadLimits { messages_max: 100, bytes_max: 1 << 20, patience: Duration::from_millis(200) };
    let mut next: BTreeMap<u32, u64> = BTreeMap::new();
    for partition in results.partitions().await.unwrap() {
        next.insert(partition, results.range(partition).await.unwrap().start);
    }
    let mut by_subject: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let until = Instant::now() + PATIENCE;
    while by_subject.len() < count {
        assert!(Instant::now() < until, "{} of {count} have gone out", by_subject.len());
        for (partition, next) in &mut next {
            let batch = results.read(*partition, *next, limits).await.unwrap();
            *next = batch.next;
            for message in batch.messages {
                let (subject, id) = attributes(&message.content);
                by_subject.entry(subject).or_default().insert(id);
            }
        }
    }
    assert_eq!(by_subject.len(), count, "nothing went out that was not emitted");
    let doubled = by_subject.values().filter(|ids| ids.len() > 1).count();
    assert_eq!(doubled, 0, "what is there twice is the same event");
}

fn attributes(content: &Content) -> (String, String) {
    match content {
        Content::Binary(binary) => {
            let attribute = |name: &str| {
                let found = binary.attributes.iter().find(|(own, _)| own == name);
                found.unwrap().1.clone()
            };
            (attribute("subject"), attribute("id"))
        }
        Content::Structured(text) => {
            let event = json::parse(text, json::Limits::default()).unwrap();
            let attribute =
                |name| json::get(&event, name).and_then(json::as_str).unwrap().to_owned();
            (attribute("subject"), attribute("id"))
        }
        other => panic!("{other:?} is no event"),
    }
}
