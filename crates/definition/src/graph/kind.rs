//! The kinds of tasks, as the engine executes them.

use motet_expr::Template;
use motet_types::TaskId;

use super::{
    Case, For, HttpCall, HumanCall, JobCall, Listen, RaisedError, RunWorkflow, ScopeId, Try, Wait,
};

/// What a task does.
#[derive(Debug)]
pub enum Kind {
    Set(Template),
    Do(ScopeId),
    Switch(Vec<Case>),
    For(Box<For>),
    Fork {
        branches: ScopeId,
        compete: bool,
        /// `metadata.motet.needs`: a branch, and one that must be complete before it begins; by branch, each pair once.
        needs: Vec<(TaskId, TaskId)>,
    },
    Try(Box<Try>),
    Raise(Box<RaisedError>),
    Wait(Wait),
    Call(Box<HttpCall>),
    /// `call` of a function of `use.functions`: its task, inlined as a scope of one.
    Function {
        with: Option<Template>,
        body: ScopeId,
    },
    Run(Box<RunWorkflow>),
    /// `call: job`: a unit of work that a worker fetches.
    Job(Box<JobCall>),
    /// `call: human`: a unit of work that a person does.
    Human(Box<HumanCall>),
    Emit(Vec<(String, Template)>),
    Listen(Box<Listen>),
}

impl Kind {
    /// The DSL's word for the task.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Set(_) => "set",
            Self::Do(_) => "do",
            Self::Switch(_) => "switch",
            Self::For(_) => "for",
            Self::Fork { .. } => "fork",
            Self::Try(_) => "try",
            Self::Raise(_) => "raise",
            Self::Wait(_) => "wait",
            Self::Call(_) | Self::Function { .. } | Self::Job(_) | Self::Human(_) => "call",
            Self::Run(_) => "run",
            Self::Emit(_) => "emit",
            Self::Listen(_) => "listen",
        }
    }

    /// The tasks inside it that run when nothing fails.
    pub fn body(&self) -> Option<ScopeId> {
        match self {
            Self::Do(scope) | Self::Function { body: scope, .. } => Some(*scope),
            Self::For(task) => Some(task.body),
            Self::Fork { branches, .. } => Some(*branches),
            Self::Try(task) => Some(task.body),
            Self::Listen(task) => task.foreach.as_ref()?.body,
            Self::Set(_)
            | Self::Switch(_)
            | Self::Raise(_)
            | Self::Wait(_)
            | Self::Call(_)
            | Self::Run(_)
            | Self::Job(_)
            | Self::Human(_)
            | Self::Emit(_) => None,
        }
    }
}
