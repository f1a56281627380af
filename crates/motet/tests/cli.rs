//! The command line as people use it: the real program, its output and its exit codes.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![allow(clippy::too_many_lines, reason = "transcripts are long")]

mod security;
mod support;

use expect_test::{Expect, expect};

use motet_store::{Commit, Entity, Store as _};
use support::{Directory, Server, motet};

const GOOD: &str = "\
document: { dsl: 1.0.0, namespace: shop, name: greet, version: 1.0.0 }
do:
  - greet:
      set: { greeting: \"${ \\\"hello \\\" + .name }\" }
  - pause:
      wait: { milliseconds: 20 }
";
const NAP: &str = "\
document: { dsl: 1.0.0, namespace: shop, name: nap, version: 1.0.0 }
do:
  - nap:
      wait: { hours: 1 }
";
const BAD: &str = "\
document: { dsl: 1.0.0, namespace: shop, name: greet, version: 1.0.0 }
do:
  - greet:
      set: { greeting: \"${ .name + }\" }
  - go:
      switch:
        - a: { when: .x, then: nowhere }
";

fn check(directory: &Directory, arguments: &str, expected: Expect) {
    expected.assert_eq(&motet(directory, &[]).run(arguments).transcript());
}

fn documents() -> Directory {
    let directory = Directory::new();
    directory.write("good.yaml", GOOD);
    directory.write("bad.yaml", BAD);
    directory
}

#[test]
fn help_fits_on_a_page() {
    check(
        &Directory::new(),
        "-h",
        expect![[r#"
            Runs business processes that are made of many services

            Usage: motet [OPTIONS] <COMMAND>

            Commands:
              serve          Run a server
              demo           See it at work: orders over services, one of which fails in between
              dev            Run a server for development: publish files, and again whenever they change
              publish        Publish workflows and documents of services
              validate       Check documents without a server
              test           Try workflows by their scenarios, without a server and in virtual time
              graph          Draw the graph of a document, or of who depends on what
              impact         Show who is hit when something fails, directly and through others
              critical-path  Show what the instances of a workflow wait for, one thing after the other
              run            Start an instance and follow it to its end
              get            Show one thing or list many
              describe       Show an instance as a tree of its steps, or a service with its endpoints
              history        Show everything that happened in an instance
              watch          Follow an instance until it ends
              cancel         Cancel instances; what they did is undone first
              suspend        Suspend instances
              resume         Resume suspended instances
              retry          Go on at the steps that failed
              tasks          Look after tasks of people [alias: task]
              event          Publish events, or list those that are kept
              sink           Look after sinks of events: what waits for them, and what they refused
              service        Look after services: take endpoints out of the calls, or services away
              tag            Let a tag name a version, or list the tags of a workflow
              purge          Remove everything that is stored of instances that have ended
              token          Make, list and revoke tokens: who may do what
              secret         Set, list and delete secrets of workflows
              audit          Show who did what, newest first
              schedule       See and steer when instances begin by themselves
              store          Look after a data directory whose server is stopped
              backup         Copy the data of a server, running or stopped
              restore        Make a data directory from a backup
              schema         Print a schema, for editors and generators
              completions    Print completions for a shell
              help           Print this message or the help of the given subcommand(s)

            Options:
              -h, --help     Print help
              -V, --version  Print version

            Options of every command:
                  --server <URL>     Address of the server; http://127.0.0.1:7080 unless the context names one
                                     [env: MOTET_SERVER=]
                  --token <TOKEN>    Token to show; better in MOTET_TOKEN, where other users of the machine do
                                     not see it [env: MOTET_TOKEN]
                  --ca-cert <FILE>   File with the certificates of the authorities to trust, instead of the
                                     system's [env: MOTET_CA_CERT=]
                  --context <NAME>   Server and token by the name that the file of contexts gives them [env:
                                     MOTET_CONTEXT=]
              -o, --output <FORMAT>  How results are printed [default: table] [possible values: table, json,
                                     yaml]
                  --color <WHEN>     When colours are used; auto: on a terminal, unless NO_COLOR is set
                                     [default: auto] [possible values: auto, always, never]

            Exit codes:
              0  done
              1  not done; standard error says why
              2  wrong usage
              3  the instance was faulted or cancelled
              4  it had not ended in time
              5  it waits for a person

            Every error has a code, and a page that says what to do: http://127.0.0.1:7080/docs/errors/CODE
        "#]],
    );
}

#[test]
fn documents_are_checked_without_a_server() {
    let directory = documents();
    check(
        &directory,
        "validate good.yaml",
        expect![[r#"
        good.yaml: valid
    "#]],
    );
    check(
        &directory,
        "validate good.yaml bad.yaml",
        expect![[r#"
        good.yaml: valid
        error[invalid-expression]: the expression does not compile: expected term at the end
         --> bad.yaml:4:36
          |
        4 |       set: { greeting: "${ .name + }" }
          |                                    ^

        error[unknown-task]: there is no task `nowhere`: name a task of this list, or `continue`, `exit` or `end`
         --> bad.yaml:7:32
          |
        7 |         - a: { when: .x, then: nowhere }
          |                                ^^^^^^^

        bad.yaml: 2 errors
        --- exit 1
    "#]],
    );
    check(
        &directory,
        "validate -o json good.yaml bad.yaml",
        expect![[r#"
        [
          {
            "file": "good.yaml",
            "valid": true,
            "diagnostics": []
          },
          {
            "file": "bad.yaml",
            "valid": false,
            "diagnostics": [
              {
                "code": "invalid-expression",
                "severity": "error",
                "message": "the expression does not compile: expected term at the end",
                "path": "/do/0/greet/set/greeting",
                "line": 4,
                "column": 36
              },
              {
                "code": "unknown-task",
                "severity": "error",
                "message": "there is no task `nowhere`: name a task of this list, or `continue`, `exit` or `end`",
                "path": "/do/1/go/switch/0/a/then",
                "line": 7,
                "column": 32
              }
            ]
          }
        ]
        --- exit 1
    "#]],
    );
    check(
        &directory,
        "validate none.yaml",
        expect![[r#"
        --- stderr
        error[unreadable-file]: cannot read none.yaml: No such file or directory (os error 2)
        --- exit 1
    "#]],
    );
}

#[test]
fn graphs_are_drawn_without_a_server() {
    let directory = documents();
    check(
        &directory,
        "graph good.yaml",
        expect![[r#"
        shop/greet:1.0.0
        ├─ greet  set
        └─ pause  wait 20ms
    "#]],
    );
    check(
        &directory,
        "graph bad.yaml --format dot",
        expect![[r#"
        --- stderr
        error[invalid-expression]: the expression does not compile: expected term at the end
         --> bad.yaml:4:36
          |
        4 |       set: { greeting: "${ .name + }" }
          |                                    ^

        error[unknown-task]: there is no task `nowhere`: name a task of this list, or `continue`, `exit` or `end`
         --> bad.yaml:7:32
          |
        7 |         - a: { when: .x, then: nowhere }
          |                                ^^^^^^^
        error[invalid-document]: bad.yaml: 2 errors
        --- exit 1
    "#]],
    );
    for (format, start) in [("dot", "digraph"), ("mermaid", "flowchart"), ("svg", "<svg")] {
        let drawn = motet(&directory, &[]).run(&format!("graph good.yaml --format {format}"));
        assert!(drawn.stdout.starts_with(start), "{}", drawn.stdout);
    }
}

#[test]
fn completions_and_schemas_are_printed() {
    let directory = Directory::new();
    let run = |arguments: &str| motet(&directory, &[]).run(arguments).stdout;
    assert!(run("completions bash").contains("complete -F _motet"));
    assert!(run("completions zsh").starts_with("#compdef motet"));
    assert!(run("schema config").contains("\"payload-bytes-max\""));
    assert!(run("schema workflow").contains("\"$schema\""));
    assert!(run("schema api").contains("\"openapi\": \"3.1.0\""));
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let directory = Directory::new();
    for arguments in [
        "",
        "nothing",
        "run",
        "run shop/x --wait soon",
        "run x",
        "cancel",
        "cancel a --all",
        "get instances --limit 0",
        "get instances --limit few",
        "tasks list --limit 0",
        "audit --limit 0",
        "event list --limit 0",
    ] {
        let ran = motet(&directory, &[]).run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments}: {}", ran.stderr);
    }
}

#[test]
fn a_list_of_nothing_is_refused_and_says_why() {
    check(
        &Directory::new(),
        "get instances --limit 0",
        expect![[r#"
            --- stderr
            error: invalid value '0' for '--limit <LIMIT>': a list shows one at least

            For more information, try '--help'.
            --- exit 2
        "#]],
    );
}

#[test]
fn a_list_that_goes_on_says_so() {
    let server = Server::start(documents());
    assert_eq!(server.motet("publish good.yaml").code, 0);
    for _ in 0..3 {
        assert_eq!(server.motet("run shop/greet --input {\"name\":\"bob\"}").code, 0);
    }
    let listed = |arguments: &str| {
        let ran = server.motet(arguments);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        (ran.stdout.lines().filter(|line| line.contains("completed")).count(), ran.stderr)
    };
    let more = "there are more: a higher --limit shows them\n".to_owned();
    assert_eq!(listed("get instances --limit 2"), (2, more));
    assert_eq!(listed("get instances --limit 3"), (3, String::new()));
    let counts = server.motet("get counts").stdout;
    assert!(counts.contains("completed  3"), "what was done a moment ago counts: {counts}");
}

#[test]
fn a_configuration_is_printed_as_it_would_be_used() {
    let directory = Directory::new();
    directory.write("motet.toml", "listen = \"127.0.0.1:9\"\n[limits]\nsteps-max = 5\n");
    let print = "serve --print-config";
    let printed = motet(&directory, &[("MOTET_WAIT_MAX", "9s")]).run(print).stdout;
    for line in ["listen = \"127.0.0.1:9\"", "wait-max = \"9s\"", "steps-max = 5"] {
        assert!(printed.contains(line), "no {line} in {printed}");
    }
    directory.write("motet.toml", "lisen = 1\n");
    check(
        &directory,
        print,
        expect![[r#"
            --- stderr
            error[invalid-configuration]: motet.toml: there is no setting "lisen"
              hint: did you mean "listen"?
            --- exit 1
        "#]],
    );
}

#[test]
fn without_a_server_a_command_says_how_to_get_one() {
    let ran =
        motet(&Directory::new(), &[("MOTET_SERVER", "http://127.0.0.1:1")]).run("get workflows");
    expect![[r#"
        --- stderr
        error[server-unreachable]: no server answers at http://127.0.0.1:1: Connection refused (os error 111)
          hint: start one with `motet serve`, or name another with --server or MOTET_SERVER
        --- exit 1
    "#]].assert_eq(&ran.transcript());
    let ran = motet(&Directory::new(), &[("MOTET_SERVER", "127.0.0.1:1")]).run("get workflows");
    expect![[r#"
        --- stderr
        error[invalid-argument]: "127.0.0.1:1" is not the address of a server
          hint: write it as http://host:port
        --- exit 2
    "#]]
    .assert_eq(&ran.transcript());
}

#[test]
fn a_process_is_published_run_and_looked_at() {
    let server = Server::start(documents());
    let mut transcript = String::new();
    let mut run = |arguments: &str| {
        let ran = server.motet(arguments);
        transcript.push_str(&format!("$ motet {arguments}\n{}\n", ran.transcript()));
        ran.stdout
    };
    run("publish good.yaml bad.yaml");
    run("publish good.yaml");
    run("run shop/greet --input {\"name\":\"bob\"} --key k");
    run("run shop/greet --input {\"name\":\"bob\"} --key k -o yaml");
    run("run shop/greet --version ^3");
    run("run shop/greet --input {");
    run("tag shop/greet canary 1.0.0 --reason trying");
    run("tag shop/greet");
    run("get workflows");
    run("get workflow shop/greet");
    let id = run("run shop/greet --input {\"name\":\"eve\"} --wait 0s");
    let id = id.split(' ').next().unwrap().to_owned();
    for command in ["watch", "describe", "history", "get instance", "cancel"] {
        run(&format!("{command} {id}"));
    }
    run("cancel --workflow shop/other");
    run("suspend --all --dry-run");
    expect![[r#"
        $ motet publish good.yaml bad.yaml
        shop/greet:1.0.0 published
        --- stderr
        error[invalid-expression]: the expression does not compile: expected term at the end
         --> bad.yaml:4:36
          |
        4 |       set: { greeting: "${ .name + }" }
          |                                    ^

        error[unknown-task]: there is no task `nowhere`: name a task of this list, or `continue`, `exit` or `end`
         --> bad.yaml:7:32
          |
        7 |         - a: { when: .x, then: nowhere }
          |                                ^^^^^^^
        error[invalid-document]: bad.yaml: 2 errors
        --- exit 1

        $ motet publish good.yaml
        shop/greet:1.0.0 was published already, with the same content

        $ motet run shop/greet --input {"name":"bob"} --key k
        <id> completed
        {
          "greeting": "hello bob"
        }

        $ motet run shop/greet --input {"name":"bob"} --key k -o yaml
        id: "<id>"
        namespace: shop
        workflow: greet
        version: "1.0.0"
        status: completed
        created: false
        startedAt: "<instant>"
        endedAt: "<instant>"
        output:
          greeting: hello bob

        $ motet run shop/greet --version ^3
        --- stderr
        error[unknown-version]: the workflow shop/greet has no version, tag or match for "^3"; published: 1.0.0
        --- exit 1

        $ motet run shop/greet --input {
        --- stderr
        error[invalid-argument]: the input is not JSON: expected a key in quotes at byte 1
          hint: write JSON, @FILE or - for standard input
        --- exit 2

        $ motet tag shop/greet canary 1.0.0 --reason trying
        shop/greet canary -> 1.0.0

        $ motet tag shop/greet
        TAG     VERSION  SINCE                     REASON
        canary  1.0.0    <instant>  trying

        $ motet get workflows
        WORKFLOW    NEWEST  VERSIONS  TAGS
        shop/greet  1.0.0   1         canary=1.0.0

        $ motet get workflow shop/greet
        VERSION  PUBLISHED                 DIGEST        TAGS
        1.0.0    <instant>  <digest>  canary

        $ motet run shop/greet --input {"name":"eve"} --wait <time>
        <id> waiting
        --- exit 4

        $ motet watch <id>
            0  <instant>  started             -
            1  <instant>  activated           greet
            2  <instant>  completed           greet  output={"greeting":"hello eve"}
            3  <instant>  activated           pause
            4  <instant>  waiting             pause  due=<instant>
            5  <instant>  fired               pause
            6  <instant>  completed           pause
            7  <instant>  workflow-completed  -  output={"greeting":"hello eve"}
        <id> completed
        {
          "greeting": "hello eve"
        }

        $ motet describe <id>
        shop/greet:1.0.0  completed
          id        <id>
          started   <instant>
          ended     <instant>, after <time>
          input     {"name":"eve"}
          output    {"greeting":"hello eve"}

        ├─ ✓ greet  <time>
        └─ ✓ pause  until <instant>  <time>

        $ motet history <id>
            0  <instant>  started             -
            1  <instant>  activated           greet
            2  <instant>  completed           greet  output={"greeting":"hello eve"}
            3  <instant>  activated           pause
            4  <instant>  waiting             pause  due=<instant>
            5  <instant>  fired               pause
            6  <instant>  completed           pause
            7  <instant>  workflow-completed  -  output={"greeting":"hello eve"}

        $ motet get instance <id>
        shop/greet:1.0.0  completed
          id        <id>
          started   <instant>
          ended     <instant>, after <time>
          input     {"name":"eve"}
          output    {"greeting":"hello eve"}

        $ motet cancel <id>
        --- stderr
        error[status-conflict]: the instance is completed: it has ended and cannot be cancelled
        --- exit 1

        $ motet cancel --workflow shop/other
        --- stderr
        0 done, 0 not

        $ motet suspend --all --dry-run
        ID  WORKFLOW  VERSION  STATUS  STARTED  ERROR
        0 instances pass the filter; nothing was changed

    "#]].assert_eq(&support::redact(&transcript));
    assert_eq!(server.stop(), 0, "exit code after SIGTERM");
}

#[test]
fn a_failure_is_exit_code_3_and_no_end_in_time_is_4() {
    let directory = Directory::new();
    let header = "document: { dsl: 1.0.0, namespace: shop, name: NAME, version: 1.0.0 }\n";
    let fail = "do: [ { fail: { raise: { error: { type: https://example.com/broken, status: 418, title: Broken } } } } ]";
    let sleep = "do: [ { sleep: { wait: { hours: 1 } } } ]";
    directory.write("fail.yaml", &(header.replace("NAME", "fail") + fail));
    directory.write("sleep.yaml", &(header.replace("NAME", "sleep") + sleep));
    let server = Server::start(directory);
    assert_eq!(server.motet("publish fail.yaml sleep.yaml").code, 0);
    let failed = server.motet("run shop/fail");
    expect![[r#"
        <id> faulted
        broken 418: Broken at /do/0/fail
        --- exit 3
    "#]]
    .assert_eq(&support::redact(&failed.transcript()));
    assert_eq!(server.motet("run shop/sleep --wait 50ms").code, 4);
    assert_eq!(server.motet("run shop/fail --wait").code, 3);
    // Lists follow a moment later; a command for many waits until they show what was acknowledged before.
    let cancelled = server.motet("cancel --all --reason enough");
    expect![[r#"
        --- stderr
        1 done, 0 not
    "#]]
    .assert_eq(&support::redact(&cancelled.transcript()));
}

#[test]
fn a_data_directory_outlives_its_server_and_is_checked_copied_and_restored() {
    let server = Server::start(documents());
    assert_eq!(server.motet("publish good.yaml").code, 0);
    let locked = server.motet("store check --data data");
    assert_eq!(locked.code, 1);
    assert!(
        locked.stderr.contains("error[store-failed]: the data directory is in use"),
        "{}",
        locked.stderr
    );
    let directory = server.stopped();
    for (command, said) in [
        ("store check --data data", "verdict: sound"),
        ("store repair --data data", "nothing to repair"),
        ("store upgrade --data data", "is the newest already"),
        ("backup copy --data data", "every commit up to"),
        ("restore copy --data again", "every commit up to"),
    ] {
        let ran = motet(&directory, &[]).run(command);
        assert_eq!(ran.code, 0, "{command}: {}", ran.stderr);
        assert!(ran.stdout.contains(said), "{command}: {}", ran.stdout);
    }
    let again = Server::over(directory, "again");
    let listed = again.motet("get workflows").stdout;
    assert!(listed.contains("shop/greet"), "{listed}");
}

#[test]
fn a_development_server_publishes_what_changes() {
    let server = Server::dev(documents(), "good.yaml");
    server.wait_for("get workflow shop/greet", "1.0.0");
    server.directory.write("good.yaml", &GOOD.replace("hello", "good morning"));
    server.wait_for("get workflow shop/greet", "1.0.1-dev.1");
    server.wait_for("tag shop/greet", "1.0.1-dev.1");
    let greeted = server.motet("run shop/greet --input {\"name\":\"bob\"}").stdout;
    assert!(greeted.contains("good morning bob"), "{greeted}");
}

#[test]
fn what_waits_for_a_person_is_not_waited_for() {
    let directory = Directory::new();
    let error = "{ type: 'https://example.com/errors/no-stock', status: 409, title: Nothing left }";
    let header = "dsl: 1.0.0, namespace: shop, version: 1.0.0";
    directory.write(
        "order.yaml",
        &format!(
            "document: {{ {header}, name: order, metadata: {{ motet: {{ onFault: incident }} }} }}\n\
             do: [ {{ reserve: {{ raise: {{ error: {error} }} }} }} ]"
        ),
    );
    directory.write(
        "sleep.yaml",
        &format!("document: {{ {header}, name: sleep }}\ndo: [ {{ sleep: {{ wait: PT1H }} }} ]"),
    );
    let server = Server::start(directory);
    let mut transcript = String::new();
    let mut run = |arguments: &str| {
        let ran = server.motet(arguments);
        transcript.push_str(&format!("$ motet {arguments}\n{}\n", ran.transcript()));
        ran.stdout
    };
    run("publish order.yaml sleep.yaml");
    run("run shop/order");
    run("get incidents");
    run("get instances --workflow shop/order");
    run("run shop/nothing");
    let id = run("run shop/sleep --key k --wait 0s");
    let id = id.split(' ').next().unwrap().to_owned();
    run(&format!("suspend {id}"));
    // Lists show what was just done; what follows a filter has been seen by a list before.
    run("get instances --workflow shop/sleep");
    run("cancel --workflow shop/sleep --dry-run");
    run("run shop/sleep --key k");
    expect![[r#"
        $ motet publish order.yaml sleep.yaml
        shop/order:1.0.0 published
        shop/sleep:1.0.0 published

        $ motet run shop/order
        <id> waiting
        no-stock 409: Nothing left at /do/0/reserve
        --- stderr
        it waits for a person: `motet retry <id>` tries again, `motet cancel <id>` gives up
        --- exit 5

        $ motet get incidents
        ID                                    WORKFLOW    VERSION  STATUS   STARTED                   ERROR
        <id>  shop/order  1.0.0    waiting  <instant>  Nothing left

        $ motet get instances --workflow shop/order
        ID                                    WORKFLOW    VERSION  STATUS   STARTED                   ERROR
        <id>  shop/order  1.0.0    waiting  <instant>  no-stock: Nothing left

        $ motet run shop/nothing
        --- stderr
        error[unknown-workflow]: the workflow shop/nothing is not published
          hint: `motet get workflows` lists what is published
        --- exit 1

        $ motet run shop/sleep --key k --wait <time>
        <id> waiting
        --- exit 4

        $ motet suspend <id>
        <id> suspended

        $ motet get instances --workflow shop/sleep
        ID                                    WORKFLOW    VERSION  STATUS     STARTED                   ERROR
        <id>  shop/sleep  1.0.0    suspended  <instant>

        $ motet cancel --workflow shop/sleep --dry-run
        ID                                    WORKFLOW    VERSION  STATUS     STARTED                   ERROR
        <id>  shop/sleep  1.0.0    suspended  <instant>
        1 instance passes the filter; nothing was changed

        $ motet run shop/sleep --key k
        <id> suspended
        --- stderr
        it is suspended: `motet resume <id>` lets it go on
        --- exit 5

    "#]].assert_eq(&support::redact(&transcript));
}

#[test]
fn many_instances_are_steered_by_filter_and_watched_by_status() {
    let directory = Directory::new();
    let header = "document: { dsl: 1.0.0, namespace: shop, name: sleep, version: 1.0.0 }\n";
    directory
        .write("sleep.yaml", &format!("{header}do: [ {{ sleep: {{ wait: {{ hours: 1 }} }} }} ]"));
    let server = Server::start(directory);
    assert_eq!(server.motet("publish sleep.yaml").code, 0);
    for _ in 0..3 {
        assert_eq!(server.motet("run shop/sleep --wait 0s").code, 4);
    }
    server.wait_for("get counts -o json", "\"waiting\": 3");
    let mut transcript = String::new();
    for arguments in [
        "suspend --workflow shop/sleep --dry-run",
        "suspend --workflow shop/sleep --status waiting --reason lunch",
        "suspend --workflow shop/sleep --status nonsense",
    ] {
        let ran = server.motet(arguments);
        transcript.push_str(&format!("$ motet {arguments}\n{}\n", ran.transcript()));
    }
    expect![[r#"
        $ motet suspend --workflow shop/sleep --dry-run
        ID                                    WORKFLOW    VERSION  STATUS   STARTED                   ERROR
        <id>  shop/sleep  1.0.0    waiting  <instant>
        <id>  shop/sleep  1.0.0    waiting  <instant>
        <id>  shop/sleep  1.0.0    waiting  <instant>
        3 instances pass the filter; nothing was changed

        $ motet suspend --workflow shop/sleep --status waiting --reason lunch
        --- stderr
        3 done, 0 not

        $ motet suspend --workflow shop/sleep --status nonsense
        --- stderr
        error[invalid-parameter]: status: "nonsense" is not a status: use pending, running, waiting, suspended, cancelled, faulted or completed
        --- exit 1

    "#]].assert_eq(&support::redact(&transcript));
    server.wait_for("get counts -o json", "\"suspended\": 3");
    let counted = server.motet("get counts --workflow sleep").stdout;
    expect![[r#"
        STATUS     INSTANCES
        suspended  3
        total      3
    "#]]
    .assert_eq(&counted);
    let first = server.motet("get instances --limit 1 -o json").stdout;
    let id = first.split('"').nth(3).unwrap().to_owned();
    let resumed = server.motet(&format!("resume {id}"));
    assert_eq!(support::redact(&resumed.stdout), "<id> waiting\n");
    let described = server.motet(&format!("describe {id}")).stdout;
    expect![[r#"
        shop/sleep:1.0.0  waiting
          id        <id>
          started   <instant>
          updated   <instant>
          input     {}

        │ suspended: lunch
        │ resumed
        └─ ● sleep  until <instant>  since <instant>
    "#]]
    .assert_eq(&support::redact(&described));
}

#[test]
fn a_restarted_server_finishes_what_it_accepted() {
    let server = Server::start(documents());
    assert_eq!(server.motet("publish good.yaml").code, 0);
    let started = server.motet("run shop/greet --input {\"name\":\"bob\"} --wait 0s").stdout;
    let id = started.split(' ').next().unwrap().to_owned();
    let again = Server::start(server.stopped());
    let watched = again.motet(&format!("watch {id}"));
    assert_eq!(watched.code, 0, "{}", watched.stderr);
    assert!(watched.stdout.contains("hello bob"), "{}", watched.stdout);
}

#[test]
fn a_run_outlives_a_restart_of_its_server() {
    let server = Server::start(documents());
    server.directory.write("nap.yaml", NAP);
    assert_eq!(server.motet("publish nap.yaml").code, 0);
    let address = server.address().to_owned();
    let elsewhere = Directory::new();
    let running = std::thread::spawn({
        let address = address.clone();
        move || motet(&elsewhere, &[("MOTET_SERVER", &address)]).run("run shop/nap")
    });
    server.wait_for("get instances", "waiting");
    let listed = server.motet("get instances -o json").stdout;
    let id = listed.split('"').nth(3).unwrap().to_owned();
    let listen = address.strip_prefix("http://").unwrap();
    let directory = server.killed();
    let again = Server::spawn(directory, &["serve", "--data", "data", "--listen", listen]);
    assert_eq!(again.motet(&format!("cancel {id}")).code, 0);
    let ran = running.join().unwrap();
    assert_eq!((ran.code, ran.stdout), (3, format!("{id} cancelled\n")), "{}", ran.stderr);
}

#[test]
fn a_killed_server_goes_on_at_the_position_it_had() {
    let server = Server::start(documents());
    assert_eq!(server.motet("publish good.yaml").code, 0);
    assert_eq!(server.motet("run shop/greet --input {\"name\":\"bob\"}").code, 0);
    let listed = |server: &Server| {
        let list = server.http("GET /api/v1/instances?at=latest");
        list.split_once("\"items\"").unwrap_or_else(|| panic!("no list: {list}")).1.to_owned()
    };
    let (before, list) = (server.position(), listed(&server));
    assert!(before > 0);
    let again = Server::start(server.killed());
    assert_eq!(again.position(), before);
    assert_eq!(listed(&again), list, "the latest list covers what was acknowledged before");
    assert_eq!(again.motet("run shop/greet --input {\"name\":\"eve\"}").code, 0);
    assert!(again.position() > before);
}

#[test]
fn a_long_history_tells_what_was_cut_out() {
    let directory = Directory::new();
    let tasks = "  - rounds:
      for: { in: '${ [range(1200)] }' }
      do:
        - count: { set: { n: '${ .n + 1 }' } }
  - approve: { wait: { hours: 1 } }";
    directory.write(
        "long.yaml",
        &format!("document: {{ dsl: 1.0.3, namespace: shop, name: long, version: 1.0.0 }}\ndo:\n{tasks}\n"),
    );
    let limits = ["limits.history-first-records-max=100", "limits.history-last-records-max=100"];
    let set: Vec<&str> = limits.iter().flat_map(|limit| ["--set", limit]).collect();
    let server = Server::spawn(directory, &[&["serve", "--data", "data"], &set[..]].concat());
    assert_eq!(server.motet("publish long.yaml").code, 0);
    let started = server.motet("run shop/long --input {\"n\":0} --wait 0s").stdout;
    let id = started.split(' ').next().unwrap().to_owned();
    server.wait_for(&format!("describe {id}"), "approve");
    let history = server.motet(&format!("history {id}")).stdout;
    let cuts: Vec<&str> = history.lines().filter(|line| line.contains("  cut ")).collect();
    let [cut] = cuts.as_slice() else { panic!("one cut: {history}") };
    let count = |name: &str| -> u64 {
        let rest = cut.split(name).nth(1).unwrap_or_else(|| panic!("no {name} in {cut}"));
        rest.split(' ').next().unwrap().parse().unwrap()
    };
    let (from, records) = (count(" from="), count(" records="));
    assert!(from >= 100 && records > 1_000, "{cut}");
    let told = format!("{records} records from number {from} on were cut out");
    let described = server.motet(&format!("describe {id}")).stdout;
    assert!(described.contains(&told), "{described}");
}

/// Appends a chunk to a history that no version can read.
fn damage(directory: &Directory, id: &str) {
    let options = motet_store_embedded::Options::default();
    let schema = &motet_runtime::SCHEMA;
    let store =
        motet_store_embedded::Service::open(&directory.path("data"), schema, options).unwrap();
    let id: motet_types::InstanceId = id.parse().unwrap();
    let (sender, leased) = std::sync::mpsc::channel();
    store.lease(vec![id.shard()], Box::new(move |leases| sender.send(leases).unwrap()));
    let lease = leased.recv().unwrap().unwrap()[0];
    let commit = Commit {
        shard: id.shard(),
        epoch: lease.epoch,
        entity: Entity(id.0),
        records: "no records".into(),
        record_count: 1,
        snapshot: None,
        rows: Vec::new(),
    };
    let (sender, durable) = std::sync::mpsc::channel();
    store.commit(vec![commit], Box::new(move |result| sender.send(result).unwrap()));
    durable.recv().unwrap().unwrap();
    store.close().unwrap();
    // A process that another test starts this moment has our lock until it is itself.
    while motet(directory, &[]).run("store check --data data").stderr.contains("in use") {}
}

#[test]
fn an_instance_whose_history_is_damaged_waits_for_a_person_and_the_others_go_on() {
    let server = Server::start(documents());
    server.directory.write("nap.yaml", NAP);
    assert_eq!(server.motet("publish good.yaml nap.yaml").code, 0);
    let started = server.motet("run shop/nap --wait 0s").stdout;
    let id = started.split(' ').next().unwrap().to_owned();
    let directory = server.stopped();
    damage(&directory, &id);
    let server = Server::start(directory);
    assert_eq!(server.motet("run shop/greet --input {\"name\":\"bob\"}").code, 0);
    let mut told = String::new();
    for arguments in [
        "describe <id>",
        "get incidents",
        "get instances",
        "history <id>",
        "cancel <id>",
        "retry <id>",
    ] {
        let ran = server.motet(&arguments.replace("<id>", &id));
        told += &format!("> {arguments}\n{}", support::redact(&ran.transcript()));
    }
    for path in ["incidents?at=latest".to_owned(), format!("instances/{id}")] {
        let answer = server.http(&format!("GET /api/v1/{path}"));
        let reason = "\"incidents\":[{\"step\":0,\"error\":{\"type\":\"https://open-workflow-specification.org/spec/1.0.0/errors/runtime\",\
                      \"status\":500,\"title\":\"the instance cannot be loaded\",\"detail\":\"format 110 is newer than 2,";
        assert!(answer.contains(reason), "{answer}");
    }
    let answer = server.http(&format!("GET /api/v1/instances/{id}/history"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let all = |key: &str| {
        let name = format!("\"{key}\":\"");
        let found = body.split(&name).skip(1);
        found.filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>().join(", ")
    };
    let status = head.lines().next().unwrap();
    told += &format!("> GET history\n{status}\n{}\n{}\n", all("type"), all("reason"));
    expect![[r#"
        > describe <id>
        shop/nap:1.0.0  waiting
          id        <id>
          started   <instant>
          updated   <instant>
          input     null
          incident  runtime 500: format 110 is newer than 2, the newest that this version reads; `retry` loads it again

        │ the history cannot be read from record 3 on: format 110 is newer than 2, the newest that this version reads
        └─ ● nap  until <instant>  since <instant>
        --- stderr
        error[unloadable-instance]: the history cannot be read from record 3 on: format 110 is newer than 2, the newest that this version reads
          hint: stop the server and run `motet store check`, which says what is damaged
        --- exit 1
        > get incidents
        ID                                    WORKFLOW  VERSION  STATUS   STARTED                   ERROR
        <id>  shop/nap  1.0.0    waiting  <instant>  format 110 is newer than 2, the newest that this version reads; `retry` loads it again
        > get instances
        ID                                    WORKFLOW    VERSION  STATUS     STARTED                   ERROR
        <id>  shop/greet  1.0.0    completed  <instant>
        <id>  shop/nap    1.0.0    waiting    <instant>  runtime: the instance cannot be loaded
        > history <id>
            0  <instant>  started             -
            1  <instant>  activated           nap
            2  <instant>  waiting             nap  due=<instant>
            3  <instant>  damaged             -  reason=format 110 is newer than 2, the newest that this version reads
        --- stderr
        error[unloadable-instance]: the history cannot be read from record 3 on: format 110 is newer than 2, the newest that this version reads
          hint: stop the server and run `motet store check`, which says what is damaged
        --- exit 1
        > cancel <id>
        --- stderr
        error[unloadable-instance]: the instance cannot be loaded: format 110 is newer than 2, the newest that this version reads
        --- exit 1
        > retry <id>
        --- stderr
        error[unloadable-instance]: the instance cannot be loaded: format 110 is newer than 2, the newest that this version reads
        --- exit 1
        > GET history
        HTTP/1.1 200 OK
        started, activated, waiting, damaged
        format 110 is newer than 2, the newest that this version reads
    "#]].assert_eq(&told);
}

#[test]
fn a_running_server_is_copied() {
    let server = Server::start(documents());
    assert_eq!(server.motet("publish good.yaml").code, 0);
    let copied = server.motet("backup copy");
    assert_eq!(copied.code, 0, "{}", copied.stderr);
    let target = server.directory.path("copy").display().to_string();
    assert!(copied.stdout.starts_with(&format!("{target}: ")), "{}", copied.stdout);
    assert!(copied.stdout.contains(" bytes, every commit up to "), "{}", copied.stdout);
    assert!(copied.stderr.contains("secret.key is left out"), "{}", copied.stderr);
    assert!(!server.directory.path("copy/secret.key").exists());
    // A directory in use is a hint that its server runs.
    let copied = server.motet("backup second --data data -o json");
    assert_eq!(copied.code, 0, "{}", copied.stderr);
    assert!(
        copied.stderr.starts_with("data is in use: the server at http://"),
        "{}",
        copied.stderr
    );
    assert!(copied.stdout.contains("\"position\": "), "{}", copied.stdout);
    let again = server.motet("backup copy");
    assert_eq!(again.code, 1);
    expect![[r#"
        error[invalid-parameter]: directory: it is not empty: name a new directory
    "#]]
    .assert_eq(&again.stderr);
    let directory = server.stopped();
    check(
        &directory,
        "backup third --server http://127.0.0.1:1",
        expect![[r#"
        --- stderr
        error[server-unreachable]: no server answers at http://127.0.0.1:1: Connection refused (os error 111)
          hint: name it with --server or MOTET_SERVER, or the data directory of a stopped one with --data
        --- exit 1
    "#]],
    );
    assert_eq!(motet(&directory, &[]).run("backup third --data nowhere").code, 1);
    assert!(!directory.path("nowhere").exists());
    for copy in ["copy", "second"] {
        let restored = motet(&directory, &[]).run(&format!("restore {copy} --data {copy}-data"));
        assert_eq!(restored.code, 0, "{}", restored.stderr);
        assert_eq!(restored.stderr, "the directory has a new secret.key\n");
    }
    let restored = Server::over(directory, "second-data");
    assert!(restored.motet("get workflows").stdout.contains("shop/greet"));
}

/// An instance under way that holds the marker of a secret.
const HOLDER: &str = "\
document: { dsl: 1.0.0, namespace: shop, name: holder, version: 1.0.0 }
use: { secrets: [token] }
do:
  - keep: { set: { token: \"${ $secrets.token }\" } }
  - sleep: { wait: { hours: 1 } }
";

#[test]
fn the_key_of_the_secrets_is_not_lost_in_silence() {
    let directory = Directory::new();
    directory.write("holder.yaml", HOLDER);
    let server = Server::start(directory);
    assert_eq!(server.motet("publish holder.yaml").code, 0);
    assert_eq!(server.motet("backup early").code, 0);
    assert_eq!(server.motet("run shop/holder --wait 0s").code, 4);
    server.wait_for("get instances --status waiting", "shop/holder");
    assert_eq!(server.motet("backup copy").code, 0);
    let directory = server.stopped();
    let mut transcript = String::new();
    for arguments in [
        // Nobody holds a marker yet.
        "restore early --data early-data",
        "restore copy --data keyless",
        "serve --data keyless --listen 127.0.0.1:0",
        "restore copy --data given --secret-key data/secret.key",
        "restore copy --data absent --secret-key nowhere",
        "restore copy --data wrong --secret-key holder.yaml",
        "restore copy --data both --secret-key data/secret.key --without-secret-key",
        "restore copy --data without --without-secret-key",
    ] {
        let ran = motet(&directory, &[]).run(arguments);
        transcript.push_str(&format!("$ motet {arguments}\n{}\n", ran.transcript()));
    }
    expect![[r#"
        $ motet restore early --data early-data
        early-data: every commit up to 2
        --- stderr
        the directory has a new secret.key

        $ motet restore copy --data keyless
        keyless: every commit up to 4
        --- stderr
        error[missing-secret-key]: keyless is complete but for its secret.key, and 1 instance under way holds markers of secrets
          hint: copy the secret.key of the original server to keyless/secret.key; or give the key up with `motet serve --new-secret-key`
        --- exit 1

        $ motet serve --data keyless --listen 127.0.0.1:0
        --- stderr
        error[missing-secret-key]: keyless holds work, and no secret.key for its secrets
          hint: copy the secret.key of the original server to keyless/secret.key; or give the key up with `motet serve --new-secret-key`
        --- exit 1

        $ motet restore copy --data given --secret-key data/secret.key
        given: every commit up to 4

        $ motet restore copy --data absent --secret-key nowhere
        --- stderr
        error[unreadable-file]: cannot read nowhere: there is no such file
        --- exit 1

        $ motet restore copy --data wrong --secret-key holder.yaml
        --- stderr
        error[store-failed]: the key of the secrets holder.yaml: it has 188 bytes, not 32
        --- exit 1

        $ motet restore copy --data both --secret-key data/secret.key --without-secret-key
        --- stderr
        error: the argument '--secret-key <FILE>' cannot be used with '--without-secret-key'

        Usage: motet restore --data <DIR> --secret-key <FILE> <BACKUP>

        For more information, try '--help'.
        --- exit 2

        $ motet restore copy --data without --without-secret-key
        without: every commit up to 4
        --- stderr
        the directory has a new secret.key

    "#]].assert_eq(&transcript);
    assert!(!directory.path("absent").exists() && !directory.path("wrong").exists());
    let key = |data: &str| std::fs::read(directory.path(data).join("secret.key")).unwrap();
    assert_eq!(key("given"), key("data"));
    assert_ne!(key("without"), key("data"));
    let server = Server::spawn(directory, &["serve", "--data", "keyless", "--new-secret-key"]);
    assert!(server.motet("get instances").stdout.contains("shop/holder"));
    // It has one now.
    let again = Server::over(server.stopped(), "keyless");
    assert!(again.motet("get instances").stdout.contains("shop/holder"));
}

#[test]
fn the_demonstration_runs_by_itself() {
    let ran = motet(&Directory::new(), &[]).run("demo");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    for said in [
        "7 of 7 completed",
        "6 more orders: none failed",
        "the 6 orders completed by themselves",
        "caught communication 503",
        "20 orders, 20 reservations, 20 payments, 20 parcels.",
        "motet demo --keep",
    ] {
        assert!(ran.stdout.contains(said), "{said:?} is not in {}", ran.stdout);
    }
}

#[test]
fn the_demonstration_may_go_on_to_be_looked_at() {
    let server = Server::spawn(Directory::new(), &["demo", "--keep"]);
    server.wait_for("get counts -o json", "\"completed\": 20");
    assert_eq!(server.stop(), 0, "exit code after SIGTERM");
}
