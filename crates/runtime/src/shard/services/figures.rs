//! What services did and what was done to them, in figures and in news, since the server began.

use std::collections::BTreeMap;
use std::time::Duration;

use motet_engine::Outcome;
use motet_policy::ejection::Cause;
use motet_policy::governor::{self, Reason, Report, Wait};
use motet_types::{Attempt, InstanceId, ServiceName, StepId, Timestamp, Version};

use super::calls::report;
use super::endpoint::EndpointId;
use super::{EndpointState, Services};
use crate::shard::{Machine, Output, Reply, Responder};

/// Versions of services with figures of their own; calls of those beyond are counted together.
pub const VERSIONS_SHOWN_MAX: usize = 500;
/// The same of endpoints.
pub const ENDPOINTS_SHOWN_MAX: usize = 2_000;
/// Upper ends of the buckets of latencies, in seconds; one more holds what took longer.
pub const LATENCY_BUCKETS: [f64; 14] =
    [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];

type CallId = (InstanceId, StepId, Attempt);
type VersionKey = (ServiceName, Version);
type EndpointKey = (ServiceName, Version, EndpointId);

/// What came of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Answered, be it with a status that says no to the caller.
    pub answered: u64,
    /// No answer, or a status of the service's own defects.
    pub failed: u64,
    /// Too much for it: no answer in time, 429 or 503.
    pub overloaded: u64,
    /// Given up for reasons of our own.
    pub withdrawn: u64,
}

/// How long calls took that came back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latencies {
    /// How many ended within each of [`LATENCY_BUCKETS`], and later than within the bucket before.
    pub buckets: [u64; LATENCY_BUCKETS.len() + 1],
    pub sum: Duration,
}

/// How often it was said of something, by word.
pub type Tallies = BTreeMap<&'static str, u64>;

/// Figures of one version of a service, or of all that have none of their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VersionFigures {
    pub requests: Requests,
    pub latencies: Latencies,
    /// What its governor did: `ejected`, `returned`, `failing`, `passing`, `opened`, `ramping`, `closed`.
    pub changes: Tallies,
    /// Calls that did not leave at once: `endpoint`, `breaker`, `limit`, `budget`.
    pub held: Tallies,
}

/// How a version of a service stands now.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionLevels {
    pub in_flight: u64,
    /// How many may be, as the limiter has learnt.
    pub limit: Option<u64>,
    /// Repeats that the budget has left.
    pub repeats: f64,
    /// `closed`, `open`, `half-open` or `ramping`.
    pub breaker: &'static str,
    /// Endpoints by the word of their state.
    pub endpoints: Tallies,
}

/// The figures of all services.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceFigures {
    /// Registered services.
    pub services: u64,
    pub versions: Vec<(VersionKey, VersionFigures, Option<VersionLevels>)>,
    /// Versions beyond [`VERSIONS_SHOWN_MAX`], together.
    pub other_versions: VersionFigures,
    /// Calls that wait in the line of a version, and the word for what the first one waits for.
    pub waiting: Vec<(VersionKey, &'static str, u64)>,
    /// Lines beyond [`VERSIONS_SHOWN_MAX`], together, by that word.
    pub other_waiting: Tallies,
    pub endpoints: Vec<(EndpointKey, Requests)>,
    /// Endpoints beyond [`ENDPOINTS_SHOWN_MAX`], together.
    pub other_endpoints: Requests,
}

/// Something about a service that people may want to be told at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub at: Timestamp,
    pub service: ServiceName,
    pub version: Version,
    pub endpoint: Option<EndpointId>,
    pub news: News,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// An endpoint gets no calls until then.
    Ejected {
        until: Timestamp,
        cause: Cause,
    },
    /// An ejected endpoint gets calls again.
    Returned,
    /// An endpoint does not answer its probes.
    Failing,
    /// It does again.
    Passing,
    /// The breaker is open until then.
    Opened {
        until: Timestamp,
    },
    /// The breaker lets calls back one by one.
    Ramping,
    Closed,
}

impl News {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ejected { .. } => "ejected",
            Self::Returned => "returned",
            Self::Failing => "failing",
            Self::Passing => "passing",
            Self::Opened { .. } => "opened",
            Self::Ramping => "ramping",
            Self::Closed => "closed",
        }
    }
}

/// What is counted, and kept for whoever asks.
#[derive(Default)]
pub(in crate::shard) struct Figures {
    versions: BTreeMap<VersionKey, VersionFigures>,
    other_versions: VersionFigures,
    endpoints: BTreeMap<EndpointKey, Requests>,
    other_endpoints: Requests,
}

impl Figures {
    fn of_version(&mut self, key: &VersionKey) -> &mut VersionFigures {
        if !self.versions.contains_key(key) {
            if self.versions.len() >= VERSIONS_SHOWN_MAX {
                return &mut self.other_versions;
            }
            self.versions.insert(key.clone(), VersionFigures::default());
        }
        self.versions.get_mut(key).expect("it was there, or was just put there")
    }

    fn of_endpoint(&mut self, key: EndpointKey) -> &mut Requests {
        match self.endpoints.len() >= ENDPOINTS_SHOWN_MAX && !self.endpoints.contains_key(&key) {
            true => &mut self.other_endpoints,
            false => self.endpoints.entry(key).or_default(),
        }
    }
}

impl Requests {
    fn count(&mut self, report: Report) {
        *match report {
            Report::Answered => &mut self.answered,
            Report::Failed => &mut self.failed,
            Report::Overloaded { .. } => &mut self.overloaded,
            Report::Withdrawn => &mut self.withdrawn,
        } += 1;
    }
}

impl Latencies {
    fn observe(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = LATENCY_BUCKETS.iter().position(|end| seconds <= *end);
        self.buckets[bucket.unwrap_or(LATENCY_BUCKETS.len())] += 1;
        self.sum += took;
    }
}

impl Services {
    /// A call that took so long has come back.
    pub(in crate::shard) fn measure(&mut self, call: &CallId, outcome: &Outcome, took: Duration) {
        let Some((service, version)) = self.flights.target(call) else { return };
        let key = (service.clone(), version.clone());
        let endpoint = self.flights.endpoint(call).cloned();
        let report = report(outcome);
        let own = self.figures.of_version(&key);
        own.requests.count(report);
        if report != Report::Withdrawn {
            own.latencies.observe(took);
        }
        if let Some(endpoint) = endpoint {
            self.figures.of_endpoint((key.0, key.1, endpoint)).count(report);
        }
    }

    /// A call does not leave now.
    pub(super) fn count_held(&mut self, service: &ServiceName, version: &Version, wait: Wait) {
        let own = self.figures.of_version(&(service.clone(), version.clone()));
        *own.held.entry(word(wait.reason)).or_default() += 1;
    }

    /// What is gone is not shown any more, so that others are.
    fn forget_figures(&mut self) {
        let known = &self.known;
        self.figures.versions.retain(|(service, version), _| {
            known.get(service).is_some_and(|own| own.versions.contains_key(version))
        });
        self.figures.endpoints.retain(|(service, version, id), _| {
            let own = known.get(service).and_then(|own| own.endpoints.get(id));
            own.is_some_and(|own| own.version == *version)
        });
    }

    fn figures(&mut self, now: Timestamp) -> ServiceFigures {
        self.forget_figures();
        let keys: Vec<VersionKey> = self.figures.versions.keys().cloned().collect();
        let versions = keys.into_iter().map(|key| {
            let levels = self.levels(now, &key);
            let own = self.figures.versions[&key].clone();
            (key, own, levels)
        });
        let versions = versions.collect();
        let (waiting, other_waiting) = self.lines.levels(VERSIONS_SHOWN_MAX);
        ServiceFigures {
            versions,
            waiting,
            other_waiting,
            services: self.known.len() as u64,
            other_versions: self.figures.other_versions.clone(),
            endpoints: self
                .figures
                .endpoints
                .iter()
                .map(|(key, own)| (key.clone(), *own))
                .collect(),
            other_endpoints: self.figures.other_endpoints,
        }
    }

    fn levels(&mut self, now: Timestamp, (name, version): &VersionKey) -> Option<VersionLevels> {
        let service = self.known.get_mut(name)?;
        let mut endpoints: Tallies = EndpointState::WORDS.map(|word| (word, 0)).into();
        for own in service.endpoints.values().filter(|own| own.version == *version) {
            *endpoints.entry(service.state(own, now).as_str()).or_default() += 1;
        }
        let view = service.versions.get_mut(version)?.governor.view(now);
        Some(VersionLevels {
            in_flight: u64::from(view.in_flight),
            limit: view.limit.map(u64::from),
            repeats: view.repeats,
            breaker: super::views::breaker(view.breaker).0,
            endpoints,
        })
    }
}

/// What a call waits for, as figures name it.
pub(super) fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::Endpoint => "endpoint",
        Reason::Breaker => "breaker",
        Reason::Limit => "limit",
        Reason::Budget => "budget",
    }
}

impl Machine {
    /// What a governor did is counted, and told.
    pub(super) fn tell_changes(
        &mut self,
        service: &ServiceName,
        version: &Version,
        changes: Vec<governor::Change>,
    ) {
        for change in changes {
            let (slot, news) = match change {
                governor::Change::Ejected { slot, until, cause } => {
                    (Some(slot), News::Ejected { until, cause })
                }
                governor::Change::Returned { slot } => (Some(slot), News::Returned),
                governor::Change::Healthy { slot, is_healthy: true } => (Some(slot), News::Passing),
                governor::Change::Healthy { slot, is_healthy: false } => {
                    (Some(slot), News::Failing)
                }
                governor::Change::Opened { until } => (None, News::Opened { until }),
                governor::Change::Ramping => (None, News::Ramping),
                governor::Change::Closed => (None, News::Closed),
            };
            let own = self.services.figures.of_version(&(service.clone(), version.clone()));
            *own.changes.entry(news.as_str()).or_default() += 1;
            let governed =
                self.services.known.get(service).and_then(|own| own.versions.get(version));
            let endpoint = slot.and_then(|slot| governed?.endpoint_at(slot).cloned());
            self.outputs.push(Output::Notice(Box::new(Notice {
                at: self.now,
                service: service.clone(),
                version: version.clone(),
                endpoint,
                news,
            })));
        }
    }

    pub(in crate::shard) fn read_service_figures(&mut self, reply: Responder) {
        let figures = self.services.figures(self.now);
        self.reply_now(reply, Ok(Reply::ServiceFigures(Box::new(figures))));
    }
}
