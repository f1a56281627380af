//! Services in the text format of Prometheus: a family at a time, every series of it with its labels.
//!
//! Versions and endpoints beyond the limits of the runtime share one series, whose labels say `(other)`.

use std::fmt::{Display, Write as _};

use motet_runtime::{
    LATENCY_BUCKETS, Latencies, Requests, ServiceFigures, VersionFigures, VersionLevels,
};
use motet_types::{ServiceName, Version};

const OTHER: &str = "(other)";
/// Every state of a breaker: a series each, of which one is 1.
const BREAKERS: [&str; 4] = ["closed", "open", "half-open", "ramping"];

type VersionKey = (ServiceName, Version);

pub(super) fn append(figures: &ServiceFigures, text: &mut String) {
    let mut families = Families(text);
    families.open("motet_services", "gauge", "Services that have a document or an endpoint.");
    families.line("motet_services", "", figures.services);
    let labels = |key: &VersionKey| labels(&key.0.namespace, &key.0.name, &key.1);
    let mut versions: Vec<(String, &VersionFigures)> =
        figures.versions.iter().map(|(key, own, _)| (labels(key), own)).collect();
    if figures.other_versions != VersionFigures::default() {
        let other = self::labels(&OTHER, &OTHER, &OTHER);
        versions.push((other, &figures.other_versions));
    }
    families.counters(&versions);
    let levels = figures.versions.iter();
    let levels: Vec<(String, &VersionLevels)> =
        levels.filter_map(|(key, _, levels)| Some((labels(key), levels.as_ref()?))).collect();
    families.levels(&levels);
    families.waiting(figures);
    let mut endpoints: Vec<(String, Requests)> =
        figures.endpoints.iter().map(of_endpoint).collect();
    if figures.other_endpoints != Requests::default() {
        let other = self::labels(&OTHER, &OTHER, &OTHER);
        endpoints.push((format!("{other},endpoint=\"{OTHER}\""), figures.other_endpoints));
    }
    families.requests("motet_endpoint_requests_total", "Calls of each endpoint.", &endpoints);
}

type EndpointFigures = ((ServiceName, Version, motet_runtime::EndpointId), Requests);

fn of_endpoint(((service, version, id), requests): &EndpointFigures) -> (String, Requests) {
    let labels = labels(&service.namespace, &service.name, version);
    (format!("{labels},endpoint=\"{}\"", escaped(id.as_str())), *requests)
}

fn labels(namespace: &dyn Display, service: &dyn Display, version: &dyn Display) -> String {
    format!("namespace=\"{namespace}\",service=\"{service}\",version=\"{version}\"")
}

/// A label's value: the id of an endpoint is what its owner chose.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

struct Families<'t>(&'t mut String);

impl Families<'_> {
    fn open(&mut self, name: &str, kind: &str, help: &str) {
        self.push(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn line(&mut self, name: &str, labels: &str, value: impl Display) {
        match labels {
            "" => self.push(format_args!("{name} {value}\n")),
            labels => self.push(format_args!("{name}{{{labels}}} {value}\n")),
        }
    }

    fn push(&mut self, line: std::fmt::Arguments<'_>) {
        self.0.write_fmt(line).expect("a string takes all text");
    }

    fn counters(&mut self, versions: &[(String, &VersionFigures)]) {
        let requests: Vec<_> =
            versions.iter().map(|(labels, own)| (labels.clone(), own.requests)).collect();
        let name = "motet_service_requests_total";
        self.requests(name, "Calls that came back, by what came of them.", &requests);
        self.latencies(versions);
        let name = "motet_service_changes_total";
        self.open(name, "counter", "What happened to endpoints and breakers.");
        for (labels, own) in versions {
            for (change, count) in &own.changes {
                self.line(name, &format!("{labels},change=\"{change}\""), count);
            }
        }
        let name = "motet_service_held_total";
        self.open(name, "counter", "Times that a call could not leave at once, and why.");
        for (labels, own) in versions {
            for (reason, count) in &own.held {
                self.line(name, &format!("{labels},reason=\"{reason}\""), count);
            }
        }
    }

    fn requests(&mut self, name: &str, help: &str, all: &[(String, Requests)]) {
        self.open(name, "counter", help);
        for (labels, own) in all {
            for (outcome, count) in [
                ("answered", own.answered),
                ("failed", own.failed),
                ("overloaded", own.overloaded),
                ("withdrawn", own.withdrawn),
            ] {
                self.line(name, &format!("{labels},outcome=\"{outcome}\""), count);
            }
        }
    }

    fn latencies(&mut self, versions: &[(String, &VersionFigures)]) {
        let name = "motet_service_latency_seconds";
        self.open(name, "histogram", "How long calls took that came back.");
        for (labels, VersionFigures { latencies: Latencies { buckets, sum }, .. }) in versions {
            let mut within = 0;
            let ends = LATENCY_BUCKETS.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
            for (end, count) in ends.zip(buckets) {
                within += count;
                self.line(&format!("{name}_bucket"), &format!("{labels},le=\"{end}\""), within);
            }
            self.line(&format!("{name}_sum"), labels, sum.as_secs_f64());
            self.line(&format!("{name}_count"), labels, within);
        }
    }

    fn waiting(&mut self, figures: &ServiceFigures) {
        let name = "motet_service_waiting";
        self.open(name, "gauge", "Calls that wait, by what the first one waits for.");
        for ((service, version), reason, calls) in &figures.waiting {
            let labels = labels(&service.namespace, &service.name, version);
            self.line(name, &format!("{labels},reason=\"{reason}\""), calls);
        }
        let other = labels(&OTHER, &OTHER, &OTHER);
        for (reason, calls) in &figures.other_waiting {
            self.line(name, &format!("{other},reason=\"{reason}\""), calls);
        }
    }

    fn levels(&mut self, versions: &[(String, &VersionLevels)]) {
        type Level = fn(&VersionLevels) -> Option<f64>;
        const LEVELS: [(&str, &str, Level); 3] = [
            ("motet_service_in_flight", "Calls on their way.", |own| Some(own.in_flight as f64)),
            ("motet_service_limit", "Calls that may be on their way, as was learnt.", |own| {
                own.limit.map(|limit| limit as f64)
            }),
            ("motet_service_retry_budget", "Repeats that may leave.", |own| Some(own.repeats)),
        ];
        for (name, help, level) in LEVELS {
            self.open(name, "gauge", help);
            for (labels, own) in versions {
                level(own).into_iter().for_each(|value| self.line(name, labels, value));
            }
        }
        let name = "motet_service_breaker";
        self.open(name, "gauge", "1 for the state that the breaker is in.");
        for (labels, own) in versions {
            for state in BREAKERS {
                let is_it = u8::from(own.breaker == state);
                self.line(name, &format!("{labels},state=\"{state}\""), is_it);
            }
        }
        let name = "motet_service_endpoints";
        self.open(name, "gauge", "Endpoints by state.");
        for (labels, own) in versions {
            for (state, count) in &own.endpoints {
                self.line(name, &format!("{labels},state=\"{state}\""), count);
            }
        }
    }
}

#[cfg(test)]
mod tests;
