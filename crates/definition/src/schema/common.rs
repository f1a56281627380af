//! The document, reusable components, and what occurs everywhere.

use super::Shape::{
    self, Any, AnyOf, Count, List, Map, Marked, Named, Number, Of, OneOf, Pattern, Text, Truth,
    Words,
};
use super::{Definition, Object, optional, required};
use crate::model::RUNNING_MAX;
use crate::read::words;

pub(super) const LABEL: &str = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";
const VERSION: &str =
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$";
const DSL: &str = r"^1\.0\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$";
const ISO_8601: &str = r"^P(?!$)(\d+(\.\d+)?Y)?(\d+(\.\d+)?M)?(\d+(\.\d+)?W)?(\d+(\.\d+)?D)?(T(?=\d)(\d+(\.\d+)?H)?(\d+(\.\d+)?M)?(\d+(\.\d+)?S)?)?$";
const URI: &str = r"^(?!\s*\$\{)[^\s#]+(#[^\s#]*)?$|^#[^\s#]*$";
const INTERPOLATED: &str = r"^[^\s{}]*\$\{[\s\S]*\}[^\s{}]*$";

/// The top level, which is open.
pub(super) const DOCUMENT: Shape = Shape::Object(Object::open(&[
    required("document", Of("header"), "Identity and description of the workflow."),
    optional("input", Of("input"), "Checks and transforms the input of the workflow."),
    optional("use", Of("use"), "Reusable components."),
    required("do", Of("taskList"), "The tasks of the workflow, in order."),
    optional("timeout", Of("timeoutRef"), "How long an instance may take."),
    optional("output", Of("output"), "Transforms and checks the output of the workflow."),
    optional("schedule", Of("schedule"), "When instances start by themselves."),
    optional("evaluate", Of("evaluate"), "How expressions are read."),
]));

pub(super) const DEFINITIONS: &[Definition] = &[
    Definition::new(
        "header",
        Shape::Object(Object::closed(&[
            required("dsl", Pattern(DSL), "Version of the language: 1.0.x."),
            required("namespace", Pattern(LABEL), "Namespace of the workflow, a DNS label."),
            required("name", Pattern(LABEL), "Name of the workflow, a DNS label."),
            required("version", Pattern(VERSION), "Semantic version of this definition."),
            optional("title", Text, "A title for people."),
            optional("summary", Text, "A description in Markdown."),
            optional("tags", Map(&Any), "Free labels."),
            optional(
                "metadata",
                Of("documentMetadata"),
                "Free data; the key `motet` holds our extensions.",
            ),
        ])),
        "Identity and description of a workflow.",
    ),
    Definition::new(
        "documentMetadata",
        Shape::Object(Object::open(&[optional(
            "motet",
            Of("motetDocument"),
            "Extensions of Motet.",
        )])),
        "Free data about the document.",
    ),
    Definition::new(
        "motetDocument",
        Shape::Object(Object::closed(&[
            optional(
                "onFault",
                Words(|| names(&words::ON_FAULTS)),
                "What an uncaught error does: end the instance, or let it wait for a person.",
            ),
            optional(
                "schedule",
                Of("motetSchedule"),
                "Time zone, overlap and catch-up of the schedule.",
            ),
            optional("attributes", Map(&Any), "Search attributes by name, evaluated on the input."),
            optional(
                "businessKey",
                Any,
                "The key by which people know an instance, evaluated on the input.",
            ),
            optional(
                "concurrency",
                Of("motetConcurrency"),
                "Instances with the same key run one after the other.",
            ),
            optional(
                "limits",
                Of("motetLimits"),
                "How many instances run at once; others wait for room.",
            ),
            optional(
                "redact",
                List(&Text),
                "Paths such as `.card.number` or `..password` that are masked wherever data of an instance are shown.",
            ),
            optional("lifecycle", Truth, "Whether sinks get lifecycle events of its instances."),
        ])),
        "Extensions of Motet for the whole document.",
    ),
    Definition::new(
        "motetConcurrency",
        Shape::Object(Object::closed(&[
            required("key", Any, "What the instance is about, evaluated on the input."),
            optional(
                "policy",
                Words(|| names(&words::POLICIES)),
                "What becomes of a start whose key is held: it waits, is refused, or replaces the other.",
            ),
        ])),
        "Instances with the same key run one after the other.",
    ),
    Definition::new(
        "motetLimits",
        Shape::Object(Object::closed(&[optional(
            "running",
            Count(1, RUNNING_MAX as u64),
            "Instances that run at once, of all versions together.",
        )])),
        "How much of a workflow there may be at once.",
    ),
    Definition::new(
        "motetSchedule",
        Shape::Object(Object::closed(&[
            optional("timezone", Text, "Name of the IANA database, such as `Europe/Berlin`."),
            optional(
                "overlap",
                Words(|| names(&words::OVERLAPS)),
                "What happens when a start comes due while the one before runs.",
            ),
            optional(
                "catchup",
                Words(|| names(&words::CATCHUPS)),
                "What happens to starts that were missed.",
            ),
        ])),
        "What the schedule of the language lacks.",
    ),
    Definition::new(
        "use",
        Shape::Object(Object::closed(&[
            optional(
                "authentications",
                Map(&Of("openAuthenticationPolicy")),
                "Authentication policies by name.",
            ),
            optional("catalogs", Map(&Of("catalog")), "Function catalogs by name."),
            optional("errors", Map(&Of("error")), "Errors by name."),
            optional(
                "extensions",
                List(&Named(&Of("extension"))),
                "Extensions, in order of application.",
            ),
            optional("functions", Map(&Of("task")), "Functions: tasks by name."),
            optional("retries", Map(&Of("retryPolicy")), "Retry policies by name."),
            optional("secrets", List(&Text), "Names of the secrets that the workflow uses."),
            optional("timeouts", Map(&Of("timeout")), "Timeouts by name."),
        ])),
        "Reusable components, each found by its name.",
    ),
    Definition::new(
        "catalog",
        Shape::Object(Object::closed(&[required(
            "endpoint",
            Of("endpoint"),
            "Root URL of the catalog.",
        )])),
        "A function catalog.",
    ),
    Definition::new(
        "extension",
        Shape::Object(Object::closed(&[
            required(
                "extend",
                Words(|| names(&words::TARGETS)),
                "The kind of task that is extended.",
            ),
            optional("when", Text, "Expression: whether the extension applies."),
            optional("before", Of("taskList"), "Tasks that run before the extended one."),
            optional("after", Of("taskList"), "Tasks that run after the extended one."),
        ])),
        "Tasks that run around every task of a kind.",
    ),
    Definition::new(
        "schedule",
        AnyOf(&[
            Shape::Object(Object::closed(&[
                optional("every", Of("duration"), "Interval between starts."),
                optional("cron", Text, "Cron expression."),
                optional("after", Of("duration"), "Delay after the end of the instance before."),
            ])),
            Shape::Object(Object::closed(&[
                optional("every", Of("duration"), "Interval between starts."),
                optional("cron", Text, "Cron expression."),
                optional("after", Of("duration"), "Delay after the end of the instance before."),
                required("on", Of("eventStrategy"), "Events that start an instance."),
                optional(
                    "read",
                    Words(|| names(&words::READS)),
                    "What of the events becomes the input.",
                ),
            ])),
        ]),
        "When instances start by themselves.",
    ),
    Definition::new(
        "evaluate",
        Shape::Object(Object::closed(&[
            optional("language", Shape::Constant("jq"), "Language of expressions."),
            optional(
                "mode",
                Words(|| names(&words::MODES)),
                "strict: only `${ … }` is an expression; loose: every text is tried.",
            ),
        ])),
        "How expressions are read.",
    ),
    Definition::new(
        "input",
        Shape::Object(Object::closed(&[
            optional("schema", Of("schema"), "Checked on the raw input."),
            optional("from", Of("transform"), "Transforms the input."),
        ])),
        "What happens to an input.",
    ),
    Definition::new(
        "output",
        Shape::Object(Object::closed(&[
            optional("schema", Of("schema"), "Checked on the transformed output."),
            optional("as", Of("transform"), "Transforms the output."),
        ])),
        "What happens to an output.",
    ),
    Definition::new(
        "export",
        Shape::Object(Object::closed(&[
            optional("schema", Of("schema"), "Checked on the new context."),
            optional("as", Of("transform"), "Gives the new `$context`."),
        ])),
        "What a task leaves in the context.",
    ),
    Definition::new(
        "transform",
        OneOf(&[Text, Map(&Any)]),
        "An expression, or an object whose texts may hold `${ … }`.",
    ),
    Definition::new(
        "schema",
        Shape::Object(
            Object::closed(&[
                optional("format", Text, "Format of the schema, `json` by default."),
                optional("document", Any, "The schema itself."),
                optional("resource", Of("externalResource"), "Where the schema is found."),
            ])
            .with_one_of(&[&["document", "resource"]]),
        ),
        "A schema that data must satisfy.",
    ),
    Definition::new(
        "externalResource",
        Shape::Object(Object::closed(&[
            optional("name", Text, "Name of the resource."),
            required("endpoint", Of("endpoint"), "Where it is found."),
        ])),
        "Something outside the document.",
    ),
    Definition::new(
        "endpoint",
        OneOf(&[
            Of("uri"),
            Shape::Object(Object::closed(&[
                required("uri", Of("uri"), "The address."),
                optional("authentication", Of("authentication"), "How to authenticate there."),
            ])),
        ]),
        "An address, with or without authentication.",
    ),
    Definition::new(
        "uri",
        AnyOf(&[Marked, Pattern(INTERPOLATED), Pattern(URI)]),
        "A URI, a template with `{name}`, an expression, or text with `${ … }` inside.",
    ),
    Definition::new(
        "duration",
        OneOf(&[
            Shape::Object(
                Object::closed(&[
                    optional("days", Count(0, u64::MAX), "Days."),
                    optional("hours", Count(0, u64::MAX), "Hours."),
                    optional("minutes", Count(0, u64::MAX), "Minutes."),
                    optional("seconds", Count(0, u64::MAX), "Seconds."),
                    optional("milliseconds", Count(0, u64::MAX), "Milliseconds."),
                ])
                .filled(),
            ),
            Marked,
            Pattern(ISO_8601),
        ]),
        "A span of time: counts, ISO 8601 text or an expression.",
    ),
    Definition::new(
        "timeout",
        Shape::Object(Object::closed(&[required("after", Of("duration"), "How long.")])),
        "A limit of time.",
    ),
    Definition::new(
        "timeoutRef",
        OneOf(&[Of("timeout"), Text]),
        "A timeout, or the name of one in `use.timeouts`.",
    ),
    Definition::new(
        "error",
        Shape::Object(Object::closed(&[
            required("type", Of("uri"), "URI of the kind of error."),
            required("status", Count(100, 599), "HTTP status."),
            optional("instance", Text, "Where the error arose."),
            optional("title", Text, "A short summary."),
            optional("detail", Text, "An explanation."),
        ])),
        "An error.",
    ),
    Definition::new(
        "retryPolicy",
        Shape::Object(Object::closed(&[
            optional("when", Text, "Expression: retry only if it holds."),
            optional("exceptWhen", Text, "Expression: do not retry if it holds."),
            optional("delay", Of("duration"), "Delay before the first retry."),
            optional(
                "backoff",
                Shape::Object(
                    Object::closed(&[
                        optional("constant", Of("backoff"), "The delay stays."),
                        optional("linear", Of("backoff"), "The delay grows by `increment`."),
                        optional("exponential", Of("backoff"), "The delay grows by `factor`."),
                    ])
                    .with_one_of(&[&["constant", "linear", "exponential"]]),
                ),
                "How the delay grows.",
            ),
            optional(
                "limit",
                Shape::Object(Object::closed(&[
                    optional(
                        "attempt",
                        Shape::Object(Object::closed(&[
                            optional(
                                "count",
                                Count(0, u32::MAX as u64),
                                "Number of retries; the first attempt does not count.",
                            ),
                            optional("duration", Of("duration"), "Limit of each attempt."),
                        ])),
                        "Limits of attempts.",
                    ),
                    optional("duration", Of("duration"), "Limit of all attempts together."),
                ])),
                "When to give up.",
            ),
            optional(
                "jitter",
                Shape::Object(Object::closed(&[
                    required("from", Of("duration"), "Least addition."),
                    required("to", Of("duration"), "Greatest addition."),
                ])),
                "A random addition to the delay.",
            ),
        ])),
        "How a failed attempt is repeated.",
    ),
    Definition::new(
        "backoff",
        Shape::Object(Object::open(&[
            optional("increment", Of("duration"), "Of `linear`; the delay by default."),
            optional("factor", Number, "Of `exponential`, at least 1; 2 by default."),
            optional("maxDelay", Of("duration"), "Longest delay."),
        ])),
        "Options of a backoff.",
    ),
    Definition::new(
        "authentication",
        OneOf(&[Of("reference"), Of("authenticationPolicy")]),
        "A policy, or the name of one in `use.authentications`.",
    ),
    Definition::new(
        "reference",
        Shape::Object(Object::closed(&[required("use", Pattern("."), "Name of what is used.")])),
        "The name of a policy or a secret.",
    ),
    Definition::new(
        "authenticationPolicy",
        Shape::Object(Object::closed(&SCHEMES).with_one_of(&[SCHEME_NAMES])),
        "How to authenticate.",
    ),
    Definition::new(
        "openAuthenticationPolicy",
        Shape::Object(Object::open(&SCHEMES).with_one_of(&[SCHEME_NAMES])),
        "How to authenticate.",
    ),
    Definition::new(
        "oauth2Client",
        Shape::Object(Object::closed(&[
            optional("id", Text, "Client id."),
            optional("secret", Text, "Client secret."),
            optional("assertion", Text, "A signed assertion."),
            optional(
                "authentication",
                Words(|| names(&words::CLIENT_AUTHENTICATIONS)),
                "How the client proves itself.",
            ),
        ])),
        "An OAuth 2.0 client.",
    ),
    Definition::new(
        "oauth2Token",
        Shape::Object(Object::closed(&[
            required("token", Text, "The token."),
            required("type", Text, "Its type."),
        ])),
        "A token that is exchanged.",
    ),
];

const SCHEME_NAMES: &[&str] = &["basic", "bearer", "digest", "oauth2", "oidc"];

const SCHEMES: [super::Property; 5] = [
    optional("basic", OneOf(&[Of("reference"), PASSWORD]), "Name and password (RFC 7617)."),
    optional(
        "bearer",
        OneOf(&[
            Of("reference"),
            Shape::Object(Object::closed(&[required("token", Text, "The token.")])),
        ]),
        "A token (RFC 6750).",
    ),
    optional(
        "digest",
        OneOf(&[Of("reference"), PASSWORD]),
        "Name and password, digested (RFC 7616).",
    ),
    optional(
        "oauth2",
        OneOf(&[Of("reference"), Shape::Object(Object::closed(&OAUTH2))]),
        "OAuth 2.0 (RFC 6749).",
    ),
    optional(
        "oidc",
        OneOf(&[Of("reference"), Shape::Object(Object::closed(OAUTH2.split_at(1).1))]),
        "OpenID Connect.",
    ),
];

const PASSWORD: Shape = Shape::Object(Object::closed(&[
    required("username", Text, "The name."),
    required("password", Text, "The password."),
]));

/// The first one is of OAuth 2.0 only.
const OAUTH2: [super::Property; 12] = [
    optional(
        "endpoints",
        Shape::Object(Object::open(&[
            optional("token", Text, "Path of the token endpoint."),
            optional("revocation", Text, "Path of the revocation endpoint."),
            optional("introspection", Text, "Path of the introspection endpoint."),
        ])),
        "Paths below the authority.",
    ),
    required("authority", Of("uri"), "The authorization server."),
    required("grant", Words(|| names(&words::GRANTS)), "The grant."),
    optional("client", Of("oauth2Client"), "The client."),
    optional(
        "request",
        Shape::Object(Object::open(&[optional(
            "encoding",
            Words(|| names(&words::ENCODINGS)),
            "Encoding of the request.",
        )])),
        "The request for a token.",
    ),
    optional("issuers", List(&Text), "Issuers that are trusted."),
    optional("scopes", List(&Text), "Scopes to ask for."),
    optional("audiences", List(&Text), "Audiences to ask for."),
    optional("username", Text, "Of the grant `password`."),
    optional("password", Text, "Of the grant `password`."),
    optional("subject", Of("oauth2Token"), "Of a token exchange."),
    optional("actor", Of("oauth2Token"), "Of a token exchange."),
];

/// The words of a table.
pub(super) fn names<T>(words: &[(&'static str, T)]) -> Vec<&'static str> {
    words.iter().map(|(word, _)| *word).collect()
}
