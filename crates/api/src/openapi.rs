//! The description of the API in OpenAPI 3.1, made from the table of routes.

mod schemas;

use motet_expr::json::{array, object, string, to_pretty};
use motet_expr::{Map, Value};

use crate::problem::Code;
use crate::routes::{Answer, Content, PATH_PARAMETERS, Parameter, ROUTES, Route, ValueKind, Verb};

/// Refusals that any route may give.
const ANYWHERE: [Code; 7] = [
    Code::Unauthenticated,
    Code::Forbidden,
    Code::UnknownParameter,
    Code::ForeignHost,
    Code::ForeignOrigin,
    Code::RequestTimeout,
    Code::Internal,
];
/// Answers that are as of no position: descriptions, and what is computed from the request alone.
const WITHOUT_POSITION: [&str; 2] = ["Any", "Validation"];
const POSITION_MEANING: &str =
    "The position as of which the answer is; lists wait for it where `at` gives it.";

/// The document as JSON text, indented, with a last line end.
pub fn document() -> String {
    let info = object([
        ("title", string("Motet")),
        ("version", string("1.0.0")),
        (
            "description",
            string(
                "Publish workflows, run instances of them, and see what they do. Refusals are problem documents (RFC 9457) \
                 whose `code` is stable.",
            ),
        ),
        ("license", object([("name", string("Apache-2.0")), ("identifier", string("Apache-2.0"))])),
    ]);
    let components = object([
        ("schemas", schemas::all()),
        ("headers", object([("Motet-Position", position())])),
    ]);
    let document = object([
        ("openapi", string("3.1.0")),
        ("info", info),
        ("paths", paths()),
        ("components", components),
    ]);
    to_pretty(&document) + "\n"
}

/// Paths in the order in which the table first names them, each with its methods.
fn paths() -> Value {
    let mut paths: Vec<(&str, Vec<&Route>)> = Vec::new();
    let own = ROUTES.iter().filter(|route| !route.path.starts_with(crate::consul::PREFIX));
    for route in own {
        match paths.iter_mut().find(|(path, _)| *path == route.path) {
            Some((_, routes)) => routes.push(route),
            None => paths.push((route.path, vec![route])),
        }
    }
    let of_path = |routes: Vec<&Route>| {
        object(routes.into_iter().map(|route| (verb(route.method), operation(route))))
    };
    object(paths.into_iter().map(|(path, routes)| (path, of_path(routes))))
}

fn verb(method: Verb) -> String {
    method.as_str().to_ascii_lowercase()
}

fn operation(route: &Route) -> Value {
    let in_path =
        PATH_PARAMETERS.iter().filter(|known| route.path.contains(&format!("{{{}}}", known.name)));
    let parameters = in_path
        .map(|known| parameter(known, "path"))
        .chain(route.query_parameters().map(|known| parameter(known, "query")))
        .chain(route.headers.iter().map(|known| parameter(known, "header")));
    let mut members = vec![
        ("operationId", string(route.operation)),
        ("summary", string(route.summary)),
        ("parameters", array(parameters)),
    ];
    if let Some(body) = &route.body {
        members.push(("requestBody", object([("content", content(body))])));
    }
    members.push(("responses", responses(route)));
    object(members)
}

fn parameter(parameter: &Parameter, place: &str) -> Value {
    let one = value_schema(parameter.kind);
    let mut members = vec![
        ("name", string(parameter.name)),
        ("in", string(place)),
        ("description", string(parameter.meaning)),
    ];
    if place == "path" {
        members.push(("required", Value::Bool(true)));
    }
    if parameter.repeats {
        members.push(("schema", object([("type", string("array")), ("items", one)])));
    } else {
        members.push(("schema", one));
    }
    object(members)
}

fn value_schema(kind: ValueKind) -> Value {
    let typed = |name: &str| ("type", string(name));
    match kind {
        ValueKind::Text => object([typed("string")]),
        ValueKind::Number => object([typed("integer"), ("minimum", Value::from(0_usize))]),
        ValueKind::Switch => object([typed("boolean")]),
        ValueKind::Duration => object([typed("string"), ("pattern", string("^[0-9]+(ms|s|m)$"))]),
        ValueKind::Instant => object([typed("string"), ("format", string("date-time"))]),
        ValueKind::InstanceId => object([typed("string"), ("format", string("uuid"))]),
        ValueKind::Word(words) => {
            let words = array(words.iter().map(|word| string(*word)));
            object([typed("string"), ("enum", words)])
        }
    }
}

fn responses(route: &Route) -> Value {
    let answers = route.answers.iter().map(|answer| (answer.status.to_string(), answered(answer)));
    let mut codes: Vec<Code> = route.refusals.iter().copied().chain(ANYWHERE).collect();
    codes.sort_by_key(|code| code.status());
    let groups = codes.chunk_by(|one, other| one.status() == other.status());
    let refusals = groups.map(|codes| (codes[0].status().as_u16().to_string(), refused(codes)));
    object(answers.chain(refusals))
}

fn answered(answer: &Answer) -> Value {
    let mut members = vec![("description", string(answer.meaning))];
    if answer.content.schema.is_some_and(|schema| !WITHOUT_POSITION.contains(&schema)) {
        let position = reference("headers", "Motet-Position");
        members.push(("headers", object([("Motet-Position", position)])));
    }
    members.push(("content", content(&answer.content)));
    object(members)
}

/// All refusals of one status.
fn refused(codes: &[Code]) -> Value {
    let lines: Vec<String> =
        codes.iter().map(|code| format!("`{code}`: {}", code.meaning())).collect();
    let schema = object([("schema", reference("schemas", "Problem"))]);
    object([
        ("description", string(lines.join("\n\n"))),
        ("content", object([("application/problem+json", schema)])),
    ])
}

fn content(content: &Content) -> Value {
    let schema = match content.schema {
        Some("Any") => Value::obj(Map::default()),
        Some(name) => reference("schemas", name),
        None => object([("type", string("string"))]),
    };
    let media_type = object([("schema", schema)]);
    object(content.media_types.iter().map(|name| (*name, media_type.clone())))
}

fn position() -> Value {
    let schema = object([("type", string("integer")), ("minimum", Value::from(0_usize))]);
    object([("description", string(POSITION_MEANING)), ("schema", schema)])
}

fn reference(group: &str, name: &str) -> Value {
    object([("$ref", string(format!("#/components/{group}/{name}")))])
}
