//! Values: exact, and shared in bytes as in memory.

use std::sync::Arc;

use bytes::Bytes;
use motet_engine::{Fact, Next, Record, Settled, Step};
use motet_expr::{Map, Num, Value, json};
use motet_types::{Attempt, StepId, TaskId};
use num_bigint::BigInt;
use proptest::prelude::*;

use super::samples::{self, json};
use super::{INSTANCE, RECORDS, strategies};
use crate::field::Item;
use crate::wire::{Reader, Writer};
use crate::{Error, SHARED_BYTES_MIN, VALUE_DEPTH_MAX, decode_instance, decode_records};

/// The bytes of one value.
pub(super) fn bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    value.write(&mut Writer::new(&mut out));
    out
}

/// The value of these bytes, all of them.
pub(super) fn decode(bytes: &[u8]) -> Result<Value, Error> {
    let mut reader = Reader::new(bytes);
    let value = Item::read(&mut reader)?;
    assert!(reader.is_at_end(), "{} bytes are left", reader.remaining());
    Ok(value)
}

#[track_caller]
fn check(value: Value, expected: &[u8]) {
    assert_eq!(bytes(&value), expected, "{value:?}");
    assert_eq!(format!("{:?}", decode(expected).unwrap()), format!("{value:?}"));
}

fn big(text: &str) -> Value {
    Value::Num(Num::big_int(text.parse::<BigInt>().unwrap()))
}

fn decimal(text: &str) -> Value {
    Value::Num(Num::Dec(Arc::new(text.to_owned())))
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::Null, |inside, _| Value::Arr(Arc::new(vec![inside])))
}

#[test]
fn each_kind_has_its_bytes() {
    let int = |int| Value::Num(Num::Int(int));
    let float = |float| Value::Num(Num::Float(float));
    check(Value::Null, &[0x00]);
    check(Value::Bool(false), &[0x01]);
    check(Value::Bool(true), &[0x02]);
    check(int(0), &[0x03]);
    check(int(-1), &[0x13]);
    check(int(7), &[0xe3]);
    check(int(-8), &[0xf3, 15]);
    check(int(9_007_199_254_740_993), &[0xf3, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
    check(int(isize::MIN), &[0xf3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
    check(big("-1"), &[0x14, 255]);
    check(big("18446744073709551616"), &[0x94, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    check(float(1.0), &[0x05, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
    check(float(-0.0), &[0x05, 0, 0, 0, 0, 0, 0, 0, 0x80]);
    check(decimal("1.0"), b"\x361.0");
    check(decimal("-0.0"), b"\x46-0.0");
    check(decimal("1e400"), b"\x561e400");
    check(json::string("grün"), b"\x57gr\xc3\xbcn");
    check(Value::BStr(Box::new(Bytes::from_static(b"\xff"))), b"\x18\xff");
    check(json("[]"), &[0x09]);
    check(json("[null,[true]]"), &[0x29, 0x00, 0x19, 0x02]);
    check(json("{}"), &[0x0a]);
    check(json(r#"{"b":1,"a":{"":2}}"#), b"\x2a\x01b\x23\x01a\x1a\x00\x43");
}

#[test]
fn what_json_can_say_survives_as_text() {
    let text = "{\"z\":1.0,\"a\":[-0.0,-0,1e400,9007199254740993,0.10,123456789012345678901234567890,\
                1.2345678901234567890123456789e-30],\"\":\"\\u0000\\\"\"}";
    let value = decode(&bytes(&json(text))).unwrap();
    assert_eq!(json::to_text(&value), json::to_text(&json(text)));
    assert!(json::to_text(&value).contains("[-0.0,-0,1e400,9007199254740993,0.10,1234567890"));
}

#[test]
fn even_what_is_no_json_keeps_its_bits() {
    for bits in [f64::NAN.to_bits(), 0x7ff0_0000_0000_0001, f64::NEG_INFINITY.to_bits()] {
        let value = Value::Num(Num::Float(f64::from_bits(bits)));
        match decode(&bytes(&value)).unwrap() {
            Value::Num(Num::Float(float)) => assert_eq!(float.to_bits(), bits),
            other => panic!("{other:?} is no float"),
        }
    }
    let value = Value::TStr(Box::new(Bytes::from_static(b"\xc3(")));
    check(value, b"\x27\xc3(");
}

#[test]
fn the_deepest_value_is_read_and_a_deeper_one_never_written() {
    let deepest = nested(VALUE_DEPTH_MAX);
    assert_eq!(bytes(&decode(&bytes(&deepest)).unwrap()), bytes(&deepest));
    let deeper = nested(VALUE_DEPTH_MAX + 1);
    let panicked = std::panic::catch_unwind(|| bytes(&deeper));
    assert!(panicked.is_err());
    // The part is written first, on its own; what refers to it would be too deep.
    let part = nested(VALUE_DEPTH_MAX);
    let both = Value::Arr(Arc::new(vec![part.clone()]));
    let panicked = std::panic::catch_unwind(|| {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        part.write(&mut writer);
        both.write(&mut writer);
    });
    assert!(panicked.is_err());
}

#[test]
fn a_key_that_is_no_text_is_a_bug() {
    let map: Map = [(Value::Null, Value::Null)].into_iter().collect();
    assert!(std::panic::catch_unwind(|| bytes(&Value::obj(map))).is_err());
}

#[test]
fn a_value_that_is_shared_in_memory_is_written_once() {
    let shared = samples::order();
    let alone = bytes(&shared).len();
    let twice = bytes(&json::array([shared.clone(), shared.clone()]));
    assert_eq!(twice.len(), 1 + alone + 1);
    assert_eq!(*twice.last().unwrap(), 0x1b, "the list in it is number 0, it is number 1");

    let equal = json::array([shared, samples::order()]);
    assert_eq!(bytes(&equal).len(), 1 + 2 * alone, "equal is not the same");
}

#[test]
fn what_was_shared_is_shared_again() {
    let text = json::string("x".repeat(SHARED_BYTES_MIN));
    let list = json::array((0..SHARED_BYTES_MIN).map(|_| Value::Null));
    let both = json::array([text.clone(), list.clone()]);
    let value = json::array([text, both.clone(), list, both]);
    let encoded = bytes(&value);
    let Value::Arr(items) = decode(&encoded).unwrap() else { panic!("an array went in") };
    let [Value::TStr(text), Value::Arr(both), Value::Arr(list), Value::Arr(again)] = &items[..]
    else {
        panic!("a text and three arrays went in: {items:?}")
    };
    assert!(Arc::ptr_eq(both, again));
    assert!(matches!(&both[0], Value::TStr(inner) if inner.as_ptr() == text.as_ptr()));
    assert!(matches!(&both[1], Value::Arr(inner) if Arc::ptr_eq(inner, list)));
}

#[test]
fn values_below_the_threshold_are_not_shared() {
    let small = json::string("x".repeat(SHARED_BYTES_MIN - 3));
    let encoded = bytes(&json::array([small.clone(), small.clone()]));
    assert_eq!(encoded.len(), 1 + 2 * bytes(&small).len());
}

#[test]
fn steps_that_share_a_value_cost_little_more_than_one() {
    let mut instance = samples::instance();
    let payload = json::string("x".repeat(100_000));
    let with_payload = |(id, step): (&StepId, &Step)| {
        let (raw_input, input, data) = (payload.clone(), payload.clone(), payload.clone());
        (*id, Step { raw_input, input, data, ..step.clone() })
    };
    instance.steps = instance.steps.iter().map(with_payload).collect();
    let bytes = INSTANCE.bytes(&instance);
    assert!(bytes.len() < 105_000, "{} bytes", bytes.len());
    let decoded = decode_instance(&bytes).unwrap();
    let places: Vec<_> = decoded
        .steps
        .values()
        .flat_map(|step| [&step.raw_input, &step.input, &step.data])
        .map(|value| json::as_str(value).unwrap().as_ptr())
        .collect();
    assert_eq!(places.len(), 3 * instance.steps.len());
    assert!(places.iter().all(|place| *place == places[0]));
}

#[test]
fn records_of_one_chunk_share_too() {
    let order = samples::order();
    let settled = Settled { result: Ok(order.clone()), maybe_run: false };
    let (output, context) = (Some(order.clone()), None);
    let facts = [
        Fact::Settled { attempt: Attempt(1), settled },
        Fact::Completed { output, context, next: Next::EndScope },
    ];
    let (at, step, task) = (samples::at(0), StepId(1), Some(TaskId(1)));
    let records = facts.map(|fact| Record { at, step, task, fact, actor: None }).to_vec();
    let bytes = RECORDS.bytes(&records);
    assert!(bytes.len() < self::bytes(&order).len() + 50, "the output is written once");
    let decoded = decode_records(&bytes).unwrap();
    assert_eq!(format!("{decoded:?}"), format!("{records:?}"));
    match (&decoded[0].fact, &decoded[1].fact) {
        (
            Fact::Settled { settled: Settled { result: Ok(Value::Obj(raw)), .. }, .. },
            Fact::Completed { output: Some(Value::Obj(output)), .. },
        ) => assert!(Arc::ptr_eq(raw, output)),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn any_value_survives(value in strategies::value()) {
        let encoded = bytes(&value);
        let decoded = decode(&encoded).unwrap();
        prop_assert_eq!(format!("{:?}", &decoded), format!("{:?}", &value));
        prop_assert_eq!(bytes(&decoded), encoded);
    }
}
