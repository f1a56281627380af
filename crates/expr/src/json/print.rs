use std::fmt::Write as _;

use crate::{Num, Value};

/// Whole floats up to here print as integers: beyond it neighbours are more than one apart.
const WHOLE_FLOAT_MAX: f64 = 9_007_199_254_740_992.0;

/// The value as JSON text without white space.
pub fn to_text(value: &Value) -> String {
    let mut text = String::new();
    match write(&mut text, usize::MAX, value) {
        Ok(()) | Err(Full) => text,
    }
}

/// The value as JSON text for people, indented by two spaces.
pub fn to_pretty(value: &Value) -> String {
    let mut text = String::new();
    match print(&mut text, usize::MAX, value, Some(0)) {
        Ok(()) | Err(Full) => text,
    }
}

/// The text grew beyond its limit; what was written so far stays.
pub(crate) struct Full;

/// Appends a value as compact JSON and stops once `text` has more than `bytes_max` bytes.
///
/// Recurses once a level: values of the engine are at most as deep as its limit.
/// What is not JSON is written as JSON nevertheless: NaN as `null`, infinities as the largest number.
pub(crate) fn write(text: &mut String, bytes_max: usize, value: &Value) -> Result<(), Full> {
    print(text, bytes_max, value, None)
}

fn print(
    text: &mut String,
    bytes_max: usize,
    value: &Value,
    indent: Option<usize>,
) -> Result<(), Full> {
    let inner = indent.map(|level| level + 1);
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Num(number) => print_number(text, number),
        Value::TStr(bytes) | Value::BStr(bytes) if bytes.len() > bytes_max => {
            print_string(text, &String::from_utf8_lossy(&bytes[..bytes_max]));
            return Err(Full);
        }
        Value::TStr(bytes) | Value::BStr(bytes) => {
            print_string(text, &String::from_utf8_lossy(bytes));
        }
        Value::Arr(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(text, at, inner);
                print(text, bytes_max, item, inner)?;
            }
            close(text, items.is_empty(), indent, ']');
        }
        Value::Obj(map) => {
            text.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                separate(text, at, inner);
                match key {
                    Value::TStr(_) => print(text, bytes_max, key, inner)?,
                    other => print_string(text, &to_text(other)),
                }
                text.push_str(if indent.is_some() { ": " } else { ":" });
                print(text, bytes_max, value, inner)?;
            }
            close(text, map.is_empty(), indent, '}');
        }
    }
    if text.len() > bytes_max {
        return Err(Full);
    }
    Ok(())
}

fn separate(text: &mut String, at: usize, indent: Option<usize>) {
    if at > 0 {
        text.push(',');
    }
    break_line(text, indent);
}

fn close(text: &mut String, empty: bool, indent: Option<usize>, bracket: char) {
    if !empty {
        break_line(text, indent);
    }
    text.push(bracket);
}

fn break_line(text: &mut String, indent: Option<usize>) {
    if let Some(level) = indent {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", level));
    }
}

pub(super) fn print_number(text: &mut String, number: &Num) {
    let result = match number {
        Num::Float(float) if float.is_nan() => text.write_str("null"),
        Num::Float(float) if float.is_infinite() => {
            print_number(text, &Num::Float(f64::MAX.copysign(*float)));
            Ok(())
        }
        Num::Float(float) => match whole(*float) {
            Some(int) => write!(text, "{int}"),
            None => write!(text, "{number}"),
        },
        _ => write!(text, "{number}"),
    };
    result.expect("writing to a string does not fail");
}

/// The integer that a float is, if it is one that prints as such.
pub(crate) fn whole(float: f64) -> Option<isize> {
    let negative_zero = float == 0.0 && float.is_sign_negative();
    let is_whole = float.fract() == 0.0 && float.abs() <= WHOLE_FLOAT_MAX && !negative_zero;
    is_whole.then_some(float as isize)
}

pub(super) fn print_string(text: &mut String, value: &str) {
    text.push('"');
    let mut rest = value;
    while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\' || c == '\u{7f}') {
        text.push_str(&rest[..at]);
        let special = char::from(rest.as_bytes()[at]);
        match special {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            other => {
                write!(text, "\\u{:04x}", u32::from(other))
                    .expect("writing to a string does not fail");
            }
        }
        rest = &rest[at + 1..];
    }
    text.push_str(rest);
    text.push('"');
}
