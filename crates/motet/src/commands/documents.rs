//! Documents without a server.

use std::path::{Path, PathBuf};

use motet_definition::graph::saga::{self, Undone};
use motet_definition::graph::{Checked, check, draw};
use motet_definition::service::{ParsedService, is_service, parse_service};
use motet_definition::{Diagnostic, Severity};
use motet_expr::Value;
use motet_expr::json::{array, object, string};
use motet_types::Limits;

use super::Ended;
use crate::cli::Drawing;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::value::Members as _;

/// Says everything that is wrong with each file.
pub(super) fn validate(files: &[PathBuf], strict: bool, saga: bool, output: &Output) -> Ended {
    let mut text = String::new();
    let mut values = Vec::new();
    let mut exit = Exit::Done;
    for file in files {
        let source = read(file)?;
        let checked = without_server(&source);
        let name = file.display().to_string();
        let counted = Counted::of(&checked.diagnostics);
        if counted.errors > 0 || (strict && counted.warnings > 0) {
            exit = Exit::Failed;
        }
        let colour = match output.style.0 {
            true => motet_definition::Colour::Always,
            false => motet_definition::Colour::Never,
        };
        let report = motet_definition::report(&name, &checked.source, &checked.diagnostics, colour);
        text.push_str(&format!("{report}{name}: {}\n", counted.verdict()));
        let starts = starts(&checked);
        for (at, trigger) in &starts {
            text.push_str(&format!("  starts {at} ({trigger})\n"));
        }
        let plan = checked.graph.as_ref().filter(|_| saga).map(saga::plan);
        if let Some(plan) = &plan {
            text.push_str(&plan.as_ref().map_or(NO_PLAN.to_owned(), saga::Plan::text));
        }
        values.push(file_value(&name, &checked.diagnostics, &starts, plan.as_ref()));
    }
    output.value(&array(values), |_| text);
    Ok(exit)
}

/// Draws a document's graph.
pub(super) fn graph(file: &Path, format: Drawing, output: &Output) -> Ended {
    let source = read(file)?;
    let checked = checked(file, &source, output)?;
    let graph = checked.graph.expect("a document without errors has a graph");
    output.print(&draw(&graph, format.into()));
    Ok(Exit::Done)
}

/// A document of a service is checked as one. Which services there are only a server knows.
fn without_server(source: &str) -> Checked {
    let limits = Limits::default();
    if is_service(source, &limits) {
        let ParsedService { diagnostics, source, .. } = parse_service(source, &limits);
        return Checked { graph: None, diagnostics, source };
    }
    let mut checked = check(source, &limits);
    checked.forget_services(|_| true);
    checked
}

/// Where the document of a service goes, and warnings about it; errors are shown with the lines they are about.
pub(super) fn checked_service(
    file: &Path,
    source: &str,
    output: &Output,
) -> Result<(String, Option<String>), Failure> {
    let ParsedService { service, diagnostics, source } = parse_service(source, &Limits::default());
    let verdict = Counted::of(&diagnostics).verdict();
    let is_silent = diagnostics.is_empty();
    let checked = Checked { graph: None, diagnostics, source };
    let shown = report(file, &checked, output).trim_end().to_owned();
    let Some(service) = service else {
        return Err(Failure {
            details: vec![shown],
            ..Failure::of_server("invalid-document", format!("{}: {verdict}", file.display()))
        });
    };
    let path = format!("/api/v1/services/{}/{}", service.namespace, service.name);
    Ok((path, (!is_silent).then_some(shown)))
}

/// A diagnostic of the server as a line.
pub(super) fn report_service(file: &Path, found: &Value) -> String {
    let text = |key| found.text(key).unwrap_or_default();
    let number = |key| found.number(key).unwrap_or_default();
    let (line, column) = (number("line"), number("column"));
    let (name, severity, code) = (file.display(), text("severity"), text("code"));
    format!("{name}:{line}:{column}: {severity}[{code}]: {}", text("message"))
}

/// A document without errors; else they are shown with the lines they are about.
pub(super) fn checked(file: &Path, source: &str, output: &Output) -> Result<Checked, Failure> {
    let checked = without_server(source);
    if checked.graph.is_some() {
        return Ok(checked);
    }
    let verdict = Counted::of(&checked.diagnostics).verdict();
    Err(Failure {
        details: vec![report(file, &checked, output)],
        ..Failure::of_server("invalid-document", format!("{}: {verdict}", file.display()))
    })
}

/// What is to be said of a document, with the lines it is about, for standard error.
pub(super) fn report(file: &Path, checked: &Checked, output: &Output) -> String {
    let name = file.display().to_string();
    let colour = output.report_colour();
    motet_definition::report(&name, &checked.source, &checked.diagnostics, colour)
}

pub(super) fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| {
        Failure::new("unreadable-file", format!("cannot read {}: {error}", file.display()))
    })
}

/// How much is wrong.
struct Counted {
    errors: usize,
    warnings: usize,
}

impl Counted {
    fn of(diagnostics: &[Diagnostic]) -> Self {
        let count = |wanted| diagnostics.iter().filter(|one| one.severity == wanted).count();
        Self { errors: count(Severity::Error), warnings: count(Severity::Warning) }
    }

    fn verdict(&self) -> String {
        let several = |count, what: &str| match count {
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        match (self.errors, self.warnings) {
            (0, 0) => "valid".to_owned(),
            (0, warnings) => format!("valid, {}", several(warnings, "warning")),
            (errors, 0) => several(errors, "error"),
            (errors, warnings) => {
                format!("{}, {}", several(errors, "error"), several(warnings, "warning"))
            }
        }
    }
}

/// Starts to come that a schedule is shown with.
const STARTS: usize = 5;

/// When the schedule of a document would start instances, were it in force from now on; in the time of its zone.
fn starts(checked: &Checked) -> Vec<(String, &'static str)> {
    let plan = checked.graph.as_ref().and_then(|graph| graph.schedule.as_ref());
    let Some(plan) = plan else { return Vec::new() };
    let now = motet_runtime::Clock::now(&motet_runtime::SystemClock::new());
    let upcoming = plan.upcoming(now, now, STARTS).into_iter();
    upcoming.filter_map(|(at, trigger)| Some((plan.zone.local(at)?, trigger.as_str()))).collect()
}

/// What a plan says of a document in which nothing is undone.
const NO_PLAN: &str = "nothing in it can be undone: no task has a `compensate`\n";

fn file_value(
    name: &str,
    diagnostics: &[Diagnostic],
    starts: &[(String, &str)],
    plan: Option<&Option<saga::Plan>>,
) -> Value {
    let lines = |plan: &Option<saga::Plan>| {
        let lines = plan.iter().flat_map(|plan| &plan.lines);
        ("undo", array(lines.map(line_value)))
    };
    let start = |(at, trigger): &(String, &str)| {
        object([("at", string(at.as_str())), ("trigger", string(*trigger))])
    };
    let mut members = vec![
        ("file", string(name)),
        ("valid", Value::Bool(!diagnostics.iter().any(Diagnostic::is_error))),
        ("diagnostics", array(diagnostics.iter().map(diagnostic_value))),
    ];
    if !starts.is_empty() {
        members.push(("starts", array(starts.iter().map(start))));
    }
    members.extend(plan.map(lines));
    object(members)
}

/// One task of an undo plan.
fn line_value(line: &saga::Line) -> Value {
    let names = |names: &[String]| array(names.iter().map(|name| string(name.as_str())));
    let (undone, by) = match &line.undone {
        Undone::By(tasks) => ("tasks", names(tasks)),
        Undone::Child => ("child", names(&[])),
        Undone::Around(task) => ("around", names(std::slice::from_ref(task))),
        Undone::Inside => ("inside", names(&[])),
        Undone::Needless => ("needless", names(&[])),
        Undone::Never => ("never", names(&[])),
    };
    object([
        ("name", string(line.name.as_str())),
        ("task", string(line.reference.as_str())),
        ("type", string(line.kind)),
        ("undone", string(undone)),
        ("by", by),
        ("saga", Value::Bool(line.is_saga)),
        ("pivot", Value::Bool(line.is_pivot)),
        ("committed", Value::Bool(line.is_committed)),
    ])
}

fn diagnostic_value(diagnostic: &Diagnostic) -> Value {
    let mut members = vec![
        ("code", string(diagnostic.code.as_str())),
        ("severity", string(diagnostic.severity.to_string())),
        ("message", string(diagnostic.message.as_str())),
        ("path", string(diagnostic.path.to_string())),
    ];
    if let Some(span) = diagnostic.span {
        members.push(("line", Value::from(span.line)));
        members.push(("column", Value::from(span.column)));
    }
    object(members)
}
