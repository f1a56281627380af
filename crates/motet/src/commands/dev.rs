//! A server for development: it publishes files, and again whenever they change.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use http::Method;
use motet_expr::Value;
use motet_expr::json::{object, string, to_text};
use motet_types::Version;

use super::list::path_of;
use super::{Ended, history, publish};
use crate::cli::{Connection, Dev, Serve};
use crate::client::{Answer, Call, Client};
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;
use crate::serve;
use crate::value::Members;

/// Data of a development server, where none is named.
const DATA: &str = ".motet";
/// Between two looks at the files.
const LOOK_INTERVAL: Duration = Duration::from_millis(300);
/// Pre-releases of one version that are tried.
const PRE_RELEASES_MAX: u32 = 10_000;
/// Instances whose records are shown as they happen.
const INSTANCES_SHOWN: usize = 20;

pub(super) fn dev(options: &Dev, connection: &Connection, output: &Output) -> Ended {
    let data = options.serve.data.clone().unwrap_or_else(|| DATA.into());
    let serve = Serve { data: Some(data), ..options.serve.clone() };
    let config = Config::load(&serve)?;
    serve::run(&config, output, |address| watch(address, &options.files, connection, output))
}

/// Publishes files that are new or changed, and shows what instances do, for ever.
async fn watch(address: SocketAddr, files: &[PathBuf], connection: &Connection, output: &Output) {
    let server = Some(format!("http://{address}"));
    let connection = Connection { server, ..connection.clone() };
    let client = match Client::new(&connection) {
        Ok(client) => client,
        Err(failure) => {
            output.fail(&failure);
            return;
        }
    };
    let mut seen = BTreeMap::new();
    let mut shown = Shown::default();
    loop {
        for file in files {
            let modified = std::fs::metadata(file).and_then(|file| file.modified()).ok();
            if seen.get(file) != Some(&modified) {
                seen.insert(file.clone(), modified);
                republish(&client, file, modified, output).await;
            }
        }
        // A list that fails once is asked for again at the next look.
        let _ = shown.show_new(&client, output).await;
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

async fn republish(client: &Client, file: &Path, modified: Option<SystemTime>, output: &Output) {
    if modified.is_none() {
        output.note(&format!("{}: it is not there; waiting for it", file.display()));
        return;
    }
    let published = match publish::one(client, file, output).await {
        Err(failure) if failure.code == "version-exists" => {
            publish_as_pre_release(client, file).await
        }
        published => published,
    };
    let told = match published {
        Ok(answer) => {
            output.note(&publish::summary(&answer));
            prefer(client, &answer.value).await
        }
        Err(failure) => Err(failure),
    };
    if let Err(failure) = told {
        output.fail(&failure);
    }
}

/// Lets starts without a version take what was published last, also a pre-release.
async fn prefer(client: &Client, published: &Value) -> Result<(), Failure> {
    let text = |key| published.text(key).unwrap_or_default();
    if published.text("version").is_none() {
        // A service has no versions of its document.
        return Ok(());
    }
    let path = format!("{}/tags/stable", path_of(text("namespace"), text("name")));
    let body = object([("version", string(text("version"))), ("reason", string("motet dev"))]);
    let call = Call::post(path, "application/json", to_text(&body));
    client.send(Call { method: Method::PUT, ..call }).await.map(drop)
}

/// The document under the next pre-release of the patch after its version, which is newer than what is published.
async fn publish_as_pre_release(client: &Client, file: &Path) -> Result<Answer, Failure> {
    let text = super::documents::read(file)?;
    let parsed = motet_definition::parse(&text, &motet_types::Limits::default());
    let Some(mut document) = parsed.document else {
        return Err(Failure::of_server("invalid-document", "the document has errors"));
    };
    let own = document.header.version.clone();
    for number in 1..=PRE_RELEASES_MAX {
        document.header.version = pre_release(&own, number);
        let json = motet_definition::to_json(&motet_definition::print(&document));
        match client.send(Call::post("/api/v1/workflows", "application/json", json)).await {
            Err(failure) if failure.code == "version-exists" => {}
            answered => return answered,
        }
    }
    Err(Failure::of_server("version-exists", "too many pre-releases: give it a new version"))
}

fn pre_release(own: &Version, number: u32) -> Version {
    let mut bumped = Version::new(own.major, own.minor, own.patch + 1);
    let text = format!("dev.{number}");
    bumped.pre = text.parse().expect("letters, a dot and a number are a pre-release");
    bumped
}

/// How much of which instance was shown.
#[derive(Default)]
struct Shown(BTreeMap<String, Progress>);

#[derive(Default)]
struct Progress {
    /// When the list said that it had changed last.
    updated: String,
    /// Number of the next record to show.
    next: u64,
}

impl Shown {
    async fn show_new(&mut self, client: &Client, output: &Output) -> Result<(), Failure> {
        let page = client.get(format!("/api/v1/instances?limit={INSTANCES_SHOWN}")).await?;
        let rows = page.items("items");
        // What has left the list is not asked for any more.
        self.0.retain(|id, _| rows.iter().any(|row| row.text("id") == Some(id)));
        for row in rows.iter().rev() {
            let text = |key| row.text(key).unwrap_or_default();
            let progress = self.0.entry(text("id").to_owned()).or_default();
            if progress.updated != text("updatedAt") {
                progress.show(client, text("id"), output).await?;
                text("updatedAt").clone_into(&mut progress.updated);
            }
        }
        Ok(())
    }
}

impl Progress {
    async fn show(&mut self, client: &Client, id: &str, output: &Output) -> Result<(), Failure> {
        loop {
            let path = format!("/api/v1/instances/{id}/history?cursor={}", self.next);
            let page = client.get(path).await?;
            for record in page.items("items") {
                self.next = record.number("number").unwrap_or(self.next) + 1;
                output.note(&line(id, record, output));
            }
            if page.text("next").is_none() {
                return Ok(());
            }
        }
    }
}

fn line(id: &str, record: &Value, output: &Output) -> String {
    // The end of an id differs between instances of the same moment; its beginning is the time.
    let tail: String = id.chars().skip(id.len().saturating_sub(6)).collect();
    format!("{tail} {}", history::record_line(record, output.style))
}

#[cfg(test)]
mod tests;
