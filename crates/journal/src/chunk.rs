//! Chunks: what is stored as one piece. The first byte tells the format, the second what the chunk holds.

use motet_engine::Record;
use motet_types::Timestamp;

use crate::field::Item;
use crate::wire::{Reader, Writer};
use crate::{Error, record};

/// The newest format, and the one that is written. A change that fields and variants cannot express gets the next one.
pub const FORMAT: u8 = 1;

/// What a chunk holds, so that no chunk is ever taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Records = 1,
    Instance = 2,
    CatalogRecords = 3,
    Catalog = 4,
    Message = 5,
    Input = 6,
}

pub(crate) fn encode_records(records: &[Record], out: &mut Vec<u8>) {
    if records.is_empty() {
        return;
    }
    let mut writer = begin(Content::Records, out);
    let mut previous = Timestamp::default();
    for record in records {
        record::write(record, previous, &mut writer);
        previous = record.at;
    }
}

pub(crate) fn decode_records(bytes: &[u8]) -> Result<Vec<Record>, Error> {
    let mut records: Vec<Record> = Vec::new();
    if bytes.is_empty() {
        return Ok(records);
    }
    let mut reader = open(Content::Records, bytes)?;
    let mut previous = Timestamp::default();
    while !reader.is_at_end() {
        let record = record::read(previous, &mut reader)?;
        previous = record.at;
        records.push(record);
    }
    Ok(records)
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
    out.extend_from_slice(&[FORMAT, content as u8]);
    Writer::new(out)
}

fn open(content: Content, bytes: &[u8]) -> Result<Reader<'_>, Error> {
    let mut reader = Reader::new(bytes);
    match reader.byte()? {
        FORMAT => {}
        0 => return Err(Error::Malformed { what: "0 is no format", offset: 0 }),
        found => return Err(Error::Newer { found, known: FORMAT }),
    }
    if reader.byte()? == content as u8 {
        Ok(reader)
    } else {
        Err(Error::Malformed { what: "the chunk holds something else", offset: 1 })
    }
}
