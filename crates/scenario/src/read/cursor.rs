use std::cell::RefCell;
use std::rc::Rc;

use motet_definition::Pointer;
use motet_expr::{Value, json};

use super::Problem;

/// Where problems go.
#[derive(Clone, Default)]
pub(crate) struct Sink(Rc<RefCell<Vec<Problem>>>);

impl Sink {
    pub(crate) fn take(&self) -> Vec<Problem> {
        self.0.take()
    }
}

/// A value and its place.
#[derive(Clone)]
pub(crate) struct Cursor<'v> {
    value: &'v Value,
    at: Pointer,
    sink: Sink,
}

impl<'v> Cursor<'v> {
    pub(crate) fn root(value: &'v Value, sink: &Sink) -> Self {
        Self { value, at: Pointer::root(), sink: sink.clone() }
    }

    pub(crate) fn value(&self) -> &'v Value {
        self.value
    }

    pub(crate) fn pointer(&self) -> Pointer {
        self.at.clone()
    }

    /// The same value, to complain about another place.
    pub(crate) fn at(&self, at: &Pointer) -> Self {
        Self { at: at.clone(), ..self.clone() }
    }

    pub(crate) fn problem(&self, message: impl Into<String>) {
        let problem = Problem { at: self.at.clone(), span: None, message: message.into() };
        self.sink.0.borrow_mut().push(problem);
    }

    /// Says that every other key is unknown.
    pub(crate) fn only(&self, known: &[&str]) {
        let Value::Obj(members) = self.value else {
            return self.problem("expected an object");
        };
        for (key, _) in members.iter() {
            let key = json::as_str(key).unwrap_or_default();
            if !known.contains(&key) {
                let known = known.join(", ");
                let at = self.at(&self.at.key(key));
                at.problem(format!("{key:?} is unknown here; known are {known}"));
            }
        }
    }

    /// The member, unless it is absent or null.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        let value = json::get(self.value, key)?;
        Some(Self { value, at: self.at.key(key), sink: self.sink.clone() })
    }

    pub(crate) fn required(&self, key: &str) -> Option<Self> {
        let found = self.get(key);
        if found.is_none() {
            self.problem(format!("{key:?} is missing"));
        }
        found
    }

    pub(crate) fn items(&self) -> Vec<Self> {
        let Value::Arr(items) = self.value else {
            self.problem("expected a list");
            return Vec::new();
        };
        let item = |(idx, value)| Self { value, at: self.at.index(idx), sink: self.sink.clone() };
        items.iter().enumerate().map(item).collect()
    }

    pub(crate) fn members(&self) -> Vec<(&'v str, Self)> {
        let Value::Obj(members) = self.value else {
            self.problem("expected an object");
            return Vec::new();
        };
        let member = |(key, value): (&'v Value, &'v Value)| {
            let key = json::as_str(key)?;
            Some((key, Self { value, at: self.at.key(key), sink: self.sink.clone() }))
        };
        members.iter().filter_map(member).collect()
    }

    pub(crate) fn text(&self) -> Option<String> {
        let text = json::as_str(self.value);
        if text.is_none() {
            self.problem("expected a text");
        }
        text.map(str::to_owned)
    }

    pub(crate) fn truth(&self) -> Option<bool> {
        match self.value {
            Value::Bool(truth) => Some(*truth),
            _ => {
                self.problem("expected true or false");
                None
            }
        }
    }

    pub(crate) fn whole(&self) -> Option<u32> {
        let read = json::to_text(self.value).parse().ok();
        if read.is_none() {
            self.problem("expected a whole number");
        }
        read
    }
}
