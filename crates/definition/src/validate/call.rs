use motet_types::Label;

use super::Checker;
use super::scope::Scope;
use crate::model::{
    A2aCall, AsyncApiCall, AsyncApiExchange, Call, ConsumeLimit, Endpoint, FunctionCall,
    FunctionTarget, GrpcCall, HttpCall, McpCall, McpTransportKind, OpenApiCall, Subscription, Task,
    TaskKind, Uri,
};
use crate::own::OwnFunction;
use crate::pointer::Path;
use crate::service::service_of;
use crate::value::Value;
use crate::{Code, Diagnostic};

/// The catalog that every runtime brings.
const DEFAULT_CATALOG: &str = "default";

impl<'a> Checker<'a> {
    pub(super) fn call(&mut self, call: &'a Call, path: &Path<'a>, scope: &Scope<'a>) {
        if let Some(own) = OwnFunction::of(self.document, call) {
            return self.own_function(own, call, path, scope);
        }
        let scope = &scope.inside_call();
        let with = &path.key("with");
        match call {
            Call::Http(own) => self.http(own, with, scope),
            Call::Grpc(own) => self.grpc(own, with, scope),
            Call::OpenApi(own) => self.openapi(own, with, scope),
            Call::AsyncApi(own) => self.asyncapi(own, with, scope),
            Call::A2a(own) => self.a2a(own, with, scope),
            Call::Mcp(own) => self.mcp(own, with, scope),
            Call::Function(own) => self.function(own, path, scope),
        }
    }

    fn http(&mut self, own: &'a HttpCall, path: &Path<'a>, scope: &Scope<'a>) {
        self.method(&own.method, &path.key("method"), scope);
        self.endpoint(&own.endpoint, &path.key("endpoint"), scope);
        self.service(&own.endpoint, &path.key("endpoint"));
        self.headers(&own.headers, &path.key("headers"), scope);
        self.maybe_template(&own.query, &path.key("query"), scope);
        self.maybe_template(&own.body, &path.key("body"), scope);
    }

    fn grpc(&mut self, own: &'a GrpcCall, path: &Path<'a>, scope: &Scope<'a>) {
        self.resource(&own.proto, &path.key("proto"), scope);
        if let Some(reference) = &own.service.authentication {
            self.authentication(reference, &path.key("service").key("authentication"), scope);
        }
        self.maybe_template(&own.arguments, &path.key("arguments"), scope);
    }

    fn openapi(&mut self, own: &'a OpenApiCall, path: &Path<'a>, scope: &Scope<'a>) {
        self.resource(&own.document, &path.key("document"), scope);
        self.maybe_template(&own.parameters, &path.key("parameters"), scope);
        if let Some(reference) = &own.authentication {
            self.authentication(reference, &path.key("authentication"), scope);
        }
    }

    fn asyncapi(&mut self, own: &'a AsyncApiCall, path: &Path<'a>, scope: &Scope<'a>) {
        self.resource(&own.document, &path.key("document"), scope);
        if let Some(server) = &own.server {
            self.maybe_template(&server.variables, &path.key("server").key("variables"), scope);
        }
        match &own.exchange {
            AsyncApiExchange::Publish(message) => {
                let path = path.key("message");
                self.maybe_template(&message.payload, &path.key("payload"), scope);
                self.maybe_template(&message.headers, &path.key("headers"), scope);
            }
            AsyncApiExchange::Subscribe(own) => {
                self.subscription(own, &path.key("subscription"), scope);
            }
        }
        if let Some(reference) = &own.authentication {
            self.authentication(reference, &path.key("authentication"), scope);
        }
    }

    fn subscription(&mut self, own: &'a Subscription, path: &Path<'a>, scope: &Scope<'a>) {
        self.maybe_condition(&own.filter, &path.key("filter"), scope);
        let consume = path.key("consume");
        match &own.consume.limit {
            ConsumeLimit::Amount(_) => {}
            ConsumeLimit::While(condition) => self.field(condition, &consume.key("while"), scope),
            ConsumeLimit::Until(condition) => self.field(condition, &consume.key("until"), scope),
        }
        if let Some(duration) = &own.consume.for_ {
            self.duration(duration, &consume.key("for"), scope);
        }
        if let Some(foreach) = &own.foreach {
            self.foreach(foreach, &path.key("foreach"), scope);
        }
    }

    fn a2a(&mut self, own: &'a A2aCall, path: &Path<'a>, scope: &Scope<'a>) {
        if let Some(card) = &own.agent_card {
            self.resource(card, &path.key("agentCard"), scope);
        }
        if let Some(server) = &own.server {
            self.endpoint(server, &path.key("server"), scope);
        }
        self.maybe_template(&own.parameters, &path.key("parameters"), scope);
    }

    fn mcp(&mut self, own: &'a McpCall, path: &Path<'a>, scope: &Scope<'a>) {
        self.maybe_template(&own.parameters, &path.key("parameters"), scope);
        if let Some(timeout) = &own.timeout {
            self.duration(timeout, &path.key("timeout"), scope);
        }
        let path = path.key("transport");
        match &own.transport.kind {
            McpTransportKind::Http { endpoint, headers, .. } => {
                let path = path.key("http");
                self.endpoint(endpoint, &path.key("endpoint"), scope);
                self.headers(headers, &path.key("headers"), scope);
            }
            McpTransportKind::Stdio { command, arguments, environment, .. } => {
                let path = path.key("stdio");
                self.template(command, &path.key("command"), scope);
                self.maybe_template(arguments, &path.key("arguments"), scope);
                self.maybe_template(environment, &path.key("environment"), scope);
            }
        }
    }

    fn function(&mut self, own: &'a FunctionCall, path: &Path<'a>, scope: &Scope<'a>) {
        let place = path.key("call");
        match own.target() {
            FunctionTarget::Named(name) => {
                if self.document.function(name).is_none() {
                    let all = self.document.use_.iter().flat_map(|use_| &use_.functions).flatten();
                    let protocols = ["http", "grpc", "openapi", "asyncapi", "a2a", "mcp"];
                    let protocols = protocols.into_iter().chain(OwnFunction::NAMES);
                    let declared = all.map(|(name, _)| name.as_str()).chain(protocols);
                    self.unknown(Code::UnknownFunction, &place, name, "functions", declared);
                }
            }
            FunctionTarget::Catalogued { catalog, .. } if catalog != DEFAULT_CATALOG => {
                let use_ = self.document.use_.as_ref();
                let catalogs = use_.and_then(|use_| use_.catalogs.as_ref());
                if !catalogs.is_some_and(|catalogs| catalogs.contains_key(catalog)) {
                    let names = catalogs.into_iter().flatten().map(|(name, _)| name.as_str());
                    self.unknown(Code::UnknownCatalog, &place, catalog, "catalogs", names);
                }
            }
            FunctionTarget::Catalogued { .. } | FunctionTarget::Uri(_) => {}
        }
        if let Some(with) = &own.with {
            self.value(&Value::obj(with.clone()), &path.key("with"), scope);
        }
    }

    /// Warns of a host that is meant to be a service; who knows a registry takes back what it has.
    fn service(&mut self, endpoint: &'a Endpoint, path: &Path<'a>) {
        let Some(name) = service(endpoint.uri()) else { return };
        let message = format!(
            "no service `{name}` is registered: calls fail until it is; write its port or its domain if a host is meant"
        );
        let path = match endpoint {
            Endpoint::Uri(_) => path.clone(),
            Endpoint::Detailed { .. } => path.key("uri"),
        };
        let problem = Diagnostic::new(Code::UnknownService, path.pointer(), message);
        self.report(problem.about_service(name.as_str()));
    }

    /// Warns of a call that may not be repeated and does not say what to do when its outcome is unknown.
    ///
    /// A service may declare that itself.
    pub(super) fn idempotency(&mut self, task: &'a Task, path: &Path<'a>) {
        let TaskKind::Call(Call::Http(own)) = &task.kind else {
            return;
        };
        let declared = task.motet().is_some_and(|motet| motet.idempotent.is_some());
        let repeatable = own.method.literal().is_none_or(|method| !not_repeatable(method));
        if declared || repeatable || service(own.endpoint.uri()).is_some() {
            return;
        }
        let message = "after a crash this call is sent again under its idempotency key: \
                       say with `metadata.motet.idempotent` whether the host heeds that";
        let pointer = path.key("with").key("method").pointer();
        self.report(Diagnostic::new(Code::UndeclaredIdempotency, pointer, message));
    }
}

/// Methods that are not idempotent (RFC 9110 §9.2.2; PATCH: RFC 5789 §2).
fn not_repeatable(method: &str) -> bool {
    method.eq_ignore_ascii_case("post") || method.eq_ignore_ascii_case("patch")
}

/// The service that an address names: a host of one label, no port, not `localhost`.
fn service(uri: &Uri) -> Option<Label> {
    let (Uri::Template(text) | Uri::Interpolated(text)) = uri else {
        return None;
    };
    service_of(text).map(|(name, _)| name)
}
