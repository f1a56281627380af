//! Chunks of the journal: any bytes decode or are refused, and what was decoded is written and read again unchanged.

use std::fmt::Debug;

use motet_journal::{
    decode_catalog, decode_catalog_records, decode_input, decode_instance, decode_message,
    decode_records, encode_catalog, encode_catalog_records, encode_input, encode_instance,
    encode_message, encode_records,
};

pub(crate) fn check(data: &[u8]) {
    survives(decode_records(data), |items, out| encode_records(items, out), decode_records);
    survives(
        decode_catalog_records(data),
        |items, out| encode_catalog_records(items, out),
        decode_catalog_records,
    );
    survives(decode_instance(data), encode_instance, decode_instance);
    survives(decode_catalog(data), encode_catalog, decode_catalog);
    survives(decode_message(data), encode_message, decode_message);
    survives(decode_input(data), encode_input, decode_input);
}

/// Fields that are not known are lost at first; from then on the bytes stay the same.
fn survives<T: Debug, E: Debug>(
    decoded: Result<T, E>,
    encode: impl Fn(&T, &mut Vec<u8>),
    decode: impl Fn(&[u8]) -> Result<T, E>,
) {
    let Ok(decoded) = decoded else {
        return;
    };
    let bytes = |item: &T| {
        let mut bytes = Vec::new();
        encode(item, &mut bytes);
        bytes
    };
    let written = bytes(&decoded);
    let again = decode(&written).expect("what was written can be read");
    assert_eq!(format!("{again:?}"), format!("{decoded:?}"));
    assert_eq!(bytes(&again), written);
}
