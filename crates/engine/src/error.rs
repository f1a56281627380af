use motet_expr::{EvalError, Value, json};

/// The standard types of errors, DSL reference "Standard Error Types".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    Configuration,
    Validation,
    Expression,
    Authentication,
    Authorization,
    Timeout,
    Communication,
    Runtime,
}

impl ErrorKind {
    pub const ALL: [Self; 8] = [
        Self::Configuration,
        Self::Validation,
        Self::Expression,
        Self::Authentication,
        Self::Authorization,
        Self::Timeout,
        Self::Communication,
        Self::Runtime,
    ];

    /// The last segment of the type's URI.
    pub fn word(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Validation => "validation",
            Self::Expression => "expression",
            Self::Authentication => "authentication",
            Self::Authorization => "authorization",
            Self::Timeout => "timeout",
            Self::Communication => "communication",
            Self::Runtime => "runtime",
        }
    }

    /// The status that goes with the type unless something better is known.
    pub fn status(self) -> u16 {
        match self {
            Self::Configuration | Self::Validation | Self::Expression => 400,
            Self::Authentication => 401,
            Self::Authorization => 403,
            Self::Timeout => 408,
            Self::Communication | Self::Runtime => 500,
        }
    }

    fn uri(self) -> String {
        format!("{STANDARD}{}", self.word())
    }
}

const STANDARD: &str = "https://open-workflow-specification.org/spec/1.0.0/errors/";

/// An error of the DSL: a problem detail (RFC 7807) whose `instance` points into the document.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowError {
    /// URI of the error's type.
    pub kind: String,
    pub status: u16,
    /// JSON pointer (RFC 6901) of the task that raised it.
    pub instance: Option<String>,
    pub title: Option<String>,
    pub detail: Option<String>,
}

impl WorkflowError {
    /// A standard error at a place of the document.
    pub fn new(kind: ErrorKind, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: kind.uri(),
            status: kind.status(),
            instance: None,
            title: Some(title.to_owned()),
            detail: Some(detail.into()),
        }
    }

    /// The error of an expression that failed; `what` names its place, as in `input.from`.
    pub fn expression(what: &str, error: &EvalError) -> Self {
        Self::new(ErrorKind::Expression, "an expression failed", format!("{what}: {error}"))
    }

    /// The same error, raised at `reference` unless it already says where.
    #[must_use]
    pub fn at(mut self, reference: &str) -> Self {
        self.instance.get_or_insert_with(|| reference.to_owned());
        self
    }

    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The error as expressions see it.
    pub fn to_value(&self) -> Value {
        let optional = |field: &Option<String>| field.as_deref().map(json::string);
        let members = [
            ("type", Some(json::string(self.kind.as_str()))),
            ("status", Some(Value::from(usize::from(self.status)))),
            ("instance", optional(&self.instance)),
            ("title", optional(&self.title)),
            ("detail", optional(&self.detail)),
        ];
        json::object(members.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))))
    }

    /// Whether the type is the one that `pattern` names, whatever domain and form it was written in.
    ///
    /// The standard was renamed and its conformance kit uses a third form; all three mean the same type.
    pub fn is_kind(&self, pattern: &str) -> bool {
        match (standard_word(&self.kind), standard_word(pattern)) {
            (None, None) => self.kind == pattern,
            (own, wanted) => own == wanted,
        }
    }
}

/// The last segment of a standard type; `None` for every other one.
fn standard_word(uri: &str) -> Option<&str> {
    let rest = uri.strip_prefix("https://")?;
    let rest = rest
        .strip_prefix("open-workflow-specification.org/")
        .or_else(|| rest.strip_prefix("serverlessworkflow.io/"))?;
    let (path, word) = rest.rsplit_once('/')?;
    let is_form =
        path == "dsl/errors/types" || (path.starts_with("spec/") && path.ends_with("/errors"));
    is_form.then_some(word)
}
