use std::collections::HashMap;
use std::sync::Arc;

use motet_types::Limits;
use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};

use super::scalar::{self, Refusal};
use super::{ALIAS_NODES_MAX, Bytes, Entries, Key, Lines, Node, NodeKind, Reading};
use crate::value::Value;
use crate::{Code, Diagnostic, Pointer};

/// Reads the one document of a YAML stream.
pub(super) fn read(text: &str, limits: &Limits, lines: &Lines) -> Reading {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        offsets: Offsets::new(text),
        text,
        lines,
        depth_max: limits.depth_max,
        anchors: HashMap::new(),
        alias_nodes: 0,
        diagnostics: Vec::new(),
    };
    let root = reader.stream().unwrap_or_else(|Stop| None);
    if root.is_none() && reader.diagnostics.is_empty() {
        let message = "the document is empty: it needs at least `document` and `do`";
        reader.diagnostics.push(Diagnostic::new(Code::EmptyDocument, Pointer::root(), message));
    }
    (root, reader.diagnostics)
}

/// What helps where YAML took the braces of an expression for its own.
const QUOTE_EXPRESSION: &str = "put the expression in quotes, as in \"${ { a: .b } }\"";

/// Reading cannot go on; the reason is among the diagnostics.
struct Stop;

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    offsets: Offsets,
    text: &'a str,
    lines: &'a Lines,
    depth_max: usize,
    /// A finished anchor and the number of its nodes.
    anchors: HashMap<usize, (Node, usize)>,
    alias_nodes: usize,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn stream(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        loop {
            let (event, bytes) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root.map(|(node, _)| node)),
                Event::DocumentStart(_) if root.is_some() => {
                    let message = "a second document begins here: put one document into one file";
                    return Err(self.stop(Code::SeveralDocuments, bytes, message));
                }
                Event::DocumentStart(_) | Event::DocumentEnd | Event::StreamStart => {}
                Event::Nothing => {}
                event => root = Some(self.node(event, bytes, 1)?),
            }
        }
    }

    /// The node that begins with `event`, and how many nodes it holds.
    fn node(
        &mut self,
        event: Event<'a>,
        bytes: Bytes,
        depth: usize,
    ) -> Result<(Node, usize), Stop> {
        if depth > self.depth_max {
            let message =
                format!("the document nests deeper than {} levels: flatten it", self.depth_max);
            return Err(self.stop(Code::TooDeep, bytes, message));
        }
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_deref(), bytes);
                (anchor, (Node { kind: NodeKind::Scalar(value), bytes }, 1))
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "seq", bytes);
                (anchor, self.sequence(bytes, depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "map", bytes);
                (anchor, self.mapping(bytes, depth)?)
            }
            Event::Alias(anchor) => return self.alias(anchor, bytes),
            _ => return Err(self.stop(Code::Syntax, bytes, "a value is expected here")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn sequence(&mut self, start: Bytes, depth: usize) -> Result<(Node, usize), Stop> {
        let (mut items, mut count) = (Vec::new(), 1);
        loop {
            let (event, bytes) = self.next()?;
            if event == Event::SequenceEnd {
                let bytes = self.trimmed(start.0, bytes.1);
                return Ok((Node { kind: NodeKind::Array(Arc::new(items)), bytes }, count));
            }
            let (node, nodes) = self.node(event, bytes, depth + 1)?;
            items.push(node);
            count += nodes;
        }
    }

    fn mapping(&mut self, start: Bytes, depth: usize) -> Result<(Node, usize), Stop> {
        let (mut entries, mut count) = (Entries::default(), 1);
        loop {
            let (event, bytes) = self.next()?;
            if event == Event::MappingEnd {
                let bytes = self.trimmed(start.0, bytes.1);
                return Ok((Node { kind: entries.finish(), bytes }, count));
            }
            let key = self.key(event, bytes, depth)?;
            let (event, bytes) = self.next()?;
            let (node, nodes) = self.node(event, bytes, depth + 1)?;
            count += nodes;
            if let Some(key) = key {
                entries.insert(key, node, self.lines, &mut self.diagnostics);
            }
        }
    }

    /// The key that begins with `event`; `None` if it was refused.
    fn key(&mut self, event: Event<'a>, bytes: Bytes, depth: usize) -> Result<Option<Key>, Stop> {
        if matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<") {
            let message = "merge keys (`<<`) are not part of YAML 1.2: write the properties out";
            self.report(Code::MergeKey, bytes, message);
            return Ok(None);
        }
        let (node, _) = self.node(event, bytes, depth + 1)?;
        let written = self.text.get(node.bytes.0..node.bytes.1).unwrap_or_default();
        let message = match &node.kind {
            NodeKind::Scalar(value @ Value::TStr(_)) => {
                let text = crate::value::as_str(value).unwrap_or_default().to_owned();
                return Ok(Some(Key { text, bytes }));
            }
            // JSON has no other keys: `8080: 80` means the key "8080".
            NodeKind::Scalar(Value::Num(_)) => {
                return Ok(Some(Key { text: written.to_owned(), bytes }));
            }
            NodeKind::Scalar(_) => format!("a key must be text: put `{written}` in quotes"),
            _ => "a key must be text, not a list or an object".to_owned(),
        };
        self.report(Code::InvalidKey, bytes, message);
        Ok(None)
    }

    fn alias(&mut self, anchor: usize, bytes: Bytes) -> Result<(Node, usize), Stop> {
        let Some((node, count)) = self.anchors.get(&anchor) else {
            let message =
                "this alias stands inside its own anchor: a document cannot contain itself";
            return Err(self.stop(Code::AliasExpansion, bytes, message));
        };
        let (kind, count) = (node.kind.clone(), *count);
        self.alias_nodes = self.alias_nodes.saturating_add(count);
        if self.alias_nodes > ALIAS_NODES_MAX {
            let message = format!(
                "aliases add more than {ALIAS_NODES_MAX} values to the document: write the parts out"
            );
            return Err(self.stop(Code::AliasExpansion, bytes, message));
        }
        Ok((Node { kind, bytes }, count))
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, bytes: Bytes) -> Value {
        let string = || Value::from(text.to_owned());
        let plain = style == ScalarStyle::Plain;
        let value = match tag.map(|tag| (tag.is_yaml_core_schema(), tag.suffix.as_str())) {
            None if plain => scalar::plain(text),
            None | Some((true, "str")) => Ok(string()),
            Some((true, suffix @ ("int" | "float" | "bool" | "null"))) => {
                return self.tagged(text, suffix, bytes);
            }
            Some(_) if tag.is_some_and(is_non_specific) => Ok(string()),
            Some(_) => {
                self.report_tag(bytes);
                Ok(string())
            }
        };
        value.unwrap_or_else(|refusal: Refusal| {
            self.report(Code::InvalidNumber, bytes, refusal.message(text));
            string()
        })
    }

    /// A scalar whose tag demands a type: its text must be one of that type.
    fn tagged(&mut self, text: &str, suffix: &str, bytes: Bytes) -> Value {
        let value = scalar::plain(text);
        let fits = match (&value, suffix) {
            (Ok(Value::Num(number)), "int") => {
                number.to_string().parse::<f64>().is_ok_and(|n| n.fract() == 0.0)
            }
            (Ok(Value::Num(_)), "float")
            | (Ok(Value::Bool(_)), "bool")
            | (Ok(Value::Null), "null") => true,
            _ => false,
        };
        match value {
            Ok(value) if fits => value,
            _ => {
                let message =
                    format!("`{text}` is not a value of the tag `!!{suffix}`: leave the tag out");
                self.report(Code::UnknownTag, bytes, message);
                Value::from(text.to_owned())
            }
        }
    }

    fn check_collection_tag(&mut self, tag: Option<&Tag>, expected: &str, bytes: Bytes) {
        let fits = tag.is_none_or(|tag| {
            is_non_specific(tag) || tag.is_yaml_core_schema() && tag.suffix == expected
        });
        if !fits {
            self.report_tag(bytes);
        }
    }

    fn report_tag(&mut self, bytes: Bytes) {
        let message =
            "only the tags of the YAML core schema are known (`!!str`, `!!int`, …): leave it out";
        self.report(Code::UnknownTag, bytes, message);
    }

    fn next(&mut self) -> Result<(Event<'a>, Bytes), Stop> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let start = self.offsets.byte(span.start.index());
                let end = self.offsets.byte(span.end.index()).max(start);
                // The parser counts what follows a closing quote on its line to the text.
                let end = match &event {
                    Event::Scalar(_, ScalarStyle::SingleQuoted, ..) => self.quoted(start, '\''),
                    Event::Scalar(_, ScalarStyle::DoubleQuoted, ..) => self.quoted(start, '"'),
                    _ => None,
                }
                .unwrap_or(end);
                Ok((event, self.trimmed(start, end)))
            }
            Some(Err(error)) => {
                let at = self.offsets.byte(error.marker().index());
                let message = format!("this is not YAML: {}", error.info());
                let problem = Diagnostic::new(Code::Syntax, Pointer::root(), message);
                let problem = problem.at(self.lines.span((at, at)));
                self.diagnostics.push(match self.follows_open_expression(at) {
                    true => problem.with_help(QUOTE_EXPRESSION),
                    false => problem,
                });
                Err(Stop)
            }
            None => Ok((Event::StreamEnd, (self.text.len(), self.text.len()))),
        }
    }

    /// Whether the line has, before this place, an expression that no quotes protect from YAML's own braces and colons.
    fn follows_open_expression(&self, at: usize) -> bool {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let start = at - line.len();
        let rest = self.text.get(at..).unwrap_or_default().lines().next().unwrap_or_default();
        let line = self.text.get(start..at + rest.len()).unwrap_or_default();
        line.match_indices("${").any(|(idx, _)| {
            let lead = line[..idx].trim_end();
            lead.is_empty() || lead.ends_with([':', '-', '[', ',', '{'])
        })
    }

    /// The end of the quoted text that begins at `start`: behind its closing quote.
    fn quoted(&self, start: usize, quote: char) -> Option<usize> {
        let inner = self.text.get(start..)?.strip_prefix(quote)?;
        let mut letters = inner.char_indices().peekable();
        while let Some((idx, letter)) = letters.next() {
            let doubled = quote == '\'' && letters.peek().is_some_and(|(_, next)| *next == quote);
            if letter == '\\' && quote == '"' || letter == quote && doubled {
                letters.next();
            } else if letter == quote {
                return Some(start + 1 + idx + 1);
            }
        }
        None
    }

    /// The range without the white space at its end.
    fn trimmed(&self, start: usize, end: usize) -> Bytes {
        let written = self.text.get(start..end).unwrap_or_default();
        (start, start + written.trim_end().len())
    }

    fn report(&mut self, code: Code, bytes: Bytes, message: impl Into<String>) {
        let span = self.lines.span(bytes);
        self.diagnostics.push(Diagnostic::new(code, Pointer::root(), message).at(span));
    }

    fn stop(&mut self, code: Code, bytes: Bytes, message: impl Into<String>) -> Stop {
        self.report(code, bytes, message);
        Stop
    }
}

/// The tag `!`, which says: not resolved (YAML 1.2.2 §6.9.1).
fn is_non_specific(tag: &Tag) -> bool {
    tag.handle.is_empty() && tag.suffix == "!" || tag.handle == "!" && tag.suffix.is_empty()
}

/// Byte offsets of characters; the parser counts characters.
enum Offsets {
    Ascii(usize),
    Table(Vec<usize>),
}

impl Offsets {
    fn new(text: &str) -> Self {
        if text.is_ascii() {
            return Self::Ascii(text.len());
        }
        let ends = std::iter::once(text.len());
        Self::Table(text.char_indices().map(|(byte, _)| byte).chain(ends).collect())
    }

    fn byte(&self, index: usize) -> usize {
        match self {
            Self::Ascii(len) => index.min(*len),
            Self::Table(bytes) => bytes[index.min(bytes.len() - 1)],
        }
    }
}
