//! What people and programs get to see.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::time::SystemTime;

use motet_expr::{Value, json};

use motet_types::Timestamp;

use crate::failure::{Exit, Failure};

/// What remarks of a server begin with.
const OWN_NAME: &str = "motet: ";

/// Form of what a command prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Yaml,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// Where results and complaints go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    /// Style of standard output.
    pub(crate) style: Style,
    /// Style of standard error.
    errors: Style,
    /// Whether a line on standard error may be drawn over.
    pub(crate) has_progress: bool,
    /// Whether remarks are JSON, a line each.
    logs_json: bool,
}

impl Output {
    pub(crate) fn new(format: Format, color: Color) -> Self {
        let coloured = |is_terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        };
        let errors_on_terminal = std::io::stderr().is_terminal();
        Self {
            format,
            style: Style(coloured(std::io::stdout().is_terminal())),
            errors: Style(coloured(errors_on_terminal)),
            has_progress: errors_on_terminal,
            logs_json: false,
        }
    }

    /// Prints text to standard output. A reader that has gone away, as with `| head`, wants no more of it.
    #[expect(clippy::unused_self, reason = "results go through the output, wherever it leads")]
    pub(crate) fn print(&self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }

    pub(crate) fn line(&self, text: &str) {
        self.print(&format!("{text}\n"));
    }

    /// Prints a value as JSON or YAML, or as `table` draws it.
    pub(crate) fn value(&self, value: &Value, table: impl FnOnce(&Self) -> String) {
        match self.format {
            Format::Table => self.print(&table(self)),
            Format::Json => self.line(&json::to_pretty(value)),
            Format::Yaml => self.print(&motet_definition::to_yaml(value)),
        }
    }

    /// A remark on standard error, which is not part of the result.
    pub(crate) fn note(&self, text: &str) {
        match self.logs_json {
            true => self.event(text, vec![("at", json::string(now()))]),
            false => eprintln!("{text}"),
        }
    }

    /// The same output, whose remarks are lines of JSON or of words.
    pub(crate) fn logging(self, logs_json: bool) -> Self {
        Self { logs_json, ..self }
    }

    /// What has happened, in words; where lines are JSON with these members beside them.
    pub(crate) fn event(&self, words: &str, mut members: Vec<(&'static str, Value)>) {
        let words = words.strip_prefix(OWN_NAME).unwrap_or(words);
        if !self.logs_json {
            return eprintln!("{OWN_NAME}{words}");
        }
        members.push(("message", json::string(words)));
        eprintln!("{}", json::to_text(&json::object(members)));
    }

    /// Draws a line over the one before; the empty text removes it.
    pub(crate) fn progress(&self, text: &str) {
        if self.has_progress {
            let mut stderr = std::io::stderr().lock();
            // A terminal that cannot be written to shows no progress; the result is what counts.
            let _ = write!(stderr, "\r\x1b[2K{text}").and_then(|()| stderr.flush());
        }
    }

    pub(crate) fn fail(&self, failure: &Failure) -> Exit {
        eprint!("{}", failure_text(failure, self.errors));
        failure.exit
    }

    /// Colour of reports of the definition crate on standard error.
    pub(crate) fn report_colour(&self) -> motet_definition::Colour {
        if self.errors.0 {
            motet_definition::Colour::Always
        } else {
            motet_definition::Colour::Never
        }
    }
}

/// A complaint with its details and hint.
pub(crate) fn failure_text(failure: &Failure, style: Style) -> String {
    let mut text = String::new();
    for line in &failure.details {
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let title = style.red(&format!("error[{}]", failure.code));
    let _ = writeln!(text, "{title}: {}", failure.message);
    if let Some(hint) = &failure.hint {
        let _ = writeln!(text, "  {} {hint}", style.dim("hint:"));
    }
    text
}

/// Colours (ECMA-48 SGR), or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style(pub(crate) bool);

impl Style {
    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// A status in the colour that it has everywhere.
    pub(crate) fn status(self, status: &str) -> String {
        let colour = match status {
            "completed" => "32",
            "faulted" => "31",
            "cancelled" | "suspended" => "33",
            "waiting" => "36",
            _ => "34",
        };
        self.paint(colour, status)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Columns under headings, as wide as their widest cell; `status` cells are coloured.
pub(crate) fn table(style: Style, headings: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = headings
        .iter()
        .enumerate()
        .map(|(idx, heading)| {
            let cells = rows.iter().filter_map(|row| row.get(idx));
            cells.map(|cell| cell.chars().count()).chain([heading.chars().count()]).max()
        })
        .map(Option::unwrap_or_default)
        .collect();
    let heading: Vec<String> = headings.iter().map(|heading| heading.to_uppercase()).collect();
    let mut text = style.bold(&line(&heading, &widths, |_, cell| cell.to_owned())) + "\n";
    for row in rows {
        let coloured = |idx: usize, cell: &str| match headings[idx] {
            "status" => style.status(cell),
            _ => cell.to_owned(),
        };
        text.push_str(&line(row, &widths, coloured));
        text.push('\n');
    }
    text
}

fn line(cells: &[String], widths: &[usize], paint: impl Fn(usize, &str) -> String) -> String {
    let mut text = String::new();
    for (idx, cell) in cells.iter().enumerate() {
        text.push_str(&paint(idx, cell));
        if idx + 1 < cells.len() {
            text.push_str(&" ".repeat(widths[idx] - cell.chars().count() + 2));
        }
    }
    text.trim_end().to_owned()
}

fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX)).to_string()
}
