pub(crate) mod coverage;

mod chunks;
mod event_samples;
mod evolution;
mod fixtures;
mod histories;
mod hostile;
mod rooms;
mod round_trip;
mod saga;
mod samples;
mod strategies;
mod turns;
mod values;

use std::fmt::Debug;

use crate::Error;

/// One kind of chunk, with its two directions.
struct Codec<T> {
    encode: fn(&T, &mut Vec<u8>),
    decode: fn(&[u8]) -> Result<T, Error>,
}

impl<T: Debug> Codec<T> {
    fn bytes(&self, item: &T) -> Vec<u8> {
        let mut bytes = Vec::new();
        (self.encode)(item, &mut bytes);
        bytes
    }

    /// Encodes, decodes, compares by the print, which unlike jq's equality tells `1` from `1.0` and sees the order of
    /// keys, and checks that the same bytes come out again.
    #[track_caller]
    fn check(&self, item: &T) {
        let bytes = self.bytes(item);
        let decoded = (self.decode)(&bytes).expect("what was encoded decodes");
        assert_eq!(format!("{decoded:?}"), format!("{item:?}"));
        assert_eq!(self.bytes(&decoded), bytes, "the second encoding differs");
    }
}

const RECORDS: Codec<Vec<motet_engine::Record>> = Codec {
    encode: |records, out| crate::encode_records(records, out),
    decode: crate::decode_records,
};
const INSTANCE: Codec<motet_engine::Instance> =
    Codec { encode: crate::encode_instance, decode: crate::decode_instance };
const CATALOG_RECORDS: Codec<Vec<motet_engine::CatalogRecord>> = Codec {
    encode: |records, out| crate::encode_catalog_records(records, out),
    decode: crate::decode_catalog_records,
};
const CATALOG: Codec<motet_engine::Catalog> =
    Codec { encode: crate::encode_catalog, decode: crate::decode_catalog };
const MESSAGE: Codec<crate::Message> =
    Codec { encode: crate::encode_message, decode: crate::decode_message };
const INPUT: Codec<motet_engine::Input> =
    Codec { encode: crate::encode_input, decode: crate::decode_input };
const EVENT: Codec<motet_engine::event::Event> =
    Codec { encode: crate::encode_event, decode: crate::decode_event };
const SUBSCRIPTION: Codec<motet_engine::listen::Subscription> =
    Codec { encode: crate::encode_subscription, decode: crate::decode_subscription };
const SCHEDULE: Codec<motet_engine::Schedule> =
    Codec { encode: crate::encode_schedule, decode: crate::decode_schedule };
const SET_HEAD: Codec<motet_engine::schedule::SetHead> =
    Codec { encode: crate::encode_set_head, decode: crate::decode_set_head };
