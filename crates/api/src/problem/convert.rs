use std::time::Duration;

use motet_engine::{CatalogRejection, JobRejection, ScheduleRejection, Unresolved};
use motet_runtime::Error;

use super::{Code, Problem};

/// When to come again to a server that takes nothing new.
const RETRY_AFTER: Duration = Duration::from_secs(5);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        let plain = |code| Self::new(code, detail.clone());
        match error {
            Error::Invalid(diagnostics) => Self {
                detail: errors_counted(&diagnostics),
                diagnostics,
                ..plain(Code::InvalidDocument)
            },
            Error::Catalog(CatalogRejection::VersionExists { .. }) => plain(Code::VersionExists),
            Error::Catalog(CatalogRejection::Unknown(_)) => plain(Code::UnknownVersion),
            Error::Catalog(CatalogRejection::UnknownToken(_)) => plain(Code::UnknownToken),
            Error::Catalog(CatalogRejection::UnknownSecret(_)) => plain(Code::MissingSecret),
            Error::Catalog(CatalogRejection::Token(_)) => plain(Code::TokenConflict),
            Error::Catalog(CatalogRejection::Full { .. }) => plain(Code::PayloadTooLarge),
            Error::Unresolved(Unresolved::Workflow(_)) => plain(Code::UnknownWorkflow),
            Error::Unresolved(Unresolved::Version { .. }) => plain(Code::UnknownVersion),
            Error::UnknownInstance(_) => plain(Code::UnknownInstance),
            Error::BusinessKey { count: 0, .. } => plain(Code::UnknownInstance),
            Error::BusinessKey { .. } => plain(Code::StatusConflict),
            Error::ConcurrencyKey(_) => plain(Code::InvalidConcurrencyKey),
            Error::KeyHeld { holder, .. } => {
                Self { instance: Some(holder), ..plain(Code::ConcurrencyConflict) }
            }
            Error::QueueFull { .. } => {
                Self { retry_after: Some(RETRY_AFTER), ..plain(Code::ConcurrencyQueueFull) }
            }
            Error::LimitQueueFull { .. } => {
                Self { retry_after: Some(RETRY_AFTER), ..plain(Code::LimitQueueFull) }
            }
            Error::Schedule(_, ScheduleRejection::None) => plain(Code::UnknownSchedule),
            Error::Schedule(
                _,
                ScheduleRejection::TooMany
                | ScheduleRejection::Span
                | ScheduleRejection::EventsOnly,
            ) => plain(Code::InvalidBody),
            Error::KeyReused(id) => Self { instance: Some(id), ..plain(Code::KeyReused) },
            Error::Job(rejection) => of_job(rejection),
            Error::Conflict { .. } | Error::Offset { .. } => plain(Code::StatusConflict),
            Error::TooLarge { .. } => plain(Code::PayloadTooLarge),
            Error::Overloaded { retry_after } => {
                Self { retry_after: Some(retry_after), ..plain(Code::Overloaded) }
            }
            Error::SinkFull { .. } | Error::RefusedFull { .. } => {
                Self { retry_after: Some(RETRY_AFTER), ..plain(Code::SinkFull) }
            }
            Error::UnknownService(_) => plain(Code::MissingService),
            Error::UnknownEndpoint(..) => plain(Code::UnknownEndpoint),
            Error::UnknownOfAgent(..) => plain(Code::UnknownEndpoint),
            Error::CheckAsks(..) | Error::CheckTaken(..) => plain(Code::EndpointConflict),
            Error::EndpointTaken(..) => plain(Code::EndpointConflict),
            Error::RegistryFull { .. } => {
                Self { retry_after: Some(RETRY_AFTER), ..plain(Code::RegistryFull) }
            }
            Error::UnknownSink(_) => plain(Code::UnknownSink),
            Error::SinkInUse(_) => plain(Code::SinkInUse),
            Error::Unavailable(_) => {
                Self { retry_after: Some(RETRY_AFTER), ..plain(Code::Unavailable) }
            }
            Error::Unloadable(_) => plain(Code::Unloadable),
        }
    }
}

fn of_job(rejection: JobRejection) -> Problem {
    let code = match &rejection {
        JobRejection::Unknown | JobRejection::OtherKind => Code::UnknownJob,
        JobRejection::Over => Code::JobOver,
        JobRejection::Superseded { .. } => Code::JobSuperseded,
        JobRejection::Claimed(_) | JobRejection::NotClaimed(_) | JobRejection::AssignedTo(_) => {
            Code::TaskConflict
        }
        JobRejection::Form(_) => Code::FormMismatch,
        JobRejection::TooLarge(_) => Code::PayloadTooLarge,
    };
    let problem = Problem::new(code, rejection.to_string());
    match rejection {
        JobRejection::Form(violations) => Problem { violations: violations.into(), ..problem },
        _ => problem,
    }
}

fn errors_counted(diagnostics: &[motet_definition::Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|one| one.is_error()).count();
    match errors {
        1 => "the document has 1 error".to_owned(),
        errors => format!("the document has {errors} errors"),
    }
}
