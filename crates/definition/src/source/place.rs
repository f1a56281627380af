use std::sync::Arc;

use crate::work::spend;

/// Every so many bytes the characters before them are counted once, so that the end of a long line is found as fast as its
/// beginning.
const BLOCK_BYTES: usize = 1_024;

/// A range of the text: bytes for machines, line and column for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
    /// Line of the first byte, counted from 1.
    pub line: usize,
    /// Column of the first byte in characters (Unicode scalar values), counted from 1.
    pub column: usize,
}

/// A range of bytes in the text.
pub(crate) type Bytes = (usize, usize);

/// A text and where its lines begin.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    pub(crate) text: Arc<str>,
    starts: Vec<usize>,
    /// Characters before each block.
    characters: Vec<usize>,
}

impl Default for Lines {
    fn default() -> Self {
        Self::new("")
    }
}

impl Lines {
    pub(crate) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        // A line ends with LF, CR LF or CR (YAML 1.2.2 §5.4).
        let ends = bytes.iter().enumerate().filter(|(idx, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(idx + 1) != Some(&b'\n'),
            _ => false,
        });
        let starts = std::iter::once(0).chain(ends.map(|(idx, _)| idx + 1)).collect();
        let characters = bytes.chunks(BLOCK_BYTES).scan(0, |before, block| {
            let here = *before;
            *before += first_bytes(block);
            Some(here)
        });
        Self { text: text.into(), starts, characters: characters.collect() }
    }

    /// The span of a byte range, cut to the text and to whole characters.
    pub(crate) fn span(&self, (start, end): Bytes) -> Span {
        let start = self.floor(start);
        let end = self.floor(end).max(start);
        let line = self.number(start);
        let column =
            self.characters_before(start) - self.characters_before(self.starts[line - 1]) + 1;
        Span { start, end, line, column }
    }

    /// The line in which a byte stands, counted from 1.
    pub(crate) fn number(&self, byte: usize) -> usize {
        self.starts.partition_point(|line| *line <= byte)
    }

    /// The bytes of a line, counted from 1, with what ends it.
    pub(crate) fn line(&self, line: usize) -> Bytes {
        let start = |line: usize| self.starts.get(line).copied().unwrap_or(self.text.len());
        (start(line.saturating_sub(1)), start(line))
    }

    fn characters_before(&self, byte: usize) -> usize {
        let block = byte / BLOCK_BYTES;
        let rest = &self.text.as_bytes()[block * BLOCK_BYTES..byte];
        spend(rest.len());
        self.characters.get(block).copied().unwrap_or_default() + first_bytes(rest)
    }

    fn floor(&self, byte: usize) -> usize {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }
}

/// How many characters begin in these bytes of UTF-8.
fn first_bytes(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}
