//! Every construct as people write it, in the order in which it is printed: what is printed is the same text.
#![allow(clippy::too_many_lines, reason = "a table is as long as it has rows")]

use motet_definition::{parse, print, to_json, to_yaml};
use motet_types::Limits;

const HEADER: &str =
    "document:\n  dsl: \"1.0.3\"\n  namespace: tests\n  name: printed\n  version: \"1.0.0\"\n";

/// The text is read without a diagnostic that is an error, and printed as it stands; as JSON it means the same.
#[track_caller]
fn check(text: &str) {
    let text = text.trim_start_matches('\n');
    let parsed = parse(text, &Limits::default());
    let document = parsed.document.unwrap_or_else(|| panic!("{:#?}\n{text}", parsed.diagnostics));
    let value = print(&document);
    assert_eq!(to_yaml(&value), text);
    let again = parse(&to_json(&value), &Limits::default()).document;
    assert_eq!(again, Some(document));
}

/// A list of tasks, as it stands below `do`.
#[track_caller]
fn check_tasks(tasks: &str) {
    check(&format!("{HEADER}do:\n{}", indented(tasks.trim_start_matches('\n'))));
}

/// A top-level property that stands before `do`.
#[track_caller]
fn check_before(part: &str) {
    check(&format!(
        "{HEADER}{}do:\n  - done:\n      set:\n        done: true\n",
        part.trim_start_matches('\n')
    ));
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| if line.is_empty() { "\n".into() } else { format!("  {line}\n") })
        .collect()
}

#[test]
fn set() {
    check_tasks(
        r#"
- object:
    set:
      number: 1
      exact: 1.50
      huge: 1e400
      text: plain
      empty: ""
      truth: true
      nothing: null
      list:
        - 1
        - two
        - []
        - {}
      nested:
        deep:
          deeper: "${ .a }"
- expression:
    set: "${ .a }"
"#,
    );
}

#[test]
fn task_lists() {
    check_tasks(
        r#"
- outer:
    do:
      - inner:
          do:
            - innermost:
                set:
                  x: 1
      - beside:
          set:
            x: 2
          then: exit
"#,
    );
}

#[test]
fn common_properties() {
    check_tasks(
        r#"
- everything:
    if: .wanted
    input:
      schema:
        format: json
        document:
          type: object
          required:
            - wanted
      from:
        id: "${ .order.id }"
    set:
      x: 1
    output:
      schema:
        document: true
      as: .x
    export:
      schema:
        document:
          type: object
      as: "$context + { x: . }"
    timeout:
      after:
        minutes: 5
    then: end
    metadata:
      owner: somebody
      cost: 3.50
"#,
    );
}

#[test]
fn schema_by_reference() {
    check_tasks(
        r#"
- checked:
    input:
      schema:
        format: avro:1.11
        resource:
          name: order
          endpoint: https://example.com/order.avsc
    set:
      x: 1
"#,
    );
}

#[test]
fn switch() {
    check_tasks(
        r#"
- choose:
    switch:
      - big:
          when: .total > 100
          then: big
      - small:
          when: .total > 0
          then: continue
      - none:
          then: end
- big:
    set:
      size: big
"#,
    );
}

#[test]
fn loops() {
    check_tasks(
        r#"
- each:
    for:
      each: line
      in: .lines
      at: nth
    while: "$nth < 10"
    do:
      - keep:
          set:
            line: "${ $line }"
"#,
    );
    check_tasks(
        r#"
- fixed:
    for:
      in:
        - sku: a
        - sku: "${ .b }"
    do:
      - keep:
          set:
            item: "${ $item }"
"#,
    );
}

#[test]
fn fork() {
    check_tasks(
        r#"
- all:
    fork:
      branches:
        - left:
            set:
              side: left
        - right:
            do:
              - one:
                  set:
                    side: right
- first:
    fork:
      compete: true
      branches:
        - quick:
            wait: PT1S
        - slow:
            wait: PT2S
"#,
    );
}

#[test]
fn try_and_catch() {
    check_tasks(
        r#"
- guarded:
    try:
      - ask:
          set:
            x: 1
    catch:
      errors:
        with:
          type: https://example.com/errors/broken
          status: 503
          instance: "/do/0/guarded"
          title: Broken
          detail: "${ .detail }"
      as: problem
      when: "$problem.status >= 500"
      exceptWhen: "$problem.status == 501"
      retry:
        when: "$problem.status == 503"
        exceptWhen: "$problem.title == \"Gone\""
        delay:
          seconds: 1
        backoff:
          exponential:
            factor: 1.5
            maxDelay: PT1M
        limit:
          attempt:
            count: 5
            duration: PT10S
          duration: PT5M
        jitter:
          from: PT0S
          to:
            milliseconds: 250
      do:
        - note:
            set:
              failed: "${ $problem }"
      then: end
"#,
    );
}

#[test]
fn backoffs() {
    check_tasks(
        r#"
- constant:
    try:
      - a:
          set:
            x: 1
    catch:
      retry:
        delay: PT1S
        backoff:
          constant: {}
- linear:
    try:
      - a:
          set:
            x: 1
    catch:
      retry:
        delay: PT1S
        backoff:
          linear:
            increment: PT2S
            maxDelay: PT1M
"#,
    );
}

#[test]
fn raise() {
    check_tasks(
        r#"
- inline:
    if: .broken
    raise:
      error:
        type: https://example.com/errors/broken
        status: 500
        instance: "/here"
        title: Broken
        detail: "${ .why }"
- computed:
    raise:
      error:
        type: "${ .type }"
        status: 400
"#,
    );
}

#[test]
fn wait() {
    check_tasks(
        r#"
- counted:
    wait:
      days: 1
      hours: 2
      minutes: 3
      seconds: 4
      milliseconds: 5
- written:
    wait: P1DT2H3M4.5S
- computed:
    wait: "${ .pause }"
"#,
    );
}

#[test]
fn http() {
    check_tasks(
        r#"
- least:
    call: http
    with:
      method: get
      endpoint: https://example.com
- most:
    call: http
    with:
      method: post
      endpoint:
        uri: https://example.com/{id}
        authentication:
          bearer:
            token: "${ .token }"
      headers:
        accept: application/json
      query:
        page: "1"
      body:
        order: "${ . }"
      output: response
      redirect: true
- computed:
    call: http
    with:
      method: "${ .method }"
      endpoint: "${ .base }"
      headers: "${ .headers }"
      query: "${ .query }"
      body: "${ .body }"
      output: raw
      redirect: false
"#,
    );
}

#[test]
fn addresses() {
    check_tasks(
        r#"
- template:
    call: http
    with:
      method: get
      endpoint: https://example.com/{id}/parts/{part}
- interpolated:
    call: http
    with:
      method: get
      endpoint: https://example.com/${.id}/parts/${.part}
- several:
    call: http
    with:
      method: get
      endpoint: "${ .base }/parts/${ .part }"
- service:
    call: http
    with:
      method: get
      endpoint: http://payments/${.id}
"#,
    );
}

#[test]
fn grpc() {
    check_tasks(
        r#"
- greet:
    call: grpc
    with:
      proto:
        endpoint: file://greeter.proto
      service:
        name: Greeter
        host: greeter
        port: 50051
        authentication:
          basic:
            username: me
            password: secret
      method: SayHello
      arguments:
        name: "${ .name }"
"#,
    );
}

#[test]
fn openapi() {
    check_tasks(
        r#"
- find:
    call: openapi
    with:
      document:
        name: petstore
        endpoint: https://example.com/api.json
      operationId: findPets
      parameters:
        status: available
      authentication:
        digest:
          username: me
          password: secret
      output: content
      redirect: false
"#,
    );
}

#[test]
fn asyncapi() {
    check_tasks(
        r#"
- send:
    call: asyncapi
    with:
      document:
        endpoint: https://example.com/async.json
      channel: "/orders"
      server:
        name: production
        variables:
          region: eu
      protocol: kafka
      message:
        payload:
          id: "${ .id }"
        headers:
          trace: "${ .trace }"
- take:
    call: asyncapi
    with:
      document:
        endpoint: https://example.com/async.json
      operation: onOrder
      subscription:
        filter: "${ .big }"
        consume:
          for: PT10M
          amount: 5
        foreach:
          item: message
          at: nth
          do:
            - keep:
                set:
                  message: "${ $message }"
"#,
    );
}

#[test]
fn agents_and_tools() {
    check_tasks(
        r#"
- agent:
    call: a2a
    with:
      method: message/send
      agentCard:
        endpoint: https://example.com/card.json
      server: https://example.com/agent
      parameters:
        text: hello
- tool:
    call: mcp
    with:
      protocolVersion: "2025-06-18"
      method: tools/call
      parameters:
        name: weather
      timeout: PT30S
      transport:
        http:
          endpoint: https://example.com/mcp
          headers:
            authorization: "${ .token }"
      client:
        name: motet
        version: "1"
- local:
    call: mcp
    with:
      method: tools/list
      transport:
        stdio:
          command: serve
          arguments:
            - "--quiet"
          environment:
            LANG: C
        options:
          keep: open
"#,
    );
}

#[test]
fn functions_of_others() {
    check_tasks(
        r#"
- catalogued:
    call: log:1.0.0@default
    with:
      message: hello
- remote:
    call: https://example.com/function.yaml
- job:
    call: job
    with:
      type: pick
      input: "${ .order }"
- human:
    call: human
    with:
      assignee: ada
"#,
    );
}

#[test]
fn run() {
    check_tasks(
        r#"
- workflow:
    run:
      workflow:
        namespace: shop
        name: fulfil
        version: "^1.2"
        input:
          id: "${ .id }"
      await: false
- container:
    run:
      container:
        image: alpine:3
        name: "${ .name }"
        command: ls
        ports:
          "8080": 80
        volumes:
          "/data": "/mnt"
        environment:
          LANG: C
        stdin: "${ .text }"
        arguments:
          - "-l"
        lifetime:
          cleanup: eventually
          after: PT1M
        pullPolicy: always
      return: all
- script:
    run:
      script:
        language: js
        code: console.log(1)
        stdin: in
        arguments:
          - a
        environment:
          A: b
      return: stdout
- source:
    run:
      script:
        language: python
        source:
          endpoint: https://example.com/main.py
- shell:
    run:
      shell:
        command: echo hello
        stdin: in
        arguments:
          - world
        environment:
          A: b
      return: code
"#,
    );
}

#[test]
fn emit() {
    check_tasks(
        r#"
- tell:
    emit:
      event:
        with:
          id: "${ .id }"
          source: https://example.com/orders
          type: order.placed.v1
          time: "2026-01-31T08:30:00Z"
          subject: "${ .order }"
          datacontenttype: application/json
          dataschema: https://example.com/order.json
          data:
            total: "${ .total }"
          custom: 1
"#,
    );
}

#[test]
fn listen() {
    check_tasks(
        r#"
- one:
    listen:
      to:
        one:
          with:
            type: order.paid
- all:
    listen:
      to:
        all:
          - with:
              type: order.paid
            correlate:
              order:
                from: .data.id
                expect: "${ .id }"
          - with:
              type: order.shipped
            correlate:
              order:
                from: .data.id
      read: envelope
- any:
    listen:
      to:
        any:
          - with:
              type: a
          - with:
              data: "${ .x > 1 }"
        until: . | length > 3
      read: raw
    foreach:
      item: event
      at: nth
      do:
        - keep:
            set:
              event: "${ $event }"
      output:
        as: .event
      export:
        as: .
- everything:
    listen:
      to:
        any: []
        until:
          one:
            with:
              type: end
"#,
    );
}

#[test]
fn our_extensions() {
    check_tasks(
        r#"
- undone:
    call: job
    with:
      type: pick
    metadata:
      motet:
        compensate:
          - undo:
              set:
                undone: true
        idempotent: true
        version: "^2"
- scope:
    do:
      - once:
          call: job
          with:
            type: pick
          metadata:
            motet:
              pivot: true
    metadata:
      motet:
        saga: true
- each:
    for:
      in: .items
    do:
      - keep:
          set:
            x: 1
    metadata:
      motet:
        parallel: 8
- each-carefully:
    for:
      in: .items
    do:
      - keep:
          set:
            x: 1
    metadata:
      motet:
        parallel:
          max: 8
          failFast: true
          collect: false
- spread:
    fork:
      branches:
        - first:
            set:
              x: 1
        - second:
            set:
              x: 1
            metadata:
              motet:
                needs:
                  - first
- rest:
    wait: PT0S
    metadata:
      motet:
        until: .at
      note: kept
"#,
    );
}

#[test]
fn input() {
    check_before(
        r#"
input:
  schema:
    document:
      type: object
  from: .order
"#,
    );
}

#[test]
fn reusable_components() {
    check_before(
        r#"
use:
  authentications:
    login:
      basic:
        use: credentials
    token:
      bearer:
        token: "${ $secrets.token }"
    signed:
      digest:
        username: me
        password: "${ $secrets.credentials.password }"
    issued:
      oauth2:
        authority: https://example.com
        endpoints:
          token: "/token"
          revocation: "/revoke"
          introspection: "/introspect"
        grant: client_credentials
        client:
          id: me
          secret: "${ $secrets.token }"
          authentication: client_secret_basic
        request:
          encoding: application/json
        issuers:
          - https://example.com
        scopes:
          - read
        audiences:
          - shop
    found:
      oidc:
        authority: https://example.com
        grant: password
        username: me
        password: "${ $secrets.token }"
  catalogs:
    shared:
      endpoint: https://example.com/catalog
  errors:
    broken:
      type: https://example.com/errors/broken
      status: 500
      title: Broken
  extensions:
    - log:
        extend: call
        when: "true"
        before:
          - note:
              set:
                called: true
        after:
          - note:
              set:
                called: false
  functions:
    lookup:
      call: http
      with:
        method: get
        endpoint: https://example.com/{id}
  retries:
    often:
      delay: PT1S
      limit:
        attempt:
          count: 3
  secrets:
    - token
    - credentials
  timeouts:
    short:
      after: PT5S
"#,
    );
}

#[test]
fn timeout() {
    check_before(
        r#"
timeout:
  after:
    hours: 1
"#,
    );
    check_before(
        r#"
use:
  timeouts:
    short:
      after: PT5S
timeout: short
"#,
    );
}

#[test]
fn schedules() {
    check_before(
        r#"
schedule:
  every: PT1H
"#,
    );
    check_before(
        r#"
schedule:
  cron: "0 6 * * *"
"#,
    );
    check_before(
        r#"
schedule:
  after:
    minutes: 5
"#,
    );
    check_before(
        r#"
schedule:
  every:
    days: 1
  cron: "@daily"
  after: PT1H
  "on":
    any:
      - with:
          type: a
      - with:
          type: b
  read: envelope
"#,
    );
}

#[test]
fn evaluation() {
    check_before(
        r#"
evaluate:
  language: jq
  mode: strict
"#,
    );
    check_before(
        r#"
evaluate:
  mode: loose
"#,
    );
}

#[test]
fn header() {
    check(
        r#"
document:
  dsl: "1.0.0-alpha5"
  namespace: tests
  name: printed
  version: "2.1.0-rc.1+build.7"
  title: A title
  summary: |
    # Heading

    Text.
  tags:
    team: core
    priority: 1
  metadata:
    motet:
      onFault: incident
      schedule:
        timezone: Europe/Berlin
        overlap: skip
        catchup: last
      attributes:
        orderId: "${ .order.id }"
      businessKey: "${ .order.id }"
      concurrency:
        key: "${ .order.id }"
        policy: replace
    owner: somebody
schedule:
  cron: "0 6 * * *"
do:
  - done:
      set:
        done: true
output:
  schema:
    document:
      type: object
  as:
    id: "${ .id }"
"#,
    );
}

#[test]
fn texts_that_need_care() {
    check_tasks(
        r#"
- texts:
    set:
      colon: "a: b"
      dash: "- a"
      hash: "a #b"
      leading: " a"
      number: "1"
      float: "1.0"
      truth: "true"
      nothing: "null"
      tilde: "~"
      "on": "on"
      quote: it's
      double: "\"a\""
      lines: |
        one
        two
      unended: |-
        one
        two
      tab: "a\tb"
      accents: "äöü"
      emoji: "😀"
      brace: "{a}"
      star: "*a"
      and: "&a"
      bang: "!a"
      percent: "%a"
      at: "@a"
      date: "2026-01-01"
"#,
    );
}
