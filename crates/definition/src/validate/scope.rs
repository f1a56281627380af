use crate::work::spend;

/// A place at which expressions are evaluated; it decides which variables exist (DSL, "Runtime expression arguments").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// What is decided before there is an instance: on its input alone.
    Start,
    /// `input` of the workflow, and what is decided before its first task.
    WorkflowInput,
    /// `if` and `input.from` of a task.
    TaskInput,
    /// The definition of a task, and its `output.as`.
    Definition,
    /// `export.as` of a task.
    Export,
    /// `output.as` of the workflow.
    WorkflowOutput,
}

impl Site {
    fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Start => &[],
            Self::WorkflowInput => &["secrets", "workflow", "runtime"],
            Self::TaskInput => &["context", "secrets", "task", "workflow", "runtime"],
            Self::Definition => {
                &["context", "input", "secrets", "task", "workflow", "runtime", "authorization"]
            }
            Self::Export => &[
                "context",
                "input",
                "output",
                "secrets",
                "task",
                "workflow",
                "runtime",
                "authorization",
            ],
            Self::WorkflowOutput => &["context", "secrets", "workflow", "runtime"],
        }
    }
}

/// The variables that exist at a place, and whether secrets may be worked with there.
#[derive(Clone, Debug)]
pub(super) struct Scope<'a> {
    site: Site,
    locals: Vec<&'a str>,
    /// Inside `with` or the authentication of a call.
    in_call: bool,
}

impl<'a> Scope<'a> {
    pub(super) fn new(site: Site) -> Self {
        Self { site, locals: Vec::new(), in_call: false }
    }

    /// The same local variables at another place.
    pub(super) fn at(&self, site: Site) -> Self {
        Self { site, ..self.clone() }
    }

    pub(super) fn with(&self, locals: impl IntoIterator<Item = &'a str>) -> Self {
        let mut scope = self.clone();
        scope.locals.extend(locals);
        scope
    }

    pub(super) fn inside_call(&self) -> Self {
        Self { in_call: true, ..self.clone() }
    }

    pub(super) fn in_call(&self) -> bool {
        self.in_call
    }

    pub(super) fn variables(&self) -> Vec<&'a str> {
        spend(self.locals.len());
        self.site.variables().iter().chain(&self.locals).copied().collect()
    }
}
