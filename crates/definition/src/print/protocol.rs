use super::authentication::authentication_ref;
use super::data::{count, duration, endpoint, expression, external_resource, template, text};
use super::event::foreach;
use super::object::Object;
use crate::model::{
    A2aCall, AsyncApiAddress, AsyncApiCall, AsyncApiExchange, Consume, ConsumeLimit, GrpcCall,
    McpCall, McpTransport, McpTransportKind, Subscription,
};
use crate::value::Value;

pub(super) fn grpc(own: &GrpcCall) -> Value {
    let service = Object::default()
        .with("name", text(&own.service.name))
        .with("host", text(&own.service.host))
        .maybe("port", &own.service.port, |port| count(u64::from(*port)))
        .maybe("authentication", &own.service.authentication, authentication_ref)
        .value();
    Object::default()
        .with("proto", external_resource(&own.proto))
        .with("service", service)
        .with("method", text(&own.method))
        .maybe("arguments", &own.arguments, template)
        .value()
}

pub(super) fn asyncapi(own: &AsyncApiCall) -> Value {
    let object = Object::default().with("document", external_resource(&own.document));
    let object = match &own.address {
        AsyncApiAddress::Channel(channel) => object.with("channel", text(channel)),
        AsyncApiAddress::Operation(operation) => object.with("operation", text(operation)),
    };
    let object = object
        .maybe("server", &own.server, |server| {
            Object::default()
                .with("name", text(&server.name))
                .maybe("variables", &server.variables, template)
                .value()
        })
        .maybe("protocol", &own.protocol, text);
    match &own.exchange {
        AsyncApiExchange::Publish(message) => {
            let message = Object::default().maybe("payload", &message.payload, template).maybe(
                "headers",
                &message.headers,
                template,
            );
            object.with("message", message.value())
        }
        AsyncApiExchange::Subscribe(own) => object.with("subscription", subscription(own)),
    }
    .maybe("authentication", &own.authentication, authentication_ref)
    .value()
}

fn subscription(own: &Subscription) -> Value {
    Object::default()
        .maybe("filter", &own.filter, expression)
        .with("consume", consume(&own.consume))
        .maybe("foreach", &own.foreach, foreach)
        .value()
}

fn consume(own: &Consume) -> Value {
    let object = Object::default().maybe("for", &own.for_, duration);
    match &own.limit {
        ConsumeLimit::Amount(amount) => object.with("amount", count(*amount)),
        ConsumeLimit::While(condition) => object.with("while", expression(condition)),
        ConsumeLimit::Until(condition) => object.with("until", expression(condition)),
    }
    .value()
}

pub(super) fn a2a(own: &A2aCall) -> Value {
    Object::default()
        .with("method", text(&own.method))
        .maybe("agentCard", &own.agent_card, external_resource)
        .maybe("server", &own.server, endpoint)
        .maybe("parameters", &own.parameters, template)
        .value()
}

pub(super) fn mcp(own: &McpCall) -> Value {
    Object::default()
        .maybe("protocolVersion", &own.protocol_version, text)
        .with("method", text(&own.method))
        .maybe("parameters", &own.parameters, template)
        .maybe("timeout", &own.timeout, duration)
        .with("transport", transport(&own.transport))
        .maybe("client", &own.client, |client| {
            Object::default()
                .with("name", text(&client.name))
                .with("version", text(&client.version))
                .extra(&client.extra)
                .value()
        })
        .extra(&own.extra)
        .value()
}

fn transport(own: &McpTransport) -> Value {
    let (name, kind) = match &own.kind {
        McpTransportKind::Http { endpoint: address, headers, extra } => {
            let object = Object::default()
                .with("endpoint", endpoint(address))
                .maybe("headers", headers, template);
            ("http", object.extra(extra).value())
        }
        McpTransportKind::Stdio { command, arguments, environment, extra } => {
            let object = Object::default()
                .with("command", template(command))
                .maybe("arguments", arguments, template)
                .maybe("environment", environment, template);
            ("stdio", object.extra(extra).value())
        }
    };
    Object::default()
        .with(name, kind)
        .maybe("options", &own.options, |options| Value::obj(options.clone()))
        .extra(&own.extra)
        .value()
}
