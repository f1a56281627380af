//! Arguments of our own commands: words, switches and options, all known beforehand.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use anyhow::{Context, bail};

/// What a command was called with.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// In the order in which they came.
    pub words: Vec<String>,
    switches: Vec<String>,
    options: BTreeMap<String, String>,
}

impl Arguments {
    /// Reads `--switch`, `--option value` and words.
    ///
    /// # Errors
    /// A name that is not among those given, or an option without its value.
    pub fn read(args: &[String], switches: &[&str], options: &[&str]) -> anyhow::Result<Self> {
        let mut read = Self::default();
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            let Some(name) = arg.strip_prefix("--") else {
                read.words.push(arg.clone());
                continue;
            };
            if switches.contains(&name) {
                read.switches.push(name.to_owned());
            } else if options.contains(&name) {
                let value = rest.next().with_context(|| format!("--{name} needs a value"))?;
                read.options.insert(name.to_owned(), value.clone());
            } else {
                bail!("unknown argument --{name}: there are {}", listed(switches, options));
            }
        }
        Ok(read)
    }

    /// Whether a switch was given.
    pub fn has(&self, switch: &str) -> bool {
        self.switches.iter().any(|given| given == switch)
    }

    /// An option's value, if it was given.
    ///
    /// # Errors
    /// The value is none of that type.
    pub fn option<T: FromStr<Err: Display>>(&self, name: &str) -> anyhow::Result<Option<T>> {
        let Some(text) = self.options.get(name) else { return Ok(None) };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(error) => bail!("--{name} {text}: {error}"),
        }
    }

    /// An option's value, which must be given.
    ///
    /// # Errors
    /// It was not, or is none of that type.
    pub fn required<T: FromStr<Err: Display>>(&self, name: &str) -> anyhow::Result<T> {
        self.option(name)?.with_context(|| format!("--{name} is missing"))
    }
}

fn listed(switches: &[&str], options: &[&str]) -> String {
    let switches = switches.iter().map(|name| format!("--{name}"));
    let options = options.iter().map(|name| format!("--{name} VALUE"));
    match switches.chain(options).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "none".to_owned(),
        list => list,
    }
}

#[cfg(test)]
mod tests;
