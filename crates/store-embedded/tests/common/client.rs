//! A service with its completions awaited.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use motet_store::{
    Commit, CommitError, Entity, Loaded, Position, Reads, RowChange, RowScan, Store, TableId, Value,
};
use motet_store_embedded::Service;
use motet_types::ShardId;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A commit that appends one record.
pub(crate) fn appending(service: &Service, entity: u8, text: &str) -> Commit {
    Commit {
        shard: ShardId(0),
        epoch: epoch(service),
        entity: Entity([entity; 16]),
        records: text.to_owned().into(),
        record_count: 1,
        snapshot: None,
        rows: vec![RowChange::Put {
            table: TableId(2),
            row: vec![Value::Text(text.to_owned()), Value::Blob(vec![entity].into())],
        }],
    }
}

pub(crate) fn epoch(service: &Service) -> motet_store::Epoch {
    let leases = wait(|done| service.lease(vec![ShardId(0)], done));
    leases.expect("leases are answered")[0].epoch
}

pub(crate) fn commit(
    service: &Service,
    entity: u8,
    text: &str,
) -> Result<Vec<Position>, CommitError> {
    let group = vec![appending(service, entity, text)];
    wait(|done| service.commit(group, done))
}

/// The records of an entity, by load and by history, which must agree.
pub(crate) fn records(service: &Service, entity: u8) -> Vec<String> {
    let entity = Entity([entity; 16]);
    let loaded = wait(|done| service.load(vec![entity], done)).expect("loads are answered");
    let pages = wait(|done| service.history(entity, 0, usize::MAX, done));
    let text = |bytes: &bytes::Bytes| String::from_utf8_lossy(bytes).into_owned();
    let history: Vec<String> =
        pages.expect("histories are answered").iter().map(|(_, _, chunk)| text(chunk)).collect();
    let Loaded { records, .. } =
        loaded.into_iter().next().flatten().unwrap_or(Loaded { snapshot: None, records: vec![] });
    assert_eq!(records.iter().map(text).collect::<Vec<_>>(), history);
    history
}

/// How many rows there are.
pub(crate) fn rows(service: &Service) -> usize {
    let scan = RowScan { table: TableId(2), prefix: vec![], after: None, limit: usize::MAX };
    wait(|done| service.rows(scan, done)).expect("scans are answered").len()
}

/// Turns a completion into a value.
pub(crate) fn wait<T: Send + 'static>(submit: impl FnOnce(motet_store::Completion<T>)) -> T {
    let (sender, receiver) = mpsc::channel();
    submit(Box::new(move |value| sender.send(value).expect("the test listens")));
    receiver.recv_timeout(PATIENCE).expect("every method reports once")
}

/// Looks again until it is so.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what} never came");
        std::thread::yield_now();
    }
}
