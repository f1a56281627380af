//! Search attributes as rows: typed values as bytes that stand in the order of the values, and the filters of lists.
//!
//! Text that is an instant (RFC 3339) is kept as one, so that equal instants are found however they are written. Numbers are
//! compared as 64-bit floating point.

use bytes::Bytes;
use motet_expr::{Value, json};
use motet_store::{Filter, Test, Value as Cell};
use motet_types::Timestamp;

use crate::tables::ATTRIBUTE;

const TRUTH: u8 = b'b';
const NUMBER: u8 = b'n';
const TEXT: u8 = b's';
const TIME: u8 = b't';

/// What a search attribute of an instance has to be.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeFilter {
    pub name: String,
    pub test: AttributeTest,
}

/// A test as somebody writes it; the text says by itself what types it may be of.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeTest {
    Equal(String),
    AtLeast(String),
    Below(String),
}

impl AttributeFilter {
    /// The tests of the table's columns.
    pub(crate) fn filters(&self) -> Vec<Filter> {
        let on = |column, test| Filter { column, test };
        let value = |test| on("value", test);
        let blob = |bytes: Vec<u8>| Cell::Blob(Bytes::from(bytes));
        let mut filters = vec![on("name", Test::Equal(Cell::Text(self.name.clone())))];
        match &self.test {
            AttributeTest::Equal(text) => {
                let wanted = readings(text).into_iter().map(blob).collect();
                filters.push(value(Test::In(wanted)));
            }
            AttributeTest::AtLeast(text) => {
                let from = ordered(text);
                filters.push(value(Test::Below(blob(vec![from[0] + 1]))));
                filters.push(value(Test::AtLeast(blob(from))));
            }
            AttributeTest::Below(text) => {
                let to = ordered(text);
                filters.push(value(Test::AtLeast(blob(vec![to[0]]))));
                filters.push(value(Test::Below(blob(to))));
            }
        }
        filters
    }
}

/// The row of an instance's attribute; none for what cannot be looked for.
pub(crate) fn row(instance: Cell, name: &str, value: &Value) -> Option<Vec<Cell>> {
    debug_assert!(ATTRIBUTE.columns.len() == 3, "the row below has every column");
    Some(vec![instance, Cell::Text(name.to_owned()), Cell::Blob(Bytes::from(stored(value)?))])
}

/// Name and value of a row; a number is one of 64-bit floating point, an instant is written in UTC.
pub(crate) fn read(row: &[Cell]) -> Option<(String, Value)> {
    let [_, Cell::Text(name), Cell::Blob(bytes)] = row else { return None };
    let (kind, rest) = bytes.split_first()?;
    let bits = || Some(u64::from_be_bytes(rest.try_into().ok()?));
    let value = match *kind {
        TRUTH => Value::Bool(rest == [1]),
        NUMBER => {
            let bits = bits()?;
            let bits = if bits >> 63 == 1 { bits ^ (1 << 63) } else { !bits };
            json::parse(f64::from_bits(bits).to_string().as_bytes(), json::Limits::default())
                .ok()?
        }
        TIME => {
            let at = Timestamp::from_micros((bits()? ^ (1 << 63)) as i64);
            json::string(at.to_string())
        }
        TEXT => json::string(std::str::from_utf8(rest).ok()?),
        _ => return None,
    };
    Some((name.clone(), value))
}

fn stored(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Bool(truth) => Some(vec![TRUTH, u8::from(*truth)]),
        Value::Num(_) => json::to_text(value).parse().ok().map(number),
        value => json::as_str(value).map(|text| instant(text).unwrap_or_else(|| plain(text))),
    }
}

/// Everything that a text may mean.
fn readings(text: &str) -> Vec<Vec<u8>> {
    let truth = text.parse().ok().map(|truth: bool| vec![TRUTH, u8::from(truth)]);
    let typed = [truth, number_of(text), instant(text)];
    typed.into_iter().flatten().chain([plain(text)]).collect()
}

/// What a text means where an order is asked for: a number or an instant if it is one.
fn ordered(text: &str) -> Vec<u8> {
    number_of(text).or_else(|| instant(text)).unwrap_or_else(|| plain(text))
}

fn plain(text: &str) -> Vec<u8> {
    [&[TEXT], text.as_bytes()].concat()
}

fn instant(text: &str) -> Option<Vec<u8>> {
    let at: Timestamp = text.parse().ok()?;
    let bits = (at.as_micros() as u64) ^ (1 << 63);
    Some([&[TIME], bits.to_be_bytes().as_slice()].concat())
}

/// A number of JSON; words such as `inf` are texts.
fn number_of(text: &str) -> Option<Vec<u8>> {
    let is_numeric = text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && text.ends_with(|c: char| c.is_ascii_digit());
    is_numeric.then(|| text.parse().ok().map(number)).flatten()
}

/// The bits of a number in its order: those of a negative one turned over.
fn number(value: f64) -> Vec<u8> {
    let bits = (value + 0.0).to_bits();
    let bits = if bits >> 63 == 1 { !bits } else { bits ^ (1 << 63) };
    [&[NUMBER], bits.to_be_bytes().as_slice()].concat()
}

#[cfg(test)]
mod tests;
