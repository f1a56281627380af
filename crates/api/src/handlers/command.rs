//! Steering one instance.

use http::StatusCode;
use motet_runtime::Command;
use motet_types::Status;

use crate::problem::Problem;
use crate::query::Query;
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, print};

/// What instances are asked for, one or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Steer {
    Cancel,
    Suspend,
    Resume,
    Retry,
}

impl Steer {
    /// The command as the query asks for it.
    pub(super) fn command(self, reason: Option<String>, query: &Query) -> Result<Command, Problem> {
        Ok(match self {
            Self::Cancel => Command::Cancel {
                reason,
                force: query.switch("force")?,
                without_undo: query.text("compensate").is_some() && !query.switch("compensate")?,
            },
            Self::Suspend => Command::Suspend { reason },
            Self::Resume => Command::Resume,
            Self::Retry => Command::Retry,
        })
    }

    /// The statuses in which it changes something.
    pub(super) fn statuses(self) -> &'static [Status] {
        match self {
            Self::Cancel => &[Status::Pending, Status::Running, Status::Waiting, Status::Suspended],
            Self::Suspend => &[Status::Pending, Status::Running, Status::Waiting],
            Self::Resume => &[Status::Suspended],
            Self::Retry => &[Status::Faulted],
        }
    }
}

pub(crate) async fn steer(mut request: Request, steer: Steer) -> Handled {
    let id = request.instance()?;
    let [reason] = request.members(["reason"]).await?;
    let command = steer.command(reason, &request.query)?;
    let (instance, position) = request.handle().command(id, command).await?;
    Ok(answer::json(StatusCode::OK, print::instance(&instance), position))
}
