//! The pump of a sink: sends what waits, in order, and lets go of it once it was acknowledged.

use std::sync::Arc;

use motet_events::{Error, Sink};
use motet_runtime::Outgoing;

use super::convert::message_of;
use super::{Around, Trouble};

/// Events that are sent at once, at most, and about how many bytes.
const EVENTS_MAX: usize = 256;
const BYTES_MAX: usize = 512 * 1024;

/// Sends for ever.
pub(super) async fn run(sink: Arc<dyn Sink>, name: Arc<str>, is_binary: bool, around: Around) {
    let mut trouble = Trouble::new(format!("sink {name}"), &around);
    let mut grows = around.handle.outgoing_grows();
    let mut after = None;
    loop {
        grows.mark_unchanged();
        let page = around.handle.outgoing(name.clone(), after.clone(), EVENTS_MAX).await;
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                trouble.met_by_runtime(error).await;
                continue;
            }
        };
        let Some(last) = page.last() else {
            // Behind the last row it begins again with the first: so every instance has its turn.
            let was_behind = after.take().is_some();
            if !was_behind && grows.changed().await.is_err() {
                return;
            }
            continue;
        };
        after = Some(last.key.clone());
        deliver(&*sink, page, is_binary, &around, &mut trouble).await;
    }
}

/// Sends a page until each of its events was acknowledged, or refused for good.
async fn deliver(
    sink: &dyn Sink,
    page: Vec<Outgoing>,
    is_binary: bool,
    around: &Around,
    trouble: &mut Trouble,
) {
    let mut left = page;
    while !left.is_empty() {
        let mut bytes = 0;
        let messages: Vec<_> = left
            .iter()
            .map(|outgoing| message_of(outgoing, is_binary))
            .take_while(|message| {
                let is_first = bytes == 0;
                bytes += message.size();
                is_first || bytes <= BYTES_MAX
            })
            .collect();
        let count = messages.len();
        match sink.send(messages).await {
            Ok(()) => {
                trouble.is_over();
                let rest = left.split_off(count);
                let sent = std::mem::replace(&mut left, rest);
                let_go(&sent, around, trouble).await;
            }
            Err(Error::Message { idx, reason }) if idx < count => {
                set_aside(left.remove(idx), &reason, around, trouble).await;
            }
            Err(error) => trouble.met(error.to_string()).await,
        }
    }
}

/// Keeps an event that the sink will never take where people find it. While there are too many of them the sink stands still.
async fn set_aside(refused: Outgoing, reason: &str, around: &Around, trouble: &mut Trouble) {
    around.output.note(&format!(
        "motet: {}: it refuses the event {} of {} (type {}), which is set aside: {reason}",
        trouble.about,
        refused.event.id(),
        refused.event.source(),
        refused.event.kind(),
    ));
    while let Err(error) = around.handle.sink_refuses(refused.clone(), reason.to_owned()).await {
        trouble.met_by_runtime(error).await;
    }
    trouble.is_over();
}

/// Makes it durable that events were acknowledged. Until then a restart would send them again.
async fn let_go(sent: &[Outgoing], around: &Around, trouble: &mut Trouble) {
    let keys: Vec<_> = sent.iter().map(|outgoing| outgoing.key.clone()).collect();
    while let Err(error) = around.handle.delivered(keys.clone()).await {
        trouble.met_by_runtime(error).await;
    }
}
