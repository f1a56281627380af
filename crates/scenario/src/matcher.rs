//! Whether a value is what was expected, and where it is not.
//!
//! Anything stands for itself, but for these:
//!
//! ```text
//! $any $string $number $boolean $array $object     any value of that type
//! {$partial: …}     objects may have further members, at any depth
//! {$exact: …}       within a partial one: no further members
//! {$regex: "…"}     a text in which the expression is found
//! {$jq: "…"}        an expression over the value that gives true
//! {$oneOf: […]}     one of these
//! {$unordered: […]} an array of exactly these, in any order
//! {$literal: …}     the value as it stands, whatever it looks like
//! ```

use motet_definition::Pointer;
use motet_expr::{Environment, Program, Value, json};
use motet_types::Timestamp;

/// A place where two values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// In the scenario file.
    pub(crate) at: Pointer,
    /// In the value.
    pub(crate) place: String,
    pub(crate) expected: String,
    pub(crate) actual: String,
}

/// Whether objects may have members that are not expected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Exact,
    Partial,
}

/// Fuel of one matcher's expression.
const FUEL: u64 = 1_000_000;

/// Characters of a value in a message.
const SHOWN_CHARS_MAX: usize = 200;

const TYPES: [&str; 6] = ["$any", "$string", "$number", "$boolean", "$array", "$object"];
const FORMS: [&str; 7] =
    ["$partial", "$exact", "$regex", "$jq", "$oneOf", "$unordered", "$literal"];

/// Every place where `actual` is not what was expected.
pub(crate) fn differences(
    expected: &Value,
    actual: &Value,
    style: Style,
    at: &Pointer,
    place: &str,
) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(expected, Some(actual), style, (at, place), &mut found);
    found
}

/// Every place where `actual` is not what was expected, for people; objects may have further members.
pub fn misfits(expected: &Value, actual: &Value) -> Vec<String> {
    let found = differences(expected, actual, Style::Partial, &Pointer::root(), "body");
    found
        .into_iter()
        .map(|it| format!("{}: expected {}, was {}", it.place, it.expected, it.actual))
        .collect()
}

/// Matchers that do not exist or cannot be read.
pub(crate) fn problems(expected: &Value, at: &Pointer) -> Vec<(Pointer, String)> {
    match (form(expected), expected) {
        (Some(("$literal", _)), _) => Vec::new(),
        (Some((name @ ("$regex" | "$jq"), argument)), _) => match program(name, argument) {
            Ok(_) => Vec::new(),
            Err(message) => vec![(at.key(name), message)],
        },
        (Some((name @ ("$oneOf" | "$unordered"), argument)), _)
            if !matches!(argument, Value::Arr(_)) =>
        {
            vec![(at.key(name), "expected a list".to_owned())]
        }
        (Some((name, argument)), _) if FORMS.contains(&name) => problems(argument, &at.key(name)),
        (Some((name, _)), _) => {
            let message = format!("{name} is no matcher; known are {}", FORMS.join(", "));
            vec![(at.clone(), message)]
        }
        (None, Value::Arr(items)) => {
            let items = items.iter().enumerate();
            items.flat_map(|(idx, item)| problems(item, &at.index(idx))).collect()
        }
        (None, Value::Obj(members)) => {
            let members = members.iter();
            members
                .flat_map(|(key, value)| problems(value, &at.key(json::as_str(key).unwrap_or(""))))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn compare(
    expected: &Value,
    actual: Option<&Value>,
    style: Style,
    (at, place): (&Pointer, &str),
    found: &mut Vec<Difference>,
) {
    let Some(actual) = actual else {
        return found.push(difference(at, place, shown(expected), "nothing".to_owned()));
    };
    if let Some((name, argument)) = form(expected) {
        return special(name, argument, actual, style, (&at.key(name), place), found);
    }
    match (expected, actual) {
        (Value::Obj(wanted), Value::Obj(given)) => {
            for (key, value) in wanted.iter() {
                let name = json::as_str(key).unwrap_or_default();
                let within = format!("{place}.{name}");
                compare(value, given.get(key), style, (&at.key(name), &within), found);
            }
            let further = given.iter().filter(|(key, _)| !wanted.contains_key(*key));
            for (key, value) in further.filter(|_| style == Style::Exact) {
                let within = format!("{place}.{}", json::as_str(key).unwrap_or_default());
                found.push(difference(at, &within, "nothing".to_owned(), shown(value)));
            }
        }
        (Value::Arr(wanted), Value::Arr(given)) => {
            for (idx, value) in wanted.iter().enumerate() {
                let within = format!("{place}[{idx}]");
                compare(value, given.get(idx), style, (&at.index(idx), &within), found);
            }
            for (idx, value) in given.iter().enumerate().skip(wanted.len()) {
                let within = format!("{place}[{idx}]");
                found.push(difference(at, &within, "nothing".to_owned(), shown(value)));
            }
        }
        _ if is_of_type(expected, actual) || expected == actual => {}
        _ => found.push(difference(at, place, shown(expected), shown(actual))),
    }
}

fn special(
    name: &str,
    argument: &Value,
    actual: &Value,
    style: Style,
    (at, place): (&Pointer, &str),
    found: &mut Vec<Difference>,
) {
    let fits = match name {
        "$partial" => return compare(argument, Some(actual), Style::Partial, (at, place), found),
        "$exact" => return compare(argument, Some(actual), Style::Exact, (at, place), found),
        "$literal" => argument == actual,
        "$oneOf" => {
            items(argument).iter().any(|one| differences(one, actual, style, at, place).is_empty())
        }
        "$unordered" => fits_in_any_order(items(argument), items(actual), style),
        _ => program(name, argument).is_ok_and(|program| holds(&program, actual)),
    };
    if !fits {
        let expected = format!("{name} {}", shown(argument));
        found.push(difference(at, place, expected, shown(actual)));
    }
}

/// Whether each of `wanted` fits another one of `given`: a matching in a bipartite graph, by augmenting paths.
fn fits_in_any_order(wanted: &[Value], given: &[Value], style: Style) -> bool {
    let fits = |one: &Value, other: &Value| {
        differences(one, other, style, &Pointer::root(), "").is_empty()
    };
    let mut taken_by: Vec<Option<usize>> = vec![None; given.len()];
    fn place(
        one: usize,
        edges: &[Vec<usize>],
        seen: &mut [bool],
        taken_by: &mut [Option<usize>],
    ) -> bool {
        for &other in &edges[one] {
            if std::mem::replace(&mut seen[other], true) {
                continue;
            }
            if taken_by[other].is_none_or(|before| place(before, edges, seen, taken_by)) {
                taken_by[other] = Some(one);
                return true;
            }
        }
        false
    }
    let edges: Vec<Vec<usize>> = wanted
        .iter()
        .map(|one| (0..given.len()).filter(|other| fits(one, &given[*other])).collect())
        .collect();
    wanted.len() == given.len()
        && (0..wanted.len())
            .all(|one| place(one, &edges, &mut vec![false; given.len()], &mut taken_by))
}

/// Whether an expression gives true on a value; one that fails does not.
pub(crate) fn holds(program: &Program, value: &Value) -> bool {
    let mut fuel = FUEL;
    let mut environment = Environment::new(&mut fuel, Timestamp::default());
    let result = program.evaluate(value.clone(), Vec::new(), &mut environment);
    matches!(result, Ok(Value::Bool(true)))
}

fn program(name: &str, argument: &Value) -> Result<Program, String> {
    let Some(text) = json::as_str(argument) else {
        return Err("expected a text".to_owned());
    };
    let source = match name {
        "$regex" => format!("type == \"string\" and test({})", json::to_text(argument)),
        _ => text.to_owned(),
    };
    let program = Program::compile_field(&source, &[]).map_err(|error| error.message)?;
    if name == "$regex" {
        // A wrong expression shows only when it is used.
        let mut fuel = FUEL;
        let mut environment = Environment::new(&mut fuel, Timestamp::default());
        let tried = program.evaluate(json::string(""), Vec::new(), &mut environment);
        tried.map_err(|error| error.to_string())?;
    }
    Ok(program)
}

/// The name and argument of a matcher.
fn form(value: &Value) -> Option<(&str, &Value)> {
    let Value::Obj(members) = value else { return None };
    let (key, argument) = members.iter().next().filter(|_| members.len() == 1)?;
    json::as_str(key).filter(|key| key.starts_with('$')).map(|key| (key, argument))
}

fn is_of_type(expected: &Value, actual: &Value) -> bool {
    let Some(name) = json::as_str(expected).filter(|name| TYPES.contains(name)) else {
        return false;
    };
    match name {
        "$any" => true,
        "$string" => json::as_str(actual).is_some(),
        "$number" => matches!(actual, Value::Num(_)),
        "$boolean" => matches!(actual, Value::Bool(_)),
        "$array" => matches!(actual, Value::Arr(_)),
        _ => matches!(actual, Value::Obj(_)),
    }
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Arr(items) => items,
        _ => &[],
    }
}

fn difference(at: &Pointer, place: &str, expected: String, actual: String) -> Difference {
    Difference { at: at.clone(), place: place.to_owned(), expected, actual }
}

/// A value as JSON, cut where it would hide the point.
fn shown(value: &Value) -> String {
    let text = json::to_text(value);
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
