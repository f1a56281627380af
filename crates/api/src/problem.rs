//! Refusals: problem documents (RFC 9457) with stable codes.

mod convert;

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use motet_definition::Diagnostic;

use crate::json;
use crate::print;

/// Declares every code with its status, its stable name and what it says in one line.
macro_rules! codes {
    ($($variant:ident $status:ident $name:literal $meaning:literal)*) => {
        /// Why a request was refused; the name is stable and has a page in the documentation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it says, in one line: the problem's `title`.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }
        }
    };
}

codes! {
    MalformedJson BAD_REQUEST "malformed-json" "The body is not JSON."
    InvalidBody BAD_REQUEST "invalid-body" "The body is JSON of another shape than is asked for."
    InvalidEvent BAD_REQUEST "invalid-event" "The body is no CloudEvent."
    UnknownParameter BAD_REQUEST "unknown-parameter" "The query has a parameter that is not known here."
    InvalidParameter BAD_REQUEST "invalid-parameter" "A parameter or header has a value that it cannot have."
    MissingFilter BAD_REQUEST "missing-filter" "A request for many instances says which."
    Unauthenticated UNAUTHORIZED "unauthenticated" "The request shows no token that is valid here."
    Forbidden FORBIDDEN "forbidden" "The token does not allow this."
    ForeignHost FORBIDDEN "foreign-host" "The request names a host that is not this server."
    ForeignOrigin FORBIDDEN "foreign-origin" "The request comes from a page of another site."
    UnknownRoute NOT_FOUND "unknown-route" "There is nothing at this path."
    UnknownWorkflow NOT_FOUND "unknown-workflow" "There is no such workflow."
    UnknownVersion NOT_FOUND "unknown-version" "The workflow has no such version or tag."
    UnknownSchedule NOT_FOUND "unknown-schedule" "The workflow has no schedule."
    UnknownPage NOT_FOUND "unknown-page" "There is no page on such an error."
    UnknownInstance NOT_FOUND "unknown-instance" "There is no such instance."
    UnknownToken NOT_FOUND "unknown-token" "There is no such token."
    MissingSecret NOT_FOUND "missing-secret" "There is no such secret."
    UnknownSink NOT_FOUND "unknown-sink" "There is no such sink."
    MissingService NOT_FOUND "missing-service" "There is no such service."
    UnknownEndpoint NOT_FOUND "unknown-endpoint" "The service has no such endpoint."
    UnknownJob NOT_FOUND "unknown-job" "There is no such job or task."
    MethodNotAllowed METHOD_NOT_ALLOWED "method-not-allowed" "The path is known, the method is not."
    NotAcceptable NOT_ACCEPTABLE "not-acceptable" "The answer has no form that the request accepts."
    RequestTimeout REQUEST_TIMEOUT "request-timeout" "The body did not arrive in time."
    VersionExists CONFLICT "version-exists" "The version is published with other content."
    StatusConflict CONFLICT "status-conflict" "The command does not fit the instance's status."
    TokenConflict CONFLICT "token-conflict" "The token would be of no use, or lock everybody out."
    JobSuperseded CONFLICT "job-superseded" "The job is at another attempt."
    SinkInUse CONFLICT "sink-in-use" "The sink is configured and takes what waits for it."
    EndpointConflict CONFLICT "endpoint-conflict" "The endpoint does not come and go by itself."
    TaskConflict CONFLICT "task-conflict" "The task is somebody else's."
    JobOver GONE "job-over" "The job or task is over."
    PayloadTooLarge PAYLOAD_TOO_LARGE "payload-too-large" "Something exceeds its limit in bytes."
    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" "The body is of a kind that is not read here."
    ConcurrencyConflict CONFLICT "concurrency-conflict" "Another instance holds the concurrency key."
    InvalidConcurrencyKey UNPROCESSABLE_ENTITY "invalid-concurrency-key" "The input gives no concurrency key."
    InvalidDocument UNPROCESSABLE_ENTITY "invalid-document" "The document has errors."
    FormMismatch UNPROCESSABLE_ENTITY "form-mismatch" "The output does not fit the form."
    KeyReused UNPROCESSABLE_ENTITY "key-reused" "The idempotency key was used for another start."
    Overloaded TOO_MANY_REQUESTS "overloaded" "The server has more work than it admits."
    LimitQueueFull TOO_MANY_REQUESTS "limit-queue-full" "As many wait for room under a limit as may."
    ConcurrencyQueueFull TOO_MANY_REQUESTS "concurrency-queue-full" "As many wait for the concurrency key as may."
    RegistryFull TOO_MANY_REQUESTS "registry-full" "There are as many services or endpoints as may be."
    SinkFull SERVICE_UNAVAILABLE "sink-full" "As many events wait for a sink as may."
    Unloadable INTERNAL_SERVER_ERROR "unloadable-instance" "The stored instance cannot be read."
    Internal INTERNAL_SERVER_ERROR "internal-error" "The server has a defect."
    BackupFailed INTERNAL_SERVER_ERROR "backup-failed" "The data could not be copied."
    BackupUnavailable NOT_IMPLEMENTED "backup-unavailable" "The server's data cannot be copied by request."
    ConsulUnsupported NOT_IMPLEMENTED "consul-unsupported" "Consul has this, and Motet has not."
    Unavailable SERVICE_UNAVAILABLE "unavailable" "The server takes nothing new at present."
    NotReady SERVICE_UNAVAILABLE "not-ready" "The server is not ready."
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One refusal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    /// What happened here, and what to do.
    pub(crate) detail: String,
    /// Of the document, if it is about one.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Places of the body that do not fit: JSON pointers, each with what is wrong there.
    pub(crate) violations: Box<[(String, String)]>,
    /// When to come again.
    pub(crate) retry_after: Option<Duration>,
    /// The instance that stands in the way.
    pub(crate) instance: Option<motet_types::InstanceId>,
    /// What to show to come in: `WWW-Authenticate`.
    pub(crate) challenge: Option<Box<str>>,
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            diagnostics: Vec::new(),
            violations: Box::default(),
            retry_after: None,
            instance: None,
            challenge: None,
        }
    }

    /// A parameter, header or part of the path that cannot be read.
    pub(crate) fn invalid(name: &str, why: impl fmt::Display) -> Self {
        Self::new(Code::InvalidParameter, format!("{name}: {why}"))
    }

    /// The problem as JSON.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        json::object(|problem| {
            problem.text("type", format_args!("/docs/errors/{}", self.code));
            problem.text("title", self.code.meaning());
            problem.number("status", self.code.status().as_u16());
            problem.text("detail", &self.detail);
            problem.text("code", self.code);
            problem.maybe_text("instanceId", self.instance);
            if !self.diagnostics.is_empty() {
                print::diagnostics(problem, &self.diagnostics);
            }
            if !self.violations.is_empty() {
                print::violations(problem, &self.violations);
            }
        })
    }
}
