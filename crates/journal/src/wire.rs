//! Bytes, numbers and tags: the layer that knows no types.

use std::collections::BTreeMap;

use motet_expr::Value;

use crate::Error;
use crate::value::{self, Identity, Place, Shared};
use crate::values::{Known, REFERRED_BYTES_MIN, ValuePlace, Values};

/// How a field is laid out, so that one of an unknown number can be skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// A number, seven bits a byte, the lowest first.
    Varint = 0,
    /// A length and as many bytes.
    Bytes = 2,
    /// Fields up to a zero byte.
    Message = 3,
    /// A number and a message.
    Variant = 4,
    /// A JSON value, which tells its own end.
    Value = 5,
}

/// Deepest nesting of fields. The engine's types stay far below; only an input that met a defect holds another one.
pub(crate) const FIELD_DEPTH_MAX: usize = 64;

/// Appends one chunk to a buffer.
pub(crate) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    /// The values written so far that others may refer to.
    pub(crate) written: BTreeMap<Identity, Place>,
    /// How many values a reader has kept by now, whether or not anything will refer to them.
    pub(crate) kept: u64,
    /// What it belongs to; none where nothing outside the chunk is referred to.
    history: Option<Within<'o>>,
    /// Whether it refers to an earlier chunk.
    pub(crate) refers: bool,
    /// Of a snapshot: the numbers of the values in it that stand in the history, with their places there.
    pub(crate) named: Vec<(u64, ValuePlace)>,
    depth: usize,
}

/// What a chunk belongs to.
struct Within<'h> {
    values: &'h mut Values,
    /// The ordinal of the chunk's first record; none of a snapshot.
    first_record: Option<u64>,
    /// The oldest record whose chunk is needed so far.
    oldest: u64,
}

impl<'h> Within<'h> {
    fn new(values: &'h mut Values, first_record: Option<u64>) -> Self {
        Self { values, first_record, oldest: first_record.unwrap_or_default() }
    }

    fn close(&mut self) {
        if let Some(record) = self.first_record {
            self.values.close(record, self.oldest);
        }
    }
}

/// Reads one chunk.
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    /// The values read so far that others may refer to.
    pub(crate) kept: Vec<Shared>,
    history: Option<Within<'b>>,
    /// Whether the chunk's format has references to earlier chunks.
    may_refer: bool,
    depth: usize,
}

impl<'o> Writer<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        Self {
            out,
            written: BTreeMap::new(),
            kept: 0,
            history: None,
            refers: false,
            named: Vec::new(),
            depth: 0,
        }
    }

    /// A chunk of this history, beginning with that record; a snapshot without one.
    pub(crate) fn of(self, values: &'o mut Values, first_record: Option<u64>) -> Self {
        Self { history: Some(Within::new(values, first_record)), ..self }
    }

    pub(crate) fn first_record(&self) -> u64 {
        self.history.as_ref().and_then(|history| history.first_record).unwrap_or_default()
    }

    /// Where the value stands in an earlier chunk, if this one may refer there, with its height.
    pub(crate) fn earlier(&mut self, identity: Identity) -> Option<(ValuePlace, usize)> {
        let Within { values, first_record: Some(first), oldest } = self.history.as_mut()? else {
            return None;
        };
        let place = values.within_reach(identity, *first)?;
        let known = values.at(place)?;
        *oldest = known.oldest.min(*oldest);
        self.refers = true;
        Some((place, known.height))
    }

    /// A value that is worth keeping was written: in a chunk later ones may refer to it, a snapshot tells its place.
    pub(crate) fn remember(
        &mut self,
        value: &Value,
        identity: Identity,
        bytes: usize,
        height: usize,
    ) {
        let Some(history) = &mut self.history else { return };
        match history.first_record {
            None => {
                let place = history.values.place_of(identity);
                self.named.extend(place.map(|place| (self.kept, place)));
            }
            Some(record) if bytes >= REFERRED_BYTES_MIN => {
                let known = Known { value: value.clone(), height, oldest: record };
                let place = ValuePlace { record, number: self.kept };
                history.values.add(place, Some(identity), known);
            }
            Some(_) => {}
        }
    }

    /// The chunk is complete.
    pub(crate) fn close(&mut self) {
        if let Some(history) = &mut self.history {
            history.close();
        }
    }

    /// Bytes of the buffer so far; only differences mean anything.
    pub(crate) fn offset(&self) -> usize {
        self.out.len()
    }

    #[inline]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    /// Bytes without their length.
    #[inline]
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    #[inline]
    pub(crate) fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.out.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
    }

    /// A signed number, the sign in the lowest bit.
    #[inline]
    pub(crate) fn zigzag(&mut self, number: i64) {
        self.varint(zigzag(number));
    }

    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.raw(bytes);
    }

    #[inline]
    pub(crate) fn tag(&mut self, number: u32, wire: Wire) {
        self.varint(u64::from(number) << 3 | wire as u64);
    }

    /// A field begins.
    #[inline]
    pub(crate) fn enter(&mut self) {
        self.depth += 1;
        assert!(self.depth <= FIELD_DEPTH_MAX, "fields are nested too deeply");
    }

    /// A field has ended.
    #[inline]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Closes a message.
    #[inline]
    pub(crate) fn end(&mut self) {
        self.out.push(0);
    }
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0, kept: Vec::new(), history: None, may_refer: false, depth: 0 }
    }

    /// A chunk of this history, beginning with that record; a snapshot without one.
    pub(crate) fn of(self, values: &'b mut Values, first_record: Option<u64>) -> Self {
        Self { history: Some(Within::new(values, first_record)), ..self }
    }

    /// Lets values refer to earlier chunks.
    pub(crate) fn let_refer(&mut self) {
        self.may_refer = true;
    }

    /// The value of that number in the chunk that begins so many records before this one, and its height.
    pub(crate) fn earlier(&mut self, back: u64, number: u64) -> Result<(Value, usize), Error> {
        let offset = self.at;
        let malformed = |what| Error::Malformed { what, offset };
        if !self.may_refer {
            return Err(malformed("a value has an unknown kind"));
        }
        let Some(Within { values, first_record: Some(first), oldest }) = &mut self.history else {
            return Err(malformed("a value refers to another chunk"));
        };
        let record = first.checked_sub(back).filter(|_| back > 0);
        let record = record.ok_or(malformed("a value refers to no earlier chunk"))?;
        let known = values.at(ValuePlace { record, number }).ok_or(Error::Elsewhere { record })?;
        *oldest = known.oldest.min(*oldest);
        Ok((known.value.clone(), known.height))
    }

    /// A value that is worth keeping was read.
    pub(crate) fn remember(&mut self, value: &Value, bytes: usize, height: usize) {
        if let Some(Within { values, first_record: Some(record), .. }) = &mut self.history
            && bytes >= REFERRED_BYTES_MIN
        {
            let place = ValuePlace { record: *record, number: self.kept.len() as u64 };
            let known = Known { value: value.clone(), height, oldest: *record };
            values.add(place, value::shared_identity(value), known);
        }
        self.kept.push(Shared { value: value.clone(), height });
    }

    /// The chunk was read to its end.
    pub(crate) fn close(&mut self) {
        if let Some(history) = &mut self.history {
            history.close();
        }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// Bytes that are left: more items than these cannot follow.
    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn malformed(&self, what: &'static str) -> Error {
        Error::Malformed { what, offset: self.at }
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        let byte = *self.bytes.get(self.at).ok_or(Error::Truncated { offset: self.at })?;
        self.at += 1;
        Ok(byte)
    }

    /// The next `length` bytes.
    pub(crate) fn raw(&mut self, length: u64) -> Result<&'b [u8], Error> {
        let rest = &self.bytes[self.at..];
        let length = usize::try_from(length).ok().filter(|length| *length <= rest.len());
        let length = length.ok_or(Error::Truncated { offset: self.at })?;
        self.at += length;
        Ok(&rest[..length])
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Error> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.malformed("a number has more than 64 bits"))
    }

    pub(crate) fn zigzag(&mut self) -> Result<i64, Error> {
        Ok(unzigzag(self.varint()?))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], Error> {
        let length = self.varint()?;
        self.raw(length)
    }

    pub(crate) fn text(&mut self) -> Result<&'b str, Error> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|_| self.malformed("a text is not UTF-8"))
    }

    /// The next field's number and layout, or `None` at the end of the message.
    #[inline]
    pub(crate) fn field(&mut self) -> Result<Option<(u32, Wire)>, Error> {
        let tag = self.varint()?;
        if tag == 0 {
            return Ok(None);
        }
        let wire = match tag & 7 {
            0 => Wire::Varint,
            2 => Wire::Bytes,
            3 => Wire::Message,
            4 => Wire::Variant,
            5 => Wire::Value,
            _ => return Err(self.malformed("a field has an unknown layout")),
        };
        match u32::try_from(tag >> 3) {
            Ok(number) if number != 0 => Ok(Some((number, wire))),
            _ => Err(self.malformed("a field has an impossible number")),
        }
    }

    /// A field begins that is read by its type, on the thread's stack.
    #[inline]
    pub(crate) fn enter(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth <= FIELD_DEPTH_MAX {
            Ok(())
        } else {
            Err(self.malformed("fields are nested too deeply"))
        }
    }

    /// A field has ended.
    #[inline]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Fails unless a known field has the layout that it always had.
    #[inline]
    pub(crate) fn expect(&self, expected: Wire, found: Wire) -> Result<(), Error> {
        if expected == found { Ok(()) } else { Err(self.malformed("a field has another layout")) }
    }

    /// Reads over a field. Values in it are kept, because later ones may refer to them.
    pub(crate) fn skip(&mut self, wire: Wire) -> Result<(), Error> {
        let mut open = 0_usize;
        let mut wire = wire;
        loop {
            match wire {
                Wire::Varint => {
                    self.varint()?;
                }
                Wire::Bytes => {
                    self.bytes()?;
                }
                Wire::Message => open += 1,
                Wire::Variant => {
                    self.varint()?;
                    open += 1;
                }
                Wire::Value => {
                    value::read(self)?;
                }
            }
            loop {
                if open == 0 {
                    return Ok(());
                }
                match self.field()? {
                    None => open -= 1,
                    Some((_, next)) => {
                        wire = next;
                        break;
                    }
                }
            }
        }
    }
}

pub(crate) fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

pub(crate) fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}
