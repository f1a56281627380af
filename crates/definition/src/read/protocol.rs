use super::Cursor;
use super::authentication::authentication_ref;
use super::data::{
    duration, expression, is_marked, object_template, template, text_list, text_template,
};
use super::event::foreach;
use super::resource::{endpoint, external_resource};
use crate::Code;
use crate::model::{
    A2aCall, AsyncApiAddress, AsyncApiCall, AsyncApiExchange, AsyncApiMessage, AsyncApiServer,
    Consume, ConsumeLimit, Expression, GrpcCall, GrpcService, McpCall, McpClient, McpTransport,
    McpTransportKind, Subscription, Template,
};

/// The words of `protocol` in a call of AsyncAPI.
pub(crate) const ASYNCAPI_PROTOCOLS: [&str; 19] = [
    "amqp",
    "amqp1",
    "anypointmq",
    "googlepubsub",
    "http",
    "ibmmq",
    "jms",
    "kafka",
    "mercure",
    "mqtt",
    "mqtt5",
    "nats",
    "pulsar",
    "redis",
    "sns",
    "solace",
    "sqs",
    "stomp",
    "ws",
];

/// The methods of a call of an agent.
pub(crate) const A2A_METHODS: [&str; 11] = [
    "message/send",
    "message/stream",
    "tasks/get",
    "tasks/list",
    "tasks/cancel",
    "tasks/resubscribe",
    "tasks/pushNotificationConfig/set",
    "tasks/pushNotificationConfig/get",
    "tasks/pushNotificationConfig/list",
    "tasks/pushNotificationConfig/delete",
    "agent/getAuthenticatedExtendedCard",
];

/// The methods of a call of a tool server.
pub(crate) const MCP_METHODS: [&str; 7] = [
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/read",
    "resources/templates/list",
];

pub(super) fn grpc(cursor: Cursor<'_>) -> Option<GrpcCall> {
    let mut fields = cursor.object()?;
    let proto = fields.required("proto", external_resource);
    let service = fields.required("service", grpc_service);
    let method = fields.required("method", Cursor::string);
    let arguments = fields.optional("arguments", object_template);
    fields.close();
    Some(GrpcCall { proto: proto?, service: service?, method: method?, arguments })
}

fn grpc_service(cursor: Cursor<'_>) -> Option<GrpcService> {
    let mut fields = cursor.object()?;
    let name = fields.required("name", Cursor::string);
    let host = fields.required("host", host);
    let port = fields.optional("port", |cursor| cursor.integer(0, u64::from(u16::MAX)));
    let port = port.and_then(|port| u16::try_from(port).ok());
    let authentication = fields.optional("authentication", authentication_ref);
    fields.close();
    Some(GrpcService { name: name?, host: host?, port, authentication })
}

fn host(cursor: Cursor<'_>) -> Option<String> {
    let text = cursor.clone().text()?;
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let well_formed = text.len() <= 63
        && text.chars().all(inner)
        && edge(text.chars().next())
        && edge(text.chars().last());
    if well_formed {
        return Some(text.to_owned());
    }
    cursor.refuse(
        Code::InvalidValue,
        format!("`{text}` is no host name: use letters, digits, `-` and `.`"),
    )
}

pub(super) fn asyncapi(cursor: Cursor<'_>) -> Option<AsyncApiCall> {
    let mut fields = cursor.object()?;
    let document = fields.required("document", external_resource);
    let address = match fields.one_of(&["operation", "channel"]) {
        Some(("operation", cursor)) => cursor.string().map(AsyncApiAddress::Operation),
        Some((_, cursor)) => cursor.string().map(AsyncApiAddress::Channel),
        None => None,
    };
    let server = fields.optional("server", |cursor| {
        let mut fields = cursor.object()?;
        let name = fields.required("name", Cursor::string);
        let variables = fields.optional("variables", object_template);
        fields.close();
        Some(AsyncApiServer { name: name?, variables })
    });
    let protocol = fields.optional("protocol", |cursor| known(cursor, &ASYNCAPI_PROTOCOLS));
    let exchange = match fields.one_of(&["message", "subscription"]) {
        Some(("message", cursor)) => message(cursor).map(AsyncApiExchange::Publish),
        Some((_, cursor)) => subscription(cursor).map(Box::new).map(AsyncApiExchange::Subscribe),
        None => None,
    };
    let authentication = fields.optional("authentication", authentication_ref);
    fields.close();
    let (document, address, exchange) = (document?, address?, exchange?);
    Some(AsyncApiCall { document, address, server, protocol, exchange, authentication })
}

fn message(cursor: Cursor<'_>) -> Option<AsyncApiMessage> {
    let mut fields = cursor.object()?;
    let payload = fields.optional("payload", object_template);
    let headers = fields.optional("headers", object_template);
    fields.close();
    Some(AsyncApiMessage { payload, headers })
}

fn subscription(cursor: Cursor<'_>) -> Option<Subscription> {
    let mut fields = cursor.object()?;
    let filter = fields.optional("filter", marked);
    let consume = fields.required("consume", consume);
    let foreach = fields.optional("foreach", foreach);
    fields.close();
    Some(Subscription { filter, consume: consume?, foreach })
}

fn consume(cursor: Cursor<'_>) -> Option<Consume> {
    let mut fields = cursor.object()?;
    let limit = match fields.one_of(&["amount", "while", "until"]) {
        Some(("amount", cursor)) => cursor.integer(0, u64::MAX).map(ConsumeLimit::Amount),
        Some(("while", cursor)) => marked(cursor).map(ConsumeLimit::While),
        Some((_, cursor)) => marked(cursor).map(ConsumeLimit::Until),
        None => None,
    };
    let for_ = fields.optional("for", duration);
    fields.close();
    Some(Consume { limit: limit?, for_ })
}

/// An expression that must carry its mark.
fn marked(cursor: Cursor<'_>) -> Option<Expression> {
    let text = cursor.clone().text()?;
    if is_marked(text) {
        return expression(cursor);
    }
    cursor.refuse(
        Code::InvalidExpression,
        format!("an expression is expected here: write `${{ {text} }}`"),
    )
}

pub(super) fn a2a(cursor: Cursor<'_>) -> Option<A2aCall> {
    let mut fields = cursor.object()?;
    let method = fields.required("method", |cursor| known(cursor, &A2A_METHODS));
    let agent_card = fields.optional("agentCard", external_resource);
    let server = fields.optional("server", endpoint);
    let parameters = fields.optional("parameters", |cursor| {
        let entries = cursor.is_object().then(|| cursor.clone().entries()).flatten();
        if entries.is_some_and(|entries| entries.is_empty()) {
            return cursor.refuse(Code::InvalidValue, "the parameters are empty: leave them out");
        }
        object_or_text(cursor)
    });
    fields.close();
    Some(A2aCall { method: method?, agent_card, server, parameters })
}

pub(super) fn mcp(cursor: Cursor<'_>) -> Option<McpCall> {
    let mut fields = cursor.object()?;
    let protocol_version = fields.optional("protocolVersion", Cursor::string);
    let method = fields.required("method", |cursor| known(cursor, &MCP_METHODS));
    let parameters = fields.optional("parameters", object_or_text);
    let timeout = fields.optional("timeout", duration);
    let transport = fields.required("transport", transport);
    let client = fields.optional("client", |cursor| {
        let mut fields = cursor.object()?;
        let name = fields.required("name", Cursor::string);
        let version = fields.required("version", Cursor::string);
        let extra = fields.open();
        Some(McpClient { name: name?, version: version?, extra })
    });
    let extra = fields.open();
    let (method, transport) = (method?, transport?);
    Some(McpCall { protocol_version, method, parameters, timeout, transport, client, extra })
}

fn transport(cursor: Cursor<'_>) -> Option<McpTransport> {
    let mut fields = cursor.object()?;
    let kind = match fields.one_of(&["http", "stdio"]) {
        Some(("http", cursor)) => mcp_http(cursor),
        Some((_, cursor)) => mcp_stdio(cursor),
        None => None,
    };
    let options = fields.optional("options", |cursor| {
        text_map(cursor.clone())?;
        Some(cursor.object()?.free())
    });
    let extra = fields.open();
    Some(McpTransport { kind: kind?, options, extra })
}

fn mcp_http(cursor: Cursor<'_>) -> Option<McpTransportKind> {
    let mut fields = cursor.object()?;
    let endpoint = fields.required("endpoint", endpoint);
    let headers = fields.optional("headers", text_map);
    let extra = fields.open();
    Some(McpTransportKind::Http { endpoint: endpoint?, headers, extra })
}

fn mcp_stdio(cursor: Cursor<'_>) -> Option<McpTransportKind> {
    let mut fields = cursor.object()?;
    let command = fields.required("command", text_template);
    let arguments = fields.optional("arguments", text_list);
    let environment = fields.optional("environment", text_map);
    let extra = fields.open();
    Some(McpTransportKind::Stdio { command: command?, arguments, environment, extra })
}

fn text_map(cursor: Cursor<'_>) -> Option<Template> {
    let mut text_only = true;
    for (_, value) in cursor.clone().entries()? {
        text_only &= value.text().is_some();
    }
    if text_only { template(cursor) } else { None }
}

fn object_or_text(cursor: Cursor<'_>) -> Option<Template> {
    match cursor.as_text() {
        Some(_) => template(cursor),
        None => object_template(cursor),
    }
}

fn known(cursor: Cursor<'_>, words: &[&'static str]) -> Option<String> {
    let words: Vec<(&str, &str)> = words.iter().map(|word| (*word, *word)).collect();
    cursor.word(&words).map(str::to_owned)
}
