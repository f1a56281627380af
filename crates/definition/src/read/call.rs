use super::Cursor;
use super::authentication::authentication_ref;
use super::cursor::Fields;
use super::data::{object_template, template, text_map_or_expression, text_template};
use super::protocol::{a2a, asyncapi, grpc, mcp};
use super::resource::{endpoint, external_resource};
use crate::Code;
use crate::model::{Call, Extra, FunctionCall, HttpCall, HttpOutput, OpenApiCall};

/// The words of `output`.
pub(crate) const OUTPUTS: [(&str, HttpOutput); 3] = [
    ("raw", HttpOutput::Raw),
    ("content", HttpOutput::Content),
    ("response", HttpOutput::Response),
];

pub(super) fn call(fields: &mut Fields<'_>) -> Option<Call> {
    let target = fields.required("call", Cursor::text)?;
    Some(match target {
        "http" => Call::Http(Box::new(fields.required("with", http)?)),
        "grpc" => Call::Grpc(Box::new(fields.required("with", grpc)?)),
        "openapi" => Call::OpenApi(Box::new(fields.required("with", openapi)?)),
        "asyncapi" => Call::AsyncApi(Box::new(fields.required("with", asyncapi)?)),
        "a2a" => Call::A2a(Box::new(fields.required("with", a2a)?)),
        "mcp" => Call::Mcp(Box::new(fields.required("with", mcp)?)),
        "" => {
            return fields.cursor.refuse(
                Code::InvalidValue,
                "the call names nothing: write `call: http` or a function",
            );
        }
        function => Call::Function(FunctionCall {
            function: function.to_owned(),
            with: fields.optional("with", arguments),
        }),
    })
}

fn arguments(cursor: Cursor<'_>) -> Option<Extra> {
    Some(cursor.object()?.free())
}

fn http(cursor: Cursor<'_>) -> Option<HttpCall> {
    let mut fields = cursor.object()?;
    let method = fields.required("method", text_template);
    let endpoint = fields.required("endpoint", endpoint);
    let headers = fields.optional("headers", text_map_or_expression);
    let body = fields.optional("body", template);
    let query = fields.optional("query", text_map_or_expression);
    let output = fields.optional("output", |cursor| cursor.word(&OUTPUTS));
    let redirect = fields.optional("redirect", Cursor::boolean);
    fields.close();
    Some(HttpCall { method: method?, endpoint: endpoint?, headers, body, query, output, redirect })
}

fn openapi(cursor: Cursor<'_>) -> Option<OpenApiCall> {
    let mut fields = cursor.object()?;
    let document = fields.required("document", external_resource);
    let operation_id = fields.required("operationId", Cursor::string);
    let parameters = fields.optional("parameters", object_template);
    let authentication = fields.optional("authentication", authentication_ref);
    let output = fields.optional("output", |cursor| cursor.word(&OUTPUTS));
    let redirect = fields.optional("redirect", Cursor::boolean);
    fields.close();
    Some(OpenApiCall {
        document: document?,
        operation_id: operation_id?,
        parameters,
        authentication,
        output,
        redirect,
    })
}
