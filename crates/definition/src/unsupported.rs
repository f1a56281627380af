use crate::Code::{self, *};
use crate::model::{
    AuthenticationScheme, Call, Document, FunctionTarget, MotetTask, RunKind, Task, TaskKind,
};
use crate::walk::{Construct, walk};
use crate::{DIAGNOSTICS_MAX, Diagnostic};

/// What the language allows and the engine does not execute yet; each release removes lines from [`TABLE`].
///
/// The diagnostics have no spans: [`SourceMap::locate`](crate::SourceMap::locate) adds them.
pub fn unsupported(document: &Document) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    walk(document, &mut |construct, path| {
        for line in TABLE.iter().filter(|line| line.is_present(document, construct)) {
            if diagnostics.len() < DIAGNOSTICS_MAX {
                let path = line.keys.iter().fold(path.clone(), |path, key| path.key(key));
                let rule = line.code.rule().trim_end_matches('.');
                let message = format!("{rule}: remove it from this document");
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
    Task(fn(&Task) -> bool),
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
            (Present::Task(test), Construct::Task(own)) => test(own),
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
    Line::new(UnsupportedSchedule, &["schedule"], Present::Document(|d| d.schedule.is_some())),
    Line::new(
        UnsupportedMotetSchedule,
        &["document", MOTET[0], MOTET[1], "schedule"],
        Present::Document(|d| d.motet().is_some_and(|motet| motet.schedule.is_some())),
    ),
    Line::new(
        UnsupportedExtensions,
        &["use", "extensions"],
        Present::Document(|d| d.use_.as_ref().is_some_and(|use_| use_.extensions.is_some())),
    ),
    Line::new(
        UnsupportedCatalogs,
        &["use", "catalogs"],
        Present::Document(|d| d.use_.as_ref().is_some_and(|use_| use_.catalogs.is_some())),
    ),
    Line::new(UnsupportedEmit, &["emit"], Present::Task(|t| matches!(t.kind, TaskKind::Emit(_)))),
    Line::new(
        UnsupportedListen,
        &["listen"],
        Present::Task(|t| matches!(t.kind, TaskKind::Listen(_))),
    ),
    Line::new(UnsupportedGrpc, &["call"], Present::Call(|_, c| matches!(c, Call::Grpc(_)))),
    Line::new(UnsupportedOpenApi, &["call"], Present::Call(|_, c| matches!(c, Call::OpenApi(_)))),
    Line::new(UnsupportedAsyncApi, &["call"], Present::Call(|_, c| matches!(c, Call::AsyncApi(_)))),
    Line::new(UnsupportedA2a, &["call"], Present::Call(|_, c| matches!(c, Call::A2a(_)))),
    Line::new(UnsupportedMcp, &["call"], Present::Call(|_, c| matches!(c, Call::Mcp(_)))),
    Line::new(UnsupportedJob, &["call"], Present::Call(|d, c| is_own_function(d, c, "job"))),
    Line::new(UnsupportedHuman, &["call"], Present::Call(|d, c| is_own_function(d, c, "human"))),
    Line::new(
        UnsupportedCataloguedFunction,
        &["call"],
        Present::Call(|_, c| matches!(function(c), Some(FunctionTarget::Catalogued { .. }))),
    ),
    Line::new(
        UnsupportedFunctionUri,
        &["call"],
        Present::Call(|_, c| matches!(function(c), Some(FunctionTarget::Uri(_)))),
    ),
    Line::new(
        UnsupportedContainer,
        &["run", "container"],
        Present::Run(|kind| matches!(kind, RunKind::Container(_))),
    ),
    Line::new(
        UnsupportedScript,
        &["run", "script"],
        Present::Run(|kind| matches!(kind, RunKind::Script(_))),
    ),
    Line::new(
        UnsupportedShell,
        &["run", "shell"],
        Present::Run(|kind| matches!(kind, RunKind::Shell(_))),
    ),
    Line::new(
        UnsupportedDigest,
        &["digest"],
        Present::Scheme(|scheme| matches!(scheme, AuthenticationScheme::Digest(_))),
    ),
    Line::new(
        UnsupportedOAuth2,
        &["oauth2"],
        Present::Scheme(|scheme| matches!(scheme, AuthenticationScheme::OAuth2(_))),
    ),
    Line::new(
        UnsupportedOidc,
        &["oidc"],
        Present::Scheme(|scheme| matches!(scheme, AuthenticationScheme::Oidc(_))),
    ),
    Line::new(
        UnsupportedCompensate,
        &[MOTET[0], MOTET[1], "compensate"],
        Present::Motet(|motet| motet.compensate.is_some()),
    ),
    Line::new(
        UnsupportedSaga,
        &[MOTET[0], MOTET[1], "saga"],
        Present::Motet(|motet| motet.saga.is_some()),
    ),
    Line::new(
        UnsupportedPivot,
        &[MOTET[0], MOTET[1], "pivot"],
        Present::Motet(|motet| motet.pivot.is_some()),
    ),
    Line::new(
        UnsupportedParallel,
        &[MOTET[0], MOTET[1], "parallel"],
        Present::Motet(|motet| motet.parallel.is_some()),
    ),
    Line::new(
        UnsupportedNeeds,
        &[MOTET[0], MOTET[1], "needs"],
        Present::Motet(|motet| motet.needs.is_some()),
    ),
    Line::new(
        UnsupportedServiceVersion,
        &[MOTET[0], MOTET[1], "version"],
        Present::Motet(|motet| motet.version.is_some()),
    ),
    Line::new(
        UnsupportedUntil,
        &[MOTET[0], MOTET[1], "until"],
        Present::Motet(|motet| motet.until.is_some()),
    ),
];

fn function(call: &Call) -> Option<FunctionTarget<'_>> {
    match call {
        Call::Function(own) => Some(own.target()),
        _ => None,
    }
}

/// Whether a call names a function of ours that the document does not declare itself.
fn is_own_function(document: &Document, call: &Call, name: &str) -> bool {
    function(call) == Some(FunctionTarget::Named(name)) && document.function(name).is_none()
}
