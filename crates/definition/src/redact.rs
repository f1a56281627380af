//! What people are not to see: paths into the data of a workflow, and values with what lies at them masked.
//!
//! ```text
//! path = "." | step+
//! step = "." name | ".." name | "[]"        name = letters, digits, _ and -, or any text in double quotes
//! ```
//!
//! `.card.number` begins at the root of a value, as in jq; `[]` is each item of a list, or each member of an object; `..name` is a
//! member of that name at any depth.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::value::{Map, Value, as_str};

/// Stands where something is masked.
pub const MASK: &str = "[redacted]";
/// Steps of one path.
const STEPS_MAX: usize = 32;

/// Where something lies that is to be masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedactedPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    /// A member at any depth.
    Anywhere(String),
    /// Each item or member.
    Each,
}

/// The text is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no path: write one such as `.card.number`, `.items[].price` or `..password`")]
pub struct InvalidPath(pub String);

impl FromStr for RedactedPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let steps = if text == "." { Some(Vec::new()) } else { steps(text) };
        let steps = steps.filter(|steps| steps.len() <= STEPS_MAX);
        let steps = steps.ok_or_else(|| InvalidPath(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), steps })
    }
}

impl fmt::Display for RedactedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn steps(mut rest: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[]") {
            // At the beginning jq wants a dot before it.
            (!steps.is_empty()).then_some(())?;
            steps.push(Step::Each);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("..") {
            let (name, after) = name(after)?;
            steps.push(Step::Anywhere(name));
            rest = after;
        } else if let Some(after) = rest.strip_prefix(".[]") {
            steps.push(Step::Each);
            rest = after;
        } else {
            let (name, after) = name(rest.strip_prefix('.')?)?;
            steps.push(Step::Member(name));
            rest = after;
        }
    }
    (!steps.is_empty()).then_some(steps)
}

fn name(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, rest) = quoted.split_once('"')?;
        return (!name.contains('\\')).then(|| (name.to_owned(), rest));
    }
    let is_inside = |c: char| c.is_alphanumeric() || "_-".contains(c);
    let end = text.find(|c| !is_inside(c)).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

/// The paths of a workflow or of a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Redaction(Arc<[RedactedPath]>);

impl Redaction {
    pub fn new(paths: Vec<RedactedPath>) -> Self {
        Self(paths.into())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value with [`MASK`] at each of the paths.
    pub fn mask(&self, value: &Value) -> Value {
        let open: Vec<&[Step]> = self.0.iter().map(|path| path.steps.as_slice()).collect();
        mask(value, &open)
    }

    /// A URI whose query has the mask for each parameter that a path of one name means; the rest is not looked into.
    pub fn mask_uri(&self, uri: &str) -> String {
        let Some((before, query)) = uri.split_once('?') else { return uri.to_owned() };
        let (query, fragment) = query.split_once('#').map_or((query, None), |(q, f)| (q, Some(f)));
        let parameter = |pair: &str| {
            let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
            if self.names(name) { format!("{name}={MASK}") } else { pair.to_owned() }
        };
        let query: Vec<String> = query.split('&').map(parameter).collect();
        let fragment = fragment.map(|text| format!("#{text}")).unwrap_or_default();
        format!("{before}?{}{fragment}", query.join("&"))
    }

    /// Whether a member of this name is masked wherever it stands alone.
    fn names(&self, name: &str) -> bool {
        self.0.iter().any(|path| match path.steps.as_slice() {
            [Step::Member(own) | Step::Anywhere(own)] => own.eq_ignore_ascii_case(name),
            _ => false,
        })
    }
}

/// `open` are the paths that lead here, each with what is left of it.
fn mask(value: &Value, open: &[&[Step]]) -> Value {
    if open.iter().any(|steps| steps.is_empty()) {
        return motet_expr::json::string(MASK);
    }
    if open.is_empty() {
        return value.clone();
    }
    match value {
        Value::Obj(members) => {
            let masked = members.iter().map(|(key, member)| {
                let next = onward(open, as_str(key));
                (key.clone(), mask(member, &next))
            });
            Value::obj(masked.collect::<Map>())
        }
        Value::Arr(items) => {
            let next = onward(open, None);
            items.iter().map(|item| mask(item, &next)).collect()
        }
        scalar => scalar.clone(),
    }
}

/// What is left of the paths in a member of this name, or in an item.
fn onward<'s>(open: &[&'s [Step]], name: Option<&str>) -> Vec<&'s [Step]> {
    let mut next = Vec::new();
    for steps in open {
        let Some((first, rest)) = steps.split_first() else { continue };
        match first {
            Step::Member(own) if name == Some(own) => next.push(rest),
            Step::Member(_) => {}
            Step::Each => next.push(rest),
            Step::Anywhere(own) => {
                next.push(*steps);
                if name == Some(own) {
                    next.push(rest);
                }
            }
        }
    }
    next
}

#[cfg(test)]
mod tests;
