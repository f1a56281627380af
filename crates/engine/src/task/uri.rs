//! URIs of calls: RFC 6570 templates of level 1, and queries.

use std::fmt::Write as _;

use motet_expr::{Value, json};

use crate::{ErrorKind, WorkflowError};

/// Expands `{name}` from the top-level members of the task's input. A missing or null member expands to nothing.
///
/// # Errors
/// A member that is an array or an object, or a brace that is never closed.
pub(super) fn expand(template: &str, input: &Value) -> Result<String, WorkflowError> {
    let wrong =
        |detail: String| WorkflowError::new(ErrorKind::Expression, "a URI template failed", detail);
    let mut uri = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        uri.push_str(&rest[..open]);
        let close = rest[open..]
            .find('}')
            .ok_or_else(|| wrong(format!("{template:?} has a brace that is never closed")))?;
        let name = &rest[open + 1..open + close];
        match json::get(input, name) {
            None | Some(Value::Null) => {}
            Some(Value::Arr(_) | Value::Obj(_)) => {
                return Err(wrong(format!("{{{name}}} in {template:?} is not a scalar")));
            }
            Some(value) => encode(&plain(value), &mut uri),
        }
        rest = &rest[open + close + 1..];
    }
    uri.push_str(rest);
    Ok(uri)
}

/// Appends a query: an object whose members become `name=value`, arrays once per item, null left out.
pub(super) fn with_query(uri: &str, query: Option<&Value>) -> Result<String, WorkflowError> {
    let members = match query {
        None | Some(Value::Null) => return Ok(uri.to_owned()),
        Some(Value::Obj(members)) => members,
        Some(other) => {
            let detail = format!("with.query: expected an object, found {}", json::to_text(other));
            return Err(WorkflowError::new(ErrorKind::Expression, "not a query", detail));
        }
    };
    let (base, fragment) = uri.split_once('#').map_or((uri, None), |(base, it)| (base, Some(it)));
    let mut uri = base.to_owned();
    let mut separator = if base.contains('?') { '&' } else { '?' };
    for (name, value) in members.iter() {
        let items = match value {
            Value::Arr(items) => items.as_slice(),
            value => std::slice::from_ref(value),
        };
        for item in items.iter().filter(|item| !matches!(item, Value::Null)) {
            uri.push(separator);
            separator = '&';
            encode(json::as_str(name).unwrap_or_default(), &mut uri);
            uri.push('=');
            encode(&plain(item), &mut uri);
        }
    }
    if let Some(fragment) = fragment {
        uri.push('#');
        uri.push_str(fragment);
    }
    Ok(uri)
}

/// A scalar as text: strings without quotes, all else as JSON.
pub(crate) fn plain(value: &Value) -> String {
    json::as_str(value).map_or_else(|| json::to_text(value), str::to_owned)
}

/// Percent-encodes everything but unreserved characters (RFC 3986 §2.3). Markers of secrets stay: dispatch encodes what
/// they stand for.
fn encode(text: &str, uri: &mut String) {
    for (piece, is_marker) in crate::secret::pieces(text) {
        if is_marker {
            uri.push_str(piece);
            continue;
        }
        for byte in piece.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    uri.push(char::from(byte));
                }
                _ => write!(uri, "%{byte:02X}").expect("a string takes all text"),
            }
        }
    }
}
