//! Every setting with its key, its meaning, and where it lies in the configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use motet_expr::json::{object, string, to_pretty};
use motet_expr::{Value, json};

use super::Config;

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
            Self::Address(_) | Self::Path(_) | Self::OptionalPath(_) => text(),
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
fn list(items: impl Iterator<Item = String>) -> String {
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

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "listen",
        meaning: "Address and port to listen on, for everything. Beyond loopback a server wants tokens.",
        slot: |config| Slot::Address(&mut config.listen),
    },
    Setting {
        key: "data",
        meaning: "Directory of the data. One server owns it at a time.",
        slot: |config| Slot::Path(&mut config.data),
    },
    Setting {
        key: "allowed-hosts",
        meaning: "Names by which clients call this server, beside loopback and its own address; \"*\" admits every name.",
        slot: |config| Slot::Texts(&mut config.allowed_hosts),
    },
    Setting {
        key: "secrets",
        meaning: "Directory with one file for each secret. A variable MOTET_SECRET_<NAME> goes before its file.",
        slot: |config| Slot::OptionalPath(&mut config.secrets),
    },
    Setting {
        key: "tls-cert",
        meaning: "File with the server's certificates, its own first (PEM). Read again when it changes.",
        slot: |config| Slot::OptionalPath(&mut config.tls_cert),
    },
    Setting {
        key: "tls-key",
        meaning: "File with the key of the server's certificate (PEM).",
        slot: |config| Slot::OptionalPath(&mut config.tls_key),
    },
    Setting {
        key: "tls-client-ca",
        meaning: "File with authorities of clients (PEM): each client has to show a certificate of one of them.",
        slot: |config| Slot::OptionalPath(&mut config.tls_client_ca),
    },
    Setting {
        key: "require-tokens",
        meaning: "Whether a request needs a token even before the first token is made; afterwards each does.",
        slot: |config| Slot::Switch(&mut config.require_tokens),
    },
    Setting {
        key: "insecure",
        meaning: "Whether the server may listen beyond loopback although nobody has to show a token.",
        slot: |config| Slot::Switch(&mut config.insecure),
    },
    Setting {
        key: "metrics-open",
        meaning: "Whether /metrics answers without a token.",
        slot: |config| Slot::Switch(&mut config.metrics_open),
    },
    Setting {
        key: "shutdown-limit",
        meaning: "How long a stopping server finishes what is in flight. The rest goes on after the next start.",
        slot: |config| Slot::Time(&mut config.shutdown_limit),
    },
    Setting {
        key: "connections-max",
        meaning: "Client connections at a time.",
        slot: |config| Slot::Size(&mut config.connections_max),
    },
    Setting {
        key: "wait-max",
        meaning: "Longest `wait` that a request may ask for.",
        slot: |config| Slot::Time(&mut config.wait_max),
    },
    Setting {
        key: "limits.document-bytes-max",
        meaning: "One document, in bytes.",
        slot: |config| Slot::Size(&mut config.limits.document_bytes_max),
    },
    Setting {
        key: "limits.depth-max",
        meaning: "Nesting of one document or value.",
        slot: |config| Slot::Size(&mut config.limits.depth_max),
    },
    Setting {
        key: "limits.vertices-max",
        meaning: "Tasks of one definition, with its functions inlined.",
        slot: |config| Slot::Size(&mut config.limits.vertices_max),
    },
    Setting {
        key: "limits.payload-bytes-max",
        meaning: "One input, output, request or response body, in bytes.",
        slot: |config| Slot::Size(&mut config.limits.payload_bytes_max),
    },
    Setting {
        key: "limits.instance-bytes-max",
        meaning: "Everything that one instance keeps in memory, in bytes.",
        slot: |config| Slot::Size(&mut config.limits.instance_bytes_max),
    },
    Setting {
        key: "limits.steps-max",
        meaning: "Steps that one instance may activate.",
        slot: |config| Slot::Count(&mut config.limits.steps_max),
    },
    Setting {
        key: "limits.children-depth-max",
        meaning: "Nesting of instances that start instances.",
        slot: |config| Slot::Count(&mut config.limits.children_depth_max),
    },
    Setting {
        key: "limits.expression-fuel-max",
        meaning: "Work of one expression, in evaluated terms.",
        slot: |config| Slot::Amount(&mut config.limits.expression_fuel_max),
    },
    Setting {
        key: "limits.step-records-max",
        meaning: "Records that one input may cause before others get their turn.",
        slot: |config| Slot::Size(&mut config.limits.step_records_max),
    },
    Setting {
        key: "limits.step-bytes-max",
        meaning: "Bytes of values that one input may cause before others get their turn.",
        slot: |config| Slot::Size(&mut config.limits.step_bytes_max),
    },
    Setting {
        key: "limits.step-fuel-max",
        meaning: "Work that one input may cause before others get their turn, in evaluated terms.",
        slot: |config| Slot::Amount(&mut config.limits.step_fuel_max),
    },
    Setting {
        key: "limits.attempt-timeout",
        meaning: "Longest attempt of a call that has no timeout of its own.",
        slot: |config| Slot::Time(&mut config.limits.attempt_timeout),
    },
    Setting {
        key: "limits.duration-max",
        meaning: "Longest wait, delay or timeout of a definition.",
        slot: |config| Slot::Time(&mut config.limits.duration_max),
    },
    Setting {
        key: "limits.history-first-records-max",
        meaning: "Records at the beginning of a running instance's history that stay; what lies between beginning and end may be cut out.",
        slot: |config| Slot::Amount(&mut config.limits.history_first_records_max),
    },
    Setting {
        key: "limits.history-last-records-max",
        meaning: "Records at the end of a running instance's history that stay; now and then what lies before them is cut out.",
        slot: |config| Slot::Amount(&mut config.limits.history_last_records_max),
    },
    Setting {
        key: "limits.start-key-retention",
        meaning: "How long an idempotency key is remembered after its instance has begun.",
        slot: |config| Slot::Time(&mut config.limits.start_key_retention),
    },
    Setting {
        key: "limits.retention-age",
        meaning: "How long an instance is kept after it has ended; at least as long as idempotency keys are.",
        slot: |config| Slot::Time(&mut config.limits.retention_age),
    },
    Setting {
        key: "limits.retention-age-by-namespace",
        meaning: "The same for single namespaces, each as NAMESPACE=AGE.",
        slot: |config| Slot::Times(&mut config.limits.retention_age_by_namespace),
    },
    Setting {
        key: "limits.retention-bytes",
        meaning: "What the ended instances of one namespace may take, in bytes; beyond it the first go that ended.",
        slot: |config| Slot::OptionalAmount(&mut config.limits.retention_bytes),
    },
    Setting {
        key: "limits.retention-bytes-by-namespace",
        meaning: "The same for single namespaces, each as NAMESPACE=BYTES.",
        slot: |config| Slot::Amounts(&mut config.limits.retention_bytes_by_namespace),
    },
    Setting {
        key: "limits.calls-in-flight-max",
        meaning: "Calls of services at a time.",
        slot: |config| Slot::Size(&mut config.limits.calls_in_flight_max),
    },
    Setting {
        key: "limits.commands-waiting-max",
        meaning: "Requests that wait for their turn; further ones are refused with the time after which to come again.",
        slot: |config| Slot::Size(&mut config.limits.commands_waiting_max),
    },
    Setting {
        key: "limits.instances-cached-max",
        meaning: "Instances that stay in memory while nothing moves them.",
        slot: |config| Slot::Size(&mut config.limits.instances_cached_max),
    },
    Setting {
        key: "limits.frame-commits-max",
        meaning: "Commits that share one sync.",
        slot: |config| Slot::Size(&mut config.limits.frame_commits_max),
    },
    Setting {
        key: "limits.frame-bytes-target",
        meaning: "Bytes after which commits are synced.",
        slot: |config| Slot::Size(&mut config.limits.frame_bytes_target),
    },
    Setting {
        key: "limits.frame-bytes-max",
        meaning: "One commit, in bytes.",
        slot: |config| Slot::Size(&mut config.limits.frame_bytes_max),
    },
    Setting {
        key: "limits.overlay-bytes-max",
        meaning: "Commits that are not in the tables yet, in bytes; beyond it commits wait.",
        slot: |config| Slot::Size(&mut config.limits.overlay_bytes_max),
    },
    Setting {
        key: "limits.segment-bytes-max",
        meaning: "Size to which the files of the log grow under load, in bytes.",
        slot: |config| Slot::Size(&mut config.limits.segment_bytes_max),
    },
    Setting {
        key: "limits.disk-reserve-bytes",
        meaning: "Room on the disk that is given back when it is full, so that what runs can finish, in bytes.",
        slot: |config| Slot::Size(&mut config.limits.disk_reserve_bytes),
    },
    Setting {
        key: "limits.page-rows-max",
        meaning: "Entries of one page of a list.",
        slot: |config| Slot::Size(&mut config.limits.page_rows_max),
    },
];
