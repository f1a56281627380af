use std::sync::mpsc;

use motet_types::ShardId;

use crate::conformance::{FRAME_BYTES_MAX, Harness, SCHEMA, suite};
use crate::memory::MemoryStore;
use crate::{Reads, Store};

struct InMemory(MemoryStore);

impl Harness for InMemory {
    fn store(&self) -> &dyn Store {
        &self.0
    }

    fn reads(&self) -> &dyn Reads {
        &self.0
    }

    fn settle(&self) {}

    fn reopen(self: Box<Self>) -> Box<dyn Harness> {
        Box::new(Self(self.0.reopen()))
    }
}

#[test]
fn the_memory_store_conforms() {
    suite(&|| {
        let store = MemoryStore::new(&SCHEMA).with_frame_bytes_max(FRAME_BYTES_MAX);
        Box::new(InMemory(store))
    });
}

#[test]
fn completions_of_a_queued_store_wait_for_their_release() {
    let store = MemoryStore::queued(&SCHEMA);
    let (sender, receiver) = mpsc::channel();
    for name in ["first", "second", "third"] {
        let sender = sender.clone();
        store.lease(
            vec![ShardId(1)],
            Box::new(move |_| sender.send(name).expect("the test listens")),
        );
    }
    let released = |store: &MemoryStore, count| {
        store.release(count);
        receiver.try_iter().collect::<Vec<_>>()
    };
    assert_eq!(store.waiting(), 3);
    assert!(released(&store, 0).is_empty());
    assert_eq!(released(&store, 2), ["first", "second"]);
    assert_eq!(released(&store, 9), ["third"]);
    assert_eq!(store.waiting(), 0);
}

#[test]
fn a_deposed_owner_stays_fenced_in_memory() {
    let deposed = MemoryStore::new(&SCHEMA);
    let leased = |store: &MemoryStore| {
        let (sender, receiver) = mpsc::channel();
        let done = Box::new(move |leases| sender.send(leases).expect("the test listens"));
        store.lease(vec![ShardId(1)], done);
        receiver.recv().expect("leases are answered").expect("in memory nothing fails").len()
    };
    assert_eq!(leased(&deposed), 1);
    let owner = deposed.reopen();
    assert_eq!(leased(&owner), 1);
    assert_eq!(leased(&deposed), 0, "the newer owner keeps the shard");
}
