use super::{
    A2aCall, AsyncApiCall, AuthenticationRef, Endpoint, ExternalResource, GrpcCall, McpCall,
    Template,
};
use crate::value::Map;

/// A call: the property `call` says which, `with` holds the arguments.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    Http(Box<HttpCall>),
    Grpc(Box<GrpcCall>),
    OpenApi(Box<OpenApiCall>),
    AsyncApi(Box<AsyncApiCall>),
    A2a(Box<A2aCall>),
    Mcp(Box<McpCall>),
    Function(FunctionCall),
}

impl Call {
    /// The text of the property `call`.
    pub fn target(&self) -> &str {
        match self {
            Self::Http(_) => "http",
            Self::Grpc(_) => "grpc",
            Self::OpenApi(_) => "openapi",
            Self::AsyncApi(_) => "asyncapi",
            Self::A2a(_) => "a2a",
            Self::Mcp(_) => "mcp",
            Self::Function(call) => &call.function,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct HttpCall {
    pub method: Template,
    pub endpoint: Endpoint,
    /// An object, or a string that is one expression.
    pub headers: Option<Template>,
    pub body: Option<Template>,
    /// An object, or a string that is one expression.
    pub query: Option<Template>,
    pub output: Option<HttpOutput>,
    pub redirect: Option<bool>,
}

impl HttpCall {
    pub fn output(&self) -> HttpOutput {
        self.output.unwrap_or(HttpOutput::Content)
    }

    /// Whether statuses of 300 to 399 count as success.
    pub fn redirect(&self) -> bool {
        self.redirect.unwrap_or(false)
    }
}

/// The raw output of an HTTP call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpOutput {
    /// The body in base64.
    Raw,
    /// The decoded body.
    Content,
    /// Request, status, headers and content.
    Response,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OpenApiCall {
    pub document: ExternalResource,
    pub operation_id: String,
    pub parameters: Option<Template>,
    pub authentication: Option<AuthenticationRef>,
    pub output: Option<HttpOutput>,
    pub redirect: Option<bool>,
}

/// A call of a function, whose input is `with`.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionCall {
    /// The text of `call`: see [`FunctionCall::target`].
    pub function: String,
    pub with: Option<Map>,
}

impl FunctionCall {
    /// What the text of `call` names, judged by its form alone.
    pub fn target(&self) -> FunctionTarget<'_> {
        let text = self.function.as_str();
        if text.contains("://") || text.starts_with("file:") {
            return FunctionTarget::Uri(text);
        }
        match text.split_once('@') {
            Some((function, catalog)) => {
                let (name, version) = match function.split_once(':') {
                    Some((name, version)) => (name, Some(version)),
                    None => (function, None),
                };
                FunctionTarget::Catalogued { name, version, catalog }
            }
            None => FunctionTarget::Named(text),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionTarget<'a> {
    /// A name of `use.functions`, or a function of ours (`job`, `human`) where no such name is declared.
    Named(&'a str),
    /// `name:version@catalog`.
    Catalogued { name: &'a str, version: Option<&'a str>, catalog: &'a str },
    /// Address of a function's file.
    Uri(&'a str),
}
