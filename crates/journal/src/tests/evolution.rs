//! Fields that later versions add are skipped, fields that earlier ones lack take their defaults.

use std::fmt::Debug;

use motet_engine::{Fact, Input, Record};
use motet_expr::json;
use motet_types::{StepId, TaskId, Timestamp};

use super::samples;
use super::{
    CATALOG, CATALOG_RECORDS, Codec, INPUT, INSTANCE, MESSAGE, RECORDS, SCHEDULE, SET_HEAD,
};
use crate::field::{Field, Item};
use crate::wire::{Reader, Wire, Writer};
use crate::{decode_input, decode_records};

/// A number that no table has, so that its fields belong to the future.
const FUTURE: u32 = 1_000;

#[test]
fn fields_of_the_future_are_skipped_wherever_they_stand() {
    check(&RECORDS, &samples::records());
    check(&INSTANCE, &samples::instance());
    check(&CATALOG_RECORDS, &samples::catalog_records());
    check(&CATALOG, &samples::catalog());
    samples::messages().iter().for_each(|message| check(&MESSAGE, message));
    samples::inputs().iter().for_each(|input| check(&INPUT, input));
    samples::schedule_messages().iter().for_each(|message| check(&MESSAGE, message));
    check(&SCHEDULE, &samples::schedule());
    check(&SCHEDULE, &samples::on_schedule());
    check(&SET_HEAD, &samples::set_head());
}

/// Adds a field of each layout to the end of every message of a chunk, and decodes it.
fn check<T: Debug>(codec: &Codec<T>, item: &T) {
    let bytes = codec.bytes(item);
    let mut extended = bytes[..2].to_vec();
    let begins_with_variant = !matches!(bytes[1], 1..=4 | 9 | 100);
    let mut reader = Reader::new(&bytes);
    reader.raw(2).unwrap();
    while !reader.is_at_end() {
        let first = if begins_with_variant { Wire::Variant } else { Wire::Message };
        extend(first, &mut reader, &bytes, &mut extended);
    }
    assert!(extended.len() > bytes.len() + 20, "nothing was added");
    let decoded = (codec.decode)(&extended).unwrap();
    assert_eq!(format!("{decoded:?}"), format!("{item:?}"));
    assert_eq!(codec.bytes(&decoded), bytes);
}

/// Copies a field, knowing nothing of what it means.
fn extend(wire: Wire, reader: &mut Reader<'_>, bytes: &[u8], out: &mut Vec<u8>) {
    if let Wire::Variant = wire {
        copy(reader, bytes, out, |reader| reader.varint().map(drop));
    }
    if !matches!(wire, Wire::Variant | Wire::Message) {
        return copy(reader, bytes, out, |reader| reader.skip(wire));
    }
    loop {
        let begin = reader.offset();
        let field = reader.field().unwrap();
        let Some((_, wire)) = field else { break };
        out.extend(&bytes[begin..reader.offset()]);
        extend(wire, reader, bytes, out);
    }
    let mut writer = Writer::new(out);
    writer.tag(FUTURE, Wire::Varint);
    writer.varint(u64::MAX);
    writer.tag(FUTURE + 1, Wire::Bytes);
    writer.bytes(b"\0\0\0");
    writer.tag(FUTURE + 2, Wire::Message);
    writer.tag(1, Wire::Variant);
    writer.varint(300);
    writer.end();
    writer.end();
    writer.tag(FUTURE + 3, Wire::Value);
    samples::json("[1,{\"a\":null}]").write(&mut writer);
    writer.end();
}

fn copy(
    reader: &mut Reader<'_>,
    bytes: &[u8],
    out: &mut Vec<u8>,
    read: impl FnOnce(&mut Reader<'_>) -> Result<(), crate::Error>,
) {
    let begin = reader.offset();
    read(reader).unwrap();
    out.extend(&bytes[begin..reader.offset()]);
}

/// A later version may share a value between a field that this one knows and one that it skips.
#[test]
fn known_fields_may_refer_to_values_in_skipped_ones() {
    let order = samples::order();
    // Only what has a second owner can stand in a second place.
    let _second = order.clone();
    let mut bytes = vec![1, 6];
    let mut writer = Writer::new(&mut bytes);
    writer.varint(2);
    writer.tag(FUTURE, Wire::Message);
    writer.tag(1, Wire::Variant);
    writer.varint(1);
    order.put(1, &mut writer);
    writer.end();
    writer.end();
    StepId(3).put(1, &mut writer);
    motet_types::InstanceId([1; 16]).put(2, &mut writer);
    writer.tag(3, Wire::Variant);
    writer.varint(1);
    let before = writer.offset();
    order.put(1, &mut writer);
    assert_eq!(writer.offset() - before, 2, "the value is written as a reference");
    writer.end();
    writer.end();
    match decode_input(&bytes).unwrap() {
        Input::ChildEnded { step: StepId(3), result: Ok(value), .. } => {
            assert_eq!(json::to_text(&value), json::to_text(&order));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn absent_fields_take_their_defaults() {
    // A record without time, step and task, of the variant `Iterated` (4) without fields.
    let records = decode_records(&[1, 1, 0x24, 4, 0, 0]).unwrap();
    let expected = Record {
        at: Timestamp::default(),
        step: StepId(0),
        task: None,
        fact: Fact::Iterated { index: 0, first: TaskId(0) },
        actor: None,
    };
    assert_eq!(records, [expected]);
    assert_eq!(RECORDS.bytes(&records), [1, 1, 0x24, 4, 0, 0]);
}

#[test]
fn an_absent_field_that_has_no_default_is_an_error() {
    let error = decode_input(&[1, 6, 2, 0]).unwrap_err().to_string();
    assert_eq!(error, "a field that must be there is absent, at byte 4");
}

#[test]
fn of_a_field_that_stands_twice_the_last_one_counts() {
    let records = decode_records(&[1, 1, 0x10, 5, 0x10, 6, 0x24, 19, 0, 0]).unwrap();
    assert_eq!(records[0].step, StepId(6));
}
