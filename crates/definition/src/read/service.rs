//! Documents of services. Everything in them is closed.

use std::time::Duration;

use motet_types::Label;

use super::Cursor;
use super::cursor::Fields;
use super::data::duration;
use super::document::{label, version};
use crate::Code;
use crate::service::{
    Adaptive, Balancer, Breaker, CallLimits, DnsKind, DnsSource, ENDPOINTS_MAX, Ejection,
    EndpointUrl, Health, Idempotency, NAMESPACE_DEFAULT, Probe, Rate, RetryBudget, Service,
    ServiceVersion, StaticEndpoint, Strategy, VERSIONS_MAX, WEIGHT_MAX,
};
use crate::source::NodeKind;
use crate::value::{Value, as_f64};

const IDEMPOTENCIES: [(&str, Idempotency); 3] =
    [("none", Idempotency::None), ("method", Idempotency::Method), ("key", Idempotency::Key)];

const STRATEGIES: [(&str, Strategy); 4] = [
    ("ewma", Strategy::Ewma),
    ("leastRequest", Strategy::LeastRequest),
    ("roundRobin", Strategy::RoundRobin),
    ("random", Strategy::Random),
];

/// What is read and shown, and heeded by nothing yet.
const WITHOUT_EFFECT: [&str; 1] = ["zone"];

/// Shortest and longest of what is measured in a service's document.
const SPAN_MIN: Duration = Duration::from_millis(1);
const SPAN_MAX: Duration = Duration::from_secs(366 * 86_400);
/// Probes and questions to DNS do not come closer together than this.
const INTERVAL_MIN: Duration = Duration::from_secs(1);
/// Longest zone and path, in bytes.
const TEXT_BYTES_MAX: usize = 255;

pub(crate) fn service(cursor: Cursor<'_>) -> Option<Service> {
    let mut fields = cursor.object()?;
    let stand_in: Label = "unnamed".parse().expect("a label of letters");
    let name = fields.required_or("service", label, || stand_in.clone());
    let namespace = fields.optional("namespace", label);
    let default = NAMESPACE_DEFAULT.parse().expect("a label of letters");
    let mut service = Service::new(namespace.unwrap_or(default), name);
    let set = |slot: &mut Duration, given: Option<Duration>| *slot = given.unwrap_or(*slot);
    if let Some(given) = fields.optional("idempotency", |cursor| cursor.word(&IDEMPOTENCIES)) {
        service.idempotency = given;
    }
    set(&mut service.patience, fields.optional("patience", |cursor| span(cursor, SPAN_MIN)));
    set(&mut service.lease, fields.optional("lease", |cursor| span(cursor, INTERVAL_MIN)));
    if let Some(cursor) = fields.take("versions") {
        service.versions = versions(cursor).unwrap_or_default();
    }
    service.health = fields.optional("health", health);
    service.balancer = fields.optional("balancer", balancer).unwrap_or_default();
    set(
        &mut service.balancer.slow_start,
        fields.optional("slowStart", |cursor| span(cursor, Duration::ZERO)),
    );
    service.ejection = match fields.take("ejection") {
        Some(cursor) if is_false(&cursor) => None,
        cursor => Some(cursor.and_then(ejection).unwrap_or_default()),
    };
    service.breaker = fields.optional("breaker", breaker).unwrap_or_default();
    if let Some(given) = fields.optional("retry", |cursor| retry(cursor, service.retry)) {
        service.retry = given;
    }
    service.limits = fields.optional("limits", call_limits).unwrap_or_default();
    fields.close();
    Some(service)
}

fn versions(cursor: Cursor<'_>) -> Option<Vec<ServiceVersion>> {
    let items = at_most(cursor.clone(), VERSIONS_MAX)?;
    let mut versions: Vec<ServiceVersion> = Vec::new();
    for item in items {
        let Some(read) = service_version(item.clone()) else { continue };
        if versions.iter().any(|other| other.version == read.version) {
            let message = format!("version {} stands here twice: keep one", read.version);
            item.refuse::<()>(Code::ConflictingProperties, message);
        }
        versions.push(read);
    }
    if !versions.is_empty() && versions.iter().all(|version| version.weight == 0) {
        let message = "no version has a weight above 0: none would ever be called";
        cursor.refuse::<()>(Code::InvalidValue, message);
    }
    Some(versions)
}

fn service_version(cursor: Cursor<'_>) -> Option<ServiceVersion> {
    let mut fields = cursor.object()?;
    let version = fields.required("version", version);
    let weight = fields.optional("weight", |cursor| count(cursor, 0, WEIGHT_MAX)).unwrap_or(100);
    let (mut endpoints, mut dns): (Vec<StaticEndpoint>, _) = (Vec::new(), Vec::new());
    let items = fields.take("endpoints").and_then(|cursor| at_most(cursor, ENDPOINTS_MAX));
    for item in items.unwrap_or_default() {
        if item.has("dns") {
            dns.extend(dns_source(item));
            continue;
        }
        let Some(read) = endpoint(item.clone()) else { continue };
        if endpoints.iter().any(|other| other.url == read.url) {
            let message = format!("{} stands here twice: keep one", read.url);
            item.refuse::<()>(Code::ConflictingProperties, message);
        }
        endpoints.push(read);
    }
    fields.close();
    Some(ServiceVersion { version: version?, weight, endpoints, dns })
}

/// The address alone, or with more.
fn endpoint(cursor: Cursor<'_>) -> Option<StaticEndpoint> {
    if cursor.as_text().is_some() {
        return url(cursor).map(|url| StaticEndpoint { url, zone: None, weight: 1 });
    }
    if !cursor.is_object() {
        return cursor.wrong_type("an address or an object with `url` or `dns`");
    }
    let mut fields = cursor.object()?;
    fields.without_effect(&WITHOUT_EFFECT);
    let url = fields.required("url", url);
    let zone = fields.optional("zone", text);
    let weight = fields.optional("weight", |cursor| count(cursor, 1, WEIGHT_MAX)).unwrap_or(1);
    fields.close();
    Some(StaticEndpoint { url: url?, zone, weight })
}

fn dns_source(cursor: Cursor<'_>) -> Option<DnsSource> {
    let mut fields = cursor.clone().object()?;
    fields.without_effect(&WITHOUT_EFFECT);
    let name = fields.required("dns", dns_name);
    let records = [("address", false), ("srv", true)];
    let is_srv = fields.optional("type", |cursor| cursor.word(&records)).unwrap_or(false);
    let port = fields.optional("port", |cursor| cursor.integer(1, u64::from(u16::MAX)));
    let interval = fields.optional("interval", |cursor| span(cursor, INTERVAL_MIN));
    let zone = fields.optional("zone", text);
    let kind = match (is_srv, port.and_then(|port| u16::try_from(port).ok())) {
        (true, None) => Some(DnsKind::Service),
        (true, Some(_)) => {
            let message = "records of type SRV bring their ports: remove `port`";
            cursor.refuse(Code::ConflictingProperties, message)
        }
        (false, Some(port)) => Some(DnsKind::Address { port }),
        (false, None) => {
            if !cursor.has("port") {
                fields.missing("port");
            }
            None
        }
    };
    fields.close();
    let interval = interval.unwrap_or(Duration::from_secs(30));
    Some(DnsSource { name: name?, kind: kind?, interval, zone })
}

fn health(cursor: Cursor<'_>) -> Option<Health> {
    let mut fields = cursor.object()?;
    let probe = match fields.one_of(&["http", "tcp"]) {
        Some(("http", cursor)) => path(cursor).map(Probe::Http),
        Some((_, cursor)) => match cursor.clone().boolean() {
            Some(false) => {
                cursor.refuse(Code::InvalidValue, "write `tcp: true`, or leave `health` out")
            }
            is_tcp => is_tcp.map(|_| Probe::Tcp),
        },
        None => None,
    };
    let interval = fields.optional("interval", |cursor| span(cursor, INTERVAL_MIN));
    let timeout = fields.optional("timeout", |cursor| span(cursor, SPAN_MIN));
    let times = |cursor: Cursor<'_>| count(cursor, 1, 100);
    let (healthy, unhealthy) =
        (fields.optional("healthy", times), fields.optional("unhealthy", times));
    fields.close();
    let health = Health::new(probe?);
    Some(Health {
        interval: interval.unwrap_or(health.interval),
        timeout: timeout.unwrap_or(health.timeout),
        healthy: healthy.unwrap_or(health.healthy),
        unhealthy: unhealthy.unwrap_or(health.unhealthy),
        ..health
    })
}

/// The strategy alone, or with more.
fn balancer(cursor: Cursor<'_>) -> Option<Balancer> {
    let mut balancer = Balancer::default();
    if cursor.as_text().is_some() {
        balancer.strategy = cursor.word(&STRATEGIES)?;
        return Some(balancer);
    }
    let mut fields = cursor.object()?;
    if let Some(strategy) = fields.optional("strategy", |cursor| cursor.word(&STRATEGIES)) {
        balancer.strategy = strategy;
    }
    set_span(&mut fields, "decay", &mut balancer.decay);
    set_span(&mut fields, "failureLatency", &mut balancer.failure_latency);
    fields.close();
    Some(balancer)
}

fn ejection(cursor: Cursor<'_>) -> Option<Ejection> {
    let mut fields = cursor.object()?;
    let mut ejection = Ejection::default();
    set_count(&mut fields, "failures", 1_000, &mut ejection.failures);
    set_span(&mut fields, "base", &mut ejection.base);
    set_span(&mut fields, "max", &mut ejection.max);
    set_share(&mut fields, "share", &mut ejection.share);
    fields.close();
    Some(ejection)
}

fn breaker(cursor: Cursor<'_>) -> Option<Breaker> {
    let mut fields = cursor.object()?;
    let mut breaker = Breaker::default();
    set_share(&mut fields, "failures", &mut breaker.failures);
    set_count(&mut fields, "calls", 100_000, &mut breaker.calls);
    set_span(&mut fields, "window", &mut breaker.window);
    set_span(&mut fields, "open", &mut breaker.open);
    set_span(&mut fields, "openMax", &mut breaker.open_max);
    fields.close();
    Some(breaker)
}

fn retry(cursor: Cursor<'_>, default: RetryBudget) -> Option<RetryBudget> {
    let mut fields = cursor.object()?;
    let mut retry = default;
    set_share(&mut fields, "share", &mut retry.share);
    if let Some(given) = fields.optional("perSecond", |cursor| count(cursor, 0, 1_000_000)) {
        retry.per_second = given;
    }
    fields.close();
    Some(retry)
}

fn call_limits(cursor: Cursor<'_>) -> Option<CallLimits> {
    let mut fields = cursor.object()?;
    let default = CallLimits::default();
    let adaptive = match fields.take("adaptive") {
        None => default.adaptive,
        Some(cursor) if is_false(&cursor) => None,
        Some(cursor) => adaptive(cursor).or(default.adaptive),
    };
    let in_flight = fields.optional("inFlight", |cursor| count(cursor, 1, 1_000_000));
    let rate = fields.optional("rate", rate);
    fields.close();
    Some(CallLimits { adaptive, in_flight, rate })
}

fn adaptive(cursor: Cursor<'_>) -> Option<Adaptive> {
    let mut fields = cursor.clone().object()?;
    let mut adaptive = Adaptive { initial: 20, min: 1, max: 1_000 };
    set_count(&mut fields, "initial", 1_000_000, &mut adaptive.initial);
    set_count(&mut fields, "min", 1_000_000, &mut adaptive.min);
    set_count(&mut fields, "max", 1_000_000, &mut adaptive.max);
    fields.close();
    if adaptive.min > adaptive.max {
        let message = format!("`min` {} is above `max` {}", adaptive.min, adaptive.max);
        return cursor.refuse(Code::InvalidValue, message);
    }
    Some(adaptive)
}

fn rate(cursor: Cursor<'_>) -> Option<Rate> {
    let mut fields = cursor.object()?;
    let per_second = fields.required("perSecond", |cursor| number(cursor, 0.001, 1e6));
    let burst = fields.optional("burst", |cursor| count(cursor, 1, 1_000_000));
    fields.close();
    let per_second = per_second?;
    // A tenth of a second's worth, so that what comes evenly is let through evenly.
    let default = (per_second / 10.0).ceil() as u32;
    Some(Rate { per_second, burst: burst.unwrap_or(default.max(1)) })
}

fn at_most(cursor: Cursor<'_>, max: usize) -> Option<Vec<Cursor<'_>>> {
    let items = cursor.clone().array()?;
    if items.len() > max {
        let message = format!("there are {} items here, the limit is {max}", items.len());
        return cursor.refuse(Code::InvalidValue, message);
    }
    Some(items)
}

fn url(cursor: Cursor<'_>) -> Option<EndpointUrl> {
    let text = cursor.clone().text()?;
    match text.parse() {
        Ok(url) => Some(url),
        Err(error) => {
            let message = format!(
                "`{text}` is no address of an endpoint: {error}; write it as `http://host:port`"
            );
            cursor.refuse(Code::InvalidUri, message)
        }
    }
}

fn dns_name(cursor: Cursor<'_>) -> Option<String> {
    let name = cursor.clone().text()?.trim_end_matches('.');
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_part = |part: &str| (1..=63).contains(&part.len()) && part.bytes().all(inner);
    if name.len() <= 253 && name.split('.').all(is_part) {
        return Some(name.to_ascii_lowercase());
    }
    cursor.refuse(Code::InvalidName, format!("`{name}` is no name of DNS"))
}

fn path(cursor: Cursor<'_>) -> Option<String> {
    let path = text(cursor.clone())?;
    if path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some(path);
    }
    cursor.refuse(Code::InvalidUri, format!("`{path}` is no path: write it as `/health`"))
}

fn text(cursor: Cursor<'_>) -> Option<String> {
    let text = cursor.clone().text()?;
    if (1..=TEXT_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control) {
        return Some(text.to_owned());
    }
    let message =
        format!("a text of 1 to {TEXT_BYTES_MAX} bytes without control characters is expected");
    cursor.refuse(Code::InvalidValue, message)
}

fn set_span(fields: &mut Fields<'_>, name: &'static str, slot: &mut Duration) {
    let given = fields.optional(name, |cursor| span(cursor, SPAN_MIN));
    *slot = given.unwrap_or(*slot);
}

fn set_count(fields: &mut Fields<'_>, name: &'static str, max: u32, slot: &mut u32) {
    *slot = fields.optional(name, |cursor| count(cursor, 1, max)).unwrap_or(*slot);
}

fn set_share(fields: &mut Fields<'_>, name: &'static str, slot: &mut f64) {
    *slot = fields.optional(name, |cursor| number(cursor, 0.0, 1.0)).unwrap_or(*slot);
}

fn count(cursor: Cursor<'_>, min: u32, max: u32) -> Option<u32> {
    let count = cursor.integer(u64::from(min), u64::from(max))?;
    u32::try_from(count).ok()
}

fn number(cursor: Cursor<'_>, min: f64, max: f64) -> Option<f64> {
    let read = match &cursor.node.kind {
        NodeKind::Scalar(value) => as_f64(value),
        _ => None,
    };
    match read {
        None => cursor.wrong_type("a number"),
        Some(read) if (min..=max).contains(&read) => Some(read),
        Some(read) => {
            let message = format!("{read} is out of range: use a number from {min} to {max}");
            cursor.refuse(Code::InvalidValue, message)
        }
    }
}

fn is_false(cursor: &Cursor<'_>) -> bool {
    matches!(cursor.node.kind, NodeKind::Scalar(Value::Bool(false)))
}

/// As `5s`, `500ms`, `10m`, `1h` or `2d`, or in the forms that workflows know.
fn span(cursor: Cursor<'_>, min: Duration) -> Option<Duration> {
    let span = match cursor.as_text() {
        Some(text) if !text.starts_with('P') => match short(text) {
            Some(span) => span,
            None => {
                let message = format!("`{text}` is not a duration: write `5s`, `500ms` or `1h`");
                return cursor.refuse(Code::InvalidDuration, message);
            }
        },
        _ => duration(cursor.clone())?.fixed()?,
    };
    if span < min {
        let message = format!("{span:?} is too short here: write at least {min:?}");
        return cursor.refuse(Code::InvalidValue, message);
    }
    if span > SPAN_MAX {
        return cursor.refuse(Code::DurationTooLong, "that is longer than a year");
    }
    Some(span)
}

fn short(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(digits);
    let count: u64 = count.parse().ok()?;
    let seconds = |unit: u64| count.checked_mul(unit).map(Duration::from_secs);
    match unit {
        "ms" => Some(Duration::from_millis(count)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3_600),
        "d" => seconds(86_400),
        _ => None,
    }
}
