//! Tasks, errors, loops and events.

use super::Shape::{
    self, Any, AnyOf, Constant, Count, FilledList, List, Map, Named, Of, OneOf, Pattern, Text,
    Truth, Words,
};
use super::common::{LABEL, names};
use super::{Definition, Object, Property, optional, required};
use crate::model::PARALLEL_MAX;
use crate::read::words;

/// The properties of every task.
pub(super) const COMMON: &[Property] = &[
    optional("if", Text, "Expression: whether the task is done; else it is skipped."),
    optional("input", Of("input"), "Checks and transforms the input of the task."),
    optional("output", Of("output"), "Transforms and checks the output of the task."),
    optional("export", Of("export"), "What the task leaves in the context."),
    optional("timeout", Of("timeoutRef"), "How long the task may take."),
    optional("then", Text, "`continue`, `exit`, `end`, or the task of the same list that follows."),
    optional("metadata", Of("taskMetadata"), "Free data; the key `motet` holds our extensions."),
];

pub(super) const DEFINITIONS: &[Definition] = &[
    Definition::new("taskList", List(&Named(&Of("task"))), "Tasks in order, each under its name."),
    Definition::new(
        "taskMetadata",
        Shape::Object(Object::open(&[optional("motet", Of("motetTask"), "Extensions of Motet.")])),
        "Free data about the task.",
    ),
    Definition::new(
        "motetTask",
        Shape::Object(Object::closed(&[
            optional(
                "attributes",
                Map(&Any),
                "Search attributes by name, evaluated on the task's output when it is complete.",
            ),
            optional(
                "businessKey",
                Any,
                "The instance's business key from the task's completion on, evaluated on its output.",
            ),
            optional("compensate", Of("taskList"), "Tasks that undo this one."),
            optional("saga", Truth, "On `do` and `try`: a saga scope of its own."),
            optional("pivot", Truth, "The point of no return of the saga."),
            optional("idempotent", Truth, "On a call: whether it may be sent again."),
            optional(
                "parallel",
                OneOf(&[
                    Count(1, PARALLEL_MAX as u64),
                    Shape::Object(Object::closed(&[
                        optional(
                            "max",
                            Count(1, PARALLEL_MAX as u64),
                            "Most iterations at a time, 16 by default.",
                        ),
                        optional(
                            "failFast",
                            Truth,
                            "Whether the first failure ends the loop, as it does by default.",
                        ),
                        optional(
                            "collect",
                            Truth,
                            "Whether the outputs become a list, as they do by default.",
                        ),
                    ])),
                ]),
                "On `for`: how many iterations run at a time.",
            ),
            optional("needs", List(&Text), "On a branch: the branches that come before it."),
            optional("version", Text, "On a call: a range of service versions."),
            optional("until", Text, "On `wait`: expression that gives the instant."),
            optional(
                "redact",
                List(&Text),
                "Paths such as `.card.number` or `..password` that are masked wherever data of this task are shown.",
            ),
        ])),
        "Extensions of Motet for a task.",
    ),
    Definition::new(
        "task",
        OneOf(&[
            Of("callHttp"),
            Of("callGrpc"),
            Of("callOpenApi"),
            Of("callAsyncApi"),
            Of("callA2a"),
            Of("callMcp"),
            Of("callFunction"),
            Of("doTask"),
            Of("emitTask"),
            Of("forTask"),
            Of("forkTask"),
            Of("listenTask"),
            Of("raiseTask"),
            Of("runTask"),
            Of("setTask"),
            Of("switchTask"),
            Of("tryTask"),
            Of("waitTask"),
        ]),
        "A task: it does exactly one thing.",
    ),
    Definition::new(
        "doTask",
        Shape::Object(Object::task(&[required(
            "do",
            Of("taskList"),
            "Tasks in order, in a scope of their own.",
        )])),
        "Tasks one after the other.",
    ),
    Definition::new(
        "emitTask",
        Shape::Object(Object::task(&[required(
            "emit",
            Shape::Object(Object::closed(&[required(
                "event",
                Shape::Object(Object::open(&[required(
                    "with",
                    Of("emittedEvent"),
                    "Attributes and data of the event.",
                )])),
                "The event.",
            )])),
            "What is published.",
        )])),
        "Publishes a CloudEvent.",
    ),
    Definition::new(
        "forTask",
        Shape::Object(Object::task(&[
            required(
                "for",
                Shape::Object(Object::closed(&[
                    optional("each", Text, "Variable of the current item, `item` by default."),
                    required(
                        "in",
                        OneOf(&[Text, List(&Map(&Any))]),
                        "Expression or list of what is gone through.",
                    ),
                    optional("at", Text, "Variable of the current index, `index` by default."),
                ])),
                "What is gone through.",
            ),
            optional("while", Text, "Expression: go on as long as it holds."),
            required("do", Of("taskList"), "Tasks of each iteration."),
        ])),
        "Tasks once for each item.",
    ),
    Definition::new(
        "forkTask",
        Shape::Object(Object::task(&[required(
            "fork",
            Shape::Object(Object::closed(&[
                required("branches", Of("taskList"), "Tasks that run at the same time."),
                optional("compete", Truth, "Whether the first branch to complete wins."),
            ])),
            "The branches.",
        )])),
        "Tasks at the same time.",
    ),
    Definition::new(
        "listenTask",
        Shape::Object(Object::task(&[
            required(
                "listen",
                Shape::Object(Object::closed(&[
                    required("to", Of("eventStrategy"), "The events that are waited for."),
                    optional("read", Words(|| names(&words::READS)), "What of the events is read."),
                ])),
                "What is waited for.",
            ),
            optional("foreach", Of("foreach"), "What happens with each event."),
        ])),
        "Waits for CloudEvents.",
    ),
    Definition::new(
        "raiseTask",
        Shape::Object(Object::task(&[required(
            "raise",
            Shape::Object(Object::closed(&[required(
                "error",
                OneOf(&[Of("error"), Text]),
                "The error, or the name of one in `use.errors`.",
            )])),
            "What is raised.",
        )])),
        "Raises an error.",
    ),
    Definition::new(
        "runTask",
        Shape::Object(Object::task(&[required("run", Of("run"), "What is run.")])),
        "Runs a container, a script, a command or another workflow.",
    ),
    Definition::new(
        "run",
        Shape::Object(
            Object::closed(&[
                optional("container", Of("container"), "A container."),
                optional("script", Of("script"), "A script."),
                optional("shell", Of("shell"), "A command."),
                optional("workflow", Of("childWorkflow"), "Another workflow."),
                optional("await", Truth, "Whether the task waits for the end; true by default."),
                optional("return", Words(|| names(&words::RETURNS)), "What becomes the output."),
            ])
            .with_one_of(&[&["container", "script", "shell", "workflow"]]),
        ),
        "What is run.",
    ),
    Definition::new(
        "container",
        Shape::Object(Object::closed(&[
            required("image", Text, "The image."),
            optional("name", Text, "Name of the container."),
            optional("command", Text, "The command."),
            optional("ports", Map(&Any), "Port mappings."),
            optional("volumes", Map(&Any), "Volume mappings."),
            optional("environment", Map(&Any), "Environment variables."),
            optional("stdin", Text, "Standard input."),
            optional("arguments", List(&Text), "Arguments."),
            optional("lifetime", Of("lifetime"), "What becomes of the container."),
            optional(
                "pullPolicy",
                Words(|| names(&words::PULL_POLICIES)),
                "When the image is pulled.",
            ),
        ])),
        "A container.",
    ),
    Definition::new(
        "lifetime",
        OneOf(&[
            Shape::Object(Object::closed(&[required(
                "cleanup",
                Words(|| vec!["always", "never"]),
                "When it is removed.",
            )])),
            Shape::Object(Object::closed(&[
                required("cleanup", Constant("eventually"), "It is removed later."),
                required("after", Of("duration"), "How much later."),
            ])),
        ]),
        "What becomes of a container when it is done.",
    ),
    Definition::new(
        "script",
        Shape::Object(
            Object::closed(&[
                required("language", Text, "Language of the script."),
                optional("code", Text, "The code."),
                optional("source", Of("externalResource"), "Where the code is found."),
                optional("stdin", Text, "Standard input."),
                optional("arguments", List(&Text), "Arguments."),
                optional("environment", Map(&Any), "Environment variables."),
            ])
            .with_one_of(&[&["code", "source"]]),
        ),
        "A script.",
    ),
    Definition::new(
        "shell",
        Shape::Object(Object::closed(&[
            required("command", Text, "The command."),
            optional("stdin", Text, "Standard input."),
            optional("arguments", List(&Text), "Arguments."),
            optional("environment", Map(&Any), "Environment variables."),
        ])),
        "A command.",
    ),
    Definition::new(
        "childWorkflow",
        Shape::Object(Object::closed(&[
            required("namespace", Pattern(LABEL), "Namespace of the workflow, a DNS label."),
            required("name", Pattern(LABEL), "Name of the workflow, a DNS label."),
            required("version", Text, "Its version, a range, or `latest`."),
            optional("input", Map(&Any), "Its input."),
        ])),
        "Another workflow.",
    ),
    Definition::new(
        "setTask",
        Shape::Object(Object::task(&[required(
            "set",
            OneOf(&[Text, Shape::Object(Object::open(&[]).filled())]),
            "The new data, in place of the old.",
        )])),
        "Sets the data.",
    ),
    Definition::new(
        "switchTask",
        Shape::Object(Object::task(&[required(
            "switch",
            Of("cases"),
            "Cases in order; the first that holds decides.",
        )])),
        "Decides where to go on.",
    ),
    Definition::new(
        "cases",
        FilledList(&Named(&Shape::Object(Object::closed(&[
            optional("when", Text, "Expression; without it the case is the default."),
            required("then", Text, "Where the flow goes."),
        ])))),
        "Cases, each under its name.",
    ),
    Definition::new(
        "tryTask",
        Shape::Object(Object::task(&[
            required("try", Of("taskList"), "Tasks that may fail."),
            required("catch", Of("catch"), "What happens then."),
        ])),
        "Catches errors.",
    ),
    Definition::new(
        "catch",
        Shape::Object(Object::closed(&[
            optional(
                "errors",
                Shape::Object(Object::open(&[optional(
                    "with",
                    Shape::Object(
                        Object::open(&[
                            optional("type", Text, "Kind of the error."),
                            optional("status", Count(100, 599), "Status of the error."),
                            optional("instance", Text, "Where the error arose."),
                            optional("title", Text, "Title of the error."),
                            optional("detail", Text, "Detail of the error."),
                        ])
                        .filled(),
                    ),
                    "Properties that the error must have.",
                )])),
                "Which errors are caught.",
            ),
            optional("as", Text, "Variable of the error, `error` by default."),
            optional("when", Text, "Expression: catch only if it holds."),
            optional("exceptWhen", Text, "Expression: do not catch if it holds."),
            optional(
                "retry",
                OneOf(&[Of("retryPolicy"), Text]),
                "A retry policy, or the name of one in `use.retries`.",
            ),
            optional("do", Of("taskList"), "Tasks that follow when no retry is left."),
            optional("then", Text, "Where the flow goes after the error."),
        ])),
        "Which errors are caught and what happens then.",
    ),
    Definition::new(
        "waitTask",
        Shape::Object(Object::task(&[required("wait", Of("duration"), "How long.")])),
        "Waits.",
    ),
    Definition::new(
        "emittedEvent",
        Shape::Object(Object::open(&[
            required("type", Text, "Type of the event."),
            optional("source", Of("uri"), "Source of the event."),
            optional("id", Text, "Id of the event."),
            optional("time", Text, "Time of the event."),
            optional("subject", Text, "Subject of the event."),
            optional("datacontenttype", Text, "Media type of the data."),
            optional("dataschema", Of("uri"), "Schema of the data."),
            optional("data", Any, "The data."),
        ])),
        "Attributes and data of a CloudEvent.",
    ),
    Definition::new(
        "eventFilter",
        Shape::Object(Object::closed(&[
            required(
                "with",
                Shape::Object(
                    Object::open(&[
                        optional("id", Text, "Id of the event."),
                        optional("source", Text, "Source of the event."),
                        optional("type", Text, "Type of the event."),
                        optional("time", Text, "Time of the event."),
                        optional("subject", Text, "Subject of the event."),
                        optional("datacontenttype", Text, "Media type of the data."),
                        optional("dataschema", Text, "Schema of the data."),
                        optional("data", Any, "The data, or a predicate on it."),
                    ])
                    .filled(),
                ),
                "Attributes that the event must have: literals, regular expressions or predicates.",
            ),
            optional(
                "correlate",
                Map(&Shape::Object(Object::open(&[
                    required("from", Text, "Expression that extracts the value from the event."),
                    optional("expect", Text, "What the value must be; the first one by default."),
                ]))),
                "Values by which events belong together.",
            ),
        ])),
        "Which events are meant.",
    ),
    Definition::new(
        "plainStrategy",
        OneOf(&[
            Shape::Object(Object::closed(&[required(
                "all",
                List(&Of("eventFilter")),
                "One event of each filter.",
            )])),
            Shape::Object(Object::closed(&[required(
                "any",
                List(&Of("eventFilter")),
                "An event of any filter.",
            )])),
            Shape::Object(Object::closed(&[required("one", Of("eventFilter"), "One event.")])),
        ]),
        "Which events are waited for.",
    ),
    Definition::new(
        "eventStrategy",
        AnyOf(&[
            Of("plainStrategy"),
            Shape::Object(Object::closed(&[
                required("any", List(&Of("eventFilter")), "Events of any filter."),
                required(
                    "until",
                    OneOf(&[Text, Of("plainStrategy")]),
                    "Expression or events that end the wait.",
                ),
            ])),
        ]),
        "Which events are waited for, and until when.",
    ),
    Definition::new(
        "foreach",
        Shape::Object(Object::closed(&[
            optional("item", Text, "Variable of the current item, `item` by default."),
            optional("at", Text, "Variable of the current index, `index` by default."),
            optional("do", Of("taskList"), "Tasks of each item."),
            optional("output", Of("output"), "Transforms what is kept of the item."),
            optional("export", Of("export"), "What is left in the context."),
        ])),
        "What happens with each event or message, one at a time.",
    ),
];
