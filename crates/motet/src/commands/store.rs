//! Looking after data directories whose server is stopped.

use std::path::Path;

use motet_expr::Value;
use motet_expr::json::{array, object, string};
use motet_store_embedded::{CheckReport, Error, Options, Progress};

use super::Ended;
use crate::cli::Store;
use crate::failure::{Exit, Failure};
use crate::output::Output;

pub(super) fn store(what: &Store, output: &Output) -> Ended {
    match what {
        Store::Check(data) => {
            let report = motet_store_embedded::check(&data.data, &mut shown(output));
            let report = finished(output, report)?;
            output.value(&value(&report), |_| format!("{report}\n"));
            Ok(if report.is_sound() { Exit::Done } else { Exit::Failed })
        }
        Store::Repair { data, accept_loss } => repair(&data.data, *accept_loss, output),
        Store::Upgrade(data) => {
            let report =
                motet_store_embedded::upgrade(&data.data).map_err(|error| failed(&error))?;
            output.line(&match report.from == report.to {
                true => format!("format {} is the newest already", report.to),
                false => format!("format {} is now {}", report.from, report.to),
            });
            Ok(Exit::Done)
        }
    }
}

fn repair(data: &Path, accept_loss: bool, output: &Output) -> Ended {
    let report = motet_store_embedded::repair(
        data,
        &motet_runtime::SCHEMA,
        &Options::default(),
        accept_loss,
        &mut shown(output),
    );
    let report = finished(output, report)?;
    output.line(&report.before.to_string());
    if report.cut {
        output.line(&format!(
            "cut: commits up to {} are kept, {} readable ones are gone; what was cut lies in {}",
            report.kept.0,
            report.lost,
            report.aside.join(", ")
        ));
    } else if report.before.damage.is_some() {
        let message = format!(
            "a repair would keep the commits up to {} and lose {} readable ones, and what is unreadable",
            report.kept.0, report.lost
        );
        return Err(Failure::new("store-failed", message)
            .with_hint("with --accept-loss it is done; a backup may hold more"));
    } else {
        output.line("nothing to repair");
    }
    Ok(Exit::Done)
}

/// A report for programs.
fn value(report: &CheckReport) -> Value {
    let number = |number: u64| Value::from(usize::try_from(number).unwrap_or(usize::MAX));
    let ((frames, commits), (used, idle, unreadable)) = (report.tail, report.segments);
    let segments = [("used", used), ("idle", idle), ("unreadable", unreadable)];
    let mut members = vec![
        ("sound", Value::Bool(report.is_sound())),
        ("covered", number(report.covered.0)),
        ("last", number(report.last.0)),
        ("tail", object([("frames", number(frames)), ("commits", number(commits))])),
        ("segments", object(segments.map(|(name, count)| (name, Value::from(count))))),
        ("tables", array(report.tables.iter().map(|line| string(line.as_str())))),
    ];
    if let Some((file, offset)) = &report.torn {
        let place = [("file", string(file.as_str())), ("offset", number(*offset))];
        members.push(("torn", object(place)));
    }
    if let Some(damage) = &report.damage {
        let damage = [
            ("file", string(damage.file.as_str())),
            ("offset", number(damage.offset)),
            ("commit", number(damage.sequence)),
            ("what", string(damage.what.as_str())),
            ("readableBeyond", number(report.beyond)),
        ];
        members.push(("damage", object(damage)));
    }
    object(members)
}

/// Draws how far a long operation is.
pub(super) fn shown(output: &Output) -> impl FnMut(Progress) + use<'_> {
    |progress| {
        let of = if progress.total > 0 { format!(" of {}", progress.total) } else { String::new() };
        output.progress(&format!("{} ({}{of})", progress.doing, progress.done));
    }
}

/// Its result, with the drawing removed.
pub(super) fn finished<T>(output: &Output, result: Result<T, Error>) -> Result<T, Failure> {
    output.progress("");
    result.map_err(|error| failed(&error))
}

/// A store's error with what to do about it.
pub(crate) fn failed(error: &Error) -> Failure {
    let failure = Failure::new("store-failed", error.to_string());
    match error {
        Error::Locked { .. } => {
            failure.with_hint("stop that server first, or name another directory")
        }
        Error::Damaged(_) => failure.with_hint("`motet store check` explains what is damaged"),
        Error::DiskFull(_) => failure.with_hint(
            "make some room on that disk (32 MB will do) and start again; nothing is lost",
        ),
        Error::NewerFormat { .. } => failure.with_hint("use a newer motet"),
        _ => failure,
    }
}
