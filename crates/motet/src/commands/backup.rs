//! Copies of a server's data, and servers' data from copies.

mod markers;

use std::path::Path;

use motet_expr::json::{object, string, to_text};
use motet_expr::{Value, json};
use motet_store_embedded::{BackupReport, Error, Options, Service};

use super::{Ended, block_on, store};
use crate::cli::{Connection, Restore};
use crate::client::{Call, Client};
use crate::context::Target;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::serve::key;
use crate::value::Members;

const KEY_REMARK: &str = "\
secret.key is left out, so that whoever gets hold of the copy can neither open its secrets nor forge markers of them: keep
it in a safe place of its own, and give it to `motet restore` with --secret-key";

/// Copies the data of a stopped server from its directory, those of a running one by asking it.
pub(super) fn backup(
    target: &Path,
    data: Option<&Path>,
    connection: &Connection,
    output: &Output,
) -> Ended {
    let copied = match data.map(|data| (data, offline(target, data))) {
        Some((data, Err(Error::Locked { .. }))) => {
            let (data, server) = (data.display(), Target::of(connection)?.server);
            output.note(&format!("{data} is in use: the server at {server} makes the copy"));
            None
        }
        Some((_, report)) => Some(report.map_err(|error| store::failed(&error))?),
        None => None,
    };
    let Some(report) = copied else {
        return block_on(online(target, connection, output));
    };
    let members = [
        ("directory", string(target.to_string_lossy())),
        ("bytes", number(report.bytes)),
        ("position", number(report.covered.0)),
    ];
    tell(&object(members), output);
    Ok(Exit::Done)
}

fn offline(target: &Path, data: &Path) -> Result<BackupReport, Error> {
    // Opening would make the directory.
    std::fs::read_dir(data)
        .map_err(|source| Error::Io { doing: format!("opening {}", data.display()), source })?;
    let service = Service::open(data, &motet_runtime::SCHEMA, Options::default())?;
    let report = service.backup(target)?;
    service.close()?;
    Ok(report)
}

async fn online(target: &Path, connection: &Connection, output: &Output) -> Ended {
    let target = std::path::absolute(target)
        .map_err(|error| Failure::usage(format!("{}: {error}", target.display())))?;
    let body = to_text(&object([("directory", string(target.to_string_lossy()))]));
    let call = Call::post("/api/v1/backup", "application/json", body);
    let answer = Client::new(connection)?.send(call).await.map_err(|failure| {
        match failure.code.as_str() {
            "server-unreachable" => failure.with_hint(
                "name it with --server or MOTET_SERVER, or the data directory of a stopped one with --data",
            ),
            _ => failure,
        }
    })?;
    tell(&answer.value, output);
    Ok(Exit::Done)
}

fn tell(report: &Value, output: &Output) {
    output.value(report, |_| {
        let number = |key| report.number(key).unwrap_or_default();
        let directory = report.text("directory").unwrap_or_default();
        let (bytes, position) = (number("bytes"), number("position"));
        format!("{directory}: {bytes} bytes, every commit up to {position}\n")
    });
    output.note(KEY_REMARK);
}

fn number(number: u64) -> Value {
    let text = number.to_string();
    json::parse(text.as_bytes(), json::Limits::default()).expect("digits are a number of JSON")
}

/// Makes a data directory from a backup, with the key that is given, or with a new one where nobody needs the old.
pub(super) fn restore(options: &Restore, output: &Output) -> Ended {
    let data = &options.data.data;
    // Read first: a wrong file must not cost a copy.
    let given = options.secret_key.as_deref().map(given_key).transpose()?;
    let report = motet_store_embedded::restore(&options.backup, data, &mut store::shown(output));
    let report = store::finished(output, report)?;
    output.line(&format!("{}: every commit up to {}", data.display(), report.covered.0));
    if let Some(key) = given {
        key::write(data, &key)?;
        return Ok(Exit::Done);
    }
    let sealed = if options.without_secret_key { 0 } else { markers::sealed(data)? };
    if sealed > 0 {
        let what = match sealed {
            1 => {
                " is complete but for its secret.key, and 1 secret of the store is sealed under it"
                    .to_owned()
            }
            sealed => format!(
                " is complete but for its secret.key, and {sealed} secrets of the store are sealed under it"
            ),
        };
        return Err(key::missing(data, &what));
    }
    let holders = if options.without_secret_key { 0 } else { markers::holders(data)? };
    if holders > 0 {
        let under_way = match holders {
            1 => "1 instance under way holds".to_owned(),
            holders => format!("{holders} instances under way hold"),
        };
        let what =
            format!(" is complete but for its secret.key, and {under_way} markers of secrets");
        return Err(key::missing(data, &what));
    }
    key::create(data)?;
    output.note("the directory has a new secret.key");
    Ok(Exit::Done)
}

fn given_key(path: &Path) -> Result<motet_engine::secret::SecretKey, Failure> {
    key::read(path)?.ok_or_else(|| {
        Failure::new(
            "unreadable-file",
            format!("cannot read {}: there is no such file", path.display()),
        )
    })
}
