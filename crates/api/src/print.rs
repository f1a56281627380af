//! Views as JSON. What is absent is left out, never null.

mod instance;
mod job;
mod rights;
mod schedule;
mod service;
mod workflow;

use motet_definition::Diagnostic;

use crate::json::Object;

pub(crate) use instance::{entry, incidents, instance, limit_of, result, row, undo};
pub(crate) use job::{job, task, task_row};
pub(crate) use rights::{audit, grant, rights, secret, token};
pub(crate) use schedule::schedule;
pub(crate) use service::{line, millis, service, service_summary};
pub(crate) use workflow::{publication, tag, tags, workflow, workflow_summary};

/// The member `violations`.
pub(crate) fn violations(object: &mut Object<'_>, violations: &[(String, String)]) {
    object.array("violations", |items| {
        for (path, message) in violations {
            items.object(|item| {
                item.text("path", path);
                item.text("message", message);
            });
        }
    });
}

/// The member `diagnostics`.
pub(crate) fn diagnostics(object: &mut Object<'_>, diagnostics: &[Diagnostic]) {
    object.array("diagnostics", |items| {
        for diagnostic in diagnostics {
            items.object(|item| {
                item.text("code", diagnostic.code);
                item.text("severity", diagnostic.severity);
                item.text("message", &diagnostic.message);
                item.maybe_text("help", diagnostic.help.as_ref());
                item.text("path", &diagnostic.path);
                if let Some(span) = diagnostic.span {
                    item.number("line", span.line as u64);
                    item.number("column", span.column as u64);
                }
            });
        }
    });
}
