//! What is to come of runs in which one step fails for good.
//!
//! ```text
//! failAtEachStep:
//!   reserve: []                          nothing is undone
//!   pay: [pay?, reserve]                 pay itself only where it may have been carried out
//!   ship: onwards                        behind the pivot: nothing is undone, and it completes when the service is back
//!   tell: {undo: [], status: completed}  its error is caught
//! ```

use motet_expr::json;
use motet_types::Status;

use super::cursor::Cursor;
use super::expectation;
use crate::model::{ExpectedUndo, FailRow};

pub(super) fn read(at: &Cursor<'_>) -> Vec<FailRow> {
    at.members().iter().filter_map(|(step, row)| self::row(step, row)).collect()
}

fn row(step: &str, at: &Cursor<'_>) -> Option<FailRow> {
    let (undo, status) = match at.value() {
        motet_expr::Value::Arr(_) => (undone(at), None),
        motet_expr::Value::Obj(_) => {
            at.only(&["undo", "status"]);
            let undo = at.get("undo").map(|list| undone(&list)).unwrap_or_default();
            (undo, at.get("status").and_then(|it| expectation::status(&it)))
        }
        value if json::as_str(value) == Some("onwards") => {
            (Vec::new(), Some(Status::Completed.to_string()))
        }
        _ => {
            at.problem("expected the tasks that are undone in order, `onwards`, or {undo, status}");
            return None;
        }
    };
    let status = status.unwrap_or_else(|| Status::Faulted.to_string());
    Some(FailRow { at: at.pointer(), step: step.to_owned(), undo, status })
}

fn undone(at: &Cursor<'_>) -> Vec<ExpectedUndo> {
    let one = |item: &Cursor<'_>| {
        let text = item.text()?;
        let (task, if_unknown) = match text.strip_suffix('?') {
            Some(task) => (task.to_owned(), true),
            None => (text, false),
        };
        Some(ExpectedUndo { task, if_unknown })
    };
    at.items().iter().filter_map(one).collect()
}
