use super::authentication::authentication_ref;
use super::object::Object;
use crate::model::{
    Duration, Endpoint, Export, Expression, ExternalResource, Input, Output, Schema, SchemaSource,
    Template, Timeout, TimeoutRef, Transform, Uri,
};
use crate::value::{Num, Value};

pub(super) fn text(printable: &(impl ToString + ?Sized)) -> Value {
    Value::from(printable.to_string())
}

pub(super) fn count(number: u64) -> Value {
    Value::Num(Num::from_integral(number))
}

pub(super) fn expression(expression: &Expression) -> Value {
    text(expression.as_str())
}

pub(super) fn template(template: &Template) -> Value {
    template.0.clone()
}

fn transform(transform: &Transform) -> Value {
    match transform {
        Transform::Expression(own) => expression(own),
        Transform::Template(own) => template(own),
    }
}

pub(super) fn uri(uri: &Uri) -> Value {
    text(uri.as_str())
}

pub(super) fn input(input: &Input) -> Value {
    Object::default()
        .maybe("schema", &input.schema, schema)
        .maybe("from", &input.from, transform)
        .value()
}

pub(super) fn output(output: &Output) -> Value {
    Object::default()
        .maybe("schema", &output.schema, schema)
        .maybe("as", &output.as_, transform)
        .value()
}

pub(super) fn export(export: &Export) -> Value {
    Object::default()
        .maybe("schema", &export.schema, schema)
        .maybe("as", &export.as_, transform)
        .value()
}

fn schema(schema: &Schema) -> Value {
    let object = Object::default().maybe("format", &schema.format, text);
    match &schema.source {
        SchemaSource::Document(document) => object.with("document", document.clone()),
        SchemaSource::Resource(resource) => object.with("resource", external_resource(resource)),
    }
    .value()
}

pub(super) fn external_resource(resource: &ExternalResource) -> Value {
    Object::default()
        .maybe("name", &resource.name, text)
        .with("endpoint", endpoint(&resource.endpoint))
        .value()
}

pub(super) fn endpoint(endpoint: &Endpoint) -> Value {
    match endpoint {
        Endpoint::Uri(short) => uri(short),
        Endpoint::Detailed { uri: long, authentication } => Object::default()
            .with("uri", uri(long))
            .maybe("authentication", authentication, authentication_ref)
            .value(),
    }
}

pub(super) fn timeout(timeout: &Timeout) -> Value {
    Object::default().with("after", duration(&timeout.after)).value()
}

pub(super) fn timeout_ref(reference: &TimeoutRef) -> Value {
    match reference {
        TimeoutRef::Inline(inline) => timeout(inline),
        TimeoutRef::Named(name) => text(name),
    }
}

pub(super) fn duration(duration: &Duration) -> Value {
    let parts = match duration {
        Duration::Parts(parts) => parts,
        Duration::Iso8601(iso) => return text(iso),
        Duration::Expression(own) => return expression(own),
    };
    let count = |number: &u64| count(*number);
    Object::default()
        .maybe("days", &parts.days, count)
        .maybe("hours", &parts.hours, count)
        .maybe("minutes", &parts.minutes, count)
        .maybe("seconds", &parts.seconds, count)
        .maybe("milliseconds", &parts.milliseconds, count)
        .value()
}
