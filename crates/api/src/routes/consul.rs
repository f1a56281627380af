//! Consul's routes; what they take and answer is described by Consul, and in the book.

use motet_runtime::Role;

use super::parameters::{Parameter, ValueKind, parameter};
use super::{Handler, Route, Verb};
use crate::access::Access;
use crate::consul::{agent, discovery};

const COMMON: &[Parameter] = &[
    parameter("ns", ValueKind::Text, "The namespace."),
    parameter("token", ValueKind::Text, "A token, where no header shows one."),
    parameter("dc", ValueKind::Word(&["dc1"]), "The datacenter."),
    parameter("pretty", ValueKind::Switch, "Of no effect: answers are for programs."),
];
const CONSISTENCY: &[Parameter] = &[
    parameter("stale", ValueKind::Switch, "Of no effect: every answer is as fresh as there is."),
    parameter("consistent", ValueKind::Switch, "The same."),
    parameter("cached", ValueKind::Switch, "The same."),
];
const WAITS: &[Parameter] = &[
    parameter("index", ValueKind::Number, "Answer once something has changed since then ..."),
    parameter("wait", ValueKind::Duration, "... at the latest after this time."),
];
const TAG: &[Parameter] = &[Parameter {
    name: "tag",
    meaning: "Only endpoints with this tag.",
    kind: ValueKind::Text,
    repeats: true,
}];
const PASSING: &[Parameter] =
    &[parameter("passing", ValueKind::Switch, "Only endpoints that are well.")];
const ENABLE: &[Parameter] = &[
    parameter("enable", ValueKind::Switch, "Whether it gets no new calls."),
    parameter("reason", ValueKind::Text, "Why, for the audit."),
];
const REPLACES: &[Parameter] = &[parameter(
    "replace-existing-checks",
    ValueKind::Switch,
    "Of no effect: a registration always replaces the checks of the one before.",
)];
const SAYS: &[Parameter] = &[parameter("note", ValueKind::Text, "What people read beside it.")];

type Query = &'static [&'static [Parameter]];
const WRITE: Query = &[COMMON, CONSISTENCY];
const REGISTER: Query = &[COMMON, REPLACES];
const MAINTAIN: Query = &[COMMON, ENABLE];
const NOTE: Query = &[COMMON, SAYS];
const WATCH: Query = &[COMMON, CONSISTENCY, WAITS];
const TAGGED: Query = &[COMMON, CONSISTENCY, WAITS, TAG];
const HEALTH: Query = &[COMMON, CONSISTENCY, WAITS, TAG, PASSING];

const WRITES: Access = Access::OfConsul(Role::Service);
const READS: Access = Access::OfConsul(Role::Viewer);

const fn route(
    (method, path, operation): (Verb, &'static str, &'static str),
    access: Access,
    summary: &'static str,
    query: Query,
    handler: Handler,
) -> Route {
    let (headers, body, answers, refusals) = (&[], None, &[], &[]);
    Route {
        method,
        path,
        operation,
        access,
        summary,
        query,
        headers,
        body,
        answers,
        refusals,
        handler,
    }
}

pub(super) const ROUTES: &[Route] = &[
    route(
        (Verb::Put, "/v1/agent/service/register", "consulRegister"),
        WRITES,
        "Consul: register an endpoint of a service.",
        REGISTER,
        |request| Box::pin(agent::register(request)),
    ),
    route(
        (Verb::Put, "/v1/agent/service/deregister/{id}", "consulDeregister"),
        WRITES,
        "Consul: take an endpoint away.",
        WRITE,
        |request| Box::pin(agent::deregister(request)),
    ),
    route(
        (Verb::Put, "/v1/agent/service/maintenance/{id}", "consulMaintain"),
        WRITES,
        "Consul: keep an endpoint out of the calls.",
        MAINTAIN,
        |request| Box::pin(agent::maintain(request)),
    ),
    route(
        (Verb::Put, "/v1/agent/check/pass/{id}", "consulPass"),
        WRITES,
        "Consul: an endpoint is well.",
        NOTE,
        |request| Box::pin(agent::pass(request)),
    ),
    route(
        (Verb::Put, "/v1/agent/check/warn/{id}", "consulWarn"),
        WRITES,
        "Consul: an endpoint is not quite well.",
        NOTE,
        |request| Box::pin(agent::warn(request)),
    ),
    route(
        (Verb::Put, "/v1/agent/check/fail/{id}", "consulFail"),
        WRITES,
        "Consul: an endpoint should not be called.",
        NOTE,
        |request| Box::pin(agent::fail(request)),
    ),
    route(
        (Verb::Put, "/v1/agent/check/update/{id}", "consulUpdate"),
        WRITES,
        "Consul: an endpoint says how it does.",
        WRITE,
        |request| Box::pin(agent::update(request)),
    ),
    route(
        (Verb::Put, "/v1/agent/check/register", "consulRegisterCheck"),
        WRITES,
        "Consul: look after something more of an endpoint.",
        WRITE,
        |request| Box::pin(agent::register_check(request)),
    ),
    route(
        (Verb::Put, "/v1/agent/check/deregister/{id}", "consulDeregisterCheck"),
        WRITES,
        "Consul: look after it no more.",
        WRITE,
        |request| Box::pin(agent::deregister_check(request)),
    ),
    route(
        (Verb::Get, "/v1/agent/services", "consulAgentServices"),
        READS,
        "Consul: every endpoint that registered, by its id.",
        WRITE,
        |request| Box::pin(agent::services(request)),
    ),
    route(
        (Verb::Get, "/v1/agent/service/{id}", "consulAgentService"),
        READS,
        "Consul: one of them.",
        WRITE,
        |request| Box::pin(agent::one(request)),
    ),
    route(
        (Verb::Get, "/v1/agent/checks", "consulAgentChecks"),
        READS,
        "Consul: their checks, by their ids.",
        WRITE,
        |request| Box::pin(agent::checks(request)),
    ),
    route(
        (Verb::Get, "/v1/agent/self", "consulAgent"),
        READS,
        "Consul: which agent this is.",
        WRITE,
        |request| Box::pin(agent::itself(request)),
    ),
    route(
        (Verb::Get, "/v1/health/service/{service}", "consulHealth"),
        READS,
        "Consul: the endpoints of a service, and how they do.",
        HEALTH,
        |request| Box::pin(discovery::health(request)),
    ),
    route(
        (Verb::Get, "/v1/health/checks/{service}", "consulChecks"),
        READS,
        "Consul: the checks of a service.",
        WATCH,
        |request| Box::pin(discovery::checks(request)),
    ),
    route(
        (Verb::Get, "/v1/health/state/{state}", "consulState"),
        READS,
        "Consul: checks that stand so.",
        WATCH,
        |request| Box::pin(discovery::state(request)),
    ),
    route(
        (Verb::Get, "/v1/health/node/{node}", "consulNode"),
        READS,
        "Consul: checks of a node.",
        WATCH,
        |request| Box::pin(discovery::node(request)),
    ),
    route(
        (Verb::Get, "/v1/catalog/services", "consulServices"),
        READS,
        "Consul: names of services, each with its tags.",
        WATCH,
        |request| Box::pin(discovery::services(request)),
    ),
    route(
        (Verb::Get, "/v1/catalog/service/{service}", "consulService"),
        READS,
        "Consul: the endpoints of a service.",
        TAGGED,
        |request| Box::pin(discovery::service(request)),
    ),
    route(
        (Verb::Get, "/v1/catalog/nodes", "consulNodes"),
        READS,
        "Consul: the nodes; there is one.",
        WATCH,
        |request| Box::pin(discovery::nodes(request)),
    ),
    route(
        (Verb::Get, "/v1/catalog/datacenters", "consulDatacenters"),
        READS,
        "Consul: the datacenters; there is one.",
        WRITE,
        |request| Box::pin(discovery::datacenters(request)),
    ),
    route(
        (Verb::Get, "/v1/status/leader", "consulLeader"),
        READS,
        "Consul: who leads.",
        WRITE,
        |request| Box::pin(discovery::leader(request)),
    ),
    route(
        (Verb::Get, "/v1/status/peers", "consulPeers"),
        READS,
        "Consul: who takes part.",
        WRITE,
        |request| Box::pin(discovery::peers(request)),
    ),
];
