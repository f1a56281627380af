//! The workflows that scripts name.

/// The source of a workflow.
pub(super) fn source(name: &str) -> String {
    let tasks = tasks(name);
    let fault = if name == "stuck" { ", metadata: { motet: { onFault: incident } }" } else { "" };
    let told = name.strip_prefix("told-").map(|_| TOLD).unwrap_or_default();
    let (name, version) = name.split_once('@').unwrap_or((name, "1.0.0"));
    let (motet, schedule) = schedule(name, version);
    let motet = concurrency(name).or_else(|| limits(name, version)).unwrap_or(motet);
    format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '{version}'{fault}{motet}{told} }}\n{schedule}do:\n{tasks}"
    )
}

/// Of workflows whose lifecycle is told.
const TOLD: &str = ", metadata: { motet: { lifecycle: true, redact: ['.detail', '.done'] } }";
/// What stands in the header of workflows whose instances run one after the other.
fn concurrency(name: &str) -> Option<String> {
    let (key, policy) = match name {
        "queued" => (".n", "queue"),
        "queued-nap" => (".n // .trigger", "queue"),
        "sole" => (".n", "reject"),
        "newest" => (".n", "replace"),
        "lonely" | "ring" => (".n", "queue"),
        _ => return None,
    };
    Some(format!(
        ", metadata: {{ motet: {{ concurrency: {{ key: '${{ {key} }}', policy: {policy} }} }} }}"
    ))
}

/// What stands in the header of workflows of which so many instances run at once.
fn limits(name: &str, version: &str) -> Option<String> {
    let running = match (name, version) {
        ("bounded", "2.0.0") => 2,
        ("bounded" | "bounded-faulty", "1.0.0" | "3.0.0") => 1,
        _ => return None,
    };
    Some(format!(", metadata: {{ motet: {{ limits: {{ running: {running} }} }} }}"))
}

/// What stands in the header, and the schedule itself.
fn schedule(name: &str, version: &str) -> (String, String) {
    let (policies, rule) = match (name, version) {
        ("minutely", "1.0.0") => ("", "every: PT1M"),
        ("minutely", "2.0.0") => ("", "every: PT1M, after: PT10M"),
        ("minutely", _) => return (String::new(), String::new()),
        ("look-within", _) => {
            return (String::new(), "timeout: { after: { seconds: 15 } }\n".to_owned());
        }
        ("nightly", _) => ("timezone: Europe/Berlin", "cron: '30 2 * * *'"),
        ("chained", _) => ("", "after: PT1M"),
        ("skipping", _) => ("overlap: skip", "every: PT40S"),
        ("queueing", _) => ("overlap: queue", "every: PT20S"),
        ("replacing", _) => ("overlap: replace", "every: PT40S"),
        ("forgetful", _) => ("catchup: none", "every: PT1M"),
        ("diligent", _) => ("catchup: all", "every: PT10M"),
        ("queued-nap", _) => ("overlap: allow", "every: PT40S"),
        ("heeding", "2.0.0") => ("", "on: { one: { with: { type: a.b } } }, after: PT10M"),
        ("heeding", "3.0.0") => {
            ("", "on: { any: [{ with: { type: a.b } }, { with: { type: c.d } }] }")
        }
        ("heeding", "4.0.0") => return (String::new(), String::new()),
        ("heeding", _) => ("", "on: { one: { with: { type: a.b } } }"),
        ("heed-any", _) => ("", "on: { any: [] }, read: envelope"),
        ("heed-all", _) => (
            "",
            "on: { all: [{ with: { type: a.b }, correlate: { n: { from: .data.n } } }, { with: { type: c.d }, correlate: { n: { from: .data.n } } }] }",
        ),
        ("heed-until", _) => {
            ("", "on: { any: [{ with: { type: a.b } }], until: '${ length == 3 }' }")
        }
        ("heed-skip", _) => ("overlap: skip", "on: { one: { with: { type: a.b } } }"),
        ("heed-queue", _) => ("overlap: queue", "on: { one: { with: { type: a.b } } }"),
        ("heed-replace", _) => ("overlap: replace", "on: { one: { with: { type: a.b } } }"),
        ("patient", _) => ("overlap: queue, catchup: all", "every: PT10M"),
        _ => return (String::new(), String::new()),
    };
    let motet = match policies {
        "" => String::new(),
        policies => format!(", metadata: {{ motet: {{ schedule: {{ {policies} }} }} }}"),
    };
    (motet, format!("schedule: {{ {rule} }}\n"))
}

fn tasks(name: &str) -> String {
    let name = name.split('@').next().unwrap_or(name);
    let name = name.strip_prefix("told-").unwrap_or(name);
    let call = |task: &str, more: &str| {
        format!(
            "  - {task}: {{ call: http, with: {{ method: post, endpoint: 'http://shop.example/{task}', body: '${{ {{ n: .n }} }}' }}{more} }}\n"
        )
    };
    let child = |task: &str, of: &str, more: &str| {
        format!(
            "  - {task}: {{ run: {{ workflow: {{ namespace: test, name: {of}, version: '1.0.0', input: {{ n: 1 }} }}{more} }} }}\n"
        )
    };
    match name {
        "minutely" | "nightly" | "forgetful" | "diligent" | "patient" => {
            "  - note: { set: { at: '${ .scheduledAt }' } }\n".to_owned()
        }
        "heeding" | "heed-all" | "heed-until" => "  - note: { set: { heard: '${ . }' } }\n".to_owned(),
        "heed-any" => "  - note: { set: { heard: '${ [.[].id] }' } }\n".to_owned(),
        "heed-skip" | "heed-queue" | "heed-replace" => tasks("nap"),
        "queued" | "sole" | "newest" | "bounded" => tasks("pay"),
        "bounded-faulty" => tasks("faulty"),
        "of-bounded" | "of-queued" | "of-sole" | "of-pure" | "of-nap" | "of-faulty" => child("kid", &name[3..], ""),
        "loose-bounded" => child("kid", "bounded", ", await: false"),
        "later" => call("first", "") + &child("kid", "queued", ""),
        "ring" => call("first", "") + "  - kid: { run: { workflow: { namespace: test, name: ring, version: '1.0.0', input: { n: '${ .next }', next: 0 } } } }\n",
        "grand" => format!("  - both:\n      fork:\n        branches:\n{}", indent(&(child("kid1", "parent", "") + &child("kid2", "parent", "")))),
        "lonely" => child("kid", "lonely", ""),
        "queued-nap" | "chained" | "skipping" | "queueing" | "replacing" => tasks("nap"),
        "pure" => "  - note: { set: { done: '${ .n }' } }\n".to_owned(),
        "pay" => call("pay", ""),
        "ask" | "ask-undo" | "ask-once" | "ask-soon" | "look" | "look-within" => of_service(name),
        "ask-both" => format!("  - both:\n      fork:\n        branches:\n{}", indent(&(tasks("ask") + &tasks("look")))),
        "hurried" => format!("  - hurry:\n      timeout: {{ after: {{ seconds: 8 }} }}\n      do:\n{}", indent(&tasks("ask-soon"))),
        "pay-ask" => call("pay", "") + &tasks("ask"),
        "prepared" => tasks("pure") + "  - more: { set: { n: 1 } }\n" + &call("pay", ""),
        "chain" => call("pay", "") + &call("ship", ""),
        "label" => "  - label: { call: job, with: { type: label, input: { n: '${ .n }' }, priority: '${ .n }' } }\n".to_owned(),
        "quick" => "  - label: { call: job, with: { type: quick, timeout: PT10S, heartbeat: PT2S } }\n".to_owned(),
        "approve" => "  - approve: { call: human, with: { groups: [clerks, bosses] } }\n".to_owned(),
        "once" => call("pay", ", metadata: { motet: { idempotent: false } }"),
        "hasty" => call("pay", ", timeout: { after: { seconds: 5 } }"),
        "fork" => format!("  - both:\n      fork:\n        branches:\n{}", indent(&(call("left", "") + &call("right", "")))),
        "undone-fork" => tasks("fork").replace(" }\n", ", metadata: { motet: { compensate: [{ back: { set: { n: 1 } } }] } } }\n"),
        "race" => format!("  - race:\n      fork:\n        compete: true\n        branches:\n{}", indent(&(call("left", "") + &call("right", "")))),
        "again" => format!(
            "  - tries:\n      try:\n        - inner: {{ do: [{{ fail: {RAISE} }}] }}\n      catch: {{ retry: {{ delay: PT1S, limit: {{ attempt: {{ count: 1 }} }} }}, do: [{{ mend: {{ set: {{ done: 1 }} }} }}] }}\n"
        ),
        "deep" => format!("  - outer: {{ do: [{{ fail: {RAISE} }}] }}\n"),
        "side" => "  - each:\n      for: { in: '${ [1, 2] }' }\n      do: [{ nap: { wait: PT1S } }]\n      metadata: { motet: { parallel: 2 } }\n".to_owned(),
        "nap" => "  - nap: { wait: { seconds: 60 } }\n  - rise: { set: { awake: true } }\n".to_owned(),
        "two-naps" => "  - nap: { wait: { seconds: 60 } }\n  - again: { wait: { seconds: 60 } }\n  - rise: { set: { awake: true } }\n".to_owned(),
        "long" => "  - loop:\n      for: { in: '${ [range(.n)] }' }\n      do:\n        - count: { set: { n: '${ .n }' } }\n".to_owned(),
        "stuck" => "  - fail: { raise: { error: { type: https://example.com/stuck, status: 500, title: stuck } } }\n".to_owned(),
        "faulty" => "  - fail: { raise: { error: { type: https://example.com/faulty, status: 500, title: faulty } } }\n".to_owned(),
        "parent" => child("kid", "pay", ""),
        "kid-and-nap" => child("kid", "pure", "") + &tasks("nap"),
        "loose" => child("kid", "pure", ", await: false"),
        "siblings" => {
            let children: String = (1..=3).map(|nth| child(&format!("kid{nth}"), "pure", "")).collect();
            format!("  - all:\n      fork:\n        branches:\n{}", indent(&children))
        }
        "listen" => listen("heard", "{ one: { with: { type: a.b }, correlate: { n: { from: .data.n, expect: '${ .n }' } } } }"),
        "hear" => listen("heard", "{ one: { with: { type: a.b } } }"),
        "hear-two" => listen("one", "{ one: { with: { type: a.b } } }") + &listen("two", "{ one: { with: { type: a.b } } }"),
        "hear-many" => (1..=20).map(|nth| listen(&format!("l{nth}"), "{ one: { with: { type: a.b } } }")).collect(),
        "hear-all" => listen("all", "{ any: [], until: '${ length == 2 }' }"),
        "tell" => "  - tell: { emit: { event: { with: { type: a.b, id: told, source: /tell, data: { n: '${ .n }' } } } } }\n".to_owned(),
        other => panic!("there is no workflow {other:?}"),
    }
}

/// A call to the service `billing`.
fn of_service(name: &str) -> String {
    let (task, call) = match name {
        "ask" => ("ask", "with: { method: post, endpoint: 'http://billing/ask?n=1' }"),
        "ask-once" => (
            "ask",
            "with: { method: post, endpoint: 'http://billing/ask' }, metadata: { motet: { idempotent: false } }",
        ),
        "ask-undo" => (
            "ask",
            "with: { method: put, endpoint: 'http://billing/ask' }, metadata: { motet: { compensate: [{ unask: { call: http, with: { method: delete, endpoint: 'http://billing/ask' } } }] } }",
        ),
        "ask-soon" => (
            "ask",
            "with: { method: get, endpoint: 'http://billing/ask' }, timeout: { after: { seconds: 10 } }",
        ),
        _ => ("look", "with: { method: get, endpoint: 'http://billing/look' }"),
    };
    format!("  - {task}: {{ call: http, {call} }}\n")
}

const RAISE: &str =
    "{ raise: { error: { type: https://example.com/no, status: 500, detail: hidden } } }";

fn listen(task: &str, to: &str) -> String {
    format!("  - {task}: {{ listen: {{ to: {to} }} }}\n")
}

fn indent(tasks: &str) -> String {
    tasks.lines().map(|line| format!("          {}\n", line.trim_start())).collect()
}
