//! Rights while a request is under way: what lasts longer than a moment ends soon after its caller has lost them.

use std::future::{Future, pending};
use std::time::Duration;

use motet_runtime::Handle;
use motet_types::Timestamp;

use super::Access;
use super::caller::{Caller, INVALID, why_invalid};
use crate::Options;
use crate::problem::{Code, Problem};
use crate::routes::Handled;

/// What a request may still take that was under way: most need no more, and whoever revokes their own token gets the answer.
const GRACE: Duration = Duration::from_millis(500);

/// Longest sleep before the clock is looked at again.
const SLEEP_MAX: Duration = Duration::from_secs(3_600);

impl Access {
    /// Whether a caller of the route may lose the right to it.
    pub(crate) fn can_be_lost(self, options: &Options) -> bool {
        match self {
            Self::Open => false,
            Self::Figures => !options.metrics_open,
            _ => true,
        }
    }
}

/// What the handler answers, or the refusal if its caller loses the right to it meanwhile.
pub(crate) async fn while_allowed(
    caller: Caller,
    handle: Handle,
    handled: impl Future<Output = Handled>,
) -> Handled {
    let lost = async {
        let problem = caller.lost(&handle).await;
        tokio::time::sleep(GRACE).await;
        problem
    };
    tokio::select! {
        biased;
        handled = handled => handled,
        problem = lost => Err(problem),
    }
}

impl Caller {
    /// Ends when the caller's rights do, or are others than when the request came.
    pub(crate) async fn lost(&self, handle: &Handle) -> Problem {
        let mut changes = handle.catalog_changes();
        loop {
            let view = changes.borrow_and_update().clone();
            let now = handle.now();
            let Some((id, grant)) = &self.token else {
                if !view.catalog.tokens.is_empty() {
                    let detail = "this server wants a token since its first one was made";
                    return ended(Code::Unauthenticated, detail);
                }
                changed(&mut changes).await;
                continue;
            };
            match view.catalog.tokens.get(id) {
                Some(known) if !known.is_valid(now) => {
                    return ended(Code::Unauthenticated, &why_invalid(known));
                }
                Some(known) if known.grant == **grant => {}
                Some(_) | None => {
                    let detail = format!("the rights of the token {} have changed", self.name);
                    return ended(Code::Forbidden, &detail);
                }
            }
            tokio::select! {
                () = changed(&mut changes) => {}
                () = until(grant.expires, now) => {}
            }
        }
    }
}

fn ended(code: Code, why: &str) -> Problem {
    let detail =
        format!("{why}, which ended the request; what it had asked for may have been done");
    let challenge = (code == Code::Unauthenticated).then(|| INVALID.into());
    Problem { challenge, ..Problem::new(code, detail) }
}

/// While the server goes on the catalog can always change.
async fn changed<T>(changes: &mut tokio::sync::watch::Receiver<T>) {
    if changes.changed().await.is_err() {
        pending::<()>().await;
    }
}

async fn until(expires: Option<Timestamp>, now: Timestamp) {
    match expires {
        Some(expires) => tokio::time::sleep(expires.since(now).min(SLEEP_MAX)).await,
        None => pending().await,
    }
}
