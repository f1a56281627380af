//! A store over a simulated disk, random work, random faults, and a model of what must be there.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use motet_store::conformance::SCHEMA;
use motet_store::{Commit, CommitError, Entity, RowChange, RowScan, Table, Value};
use motet_store_embedded::disk::MemoryDisk;
use motet_store_embedded::tables::MemoryTables;
use motet_store_embedded::{Embedded, Error, Options};
use motet_types::ShardId;

const ENTITIES: u8 = 5;

const SNAPSHOT_BYTES_MAX: usize = 20_000;

/// What an observer must find.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Model {
    /// Chunks by entity.
    pub(crate) histories: BTreeMap<u8, Vec<String>>,
    /// Text by key.
    pub(crate) rows: BTreeMap<String, Bytes>,
}

pub(crate) struct World {
    pub(crate) disk: MemoryDisk,
    pub(crate) tables: MemoryTables,
    pub(crate) random: Random,
    pub(crate) model: Model,
    options: Options,
    chunks: u64,
}

/// How a group ended.
enum Ended {
    Durable,
    Refused,
    Unknown,
}

impl World {
    pub(crate) fn new(seed: u64, options: Options) -> Self {
        Self {
            disk: MemoryDisk::new(seed),
            tables: MemoryTables::new(&SCHEMA),
            random: Random(seed ^ 0x5eed),
            model: Model::default(),
            options,
            chunks: 0,
        }
    }

    pub(crate) fn open(&self) -> Result<Embedded, Error> {
        let (disk, tables) = (Arc::new(self.disk.clone()), Box::new(self.tables.clone()));
        Embedded::open(disk, tables, &SCHEMA, self.options.clone())
    }

    /// One life of a process: random work until something fails or `steps` are done. Says what may be there afterwards.
    pub(crate) fn live(&mut self, mut store: Embedded, steps: u64) -> Result<Vec<Model>, String> {
        for _ in 0..steps {
            match self.random.below(10) {
                0 => {
                    store.seal();
                }
                1 => {
                    if store.cover().is_err() {
                        break;
                    }
                }
                2 => {
                    if store.recycle().is_err() && self.disk.is_off() {
                        break;
                    }
                }
                _ => {
                    let (group, mut after) = self.group(&store);
                    let bytes: usize = group.iter().map(Commit::size_bound).sum();
                    match ended(store.commit_group(group)) {
                        Ended::Durable => self.model = after.pop().expect("a group has commits"),
                        Ended::Refused => {}
                        Ended::Unknown => {
                            // Only a group beyond the limit of a frame may be there in part.
                            let parts = if bytes > self.options.frame_bytes_max {
                                0
                            } else {
                                after.len() - 1
                            };
                            after.drain(..parts);
                            after.push(self.model.clone());
                            return Ok(after);
                        }
                    }
                }
            }
            if self.random.below(8) == 0 && !self.disk.is_off() {
                agree(&mut store, std::slice::from_ref(&self.model))?;
            }
        }
        Ok(vec![self.model.clone()])
    }

    /// Opens, if need be again and again because power fails during the opening; checks what is there.
    pub(crate) fn recover(
        &mut self,
        possible: &[Model],
        interrupt: bool,
    ) -> Result<Embedded, String> {
        if interrupt {
            self.disk.power_off_after(self.random.below(12));
        }
        for _ in 0..3 {
            match self.open() {
                Ok(mut store) => {
                    if !self.disk.is_off() {
                        self.model = agree(&mut store, possible)?;
                    }
                    return Ok(store);
                }
                Err(_) if self.disk.is_off() => self.disk.crash(),
                Err(error) => return Err(format!("it does not open: {error}")),
            }
        }
        Err("it does not open although power stays".to_owned())
    }

    /// A random group, and what the model is after each of its commits.
    fn group(&mut self, store: &Embedded) -> (Vec<Commit>, Vec<Model>) {
        let mut model = self.model.clone();
        let count = 1 + self.random.below(4);
        let one = |_| (self.commit(store, &mut model), model.clone());
        (0..count).map(one).unzip()
    }

    fn commit(&mut self, store: &Embedded, model: &mut Model) -> Commit {
        let entity = self.random.below(u64::from(ENTITIES)) as u8;
        self.chunks += 1;
        let length = [0, 10, 100, 5_000][self.random.below(4) as usize];
        let chunk = match length {
            0 => String::new(),
            length => format!("{}{}", self.chunks, ".".repeat(length)),
        };
        let forgets = self.random.below(12) == 0;
        if forgets {
            model.histories.remove(&entity);
        }
        let history = model.histories.entry(entity).or_default();
        if !chunk.is_empty() {
            history.push(chunk.clone());
        }
        let state = Bytes::from(history.concat());
        let small = !state.is_empty() && state.len() < SNAPSHOT_BYTES_MAX;
        let snapshot = (small && self.random.below(4) == 0).then_some(state);
        if history.is_empty() {
            model.histories.remove(&entity);
        }
        Commit {
            shard: ShardId(0),
            epoch: store.epoch(),
            entity: Entity([entity; 16]),
            record_count: u32::from(!chunk.is_empty()),
            records: Bytes::from(chunk),
            snapshot,
            rows: (0..self.random.below(3))
                .map(|_| self.change(model))
                .chain(forgets.then_some(RowChange::Forget))
                .collect(),
        }
    }

    fn change(&mut self, model: &mut Model) -> RowChange {
        let table = starts().id;
        let key = format!("key {}", self.random.below(12));
        if self.random.below(3) == 0 {
            model.rows.remove(&key);
            return RowChange::Delete { table, key: vec![Value::Text(key)] };
        }
        let owner = Bytes::from(format!("owner {}", self.random.next()));
        model.rows.insert(key.clone(), owner.clone());
        RowChange::Put { table, row: vec![Value::Text(key), Value::Blob(owner)] }
    }
}

/// What the store shows; fails unless it is one of the possible states, by every way of reading.
pub(crate) fn agree(store: &mut Embedded, possible: &[Model]) -> Result<Model, String> {
    let shown = observe(store)?;
    match possible.contains(&shown) {
        true => Ok(shown),
        false => Err(difference(&shown, possible)),
    }
}

/// Reads everything, by pages of histories and of rows, and checks that loads agree with histories.
pub(crate) fn observe(store: &mut Embedded) -> Result<Model, String> {
    let words = |error: motet_store::Error| error.to_string();
    let mut model = Model::default();
    let ids: Vec<Entity> = (0..ENTITIES).map(|entity| Entity([entity; 16])).collect();
    let loaded = store.load(&ids).map_err(words)?;
    for (entity, loaded) in (0..ENTITIES).zip(loaded) {
        let chunks = history(store, entity).map_err(words)?;
        let state = loaded.map_or_else(String::new, |loaded| {
            let snapshot = loaded.snapshot.iter().chain(&loaded.records);
            snapshot.map(|bytes| String::from_utf8_lossy(bytes)).collect()
        });
        if state != chunks.concat() {
            return Err(format!("entity {entity} loads {state:?} but its history is {chunks:?}"));
        }
        if !chunks.is_empty() {
            model.histories.insert(entity, chunks);
        }
    }
    let mut after = None;
    loop {
        let scan = RowScan { table: starts().id, prefix: Vec::new(), after, limit: 3 };
        let page = store.rows(scan).map_err(words)?;
        let Some(last) = page.last() else { return Ok(model) };
        after = Some(last[..1].to_vec());
        for row in page {
            let [Value::Text(key), Value::Blob(owner)] = row.as_slice() else {
                return Err(format!("{row:?} is no row of the table"));
            };
            model.rows.insert(key.clone(), owner.clone());
        }
    }
}

fn history(store: &mut Embedded, entity: u8) -> Result<Vec<String>, motet_store::Error> {
    let mut chunks = Vec::new();
    loop {
        let page = store.history(Entity([entity; 16]), chunks.len() as u64, 2)?;
        if page.is_empty() {
            return Ok(chunks);
        }
        let texts = page.iter().map(|(_, _, chunk)| String::from_utf8_lossy(chunk).into_owned());
        chunks.extend(texts);
    }
}

fn ended(result: Result<Vec<motet_store::Position>, CommitError>) -> Ended {
    match result {
        Ok(_) => Ended::Durable,
        Err(CommitError::Unknown(_)) => Ended::Unknown,
        Err(CommitError::DiskFull(_)) => Ended::Refused,
        Err(other) => panic!("the model makes no such commit: {other}"),
    }
}

fn difference(shown: &Model, possible: &[Model]) -> String {
    let lengths = |model: &Model| {
        let chunks: Vec<usize> = model.histories.values().map(Vec::len).collect();
        format!("chunks {chunks:?}, rows {:?}", model.rows)
    };
    let possible: Vec<String> = possible.iter().map(lengths).collect();
    format!("it shows {}, possible was {}", lengths(shown), possible.join(" or "))
}

fn starts() -> &'static Table {
    SCHEMA.tables.iter().find(|table| table.name == "start").expect("the schema has it")
}

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Several lives with faults of every kind; the same seed gives the same story.
pub(crate) fn explore(seed: u64, options: &Options) -> Result<(), String> {
    let mut world = World::new(seed, options.clone());
    let mut possible = vec![Model::default()];
    for life in 0..6 {
        let interrupt = world.random.below(3) == 0;
        let store = world.recover(&possible, interrupt)?;
        if world.disk.is_off() {
            // Power failed while the opening ended; nothing was done.
            drop(store);
            world.disk.crash();
            continue;
        }
        match world.random.below(4) {
            0 => world.disk.power_off_after(world.random.below(60)),
            1 => world.disk.fail_sync_after(world.random.below(20)),
            2 => {
                world.disk.set_writes_need_room(life % 2 == 0);
                world.disk.set_free_bytes(world.random.below(200_000));
            }
            _ => {}
        }
        possible = world.live(store, 40)?;
        world.disk.set_free_bytes(u64::MAX);
        if world.random.below(2) == 0 {
            // The process dies alone; what the next one shows must survive even if power fails at once.
            world.disk.kill();
            drop(world.recover(&possible, false)?);
            possible = vec![world.model.clone()];
        }
        world.disk.crash();
    }
    world.recover(&possible, false).map(drop)
}
