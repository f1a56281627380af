use std::fmt::Write as _;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::{Diagnostic, Severity, SourceMap, Span};

/// Longest line that is drawn; longer ones are pointed to by line and column only.
const LINE_BYTES_MAX: usize = 2_000;

/// Whether a report uses colours (ANSI escape sequences).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Never,
    Always,
}

/// Diagnostics with the lines they are about, for people at a terminal.
pub fn report(
    file: &str,
    source: &SourceMap,
    diagnostics: &[Diagnostic],
    colour: Colour,
) -> String {
    let renderer = match colour {
        Colour::Never => Renderer::plain(),
        Colour::Always => Renderer::styled(),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&[group(file, source, diagnostic)]));
        text.push_str("\n\n");
    }
    text
}

/// Diagnostics as lines `file:line:column: severity[code]: message`, for other programs.
pub fn lines(file: &str, diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let (line, column) = diagnostic.span.map_or((1, 1), |span| (span.line, span.column));
        let Diagnostic { severity, code, message, help, .. } = diagnostic;
        let help = help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{file}:{line}:{column}: {severity}[{code}]: {message}{help}");
    }
    text
}

fn group<'a>(file: &'a str, source: &'a SourceMap, diagnostic: &'a Diagnostic) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group =
        Group::with_title(level.primary_title(&diagnostic.message).id(diagnostic.code.as_str()));
    if let Some(span) = diagnostic.span {
        group = match excerpt(source, span) {
            Some((line, range)) => {
                let annotation = AnnotationKind::Primary.span(range);
                let snippet = Snippet::source(line).line_start(span.line).path(file);
                group.element(snippet.annotation(annotation))
            }
            None => group.element(Origin::path(file).line(span.line).char_column(span.column)),
        };
    }
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    }
}

/// The line of a span, and the part of the line that the span covers.
fn excerpt(source: &SourceMap, span: Span) -> Option<(&str, std::ops::Range<usize>)> {
    let (start, end) = source.line(span.line);
    if end - start > LINE_BYTES_MAX {
        return None;
    }
    let line = source.text().get(start..end)?.trim_end_matches(['\n', '\r']);
    let within = |byte: usize| byte.saturating_sub(start).min(line.len());
    Some((line, within(span.start)..within(span.end)))
}
