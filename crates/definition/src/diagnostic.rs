use std::fmt;
use std::ops::Range;

use crate::{Code, Pointer, Span};

/// One problem of a document, said so that its author can act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    /// What is wrong and what to do.
    pub message: String,
    /// What the problem is about; it may point to a property that is missing.
    pub path: Pointer,
    /// Whether the problem is with the key or with the value at `path`.
    pub place: Place,
    /// Where that stands in the text, if the document was read from text.
    pub span: Option<Span>,
    /// A further hint, such as what the author may have meant.
    pub help: Option<String>,
    /// The service that it is about, where only a registry knows whether there is one.
    pub service: Option<String>,
    /// The part of a text that is meant, until the text's place is known.
    pub(crate) within: Option<Within>,
}

/// Part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Within {
    pub(crate) text: String,
    pub(crate) range: Range<usize>,
}

impl Diagnostic {
    /// A problem with the value at `path`, as severe as its code.
    pub fn new(code: Code, path: Pointer, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            path,
            place: Place::Value,
            span: None,
            help: None,
            service: None,
            within: None,
        }
    }

    /// Says that the key is meant, not its value.
    #[must_use]
    pub fn about_key(self) -> Self {
        Self { place: Place::Key, ..self }
    }

    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    #[must_use]
    pub(crate) fn about_service(self, service: &str) -> Self {
        Self { service: Some(service.to_ascii_lowercase()), ..self }
    }

    #[must_use]
    pub(crate) fn at(self, span: Span) -> Self {
        Self { span: Some(span), ..self }
    }

    /// Says that only `range` of the value's text is meant.
    #[must_use]
    pub(crate) fn within(self, text: &str, range: Range<usize>) -> Self {
        Self { within: Some(Within { text: text.to_owned(), range }), ..self }
    }

    /// Whether the document cannot be published.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Key or value of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Key,
    Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The document is refused.
    Error,
    /// The document is taken, and may not do what its author thinks.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}
