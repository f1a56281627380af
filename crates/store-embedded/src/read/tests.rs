use std::collections::BTreeMap;
use std::sync::mpsc;

use bytes::Bytes;
use motet_store::conformance::SCHEMA;
use motet_store::memory::MemoryStore;
use motet_store::{
    Commit, Completion, Entity, Epoch, Position, Reads, Row, RowChange, RowScan, Store, TableId,
    Value,
};
use motet_types::ShardId;
use proptest::prelude::*;

use crate::overlay::Overlay;
use crate::tables::{MemoryTables, Tables, TablesReader};

const TIMER: TableId = TableId(1);

/// What happens to the layers, one after another.
#[derive(Clone, Debug)]
enum Step {
    Commit(Commit),
    Seal,
    /// Covers what is sealed and lets go of it.
    Cover,
}

/// The layers beside a store in memory that knows only commits.
struct Layers {
    overlay: Overlay,
    tables: MemoryTables,
    reference: MemoryStore,
    epoch: Epoch,
    last: Position,
}

impl Layers {
    fn new() -> Self {
        let reference = MemoryStore::new(&SCHEMA);
        let lease = now(|done| reference.lease(vec![ShardId(0)], done)).expect("nothing fails");
        let (overlay, tables) = (Overlay::new(&SCHEMA), MemoryTables::new(&SCHEMA));
        Self { overlay, tables, reference, epoch: lease[0].epoch, last: Position(0) }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Commit(commit) => {
                self.last.0 += 1;
                let leased = Commit { epoch: self.epoch, ..commit.clone() };
                let positions = now(|done| self.reference.commit(vec![leased], done));
                assert_eq!(positions, Ok(vec![self.last]));
                self.overlay.enter(self.last, commit);
            }
            Step::Seal => {
                self.overlay.seal();
            }
            Step::Cover => {
                if let Some(sealed) = self.overlay.seal() {
                    self.tables.cover(&sealed, 1).expect("memory has room");
                    self.overlay.release();
                }
            }
        }
    }

    /// Everything that readers can ask, in words, from the reference.
    fn expected(&self, scan: &RowScan, skip: u64, limit: usize) -> Answers {
        let entities = [Entity([1; 16]), Entity([2; 16])];
        Answers {
            rows: now(|done| self.reference.rows(scan.clone(), done)).expect("nothing fails"),
            loads: format!("{:?}", now(|done| self.reference.load(entities.to_vec(), done))),
            pages: entities
                .map(|entity| now(|done| self.reference.history(entity, skip, limit, done)))
                .map(|page| format!("{page:?}")),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Answers {
    rows: Vec<Row>,
    loads: String,
    pages: [String; 2],
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A reader takes the overlay's part, then anything may happen, then it reads the tables: what it gets is the state
    /// at one moment, not before its part was taken.
    #[test]
    fn a_read_is_a_moment(
        before in prop::collection::vec(step(), 0..25),
        between in prop::collection::vec(step(), 0..12),
        scan in scan(),
        skip in 0..12_u64,
        limit in 0..6_usize,
    ) {
        let mut layers = Layers::new();
        before.into_iter().for_each(|step| layers.take(step));

        let entities = [Entity([1; 16]), Entity([2; 16])];
        let tails = entities.map(|entity| layers.overlay.tails(&entity));
        let changes = layers.overlay.changes(&scan);

        let taken = layers.last;
        let mut moments = BTreeMap::from([(taken, layers.expected(&scan, skip, limit))]);
        for step in between {
            layers.take(step);
            moments.insert(layers.last, layers.expected(&scan, skip, limit));
        }

        let snapshot = layers.tables.snapshot().expect("memory can be read");
        let loads: Result<Vec<_>, motet_store::Error> = Ok(entities
            .iter()
            .zip(tails.clone())
            .map(|(entity, tails)| super::load(tails, &*snapshot, *entity).expect("memory can be read"))
            .collect());
        let mut older = tails.into_iter();
        let found = Answers {
            rows: super::rows(changes, &*snapshot, 3, scan).expect("memory can be read"),
            loads: format!("{loads:?}"),
            pages: entities.map(|entity| {
                let tails = older.next().expect("there is one for each");
                let page = super::history(tails, &*snapshot, entity, skip, limit);
                format!("{:?}", Ok::<_, motet_store::Error>(page.expect("memory can be read")))
            }),
        };
        let moment = taken.max(snapshot.covered());
        prop_assert_eq!(&found, &moments[&moment], "at {:?}, taken at {:?}", moment, taken);
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![5 => commit().prop_map(Step::Commit), 1 => Just(Step::Seal), 1 => Just(Step::Cover)]
}

fn commit() -> impl Strategy<Value = Commit> {
    let chunk = prop::collection::vec(b'a'..=b'z', 0..4);
    let rows = prop::collection::vec(change(), 0..4);
    let cut = prop::option::weighted(0.6, (0..12_u64, 0..12_u64));
    (1..3_u8, chunk, any::<bool>(), rows, cut).prop_map(
        |(entity, chunk, snapshot, mut rows, cut)| {
            let snapshot = (snapshot && chunk.len() == 3).then(|| Bytes::from_static(b"state"));
            if let (Some((from, length)), true) = (cut, snapshot.is_some()) {
                rows.push(RowChange::Cut { from, to: from + length });
            }
            Commit {
                shard: ShardId(0),
                epoch: Epoch(0),
                entity: Entity([entity; 16]),
                record_count: chunk.len() as u32,
                snapshot,
                records: Bytes::from(chunk),
                rows,
            }
        },
    )
}

fn change() -> impl Strategy<Value = RowChange> {
    (key(), any::<u8>(), 0..9_u8).prop_map(|(key, note, kind)| match kind {
        0..4 => {
            let row = [key, vec![Value::Text(note.to_string())]].concat();
            RowChange::Put { table: TIMER, row }
        }
        4..8 => RowChange::Delete { table: TIMER, key },
        _ => RowChange::Forget,
    })
}

fn key() -> impl Strategy<Value = Vec<Value>> {
    (0..2_i64, 0..6_i64).prop_map(|(shard, due)| {
        vec![Value::Int(shard), Value::Int(due), Value::Blob(Bytes::from_static(b"owner"))]
    })
}

fn scan() -> impl Strategy<Value = RowScan> {
    (0..3_usize, key(), prop::option::of(key()), 0..8_usize).prop_map(
        |(length, mut prefix, after, limit)| {
            prefix.truncate(length);
            RowScan { table: TIMER, prefix, after, limit }
        },
    )
}

/// The result of a method that completes at once.
fn now<T: Send + 'static>(submit: impl FnOnce(Completion<T>)) -> T {
    let (sender, receiver) = mpsc::channel();
    submit(Box::new(move |result| sender.send(result).expect("the test listens")));
    receiver.try_recv().expect("the store in memory completes at once")
}
