use crate::Code;
use crate::model::{
    AuthenticationScheme, Call, Document, FunctionTarget, MotetTask, RunKind, Task, TaskKind,
};
use crate::walk::{Construct, walk};
use crate::{DIAGNOSTICS_MAX, Diagnostic};

/// What the language allows and the engine does not execute yet; each release takes lines off this table.
///
/// The diagnostics have no spans: [`SourceMap::locate`](crate::SourceMap::locate) adds them.
pub fn unsupported(document: &Document) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    walk(document, &mut |construct, path| {
        for line in TABLE.iter().filter(|line| line.is_present(document, construct)) {
            if diagnostics.len() < DIAGNOSTICS_MAX {
                let path = line.keys.iter().fold(path.clone(), |path, key| path.key(key));
                let rule = line.code.rule().trim_end_matches('.');
                let message = format!("{rule}: {}", instead(line.code));
                diagnostics.push(Diagnostic::new(line.code, path.pointer(), message).about_key());
            }
        }
    });
    diagnostics
}

/// One construct that is not executed.
struct Line {
    code: Code,
    /// Keys from the document, task or policy to the construct.
    keys: &'static [&'static str],
    present: Present,
}

enum Present {
    Document(fn(&Document) -> bool),
    Call(fn(&Document, &Call) -> bool),
    Run(fn(&RunKind) -> bool),
    Motet(fn(&MotetTask) -> bool),
    Scheme(fn(&AuthenticationScheme) -> bool),
}

impl Line {
    const fn new(code: Code, keys: &'static [&'static str], present: Present) -> Self {
        Self { code, keys, present }
    }

    fn is_present(&self, document: &Document, construct: Construct<'_>) -> bool {
        match (&self.present, construct) {
            (Present::Document(test), Construct::Document(own)) => test(own),
            (Present::Scheme(test), Construct::Policy(own)) => test(&own.scheme),
            (Present::Motet(test), Construct::Task(own)) => own.motet().is_some_and(test),
            (Present::Call(test), Construct::Task(Task { kind: TaskKind::Call(own), .. })) => {
                test(document, own)
            }
            (Present::Run(test), Construct::Task(Task { kind: TaskKind::Run(own), .. })) => {
                test(&own.kind)
            }
            _ => false,
        }
    }
}

const MOTET: [&str; 2] = ["metadata", "motet"];

/// Everything that is refused.
const TABLE: &[Line] = &[
    Line::new(
        Code::UnsupportedExtensions,
        &["use", "extensions"],
        Present::Document(|d| d.use_.as_ref().is_some_and(|use_| use_.extensions.is_some())),
    ),
    Line::new(
        Code::UnsupportedCatalogs,
        &["use", "catalogs"],
        Present::Document(|d| d.use_.as_ref().is_some_and(|use_| use_.catalogs.is_some())),
    ),
    Line::new(Code::UnsupportedGrpc, &["call"], Present::Call(|_, c| matches!(c, Call::Grpc(_)))),
    Line::new(
        Code::UnsupportedOpenApi,
        &["call"],
        Present::Call(|_, c| matches!(c, Call::OpenApi(_))),
    ),
    Line::new(
        Code::UnsupportedAsyncApi,
        &["call"],
        Present::Call(|_, c| matches!(c, Call::AsyncApi(_))),
    ),
    Line::new(Code::UnsupportedA2a, &["call"], Present::Call(|_, c| matches!(c, Call::A2a(_)))),
    Line::new(Code::UnsupportedMcp, &["call"], Present::Call(|_, c| matches!(c, Call::Mcp(_)))),
    Line::new(
        Code::UnsupportedCataloguedFunction,
        &["call"],
        Present::Call(|_, c| matches!(function(c), Some(FunctionTarget::Catalogued { .. }))),
    ),
    Line::new(
        Code::UnsupportedFunctionUri,
        &["call"],
        Present::Call(|_, c| matches!(function(c), Some(FunctionTarget::Uri(_)))),
    ),
    Line::new(
        Code::UnsupportedContainer,
        &["run", "container"],
        Present::Run(|kind| matches!(kind, RunKind::Container(_))),
    ),
    Line::new(
        Code::UnsupportedScript,
        &["run", "script"],
        Present::Run(|kind| matches!(kind, RunKind::Script(_))),
    ),
    Line::new(
        Code::UnsupportedShell,
        &["run", "shell"],
        Present::Run(|kind| matches!(kind, RunKind::Shell(_))),
    ),
    Line::new(
        Code::UnsupportedDigest,
        &["digest"],
        Present::Scheme(|scheme| matches!(scheme, AuthenticationScheme::Digest(_))),
    ),
    Line::new(
        Code::UnsupportedOAuth2,
        &["oauth2"],
        Present::Scheme(|scheme| matches!(scheme, AuthenticationScheme::OAuth2(_))),
    ),
    Line::new(
        Code::UnsupportedOidc,
        &["oidc"],
        Present::Scheme(|scheme| matches!(scheme, AuthenticationScheme::Oidc(_))),
    ),
    Line::new(
        Code::UnsupportedServiceVersion,
        &[MOTET[0], MOTET[1], "version"],
        Present::Motet(|motet| motet.version.is_some()),
    ),
];

/// What an author can do today.
fn instead(code: Code) -> &'static str {
    match code {
        Code::UnsupportedGrpc
        | Code::UnsupportedOpenApi
        | Code::UnsupportedAsyncApi
        | Code::UnsupportedA2a
        | Code::UnsupportedMcp => "reach the service over HTTP, with `call: http`",
        Code::UnsupportedCataloguedFunction | Code::UnsupportedFunctionUri => {
            "copy the function into `use.functions`"
        }
        Code::UnsupportedContainer | Code::UnsupportedScript | Code::UnsupportedShell => {
            "let a service do it, and call it with `call: http`"
        }
        Code::UnsupportedDigest | Code::UnsupportedOAuth2 | Code::UnsupportedOidc => {
            "use `basic` or `bearer` with a secret"
        }
        Code::UnsupportedServiceVersion => "put the version into the address of the service",
        _ => "remove it from this document",
    }
}

fn function(call: &Call) -> Option<FunctionTarget<'_>> {
    match call {
        Call::Function(own) => Some(own.target()),
        _ => None,
    }
}
