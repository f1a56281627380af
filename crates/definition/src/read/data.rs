//! Values that occur everywhere: expressions, templates, durations, schemas, data flow.

use super::Cursor;
use super::resource::external_resource;
use crate::Code;
use crate::model::{
    Duration, DurationParts, Export, Expression, FlowDirective, Input, InvalidDuration, Output,
    Schema, SchemaSource, Template, Timeout, TimeoutRef, Transform, parse_iso8601,
};
use crate::source::NodeKind;
use crate::value::Value;

pub(super) fn expression(cursor: Cursor<'_>) -> Option<Expression> {
    cursor.string().map(Expression)
}

/// Anything, with expressions at any depth.
pub(super) fn template(cursor: Cursor<'_>) -> Option<Template> {
    cursor.value().map(Template)
}

pub(super) fn text_template(cursor: Cursor<'_>) -> Option<Template> {
    cursor.string().map(|text| Template(Value::from(text)))
}

pub(super) fn object_template(cursor: Cursor<'_>) -> Option<Template> {
    if !cursor.is_object() {
        return cursor.wrong_type("an object");
    }
    template(cursor)
}

/// An object, or a string that is one expression.
pub(super) fn object_or_expression(cursor: Cursor<'_>) -> Option<Template> {
    match cursor.as_text() {
        Some(text) if is_marked(text) => template(cursor),
        Some(_) => cursor.refuse(
            Code::WrongType,
            "an object or an expression in `${ … }` is expected here, found plain text",
        ),
        None => object_template(cursor),
    }
}

/// An object whose values are text, or a string that is one expression.
///
/// The language asks for text; numbers and truth values are taken too, with a warning.
pub(super) fn text_map_or_expression(cursor: Cursor<'_>) -> Option<Template> {
    if let Some(entries) = cursor.is_object().then(|| cursor.clone().entries()).flatten() {
        for (key, value) in entries {
            match &value.node.kind {
                NodeKind::Scalar(Value::Bool(_) | Value::Num(_)) => {
                    let message =
                        format!("other runtimes take only text for `{key}`: put it in quotes");
                    value.report(value.problem(Code::NonPortableValue, message));
                }
                NodeKind::Scalar(Value::TStr(_)) => {}
                _ => {
                    value.wrong_type::<()>("text");
                }
            }
        }
    }
    object_or_expression(cursor)
}

pub(super) fn text_list(cursor: Cursor<'_>) -> Option<Template> {
    cursor.clone().list(Cursor::string)?;
    template(cursor)
}

/// Whether the whole text is one expression in `${ … }`.
pub(super) fn is_marked(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("${") && text.ends_with('}')
}

/// `from` and `as`: text is one expression, an object is a template.
fn transform(cursor: Cursor<'_>) -> Option<Transform> {
    if cursor.is_object() {
        return template(cursor).map(Transform::Template);
    }
    if cursor.as_text().is_none() {
        return cursor.wrong_type("an expression or an object");
    }
    expression(cursor).map(Transform::Expression)
}

pub(super) fn input(cursor: Cursor<'_>) -> Option<Input> {
    let mut fields = cursor.object()?;
    let schema = fields.optional("schema", schema);
    let from = fields.optional("from", transform);
    fields.close();
    Some(Input { schema, from })
}

pub(super) fn output(cursor: Cursor<'_>) -> Option<Output> {
    let mut fields = cursor.object()?;
    let schema = fields.optional("schema", schema);
    let as_ = fields.optional("as", transform);
    fields.close();
    Some(Output { schema, as_ })
}

pub(super) fn export(cursor: Cursor<'_>) -> Option<Export> {
    let mut fields = cursor.object()?;
    let schema = fields.optional("schema", schema);
    let as_ = fields.optional("as", transform);
    fields.close();
    Some(Export { schema, as_ })
}

fn schema(cursor: Cursor<'_>) -> Option<Schema> {
    let mut fields = cursor.object()?;
    let format = fields.optional("format", Cursor::string);
    let source = match fields.one_of(&["document", "resource"]) {
        Some(("document", cursor)) => cursor.value().map(SchemaSource::Document),
        Some((_, cursor)) => external_resource(cursor).map(SchemaSource::Resource),
        None => None,
    };
    fields.close();
    Some(Schema { format, source: source? })
}

pub(super) fn timeout(cursor: Cursor<'_>) -> Option<Timeout> {
    let mut fields = cursor.object()?;
    let after = fields.required("after", duration);
    fields.close();
    Some(Timeout { after: after? })
}

pub(super) fn timeout_ref(cursor: Cursor<'_>) -> Option<TimeoutRef> {
    match cursor.as_text() {
        Some(name) => Some(TimeoutRef::Named(name.to_owned())),
        None if cursor.is_object() => timeout(cursor).map(TimeoutRef::Inline),
        None => cursor.wrong_type("a timeout, or the name of one in `use.timeouts`,"),
    }
}

pub(super) fn flow_directive(cursor: Cursor<'_>) -> Option<FlowDirective> {
    Some(match cursor.text()? {
        "continue" => FlowDirective::Continue,
        "exit" => FlowDirective::Exit,
        "end" => FlowDirective::End,
        name => FlowDirective::Goto(name.to_owned()),
    })
}

pub(super) fn duration(cursor: Cursor<'_>) -> Option<Duration> {
    if let Some(text) = cursor.as_text() {
        if is_marked(text) {
            return Some(Duration::Expression(Expression(text.to_owned())));
        }
        return match parse_iso8601(text) {
            Ok(_) => Some(Duration::Iso8601(text.to_owned())),
            Err(InvalidDuration(text)) => cursor.refuse(
                Code::InvalidDuration,
                format!(
                    "`{text}` is not a duration: write `PT30S`, `{{ seconds: 30 }}` or an expression in `${{ … }}`"
                ),
            ),
        };
    }
    if cursor.is_object() {
        return duration_parts(cursor).map(Duration::Parts);
    }
    cursor.refuse(
        Code::InvalidDuration,
        "a duration needs its unit: write `{ seconds: 30 }` or `PT30S`",
    )
}

fn duration_parts(cursor: Cursor<'_>) -> Option<DurationParts> {
    let mut fields = cursor.object()?;
    let mut counted = 0;
    let mut count = |name| {
        let cursor = fields.take(name)?;
        counted += 1;
        cursor.integer(0, u64::MAX)
    };
    let parts = DurationParts {
        days: count("days"),
        hours: count("hours"),
        minutes: count("minutes"),
        seconds: count("seconds"),
        milliseconds: count("milliseconds"),
    };
    if counted == 0 {
        let message =
            "a duration names at least one of days, hours, minutes, seconds, milliseconds";
        fields.cursor.refuse::<()>(Code::InvalidDuration, message);
    }
    fields.close();
    Some(parts)
}
