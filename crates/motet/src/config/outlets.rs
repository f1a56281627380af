//! Sources and sinks of events: `[[sources]]` and `[[sinks]]` of the configuration file.
//!
//! Nothing in it is secret: passwords are named, and read from where secrets are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use motet_expr::json::{array, object, string};
use motet_expr::{Value, json};
use motet_types::Label;

use super::settings::list;
use super::{invalid, leaf};
use crate::failure::Failure;

/// A key of a source, of a sink, or of both.
struct Key {
    name: &'static str,
    of: &'static [Table],
    form: Form,
    meaning: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Sources,
    Sinks,
}

enum Form {
    Text,
    Texts,
    Switch,
    OneOf(&'static [&'static str]),
}

const BOTH: &[Table] = &[Table::Sources, Table::Sinks];
const SOURCES: &[Table] = &[Table::Sources];
const SINKS: &[Table] = &[Table::Sinks];

const KEYS: &[Key] = &[
    Key {
        name: "name",
        of: BOTH,
        form: Form::Text,
        meaning: "What it is called, for ever: under this name is stored how far it is read, and what waits for it.",
    },
    Key {
        name: "kind",
        of: SOURCES,
        form: Form::OneOf(&["kafka", "nats"]),
        meaning: "What it is: a topic of Kafka or a stream of NATS JetStream.",
    },
    Key {
        name: "kind",
        of: SINKS,
        form: Form::OneOf(&["kafka", "nats", "http"]),
        meaning: "What it is: a topic of Kafka, a subject of NATS JetStream, or an address that takes POST requests.",
    },
    Key {
        name: "addresses",
        of: BOTH,
        form: Form::Texts,
        meaning: "host:port of some brokers, nats://host:port of some servers, or one http(s):// address.",
    },
    Key { name: "topic", of: BOTH, form: Form::Text, meaning: "The topic of Kafka." },
    Key { name: "stream", of: SOURCES, form: Form::Text, meaning: "The stream of NATS JetStream." },
    Key {
        name: "subject",
        of: BOTH,
        form: Form::Text,
        meaning: "The subject of NATS that is written to, or the one of its stream's that is read.",
    },
    Key {
        name: "namespace",
        of: BOTH,
        form: Form::Text,
        meaning: "The namespace that its events belong to; a sink without one takes those of all.",
    },
    Key {
        name: "type",
        of: SOURCES,
        form: Form::Text,
        meaning: "The type that messages get as events which are none by themselves.",
    },
    Key {
        name: "begin",
        of: SOURCES,
        form: Form::OneOf(&["first", "next"]),
        meaning: "Where a partition is begun of which nothing was read: with what is kept (default), or with what comes.",
    },
    Key {
        name: "on-gap",
        of: SOURCES,
        form: Form::OneOf(&["stop", "continue"]),
        meaning: "What happens where messages are gone that were not read: the partition stops (default), or goes on after them.",
    },
    Key {
        name: "types",
        of: SINKS,
        form: Form::Texts,
        meaning: "Types of events that it takes, each whole or with a * at its end; all, if there is none.",
    },
    Key {
        name: "of",
        of: SINKS,
        form: Form::OneOf(&["both", "emitted", "lifecycle"]),
        meaning: "Whether it takes what workflows emit, the lifecycle events of those that ask for them, or both (default).",
    },
    Key {
        name: "mode",
        of: SINKS,
        form: Form::OneOf(&["structured", "binary"]),
        meaning: "Whether events are sent as one JSON object (default), or their attributes as headers beside their data.",
    },
    Key {
        name: "when-full",
        of: SINKS,
        form: Form::OneOf(&["refuse", "drop"]),
        meaning: "What happens while limits.sink-events-max events wait for it: no instance begins that would add to them (default), or it goes without what comes.",
    },
    Key {
        name: "tls",
        of: BOTH,
        form: Form::Switch,
        meaning: "Whether connections to brokers are encrypted; https:// always is.",
    },
    Key {
        name: "tls-ca",
        of: BOTH,
        form: Form::Text,
        meaning: "File with authorities beside those of the system (PEM).",
    },
    Key {
        name: "tls-cert",
        of: BOTH,
        form: Form::Text,
        meaning: "File with the certificates that are shown to the broker (PEM).",
    },
    Key { name: "tls-key", of: BOTH, form: Form::Text, meaning: "File with their key (PEM)." },
    Key { name: "user", of: BOTH, form: Form::Text, meaning: "Who logs in." },
    Key {
        name: "password-secret",
        of: BOTH,
        form: Form::Text,
        meaning: "Name of the secret that is the password.",
    },
    Key {
        name: "mechanism",
        of: BOTH,
        form: Form::OneOf(&["plain", "scram-sha-256", "scram-sha-512"]),
        meaning: "How Kafka wants the password; plain by default.",
    },
    Key {
        name: "authorization-secret",
        of: SINKS,
        form: Form::Text,
        meaning: "Name of the secret that is the whole Authorization header of an HTTP sink.",
    },
];

/// One entry as it was written, checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outlet {
    pub(crate) name: Label,
    pub(crate) kind: Kind,
    pub(crate) addresses: Vec<String>,
    pub(crate) namespace: Option<Label>,
    written: BTreeMap<&'static str, Written>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Kafka,
    Nats,
    Http,
}

#[derive(Clone, Debug, PartialEq)]
enum Written {
    Text(String),
    Texts(Vec<String>),
    Switch(bool),
}

impl Outlet {
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.written.get(key) {
            Some(Written::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn path(&self, key: &str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        match self.written.get(key) {
            Some(Written::Texts(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn is_on(&self, key: &str) -> bool {
        self.written.get(key) == Some(&Written::Switch(true))
    }

    /// The entry as the file writes it.
    fn print(&self) -> String {
        let quoted = |text: &String| json::to_text(&string(text.as_str()));
        let line = |(key, written): (&&str, &Written)| {
            let value = match written {
                Written::Text(text) => quoted(text),
                Written::Texts(texts) => list(texts.iter().map(quoted)),
                Written::Switch(switch) => switch.to_string(),
            };
            format!("{key} = {value}\n")
        };
        self.written.iter().map(line).collect()
    }
}

impl Table {
    pub(super) const ALL: [Self; 2] = [Self::Sources, Self::Sinks];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sources => "sources",
            Self::Sinks => "sinks",
        }
    }

    /// The entries of the file.
    pub(super) fn read(self, place: &str, value: &toml::Value) -> Result<Vec<Outlet>, Failure> {
        let name = self.name();
        let wrong = |why: String| invalid(place, &why);
        let entries = value
            .as_array()
            .ok_or_else(|| wrong(format!("{name}: write each as a table [[{name}]]")))?;
        let mut outlets: Vec<Outlet> = Vec::new();
        for (idx, entry) in entries.iter().enumerate() {
            let outlet = self.entry(entry).map_err(|why| wrong(format!("{name}[{idx}]: {why}")))?;
            if outlets.iter().any(|other| other.name == outlet.name) {
                return Err(wrong(format!("{name}[{idx}]: there are two named {}", outlet.name)));
            }
            outlets.push(outlet);
        }
        Ok(outlets)
    }

    pub(super) fn print(self, outlets: &[Outlet]) -> String {
        let entry = |outlet: &Outlet| format!("\n[[{}]]\n{}", self.name(), outlet.print());
        outlets.iter().map(entry).collect()
    }

    /// JSON Schema of the table.
    pub(super) fn schema(self) -> Value {
        let text = || vec![("type", string("string"))];
        let keys = KEYS.iter().filter(|key| key.of.contains(&self)).map(|key| {
            let mut members = vec![("description", string(key.meaning))];
            members.extend(match key.form {
                Form::Text => text(),
                Form::Texts => vec![("type", string("array")), ("items", object(text()))],
                Form::Switch => vec![("type", string("boolean"))],
                Form::OneOf(words) => {
                    vec![("enum", array(words.iter().map(|word| string(*word))))]
                }
            });
            (key.name, object(members))
        });
        let keys: Vec<(&str, Value)> = keys.collect();
        let required = self.required().iter().map(|key| string(*key));
        let item = object([
            ("type", string("object")),
            ("properties", object(keys)),
            ("required", array(required)),
            ("additionalProperties", Value::Bool(false)),
        ]);
        let meaning = match self {
            Self::Sources => "Where events come from beside the API: docs/brokers.md.",
            Self::Sinks => "Where events go to that workflows emit: docs/brokers.md.",
        };
        object([("description", string(meaning)), ("type", string("array")), ("items", item)])
    }

    fn required(self) -> &'static [&'static str] {
        match self {
            Self::Sources => &["name", "kind", "addresses", "namespace"],
            Self::Sinks => &["name", "kind", "addresses"],
        }
    }

    fn entry(self, entry: &toml::Value) -> Result<Outlet, String> {
        let table = entry.as_table().ok_or("it is no table")?;
        let mut written = BTreeMap::new();
        for (name, value) in table {
            let mut keys = KEYS.iter().filter(|key| key.of.contains(&self));
            let key = keys
                .find(|key| key.name == name)
                .ok_or_else(|| format!("there is no key {name:?}"))?;
            let value = key.form.read(value).map_err(|why| format!("{name}: {why}"))?;
            written.insert(key.name, value);
        }
        if let Some(missing) = self.required().iter().find(|key| !written.contains_key(*key)) {
            return Err(format!("{missing} is missing"));
        }
        let text = |key: &str| match written.get(key) {
            Some(Written::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let label = |key: &str| -> Result<Option<Label>, String> {
            let parsed = text(key).map(str::parse::<Label>).transpose();
            parsed.map_err(|error| format!("{key}: {error}"))
        };
        let kind = match text("kind") {
            Some("kafka") => Kind::Kafka,
            Some("nats") => Kind::Nats,
            _ => Kind::Http,
        };
        let addresses = match written.get("addresses") {
            Some(Written::Texts(addresses)) if !addresses.is_empty() => addresses.clone(),
            _ => return Err("addresses: there is none".to_owned()),
        };
        let needed = match (self, kind) {
            (_, Kind::Kafka) => Some("topic"),
            (Self::Sources, _) => Some("stream"),
            (Self::Sinks, Kind::Nats) => Some("subject"),
            (Self::Sinks, Kind::Http) if addresses.len() > 1 => {
                return Err("addresses: an HTTP sink has one".to_owned());
            }
            (Self::Sinks, Kind::Http) => None,
        };
        if let Some(missing) = needed.filter(|key| text(key).is_none()) {
            return Err(format!("{missing} is missing"));
        }
        for (one, other) in [("user", "password-secret"), ("tls-cert", "tls-key")] {
            if text(one).is_some() != text(other).is_some() {
                return Err(format!("{one} and {other} belong together"));
            }
        }
        let name = label("name")?.expect("it is required, and text");
        let namespace = label("namespace")?;
        Ok(Outlet { name, kind, addresses, namespace, written })
    }
}

impl Form {
    fn read(&self, value: &toml::Value) -> Result<Written, String> {
        let text = |value: &toml::Value| {
            value.as_str().map(str::to_owned).ok_or_else(|| format!("{} is no text", leaf(value)))
        };
        Ok(match self {
            Self::Text => Written::Text(text(value)?),
            Self::Switch => Written::Switch(value.as_bool().ok_or("expected true or false")?),
            Self::Texts => {
                let items = value.as_array().ok_or("expected a list of texts")?;
                Written::Texts(items.iter().map(text).collect::<Result<_, _>>()?)
            }
            Self::OneOf(words) => {
                let text = text(value)?;
                if !words.contains(&text.as_str()) {
                    return Err(format!("{text:?} is none of {}", words.join(", ")));
                }
                Written::Text(text)
            }
        })
    }
}

#[cfg(test)]
mod tests;
