//! Printing JSON (RFC 8259) straight into bytes.

use std::fmt::{self, Display, Write as _};

use motet_expr::Value;

/// The text of one object.
pub(crate) fn object(write: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut text = Vec::with_capacity(512);
    append_object(&mut text, write);
    text
}

/// The text of one array.
pub(crate) fn array(write: impl FnOnce(&mut Array<'_>)) -> Vec<u8> {
    let mut text = vec![b'['];
    write(&mut Array { text: &mut text, is_empty: true });
    text.push(b']');
    text
}

/// Members of an object that is being written.
pub(crate) struct Object<'t> {
    text: &'t mut Vec<u8>,
    is_empty: bool,
}

impl Object<'_> {
    /// A member that is text, printed as it displays itself.
    pub(crate) fn text(&mut self, key: &str, value: impl Display) {
        self.key(key);
        append_text(self.text, value);
    }

    pub(crate) fn maybe_text(&mut self, key: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    pub(crate) fn number(&mut self, key: &str, value: impl Into<u64>) {
        self.raw(key, value.into());
    }

    /// A number with three digits behind the point.
    pub(crate) fn decimal(&mut self, key: &str, value: f64) {
        self.raw(key, format_args!("{value:.3}"));
    }

    pub(crate) fn truth(&mut self, key: &str, value: bool) {
        self.raw(key, value);
    }

    pub(crate) fn value(&mut self, key: &str, value: &Value) {
        self.key(key);
        self.text.extend_from_slice(motet_expr::json::to_text(value).as_bytes());
    }

    pub(crate) fn object(&mut self, key: &str, write: impl FnOnce(&mut Object<'_>)) {
        self.key(key);
        append_object(self.text, write);
    }

    pub(crate) fn array(&mut self, key: &str, write: impl FnOnce(&mut Array<'_>)) {
        self.key(key);
        self.text.push(b'[');
        write(&mut Array { text: self.text, is_empty: true });
        self.text.push(b']');
    }

    fn raw(&mut self, key: &str, value: impl Display) {
        self.key(key);
        // Writing to memory cannot fail.
        let _ = write!(Escaped(self.text), "{value}");
    }

    fn key(&mut self, key: &str) {
        if !self.is_empty {
            self.text.push(b',');
        }
        self.is_empty = false;
        self.text.push(b'"');
        append_escaped(self.text, key);
        self.text.extend_from_slice(b"\":");
    }
}

/// Elements of an array that is being written.
pub(crate) struct Array<'t> {
    text: &'t mut Vec<u8>,
    is_empty: bool,
}

impl Array<'_> {
    pub(crate) fn text(&mut self, value: impl Display) {
        self.separate();
        append_text(self.text, value);
    }

    pub(crate) fn object(&mut self, write: impl FnOnce(&mut Object<'_>)) {
        self.separate();
        append_object(self.text, write);
    }

    fn separate(&mut self) {
        if !self.is_empty {
            self.text.push(b',');
        }
        self.is_empty = false;
    }
}

fn append_object(text: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
    text.push(b'{');
    write(&mut Object { text, is_empty: true });
    text.push(b'}');
}

fn append_text(text: &mut Vec<u8>, value: impl Display) {
    text.push(b'"');
    // Writing to memory cannot fail.
    let _ = write!(Escaped(text), "{value}");
    text.push(b'"');
}

/// Takes text and appends it with what JSON wants escaped.
struct Escaped<'t>(&'t mut Vec<u8>);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        append_escaped(self.0, text);
        Ok(())
    }
}

fn append_escaped(into: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x00..=0x1f => "",
            _ => continue,
        };
        into.extend_from_slice(&bytes[from..at]);
        into.extend_from_slice(escape.as_bytes());
        if escape.is_empty() {
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            into.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        }
        from = at + 1;
    }
    into.extend_from_slice(&bytes[from..]);
}

#[cfg(test)]
mod tests;
