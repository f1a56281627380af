use super::{Duration, Expression, Extra, FlowDirective, TaskList, Template, Uri};
use crate::value::Value;

/// `try` and `catch`; the tasks' pointers are `<task>/try/<index>/<name>` and `<task>/catch/do/<index>/<name>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Try {
    pub try_: TaskList,
    pub catch: Catch,
}

/// Which errors are caught, and what happens then: retries first, then `do`, then `then`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catch {
    pub errors: Option<CatchErrors>,
    pub as_: Option<String>,
    pub when: Option<Expression>,
    pub except_when: Option<Expression>,
    pub retry: Option<RetryRef>,
    pub do_: Option<TaskList>,
    pub then: Option<FlowDirective>,
}

impl Catch {
    /// Variable that holds the caught error.
    pub fn variable(&self) -> &str {
        self.as_.as_deref().unwrap_or("error")
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct CatchErrors {
    pub with: Option<ErrorFilter>,
    pub extra: Extra,
}

/// Every given property must equal that of the error.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ErrorFilter {
    pub type_: Option<Template>,
    pub status: Option<u16>,
    pub instance: Option<Template>,
    pub title: Option<Template>,
    pub detail: Option<Template>,
    pub extra: Extra,
}

/// A policy, or the name of one in `use.retries`.
#[derive(Clone, Debug, PartialEq)]
pub enum RetryRef {
    Inline(Box<RetryPolicy>),
    Named(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetryPolicy {
    pub when: Option<Expression>,
    pub except_when: Option<Expression>,
    pub delay: Option<Duration>,
    pub backoff: Option<Backoff>,
    pub limit: Option<RetryLimit>,
    pub jitter: Option<Jitter>,
}

/// How the delay grows before retry n = 1, 2, …
#[derive(Clone, Debug, PartialEq)]
pub enum Backoff {
    /// delay
    Constant(BackoffOptions),
    /// delay + increment·(n − 1)
    Linear(BackoffOptions),
    /// delay·factor^(n − 1)
    Exponential(BackoffOptions),
}

impl Backoff {
    pub fn keyword(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Linear(_) => "linear",
            Self::Exponential(_) => "exponential",
        }
    }

    pub fn options(&self) -> &BackoffOptions {
        match self {
            Self::Constant(options) | Self::Linear(options) | Self::Exponential(options) => options,
        }
    }
}

/// Options that we read from the open backoff objects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BackoffOptions {
    /// Of `linear`; defaults to the delay.
    pub increment: Option<Duration>,
    /// Of `exponential`, a number of at least 1, as written; see [`BackoffOptions::factor`].
    pub factor: Option<Value>,
    pub max_delay: Option<Duration>,
    pub extra: Extra,
}

impl BackoffOptions {
    /// Growth of an exponential backoff; default 2.
    pub fn factor(&self) -> f64 {
        self.factor.as_ref().and_then(crate::value::as_f64).unwrap_or(2.0)
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetryLimit {
    pub attempt: Option<RetryLimitAttempt>,
    /// Limit of all attempts together.
    pub duration: Option<Duration>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetryLimitAttempt {
    /// Number of retries; the first attempt does not count.
    pub count: Option<u32>,
    /// Limit of each attempt.
    pub duration: Option<Duration>,
}

/// A random addition to the delay, between the two.
#[derive(Clone, Debug, PartialEq)]
pub struct Jitter {
    pub from: Duration,
    pub to: Duration,
}

/// A problem in the form of RFC 9457 (which obsoletes RFC 7807), as a document declares or raises it.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    pub type_: Uri,
    pub status: u16,
    pub instance: Option<Template>,
    pub title: Option<Template>,
    pub detail: Option<Template>,
}

/// An error, or the name of one in `use.errors`.
#[derive(Clone, Debug, PartialEq)]
pub enum RaiseError {
    Inline(Box<Error>),
    Named(String),
}
