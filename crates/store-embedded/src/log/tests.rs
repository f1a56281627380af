use std::sync::Arc;

use bytes::Bytes;
use expect_test::expect;
use motet_store::{Commit, Entity, Epoch, Position, RowChange, TableId, Value};
use motet_types::ShardId;
use proptest::prelude::*;

use super::codec::{decode_commit, encode_commit, put_varint, take_varint};
use super::frame::{self, Frame, HEADER_BYTES};
use super::segment::{BLOCK, FirstBlock, Header, Segment, segment_name};
use super::survey::survey;
use crate::disk::{Disk, MemoryDisk};
use crate::error::Error;
use crate::options::Options;

#[test]
fn a_frame_has_the_documented_bytes() {
    let mut bytes = Vec::new();
    frame::encode(&mut bytes, 0x1122_3344_5566_7788, 9, [sample()].iter());
    let payload = frame::stored_bytes(0) as usize;
    assert_eq!((bytes.len(), payload), (BLOCK, BLOCK));
    expect![[r#"
        0000  6d 66 72 6d 01 00 00 00 88 77 66 55 44 33 22 11
        0016  09 00 00 00 00 00 00 00 01 00 00 00 41 00 00 00
        0032  0c f8 5f 28 83 02 07 ab ab ab ab ab ab ab ab ab
        0048  ab ab ab ab ab ab ab 02 05 68 65 6c 6c 6f 06 73
        0064  74 61 74 65 02 04 06 01 01 6b 08 09 01 0a ff ff
        0080  10 ff ff ff ff ff ff ff ff 02 02 00 ff 05 02 01
        0096  01 6b 0a d0 07 00 00 00 00 00 00 00 00 00 00 00
    "#]]
    .assert_eq(&hex(&bytes[..112]));
}

#[test]
fn forgetting_has_the_documented_bytes() {
    let commit = Commit {
        rows: vec![RowChange::Forget],
        records: Bytes::new(),
        record_count: 0,
        snapshot: None,
        ..sample()
    };
    let mut bytes = Vec::new();
    encode_commit(&mut bytes, &commit);
    expect![[r#"
        0000  83 02 07 ab ab ab ab ab ab ab ab ab ab ab ab ab
        0016  ab ab ab 00 00 00 01 80 80 08 00
    "#]]
    .assert_eq(&hex(&bytes));
    assert!(bytes.len() <= commit.size_bound());
    assert_eq!(decode_commit(&mut Bytes::from(bytes.clone())), Some(commit));
    *bytes.last_mut().expect("it is not empty") = 1;
    bytes.push(0);
    assert_eq!(decode_commit(&mut Bytes::from(bytes)), None, "forgetting has no values");
}

#[test]
fn a_segment_header_has_the_documented_bytes() {
    let header = Header { id: 0xabcd, ordinal: 7, base: 5, first: 1_000 };
    expect![[r#"
        0000  6d 6f 74 65 74 6c 6f 67 01 00 00 00 00 00 00 00
        0016  cd ab 00 00 00 00 00 00 07 00 00 00 00 00 00 00
        0032  05 00 00 00 00 00 00 00 e8 03 00 00 00 00 00 00
        0048  47 56 52 a1 00 00 00 00 00 00 00 00 00 00 00 00
    "#]]
    .assert_eq(&hex(&header.encode()[..64]));
}

#[test]
fn every_flipped_bit_of_a_frame_is_seen() {
    let mut bytes = Vec::new();
    frame::encode(&mut bytes, 1, 1, [sample(), sample()].iter());
    let whole = Frame::decode(Bytes::from(bytes.clone())).expect("it was just encoded");
    assert_eq!(whole.commits(), Some(vec![sample(), sample()]));
    for bit in 0..(HEADER_BYTES + whole.payload.len()) * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(Frame::decode(Bytes::from(flipped)), None, "bit {bit}");
    }
}

#[test]
fn every_flipped_bit_of_a_segment_header_is_seen() {
    let header = Header { id: 3, ordinal: 2, base: 1, first: 4 };
    for bit in 0..52 * 8 {
        let mut flipped = header.encode();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let disk = MemoryDisk::new(0);
        let segment =
            Segment::create(&disk, &segment_name(1), BLOCK as u64).expect("it is created");
        segment.file.write_at(0, &flipped).expect("it is written");
        assert_eq!(segment.first_block().expect("it is read"), FirstBlock::Unreadable, "bit {bit}");
    }
}

#[test]
fn a_cut_frame_is_no_frame() {
    let mut bytes = Vec::new();
    frame::encode(&mut bytes, 1, 1, [sample()].iter());
    let end =
        HEADER_BYTES + Frame::decode(Bytes::from(bytes.clone())).expect("whole").payload.len();
    for length in 0..end {
        assert_eq!(Frame::decode(Bytes::copy_from_slice(&bytes[..length])), None, "{length} bytes");
    }
}

#[test]
fn newer_formats_are_refused() {
    let mut header = Header { id: 3, ordinal: 1, base: 1, first: 1 }.encode();
    header[8] = 2;
    let checksum = crc32c::crc32c(&header[..48]).to_le_bytes();
    header[48..52].copy_from_slice(&checksum);
    let disk = MemoryDisk::new(0);
    let segment = Segment::create(&disk, &segment_name(1), BLOCK as u64).expect("it is created");
    segment.file.write_at(0, &header).expect("it is written");
    let disk: Arc<dyn Disk> = Arc::new(disk);
    let refused = survey(&disk, &Options::small(), Position(0), 0).err().expect("it is refused");
    assert!(matches!(refused, Error::NewerFormat { found: 2, supported: 1 }), "{refused}");
}

#[test]
fn varints_have_one_form_each_and_an_end() {
    for (value, length) in [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (u64::MAX, 10)] {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, value);
        assert_eq!(bytes.len(), length);
        assert_eq!(take_varint(&mut Bytes::from(bytes)), Some(value));
    }
    for wrong in [&[][..], &[0x80], &[0xff; 10], &[0x80; 11]] {
        assert_eq!(take_varint(&mut Bytes::copy_from_slice(wrong)), None, "{wrong:?}");
    }
}

proptest! {
    #[test]
    fn commits_survive_their_form(commit in commits()) {
        let mut bytes = Vec::new();
        encode_commit(&mut bytes, &commit);
        prop_assert!(bytes.len() <= commit.size_bound(), "{} > {}", bytes.len(), commit.size_bound());
        let mut rest = Bytes::from(bytes);
        prop_assert_eq!(decode_commit(&mut rest), Some(commit));
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let frame = Frame::decode(Bytes::from(bytes.clone()));
        prop_assert!(frame.is_none(), "random bytes have no valid checksum");
        let mut rest = Bytes::from(bytes.clone());
        while let Some(commit) = decode_commit(&mut rest) {
            prop_assert!(commit.records.len() <= bytes.len());
        }
    }

    #[test]
    fn any_payload_is_read_without_panic(
        commits in any::<u32>(),
        payload in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let frame =
            Frame { segment_id: 1, sequence: 1, commits, format: 1, payload: Bytes::from(payload) };
        if let Some(found) = frame.commits() {
            prop_assert_eq!(found.len(), commits as usize);
        }
    }

    #[test]
    fn mutated_frames_are_refused(
        commits in prop::collection::vec(commits(), 1..4),
        at in any::<prop::sample::Index>(),
        with in 1..=255_u8,
    ) {
        let mut bytes = Vec::new();
        frame::encode(&mut bytes, 7, 100, commits.iter());
        let whole = Frame::decode(Bytes::from(bytes.clone())).expect("it was just encoded");
        prop_assert_eq!(whole.commits(), Some(commits));
        let at = at.index(HEADER_BYTES + whole.payload.len());
        bytes[at] ^= with;
        prop_assert_eq!(Frame::decode(Bytes::from(bytes)), None);
    }
}

fn sample() -> Commit {
    let key = || Value::Text("k".to_owned());
    Commit {
        shard: ShardId(259),
        epoch: Epoch(7),
        entity: Entity([0xab; 16]),
        records: Bytes::from_static(b"hello"),
        record_count: 2,
        snapshot: Some(Bytes::from_static(b"state")),
        rows: vec![
            RowChange::Put {
                table: TableId(2),
                row: vec![
                    key(),
                    Value::Int(0),
                    Value::Int(-1),
                    Value::Int(-32_768),
                    Value::Int(i64::MIN),
                    Value::Blob(Bytes::from_static(&[0, 255])),
                ],
            },
            RowChange::Delete { table: TableId(2), key: vec![key(), Value::Int(1_000)] },
        ],
    }
}

fn commits() -> impl Strategy<Value = Commit> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from);
    let value = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Int),
        (-300..300_i64).prop_map(Value::Int),
        ".{0,12}".prop_map(Value::Text),
        bytes().prop_map(Value::Blob),
    ];
    let values = prop::collection::vec(value, 0..6);
    let change = (any::<u16>(), values, 0..5_u8).prop_map(|(table, values, kind)| {
        let table = TableId(table);
        match kind {
            0 if table.0.is_multiple_of(2) => RowChange::Forget,
            0 => RowChange::Cut { from: u64::from(table.0), to: u64::MAX - u64::from(table.0) },
            1 | 2 => RowChange::Put { table, row: values },
            _ => RowChange::Delete { table, key: values },
        }
    });
    let head = (any::<u16>(), any::<u64>(), any::<[u8; 16]>(), any::<u32>());
    let body = (bytes(), prop::option::of(bytes()), prop::collection::vec(change, 0..5));
    (head, body).prop_map(|((shard, epoch, entity, record_count), (records, snapshot, rows))| {
        let (shard, epoch, entity) = (ShardId(shard), Epoch(epoch), Entity(entity));
        Commit { shard, epoch, entity, records, record_count, snapshot, rows }
    })
}

fn hex(bytes: &[u8]) -> String {
    let line = |(idx, line): (usize, &[u8])| {
        let digits: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{:04}  {}\n", idx * 16, digits.join(" "))
    };
    bytes.chunks(16).enumerate().map(line).collect()
}
