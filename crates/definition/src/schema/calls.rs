//! Calls.

use super::Shape::{
    self, Any, AnyOf, Constant, Count, List, Map, Marked, Number, Of, OneOf, Pattern, Text, Truth,
    Words,
};
use super::common::names;
use super::{Definition, Object, optional, required};
use crate::read::words;

const HOST: &str = "^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,61}[a-zA-Z0-9])?$";
const FUNCTION: &str = "^(?!(http|grpc|openapi|asyncapi|a2a|mcp)$).+$";

pub(super) const DEFINITIONS: &[Definition] = &[
    Definition::new(
        "callHttp",
        Shape::Object(Object::task(&[
            required("call", Constant("http"), "An HTTP request."),
            required(
                "with",
                Shape::Object(Object::closed(&[
                    required("method", Text, "Method of the request."),
                    required(
                        "endpoint",
                        Of("endpoint"),
                        "Where it goes; a host of one label is a governed service.",
                    ),
                    optional("headers", Of("textMap"), "Headers."),
                    optional("query", Of("textMap"), "Query parameters."),
                    optional("body", Any, "Body."),
                    optional(
                        "output",
                        Words(|| names(&words::OUTPUTS)),
                        "What becomes the output.",
                    ),
                    optional("redirect", Truth, "Whether statuses from 300 to 399 are fine."),
                ])),
                "The request.",
            ),
        ])),
        "Calls an HTTP service.",
    ),
    Definition::new(
        "textMap",
        AnyOf(&[Marked, Map(&AnyOf(&[Text, Number, Truth]))]),
        "Texts by name, or an expression.",
    ),
    Definition::new(
        "callGrpc",
        Shape::Object(Object::task(&[
            required("call", Constant("grpc"), "A gRPC request."),
            required(
                "with",
                Shape::Object(Object::closed(&[
                    required("proto", Of("externalResource"), "The proto file."),
                    required(
                        "service",
                        Shape::Object(Object::closed(&[
                            required("name", Text, "Name of the service."),
                            required(
                                "host",
                                Pattern(HOST),
                                "Its host; one label is a governed service.",
                            ),
                            optional("port", Count(0, u16::MAX as u64), "Its port."),
                            optional(
                                "authentication",
                                Of("authentication"),
                                "How to authenticate there.",
                            ),
                        ])),
                        "The service.",
                    ),
                    required("method", Text, "The method."),
                    optional("arguments", Map(&Any), "Its arguments."),
                ])),
                "The request.",
            ),
        ])),
        "Calls a gRPC service.",
    ),
    Definition::new(
        "callOpenApi",
        Shape::Object(Object::task(&[
            required("call", Constant("openapi"), "An operation of an OpenAPI document."),
            required(
                "with",
                Shape::Object(Object::closed(&[
                    required("document", Of("externalResource"), "The OpenAPI document."),
                    required("operationId", Text, "Id of the operation."),
                    optional("parameters", Map(&Any), "Its parameters."),
                    optional("authentication", Of("authentication"), "How to authenticate."),
                    optional(
                        "output",
                        Words(|| names(&words::OUTPUTS)),
                        "What becomes the output.",
                    ),
                    optional("redirect", Truth, "Whether statuses from 300 to 399 are fine."),
                ])),
                "The request.",
            ),
        ])),
        "Calls an operation of an OpenAPI document.",
    ),
    Definition::new(
        "callAsyncApi",
        Shape::Object(Object::task(&[
            required("call", Constant("asyncapi"), "An operation of an AsyncAPI document."),
            required(
                "with",
                Shape::Object(
                    Object::closed(&[
                        required("document", Of("externalResource"), "The AsyncAPI document."),
                        optional("channel", Text, "The channel (AsyncAPI 2)."),
                        optional("operation", Text, "The operation (AsyncAPI 3)."),
                        optional(
                            "server",
                            Shape::Object(Object::closed(&[
                                required("name", Text, "Name of the server."),
                                optional("variables", Map(&Any), "Its variables."),
                            ])),
                            "The server.",
                        ),
                        optional(
                            "protocol",
                            Words(|| words::ASYNCAPI_PROTOCOLS.to_vec()),
                            "The protocol.",
                        ),
                        optional(
                            "message",
                            Shape::Object(Object::closed(&[
                                optional("payload", Map(&Any), "Payload."),
                                optional("headers", Map(&Any), "Headers."),
                            ])),
                            "The message to publish.",
                        ),
                        optional("subscription", Of("subscription"), "The messages to consume."),
                        optional("authentication", Of("authentication"), "How to authenticate."),
                    ])
                    .with_one_of(&[&["channel", "operation"], &["message", "subscription"]]),
                ),
                "The exchange.",
            ),
        ])),
        "Publishes or consumes messages.",
    ),
    Definition::new(
        "subscription",
        Shape::Object(Object::closed(&[
            optional("filter", Marked, "Expression: which messages count."),
            required(
                "consume",
                Shape::Object(
                    Object::closed(&[
                        optional("for", Of("duration"), "How long at most."),
                        optional("amount", Count(0, u64::MAX), "How many messages."),
                        optional("while", Marked, "Expression: go on as long as it holds."),
                        optional("until", Marked, "Expression: go on until it holds."),
                    ])
                    .with_one_of(&[&["amount", "while", "until"]]),
                ),
                "How much is consumed.",
            ),
            optional("foreach", Of("foreach"), "What happens with each message."),
        ])),
        "Messages to consume.",
    ),
    Definition::new(
        "callA2a",
        Shape::Object(Object::task(&[
            required("call", Constant("a2a"), "A request to an agent."),
            required(
                "with",
                Shape::Object(Object::closed(&[
                    required("method", Words(|| words::A2A_METHODS.to_vec()), "The method."),
                    optional("agentCard", Of("externalResource"), "The agent's card."),
                    optional("server", Of("endpoint"), "The agent's address."),
                    optional(
                        "parameters",
                        OneOf(&[Text, Shape::Object(Object::open(&[]).filled())]),
                        "Its parameters.",
                    ),
                ])),
                "The request.",
            ),
        ])),
        "Calls an agent.",
    ),
    Definition::new(
        "callMcp",
        Shape::Object(Object::task(&[
            required("call", Constant("mcp"), "A request to a tool server."),
            required(
                "with",
                Shape::Object(Object::open(&[
                    optional("protocolVersion", Text, "Version of the protocol."),
                    required("method", Words(|| words::MCP_METHODS.to_vec()), "The method."),
                    optional("parameters", OneOf(&[Text, Map(&Any)]), "Its parameters."),
                    optional("timeout", Of("duration"), "How long the server may take."),
                    required(
                        "transport",
                        Shape::Object(
                            Object::open(&[
                                optional(
                                    "http",
                                    Shape::Object(Object::open(&[
                                        required(
                                            "endpoint",
                                            Of("endpoint"),
                                            "Where the server is.",
                                        ),
                                        optional("headers", Map(&Text), "Headers."),
                                    ])),
                                    "Over HTTP.",
                                ),
                                optional(
                                    "stdio",
                                    Shape::Object(Object::open(&[
                                        required(
                                            "command",
                                            Text,
                                            "The command that starts the server.",
                                        ),
                                        optional("arguments", List(&Text), "Its arguments."),
                                        optional(
                                            "environment",
                                            Map(&Text),
                                            "Its environment variables.",
                                        ),
                                    ])),
                                    "Over the standard streams of a process.",
                                ),
                                optional("options", Map(&Text), "Further options."),
                            ])
                            .with_one_of(&[&["http", "stdio"]]),
                        ),
                        "How the server is reached.",
                    ),
                    optional(
                        "client",
                        Shape::Object(Object::open(&[
                            required("name", Text, "Name of the client."),
                            required("version", Text, "Version of the client."),
                        ])),
                        "Who calls.",
                    ),
                ])),
                "The request.",
            ),
        ])),
        "Calls a tool server.",
    ),
    Definition::new(
        "callFunction",
        Shape::Object(Object::task(&[
            required(
                "call",
                Pattern(FUNCTION),
                "A name of `use.functions`, `name:version@catalog`, the URI of a function, `job` or `human`.",
            ),
            optional("with", Map(&Any), "The input of the function."),
        ])),
        "Calls a function.",
    ),
];
