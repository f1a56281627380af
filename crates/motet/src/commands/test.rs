//! Scenarios of workflows, tried without a server.

use std::path::{Path, PathBuf};

use motet_scenario::{Problem, Suite, SuiteResult};

use super::Ended;
use super::documents::read;
use crate::cli::Test;
use crate::failure::{Exit, Failure};
use crate::output::{Format, Output};

const SUFFIX: &str = ".scenarios.yaml";

/// Runs every scenario of the files; one that fails makes the command fail.
pub(super) fn test(options: &Test, output: &Output) -> Ended {
    let mut results = Vec::new();
    for file in files(&options.files)? {
        let suite = suite(&file)?;
        results.push(motet_scenario::run_suite(&suite, options.filter.as_deref()));
    }
    if results.iter().all(|result| result.verdicts.is_empty()) {
        return Err(Failure::usage("no scenario has such a name"));
    }
    if let Some(path) = &options.junit {
        std::fs::write(path, motet_scenario::as_junit(&results)).map_err(|error| {
            Failure::new("unreadable-file", format!("cannot write {}: {error}", path.display()))
        })?;
    }
    match output.format {
        Format::Table => output.print(&coloured(&results, output)),
        Format::Json | Format::Yaml => {
            output.value(&motet_scenario::as_json(&results), |_| String::new());
        }
    }
    let has_passed = results.iter().all(SuiteResult::has_passed);
    Ok(if has_passed { Exit::Done } else { Exit::Failed })
}

/// The files that are meant: those named, and those beneath directories, sorted.
fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            let before = files.len();
            beneath(path, &mut files)?;
            files[before..].sort();
            if files.len() == before {
                let message = format!("{} has no *{SUFFIX}", path.display());
                return Err(Failure::usage(message));
            }
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn beneath(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |error: std::io::Error| {
        let message = format!("cannot read {}: {error}", directory.display());
        Failure::new("unreadable-file", message)
    };
    for entry in directory.read_dir().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        // A link could lead around in circles.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            beneath(&path, files)?;
        } else if path.to_string_lossy().ends_with(SUFFIX) {
            files.push(path);
        }
    }
    Ok(())
}

fn suite(file: &Path) -> Result<Suite, Failure> {
    let text = read(file)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut loader = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    let name = file.display().to_string();
    motet_scenario::read(&name, &text, &mut loader).map_err(|problems| Failure {
        details: problems.iter().map(|problem| told(&name, problem)).collect(),
        ..Failure::new("invalid-scenarios", format!("{name} cannot be understood"))
    })
}

fn told(name: &str, problem: &Problem) -> String {
    match problem.span {
        Some(span) => format!("{name}:{}:{}: {}", span.line, span.column, problem.message),
        None => format!("{name}: {}", problem.message),
    }
}

/// The report with its verdicts in colour.
fn coloured(results: &[SuiteResult], output: &Output) -> String {
    let style = output.style;
    let text = motet_scenario::as_text(results);
    let lines = text.lines().map(|line| {
        let painted = match (line.strip_prefix("  ok  "), line.strip_prefix("  FAIL")) {
            (Some(rest), _) => format!("  {}  {rest}", style.green("ok")),
            (_, Some(rest)) => format!("  {}{rest}", style.red("FAIL")),
            _ => line.to_owned(),
        };
        painted + "\n"
    });
    lines.collect()
}
