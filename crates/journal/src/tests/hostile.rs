//! No bytes make decoding panic, run away or take memory out of proportion.

use std::fmt::Debug;

use expect_test::{Expect, expect};
use motet_engine::Input;
use proptest::prelude::*;
use proptest::sample::Index;

use super::values::decode;
use super::{
    CATALOG, CATALOG_RECORDS, Codec, INPUT, INSTANCE, MESSAGE, RECORDS, SCHEDULE, SET_HEAD, samples,
};
use crate::wire::FIELD_DEPTH_MAX;
use crate::{Error, VALUE_DEPTH_MAX, decode_input, decode_records};

#[track_caller]
fn check_value(bytes: &[u8], expected: Expect) {
    expected.assert_eq(&decode(bytes).unwrap_err().to_string());
}

#[test]
fn values_that_are_none_are_refused() {
    check_value(&[], expect!["the bytes end too early, at byte 0"]);
    check_value(&[0x0c], expect!["the bytes end too early, at byte 1"]);
    check_value(&[0x10], expect!["a value has an unknown kind, at byte 1"]);
    check_value(&[0xf3], expect!["the bytes end too early, at byte 1"]);
    check_value(
        &[0xf3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
        expect!["a number has more than 64 bits, at byte 11"],
    );
    check_value(
        &[0xf3, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 0],
        expect!["a number has more than 64 bits, at byte 11"],
    );
    check_value(&[0x05, 1, 2, 3], expect!["the bytes end too early, at byte 1"]);
    check_value(b"\x36inf", expect!["a decimal is not a number, at byte 4"]);
    check_value(b"\x361.e", expect!["a decimal is not a number, at byte 4"]);
    check_value(b"\x06", expect!["a decimal is not a number, at byte 1"]);
    check_value(b"\x37ab", expect!["the bytes end too early, at byte 1"]);
    check_value(b"\x0b", expect!["a value refers to one that was not there, at byte 1"]);
    check_value(b"\x2a\x01a\x00\x01a\x00", expect!["an object has a key twice, at byte 7"]);
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
    check_value(&[0x19; 1_000_000], expect!["a value is nested too deeply, at byte 2049"]);
    let objects: Vec<u8> = [0x1a, 0].repeat(100_000);
    check_value(&objects, expect!["a value is nested too deeply, at byte 4097"]);
    // Each item holds the one before it: references must not add up to more than is allowed.
    let depth = VALUE_DEPTH_MAX as u64 + 100;
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
    check_value(&bytes, expect!["a value is nested too deeply, at byte 155653"]);
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
    check(&[0], expect!["a field that must be there is absent, at byte 3"]);
    check(&[0x22, 0], expect!["a field has another layout, at byte 3"]);
    check(&[0x24, 99, 0, 0], expect!["fact 99 is not known, at byte 3"]);
    check(&[0x09], expect!["a field has an unknown layout, at byte 3"]);
    check(&[0x03, 0], expect!["a field has an impossible number, at byte 3"]);
    check(&[0x10, 0x80, 0x80, 0x80, 0x80, 0x10, 0], expect!["a number is out of range, at byte 8"]);
    check(&[0x24, 13, 0x0a, 2, 1, 2, 0, 0], expect!["an id has another length, at byte 8"]);
    check(&[0x24, 20, 0x0a, 1, 0xff, 0, 0], expect!["a text is not UTF-8, at byte 7"]);
    check(
        &[0xfb, 0xff, 0xff, 0xff, 0xff, 0x3f, 0],
        expect!["a field has an impossible number, at byte 8"],
    );
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

#[test]
fn inputs_within_inputs_are_bounded() {
    // `Panicked` (9), whose field 2 is an input again.
    let bytes = [&[1, 6], &*[9, 0x14].repeat(1_000_000)].concat();
    let error = decode_input(&bytes).unwrap_err().to_string();
    assert_eq!(error, "fields are nested too deeply, at byte 132");
    let panicked = |input| Input::Panicked { message: String::new(), input: Box::new(input) };
    let nested = |depth| (0..depth).fold(Input::Retry, |input, _| panicked(input));
    INPUT.check(&nested(FIELD_DEPTH_MAX));
    let deeper = std::panic::catch_unwind(|| INPUT.bytes(&nested(FIELD_DEPTH_MAX + 1)));
    assert!(deeper.is_err());
}

/// What decodes in spite of its damage is a state like any other.
fn check_damaged<T: Debug>(codec: &Codec<T>, bytes: &[u8]) -> bool {
    let Ok(item) = (codec.decode)(bytes) else { return false };
    let encoded = codec.bytes(&item);
    let again = (codec.decode)(&encoded).expect("what was encoded decodes");
    assert_eq!(codec.bytes(&again), encoded);
    true
}

fn check_any(bytes: &[u8]) -> bool {
    match bytes.get(1) {
        Some(1) => check_damaged(&RECORDS, bytes),
        Some(2) => check_damaged(&INSTANCE, bytes),
        Some(3) => check_damaged(&CATALOG_RECORDS, bytes),
        Some(4) => check_damaged(&CATALOG, bytes),
        Some(5) => check_damaged(&MESSAGE, bytes),
        Some(9) => check_damaged(&SCHEDULE, bytes),
        Some(100) => check_damaged(&SET_HEAD, bytes),
        _ => check_damaged(&INPUT, bytes),
    }
}

#[test]
fn every_damaged_byte_is_survived() {
    let (mut decoded, mut refused) = (0, 0);
    for chunk in chunks() {
        for at in 0..chunk.len() {
            let mut damaged = chunk.clone();
            damaged[at] ^= 1 << (at % 8);
            if check_any(&damaged) {
                decoded += 1;
            } else {
                refused += 1;
            }
        }
    }
    // Damage within a text or a number changes what is said, not whether it can be read.
    assert!(decoded > 1_000 && refused > 1_000, "{decoded} decoded, {refused} refused");
}

fn chunks() -> Vec<Vec<u8>> {
    let mut chunks = vec![
        RECORDS.bytes(&samples::records()),
        INSTANCE.bytes(&samples::instance()),
        CATALOG_RECORDS.bytes(&samples::catalog_records()),
        CATALOG.bytes(&samples::catalog()),
        SCHEDULE.bytes(&samples::schedule()),
        SCHEDULE.bytes(&samples::on_schedule()),
        SET_HEAD.bytes(&samples::set_head()),
    ];
    chunks.extend(samples::schedule_messages().iter().map(|message| MESSAGE.bytes(message)));
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
        check_any(&bytes);
    }

    #[test]
    fn any_bytes_are_survived(
        content in 1..=6_u8,
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        check_any(&[&[1, content], &*bytes].concat());
    }
}
