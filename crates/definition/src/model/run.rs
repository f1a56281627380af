use super::{Duration, ExternalResource, Template};

/// Runs something beside the workflow: exactly one of container, script, shell and workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub kind: RunKind,
    pub await_: Option<bool>,
    pub return_: Option<RunReturn>,
}

impl Run {
    /// Whether the task waits for the end of what it runs.
    pub fn await_(&self) -> bool {
        self.await_.unwrap_or(true)
    }

    pub fn return_(&self) -> RunReturn {
        self.return_.unwrap_or(RunReturn::Stdout)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum RunKind {
    Container(Container),
    Script(Script),
    Shell(Shell),
    Workflow(RunWorkflow),
}

impl RunKind {
    pub fn keyword(&self) -> &'static str {
        match self {
            Self::Container(_) => "container",
            Self::Script(_) => "script",
            Self::Shell(_) => "shell",
            Self::Workflow(_) => "workflow",
        }
    }
}

/// What becomes the raw output of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunReturn {
    Stdout,
    Stderr,
    Code,
    /// `{code, stdout, stderr}`.
    All,
    None,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    pub image: Template,
    pub name: Option<Template>,
    pub command: Option<Template>,
    pub ports: Option<Template>,
    pub volumes: Option<Template>,
    pub environment: Option<Template>,
    pub stdin: Option<Template>,
    pub arguments: Option<Template>,
    pub lifetime: Option<Lifetime>,
    pub pull_policy: Option<PullPolicy>,
}

/// What becomes of a container when it is done; `after` stands exactly with `eventually`.
#[derive(Clone, Debug, PartialEq)]
pub struct Lifetime {
    pub cleanup: Cleanup,
    pub after: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleanup {
    Always,
    Never,
    Eventually,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullPolicy {
    IfNotPresent,
    Always,
    Never,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    pub language: String,
    pub source: ScriptSource,
    pub stdin: Option<Template>,
    pub arguments: Option<Template>,
    pub environment: Option<Template>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ScriptSource {
    /// Property `code`.
    Code(Template),
    /// Property `source`.
    Resource(ExternalResource),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Shell {
    pub command: Template,
    pub stdin: Option<Template>,
    pub arguments: Option<Template>,
    pub environment: Option<Template>,
}

/// A child workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct RunWorkflow {
    pub namespace: String,
    pub name: String,
    /// A version, a range, or `latest`.
    pub version: String,
    /// An object.
    pub input: Option<Template>,
}
