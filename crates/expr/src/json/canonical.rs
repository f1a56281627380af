use std::borrow::Cow;
use std::fmt::Write as _;

use super::print::print_string;
use crate::{Num, Value};

/// Bytes that are equal exactly for values that are mathematically equal, for digests.
///
/// The form is ours and fixed for ever: JSON without white space, keys in the order of their UTF-8 bytes, numbers
/// as their significant digits and a power of ten (`1`, `1.0` and `10e-1` are `1e0`; `-0` is `0`). Unlike jq's
/// equality it does not round: `9007199254740993` differs from `9007199254740992.0`.
pub fn canonical(value: &Value) -> Vec<u8> {
    let mut text = String::new();
    print(&mut text, value);
    text.into_bytes()
}

fn print(text: &mut String, value: &Value) {
    match value {
        Value::Num(number) => print_number(text, number),
        Value::Arr(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                print(text, item);
            }
            text.push(']');
        }
        Value::Obj(map) => {
            let mut members: Vec<(Cow<'_, str>, &Value)> = map
                .iter()
                .map(|(key, value)| match key {
                    Value::TStr(key) => (String::from_utf8_lossy(key), value),
                    other => (Cow::Owned(super::to_text(other)), value),
                })
                .collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            text.push('{');
            for (at, (key, value)) in members.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                print_string(text, key);
                text.push(':');
                print(text, value);
            }
            text.push('}');
        }
        scalar => text.push_str(&super::to_text(scalar)),
    }
}

fn print_number(text: &mut String, number: &Num) {
    let mut plain = String::new();
    super::print::print_number(&mut plain, number);
    if plain == "null" {
        return text.push_str(&plain);
    }
    let (negative, unsigned) = match plain.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, plain.as_str()),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = match fraction {
        "" => Cow::Borrowed(whole),
        fraction => Cow::Owned(format!("{whole}{fraction}")),
    };
    let significant = digits.trim_start_matches('0');
    let trimmed = significant.trim_end_matches('0');
    if trimmed.is_empty() {
        return text.push('0');
    }
    let shift = (significant.len() - trimmed.len()) as i64 - fraction.len() as i64;
    if negative {
        text.push('-');
    }
    let result = match exponent.parse::<i64>().ok().and_then(|e| e.checked_add(shift)) {
        Some(exponent) => write!(text, "{trimmed}e{exponent}"),
        // An exponent of twenty digits: no arithmetic reaches it, so its own text tells it apart.
        None => write!(text, "{trimmed}e{exponent}+{shift}"),
    };
    result.expect("writing to a string does not fail");
}
