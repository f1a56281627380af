//! Secrets: their values go to the server, and never come back.

use std::io::Read as _;
use std::path::Path;

use http::Method;
use motet_expr::Value;
use motet_expr::json::array;

use super::Ended;
use super::list::split;
use crate::cli::Secret;
use crate::client::{Call, Client, query};
use crate::failure::{Exit, Failure};
use crate::output::{Output, table};
use crate::value::Members;

/// Longest value, in bytes; the server takes no more.
const VALUE_BYTES_MAX: u64 = 64 * 1024;

pub(super) async fn secret(client: &Client, what: &Secret, output: &Output) -> Ended {
    match what {
        Secret::Set { name, file } => {
            let path = path_of(name)?;
            let call = Call::post(path, "text/plain", value(file.as_deref())?);
            let answer = client.send(Call { method: Method::PUT, ..call }).await?.value;
            output.value(&answer, |_| {
                format!("{name} is set (version {})\n", answer.number("version").unwrap_or(1))
            });
        }
        Secret::List { namespace } => {
            let filter = namespace.as_ref().map(|name| query("namespace", name));
            let path = format!("/api/v1/secrets?{}", filter.unwrap_or_default());
            let secrets = client.get(path).await?;
            let rows: Vec<_> = secrets.items("items").iter().map(row).collect();
            let secrets = array(secrets.items("items").iter().cloned());
            output.value(&secrets, |output| table(output.style, &HEADINGS, &rows));
        }
        Secret::Delete { name, reason } => {
            let reason = reason.as_ref().map(|reason| query("reason", reason));
            let path = format!("{}?{}", path_of(name)?, reason.unwrap_or_default());
            let call = Call { method: Method::DELETE, ..Call::get(path) };
            let answer = client.send(call).await?.value;
            output.value(&answer, |_| format!("{name} is deleted\n"));
        }
    }
    Ok(Exit::Done)
}

const HEADINGS: [&str; 4] = ["secret", "version", "set", "by"];

fn row(secret: &Value) -> Vec<String> {
    let text = |key| secret.text(key).unwrap_or_default();
    let version = secret.number("version").unwrap_or_default().to_string();
    let name = format!("{}/{}", text("namespace"), text("name"));
    vec![name, version, text("setAt").to_owned(), text("setBy").to_owned()]
}

fn path_of(name: &str) -> Result<String, Failure> {
    let (namespace, name) = split(name)?;
    Ok(format!("/api/v1/secrets/{namespace}/{name}"))
}

/// The value, from where no other user of the machine can see it.
fn value(file: Option<&Path>) -> Result<String, Failure> {
    let place = file.map_or("standard input".to_owned(), |path| path.display().to_string());
    let unreadable =
        |why: &str| Failure::new("unreadable-file", format!("cannot read {place}: {why}"));
    let mut bytes = Vec::new();
    let read = match file {
        Some(path) => std::fs::File::open(path)
            .and_then(|file| file.take(VALUE_BYTES_MAX + 2).read_to_end(&mut bytes)),
        None => std::io::stdin().lock().take(VALUE_BYTES_MAX + 2).read_to_end(&mut bytes),
    };
    read.map_err(|error| unreadable(&error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
