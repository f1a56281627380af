//! No bytes make decoding panic, run away or take memory out of proportion.

use std::fmt::Debug;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use proptest::sample::Index;

use super::values::decode;
use super::{CATALOG, CATALOG_RECORDS, Codec, INPUT, INSTANCE, MESSAGE, RECORDS, samples};
use crate::{Error, decode_input, decode_records};

#[track_caller]
fn check_value(bytes: &[u8], expected: Expect) {
    expected.assert_eq(&decode(bytes).unwrap_err().to_string());
}

#[test]
fn values_that_are_none_are_refused() {
    check_value(&[], expect![[""]]);
    check_value(&[0x0c], expect![[""]]);
    check_value(&[0x10], expect![[""]]);
    check_value(&[0xf3], expect![[""]]);
    check_value(&[0xf3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2], expect![[""]]);
    check_value(&[0xf3, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 0], expect![[""]]);
    check_value(&[0x05, 1, 2, 3], expect![[""]]);
    check_value(b"\x36inf", expect![[""]]);
    check_value(b"\x361.e", expect![[""]]);
    check_value(b"\x06", expect![[""]]);
    check_value(b"\x37ab", expect![[""]]);
    check_value(b"\x0b", expect![[""]]);
    check_value(b"\x2a\x01a\x00\x01a\x00", expect![[""]]);
}

#[test]
fn claims_of_size_are_not_believed() {
    // An array and an object of 2^62 items, a text of 2^63 bytes.
    for kind in [0xf9, 0xfa, 0xf7] {
        let bytes = [kind, 255, 255, 255, 255, 255, 255, 255, 255, 63, 0];
        assert!(matches!(decode(&bytes), Err(Error::Truncated { .. })));
    }
    // A thousand arrays inside each other, each said to hold as many items as bytes are left.
    let mut bytes = Vec::new();
    for left in (1..=900_u64).rev() {
        bytes.extend([0xf9, left as u8 | 0x80, (left >> 7) as u8]);
    }
    assert!(matches!(decode(&bytes), Err(Error::Truncated { .. })));
}

#[test]
fn depth_is_bounded_whatever_makes_it() {
    check_value(&[0x19; 1_000_000], expect![[""]]);
    let objects: Vec<u8> = [0x1a, 0].repeat(100_000);
    check_value(&objects, expect![[""]]);
    // Each item holds the one before it: references must not add up to more than is allowed.
    let depth = 1_100_u64;
    let mut bytes = vec![0xf9];
    varint(depth, &mut bytes);
    bytes.extend([0xf7, 64]);
    bytes.extend([b'x'; 64]);
    for number in 0..depth - 1 {
        // Padded to be worth keeping.
        bytes.extend([0x29, 0xf7, 70]);
        bytes.extend([b'y'; 70]);
        bytes.push(0xfb);
        varint(number * 2, &mut bytes);
    }
    check_value(&bytes, expect![[""]]);
}

#[test]
fn values_within_values_take_the_memory_of_their_bytes() {
    // Forty arrays, each twice the one before it: read at once, because the parts are shared.
    let mut bytes = vec![0xf9, 41, 0xf7, 64];
    bytes.extend([b'x'; 64]);
    for number in 0..40_u64 {
        bytes.extend([0x39, 0xf7, 64]);
        bytes.extend([b'y'; 64]);
        for _ in 0..2 {
            bytes.push(0xfb);
            varint(number * 2, &mut bytes);
        }
    }
    let value = decode(&bytes).unwrap();
    assert!(super::values::bytes(&value).len() <= bytes.len());
}

fn varint(number: u64, out: &mut Vec<u8>) {
    crate::wire::Writer::new(out).varint(number);
}

#[test]
fn fields_that_are_none_are_refused() {
    let check = |fields: &[u8], expected: Expect| {
        let bytes = [&[1, 1], fields].concat();
        expected.assert_eq(&decode_records(&bytes).unwrap_err().to_string());
    };
    check(&[0], expect![[""]]);
    check(&[0x22, 0], expect![[""]]);
    check(&[0x24, 99, 0, 0], expect![[""]]);
    check(&[0x09], expect![[""]]);
    check(&[0x03, 0], expect![[""]]);
    check(&[0x10, 0x80, 0x80, 0x80, 0x80, 0x10, 0], expect![[""]]);
    check(&[0x24, 13, 0x0a, 2, 1, 2, 0, 0], expect![[""]]);
    check(&[0x24, 20, 0x0a, 1, 0xff, 0, 0], expect![[""]]);
    check(&[0xfb, 0xff, 0xff, 0xff, 0xff, 0x3f, 0], expect![[""]]);
}

#[test]
fn an_unknown_variant_says_what_it_is() {
    let error = decode_input(&[1, 6, 200, 1, 0]).unwrap_err();
    assert_eq!(error, Error::Unknown { what: "input", number: 200, offset: 2 });
    assert_eq!(error.to_string(), "input 200 is not known, at byte 2");
}

#[test]
fn deep_unknown_fields_are_skipped_without_a_stack() {
    let mut bytes = vec![1, 1];
    bytes.extend([0xc3, 0x3e].repeat(1_000_000));
    assert!(matches!(decode_records(&bytes), Err(Error::Truncated { .. })));
}

/// What decodes in spite of its damage is a state like any other.
fn check_damaged<T: Debug>(codec: &Codec<T>, bytes: &[u8]) -> bool {
    let Ok(item) = (codec.decode)(bytes) else { return false };
    let encoded = codec.bytes(&item);
    let again = (codec.decode)(&encoded).expect("what was encoded decodes");
    assert_eq!(codec.bytes(&again), encoded);
    true
}

fn check_all(bytes: &[u8]) -> bool {
    check_damaged(&RECORDS, bytes)
        | check_damaged(&INSTANCE, bytes)
        | check_damaged(&CATALOG_RECORDS, bytes)
        | check_damaged(&CATALOG, bytes)
        | check_damaged(&MESSAGE, bytes)
        | check_damaged(&INPUT, bytes)
}

#[test]
fn every_flipped_bit_is_survived() {
    let mut decoded = 0;
    for chunk in chunks().iter().filter(|chunk| chunk.len() < 4_096) {
        for bit in 0..chunk.len() * 8 {
            let mut damaged = chunk.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            decoded += usize::from(check_all(&damaged));
        }
    }
    assert!(
        decoded > 1_000,
        "most flips within texts and numbers go unseen, so these were tried too"
    );
}

fn chunks() -> Vec<Vec<u8>> {
    let mut chunks = vec![
        RECORDS.bytes(&samples::records()),
        INSTANCE.bytes(&samples::instance()),
        CATALOG_RECORDS.bytes(&samples::catalog_records()),
        CATALOG.bytes(&samples::catalog()),
    ];
    chunks.extend(samples::messages().iter().map(|message| MESSAGE.bytes(message)));
    chunks.extend(samples::inputs().iter().map(|input| INPUT.bytes(input)));
    chunks
}

/// One way to damage bytes.
#[derive(Clone, Debug)]
enum Damage {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Cut(Index),
    /// Copies a piece to another place.
    Copy(Index, Index, usize),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self {
            Self::Replace(at, byte) => bytes[at.index(length)] = *byte,
            Self::Insert(at, byte) => bytes.insert(at.index(length), *byte),
            Self::Remove(at) => {
                bytes.remove(at.index(length));
            }
            Self::Cut(at) => bytes.truncate(at.index(length)),
            Self::Copy(from, to, count) => {
                let from = from.index(length);
                let piece = bytes[from..length.min(from + count)].to_vec();
                let to = to.index(length);
                bytes.splice(to..to, piece);
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        any::<Index>().prop_map(Damage::Remove),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), any::<Index>(), 1..80_usize)
            .prop_map(|(from, to, count)| Damage::Copy(from, to, count)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn damaged_chunks_are_survived(
        chunk in prop::sample::select(chunks()),
        damages in prop::collection::vec(damage(), 1..6),
    ) {
        let mut bytes = chunk;
        damages.iter().for_each(|damage| damage.apply(&mut bytes));
        check_all(&bytes);
    }

    #[test]
    fn any_bytes_are_survived(
        content in 1..=6_u8,
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        check_all(&[&[1, content], &*bytes].concat());
    }
}
