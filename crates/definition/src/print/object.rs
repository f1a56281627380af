use crate::model::{Extra, Named};
use crate::value::{Map, Value};

/// An object under construction.
#[derive(Default)]
pub(super) struct Object(Map);

impl Object {
    pub(super) fn with(mut self, key: &str, value: Value) -> Self {
        self.0.insert(Value::from(key.to_owned()), value);
        self
    }

    pub(super) fn maybe<T>(
        self,
        key: &str,
        property: &Option<T>,
        print: impl FnOnce(&T) -> Value,
    ) -> Self {
        match property {
            Some(property) => self.with(key, print(property)),
            None => self,
        }
    }

    pub(super) fn maybe_named<T>(
        self,
        key: &str,
        property: &Option<Named<T>>,
        print: impl Fn(&T) -> Value,
    ) -> Self {
        self.maybe(key, property, |entries| named(entries, print))
    }

    pub(super) fn maybe_word<T: Copy + PartialEq>(
        self,
        key: &str,
        property: Option<T>,
        words: &[(&'static str, T)],
    ) -> Self {
        let word = |value: &T| Value::from(crate::read::words::word_of(*value, words).to_owned());
        self.maybe(key, &property, word)
    }

    pub(super) fn maybe_truth(self, key: &str, property: Option<bool>) -> Self {
        self.maybe(key, &property, |truth| Value::Bool(*truth))
    }

    pub(super) fn extra(mut self, extra: &Extra) -> Self {
        let entries = extra.iter().map(|(key, value)| (key.clone(), value.clone()));
        self.0.extend(entries);
        self
    }

    pub(super) fn value(self) -> Value {
        Value::obj(self.0)
    }
}

/// Named things as an object.
pub(super) fn named<T>(entries: &Named<T>, print: impl Fn(&T) -> Value) -> Value {
    let entries = entries.iter().map(|(key, entry)| (Value::from(key.clone()), print(entry)));
    Value::obj(entries.collect())
}
