use std::sync::Arc;

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
        Self { text: text.into(), starts }
    }

    /// The span of a byte range, cut to the text and to whole characters.
    pub(crate) fn span(&self, (start, end): Bytes) -> Span {
        let start = self.floor(start);
        let end = self.floor(end).max(start);
        let line = self.starts.partition_point(|line| *line <= start);
        let column = self.text[self.starts[line - 1]..start].chars().count() + 1;
        Span { start, end, line, column }
    }

    /// The bytes of a line, counted from 1, with what ends it.
    pub(crate) fn line(&self, line: usize) -> Bytes {
        let start = |line: usize| self.starts.get(line).copied().unwrap_or(self.text.len());
        (start(line.saturating_sub(1)), start(line))
    }

    fn floor(&self, byte: usize) -> usize {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }
}
