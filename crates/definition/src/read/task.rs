use super::call::call;
use super::cursor::Fields;
use super::data::{
    duration, export, expression, flow_directive, input, object_template, output, template,
    timeout_ref,
};
use super::event::{emit, foreach, listen_head};
use super::metadata::task_metadata;
use super::run::run;
use super::trying::{catch, raise};
use super::{Cursor, all_of, nearest, one_of};
use crate::Code;
use crate::diagnostic::Diagnostic;
use crate::model::{
    Catch, Expression, For, ForIn, Fork, SwitchCase, Task, TaskCommon, TaskItem, TaskKind,
    TaskList, Template, Try,
};
use crate::value::Value;

/// The properties that say what a task does: exactly one is present.
///
/// `do` stands last, because `for` has a `do` too.
pub(crate) const KINDS: [&str; 12] =
    ["call", "emit", "for", "fork", "listen", "raise", "run", "set", "switch", "try", "wait", "do"];

/// The properties of every task.
const COMMON: [&str; 7] = ["if", "input", "output", "export", "timeout", "then", "metadata"];

pub(super) fn task_list(cursor: Cursor<'_>) -> Option<TaskList> {
    let items = cursor.array()?;
    Some(TaskList(items.into_iter().map(task_item).collect()))
}

/// An item that cannot be read keeps its place, so that the pointers of its neighbours stay right.
fn task_item(cursor: Cursor<'_>) -> TaskItem {
    let stand_in = || TaskItem { name: String::new(), task: task_stand_in() };
    let Some((name, first)) = single_entry(&cursor, "a task", task_or_stand_in) else {
        return cursor.or_stand_in(None, stand_in);
    };
    TaskItem { name: name.to_owned(), task: first }
}

/// The only entry of an object that stands for a named thing; all entries are read, the first one counts.
fn single_entry<'a, T>(
    cursor: &Cursor<'a>,
    what: &str,
    read: impl Fn(Cursor<'a>) -> T,
) -> Option<(&'a str, T)> {
    let entries = cursor.clone().entries()?;
    if entries.len() != 1 {
        let message = match entries.len() {
            0 => format!("{what} is missing here: write its name, a colon and its properties"),
            _ => {
                let names: Vec<&str> = entries.iter().map(|(name, _)| *name).collect();
                format!("one item holds {}: begin each with `- `", all_of(&names))
            }
        };
        cursor.refuse::<()>(Code::TaskItem, message);
    }
    let mut read = entries.into_iter().map(|(name, cursor)| (name, read(cursor)));
    let first = read.next();
    read.for_each(drop);
    first
}

pub(super) fn task_or_stand_in(cursor: Cursor<'_>) -> Task {
    let task = task(cursor.clone());
    cursor.or_stand_in(task, task_stand_in)
}

fn task_stand_in() -> Task {
    Task { common: TaskCommon::default(), kind: TaskKind::Set(Template(Value::Null)) }
}

fn task(cursor: Cursor<'_>) -> Option<Task> {
    let mut fields = cursor.object()?;
    let common = TaskCommon {
        if_: fields.optional("if", expression),
        input: fields.optional("input", input),
        output: fields.optional("output", output),
        export: fields.optional("export", export),
        timeout: fields.optional("timeout", timeout_ref),
        then: fields.optional("then", flow_directive),
        metadata: fields.optional("metadata", task_metadata),
    };
    let keyword = keyword(&fields)?;
    let kind = kind(&mut fields, keyword);
    fields.close();
    Some(Task { common, kind: kind? })
}

/// Which kind of task the object is; reports where that is not clear.
fn keyword(fields: &Fields<'_>) -> Option<&'static str> {
    let cursor = &fields.cursor;
    let found: Vec<&'static str> = KINDS
        .into_iter()
        .filter(|kind| cursor.has(kind) && !(*kind == "do" && cursor.has("for")))
        .collect();
    match found.as_slice() {
        [kind] => Some(kind),
        [] => {
            cursor.report(no_kind(cursor));
            None
        }
        kinds => {
            let message = format!(
                "a task does one thing, this one has {}: make them two tasks",
                all_of(kinds)
            );
            cursor.report(cursor.problem(Code::SeveralTaskKinds, message).about_key());
            None
        }
    }
}

fn no_kind(cursor: &Cursor<'_>) -> Diagnostic {
    let mut kinds = KINDS;
    kinds.sort_unstable();
    let message = format!("the task does nothing: add {}", one_of(&kinds));
    let problem = cursor.problem(Code::NoTaskKind, message).about_key();
    let keys = cursor.clone().entries().unwrap_or_default();
    let slip = keys
        .iter()
        .filter(|(key, _)| !COMMON.contains(key))
        .find_map(|(key, _)| Some((*key, nearest(key, &KINDS)?)));
    match slip {
        Some((key, kind)) => problem.with_help(format!("`{key}` may be meant to be `{kind}`")),
        None => problem,
    }
}

fn kind(fields: &mut Fields<'_>, keyword: &'static str) -> Option<TaskKind> {
    Some(match keyword {
        "call" => TaskKind::Call(call(fields)?),
        "do" => TaskKind::Do(fields.required_or("do", task_list, TaskList::default)),
        "emit" => TaskKind::Emit(fields.required("emit", emit)?),
        "for" => TaskKind::For(for_loop(fields)),
        "fork" => TaskKind::Fork(fields.required("fork", fork)?),
        "listen" => {
            let foreach = fields.optional("foreach", foreach);
            let mut listen = fields.required("listen", listen_head)?;
            listen.foreach = foreach;
            TaskKind::Listen(Box::new(listen))
        }
        "raise" => TaskKind::Raise(fields.required("raise", raise)?),
        "run" => TaskKind::Run(Box::new(fields.required("run", run)?)),
        "set" => TaskKind::Set(fields.required("set", set)?),
        "switch" => TaskKind::Switch(fields.required("switch", switch)?),
        "try" => TaskKind::Try(Box::new(Try {
            try_: fields.required_or("try", task_list, TaskList::default),
            catch: fields.required_or("catch", catch, Catch::default),
        })),
        _ => TaskKind::Wait(fields.required("wait", duration)?),
    })
}

fn for_loop(fields: &mut Fields<'_>) -> For {
    let while_ = fields.optional("while", expression);
    let do_ = fields.required_or("do", task_list, TaskList::default);
    let stand_in = || ForIn::Expression(Expression(".".to_owned()));
    let head = fields.required("for", |cursor| {
        let mut fields = cursor.object()?;
        let each = fields.optional("each", Cursor::string);
        let in_ = fields.required_or("in", for_in, stand_in);
        let at = fields.optional("at", Cursor::string);
        fields.close();
        Some((each, in_, at))
    });
    let (each, in_, at) = head.unwrap_or_else(|| (None, stand_in(), None));
    For { each, in_, at, while_, do_ }
}

fn for_in(cursor: Cursor<'_>) -> Option<ForIn> {
    if !cursor.is_array() {
        return match cursor.as_text() {
            Some(text) => Some(ForIn::Expression(Expression(text.to_owned()))),
            None => cursor.wrong_type("an expression or a list of objects"),
        };
    }
    cursor.clone().list(object_template)?;
    template(cursor).map(ForIn::Items)
}

fn fork(cursor: Cursor<'_>) -> Option<Fork> {
    let mut fields = cursor.object()?;
    let branches = fields.required_or("branches", task_list, TaskList::default);
    let compete = fields.optional("compete", Cursor::boolean);
    fields.close();
    Some(Fork { branches, compete })
}

fn set(cursor: Cursor<'_>) -> Option<Template> {
    if cursor.as_text().is_some() {
        return template(cursor);
    }
    if !cursor.is_object() {
        return cursor.wrong_type("an object or an expression");
    }
    if cursor.clone().entries()?.is_empty() {
        return cursor.refuse(Code::InvalidValue, "`set` sets nothing: add a property");
    }
    template(cursor)
}

fn switch(cursor: Cursor<'_>) -> Option<Vec<SwitchCase>> {
    let items = cursor.clone().array()?;
    if items.is_empty() {
        return cursor.refuse(Code::InvalidValue, "the switch has no case: add one");
    }
    items
        .into_iter()
        .map(|item| {
            let (name, case) = single_entry(&item, "a case", switch_case)?;
            let (when, then) = case?;
            Some(SwitchCase { name: name.to_owned(), when, then })
        })
        .collect::<Vec<_>>()
        .into_iter()
        .collect()
}

type Case = (Option<Expression>, crate::model::FlowDirective);

fn switch_case(cursor: Cursor<'_>) -> Option<Case> {
    let mut fields = cursor.object()?;
    let when = fields.optional("when", expression);
    let then = fields.required("then", flow_directive);
    fields.close();
    Some((when, then?))
}
