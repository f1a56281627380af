/// A parameter of the query, the path or the header.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) kind: ValueKind,
    /// Several values: given again, or separated by commas.
    pub(crate) repeats: bool,
}

/// What stands in the name of a parameter for a name that the caller chooses.
const ANY_NAME: &str = "NAME";

impl Parameter {
    /// Whether a name in a query is this parameter's.
    pub(crate) fn admits(&self, name: &str) -> bool {
        match self.name.strip_suffix(ANY_NAME) {
            Some(prefix) => name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()),
            None => self.name == name,
        }
    }
}

/// What a parameter's text is.
#[derive(Clone, Copy)]
pub(crate) enum ValueKind {
    Text,
    Number,
    Switch,
    /// As in `30s`.
    Duration,
    Instant,
    InstanceId,
    /// One of these words.
    Word(&'static [&'static str]),
}

const STATUSES: &[&str] =
    &["pending", "running", "waiting", "suspended", "cancelled", "faulted", "completed"];

pub(super) const fn parameter(
    name: &'static str,
    kind: ValueKind,
    meaning: &'static str,
) -> Parameter {
    Parameter { name, meaning, kind, repeats: false }
}

/// Parts of paths, wherever they stand.
pub(crate) const PATH_PARAMETERS: &[Parameter] = &[
    parameter("namespace", ValueKind::Text, "Namespace of the workflow, secret or service."),
    parameter("name", ValueKind::Text, "Name of the workflow, secret or service."),
    parameter("version", ValueKind::Text, "A version, a tag, `latest` or a range."),
    parameter("tag", ValueKind::Text, "Name of a tag."),
    parameter("id", ValueKind::InstanceId, "Id of the instance."),
    parameter("token", ValueKind::Text, "Id of a token, or the name of a valid one."),
    parameter("type", ValueKind::Text, "Type of the jobs."),
    parameter("sink", ValueKind::Text, "Name of the sink."),
    parameter(
        "endpoint",
        ValueKind::Text,
        "Id of the endpoint: up to 255 visible ASCII characters.",
    ),
    parameter("job", ValueKind::Text, "Id of the job, as its activation gave it."),
    parameter("task", ValueKind::Text, "Id of the task."),
    parameter("code", ValueKind::Text, "Code of an error."),
];

pub(super) const WAIT: &[Parameter] = &[parameter(
    "wait",
    ValueKind::Duration,
    "How long to wait for the instance's end, as in `30s`; absent: not at all.",
)];

pub(super) const VERSION: &[Parameter] = &[parameter(
    "version",
    ValueKind::Text,
    "A version, a tag, `latest` or a range; absent: the tag `stable` where it is set, else the highest version.",
)];

pub(super) const FILTER: &[Parameter] = &[
    parameter("namespace", ValueKind::Text, "Only instances of workflows of this namespace."),
    parameter(
        "workflow",
        ValueKind::Text,
        "Only instances of this workflow: its name, or `namespace/name`.",
    ),
    parameter("version", ValueKind::Text, "Only instances of exactly this version."),
    Parameter {
        name: "status",
        meaning: "Only instances in one of these statuses.",
        kind: ValueKind::Word(STATUSES),
        repeats: true,
    },
    parameter("parent", ValueKind::InstanceId, "Only instances that this instance started."),
    parameter("businessKey", ValueKind::Text, "Only instances with this business key."),
    parameter(
        "attribute.NAME",
        ValueKind::Text,
        "Only instances whose search attribute NAME is this; `attribute.NAME.from` and `attribute.NAME.to`: at least this, \
         less than this.",
    ),
    parameter("from", ValueKind::Instant, "Only instances started at or after this instant."),
    parameter("to", ValueKind::Instant, "Only instances started before this instant."),
    parameter("incidents", ValueKind::Switch, "Only instances that wait for a person."),
];

pub(super) const TASK_FILTER: &[Parameter] = &[
    parameter("namespace", ValueKind::Text, "Only tasks of workflows of this namespace."),
    parameter(
        "assignee",
        ValueKind::Text,
        "Only tasks that this person has claimed, or that were given to it.",
    ),
    parameter("group", ValueKind::Text, "Only tasks that members of this group may claim."),
    parameter(
        "status",
        ValueKind::Word(&["open", "claimed"]),
        "Only tasks that nobody has claimed, or that somebody has.",
    ),
    parameter("dueBefore", ValueKind::Instant, "Only tasks that are due before this instant."),
];

pub(super) const CURSOR: &[Parameter] =
    &[parameter("cursor", ValueKind::Text, "Where the page begins: `next` of the page before.")];

pub(super) const LIMIT: &[Parameter] =
    &[parameter("limit", ValueKind::Number, "Most entries of the page.")];

pub(super) const AT: &[Parameter] = &[parameter(
    "at",
    ValueKind::Text,
    "A `Motet-Position`: the answer waits, up to 5 s, until it sees what that answer saw; `latest`: until it sees everything \
     that was acknowledged before.",
)];

pub(super) const BULK: &[Parameter] = &[
    parameter(
        "all",
        ValueKind::Switch,
        "Take every instance to which the command may apply; otherwise a filter is required.",
    ),
    parameter(
        "dryRun",
        ValueKind::Switch,
        "Change nothing: answer with the number of instances and some of them.",
    ),
];

pub(super) const CANCEL: &[Parameter] = &[
    parameter(
        "compensate",
        ValueKind::Switch,
        "With `false` nothing is undone: what was done stays done; absent: true.",
    ),
    parameter("force", ValueKind::Switch, "Cancel behind the point of no return, too."),
];

pub(super) const NAMESPACE: &[Parameter] =
    &[parameter("namespace", ValueKind::Text, "Only what belongs to this namespace.")];

pub(super) const FORMAT: &[Parameter] = &[parameter(
    "format",
    ValueKind::Word(&["text", "dot", "mermaid", "svg"]),
    "The form of the drawing; absent: what `Accept` asks for, else text.",
)];

pub(super) const IDEMPOTENCY_KEY: &[Parameter] = &[parameter(
    "Idempotency-Key",
    ValueKind::Text,
    "Up to 255 visible ASCII characters. The same key with the same workflow, version and input finds the instance that it \
     started, for 24 hours and while that instance lives.",
)];

pub(super) const LAST_EVENT_ID: &[Parameter] = &[parameter(
    "Last-Event-ID",
    ValueKind::Number,
    "The id of the last event that was received; absent: from the beginning.",
)];

pub(super) const REASON: &[Parameter] =
    &[parameter("reason", ValueKind::Text, "Why; it stands in the audit.")];

pub(super) const PURGE: &[Parameter] =
    &[parameter("force", ValueKind::Switch, "Cancel the instance first if it has not ended.")];

pub(super) const MAINTENANCE: &[Parameter] = &[parameter(
    "maintenance",
    ValueKind::Switch,
    "With `true` the endpoint gets no new calls, with `false` it gets some again; then the body may be empty.",
)];

pub(super) const TOKENS: &[Parameter] =
    &[parameter("all", ValueKind::Switch, "Also those that were revoked or have expired.")];

pub(super) const AUDIT: &[Parameter] = &[
    parameter("actor", ValueKind::Text, "Only what this token did, by its name."),
    parameter("action", ValueKind::Text, "Only this action, as in `instance.cancel`."),
    parameter(
        "subject",
        ValueKind::Text,
        "Only what was done to this: an instance's id, `namespace/name:version`, `namespace/name:tag`, `namespace/secret`, a \
         token's id.",
    ),
    parameter("from", ValueKind::Instant, "Only what was done at or after this instant."),
    parameter("to", ValueKind::Instant, "Only what was done before this instant."),
];
pub(super) const EVENT_NAMESPACE: &[Parameter] =
    &[parameter("namespace", ValueKind::Text, "Namespace of the events; required.")];

pub(super) const EVENTS: &[Parameter] = &[
    parameter("type", ValueKind::Text, "Only events of this type."),
    parameter("source", ValueKind::Text, "Only events of this source."),
];

pub(super) const BUSINESS_KEY: &[Parameter] = &[parameter(
    "businessKey",
    ValueKind::Text,
    "Business key of the instance that is meant; exactly one live instance must have it.",
)];
