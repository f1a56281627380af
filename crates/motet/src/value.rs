//! Looking into JSON values that a server sent.

use motet_expr::{Value, json};

/// Members of answers, read leniently: what is absent or of another type is as if it were empty.
pub(crate) trait Members {
    fn member(&self, key: &str) -> Option<&Value>;
    fn text(&self, key: &str) -> Option<&str>;
    fn number(&self, key: &str) -> Option<u64>;
    fn items(&self, key: &str) -> &[Value];
}

impl Members for Value {
    fn member(&self, key: &str) -> Option<&Value> {
        json::get(self, key)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.member(key).and_then(json::as_str)
    }

    fn number(&self, key: &str) -> Option<u64> {
        match self.member(key) {
            Some(number @ Self::Num(_)) => json::to_text(number).parse().ok(),
            _ => None,
        }
    }

    fn items(&self, key: &str) -> &[Value] {
        match self.member(key) {
            Some(Self::Arr(items)) => items,
            _ => &[],
        }
    }
}

/// Text as it is, everything else as JSON.
pub(crate) fn shown(value: &Value) -> String {
    json::as_str(value).map_or_else(|| json::to_text(value), str::to_owned)
}
