use super::{Bytes, Lines, Node, NodeKind, Span};
use crate::work::spend;
use crate::{Diagnostic, Place, Pointer};

/// Where everything stands in the text, found by JSON pointer.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    lines: Lines,
    root: Option<Node>,
}

/// Place of one value and, if it stands in an object, of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: Option<Span>,
    pub value: Span,
}

impl SourceMap {
    pub(crate) fn new(root: Option<Node>, lines: Lines) -> Self {
        Self { lines, root }
    }

    /// The text that was read.
    pub fn text(&self) -> &str {
        &self.lines.text
    }

    /// The bytes of a line, counted from 1.
    pub(crate) fn line(&self, line: usize) -> Bytes {
        self.lines.line(line)
    }

    /// The place of the value that `pointer` points to.
    pub fn entry(&self, pointer: &Pointer) -> Option<Entry> {
        let (key, value) = self.bytes(pointer)?;
        let key = key.map(|bytes| self.lines.span(bytes));
        Some(Entry { key, value: self.lines.span(value) })
    }

    /// The innermost value whose text, or whose key's text, holds the byte `at`.
    pub fn pointer_at(&self, at: usize) -> Pointer {
        let mut pointer = Pointer::root();
        let mut node = self.root.as_ref();
        let holds = |bytes: Bytes| bytes.0 <= at && at < bytes.1.max(bytes.0 + 1);
        while let Some(around) = node {
            node = None;
            spend(around.children());
            match &around.kind {
                NodeKind::Scalar(_) => {}
                NodeKind::Array(items) => {
                    if let Some(idx) = items.iter().position(|item| holds(item.bytes)) {
                        pointer = pointer.index(idx);
                        node = Some(&items[idx]);
                    }
                }
                NodeKind::Object(entries) => {
                    let inside =
                        |(key, value): &&(super::Key, Node)| holds(key.bytes) || holds(value.bytes);
                    if let Some((key, value)) = entries.iter().find(inside) {
                        pointer = pointer.key(&key.text);
                        node = Some(value);
                    }
                }
            }
        }
        pointer
    }

    /// Gives every diagnostic its span: of its own pointer, or of the nearest value around it.
    pub fn locate(&self, diagnostics: &mut [Diagnostic]) {
        for diagnostic in diagnostics {
            match diagnostic.span {
                Some(span) if diagnostic.path == Pointer::root() => {
                    diagnostic.path = self.pointer_at(span.start);
                }
                Some(_) => {}
                None => {
                    diagnostic.span = self
                        .part(diagnostic)
                        .or_else(|| self.nearest(&diagnostic.path, diagnostic.place))
                        .or_else(|| Some(self.lines.span((0, 0))));
                }
            }
        }
    }

    /// The place of a part of a text, where the text stands in the source as it is.
    fn part(&self, diagnostic: &Diagnostic) -> Option<Span> {
        let within = diagnostic.within.as_ref()?;
        let (_, (start, end)) = self.bytes(&diagnostic.path)?;
        spend(end - start);
        let start = start + self.text().get(start..end)?.find(&within.text)?;
        Some(self.lines.span((start + within.range.start, start + within.range.end)))
    }

    fn nearest(&self, pointer: &Pointer, place: Place) -> Option<Span> {
        if let Some((key, value)) = self.bytes(pointer) {
            let bytes = match (place, key) {
                (Place::Key, Some(key)) => key,
                _ => self.first_line(value),
            };
            return Some(self.lines.span(bytes));
        }
        let mut around = pointer.parent()?;
        loop {
            if let Some((key, value)) = self.bytes(&around) {
                return Some(self.lines.span(key.unwrap_or_else(|| self.first_line(value))));
            }
            around = around.parent()?;
        }
    }

    /// A range cut where its first line ends: carets under a whole block would hide the point.
    fn first_line(&self, (start, end): Bytes) -> Bytes {
        let written = self.text().get(start..end).unwrap_or_default();
        let line = written.lines().next().unwrap_or_default();
        (start, start + line.trim_end().len())
    }

    fn bytes(&self, pointer: &Pointer) -> Option<(Option<Bytes>, Bytes)> {
        let mut node = self.root.as_ref()?;
        let mut key = None;
        for segment in pointer.segments() {
            (key, node) = match &node.kind {
                NodeKind::Scalar(_) => return None,
                NodeKind::Array(items) => (None, items.get(segment.parse::<usize>().ok()?)?),
                NodeKind::Object(entries) => {
                    spend(entries.len());
                    let (key, node) = entries.iter().find(|(key, _)| key.text == segment)?;
                    (Some(key.bytes), node)
                }
            };
        }
        Some((key, node.bytes))
    }
}
