//! Services and their endpoints.

use http::Method;
use motet_expr::Value;
use motet_expr::json::array;
use motet_types::percent_encode;

use super::Ended;
use crate::cli;
use crate::client::{Call, Client, query};
use crate::failure::Exit;
use crate::output::{Output, Style, table};
use crate::value::Members;

/// The namespace of a service that is named without one.
const NAMESPACE: &str = "default";
/// Services of one listing.
const ITEMS_MAX: usize = 10_000;

pub(super) async fn service(client: &Client, what: &cli::Service, output: &Output) -> Ended {
    match what {
        cli::Service::Drain { service, endpoint, reason } => {
            rest(client, (service, endpoint), true, reason.as_deref(), output).await?;
        }
        cli::Service::Undrain { service, endpoint, reason } => {
            rest(client, (service, endpoint), false, reason.as_deref(), output).await?;
        }
        cli::Service::Delete { service, reason } => {
            let reason = reason.as_deref().map(|reason| query("reason", reason));
            let path = format!("{}?{}", path_of(service), reason.unwrap_or_default());
            let call = Call { method: Method::DELETE, ..Call::get(path) };
            let answer = client.send(call).await?.value;
            output.value(&answer, |_| format!("service {} is gone\n", name(&answer)));
        }
    }
    Ok(Exit::Done)
}

async fn rest(
    client: &Client,
    (service, endpoint): (&str, &str),
    is_resting: bool,
    reason: Option<&str>,
    output: &Output,
) -> Result<(), crate::failure::Failure> {
    let reason = reason.map(|reason| format!("&{}", query("reason", reason)));
    let reason = reason.unwrap_or_default();
    let endpoint = encoded(endpoint);
    let path =
        format!("{}/endpoints/{endpoint}?maintenance={is_resting}{reason}", path_of(service));
    let answer = client.send(Call { method: Method::PUT, ..Call::get(path) }).await?.value;
    let verb = if is_resting { "gets no new calls" } else { "gets calls again" };
    output.value(&answer, |_| format!("{} {verb}\n", answer.text("id").unwrap_or_default()));
    Ok(())
}

/// `motet get services`.
pub(super) async fn list(client: &Client, output: &Output) -> Result<(), crate::failure::Failure> {
    let items = client.items("/api/v1/services", ITEMS_MAX).await?;
    let items = items.told(output, "name one, as namespace/name");
    let rows: Vec<_> = items.iter().map(summary).collect();
    let headings = ["service", "document", "versions", "endpoints", "passing", "in flight"];
    output.value(&array(items), |output| table(output.style, &headings, &rows));
    Ok(())
}

/// `motet get endpoints NAME`.
pub(super) async fn endpoints(
    client: &Client,
    service: &str,
    output: &Output,
) -> Result<(), crate::failure::Failure> {
    let service = client.get(path_of(service)).await?;
    let endpoints = array(service.items("endpoints").iter().cloned());
    output.value(&endpoints, |output| endpoint_table(&service, output.style));
    Ok(())
}

/// `motet describe service/NAME` and `motet get service NAME`.
pub(super) async fn describe(client: &Client, service: &str, output: &Output) -> Ended {
    let service = client.get(path_of(service)).await?;
    output.value(&service, |output| {
        let document = match service.member("document") {
            Some(document) => {
                let text = |key| document.text(key).unwrap_or_default();
                let by = document.text("setBy").map(|by| format!(" by {by}")).unwrap_or_default();
                format!("set {}{by}", text("setAt"))
            }
            None => "none; every default".to_owned(),
        };
        let patience = service.number("patienceMs").unwrap_or_default() / 1_000;
        let name = name(&service);
        let heading = format!("service   {name}\ndocument  {document}\npatience  {patience}s\n");
        let versions = version_table(&service, output.style);
        let endpoints = endpoint_table(&service, output.style);
        let hit = hit_table(service.items("waiting"), output.style);
        format!("{heading}\n{versions}\n{endpoints}{hit}")
    });
    Ok(Exit::Done)
}

fn summary(item: &Value) -> Vec<String> {
    let number = |key| item.number(key).unwrap_or_default().to_string();
    let has_document = item.member("document") == Some(&Value::Bool(true));
    let versions: Vec<String> = item.items("versions").iter().map(crate::value::shown).collect();
    vec![
        name(item),
        if has_document { "yes" } else { "no" }.to_owned(),
        versions.join(" "),
        number("endpoints"),
        number("passing"),
        number("inFlight"),
    ]
}

fn version_table(service: &Value, style: Style) -> String {
    let row = |own: &Value| {
        let number = |key| own.number(key).map(|number| number.to_string()).unwrap_or_default();
        let until = own.text("openUntil").map(|until| format!(" until {until}"));
        let breaker = own.text("breaker").unwrap_or_default();
        let version = own.text("version").unwrap_or_default();
        vec![
            version.to_owned(),
            number("weight"),
            number("endpoints"),
            number("inFlight"),
            number("inFlightMax"),
            waiting(service, version),
            format!("{breaker}{}", until.unwrap_or_default()),
            format!("{} of {}", number("recentFailures"), number("recentCalls")),
        ]
    };
    let rows: Vec<_> = service.items("versions").iter().map(row).collect();
    let headings = [
        "version",
        "weight",
        "endpoints",
        "in flight",
        "at most",
        "waiting",
        "breaker",
        "lately failed",
    ];
    table(style, &headings, &rows)
}

/// How many calls wait for a version, and what for.
fn waiting(service: &Value, version: &str) -> String {
    let own = service.items("waiting").iter().find(|own| own.text("version") == Some(version));
    let shown = own.map(|own| {
        let (calls, reason) = (own.number("calls"), own.text("reason"));
        format!("{} for {}", calls.unwrap_or_default(), reason.unwrap_or_default())
    });
    shown.unwrap_or_else(|| "0".to_owned())
}

/// Whose calls wait, and until when; nothing where none does.
pub(super) fn hit_table(lines: &[Value], style: Style) -> String {
    let row = |line: &Value, own: &Value| {
        let number = |key| own.number(key).unwrap_or_default().to_string();
        let text = |key| own.text(key).unwrap_or_default();
        let reason = line.text("reason").unwrap_or_default();
        let deadline = match (own.text("deadline"), own.text("deadlineOf")) {
            (Some(at), Some(of)) => format!("{at} ({of})"),
            _ => "none".to_owned(),
        };
        vec![
            format!("{}:{}", text("workflow"), text("version")),
            line.text("version").unwrap_or_default().to_owned(),
            reason.to_owned(),
            number("instances"),
            number("calls"),
            deadline,
        ]
    };
    let mut rows = Vec::new();
    for line in lines {
        rows.extend(line.items("workflows").iter().map(|own| row(line, own)));
    }
    let left_out: u64 = lines.iter().filter_map(|line| line.number("leftOut")).sum();
    if rows.is_empty() {
        return String::new();
    }
    let headings = ["waiting", "for version", "because of", "instances", "calls", "at most until"];
    let more = match left_out {
        0 => String::new(),
        more => format!("{more} more versions of workflows wait\n"),
    };
    format!("\n{}{more}", table(style, &headings, &rows))
}

fn endpoint_table(service: &Value, style: Style) -> String {
    let row = |own: &Value| {
        let text = |key| own.text(key).unwrap_or_default().to_owned();
        let number = |key| own.number(key).map(|number| number.to_string()).unwrap_or_default();
        let latency = own.number("latencyMs").map(|millis| format!("{millis}ms"));
        let lease = own.number("leaseMs").map(|millis| format!("{}s", millis / 1_000));
        vec![
            text("id"),
            text("url"),
            text("version"),
            text("state"),
            text("origin"),
            number("weight"),
            text("zone"),
            lease.unwrap_or_default(),
            number("inFlight"),
            latency.unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = service.items("endpoints").iter().map(row).collect();
    let headings = [
        "endpoint",
        "url",
        "version",
        "state",
        "origin",
        "weight",
        "zone",
        "lease",
        "in flight",
        "latency",
    ];
    table(style, &headings, &rows)
}

fn name(value: &Value) -> String {
    let text = |key| value.text(key).unwrap_or_default();
    format!("{}/{}", text("namespace"), text("name"))
}

/// A part of a path.
fn encoded(part: &str) -> String {
    percent_encode(part, |byte| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte))
}

/// A service is named with its namespace or without.
fn path_of(service: &str) -> String {
    let (namespace, name) = service.split_once('/').unwrap_or((NAMESPACE, service));
    format!("/api/v1/services/{}/{}", encoded(namespace), encoded(name))
}
