use super::{
    AuthenticationRef, Duration, Endpoint, Expression, ExternalResource, Extra, Foreach, Template,
};
use crate::value::Map;

#[derive(Clone, Debug, PartialEq)]
pub struct GrpcCall {
    pub proto: ExternalResource,
    pub service: GrpcService,
    pub method: String,
    pub arguments: Option<Template>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GrpcService {
    pub name: String,
    pub host: String,
    pub port: Option<u16>,
    pub authentication: Option<AuthenticationRef>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AsyncApiCall {
    pub document: ExternalResource,
    pub address: AsyncApiAddress,
    pub server: Option<AsyncApiServer>,
    /// One of the protocols that the language lists.
    pub protocol: Option<String>,
    pub exchange: AsyncApiExchange,
    pub authentication: Option<AuthenticationRef>,
}

/// How the document is entered: by channel (AsyncAPI 2) or by operation (AsyncAPI 3).
#[derive(Clone, Debug, PartialEq)]
pub enum AsyncApiAddress {
    Channel(String),
    Operation(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct AsyncApiServer {
    pub name: String,
    pub variables: Option<Template>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AsyncApiExchange {
    /// Property `message`.
    Publish(AsyncApiMessage),
    /// Property `subscription`.
    Subscribe(Box<Subscription>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct AsyncApiMessage {
    pub payload: Option<Template>,
    pub headers: Option<Template>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Subscription {
    pub filter: Option<Expression>,
    pub consume: Consume,
    pub foreach: Option<Foreach>,
}

/// How much a subscription consumes.
#[derive(Clone, Debug, PartialEq)]
pub struct Consume {
    pub limit: ConsumeLimit,
    /// Property `for`: how long at most.
    pub for_: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ConsumeLimit {
    Amount(u64),
    While(Expression),
    Until(Expression),
}

/// A call of an agent (Agent2Agent protocol).
#[derive(Clone, Debug, PartialEq)]
pub struct A2aCall {
    pub method: String,
    pub agent_card: Option<ExternalResource>,
    pub server: Option<Endpoint>,
    pub parameters: Option<Template>,
}

/// A call of a tool server (Model Context Protocol).
#[derive(Clone, Debug, PartialEq)]
pub struct McpCall {
    pub protocol_version: Option<String>,
    pub method: String,
    pub parameters: Option<Template>,
    pub timeout: Option<Duration>,
    pub transport: McpTransport,
    pub client: Option<McpClient>,
    pub extra: Extra,
}

#[derive(Clone, Debug, PartialEq)]
pub struct McpTransport {
    pub kind: McpTransportKind,
    pub options: Option<Map>,
    pub extra: Extra,
}

#[derive(Clone, Debug, PartialEq)]
pub enum McpTransportKind {
    Http {
        endpoint: Endpoint,
        headers: Option<Template>,
        extra: Extra,
    },
    Stdio {
        command: Template,
        arguments: Option<Template>,
        environment: Option<Template>,
        extra: Extra,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct McpClient {
    pub name: String,
    pub version: String,
    pub extra: Extra,
}
