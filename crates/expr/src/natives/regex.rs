//! Regular expressions. One search takes time linear in the text, so each pays for that before it begins.

use std::cell::RefCell;

use jaq_core::Error;
use regex::{Captures, Regex, RegexBuilder};

use crate::bounded::{Bounded, BoundedR};
use crate::{Value, json, meter};

/// Largest compiled pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;

/// Grains of compiling one state of a pattern.
const STATE_GRAINS: usize = 512;

/// Compiled patterns that a thread keeps: one in a loop over items should not be compiled for each.
const PATTERNS_KEPT_MAX: usize = 8;

thread_local! {
    /// The latest patterns, newest last. Fuel does not depend on what is in it.
    static KEPT: RefCell<Vec<(String, Flags, Regex)>> = const { RefCell::new(Vec::new()) };
}

/// `@match($pattern; $flags)`: an array of jq's match objects.
pub(super) fn matches(text: Bounded, pattern: &Bounded, flags: &Bounded) -> BoundedR {
    let (Some(haystack), Some(source)) = (json::as_str(&text.value), json::as_str(&pattern.value))
    else {
        let wrong = if json::as_str(&text.value).is_none() { text } else { pattern.clone() };
        return Err(Error::typ(wrong, "text for a regular expression"));
    };
    let flags = Flags::read(flags)?;
    let weight = Weight::of(source);
    meter::charge(weight.states.saturating_mul(STATE_GRAINS));
    let regex = flags.regex(source)?;
    meter::charge((haystack.len() + 1).saturating_mul(1 + weight.states / 4));
    let mut places = Places::new(haystack);
    let mut found = Vec::new();
    for captures in regex.captures_iter(haystack) {
        let whole = captures.get(0).expect("group 0 is the match");
        if weight.unbounded {
            // A search may look at everything that follows before it settles for a short match.
            meter::charge(haystack.len() - whole.start());
        }
        if flags.skip_empty && whole.as_str().is_empty() {
            continue;
        }
        found.push(object(&regex, &captures, &mut places, &text));
        if !flags.global {
            break;
        }
    }
    Ok(found.into_iter().collect())
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Flags {
    global: bool,
    skip_empty: bool,
    ignore_case: bool,
    dot_matches_line: bool,
    swap_greed: bool,
    extended: bool,
}

impl Flags {
    fn read(value: &Bounded) -> Result<Self, Error<Bounded>> {
        let text = match &value.value {
            Value::Null => "",
            text => json::as_str(text)
                .ok_or_else(|| Error::typ(value.clone(), "flags of a regular expression"))?,
        };
        let mut flags = Self::default();
        for flag in text.chars() {
            match flag {
                'g' => flags.global = true,
                'n' => flags.skip_empty = true,
                'i' => flags.ignore_case = true,
                'p' => flags.dot_matches_line = true,
                // `^` and `$` stand for the ends of the text in any case.
                's' => {}
                'l' => flags.swap_greed = true,
                'x' => flags.extended = true,
                other => {
                    return Err(Error::str(format_args!(
                        "unknown flag {other:?} of a regular expression"
                    )));
                }
            }
        }
        Ok(flags)
    }

    fn regex(self, pattern: &str) -> Result<Regex, Error<Bounded>> {
        KEPT.with_borrow_mut(|kept| {
            let found =
                kept.iter().position(|(source, flags, _)| source == pattern && *flags == self);
            let entry = match found {
                Some(at) => kept.remove(at),
                None => (pattern.to_owned(), self, self.compile(pattern)?),
            };
            if kept.len() >= PATTERNS_KEPT_MAX {
                kept.remove(0);
            }
            let regex = entry.2.clone();
            kept.push(entry);
            Ok(regex)
        })
    }

    fn compile(self, pattern: &str) -> Result<Regex, Error<Bounded>> {
        RegexBuilder::new(pattern)
            .case_insensitive(self.ignore_case)
            .dot_matches_new_line(self.dot_matches_line)
            .swap_greed(self.swap_greed)
            .ignore_whitespace(self.extended)
            .size_limit(PATTERN_BYTES_MAX)
            .build()
            .map_err(|error| Error::str(reason(&error)))
    }
}

/// One line of why a pattern does not compile.
fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => {
            format!("the regular expression needs more than {PATTERN_BYTES_MAX} bytes")
        }
        error => {
            // The library draws the pattern with a mark below the mistake; its last line says what it is.
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            let last = last.strip_prefix("error: ").unwrap_or(last);
            format!("not a regular expression: {last}")
        }
    }
}

/// An upper estimate of a pattern's states.
struct Weight {
    states: usize,
    /// Whether something repeats without a limit.
    unbounded: bool,
}

impl Weight {
    fn of(pattern: &str) -> Self {
        /// States of a character class or a dot, which are ranges of bytes.
        const CLASS: usize = 8;
        let mut groups = vec![0_usize];
        let mut last = 0_usize;
        let mut unbounded = false;
        let mut bytes = pattern.bytes().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'\\' => {
                    bytes.next();
                    last = CLASS;
                }
                b'(' => {
                    groups.push(0);
                    continue;
                }
                b')' if groups.len() > 1 => last = groups.pop().unwrap_or(0).saturating_add(2),
                b'*' | b'+' => {
                    unbounded = true;
                    continue;
                }
                b'{' => {
                    let (times, open) = repetition(&pattern[at..]);
                    unbounded |= open;
                    // The first time is counted already.
                    last = last.saturating_mul(times.saturating_sub(1));
                }
                b'.' | b'[' => last = CLASS,
                _ => last = 1,
            }
            if let Some(total) = groups.last_mut() {
                *total = total.saturating_add(last);
            }
        }
        let states = groups.into_iter().fold(1, usize::saturating_add);
        Self { states, unbounded }
    }
}

/// The largest number in `{n}`, `{n,}` or `{n,m}`, and whether there is no upper one.
fn repetition(text: &str) -> (usize, bool) {
    let inside = text[1..].split('}').next().unwrap_or_default();
    let numbers = inside.split(',').map(str::trim);
    let open = inside.trim_end().ends_with(',');
    let largest = numbers.map(|number| match number.parse() {
        Ok(number) => number,
        Err(_) if number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty() => usize::MAX,
        Err(_) => 1,
    });
    (largest.max().unwrap_or(1), open)
}

/// Turns growing byte offsets into character offsets.
struct Places<'t> {
    text: &'t str,
    byte: usize,
    character: usize,
}

impl<'t> Places<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, byte: 0, character: 0 }
    }

    fn character(&mut self, byte: usize) -> usize {
        if byte < self.byte {
            // A group may lie before one that was asked for.
            meter::charge(byte);
            return self.text[..byte].chars().count();
        }
        self.character += self.text[self.byte..byte].chars().count();
        self.byte = byte;
        self.character
    }
}

fn object(
    regex: &Regex,
    captures: &Captures<'_>,
    places: &mut Places<'_>,
    text: &Bounded,
) -> Bounded {
    let mut members = |at: usize| match captures.get(at) {
        Some(group) => {
            let part = jaq_std::ValT::as_sub_str(text, group.as_str().as_bytes());
            vec![
                ("offset", Value::from(places.character(group.start()))),
                ("length", Value::from(group.as_str().chars().count())),
                ("string", part.value),
            ]
        }
        None => vec![
            ("offset", Value::from(-1_isize)),
            ("length", Value::from(0_usize)),
            ("string", Value::Null),
        ],
    };
    let mut whole = members(0);
    let groups = regex.capture_names().enumerate().skip(1).map(|(at, name)| {
        meter::charge(meter::GRAINS_PER_FUEL as usize);
        let mut group = members(at);
        group.push(("name", name.map_or(Value::Null, json::string)));
        json::object(group)
    });
    let groups = json::array(groups);
    whole.push(("captures", groups));
    meter::charge(2 * meter::GRAINS_PER_FUEL as usize);
    Bounded::from(json::object(whole))
}
