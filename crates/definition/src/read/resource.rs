use super::Cursor;
use super::authentication::authentication_ref;
use super::data::is_marked;
use crate::Code;
use crate::model::{Endpoint, Expression, ExternalResource, Uri};
use motet_expr::{Part, parse_interpolated};

pub(super) fn endpoint(cursor: Cursor<'_>) -> Option<Endpoint> {
    if cursor.as_text().is_some() {
        return uri(cursor).map(Endpoint::Uri);
    }
    if !cursor.is_object() {
        return cursor.wrong_type("a URI or an object with `uri`");
    }
    let mut fields = cursor.object()?;
    let uri = fields.required("uri", uri);
    let authentication = fields.optional("authentication", authentication_ref);
    fields.close();
    Some(Endpoint::Detailed { uri: uri?, authentication })
}

pub(super) fn external_resource(cursor: Cursor<'_>) -> Option<ExternalResource> {
    let mut fields = cursor.object()?;
    let name = fields.optional("name", Cursor::string);
    let endpoint = fields.required("endpoint", endpoint);
    fields.close();
    Some(ExternalResource { name, endpoint: endpoint? })
}

pub(super) fn uri(cursor: Cursor<'_>) -> Option<Uri> {
    let text = cursor.clone().text()?;
    if text.contains("${") {
        return with_expressions(cursor, text);
    }
    match uri_problem(text) {
        Some(problem) => cursor.refuse(Code::InvalidUri, format!("`{text}` is no URI: {problem}")),
        None => Some(Uri::Template(text.to_owned())),
    }
}

/// One expression that gives the whole URI, or text around several; what does not compile is told by the validation.
fn with_expressions(cursor: Cursor<'_>, text: &str) -> Option<Uri> {
    let interpolated = || Some(Uri::Interpolated(text.to_owned()));
    let parts = match parse_interpolated(text.trim()) {
        Ok(parts) => parts,
        Err(_) if is_marked(text) => return Some(Uri::Expression(Expression(text.to_owned()))),
        Err(_) => return interpolated(),
    };
    if let [Part::Expression { .. }] = parts.as_slice() {
        return Some(Uri::Expression(Expression(text.to_owned())));
    }
    for part in &parts {
        let Part::Text(literal) = part else { continue };
        let problem = if literal.contains(['{', '}']) {
            Some("it has both `${ … }` and a template in braces, write all of them as `${ … }`")
        } else {
            uri_problem(literal)
        };
        if let Some(problem) = problem {
            return cursor.refuse(Code::InvalidUri, format!("`{text}` is no URI: {problem}"));
        }
    }
    if !is_marked(text) && text.contains(char::is_whitespace) {
        let message = "other runtimes take no white space in an address: write `${.id}` without it";
        cursor.report(cursor.problem(Code::NonPortableValue, message));
    }
    interpolated()
}

/// Why a text is neither a URI reference (RFC 3986) nor a template of one (RFC 6570).
fn uri_problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Some("it holds white space, write %20");
    }
    if text.matches('#').count() > 1 {
        return Some("it holds more than one `#`");
    }
    let mut open = false;
    for letter in text.chars() {
        match (letter, open) {
            ('{', true) | ('}', false) => return Some("its braces do not pair up"),
            ('{', false) => open = true,
            ('}', true) => open = false,
            _ => {}
        }
    }
    if open || text.contains("{}") {
        return Some("its braces do not pair up, or hold no name");
    }
    None
}
