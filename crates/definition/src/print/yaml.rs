use super::json::quoted;
use crate::value::{Value, as_str};

/// The value as YAML 1.2 in block style; a reader of the core schema gets the same value back.
pub fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    block(&mut text, value, 0, Position::LineStart);
    text
}

/// Where a value begins.
#[derive(Clone, Copy, PartialEq)]
enum Position {
    LineStart,
    AfterKey,
    AfterDash,
}

fn block(text: &mut String, value: &Value, level: usize, position: Position) {
    match value {
        Value::Arr(items) if !items.is_empty() => {
            begin(text, position == Position::AfterKey);
            for (idx, item) in items.iter().enumerate() {
                indent(text, level, idx > 0 || position != Position::AfterDash);
                text.push('-');
                block(text, item, level + 1, Position::AfterDash);
            }
        }
        Value::Obj(entries) if !entries.is_empty() => {
            begin(text, position == Position::AfterKey);
            for (idx, (key, value)) in entries.iter().enumerate() {
                indent(text, level, idx > 0 || position != Position::AfterDash);
                text.push_str(&scalar(as_str(key).unwrap_or_default()));
                text.push(':');
                block(text, value, level + 1, Position::AfterKey);
            }
        }
        other => {
            if position != Position::LineStart {
                text.push(' ');
            }
            leaf(text, other, level);
            text.push('\n');
        }
    }
}

fn begin(text: &mut String, new_line: bool) {
    if new_line {
        text.push('\n');
    }
}

fn indent(text: &mut String, level: usize, whole: bool) {
    if whole {
        text.push_str(&"  ".repeat(level));
    } else {
        // The first entry stands behind the dash of its item.
        text.push(' ');
    }
}

fn leaf(text: &mut String, value: &Value, level: usize) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Value::Num(number) => text.push_str(&number.to_string()),
        Value::TStr(bytes) | Value::BStr(bytes) => {
            let string = String::from_utf8_lossy(bytes);
            match literal(&string, level) {
                Some(lines) => text.push_str(&lines),
                None => text.push_str(&scalar(&string)),
            }
        }
        Value::Arr(_) => text.push_str("[]"),
        Value::Obj(_) => text.push_str("{}"),
    }
}

/// Text of several lines as a literal block, where that keeps it exactly.
fn literal(text: &str, level: usize) -> Option<String> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let printable = |c: char| c == '\n' || !c.is_control() && c != '\u{feff}';
    let keeps = body.contains('\n')
        && !body.ends_with('\n')
        && !text.starts_with([' ', '\n'])
        && text.chars().all(printable)
        && !text.contains(['\u{2028}', '\u{2029}', '\u{85}'])
        && body.lines().all(|line| !line.ends_with(' '));
    if !keeps {
        return None;
    }
    let mut lines = if body.len() < text.len() { "|".to_owned() } else { "|-".to_owned() };
    for line in body.lines() {
        lines.push('\n');
        if !line.is_empty() {
            lines.push_str(&"  ".repeat(level.max(1)));
            lines.push_str(line);
        }
    }
    Some(lines)
}

/// Text of one line: plain where every reader takes it for the same text, else in quotes.
fn scalar(text: &str) -> String {
    let safe_start = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '.');
    let safe = safe_start
        && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && !text.starts_with("...")
        && !resolves(text);
    if safe { text.to_owned() } else { quoted(text) }
}

/// Whether some reader, of YAML 1.1 too, takes the plain text for something else than text.
fn resolves(text: &str) -> bool {
    const WORDS: [&str; 12] =
        ["null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan", "nan"];
    let lower = text.to_ascii_lowercase();
    WORDS.contains(&lower.as_str())
        || text.starts_with('.') && text[1..].starts_with(|c: char| c.is_ascii_digit())
}
