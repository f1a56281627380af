//! What can be told about an expression before it is parsed: where it ends, and how deeply it nests.

use std::ops::Range;

use jaq_core::load::lex::{StrPart, Tok, Token};

/// Deepest nesting of brackets and texts in one expression.
const NESTING_MAX: usize = 64;

/// Operators and keywords that may follow one another without brackets; the parser nests once for each.
const OPERATORS_MAX: usize = 400;

/// A piece of an interpolated text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'t> {
    /// Stands for itself.
    Text(&'t str),
    /// The source between `${` and `}`, and where it begins in the text, in bytes.
    Expression { source: &'t str, offset: usize },
}

/// A text whose `${` or brackets do not match.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    pub message: String,
    /// Byte offsets in the text.
    pub range: Range<usize>,
}

/// Whether the whole text is one expression: `${ … }`, perhaps with white space around.
pub fn is_expression(text: &str) -> bool {
    matches!(parse_interpolated(text.trim()).as_deref(), Ok([Part::Expression { .. }]))
}

/// Splits a text at its `${ … }` parts. Brackets, comments and texts inside them may contain braces.
pub fn parse_interpolated(text: &str) -> Result<Vec<Part<'_>>, SyntaxError> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("${") {
        let start = at + found;
        if start > at {
            parts.push(Part::Text(&text[at..start]));
        }
        let offset = start + "${".len();
        let end = Scanner::new(text, offset).closing_brace(start)?;
        parts.push(Part::Expression { source: &text[offset..end], offset });
        at = end + 1;
    }
    if at < text.len() {
        parts.push(Part::Text(&text[at..]));
    }
    Ok(parts)
}

/// The parts of a text that [`parse_interpolated`] refuses, as far as they can be told, with everything that is wrong.
///
/// Outside of texts in quotes jq knows no `${`, so an expression that does not end is taken to end before the next one.
pub(crate) fn parse_broken(text: &str) -> Vec<Result<Part<'_>, SyntaxError>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("${") {
        let start = at + found;
        let offset = start + "${".len();
        let mut scanner = Scanner::new(text, offset);
        match scanner.closing_brace_before_next(start) {
            Ok(end) => {
                parts.push(Ok(Part::Expression { source: &text[offset..end], offset }));
                at = end + 1;
            }
            Err(error) => {
                parts.push(Err(error));
                at = scanner.at.max(offset);
            }
        }
    }
    parts
}

/// Checks that the brackets of a source match and nest at most [`NESTING_MAX`] deep: jaq's lexer recurses.
pub(crate) fn check_nesting(source: &str) -> Result<(), SyntaxError> {
    let mut scanner = Scanner::new(source, 0);
    while scanner.step()? {}
    match scanner.open.last() {
        None => Ok(()),
        Some(open) => Err(open.unclosed(source)),
    }
}

/// How deeply the parser would nest, at most; see [`OPERATORS_MAX`].
pub(crate) fn too_many_operators(tokens: &[Token<&str>]) -> bool {
    weight(tokens, false) > OPERATORS_MAX
}

fn weight(tokens: &[Token<&str>], arguments: bool) -> usize {
    let (mut here, mut heaviest) = (0, 0);
    let mut after_word = false;
    for Token(text, token) in tokens {
        let inside = match token {
            // Separators between arguments or members start afresh.
            Tok::Sym if arguments && matches!(*text, ";" | ",") => {
                here = 0;
                0
            }
            Tok::Block(inner) => weight(inner, text.starts_with('{') || after_word),
            Tok::Str(parts) => parts
                .iter()
                .map(|part| match part {
                    StrPart::Term(Token(_, Tok::Block(inner))) => weight(inner, false),
                    _ => 0,
                })
                .max()
                .unwrap_or(0),
            Tok::Sym if matches!(*text, "," | ":" | ";" | ")" | "]" | "}") => 0,
            Tok::Sym | Tok::Word => 1,
            Tok::Var | Tok::Fmt | Tok::Num => 0,
        };
        here += usize::from(inside == 1 && matches!(token, Tok::Sym | Tok::Word));
        heaviest = heaviest.max(here + inside);
        after_word = matches!(token, Tok::Word | Tok::Fmt);
    }
    heaviest
}

/// Follows jq's lexical structure without recursion.
struct Scanner<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Open>,
}

/// Something that must be closed, and where it began.
#[derive(Clone, Copy)]
struct Open {
    close: u8,
    at: usize,
}

impl Open {
    fn unclosed(self, text: &str) -> SyntaxError {
        let what = match self.close {
            b'"' => "this text in quotes does not end",
            b'}' => "this brace is not closed",
            b']' => "this bracket is not closed",
            _ => "this parenthesis is not closed",
        };
        // A whole expression begins with two.
        let length = if text[self.at..].starts_with("${") { 2 } else { 1 };
        SyntaxError { message: what.to_owned(), range: self.at..text.len().min(self.at + length) }
    }
}

/// The expression that begins at `start` has no end.
fn endless(start: usize) -> SyntaxError {
    SyntaxError {
        message: "this expression does not end: expected a closing brace".to_owned(),
        range: start..start + "${".len(),
    }
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str, at: usize) -> Self {
        let open = Vec::new();
        Self { text, at, open }
    }

    /// The offset of the brace that closes the `${` at `start`.
    fn closing_brace(mut self, start: usize) -> Result<usize, SyntaxError> {
        self.open.push(Open { close: b'}', at: start });
        while self.step()? {
            if self.open.is_empty() {
                return Ok(self.at - 1);
            }
        }
        Err(endless(start))
    }

    /// The same for a text in which something is wrong: another `${` ends the expression, too.
    fn closing_brace_before_next(&mut self, start: usize) -> Result<usize, SyntaxError> {
        self.open.push(Open { close: b'}', at: start });
        let begins_another = |scanner: &Self| {
            !scanner.in_text() && scanner.text.as_bytes()[scanner.at..].starts_with(b"${")
        };
        while !begins_another(self) && self.step()? {
            if self.open.is_empty() {
                return Ok(self.at - 1);
            }
        }
        match self.open.last() {
            Some(open) if open.at > start && !self.in_text() => Err(open.unclosed(self.text)),
            _ => Err(endless(start)),
        }
    }

    fn in_text(&self) -> bool {
        self.open.last().is_some_and(|open| open.close == b'"')
    }

    /// Reads one byte, escape or comment; false at the end.
    fn step(&mut self) -> Result<bool, SyntaxError> {
        let bytes = self.text.as_bytes();
        let Some(&byte) = bytes.get(self.at) else {
            return Ok(false);
        };
        let in_text = self.in_text();
        match byte {
            b'"' if in_text => {
                self.open.pop();
            }
            b'\\' if in_text => {
                self.at += 1;
                if bytes.get(self.at) == Some(&b'(') {
                    self.enter(b')')?;
                }
            }
            _ if in_text => {}
            b'"' => self.enter(b'"')?,
            b'(' => self.enter(b')')?,
            b'[' => self.enter(b']')?,
            b'{' => self.enter(b'}')?,
            b')' | b']' | b'}' => match self.open.last() {
                Some(open) if open.close == byte => {
                    self.open.pop();
                }
                Some(open) => return Err(open.unclosed(self.text)),
                None => {
                    return Err(SyntaxError {
                        message: format!("nothing is open that {:?} closes", char::from(byte)),
                        range: self.at..self.at + 1,
                    });
                }
            },
            b'#' => {
                self.comment();
                return Ok(true);
            }
            _ => {}
        }
        // An escaped character may have several bytes; its later ones mean nothing to us.
        self.at = (self.at + 1).min(bytes.len());
        Ok(true)
    }

    /// Skips to the end of the line; an odd number of backslashes there continues the comment.
    fn comment(&mut self) {
        let bytes = self.text.as_bytes();
        loop {
            let rest = &bytes[self.at..];
            let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
                self.at = bytes.len();
                return;
            };
            let line = &rest[..length];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let backslashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
            self.at += length + 1;
            if backslashes % 2 == 0 {
                return;
            }
        }
    }

    fn enter(&mut self, close: u8) -> Result<(), SyntaxError> {
        if self.open.len() >= NESTING_MAX {
            return Err(SyntaxError {
                message: format!("brackets nest more than {NESTING_MAX} levels deep"),
                range: self.at..self.at + 1,
            });
        }
        self.open.push(Open { close, at: self.at });
        Ok(())
    }
}
