use std::cell::{Cell, RefCell};

use super::suggest::nearest;
use crate::diagnostic::Diagnostic;
use crate::model::Extra;
use crate::pointer::{Path, Pointer};
use crate::source::{Node, NodeKind};
use crate::value::{Num, Value, as_str};
use crate::work::spend;
use crate::{Code, DIAGNOSTICS_MAX};

/// Where problems go while a tree is read, and which parts were replaced by a stand-in.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    diagnostics: RefCell<Vec<Diagnostic>>,
    broken: RefCell<Vec<Pointer>>,
    refused: Cell<bool>,
}

/// What a sink has collected.
pub(crate) struct Findings {
    /// The first [`DIAGNOSTICS_MAX`] problems.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Places where a stand-in stands for what could not be read.
    pub(crate) broken: Vec<Pointer>,
    /// Whether any problem was an error, kept or not.
    pub(crate) refused: bool,
}

impl Sink {
    pub(crate) fn report(&self, diagnostic: Diagnostic) {
        let mut diagnostics = self.diagnostics.borrow_mut();
        self.refused.set(self.refused.get() || diagnostic.is_error());
        if diagnostics.len() < DIAGNOSTICS_MAX {
            diagnostics.push(diagnostic);
        }
    }

    pub(crate) fn finish(self) -> Findings {
        Findings {
            diagnostics: self.diagnostics.into_inner(),
            broken: self.broken.into_inner(),
            refused: self.refused.get(),
        }
    }
}

/// A node of the tree, its path, and the sink for its problems.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    pub(super) node: &'a Node,
    pub(super) path: Path<'a>,
    sink: &'a Sink,
}

impl<'a> Cursor<'a> {
    pub(crate) fn root(node: &'a Node, sink: &'a Sink) -> Self {
        Self { node, path: Path::default(), sink }
    }

    /// Reports a problem with this value; always `None`, so that readers can end with it.
    pub(super) fn refuse<T>(&self, code: Code, message: impl Into<String>) -> Option<T> {
        self.sink.report(Diagnostic::new(code, self.path.pointer(), message));
        None
    }

    pub(super) fn report(&self, diagnostic: Diagnostic) {
        self.sink.report(diagnostic);
    }

    /// A diagnostic about this value, to be completed and reported.
    pub(super) fn problem(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, self.path.pointer(), message)
    }

    /// Warns that the key of this value has no meaning where it stands.
    fn suspect(&self, key: &str, why: &str) {
        let message = format!("the property `{key}` has no meaning here{why}");
        self.report(self.problem(Code::SuspiciousProperty, message).about_key());
    }

    /// What `read` gives, or a stand-in about which nothing more will be said.
    pub(super) fn or_stand_in<T>(&self, read: Option<T>, stand_in: impl FnOnce() -> T) -> T {
        read.unwrap_or_else(|| {
            let mut broken = self.sink.broken.borrow_mut();
            if broken.len() < DIAGNOSTICS_MAX {
                broken.push(self.path.pointer());
            }
            stand_in()
        })
    }

    pub(super) fn value(self) -> Option<Value> {
        Some(self.node.value())
    }

    pub(super) fn text(self) -> Option<&'a str> {
        match self.as_text() {
            Some(text) => Some(text),
            None => self.wrong_type("text"),
        }
    }

    pub(super) fn string(self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    pub(super) fn boolean(self) -> Option<bool> {
        match &self.node.kind {
            NodeKind::Scalar(Value::Bool(truth)) => Some(*truth),
            _ => self.wrong_type("`true` or `false`"),
        }
    }

    /// A whole number within `min..=max`.
    pub(super) fn integer(self, min: u64, max: u64) -> Option<u64> {
        let NodeKind::Scalar(Value::Num(Num::Int(number))) = &self.node.kind else {
            return self.wrong_type("a whole number");
        };
        match u64::try_from(*number) {
            Ok(number) if (min..=max).contains(&number) => Some(number),
            _ => {
                let message = if max == u64::MAX {
                    format!("{number} is too small: use a whole number of at least {min}")
                } else {
                    format!("{number} is out of range: use a whole number from {min} to {max}")
                };
                self.refuse(Code::InvalidValue, message)
            }
        }
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(self, words: &[(&str, T)]) -> Option<T> {
        let text = self.clone().text()?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let message = format!("`{text}` is not known here: use {}", one_of(&names));
        let problem = self.problem(Code::InvalidValue, message);
        self.report(match nearest(text, &names) {
            Some(name) => problem.with_help(format!("did you mean `{name}`?")),
            None => problem,
        });
        None
    }

    pub(super) fn array(self) -> Option<Vec<Self>> {
        let NodeKind::Array(items) = &self.node.kind else {
            return self.wrong_type("a list");
        };
        let item = |(idx, node)| Self { node, path: self.path.index(idx), sink: self.sink };
        Some(items.iter().enumerate().map(item).collect())
    }

    /// Every element by `read`; `None` if one of them fails, after all were tried.
    pub(super) fn list<T>(self, read: impl Fn(Self) -> Option<T>) -> Option<Vec<T>> {
        let read: Vec<Option<T>> = self.array()?.into_iter().map(read).collect();
        read.into_iter().collect()
    }

    /// Keys and values of an object.
    pub(super) fn entries(self) -> Option<Vec<(&'a str, Self)>> {
        let NodeKind::Object(entries) = &self.node.kind else {
            return self.wrong_type("an object");
        };
        let entry = |(key, node): &'a (crate::source::Key, Node)| {
            let key = key.text.as_str();
            (key, Self { node, path: self.path.key(key), sink: self.sink })
        };
        Some(entries.iter().map(entry).collect())
    }

    /// Every value of an object by `read`; those that fail are left out.
    pub(super) fn named<T>(
        self,
        read: impl Fn(Self) -> Option<T>,
    ) -> Option<crate::model::Named<T>> {
        let entries = self.entries()?.into_iter();
        Some(entries.filter_map(|(key, value)| Some((key.to_owned(), read(value)?))).collect())
    }

    pub(super) fn object(self) -> Option<Fields<'a>> {
        let entries = self.clone().entries()?;
        Some(Fields { rest: entries, known: Vec::new(), cursor: self })
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self.node.kind, NodeKind::Object(_))
    }

    pub(super) fn is_array(&self) -> bool {
        matches!(self.node.kind, NodeKind::Array(_))
    }

    pub(super) fn as_text(&self) -> Option<&'a str> {
        match &self.node.kind {
            NodeKind::Scalar(value) => as_str(value),
            _ => None,
        }
    }

    /// Whether the object has the property, without reading it.
    pub(super) fn has(&self, key: &str) -> bool {
        match &self.node.kind {
            NodeKind::Object(entries) => {
                spend(entries.len());
                entries.iter().any(|(own, _)| own.text == key)
            }
            _ => false,
        }
    }

    pub(super) fn wrong_type<T>(&self, expected: &str) -> Option<T> {
        let found = match &self.node.kind {
            NodeKind::Scalar(Value::Null) => "nothing",
            NodeKind::Scalar(Value::Bool(_)) => "a truth value",
            NodeKind::Scalar(Value::Num(_)) => "a number",
            NodeKind::Scalar(_) => "text",
            NodeKind::Array(_) => "a list",
            NodeKind::Object(_) => "an object",
        };
        let problem =
            self.problem(Code::WrongType, format!("{expected} is expected here, found {found}"));
        self.report(match (expected, &self.node.kind) {
            ("text", NodeKind::Scalar(Value::Bool(_) | Value::Num(_))) => {
                problem.with_help("put the value in quotes to make it text")
            }
            _ => problem,
        });
        None
    }
}

/// The properties of one object; each is taken once, and what is left over is judged at the end.
pub(super) struct Fields<'a> {
    rest: Vec<(&'a str, Cursor<'a>)>,
    known: Vec<&'static str>,
    pub(super) cursor: Cursor<'a>,
}

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, name: &'static str) -> Option<Cursor<'a>> {
        self.known.push(name);
        spend(self.rest.len());
        let idx = self.rest.iter().position(|(key, _)| *key == name)?;
        Some(self.rest.remove(idx).1)
    }

    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Cursor<'a>) -> Option<T>,
    ) -> Option<T> {
        self.take(name).and_then(read)
    }

    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Cursor<'a>) -> Option<T>,
    ) -> Option<T> {
        match self.take(name) {
            Some(cursor) => read(cursor),
            None => {
                self.missing(name);
                None
            }
        }
    }

    /// A required property with a stand-in for what cannot be read.
    pub(super) fn required_or<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Cursor<'a>) -> Option<T>,
        stand_in: impl FnOnce() -> T,
    ) -> T {
        let value = self.required(name, read);
        let path = self.cursor.path.key(name);
        Cursor { path, ..self.cursor.clone() }.or_stand_in(value, stand_in)
    }

    /// Takes the only one of `names` that is present; reports if there is none or several.
    pub(super) fn one_of(&mut self, names: &[&'static str]) -> Option<(&'static str, Cursor<'a>)> {
        let mut present: Vec<_> =
            names.iter().filter_map(|name| Some((*name, self.take(name)?))).collect();
        match present.len() {
            1 => present.pop(),
            0 => {
                let message = format!("one of the properties is missing: add {}", one_of(names));
                let problem = self.cursor.problem(Code::MissingProperty, message).about_key();
                self.cursor.report(self.misspelt(names, problem));
                None
            }
            _ => {
                let found: Vec<&str> = present.iter().map(|(name, _)| *name).collect();
                let message = format!("{} exclude each other: keep one", all_of(&found));
                let problem = self.cursor.problem(Code::ConflictingProperties, message);
                self.cursor.report(problem.about_key());
                None
            }
        }
    }

    pub(super) fn missing(&self, name: &'static str) {
        let message = format!("the property `{name}` is missing: add it");
        let problem = self.cursor.problem(Code::MissingProperty, message).about_key();
        self.cursor.report(self.misspelt(&[name], problem));
    }

    /// Warns of those of these keys that are there: they are read and shown, and nothing heeds them yet.
    pub(super) fn without_effect(&self, keys: &[&str]) {
        for (key, cursor) in self.rest.iter().filter(|(key, _)| keys.contains(key)) {
            let message = format!("the property `{key}` has no effect yet");
            cursor.report(cursor.problem(Code::SuspiciousProperty, message).about_key());
        }
    }

    /// Ends a closed object: every other key is an error.
    pub(super) fn close(self) {
        let mut known = self.known.clone();
        known.sort_unstable();
        known.dedup();
        let advice = if known.is_empty() {
            "remove it".to_owned()
        } else {
            format!("use {}", one_of(&known))
        };
        // Beyond the limit one more error tells nothing, but costs time.
        for (key, cursor) in self.rest.iter().take(DIAGNOSTICS_MAX) {
            let message = format!("the property `{key}` is not known here: {advice}");
            let problem = cursor.problem(Code::UnknownProperty, message).about_key();
            cursor.report(match nearest(key, &self.known) {
                Some(name) => problem.with_help(format!("did you mean `{name}`?")),
                None => problem,
            });
        }
    }

    /// Ends an open object: every other key is kept, with a warning where it looks like a slip.
    pub(super) fn open(self) -> Extra {
        for (key, cursor) in self.rest.iter().take(DIAGNOSTICS_MAX) {
            if let Some(name) = nearest(key, &self.known) {
                cursor.suspect(key, &format!(": did you mean `{name}`?"));
            }
        }
        self.free()
    }

    /// Ends the document: every other key is kept, with a warning, because none has an effect. Those that say so by
    /// their names (`x-`, as in OpenAPI and in Compose files) need none.
    pub(super) fn open_without_effect(self) -> Extra {
        let others = self.rest.iter().filter(|(key, _)| !key.starts_with("x-"));
        for (key, cursor) in others.take(DIAGNOSTICS_MAX) {
            match (*key, nearest(key, &self.known)) {
                ("metadata", _) => {
                    cursor.suspect(key, ": a workflow's metadata stand under `document`")
                }
                (_, Some(name)) => cursor.suspect(key, &format!(": did you mean `{name}`?")),
                (_, None) => cursor.suspect(key, ", and no effect"),
            }
        }
        self.free()
    }

    /// Ends a free map: every other key is kept.
    pub(super) fn free(self) -> Extra {
        let entries = self.rest.into_iter();
        entries.map(|(key, cursor)| (Value::from(key.to_owned()), cursor.node.value())).collect()
    }

    /// Says so where one of the keys present looks like one that is missing.
    fn misspelt(&self, names: &[&'static str], problem: Diagnostic) -> Diagnostic {
        spend(self.rest.len());
        let slip = self
            .rest
            .iter()
            .find(|(key, _)| !self.known_elsewhere(key, names) && nearest(key, names).is_some());
        match slip {
            Some((key, _)) => {
                let name = nearest(key, names).unwrap_or_default();
                problem.with_help(format!("`{key}` may be meant to be `{name}`"))
            }
            None => problem,
        }
    }

    fn known_elsewhere(&self, key: &str, names: &[&str]) -> bool {
        self.known.iter().any(|known| *known == key && !names.contains(known))
    }
}

/// `a`, `b` or `c`.
pub(crate) fn one_of(names: &[&str]) -> String {
    joined(names, "or")
}

/// `a`, `b` and `c`.
pub(crate) fn all_of(names: &[&str]) -> String {
    joined(names, "and")
}

fn joined(names: &[&str], word: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}
