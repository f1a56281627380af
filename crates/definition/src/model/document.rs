use motet_types::{Label, Version, WorkflowName, WorkflowRef};

use super::{
    AuthenticationPolicy, DocumentMetadata, Duration, Endpoint, Error, EventStrategy, Expression,
    Extra, Input, MotetDocument, Named, Output, ReadAs, RetryPolicy, Task, TaskList, Timeout,
    TimeoutRef,
};
use crate::value::Map;

/// One document of the language: the definition of one version of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The property `document`.
    pub header: Header,
    pub input: Option<Input>,
    pub use_: Option<Use>,
    pub do_: TaskList,
    pub timeout: Option<TimeoutRef>,
    pub output: Option<Output>,
    pub schedule: Option<Schedule>,
    pub evaluate: Option<Evaluate>,
    /// The top level is open.
    pub extra: Extra,
}

impl Document {
    /// Identity of the definition.
    pub fn reference(&self) -> WorkflowRef {
        let Header { namespace, name, version, .. } = &self.header;
        let workflow = WorkflowName { namespace: namespace.clone(), name: name.clone() };
        WorkflowRef { workflow, version: version.clone() }
    }

    /// Our extensions of the whole document, if any were written.
    pub fn motet(&self) -> Option<&MotetDocument> {
        self.header.metadata.as_ref()?.motet.as_ref()
    }

    /// How strings outside expression fields are read; default strict.
    pub fn mode(&self) -> EvaluateMode {
        self.evaluate.as_ref().and_then(|evaluate| evaluate.mode).unwrap_or(EvaluateMode::Strict)
    }

    /// The function named in `use.functions`.
    pub fn function(&self, name: &str) -> Option<&Task> {
        self.use_.as_ref()?.functions.as_ref()?.get(name)
    }

    /// The error named in `use.errors`.
    pub fn error(&self, name: &str) -> Option<&Error> {
        self.use_.as_ref()?.errors.as_ref()?.get(name)
    }

    /// The retry policy named in `use.retries`.
    pub fn retry(&self, name: &str) -> Option<&RetryPolicy> {
        self.use_.as_ref()?.retries.as_ref()?.get(name)
    }

    /// The timeout named in `use.timeouts`.
    pub fn timeout(&self, name: &str) -> Option<&Timeout> {
        self.use_.as_ref()?.timeouts.as_ref()?.get(name)
    }

    /// The policy named in `use.authentications`.
    pub fn authentication(&self, name: &str) -> Option<&AuthenticationPolicy> {
        self.use_.as_ref()?.authentications.as_ref()?.get(name)
    }

    /// The secrets that the document declares in `use.secrets`.
    pub fn secrets(&self) -> &[String] {
        self.use_.as_ref().and_then(|use_| use_.secrets.as_deref()).unwrap_or_default()
    }
}

/// The property `document`: identity and description.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Version of the language, 1.0.x.
    pub dsl: Version,
    pub namespace: Label,
    pub name: Label,
    pub version: Version,
    pub title: Option<String>,
    /// Markdown.
    pub summary: Option<String>,
    pub tags: Option<Map>,
    pub metadata: Option<DocumentMetadata>,
}

/// Reusable components, each found by its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Use {
    pub authentications: Option<Named<AuthenticationPolicy>>,
    /// Function catalogs: the root URL of each.
    pub catalogs: Option<Named<Endpoint>>,
    pub errors: Option<Named<Error>>,
    /// In order of application.
    pub extensions: Option<Vec<ExtensionItem>>,
    pub functions: Option<Named<Task>>,
    pub retries: Option<Named<RetryPolicy>>,
    pub secrets: Option<Vec<String>>,
    pub timeouts: Option<Named<Timeout>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ExtensionItem {
    pub name: String,
    pub extension: Extension,
}

/// Tasks that run around every task of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Extension {
    pub extend: ExtensionTarget,
    pub when: Option<Expression>,
    pub before: Option<TaskList>,
    pub after: Option<TaskList>,
}

/// The kind of task that an extension extends; `composite` covers `do` and `fork`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtensionTarget {
    Call,
    Composite,
    Emit,
    For,
    Listen,
    Raise,
    Run,
    Set,
    Switch,
    Try,
    Wait,
    All,
}

/// When instances start by themselves; several forms apply together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schedule {
    pub every: Option<Duration>,
    /// Five fields, or a macro such as `@daily`.
    pub cron: Option<String>,
    pub after: Option<Duration>,
    pub on: Option<EventStrategy>,
    pub read: Option<ReadAs>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluate {
    /// `jq`, the default and the only one.
    pub language: Option<String>,
    pub mode: Option<EvaluateMode>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluateMode {
    /// Only `${ … }` is an expression.
    Strict,
    /// Every string is tried as an expression and kept as it is where that fails.
    Loose,
}
