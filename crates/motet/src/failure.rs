//! How commands end.

use std::process::ExitCode;

/// What the command line itself may complain about; a server's refusals keep the server's codes.
pub(crate) const CODES: &[(&str, &str)] = &[
    ("server-unreachable", "No server answers at the address."),
    ("unexpected-answer", "What answers at the address is not a Motet server of this version."),
    ("unreadable-file", "A file cannot be read."),
    ("invalid-scenarios", "A scenario file cannot be understood."),
    ("invalid-argument", "An argument has a value that it cannot have."),
    (
        "invalid-configuration",
        "The configuration has a setting that is unknown or has a wrong value.",
    ),
    ("outlet-failed", "A source or a sink of events cannot go on at present."),
    ("address-in-use", "The server cannot listen at its address."),
    ("store-failed", "The data directory cannot be opened, checked or repaired."),
    ("missing-secret-key", "A data directory with work in it lacks its key of the secrets."),
    ("wrong-secret-key", "The secrets of the store were sealed under another key."),
    ("insecure-listening", "The server would be open to everybody beyond this machine."),
    (
        "unusable-certificate",
        "The server's certificate, its key or the authorities of clients cannot be used.",
    ),
    ("server-failed", "A part of the server could not start or stopped by itself."),
];

/// Exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It was done.
    Done = 0,
    /// It was not done.
    Failed = 1,
    /// The command line cannot be understood, or an argument is wrong.
    Usage = 2,
    /// The instance was faulted or cancelled.
    Unsuccessful = 3,
    /// The instance had not ended when the wait was over.
    Unfinished = 4,
    /// The instance does not go on without a person: it has an incident, or is suspended.
    Stopped = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    /// One of [`CODES`], or a code of the server.
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// Further lines, as they are to be shown.
    pub(crate) details: Vec<String>,
    pub(crate) exit: Exit,
}

impl Failure {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        debug_assert!(CODES.iter().any(|(known, _)| *known == code), "{code} has no page");
        Self::of_server(code, message)
    }

    /// A refusal of the server.
    pub(crate) fn of_server(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            hint: None,
            details: Vec::new(),
            exit: Exit::Failed,
        }
    }

    /// An argument that cannot be right.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new("invalid-argument", message) }
    }

    #[must_use]
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
