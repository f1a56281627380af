//! Bytes, numbers and tags: the layer that knows no types.

use std::collections::BTreeMap;

use crate::Error;
use crate::value::{self, Identity, Place, Shared};

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
    depth: usize,
}

/// Reads one chunk.
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    /// The values read so far that others may refer to.
    pub(crate) kept: Vec<Shared>,
    depth: usize,
}

impl<'o> Writer<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, written: BTreeMap::new(), kept: 0, depth: 0 }
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
        Self { bytes, at: 0, kept: Vec::new(), depth: 0 }
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
