use std::sync::Arc;

use crate::{Map, Num, Value};

/// Longest number, in bytes of its text: arithmetic on longer ones would be a way to burn time.
pub const NUMBER_BYTES_MAX: usize = 1024;

/// Deepest nesting whatever a caller allows: values are dropped and printed recursively.
pub const DEPTH_MAX: usize = 1024;

/// What a text may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Length of the text, in bytes.
    pub bytes_max: usize,
    /// Nesting of arrays and objects, at most [`DEPTH_MAX`].
    pub depth_max: usize,
}

impl Default for Limits {
    /// The payload and depth limits of a server's defaults.
    fn default() -> Self {
        let limits = motet_types::Limits::default();
        Self { bytes_max: limits.payload_bytes_max, depth_max: limits.depth_max }
    }
}

/// The text is not JSON, or exceeds a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub struct ParseError {
    /// What is wrong, in lower case.
    pub message: &'static str,
    /// Byte offset in the text.
    pub offset: usize,
}

/// Reads one JSON text with nothing but white space around it.
pub fn parse(text: &[u8], limits: Limits) -> Result<Value, ParseError> {
    if text.len() > limits.bytes_max {
        return Err(ParseError {
            message: "the text is longer than allowed",
            offset: limits.bytes_max,
        });
    }
    // One check of the whole text makes every slice of it between ASCII bytes valid UTF-8.
    if let Err(error) = std::str::from_utf8(text) {
        return Err(ParseError { message: "the text is not UTF-8", offset: error.valid_up_to() });
    }
    let mut parser = Parser { text, at: 0, depth_max: limits.depth_max.min(DEPTH_MAX) };
    let value = parser.document()?;
    parser.space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => parser.fail("unexpected text after the value"),
    }
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    depth_max: usize,
}

/// A container that is not closed yet.
enum Open {
    Array(Vec<Value>),
    /// With the key whose value comes next.
    Object(Map, Value),
}

impl Parser<'_> {
    /// Reads one value with a stack of its own, so that no depth limit can overflow the thread's.
    fn document(&mut self) -> Result<Value, ParseError> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            self.space();
            let mut value = match self.peek() {
                Some(b'[') => {
                    self.enter(open.len())?;
                    if !self.eat(b']') {
                        open.push(Open::Array(Vec::new()));
                        continue;
                    }
                    Value::Arr(Arc::default())
                }
                Some(b'{') => {
                    self.enter(open.len())?;
                    if !self.eat(b'}') {
                        open.push(Open::Object(Map::default(), self.key()?));
                        continue;
                    }
                    Value::obj(Map::default())
                }
                _ => self.scalar()?,
            };
            // Close everything that this value completes.
            loop {
                match open.pop() {
                    None => return Ok(value),
                    Some(Open::Array(mut items)) => {
                        items.push(value);
                        if self.separator(b']')? {
                            value = Value::Arr(items.into());
                        } else {
                            open.push(Open::Array(items));
                            break;
                        }
                    }
                    Some(Open::Object(mut map, key)) => {
                        map.insert(key, value);
                        if self.separator(b'}')? {
                            value = Value::obj(map);
                        } else {
                            let key = self.key()?;
                            open.push(Open::Object(map, key));
                            break;
                        }
                    }
                }
            }
        }
    }

    fn enter(&mut self, depth: usize) -> Result<(), ParseError> {
        if depth >= self.depth_max {
            return self.fail("the value is nested more deeply than allowed");
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// Whether the container ends here; otherwise another member follows.
    fn separator(&mut self, close: u8) -> Result<bool, ParseError> {
        self.space();
        if self.eat(close) {
            Ok(true)
        } else if self.eat(b',') {
            self.space();
            Ok(false)
        } else if close == b']' {
            self.fail("expected a comma or the end of the array")
        } else {
            self.fail("expected a comma or the end of the object")
        }
    }

    fn key(&mut self) -> Result<Value, ParseError> {
        if self.peek() != Some(b'"') {
            return self.fail("expected a key in quotes");
        }
        let key = self.string()?;
        self.space();
        if self.eat(b':') { Ok(key) } else { self.fail("expected a colon after the key") }
    }

    fn scalar(&mut self) -> Result<Value, ParseError> {
        let words =
            [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))];
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                for (word, value) in words {
                    if self.text[self.at..].starts_with(word.as_bytes()) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                self.fail("expected a value")
            }
        }
    }

    fn number(&mut self) -> Result<Value, ParseError> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        let mut whole = true;
        if self.eat(b'.') {
            whole = false;
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            whole = false;
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        if text.len() > NUMBER_BYTES_MAX {
            self.at = start;
            return self.fail("the number has more digits than allowed");
        }
        let text = std::str::from_utf8(text).expect("digits are ASCII");
        // `-0` as an integer would lose its sign.
        let integer = (whole && text != "-0").then(|| Num::from_str_radix(text, 10));
        Ok(Value::Num(integer.flatten().unwrap_or_else(|| Num::Dec(Arc::new(text.to_owned())))))
    }

    fn digits(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            return self.fail("expected a digit");
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Value, ParseError> {
        self.at += 1;
        let mut text = Vec::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            text.extend_from_slice(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Value::utf8_str(text));
                }
                Some(b'\\') => {
                    self.at += 1;
                    let character = self.escape()?;
                    text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(_) => return self.fail("a control character in text must be escaped"),
                None => return self.fail("the text in quotes does not end"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return self.fail("unknown escape"),
        };
        self.at += 1;
        Ok(character)
    }

    /// What follows `\u`; a pair of surrogates is one character.
    fn unicode(&mut self) -> Result<char, ParseError> {
        let first = self.hex()?;
        if !(0xD800..0xDC00).contains(&first) {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        if !self.text[self.at..].starts_with(b"\\u") {
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        let before = self.at;
        self.at += 2;
        let second = self.hex()?;
        if !(0xDC00..0xE000).contains(&second) {
            // It may begin a pair of its own.
            self.at = before;
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        let point = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        Ok(char::from_u32(point).expect("surrogates make a scalar value"))
    }

    fn hex(&mut self) -> Result<u32, ParseError> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return self.fail("expected four hexadecimal digits");
            };
            value = value << 4 | digit;
            self.at += 1;
        }
        Ok(value)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn fail<T>(&self, message: &'static str) -> Result<T, ParseError> {
        Err(ParseError { message, offset: self.at })
    }
}
