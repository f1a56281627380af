use std::fmt;
use std::ops::Range;

/// A source that is not a program, with the place of the first mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CompileError {
    /// One sentence for people, in lower case.
    pub message: String,
    /// Byte offsets in the source; empty at its end when something is missing.
    pub range: Range<usize>,
}

/// An expression inside a template that is not a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct TemplateError {
    /// JSON pointer (RFC 6901) of the text inside the template.
    pub path: String,
    /// Its range counts bytes of that text.
    #[source]
    pub error: CompileError,
}

/// An evaluation that gave no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    pub kind: EvalErrorKind,
    /// One sentence for people, at most [`EvalError::MESSAGE_BYTES_MAX`] bytes.
    pub message: String,
}

impl EvalError {
    /// Longest message, in bytes.
    pub const MESSAGE_BYTES_MAX: usize = 1024;

    pub(crate) fn new(kind: EvalErrorKind, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > Self::MESSAGE_BYTES_MAX {
            let end = shortened(&message, Self::MESSAGE_BYTES_MAX - '…'.len_utf8()).len();
            message.truncate(end);
            message.push('…');
        }
        Self { kind, message }
    }
}

/// The longest beginning of a text that has at most `bytes_max` bytes.
pub(crate) fn shortened(text: &str, bytes_max: usize) -> &str {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| *end <= bytes_max).last();
    &text[..end.unwrap_or(0)]
}

/// Why an evaluation gave no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EvalErrorKind {
    /// The fuel is used up.
    Fuel,
    /// The shell's interrupt was set.
    Interrupted,
    /// A value is nested too deeply, or a function calls itself too deeply.
    Depth,
    /// A value is too large.
    Size,
    /// The stack is used up.
    Stack,
    /// The expression itself failed: `error`, a wrong type, an index that does not fit.
    Failed,
    /// The expression gave more than one result.
    SeveralResults,
    /// The result is not JSON: a byte string or an object with a key that is no text.
    NotJson,
    /// The evaluator has a bug; the message tells which.
    Internal,
}

impl fmt::Display for EvalErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fuel => "fuel",
            Self::Interrupted => "interrupted",
            Self::Depth => "depth",
            Self::Size => "size",
            Self::Stack => "stack",
            Self::Failed => "failed",
            Self::SeveralResults => "several results",
            Self::NotJson => "not JSON",
            Self::Internal => "internal",
        })
    }
}
