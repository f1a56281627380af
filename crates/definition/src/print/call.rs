use super::authentication::authentication_ref;
use super::data::{endpoint, external_resource, template, text};
use super::object::Object;
use super::protocol::{a2a, asyncapi, grpc, mcp};
use crate::model::{Call, HttpCall, OpenApiCall};
use crate::read::words;
use crate::value::Value;

pub(super) fn call(object: Object, own: &Call) -> Object {
    let object = object.with("call", text(own.target()));
    match own {
        Call::Http(own) => object.with("with", http(own)),
        Call::Grpc(own) => object.with("with", grpc(own)),
        Call::OpenApi(own) => object.with("with", openapi(own)),
        Call::AsyncApi(own) => object.with("with", asyncapi(own)),
        Call::A2a(own) => object.with("with", a2a(own)),
        Call::Mcp(own) => object.with("with", mcp(own)),
        Call::Function(own) => object.maybe("with", &own.with, |with| Value::obj(with.clone())),
    }
}

fn http(own: &HttpCall) -> Value {
    Object::default()
        .with("method", template(&own.method))
        .with("endpoint", endpoint(&own.endpoint))
        .maybe("headers", &own.headers, template)
        .maybe("query", &own.query, template)
        .maybe("body", &own.body, template)
        .maybe_word("output", own.output, &words::OUTPUTS)
        .maybe_truth("redirect", own.redirect)
        .value()
}

fn openapi(own: &OpenApiCall) -> Value {
    Object::default()
        .with("document", external_resource(&own.document))
        .with("operationId", text(&own.operation_id))
        .maybe("parameters", &own.parameters, template)
        .maybe("authentication", &own.authentication, authentication_ref)
        .maybe_word("output", own.output, &words::OUTPUTS)
        .maybe_truth("redirect", own.redirect)
        .value()
}
