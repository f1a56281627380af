//! Chunks: what is stored as one piece. The first byte tells the format, the second what the chunk holds.

use motet_engine::{Instance, Record};
use motet_types::Timestamp;

use crate::field::Item;
use crate::values::{Known, ValuePlace, Values};
use crate::wire::{Reader, Writer};
use crate::{Error, record, value};

/// The newest format. A change that fields and variants cannot express gets the next one.
///
/// 2: values refer to earlier chunks of their history. A chunk in which none does is written in format 1.
pub const FORMAT: u8 = 2;

const PLAIN: u8 = 1;

/// What a chunk holds, so that no chunk is ever taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Records = 1,
    Instance = 2,
    CatalogRecords = 3,
    Catalog = 4,
    Message = 5,
    Input = 6,
    Event = 7,
    Subscription = 8,
    Schedule = 9,
    SetHead = 100,
}

pub(crate) fn encode_records(records: &[Record], out: &mut Vec<u8>) {
    if !records.is_empty() {
        write_records(records, &mut begin(Content::Records, out));
    }
}

/// Records of a history, the first of which has this ordinal.
pub(crate) fn encode_history(
    records: &[Record],
    first_record: u64,
    values: &mut Values,
    out: &mut Vec<u8>,
) {
    if records.is_empty() {
        return;
    }
    let at = out.len();
    let mut writer = begin(Content::Records, out).of(values, Some(first_record));
    write_records(records, &mut writer);
    writer.close();
    if writer.refers {
        out[at] = FORMAT;
    }
}

fn write_records(records: &[Record], writer: &mut Writer<'_>) {
    let mut previous = Timestamp::default();
    for record in records {
        record::write(record, previous, writer);
        previous = record.at;
    }
}

pub(crate) fn decode_records(bytes: &[u8]) -> Result<Vec<Record>, Error> {
    match bytes.is_empty() {
        true => Ok(Vec::new()),
        false => read_records(open(Content::Records, bytes)?),
    }
}

pub(crate) fn decode_history(
    bytes: &[u8],
    first_record: u64,
    values: &mut Values,
) -> Result<Vec<Record>, Error> {
    match bytes.is_empty() {
        true => Ok(Vec::new()),
        false => read_records(open(Content::Records, bytes)?.of(values, Some(first_record))),
    }
}

fn read_records(mut reader: Reader<'_>) -> Result<Vec<Record>, Error> {
    let mut records: Vec<Record> = Vec::new();
    let mut previous = Timestamp::default();
    while !reader.is_at_end() {
        let record = record::read(previous, &mut reader)?;
        previous = record.at;
        records.push(record);
    }
    reader.close();
    Ok(records)
}

/// The state of an instance, and behind it where its large values stand in the history: their count, and of each its number
/// in this chunk, the first record of its chunk and its number there, and the oldest record that it needs.
pub(crate) fn encode_snapshot(instance: &Instance, values: &mut Values, out: &mut Vec<u8>) {
    let at = out.len();
    let mut writer = begin(Content::Instance, out).of(values, None);
    instance.write(&mut writer);
    let named = std::mem::take(&mut writer.named);
    drop(writer);
    values.retain(&named.iter().map(|(_, place)| *place).collect());
    if named.is_empty() {
        return;
    }
    out[at] = FORMAT;
    let mut writer = Writer::new(out);
    writer.varint(named.len() as u64);
    for (number, place) in named {
        let oldest = values.at(place).map_or(place.record, |known| known.oldest);
        for part in [number, place.record, place.number, oldest] {
            writer.varint(part);
        }
    }
}

pub(crate) fn decode_snapshot(bytes: &[u8], values: &mut Values) -> Result<Instance, Error> {
    let mut reader = open(Content::Instance, bytes)?;
    let instance = Instance::read(&mut reader)?;
    *values = Values::default();
    if !reader.is_at_end() && bytes.first() == Some(&FORMAT) {
        for _ in 0..reader.varint()? {
            let number = usize::try_from(reader.varint()?).ok();
            let place = ValuePlace { record: reader.varint()?, number: reader.varint()? };
            let oldest = reader.varint()?;
            let shared = number.and_then(|number| reader.kept.get(number));
            let shared = shared.ok_or_else(|| reader.malformed("a place is of no value"))?;
            let known = Known { value: shared.value.clone(), height: shared.height, oldest };
            values.add(place, value::shared_identity(&shared.value), known);
        }
    }
    if reader.is_at_end() { Ok(instance) } else { Err(reader.malformed("bytes follow the end")) }
}

pub(crate) fn encode_all<T: Item>(content: Content, items: &[T], out: &mut Vec<u8>) {
    if items.is_empty() {
        return;
    }
    let mut writer = begin(content, out);
    for item in items {
        item.write(&mut writer);
    }
}

pub(crate) fn decode_all<T: Item>(content: Content, bytes: &[u8]) -> Result<Vec<T>, Error> {
    let mut items = Vec::new();
    if bytes.is_empty() {
        return Ok(items);
    }
    let mut reader = open(content, bytes)?;
    while !reader.is_at_end() {
        items.push(T::read(&mut reader)?);
    }
    Ok(items)
}

pub(crate) fn encode<T: Item>(content: Content, item: &T, out: &mut Vec<u8>) {
    item.write(&mut begin(content, out));
}

pub(crate) fn decode<T: Item>(content: Content, bytes: &[u8]) -> Result<T, Error> {
    let mut reader = open(content, bytes)?;
    let item = T::read(&mut reader)?;
    if reader.is_at_end() { Ok(item) } else { Err(reader.malformed("bytes follow the end")) }
}

fn begin(content: Content, out: &mut Vec<u8>) -> Writer<'_> {
    out.extend_from_slice(&[PLAIN, content as u8]);
    Writer::new(out)
}

fn open(content: Content, bytes: &[u8]) -> Result<Reader<'_>, Error> {
    let mut reader = Reader::new(bytes);
    match reader.byte()? {
        PLAIN => {}
        FORMAT => reader.let_refer(),
        0 => return Err(Error::Malformed { what: "0 is no format", offset: 0 }),
        found => return Err(Error::Newer { found, known: FORMAT }),
    }
    if reader.byte()? == content as u8 {
        Ok(reader)
    } else {
        Err(Error::Malformed { what: "the chunk holds something else", offset: 1 })
    }
}
