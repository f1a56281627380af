use bytes::Bytes;
use motet_store::conformance::SCHEMA;
use motet_store::{Commit, Entity, Position};
use motet_types::ShardId;
use rusqlite::StatementStatus;

use super::*;
use crate::overlay::Overlay;

/// SQLite prepares a statement anew when it thinks that the values bound to it change its plan.
#[test]
fn what_loads_an_entity_is_prepared_once() {
    const LENGTH: &str = "SELECT first_record + records FROM history WHERE entity = ?1
                      ORDER BY first_record DESC LIMIT 1";
    let directory = std::env::temp_dir().join(format!("motet-sqlite-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let mut tables = SqliteTables::open(&directory, &SCHEMA).unwrap();
    let mut reader = SqliteReader { schema: &SCHEMA, connection: connect(&tables.path).unwrap() };
    let mut overlay = Overlay::new(&SCHEMA);
    for nth in 1..=5 {
        overlay.enter(Position(nth), commit_of(Entity([nth as u8; 16])));
        tables.cover(&overlay.seal().unwrap(), nth).unwrap();
        overlay.release();
        let snapshot = reader.snapshot().unwrap();
        for entity in (1..=nth).map(|nth| Entity([nth as u8; 16])) {
            assert_eq!(snapshot.entity(entity).unwrap().records, 1);
            assert_eq!(snapshot.chunks(entity, 0, usize::MAX).unwrap().len(), 1);
        }
    }
    let statement = reader.connection.prepare_cached(LENGTH).unwrap();
    let of = |status| statement.get_status(status);
    assert_eq!((of(StatementStatus::Run), of(StatementStatus::RePrepare)), (15, 0));
    std::fs::remove_dir_all(&directory).unwrap();
}

fn commit_of(entity: Entity) -> Commit {
    Commit {
        shard: ShardId(1),
        epoch: Epoch(1),
        entity,
        records: Bytes::from_static(b"abc"),
        record_count: 1,
        snapshot: None,
        rows: Vec::new(),
    }
}
