use std::sync::Arc;

use super::*;
use crate::conformance;

#[tokio::test]
async fn it_does_what_every_source_and_sink_must() {
    let memory = Arc::new(Memory::new(3));
    let pair = conformance::Pair { source: memory.clone(), sink: memory, recognises_ids: true };
    conformance::check(&pair).await;
}

#[tokio::test]
async fn what_is_forgotten_and_what_is_skipped() {
    let memory = Memory::new(1);
    let raw = |text: &'static str| Content::Raw {
        headers: Vec::new(),
        body: Bytes::from_static(text.as_bytes()),
    };
    for text in ["a", "b", "c"] {
        memory.put(0, None, raw(text)).unwrap();
    }
    memory.skip(0, 2).unwrap();
    memory.truncate(0, 1).unwrap();
    let limits = ReadLimits { messages_max: 9, bytes_max: 9, patience: Duration::ZERO };
    let batch = memory.read(0, 1, limits).await.unwrap();
    assert_eq!((batch.messages.len(), batch.next), (2, 5), "the next offset lies behind the gap");
    let gone = memory.read(0, 0, limits).await.unwrap_err();
    assert_eq!(
        gone.to_string(),
        "partition 0 holds offsets from 1 to before 5, and 0 was asked for"
    );
    memory.set_trouble(Some(Error::Unreachable("it is gone".to_owned())));
    assert!(memory.partitions().await.is_err());
    assert!(memory.read(0, 1, limits).await.is_err());
}
