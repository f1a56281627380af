use super::Cursor;
use super::data::{export, expression, output, template, text_template};
use super::resource::uri;
use super::task::task_list;
use crate::Code;
use crate::model::{
    Correlation, Emit, EventFilter, EventStrategy, Foreach, Listen, Named, ReadAs, TaskList,
    Template, Until,
};

/// The words of `read`.
pub(crate) const READS: [(&str, ReadAs); 3] =
    [("data", ReadAs::Data), ("envelope", ReadAs::Envelope), ("raw", ReadAs::Raw)];

pub(super) fn emit(cursor: Cursor<'_>) -> Option<Emit> {
    let mut fields = cursor.object()?;
    let emit = fields.required("event", |cursor| {
        let mut fields = cursor.object()?;
        let with = fields.required("with", emitted);
        let extra = fields.open();
        Some(Emit { with: with?, extra })
    });
    fields.close();
    emit
}

fn emitted(cursor: Cursor<'_>) -> Option<Named<Template>> {
    if !cursor.has("type") {
        cursor.clone().object()?.missing("type");
    }
    for (key, value) in cursor.clone().entries()? {
        if matches!(key, "source" | "dataschema") {
            uri(value);
        }
    }
    attributes(cursor)
}

/// Attributes of an event by name (CloudEvents 1.0.2 §3); their type is text, that of `data` is free.
fn attributes(cursor: Cursor<'_>) -> Option<Named<Template>> {
    const TEXT: [&str; 7] =
        ["id", "source", "type", "time", "subject", "datacontenttype", "dataschema"];
    let entries = cursor.entries()?.into_iter();
    let attribute = |(key, value): (&str, Cursor<'_>)| {
        let value = if TEXT.contains(&key) { text_template(value) } else { template(value) };
        Some((key.to_owned(), value?))
    };
    let read: Vec<_> = entries.map(attribute).collect();
    read.into_iter().collect()
}

/// The property `listen`; `foreach` stands beside it.
pub(super) fn listen_head(cursor: Cursor<'_>) -> Option<Listen> {
    let mut fields = cursor.object()?;
    let to = fields.required("to", strategy);
    let read = fields.optional("read", |cursor| cursor.word(&READS));
    fields.close();
    Some(Listen { to: to?, read, foreach: None })
}

pub(super) fn strategy(cursor: Cursor<'_>) -> Option<EventStrategy> {
    let mut fields = cursor.object()?;
    let strategy = match fields.one_of(&["all", "any", "one"]) {
        Some(("all", cursor)) => cursor.list(filter).map(EventStrategy::All),
        Some(("any", cursor)) => {
            let filters = cursor.list(filter);
            let until = fields.optional("until", until);
            filters.map(|filters| EventStrategy::Any { filters, until })
        }
        Some((_, cursor)) => filter(cursor).map(EventStrategy::One),
        None => None,
    };
    fields.close();
    strategy
}

fn until(cursor: Cursor<'_>) -> Option<Until> {
    if cursor.as_text().is_some() {
        return expression(cursor).map(Until::Condition);
    }
    if !cursor.is_object() {
        return cursor.wrong_type("an expression or an event strategy");
    }
    if cursor.has("until") {
        let message = "the strategy of an `until` has no `until` of its own: remove the inner one";
        return cursor.refuse(Code::NestedUntil, message);
    }
    strategy(cursor).map(Box::new).map(Until::Events)
}

fn filter(cursor: Cursor<'_>) -> Option<EventFilter> {
    let mut fields = cursor.object()?;
    let with = fields.required("with", |cursor| {
        if cursor.clone().entries()?.is_empty() {
            return cursor.refuse(Code::InvalidValue, "the filter is empty: name an attribute");
        }
        attributes(cursor)
    });
    let correlate = fields.optional("correlate", |cursor| cursor.named(correlation));
    fields.close();
    Some(EventFilter { with: with?, correlate })
}

fn correlation(cursor: Cursor<'_>) -> Option<Correlation> {
    let mut fields = cursor.object()?;
    let from = fields.required("from", expression);
    let expect = fields.optional("expect", text_template);
    let extra = fields.open();
    Some(Correlation { from: from?, expect, extra })
}

pub(super) fn foreach(cursor: Cursor<'_>) -> Option<Foreach> {
    let mut fields = cursor.object()?;
    let foreach = Foreach {
        item: fields.optional("item", Cursor::string),
        at: fields.optional("at", Cursor::string),
        do_: fields.take("do").map(|cursor| {
            let tasks = task_list(cursor.clone());
            cursor.or_stand_in(tasks, TaskList::default)
        }),
        output: fields.optional("output", output),
        export: fields.optional("export", export),
    };
    fields.close();
    Some(foreach)
}
