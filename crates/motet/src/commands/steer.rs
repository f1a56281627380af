//! Cancelling, suspending, resuming and retrying: by id, or all that pass a filter.

use motet_expr::Value;
use motet_expr::json::{object, string, to_text};

use super::Ended;
use super::list::{INSTANCE, filter_query, instance_row};
use crate::cli::{Cancel, Steer};
use crate::client::{Call, Client, query};
use crate::failure::{Exit, Failure};
use crate::output::{Output, table};
use crate::value::Members;

pub(super) async fn cancel(client: &Client, options: &Cancel, output: &Output) -> Ended {
    let switches = [
        options.no_compensate.then_some("compensate=false"),
        options.force.then_some("force=true"),
    ];
    let switches: Vec<&str> = switches.into_iter().flatten().collect();
    steer(client, "cancel", &switches.join("&"), &options.steer, output).await
}

/// `switches` are part of the query.
pub(super) async fn steer(
    client: &Client,
    verb: &str,
    switches: &str,
    options: &Steer,
    output: &Output,
) -> Ended {
    let filter = filter_query(&options.filter);
    match (options.ids.is_empty(), filter.is_empty() && !options.all) {
        (false, true) if options.dry_run => {
            Err(Failure::usage("--dry-run goes with a filter or --all, not with ids"))
        }
        (false, true) => by_id(client, verb, switches, options, output).await,
        (true, false) => {
            let query = format!("{filter}&{switches}");
            by_filter(client, verb, options, query.trim_matches('&'), output).await
        }
        (false, false) => Err(Failure::usage("give ids or a filter, not both")),
        (true, true) => Err(Failure::usage(format!("say which instances to {verb}"))
            .with_hint("give ids, a filter such as --workflow shop/order, or --all")),
    }
}

async fn by_id(
    client: &Client,
    verb: &str,
    switches: &str,
    options: &Steer,
    output: &Output,
) -> Ended {
    let mut exit = Exit::Done;
    for id in &options.ids {
        let path = format!("/api/v1/instances/{id}/{verb}?{switches}");
        let path = path.trim_end_matches('?');
        match client.send(Call::post(path, "application/json", body(options))).await {
            Ok(answer) => output.value(&answer.value, |output| {
                let status = answer.value.text("status").unwrap_or_default();
                let phase = answer.value.text("phase").map(|it| format!(" ({it})"));
                format!("{id} {}{}\n", output.style.status(status), phase.unwrap_or_default())
            }),
            Err(failure) => exit = output.fail(&of_one(id, options.ids.len(), failure)),
        }
    }
    Ok(exit)
}

/// Among several a refusal names its instance.
fn of_one(id: &str, count: usize, failure: Failure) -> Failure {
    match count {
        1 => failure,
        _ => Failure { message: format!("{id}: {}", failure.message), ..failure },
    }
}

/// The server stops at its limit and says where to go on.
async fn by_filter(
    client: &Client,
    verb: &str,
    options: &Steer,
    filter: &str,
    output: &Output,
) -> Ended {
    let mut path = format!("/api/v1/instances/{verb}?{filter}");
    for (name, is_set) in [("all", options.all), ("dryRun", options.dry_run)] {
        if is_set {
            path = format!("{path}&{name}=true");
        }
    }
    let (mut total, mut cursor) = (Total::default(), None::<String>);
    loop {
        let from = cursor.map(|cursor| format!("&{}", query("cursor", &cursor)));
        let path = format!("{path}{}", from.unwrap_or_default());
        let result = client.send(Call::post(path, "application/json", body(options))).await?.value;
        if options.dry_run {
            output.value(&result, |output| rehearsal(&result, output));
            return Ok(Exit::Done);
        }
        total.add(&result);
        output.value(&result, |_| String::new());
        cursor = result.text("next").map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    total.tell(output);
    Ok(if total.failed == 0 { Exit::Done } else { Exit::Failed })
}

#[derive(Default)]
struct Total {
    applied: u64,
    failed: u64,
    failures: Vec<String>,
}

impl Total {
    fn add(&mut self, result: &Value) {
        self.applied += result.number("applied").unwrap_or_default();
        self.failed += result.number("failed").unwrap_or_default();
        self.failures.extend(result.items("failures").iter().map(|failure| {
            let text = |key| failure.text(key).unwrap_or_default();
            format!("{}: {}", text("id"), text("detail"))
        }));
    }

    fn tell(&self, output: &Output) {
        self.failures.iter().for_each(|failure| output.note(failure));
        output.note(&format!("{} done, {} not", self.applied, self.failed));
    }
}

fn rehearsal(result: &Value, output: &Output) -> String {
    let rows: Vec<_> = result.items("sample").iter().map(instance_row).collect();
    let matched = result.number("matched").unwrap_or_default();
    let table = table(output.style, &INSTANCE, &rows);
    let (noun, verb) = if matched == 1 { ("instance", "passes") } else { ("instances", "pass") };
    format!("{table}{matched} {noun} {verb} the filter; nothing was changed\n")
}

fn body(options: &Steer) -> String {
    let reason = options.reason.as_deref().map(|reason| ("reason", string(reason)));
    to_text(&object(reason))
}
