//! Frames and segments of the log: any bytes are a frame or none, and whatever stands behind the last frame of a log, the
//! store opens with everything that was acknowledged, or says what is damaged.

use std::sync::Arc;

use bytes::Bytes;
use motet_store::conformance::SCHEMA;
use motet_store::{Commit, Entity};
use motet_store_embedded::disk::{Disk, MemoryDisk};
use motet_store_embedded::tables::MemoryTables;
use motet_store_embedded::{Embedded, Error, Options, read_frame};
use motet_types::ShardId;

const BLOCK: usize = 4096;
const HEADER_BYTES: usize = 36;
const CHECKED_BYTES: usize = 32;
const ENTITY: Entity = Entity([7; 16]);

pub(crate) fn check(data: &[u8]) {
    decoded(Bytes::copy_from_slice(data));
    decoded(sealed(data));
    for behind in [0, 1] {
        behind_the_last_frame(data, behind);
    }
}

/// Commits take nothing that is not in the bytes.
fn decoded(bytes: Bytes) {
    let length = bytes.len();
    let Some(commits) = read_frame(bytes) else {
        return;
    };
    let held = |commit: &Commit| {
        commit.records.len() + commit.snapshot.as_ref().map_or(0, Bytes::len) + commit.rows.len()
    };
    let held: usize = commits.iter().map(held).sum();
    assert!(held <= length, "{held} bytes out of {length}");
}

/// The data as the payload of a frame with a right checksum; its first byte counts the commits.
fn sealed(data: &[u8]) -> Bytes {
    let (count, payload) = data.split_first().unwrap_or((&1, data));
    let mut frame = Vec::with_capacity(HEADER_BYTES + payload.len());
    frame.extend_from_slice(b"mfrm\x01\0\0\0");
    frame.extend_from_slice(&1_u64.to_le_bytes());
    frame.extend_from_slice(&1_u64.to_le_bytes());
    frame.extend_from_slice(&u32::from(*count).to_le_bytes());
    frame.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    let checksum =
        crc32c::crc32c_append(crc32c::crc32c(&frame[..CHECKED_BYTES]), payload).to_le_bytes();
    frame.extend_from_slice(&checksum);
    frame.extend_from_slice(payload);
    Bytes::from(frame)
}

/// Writes the data `gap` blocks behind the end of a log and opens it again.
fn behind_the_last_frame(data: &[u8], gap: usize) {
    let disk = MemoryDisk::new(1);
    let tables = MemoryTables::new(&SCHEMA);
    let mut store = open(&disk, &tables).expect("an empty disk is fine");
    let commit = Commit {
        shard: ShardId(3),
        epoch: store.epoch(),
        entity: ENTITY,
        records: Bytes::from_static(b"acknowledged"),
        record_count: 1,
        snapshot: None,
        rows: Vec::new(),
    };
    store.commit_group(vec![commit]).expect("there is room");
    drop(store);
    let (name, end) = end_of_log(&disk);
    let at = end + gap * BLOCK;
    let file = disk.open(&name).expect("it was just listed");
    let room = file.bytes().expect("it has a length") as usize - at;
    file.write_at(at as u64, &data[..data.len().min(room)]).expect("it is within the file");
    file.sync_data().expect("memory can be synced");
    match open(&disk, &tables) {
        Ok(mut store) => {
            let loaded = store.load(&[ENTITY]).expect("the entity can be read");
            let records: Vec<u8> =
                loaded.into_iter().flatten().flat_map(|own| own.records.concat()).collect();
            assert!(records.starts_with(b"acknowledged"), "{records:?}");
        }
        Err(Error::Damaged(_) | Error::NewerFormat { .. }) => {}
        Err(other) => panic!("{other}"),
    }
}

fn open(disk: &MemoryDisk, tables: &MemoryTables) -> Result<Embedded, Error> {
    let options = Options {
        segment_bytes_first: 16 * BLOCK as u64,
        segment_bytes_max: 16 * BLOCK as u64,
        segments_spare: 0,
        reserve_bytes: 0,
        ..Options::default()
    };
    Embedded::open(Arc::new(disk.clone()), Box::new(tables.clone()), &SCHEMA, options)
}

/// The file in which the last frame stands, and the block behind it.
fn end_of_log(disk: &MemoryDisk) -> (String, usize) {
    let names = disk.list().expect("memory can be listed");
    let mut ends = names.into_iter().filter_map(|name| {
        let content = disk.content(&name)?;
        let mut frames = content.chunks(BLOCK).enumerate();
        let last = frames.rfind(|(_, block)| block.starts_with(b"mfrm"))?.0;
        Some((name, (last + 1) * BLOCK))
    });
    ends.next_back().expect("a commit was written")
}
