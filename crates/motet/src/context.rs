//! Which server a command talks to, and as whom: from the command line, the environment, and a file of contexts, in that order.
//!
//! ```toml
//! current = "production"
//!
//! [contexts.production]
//! server = "https://motet.example.com"
//! token-file = "production.token"
//! ca-cert = "authority.pem"
//! ```

use std::path::{Path, PathBuf};

use toml::Table;

use crate::cli::Connection;
use crate::failure::Failure;

const SERVER: &str = "http://127.0.0.1:7080";
/// Within the directory of configurations.
const FILE: &str = "motet/contexts.toml";
const KEYS: [&str; 4] = ["server", "token", "token-file", "ca-cert"];

/// A server, and what is shown to it.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) server: String,
    pub(crate) token: Option<String>,
    pub(crate) ca_cert: Option<PathBuf>,
}

impl Target {
    /// The one that the connection means, with what it leaves open from the context.
    pub(crate) fn of(connection: &Connection) -> Result<Self, Failure> {
        // With a server of its own a command takes no token from a context that it did not ask for: it is another server's.
        let is_complete = connection.context.is_none() && connection.server.is_some();
        let file = if is_complete { None } else { file() };
        let context = match file {
            Some(path) => Self::read(&path, connection.context.as_deref())?,
            None => match &connection.context {
                Some(name) => return Err(unknown(name, "there is no file of contexts")),
                None => Self::default(),
            },
        };
        let server = connection.server.clone().or(Some(context.server).filter(|s| !s.is_empty()));
        Ok(Self {
            server: server.unwrap_or_else(|| SERVER.to_owned()),
            // A variable that is set to nothing says nothing.
            token: connection.token.clone().filter(|text| !text.is_empty()).or(context.token),
            ca_cert: connection.ca_cert.clone().or(context.ca_cert),
        })
    }

    /// The context of that name, or the current one; none if there is no file.
    fn read(path: &Path, name: Option<&str>) -> Result<Self, Failure> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return match name {
                    Some(name) => Err(unknown(name, &format!("there is no {}", path.display()))),
                    None => Ok(Self::default()),
                };
            }
            Err(error) => return Err(unreadable(path, &error.to_string())),
        };
        Self::parse(&text, name, path)
    }

    fn parse(text: &str, name: Option<&str>, path: &Path) -> Result<Self, Failure> {
        let wrong =
            |why: &str| Failure::new("invalid-configuration", format!("{}: {why}", path.display()));
        let table: Table =
            text.parse().map_err(|error: toml::de::Error| wrong(&error.to_string()))?;
        let current = table.get("current").and_then(toml::Value::as_str);
        let Some(name) = name.or(current) else { return Ok(Self::default()) };
        let contexts = table.get("contexts").and_then(toml::Value::as_table);
        let context = contexts.and_then(|all| all.get(name)).and_then(toml::Value::as_table);
        let Some(context) = context else {
            let names: Vec<&str> =
                contexts.into_iter().flat_map(Table::keys).map(String::as_str).collect();
            return Err(unknown(name, &format!("{} has {}", path.display(), names.join(", "))));
        };
        if let Some(key) = context.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(wrong(&format!(
                "{name}: there is no setting {key:?}: {}",
                KEYS.join(", ")
            )));
        }
        let text = |key| context.get(key).and_then(toml::Value::as_str);
        let beside = |file: &str| path.parent().unwrap_or(Path::new(".")).join(file);
        let token = match (text("token"), text("token-file")) {
            (Some(token), _) => Some(token.to_owned()),
            (None, Some(file)) => {
                let file = beside(file);
                let token = std::fs::read_to_string(&file);
                Some(
                    token.map_err(|error| unreadable(&file, &error.to_string()))?.trim().to_owned(),
                )
            }
            (None, None) => None,
        };
        Ok(Self {
            server: text("server").unwrap_or(SERVER).to_owned(),
            token,
            ca_cert: text("ca-cert").map(beside),
        })
    }
}

/// Where contexts are: `MOTET_CONTEXTS`, else in the user's directory of configurations.
fn file() -> Option<PathBuf> {
    let variable =
        |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("MOTET_CONTEXTS")
        .or_else(|| Some(variable("XDG_CONFIG_HOME")?.join(FILE)))
        .or_else(|| Some(variable("HOME")?.join(".config").join(FILE)))
}

fn unknown(name: &str, why: &str) -> Failure {
    Failure::new("invalid-configuration", format!("there is no context {name:?}: {why}"))
}

fn unreadable(path: &Path, why: &str) -> Failure {
    Failure::new("unreadable-file", format!("cannot read {}: {why}", path.display()))
}

#[cfg(test)]
mod tests;
