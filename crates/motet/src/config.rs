//! The configuration of a server: one table of settings, read from a file, the environment and the command line.
//!
//! The last wins, in that order. A key that nobody knows is an error in the file and on the command line; in the environment
//! it is a remark, because platforms put variables of their own there (Kubernetes sets `MOTET_PORT` for a service named `motet`).

mod environment;
mod outlets;
mod settings;
mod table;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use motet_types::Limits;

use crate::cli::Serve;
use crate::failure::Failure;
use outlets::Table;
use settings::Setting;
use table::SETTINGS;

pub(crate) use environment::unread_variables;
pub(crate) use outlets::{Kind, Outlet};

pub(crate) use settings::{duration, schema};

/// Data directory where none is named.
pub(crate) const DATA: &str = "motet-data";
const PORT: u16 = 7080;
/// Read if it is there and no other is named.
const FILE: &str = "motet.toml";

/// Everything that an operator may set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) data: PathBuf,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) secrets: Option<PathBuf>,
    pub(crate) tls_cert: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    pub(crate) tls_client_ca: Option<PathBuf>,
    pub(crate) require_tokens: bool,
    pub(crate) insecure: bool,
    pub(crate) metrics_open: bool,
    pub(crate) log_json: bool,
    pub(crate) traces_endpoint: Option<String>,
    /// Of the environment, so that it is no setting: whether OpenTelemetry's own variables name a collector.
    pub(crate) traces_elsewhere: bool,
    pub(crate) shutdown_limit: Duration,
    pub(crate) connections_max: usize,
    pub(crate) wait_max: Duration,
    pub(crate) limits: Limits,
    pub(crate) sources: Vec<Outlet>,
    pub(crate) sinks: Vec<Outlet>,
    /// Of this start only, so that it is no setting: whether a lost key of the secrets is made anew.
    pub(crate) new_secret_key: bool,
}

/// Where traces go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collector<'c> {
    /// Address without a path.
    At(&'c str),
    /// As the variables of OpenTelemetry say.
    OfEnvironment,
}

impl Default for Config {
    fn default() -> Self {
        let api = motet_api::Options::default();
        Self {
            listen: (Ipv4Addr::LOCALHOST, PORT).into(),
            data: DATA.into(),
            allowed_hosts: Vec::new(),
            secrets: None,
            tls_cert: None,
            tls_key: None,
            tls_client_ca: None,
            require_tokens: false,
            insecure: false,
            metrics_open: false,
            log_json: false,
            traces_endpoint: None,
            traces_elsewhere: false,
            shutdown_limit: Duration::from_secs(10),
            connections_max: api.connections_max,
            wait_max: api.wait_max,
            limits: Limits::default(),
            sources: Vec::new(),
            sinks: Vec::new(),
            new_secret_key: false,
        }
    }
}

impl Config {
    /// The configuration of a server that is started like this, in this environment.
    pub(crate) fn load(serve: &Serve) -> Result<Self, Failure> {
        let file = match &serve.config {
            Some(path) => Some((path.clone(), read(path)?)),
            None if Path::new(FILE).exists() => Some((FILE.into(), read(Path::new(FILE))?)),
            None => None,
        };
        Self::assemble(file, &environment::read(), serve)
    }

    fn assemble(
        file: Option<(PathBuf, String)>,
        environment: &BTreeMap<String, String>,
        serve: &Serve,
    ) -> Result<Self, Failure> {
        let mut config = Self::default();
        if let Some((path, text)) = file {
            config.read_file(&path, &text)?;
        }
        for setting in SETTINGS {
            let variable = setting.variable();
            if let Some(text) = environment.get(&variable) {
                config.set(setting, text, &variable)?;
            }
        }
        for pair in &serve.settings {
            let Some((key, text)) = pair.split_once('=') else {
                return Err(invalid("--set", &format!("{pair:?} is not KEY=VALUE")));
            };
            config.set(known(key, "--set")?, text, "--set")?;
        }
        if let Some(listen) = &serve.listen {
            config.set(known("listen", "--listen")?, listen, "--listen")?;
        }
        if let Some(data) = &serve.data {
            config.data.clone_from(data);
        }
        for (slot, given) in [
            (&mut config.tls_cert, &serve.tls_cert),
            (&mut config.tls_key, &serve.tls_key),
            (&mut config.tls_client_ca, &serve.tls_client_ca),
        ] {
            *slot = given.clone().or(slot.take());
        }
        config.require_tokens |= serve.require_tokens;
        config.insecure |= serve.insecure;
        config.new_secret_key = serve.new_secret_key;
        config.traces_elsewhere = environment::names_collector(environment);
        Ok(config)
    }

    /// Where traces go to; nowhere unless it was said.
    pub(crate) fn collector(&self) -> Option<Collector<'_>> {
        match &self.traces_endpoint {
            Some(endpoint) => Some(Collector::At(endpoint)),
            None => self.traces_elsewhere.then_some(Collector::OfEnvironment),
        }
    }

    /// The configuration as a file that gives the same.
    pub(crate) fn print(&self) -> String {
        let mut config = self.clone();
        let mut text = String::new();
        let mut section = "";
        for setting in SETTINGS {
            let (within, key) = setting.key.rsplit_once('.').unwrap_or(("", setting.key));
            if within != section {
                text.push_str(&format!("\n[{within}]\n"));
                section = within;
            }
            if let Some(value) = (setting.slot)(&mut config).to_toml() {
                text.push_str(&format!("{key} = {value}\n"));
            }
        }
        for table in Table::ALL {
            text.push_str(&table.print(config.outlets(table)));
        }
        text
    }

    fn read_file(&mut self, path: &Path, text: &str) -> Result<(), Failure> {
        let place = path.display().to_string();
        let mut table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| invalid(&place, &error.to_string()))?;
        for outlets in Table::ALL {
            if let Some(entries) = table.remove(outlets.name()) {
                *self.outlets(outlets) = outlets.read(&place, &entries)?;
            }
        }
        let mut pairs = Vec::new();
        flatten("", &table, &mut pairs);
        for (key, value) in pairs {
            self.set(known(&key, &place)?, &value, &place)?;
        }
        Ok(())
    }

    fn outlets(&mut self, table: Table) -> &mut Vec<Outlet> {
        match table {
            Table::Sources => &mut self.sources,
            Table::Sinks => &mut self.sinks,
        }
    }

    fn set(&mut self, setting: &Setting, text: &str, place: &str) -> Result<(), Failure> {
        let mut slot = (setting.slot)(self);
        slot.set(text).map_err(|why| invalid(place, &format!("{}: {why}", setting.key)))
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        Failure::new("unreadable-file", format!("cannot read {}: {error}", path.display()))
    })
}

/// The leaves of a table as dotted keys with their texts; a list's elements are joined by commas.
fn flatten(prefix: &str, table: &toml::Table, pairs: &mut Vec<(String, String)>) {
    for (key, value) in table {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, pairs),
            toml::Value::Array(items) => {
                pairs.push((key, items.iter().map(leaf).collect::<Vec<_>>().join(",")));
            }
            value => pairs.push((key, leaf(value))),
        }
    }
}

fn leaf(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(truth) => truth.to_string(),
        toml::Value::Datetime(instant) => instant.to_string(),
        // Lists in lists have no meaning in any setting, and are refused as the text that they are.
        toml::Value::Array(_) | toml::Value::Table(_) => format!("{value:?}"),
    }
}

fn known(key: &str, place: &str) -> Result<&'static Setting, Failure> {
    SETTINGS.iter().find(|setting| setting.key == key).ok_or_else(|| {
        let failure = invalid(place, &format!("there is no setting {key:?}"));
        match settings::nearest(key) {
            Some(near) => failure.with_hint(format!("did you mean {near:?}?")),
            None => failure.with_hint("`motet serve --print-config` prints every setting"),
        }
    })
}

fn invalid(place: &str, why: &str) -> Failure {
    Failure::new("invalid-configuration", format!("{place}: {why}"))
}

#[cfg(test)]
mod tests;
