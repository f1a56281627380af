//! Commands to the instance.

use std::time::Duration;

use motet_expr::json;

use super::cursor::Cursor;
use super::duration;
use crate::model::{Action, Command};

pub(super) fn read(at: &Cursor<'_>) -> Vec<Action> {
    at.items().iter().filter_map(action).collect()
}

const WORDS: [&str; 4] = ["cancel", "suspend", "resume", "retry"];
const KEYS: [&str; 8] =
    ["at", "cancel", "suspend", "resume", "retry", "force", "compensate", "refused"];

fn action(at: &Cursor<'_>) -> Option<Action> {
    at.only(&KEYS);
    let after = match at.get("at") {
        Some(it) => duration(&it)?,
        None => Duration::ZERO,
    };
    let mut named = WORDS.iter().filter_map(|word| Some((*word, at.get(word)?)));
    let (Some((word, of)), None) = (named.next(), named.next()) else {
        at.problem("a command is one of cancel, suspend, resume and retry");
        return None;
    };
    let flag = |key: &str, absent| at.get(key).map_or(Some(absent), |it| it.truth());
    let (force, compensate) = (flag("force", false)?, flag("compensate", true)?);
    if word != "cancel" && (force || !compensate) {
        at.problem("`force` and `compensate` belong to a cancel");
    }
    let reason = json::as_str(of.value()).map(str::to_owned);
    let command = match word {
        "cancel" => Command::Cancel { reason, force, without_undo: !compensate },
        "suspend" => Command::Suspend(reason),
        "resume" => Command::Resume,
        _ => Command::Retry,
    };
    Some(Action { after, command, is_refused: flag("refused", false)? })
}
