//! Calls.

use expect_test::expect;

use super::tasks;

#[test]
fn http() {
    tasks(
        r#"
- a: { call: http }"#,
        expect![[r#"
            line:1:3: error[missing-property]: the property `with` is missing: add it
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: {} }"#,
        expect![[r#"
            line:1:20: error[missing-property]: the property `method` is missing: add it
            line:1:20: error[missing-property]: the property `endpoint` is missing: add it
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 5 } }"#,
        expect![[r#"
            line:1:51: error[wrong-type]: a URI or an object with `uri` is expected here, found a number
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: "", endpoint: https://a.b } }"#,
        expect![[r#"
            line:1:36: error[invalid-value]: `` is no HTTP method: use one such as `get` or `post`
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: "get it", endpoint: https://a.b } }"#,
        expect![[r#"
            line:1:36: error[invalid-value]: `get it` is no HTTP method: use one such as `get` or `post`
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: "gét", endpoint: https://a.b } }"#,
        expect![[r#"
            line:1:36: error[invalid-value]: `gét` is no HTTP method: use one such as `get` or `post`
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: M-SEARCH, endpoint: https://a.b } }
- b: { call: http, with: { method: "x!#$%", endpoint: https://a.b } }
- c: { call: http, with: { method: "${ .method }", endpoint: https://a.b } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: https://a.b, headers: { "content type": a, "x:y": b, "": c, ok-1: d } } }"#,
        expect![[r#"
            line:1:75: error[invalid-value]: `content type` is no name of a header: use letters, digits and hyphens, as in `content-type`
            line:1:94: error[invalid-value]: `x:y` is no name of a header: use letters, digits and hyphens, as in `content-type`
            line:1:104: error[invalid-value]: `` is no name of a header: use letters, digits and hyphens, as in `content-type`
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: https://a.b, headers: { x: "a\nb" }, query: { y: [] }, output: text, redirect: yes } }"#,
        expect![[r#"
            line:1:78: error[invalid-value]: the header `x` holds a line break: write it in one line
            line:1:100: error[wrong-type]: text is expected here, found a list
            line:1:114: error[invalid-value]: `text` is not known here: use `raw`, `content` or `response`
            line:1:130: error[wrong-type]: `true` or `false` is expected here, found text
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: https://a.b, headers: { x: "${ $nothing }" }, body: [ "${ (" ] } }"#,
        expect![[r#"
            line:1:82: error[undefined-variable]: unknown variable $nothing; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
            line:1:109: error[invalid-expression]: the expression does not compile: this parenthesis is not closed
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: post, endpoint: https://a.b } }
- b: { call: http, with: { method: post, endpoint: http://payments/charges } }
- c: { call: http, with: { method: post, endpoint: "http://payments/${.id}" } }
- d: { call: http, with: { method: post, endpoint: "http://${.host}/x" } }
- e: { call: http, with: { method: post, endpoint: http://localhost/x } }"#,
        expect![[r#"
            line:1:36: warning[undeclared-idempotency]: after a crash this call is sent again under its idempotency key: say with `metadata.motet.idempotent` whether the host heeds that
            line:2:52: warning[unknown-service]: no service `payments` is registered: calls fail until it is; write its port or its domain if a host is meant
            line:3:52: warning[unknown-service]: no service `payments` is registered: calls fail until it is; write its port or its domain if a host is meant
            line:4:36: warning[undeclared-idempotency]: after a crash this call is sent again under its idempotency key: say with `metadata.motet.idempotent` whether the host heeds that
            line:5:36: warning[undeclared-idempotency]: after a crash this call is sent again under its idempotency key: say with `metadata.motet.idempotent` whether the host heeds that
        "#]],
    );
}

#[test]
fn addresses() {
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a.b' } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a.b/{id}' } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: '/relative' } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a.b/${.b}/c' } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a.b/${ .b }/c' } }"#,
        expect![[r#"
            line:1:51: warning[non-portable-value]: other runtimes take no white space in an address: write `${.id}` without it
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: '${ .a }/${ .b }' } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: '${ .a }${ .b }' } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a.b/{id}/${.b}' } }"#,
        expect![[r#"
            line:1:51: error[invalid-uri]: `https://a.b/{id}/${.b}` is no URI: it has both `${ … }` and a template in braces, write all of them as `${ … }`
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a.b/${.b' } }"#,
        expect![[r#"
            line:1:64: error[invalid-expression]: the expression does not compile: this expression does not end: expected a closing brace
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a.b/${ $nothing }' } }"#,
        expect![[r#"
            line:1:51: warning[non-portable-value]: other runtimes take no white space in an address: write `${.id}` without it
            line:1:67: error[undefined-variable]: unknown variable $nothing; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a.b/b c' } }"#,
        expect![[r#"
            line:1:51: error[invalid-uri]: `https://a.b/b c` is no URI: it holds white space, write %20
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a.b/{}' } }"#,
        expect![[r#"
            line:1:51: error[invalid-uri]: `https://a.b/{}` is no URI: its braces do not pair up, or hold no name
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a.b/}{' } }"#,
        expect![[r#"
            line:1:51: error[invalid-uri]: `https://a.b/}{` is no URI: its braces do not pair up
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a#b#c' } }"#,
        expect![[r#"
            line:1:51: error[invalid-uri]: `https://a#b#c` is no URI: it holds more than one `#`
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: '' } }"#,
        expect![[r#"
            line:1:51: error[invalid-uri]: `` is no URI: it is empty
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a.b/${.b}#c#d' } }"#,
        expect![[r#"
            line:1:51: error[invalid-uri]: `https://a.b/${.b}#c#d` is no URI: it holds more than one `#`
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a.b/${ "}" }' } }"#,
        expect![[r#"
            line:1:51: warning[non-portable-value]: other runtimes take no white space in an address: write `${.id}` without it
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: 'https://a.b/${ {x: 1} | .x }' } }"#,
        expect![[r#"
            line:1:51: warning[non-portable-value]: other runtimes take no white space in an address: write `${.id}` without it
        "#]],
    );
}

#[test]
fn authentication() {
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: { uri: https://a.b, authentication: { use: nobody } } } }"#,
        expect![[r#"
            line:1:94: error[unknown-authentication]: `nobody` is not declared in `use.authentications`: declare it there
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: { authentication: { basic: { username: a, password: b } } } } }"#,
        expect![[r#"
            line:1:41: error[missing-property]: the property `uri` is missing: add it
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: { uri: https://a.b, authentication: { basic: {}, bearer: {} } } } }"#,
        expect![[r#"
            line:1:71: error[conflicting-properties]: `basic` and `bearer` exclude each other: keep one
        "#]],
    );
    tasks(
        r#"
- a: { call: http, with: { method: get, endpoint: { uri: https://a.b, authentication: { basic: { username: "${ $secrets.me }", password: 5 } } } } }"#,
        expect![[r#"
            line:1:138: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
        "#]],
    );
}

#[test]
fn functions() {
    tasks(
        r#"
- a: { call: nobody }"#,
        expect![[r#"
            line:1:14: error[unknown-function]: `nobody` is not declared in `use.functions`: declare it there (declared: `http`, `grpc`, `openapi`, `asyncapi`, `a2a`, `mcp`, `job` or `human`)
        "#]],
    );
    tasks(
        r#"
- a: { call: htpp, with: {} }"#,
        expect![[r#"
            line:1:14: error[unknown-function]: `htpp` is not declared in `use.functions`: declare it there (did you mean `http`?)
        "#]],
    );
    tasks(
        r#"
- a: { call: job, with: [] }"#,
        expect![[r#"
            line:1:6: error[missing-property]: `type` is missing: add it
            line:1:25: error[wrong-type]: an object is expected here, found a list
        "#]],
    );
    tasks(
        r#"
- a: { call: human }
- b: { call: job, with: { input: "${ $nothing }" } }"#,
        expect![[r#"
            line:2:25: error[missing-property]: `type` is missing: add it
            line:2:38: error[undefined-variable]: unknown variable $nothing; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
        "#]],
    );
    tasks(
        r#"
- a: { call: 5 }"#,
        expect![[r#"
            line:1:14: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
        "#]],
    );
}

#[test]
fn other_protocols() {
    tasks(
        r#"
- a: { call: grpc, with: { proto: file://a, service: { name: S, host: "a b", port: 70000 }, method: M } }"#,
        expect![[r#"
            line:1:35: error[wrong-type]: an object is expected here, found text
            line:1:71: error[invalid-value]: `a b` is no host name: use letters, digits, `-` and `.`
            line:1:84: error[invalid-value]: 70000 is out of range: use a whole number from 0 to 65535
        "#]],
    );
    tasks(
        r#"
- a: { call: openapi, with: { document: { endpoint: https://a.b }, operation: x } }"#,
        expect![[r#"
            line:1:23: error[missing-property]: the property `operationId` is missing: add it (`operation` may be meant to be `operationId`)
            line:1:68: error[unknown-property]: the property `operation` is not known here: use `authentication`, `document`, `operationId`, `output`, `parameters` or `redirect` (did you mean `operationId`?)
        "#]],
    );
    tasks(
        r#"
- a: { call: asyncapi, with: { document: { endpoint: https://a.b }, channel: a, operation: b, protocol: smtp, message: {}, subscription: { consume: { amount: 1 } } } }"#,
        expect![[r#"
            line:1:24: error[conflicting-properties]: `operation` and `channel` exclude each other: keep one
            line:1:24: error[conflicting-properties]: `message` and `subscription` exclude each other: keep one
            line:1:105: error[invalid-value]: `smtp` is not known here: use `amqp`, `amqp1`, `anypointmq`, `googlepubsub`, `http`, `ibmmq`, `jms`, `kafka`, `mercure`, `mqtt`, `mqtt5`, `nats`, `pulsar`, `redis`, `sns`, `solace`, `sqs`, `stomp` or `ws`
        "#]],
    );
    tasks(
        r#"
- a: { call: asyncapi, with: { document: { endpoint: https://a.b }, channel: a, subscription: { filter: .x, consume: { while: .x, until: .y } } } }"#,
        expect![[r#"
            line:1:105: error[invalid-expression]: an expression is expected here: write `${ .x }`
            line:1:109: error[conflicting-properties]: `while` and `until` exclude each other: keep one
        "#]],
    );
    tasks(
        r#"
- a: { call: a2a, with: { method: message/sent, parameters: {} } }"#,
        expect![[r#"
            line:1:35: error[invalid-value]: `message/sent` is not known here: use `message/send`, `message/stream`, `tasks/get`, `tasks/list`, `tasks/cancel`, `tasks/resubscribe`, `tasks/pushNotificationConfig/set`, `tasks/pushNotificationConfig/get`, `tasks/pushNotificationConfig/list`, `tasks/pushNotificationConfig/delete` or `agent/getAuthenticatedExtendedCard` (did you mean `message/send`?)
            line:1:61: error[invalid-value]: the parameters are empty: leave them out
        "#]],
    );
    tasks(
        r#"
- a: { call: mcp, with: { method: tools/run, transport: { http: { endpoint: https://a.b, headers: { "a b": c } }, stdio: { command: x } } } }"#,
        expect![[r#"
            line:1:35: error[invalid-value]: `tools/run` is not known here: use `tools/list`, `tools/call`, `prompts/list`, `prompts/get`, `resources/list`, `resources/read` or `resources/templates/list`
            line:1:46: error[conflicting-properties]: `http` and `stdio` exclude each other: keep one
        "#]],
    );
    tasks(
        r#"
- a: { call: mcp, with: { method: tools/call, transport: {} } }"#,
        expect![[r#"
            line:1:47: error[missing-property]: one of the properties is missing: add `http` or `stdio`
        "#]],
    );
}

#[test]
fn jobs_and_people() {
    tasks(
        r#"
- a: { call: job, with: { type: "no/path", priority: 1001, timeout: soon, kind: 1 } }
- b: { call: job, with: { type: ok, priority: high, heartbeat: { hours: 1.5 }, input: "${ $secrets.x }" } }
- c: { call: human, with: { assignee: 7, groups: clerks, form: "${ .form }", due: P1D, escalate: raise } }
- d: { call: human, with: { escalate: { to: bob, groups: [1] } } }
- e: { call: job, with: { type: "${ .type }", timeout: "${ .t }", priority: "${ .p }", heartbeat: { seconds: "${ .s }" } } }
- f: { call: human, with: { form: { type: nonsense } } }"#,
        expect![[r#"
            line:1:33: error[invalid-value]: a type is a text of at most 128 letters, digits, `-`, `_`, `.` and `:`
            line:1:54: error[invalid-value]: a priority is a whole number from -1000 to 1000
            line:1:69: error[invalid-duration]: is not a duration: write PT30S, or counts as in {seconds: 30}
            line:1:75: error[unknown-property]: `kind` is not known here: use type, input, priority, timeout, heartbeat
            line:2:47: error[invalid-value]: a priority is a whole number from -1000 to 1000
            line:2:64: error[invalid-duration]: is not a duration: write PT30S, or counts as in {seconds: 30}
            line:2:87: error[secret-outside-call]: workers and people get no secrets, only a marker would arrive: give them the name under which they find it themselves
            line:2:100: error[unknown-secret]: the secret `x` is not declared in `use.secrets`: add it there
            line:3:39: error[wrong-type]: expected a text
            line:3:50: error[wrong-type]: expected a list of texts
            line:3:64: error[wrong-type]: a form is a JSON Schema: write an object
            line:3:98: error[invalid-value]: an escalation is `timeout`, or whom the task goes to: assignee, groups, due
            line:4:27: error[missing-property]: `escalate` says what happens when `due` is over: add `due`
            line:4:41: error[unknown-property]: `to` is not known here: use assignee, groups, due
            line:4:58: error[wrong-type]: expected a list of texts
        "#]],
    );
}
