//! The schedule of a workflow, tried for a time.
//!
//! ```text
//! schedule:
//!   for: PT1H
//!   down: {from: PT10M, to: PT20M}       nothing happens meanwhile, and what was missed is made up for as the schedule says
//!   commands:
//!     - {at: PT5M, pause: true}          and resume, trigger; backfill: {from, to}; refused: true
//! ```

use std::time::Duration;

use super::cursor::Cursor;
use super::duration;
use crate::model::{ScheduleOrder, ScheduleTrial};

const WORDS: [&str; 4] = ["pause", "resume", "trigger", "backfill"];

pub(super) fn read(at: &Cursor<'_>) -> Option<ScheduleTrial> {
    at.only(&["for", "down", "commands"]);
    let down = match at.get("down") {
        Some(it) => Some(span(&it)?),
        None => None,
    };
    let orders = at.get("commands").map(|it| it.items()).unwrap_or_default();
    Some(ScheduleTrial {
        time: duration(&at.required("for")?)?,
        down,
        orders: orders.iter().filter_map(order).collect(),
    })
}

fn order(at: &Cursor<'_>) -> Option<(Duration, ScheduleOrder, bool)> {
    at.only(&["at", "pause", "resume", "trigger", "backfill", "refused"]);
    let after = at.get("at").map_or(Some(Duration::ZERO), |it| duration(&it))?;
    let mut named = WORDS.iter().filter_map(|word| Some((*word, at.get(word)?)));
    let (Some((word, of)), None) = (named.next(), named.next()) else {
        at.problem("a command is one of pause, resume, trigger and backfill");
        return None;
    };
    let order = match word {
        "pause" => ScheduleOrder::Pause,
        "resume" => ScheduleOrder::Resume,
        "trigger" => ScheduleOrder::Trigger,
        _ => {
            let (from, to) = span(&of)?;
            ScheduleOrder::Backfill { from, to }
        }
    };
    let is_refused = at.get("refused").map_or(Some(false), |it| it.truth())?;
    Some((after, order, is_refused))
}

/// Both since the scenario began.
fn span(at: &Cursor<'_>) -> Option<(Duration, Duration)> {
    at.only(&["from", "to"]);
    Some((duration(&at.required("from")?)?, duration(&at.required("to")?)?))
}
