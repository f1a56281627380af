//! Every setting with its key, its meaning, and where it lies in the configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use motet_expr::json::{object, string, to_pretty};
use motet_expr::{Value, json};

use super::Config;
use super::outlets::Table;
use super::table::SETTINGS;

pub(super) struct Setting {
    /// As the file writes it; a dot separates the table.
    pub(super) key: &'static str,
    pub(super) meaning: &'static str,
    pub(super) slot: for<'c> fn(&'c mut Config) -> Slot<'c>,
}

impl Setting {
    /// The environment's name of it.
    pub(super) fn variable(&self) -> String {
        format!("MOTET_{}", self.key.to_ascii_uppercase().replace(['.', '-'], "_"))
    }
}

/// Place of one value.
pub(super) enum Slot<'c> {
    Address(&'c mut SocketAddr),
    Path(&'c mut PathBuf),
    OptionalPath(&'c mut Option<PathBuf>),
    OptionalText(&'c mut Option<String>),
    Texts(&'c mut Vec<String>),
    Switch(&'c mut bool),
    Size(&'c mut usize),
    Count(&'c mut u32),
    Amount(&'c mut u64),
    Time(&'c mut Duration),
    OptionalAmount(&'c mut Option<u64>),
    /// By name, each written `NAME=VALUE`.
    Amounts(&'c mut BTreeMap<String, u64>),
    Times(&'c mut BTreeMap<String, Duration>),
}

impl Slot<'_> {
    /// Reads a value from its text.
    pub(super) fn set(&mut self, text: &str) -> Result<(), String> {
        match self {
            Self::Address(slot) => {
                let wanted = "expected an address and a port, as in 127.0.0.1:7080";
                **slot = text.parse().map_err(|_| format!("{text:?}: {wanted}"))?;
            }
            Self::Path(slot) => **slot = text.into(),
            Self::OptionalPath(slot) => **slot = Some(text.into()),
            Self::OptionalText(slot) => **slot = Some(text.to_owned()),
            Self::Texts(slot) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                **slot = items.map(str::to_owned).collect();
            }
            Self::Switch(slot) => {
                **slot = text.parse().map_err(|_| format!("{text:?}: expected true or false"))?;
            }
            Self::Size(slot) => **slot = number(text)?,
            Self::Count(slot) => **slot = number(text)?,
            Self::Amount(slot) => **slot = number(text)?,
            Self::Time(slot) => **slot = duration(text)?,
            Self::OptionalAmount(slot) => **slot = Some(number(text)?),
            Self::Amounts(slot) => **slot = by_name(text, number)?,
            Self::Times(slot) => **slot = by_name(text, duration)?,
        }
        Ok(())
    }

    /// The value as TOML writes it; none if it is not set.
    pub(super) fn to_toml(&self) -> Option<String> {
        // What JSON escapes in a text, TOML escapes alike.
        let quoted = |text: &str| json::to_text(&string(text));
        Some(match self {
            Self::Address(slot) => quoted(&slot.to_string()),
            Self::Path(slot) => quoted(&slot.to_string_lossy()),
            Self::OptionalPath(slot) => quoted(&slot.as_ref()?.to_string_lossy()),
            Self::OptionalText(slot) => quoted(slot.as_ref()?),
            Self::Texts(slot) => list(slot.iter().map(|item| quoted(item))),
            Self::Switch(slot) => slot.to_string(),
            Self::Size(slot) => slot.to_string(),
            Self::Count(slot) => slot.to_string(),
            Self::Amount(slot) => slot.to_string(),
            Self::Time(slot) => quoted(&duration_text(**slot)),
            Self::OptionalAmount(slot) => slot.as_ref()?.to_string(),
            Self::Amounts(slot) => list(slot.iter().map(|(of, n)| quoted(&format!("{of}={n}")))),
            Self::Times(slot) => {
                let text =
                    |(of, time): (&String, &Duration)| format!("{of}={}", duration_text(*time));
                list(slot.iter().map(|item| quoted(&text(item))))
            }
        })
    }

    /// JSON Schema of the value.
    fn schema(&self) -> Vec<(&'static str, Value)> {
        let text = || vec![("type", string("string"))];
        let named = |pattern: &str| {
            let item = object([("type", string("string")), ("pattern", string(pattern))]);
            vec![("type", string("array")), ("items", item)]
        };
        match self {
            Self::Address(_) | Self::Path(_) | Self::OptionalPath(_) | Self::OptionalText(_) => {
                text()
            }
            Self::Texts(_) => {
                vec![("type", string("array")), ("items", object([("type", string("string"))]))]
            }
            Self::Switch(_) => vec![("type", string("boolean"))],
            Self::Amounts(_) => named("^[^=,]+=[1-9][0-9_]*$"),
            Self::Times(_) => named("^[^=,]+=[0-9]+(ms|s|m|h|d)$"),
            Self::Size(_) | Self::Count(_) | Self::Amount(_) | Self::OptionalAmount(_) => {
                vec![("type", string("integer")), ("minimum", Value::from(1_usize))]
            }
            Self::Time(_) => {
                vec![("type", string("string")), ("pattern", string("^[0-9]+(ms|s|m|h|d)$"))]
            }
        }
    }

    fn default_value(&self) -> Option<Value> {
        let text = self.to_toml()?;
        let parsed = json::parse(text.as_bytes(), json::Limits::default());
        Some(
            parsed.expect(
                "texts, numbers and lists of the defaults are written alike in TOML and JSON",
            ),
        )
    }
}

/// JSON Schema (2020-12) of the configuration file.
pub(crate) fn schema() -> String {
    let mut config = Config::default();
    let mut tables: Vec<(&str, Vec<(&str, Value)>)> = vec![("", Vec::new())];
    for setting in SETTINGS {
        let (table, key) = setting.key.rsplit_once('.').unwrap_or(("", setting.key));
        let slot = (setting.slot)(&mut config);
        let mut members = vec![("description", string(setting.meaning))];
        members.extend(slot.schema());
        members.extend(slot.default_value().map(|value| ("default", value)));
        match tables.iter_mut().find(|(name, _)| *name == table) {
            Some((_, keys)) => keys.push((key, object(members))),
            None => tables.push((table, vec![(key, object(members))])),
        }
    }
    let closed = |keys: Vec<(&str, Value)>| {
        [
            ("type", string("object")),
            ("properties", object(keys)),
            ("additionalProperties", Value::Bool(false)),
        ]
    };
    let mut tables = tables.into_iter();
    let (_, mut top) = tables.next().expect("the table of the top comes first");
    top.extend(tables.map(|(name, keys)| (name, object(closed(keys)))));
    top.extend(Table::ALL.map(|table| (table.name(), table.schema())));
    let head = [
        ("$schema", string("https://json-schema.org/draft/2020-12/schema")),
        ("title", string("Configuration of a Motet server (motet.toml)")),
    ];
    to_pretty(&object(head.into_iter().chain(closed(top)))) + "\n"
}

/// The key that somebody who wrote `key` may have meant: one of the same letters, or the one that shares most words with it.
pub(super) fn nearest(key: &str) -> Option<&'static str> {
    let plain = |key: &str| key.to_ascii_lowercase().replace(['_', '.', '-'], "");
    let wanted = plain(key);
    let fits = |own: &str| {
        own == wanted
            || own.ends_with(&wanted)
            || wanted.ends_with(own)
            || differs_little(own, &wanted)
    };
    let alike = SETTINGS.iter().find(|setting| fits(&plain(setting.key)));
    let words = |key: &str| key.split(['_', '.', '-']).map(str::to_owned).collect::<Vec<_>>();
    let written = words(&key.to_ascii_lowercase());
    let shared = |setting: &Setting| {
        let own = words(setting.key);
        written.iter().filter(|word| own.iter().any(|own| own.starts_with(*word))).count()
    };
    let closest = || {
        let best = SETTINGS.iter().rev().max_by_key(|setting| shared(setting))?;
        (shared(best) * 2 > written.len()).then_some(best)
    };
    alike.or_else(closest).map(|setting| setting.key)
}

/// Whether one letter was left out, added, changed, or put in its neighbour's place.
fn differs_little(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let head = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[head..], &other[head..]);
    let tail = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[..one.len() - tail], &other[..other.len() - tail]);
    let is_swap = matches!((one, other), ([a, b], [c, d]) if a == d && b == c);
    one.len().max(other.len()) <= 1 || is_swap
}

/// Reads a length of time: a whole number and its unit, as in `500ms`, `30s`, `5m`, `24h` or `7d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a length of time: write 500ms, 30s, 5m, 24h or 7d");
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (count, unit) = text.split_at(at);
    let count: u64 = count.parse().map_err(|_| wrong())?;
    let millis = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1;
    count.checked_mul(millis).map(Duration::from_millis).ok_or_else(wrong)
}

/// Reads `NAME=VALUE,NAME=VALUE`.
fn by_name<T>(
    text: &str,
    read: fn(&str) -> Result<T, String>,
) -> Result<BTreeMap<String, T>, String> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    let pairs = items.map(|item| {
        let (name, value) = item
            .split_once('=')
            .filter(|(name, _)| !name.trim().is_empty())
            .ok_or_else(|| format!("{item:?} is not NAME=VALUE"))?;
        Ok((name.trim().to_owned(), read(value.trim())?))
    });
    pairs.collect()
}

/// A list as TOML writes it.
pub(super) fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// Units in milliseconds, the longest first.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

fn duration_text(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let fits =
        |(_, unit): &&(&str, u64)| millis.is_multiple_of(*unit) && (millis > 0 || *unit == 1);
    let (name, unit) = UNITS.iter().find(fits).expect("every count is one of milliseconds");
    format!("{}{name}", millis / unit)
}

fn number<T: std::str::FromStr + PartialEq + Default>(text: &str) -> Result<T, String> {
    let parsed = text.replace('_', "").parse::<T>().ok();
    parsed
        .filter(|number| *number != T::default())
        .ok_or_else(|| format!("{text:?}: expected a whole number from 1 on"))
}
