//! A service with a document: its endpoint is away for a while, and stands no more than a few calls at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use motet_definition::service::parse_service;
use motet_engine::Outcome;
use motet_runtime::ServiceDocument;
use motet_runtime::shard::{Call, Input, ServiceInput};
use motet_types::{Attempt, Digest, InstanceId, Limits, StepId};

use crate::check::{Check, Checked, ensure};
use crate::random::Random;
use crate::world::{HORIZON, World};

/// Its name, the host of calls.
pub(crate) const SERVICE: &str = "service";

/// Calls that may be on their way to it at once.
const IN_FLIGHT_MAX: usize = 3;

const DOCUMENT: &str = "{ service: service, namespace: sim, idempotency: key, patience: 2d, limits: { inFlight: 3 }, \
                        versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80', 'http://10.0.0.2:80'] }] }";

type CallId = (InstanceId, StepId, Attempt);

/// See the module.
#[derive(Default)]
pub(crate) struct Governed {
    /// When nobody listens there, in microseconds.
    away: Vec<(u64, u64)>,
    /// What has left in this life of the server, and has not come back.
    in_flight: BTreeSet<CallId>,
}

impl Governed {
    /// In most seeds it is away once or twice.
    pub(crate) fn new(random: &mut Random) -> Self {
        let mut away = Vec::new();
        for _ in 0..random.below(3) {
            let from = random.between(100_000, HORIZON);
            away.push((from, from + random.between(100_000, HORIZON / 2)));
        }
        Self { away, in_flight: BTreeSet::new() }
    }

    /// Whether a call finds nobody.
    pub(crate) fn is_away(&self, now: u64) -> bool {
        self.away.iter().any(|(from, to)| (*from..*to).contains(&now))
    }

    /// A call leaves: there is a place for it.
    pub(crate) fn leaves(&mut self, call: &Call) -> Checked {
        if call.endpoint.is_none() {
            return Ok(());
        }
        self.in_flight.insert((call.id, call.step, call.attempt));
        let count = self.in_flight.len();
        let expected = "no more calls on their way to a service than it stands";
        ensure(count <= IN_FLIGHT_MAX, Check::LimitExceeded, expected, || format!("{count} calls"))
    }

    pub(crate) fn came_back(&mut self, id: InstanceId, step: StepId, attempt: Attempt) {
        self.in_flight.remove(&(id, step, attempt));
    }

    /// The server is gone, and its connections with it.
    pub(crate) fn lost(&mut self) {
        self.in_flight.clear();
    }
}

/// What a call gets where nobody listens.
pub(crate) fn nobody() -> Outcome {
    Outcome::Failed { maybe_run: false, timed_out: false, message: "connection refused".to_owned() }
}

impl World {
    /// Puts the document in force, if it is not already.
    pub(crate) fn register_service(&mut self) -> Checked {
        let parsed = parse_service(DOCUMENT, &Limits::default());
        let service = parsed.service.expect("a document without mistakes");
        let document = ServiceDocument {
            service: Arc::new(service),
            source: DOCUMENT.into(),
            digest: Digest([0; 32]),
            at: self.clock(),
            by: None,
        };
        // Whether it was taken is seen by the calls.
        let reply = Box::new(|_, _| {});
        let input = Box::new(ServiceInput::Set(Box::new(document)));
        self.feed(Input::Service { input, actor: None, reply })
    }
}
