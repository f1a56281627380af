//! Plain scalars by the core schema (YAML 1.2.2 §10.3.2), numbers kept exactly.

use std::sync::Arc;

use super::NUMBER_DIGITS_MAX;
use crate::value::{Num, Value};

/// Why a plain scalar has no value here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// `.inf`, `.nan`: JSON has no such numbers.
    NotFinite,
    TooManyDigits,
}

impl Refusal {
    pub(super) fn message(self, text: &str) -> String {
        match self {
            Self::NotFinite => {
                format!("`{text}` is not a number of JSON: put it in quotes to make it a string")
            }
            Self::TooManyDigits => format!(
                "a number may have {NUMBER_DIGITS_MAX} digits: put this one in quotes to make it a string"
            ),
        }
    }
}

/// The value of a plain (unquoted) scalar.
pub(super) fn plain(text: &str) -> Result<Value, Refusal> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let looks_like_number =
        text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    let number = if looks_like_number { number(text)? } else { None };
    Ok(number.map_or_else(|| Value::from(text.to_owned()), Value::Num))
}

/// The number that `text` is by the core schema, if it is one.
pub(super) fn number(text: &str) -> Result<Option<Num>, Refusal> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(Refusal::NotFinite);
    }
    if let Some(digits) = text.strip_prefix("0x").filter(|digits| is_radix(digits, 16)) {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o").filter(|digits| is_radix(digits, 8)) {
        return radix(digits, 8);
    }
    let Some(parts) = Parts::split(unsigned) else {
        return Ok(None);
    };
    if unsigned.len() > NUMBER_DIGITS_MAX {
        return Err(Refusal::TooManyDigits);
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    Ok(Some(parts.number(sign)))
}

fn is_radix(digits: &str, radix: u32) -> bool {
    !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix))
}

fn radix(digits: &str, radix: u32) -> Result<Option<Num>, Refusal> {
    if digits.len() > NUMBER_DIGITS_MAX {
        return Err(Refusal::TooManyDigits);
    }
    Ok(Num::from_str_radix(digits, radix))
}

/// A decimal number without its sign.
struct Parts<'a> {
    whole: &'a str,
    fraction: Option<&'a str>,
    exponent: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Option<Self> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (text, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let exponent_digits = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
        let well_formed = digits(whole)
            && fraction.is_none_or(digits)
            && exponent_digits.is_none_or(|text| !text.is_empty() && digits(text))
            && !(whole.is_empty() && fraction.is_none_or(str::is_empty));
        well_formed.then_some(Self { whole, fraction, exponent })
    }

    /// Integers become integers of any size, all else stays decimal text in the form of JSON.
    fn number(&self, sign: &str) -> Num {
        let whole = match self.whole.trim_start_matches('0') {
            "" => "0",
            whole => whole,
        };
        let mut text = format!("{sign}{whole}");
        if self.fraction.is_none() && self.exponent.is_none() {
            return Num::from_str_radix(&text, 10).unwrap_or_else(|| Num::Dec(Arc::new(text)));
        }
        if let Some(fraction) = self.fraction.filter(|fraction| !fraction.is_empty()) {
            text.push('.');
            text.push_str(fraction);
        } else if self.exponent.is_none() {
            text.push_str(".0");
        }
        if let Some(exponent) = self.exponent {
            text.push('e');
            text.push_str(exponent);
        }
        Num::Dec(Arc::new(text))
    }
}
