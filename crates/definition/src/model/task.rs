use super::{
    Call, Duration, Emit, Expression, Listen, MotetTask, RaiseError, Run, Schema, TaskMetadata,
    Template, Transform, Try,
};

/// Named tasks in order; a task's pointer is `<list>/<index>/<name>`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskList(pub Vec<TaskItem>);

impl TaskList {
    pub fn iter(&self) -> std::slice::Iter<'_, TaskItem> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Place of the task of this name in the list.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|item| item.name == name)
    }
}

impl<'a> IntoIterator for &'a TaskList {
    type Item = &'a TaskItem;
    type IntoIter = std::slice::Iter<'a, TaskItem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct TaskItem {
    pub name: String,
    pub task: Task,
}

/// One task: what all tasks have in common, and what this kind does.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub common: TaskCommon,
    pub kind: TaskKind,
}

impl Task {
    /// Our extensions of this task, if any were written.
    pub fn motet(&self) -> Option<&MotetTask> {
        self.common.metadata.as_ref()?.motet.as_ref()
    }
}

/// Properties of every task, whatever its kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskCommon {
    /// Evaluated on the raw input; false skips the task.
    pub if_: Option<Expression>,
    pub input: Option<Input>,
    pub output: Option<Output>,
    pub export: Option<Export>,
    pub timeout: Option<TimeoutRef>,
    pub then: Option<FlowDirective>,
    pub metadata: Option<TaskMetadata>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TaskKind {
    Call(Call),
    Do(TaskList),
    Emit(Emit),
    For(For),
    Fork(Fork),
    Listen(Box<Listen>),
    Raise(RaiseError),
    Run(Box<Run>),
    /// A string is one expression (or literal); an object is evaluated at every depth.
    Set(Template),
    Switch(Vec<SwitchCase>),
    Try(Box<Try>),
    Wait(Duration),
}

impl TaskKind {
    /// The property that makes a task one of this kind, which is also the kind's name.
    pub fn keyword(&self) -> &'static str {
        match self {
            Self::Call(_) => "call",
            Self::Do(_) => "do",
            Self::Emit(_) => "emit",
            Self::For(_) => "for",
            Self::Fork(_) => "fork",
            Self::Listen(_) => "listen",
            Self::Raise(_) => "raise",
            Self::Run(_) => "run",
            Self::Set(_) => "set",
            Self::Switch(_) => "switch",
            Self::Try(_) => "try",
            Self::Wait(_) => "wait",
        }
    }
}

/// Where the flow goes after a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowDirective {
    /// The next task in order.
    Continue,
    /// Leaves the current scope.
    Exit,
    /// Completes the workflow.
    End,
    /// The task of this name in the same list.
    Goto(String),
}

impl FlowDirective {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Continue => "continue",
            Self::Exit => "exit",
            Self::End => "end",
            Self::Goto(name) => name,
        }
    }
}

/// `schema` is checked on the raw input, before `from` transforms it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Input {
    pub schema: Option<Schema>,
    pub from: Option<Transform>,
}

/// `as` transforms the raw output; `schema` is checked on the result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    pub schema: Option<Schema>,
    pub as_: Option<Transform>,
}

/// `as` gives the new `$context`; `schema` is checked on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Export {
    pub schema: Option<Schema>,
    pub as_: Option<Transform>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Timeout {
    pub after: Duration,
}

/// A timeout, or the name of one in `use.timeouts`.
#[derive(Clone, Debug, PartialEq)]
pub enum TimeoutRef {
    Inline(Timeout),
    Named(String),
}

/// A loop; iterations chain their data. `for.{each,in,at}`, `while` and `do` of the task.
#[derive(Clone, Debug, PartialEq)]
pub struct For {
    pub each: Option<String>,
    pub in_: ForIn,
    pub at: Option<String>,
    /// Checked before each iteration.
    pub while_: Option<Expression>,
    pub do_: TaskList,
}

impl For {
    /// Variable of the current item.
    pub fn each(&self) -> &str {
        self.each.as_deref().unwrap_or("item")
    }

    /// Variable of the index of the current item.
    pub fn at(&self) -> &str {
        self.at.as_deref().unwrap_or("index")
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum ForIn {
    Expression(Expression),
    /// An array of objects whose strings may hold expressions.
    Items(Template),
}

/// Branches that run at the same time; a branch's pointer is `<task>/fork/branches/<index>/<name>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fork {
    pub branches: TaskList,
    pub compete: Option<bool>,
}

impl Fork {
    /// Whether the first branch to complete wins.
    pub fn compete(&self) -> bool {
        self.compete.unwrap_or(false)
    }
}

/// One case; its pointer is `<task>/switch/<index>/<name>`. Without `when` it is the default.
#[derive(Clone, Debug, PartialEq)]
pub struct SwitchCase {
    pub name: String,
    pub when: Option<Expression>,
    pub then: FlowDirective,
}
