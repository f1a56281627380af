use std::sync::Arc;

use motet_types::Limits;

use super::{Entries, Key, Lines, Node, NodeKind, Reading, scalar};
use crate::value::Value;
use crate::{Code, Diagnostic, Pointer};

/// Reads a JSON text (RFC 8259); `None` where it is not JSON, so that YAML's flow style gets its turn.
pub(super) fn read(text: &str, limits: &Limits, lines: &Lines) -> Option<Reading> {
    let mut reader =
        Reader { text, at: 0, lines, depth_max: limits.depth_max, diagnostics: Vec::new() };
    reader.skip_space();
    let root = reader.node(1);
    reader.skip_space();
    match root {
        Ok(root) if reader.at == text.len() => Some((Some(root), reader.diagnostics)),
        Err(Stop::TooDeep) => Some((None, reader.diagnostics)),
        Ok(_) | Err(Stop::NotJson) => None,
    }
}

enum Stop {
    NotJson,
    TooDeep,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    lines: &'a Lines,
    depth_max: usize,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn node(&mut self, depth: usize) -> Result<Node, Stop> {
        let start = self.at;
        if depth > self.depth_max {
            let message =
                format!("the document nests deeper than {} levels: flatten it", self.depth_max);
            self.report(Code::TooDeep, (start, start), message);
            return Err(Stop::TooDeep);
        }
        let kind = match self.peek().ok_or(Stop::NotJson)? {
            b'{' => self.object(depth)?,
            b'[' => self.array(depth)?,
            b'"' => NodeKind::Scalar(Value::from(self.string()?)),
            b'-' | b'0'..=b'9' => NodeKind::Scalar(self.number()?),
            _ => NodeKind::Scalar(self.word()?),
        };
        Ok(Node { kind, bytes: (start, self.at) })
    }

    fn object(&mut self, depth: usize) -> Result<NodeKind, Stop> {
        let mut entries = Entries::default();
        self.expect(b'{')?;
        self.skip_space();
        if self.accept(b'}') {
            return Ok(entries.finish());
        }
        loop {
            self.skip_space();
            let start = self.at;
            let key = Key { text: self.string()?, bytes: (start, self.at) };
            self.skip_space();
            self.expect(b':')?;
            self.skip_space();
            let node = self.node(depth + 1)?;
            entries.insert(key, node, self.lines, &mut self.diagnostics);
            self.skip_space();
            if self.accept(b'}') {
                return Ok(entries.finish());
            }
            self.expect(b',')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<NodeKind, Stop> {
        let mut items = Vec::new();
        self.expect(b'[')?;
        self.skip_space();
        if self.accept(b']') {
            return Ok(NodeKind::Array(Arc::new(items)));
        }
        loop {
            self.skip_space();
            items.push(self.node(depth + 1)?);
            self.skip_space();
            if self.accept(b']') {
                return Ok(NodeKind::Array(Arc::new(items)));
            }
            self.expect(b',')?;
        }
    }

    fn string(&mut self) -> Result<String, Stop> {
        self.expect(b'"')?;
        let mut string = String::new();
        loop {
            let rest = &self.text[self.at..];
            let run = rest.find(|c: char| c == '"' || c == '\\' || c < ' ').ok_or(Stop::NotJson)?;
            string.push_str(&rest[..run]);
            self.at += run;
            match self.bump()? {
                b'"' => return Ok(string),
                b'\\' => string.push(self.escape()?),
                _ => return Err(Stop::NotJson),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Stop> {
        Ok(match self.bump()? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(Stop::NotJson),
        })
    }

    fn unicode(&mut self) -> Result<char, Stop> {
        let high = self.hex()?;
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high).ok_or(Stop::NotJson);
        }
        self.expect(b'\\')?;
        self.expect(b'u')?;
        let low = self.hex()?;
        if !(0xdc00..0xe000).contains(&low) {
            return Err(Stop::NotJson);
        }
        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)).ok_or(Stop::NotJson)
    }

    fn hex(&mut self) -> Result<u32, Stop> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(Stop::NotJson)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Stop::NotJson);
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| Stop::NotJson)
    }

    /// RFC 8259 §6: no plus, no leading zero, digits on both sides of the point.
    fn number(&mut self) -> Result<Value, Stop> {
        let start = self.at;
        self.accept(b'-');
        if !self.accept(b'0') {
            self.digits()?;
        }
        if self.accept(b'.') {
            self.digits()?;
        }
        if self.accept(b'e') || self.accept(b'E') {
            let _signed = self.accept(b'+') || self.accept(b'-');
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        match scalar::number(text) {
            Ok(number) => number.map(Value::Num).ok_or(Stop::NotJson),
            Err(refusal) => {
                self.report(Code::InvalidNumber, (start, self.at), refusal.message(text));
                Ok(Value::Null)
            }
        }
    }

    fn digits(&mut self) -> Result<(), Stop> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(Stop::NotJson) } else { Ok(()) }
    }

    fn word(&mut self) -> Result<Value, Stop> {
        let words =
            [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))];
        let rest = &self.text[self.at..];
        let (word, value) =
            words.into_iter().find(|(word, _)| rest.starts_with(word)).ok_or(Stop::NotJson)?;
        self.at += word.len();
        Ok(value)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn bump(&mut self) -> Result<u8, Stop> {
        let byte = self.peek().ok_or(Stop::NotJson)?;
        self.at += 1;
        Ok(byte)
    }

    fn accept(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        if self.accept(byte) { Ok(()) } else { Err(Stop::NotJson) }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn report(&mut self, code: Code, bytes: (usize, usize), message: String) {
        let span = self.lines.span(bytes);
        self.diagnostics.push(Diagnostic::new(code, Pointer::root(), message).at(span));
    }
}
