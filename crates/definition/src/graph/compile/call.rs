use std::collections::BTreeMap;

use motet_expr::Value;
use motet_types::TaskId;

use super::Compiler;
use crate::graph::{Authentication, Endpoint, HttpCall, HttpOutput, Kind, SecretScheme};
use crate::model::{self, AuthenticationScheme, Call, Credentials, FunctionTarget};
use crate::own::OwnFunction;

pub(super) fn compile<'a>(
    compiler: &mut Compiler<'a>,
    id: TaskId,
    task: &'a model::Task,
    call: &'a Call,
    path: &str,
) -> Option<Kind> {
    if let Some(own) = OwnFunction::of(compiler.document, call) {
        return super::own::compile(compiler, own, call, path);
    }
    match call {
        Call::Http(call) => http(compiler, task, call, path),
        Call::Function(call) => function(compiler, id, call, path),
        Call::Grpc(_) | Call::OpenApi(_) | Call::AsyncApi(_) | Call::A2a(_) | Call::Mcp(_) => {
            let target = call.target();
            compiler
                .error(path, format!("`call: {target}` is not executed by this version of Motet"));
            None
        }
    }
}

/// The function's task is inlined as a scope of its own, at its place in the document.
fn function<'a>(
    compiler: &mut Compiler<'a>,
    id: TaskId,
    call: &'a model::FunctionCall,
    path: &str,
) -> Option<Kind> {
    let FunctionTarget::Named(name) = call.target() else {
        compiler.error(path, "only functions of `use.functions` are executed".to_owned());
        return None;
    };
    let Some(function) = compiler.document.function(name) else {
        return compiler.unknown(path, "function", name);
    };
    if compiler.functions.iter().any(|around| around == name) {
        compiler.error(path, format!("the function {name:?} calls itself"));
        return None;
    }
    let with = call
        .with
        .as_ref()
        .and_then(|with| compiler.value(&Value::obj(with.clone()), &format!("{path}/with")));
    let locals = std::mem::take(&mut compiler.locals);
    compiler.functions.push(name.to_owned());
    let body = compiler.new_scope(Some(id));
    let reference = format!("/use/functions/{}", super::escape(name));
    let inner = compiler.task(name, function, reference, body);
    compiler.functions.pop();
    compiler.locals = locals;
    let inner = inner?;
    compiler.scopes[body.0 as usize].tasks.push(inner);
    compiler.link(&[inner], &[function.common.then.as_ref()], &BTreeMap::new());
    Some(Kind::Function { with, body })
}

fn http(
    compiler: &mut Compiler<'_>,
    task: &model::Task,
    call: &model::HttpCall,
    path: &str,
) -> Option<Kind> {
    let path = format!("{path}/with");
    let method = compiler.template(&call.method, &format!("{path}/method"));
    let endpoint = match call.endpoint.uri() {
        model::Uri::Template(text) => Some(Endpoint::UriTemplate(text.clone())),
        computed => compiler.uri(computed, &format!("{path}/endpoint")).map(Endpoint::Computed),
    };
    let mut optional = |template: &Option<model::Template>, key: &str| {
        template.as_ref().and_then(|it| compiler.template(it, &format!("{path}/{key}")))
    };
    let headers = optional(&call.headers, "headers");
    let query = optional(&call.query, "query");
    let body = optional(&call.body, "body");
    let authentication = call.endpoint.authentication().and_then(|reference| {
        authentication(compiler, reference, &format!("{path}/endpoint/authentication"))
    });
    Some(Kind::Call(Box::new(HttpCall {
        method: method?,
        endpoint: endpoint?,
        headers,
        query,
        body,
        authentication,
        output: match call.output() {
            model::HttpOutput::Content => HttpOutput::Content,
            model::HttpOutput::Raw => HttpOutput::Raw,
            model::HttpOutput::Response => HttpOutput::Response,
        },
        redirect: call.redirect(),
        idempotent: task.motet().and_then(|motet| motet.idempotent),
    })))
}

fn authentication(
    compiler: &mut Compiler<'_>,
    reference: &model::AuthenticationRef,
    path: &str,
) -> Option<Authentication> {
    let policy = match reference {
        model::AuthenticationRef::Inline(policy) => policy,
        model::AuthenticationRef::Named(name) => match compiler.document.authentication(name) {
            Some(policy) => policy,
            None => return compiler.unknown(path, "authentication", name),
        },
    };
    let path = format!("{path}/{}", policy.scheme.keyword());
    match &policy.scheme {
        AuthenticationScheme::Basic(Credentials::Inline(basic)) => {
            let username = compiler.template(&basic.username, &format!("{path}/username"));
            let password = compiler.template(&basic.password, &format!("{path}/password"));
            Some(Authentication::Basic { username: username?, password: password? })
        }
        AuthenticationScheme::Bearer(Credentials::Inline(bearer)) => {
            let token = compiler.template(&bearer.token, &format!("{path}/token"))?;
            Some(Authentication::Bearer { token })
        }
        AuthenticationScheme::Basic(Credentials::Secret(name)) => {
            Some(Authentication::Secret { scheme: SecretScheme::Basic, name: name.clone() })
        }
        AuthenticationScheme::Bearer(Credentials::Secret(name)) => {
            Some(Authentication::Secret { scheme: SecretScheme::Bearer, name: name.clone() })
        }
        AuthenticationScheme::Digest(_)
        | AuthenticationScheme::OAuth2(_)
        | AuthenticationScheme::Oidc(_) => {
            let word = policy.scheme.keyword();
            let message =
                format!("`{word}` authentication is not executed by this version of Motet");
            compiler.error(&path, message);
            None
        }
    }
}
