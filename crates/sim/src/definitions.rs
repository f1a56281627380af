//! Generated definitions. They come from one pool, compiled once per process, so that a seed pays for none of them.
//!
//! Every call of an instance differs from every other in its address or body, so that (instance, address, body) is the
//! logical call, whatever the engine says of paths and keys.

mod timed;

pub(crate) use timed::ROOM;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use motet_definition::graph::{self, Graph};
use motet_types::{Limits, WorkflowRef};
use serde_json::{Value as Json, json};

use crate::governed::SERVICE;
use crate::random::Random;
use crate::workers::TYPES;

/// Definitions in the pool; those below [`LEAVES`] start no children.
pub(crate) const POOL: usize = 384;
pub(crate) const LEAVES: usize = 96;

/// Behind the pool: one whose instances have long histories.
pub(crate) const LONG: usize = POOL;
/// Namespace of all definitions.
pub(crate) const NAMESPACE: &str = "sim";
/// Type of the events that clients publish, and of those that instances emit.
pub(crate) const TICK: &str = "sim.tick";
const TOLD: &str = "sim.told";
/// Types of the events for which schedules wait.
pub(crate) const BELL: &str = "sim.bell";
pub(crate) const GONG: &str = "sim.gong";
/// Versions of a workflow that has several.
pub(crate) const VERSIONS: usize = 3;

/// Nesting of tasks.
const DEPTH_MAX: usize = 3;

/// Behind that: those whose instances begin by the clock, and those of whose instances one at a time runs for each key.
pub(crate) const SCHEDULED: Range<usize> = LONG + 1..LONG + 1 + timed::SCHEDULES;
pub(crate) const KEYED: Range<usize> = SCHEDULED.end..SCHEDULED.end + timed::KEYS;

/// Behind that: those whose instances begin by events, and versions of some workflows, one after the other.
pub(crate) const HEEDING: Range<usize> = KEYED.end..KEYED.end + timed::HEEDS;
pub(crate) const VERSIONED: Range<usize> = HEEDING.end..HEEDING.end + 8 * VERSIONS;

static DEFINITIONS: [OnceLock<Definition>; VERSIONED.end] =
    [const { OnceLock::new() }; VERSIONED.end];

pub(crate) struct Definition {
    pub(crate) source: Arc<str>,
    pub(crate) graph: Arc<Graph>,
    /// Definitions of the pool whose instances it starts.
    pub(crate) children: Vec<usize>,
    /// The one that its first step starts.
    pub(crate) runs_first: Option<usize>,
    /// Whether each of its instances calls a service.
    pub(crate) calls: bool,
}

/// The definition with this number.
pub(crate) fn definition(number: usize) -> &'static Definition {
    DEFINITIONS[number].get_or_init(|| generate(number))
}

/// The document behind the name `flow-<number>`.
pub fn source(number: usize) -> Option<&'static str> {
    (number < DEFINITIONS.len()).then(|| &*definition(number).source)
}

/// One whose first step starts a child, as a rule.
pub(crate) fn that_runs_first(random: &mut Random) -> usize {
    let mut any = || random.between(LEAVES as u64, POOL as u64) as usize;
    let tried = [any(), any(), any(), any(), any()];
    tried.into_iter().find(|number| definition(*number).runs_first.is_some()).unwrap_or(tried[0])
}

/// One whose instances all call a service.
pub(crate) fn that_calls(random: &mut Random) -> usize {
    let first = random.below(LEAVES as u64) as usize;
    let mut leaves = (first..LEAVES).chain(0..first);
    leaves.find(|number| definition(*number).calls).expect("some leaf begins with a call")
}

/// The graph of a version of a workflow.
pub(crate) fn graph_of(wanted: &WorkflowRef) -> Option<Arc<Graph>> {
    let first: usize = wanted.workflow.name.as_str().strip_prefix("flow-")?.parse().ok()?;
    let count = if VERSIONED.contains(&first) { VERSIONS } else { 1 };
    let mut versions = (first..first + count).filter(|number| *number < DEFINITIONS.len());
    let found = versions.find(|number| definition(*number).graph.definition == *wanted)?;
    Some(definition(found).graph.clone())
}

fn generate(number: usize) -> Definition {
    let mut generator = Generator {
        random: Random::new(number as u64 ^ 0xdef1),
        tasks: 0,
        is_saga: number.is_multiple_of(3),
        may_run: number >= LEAVES,
        is_tried: false,
        children: Vec::new(),
        items: Vec::new(),
    };
    let (document, runs_first) = match number {
        LONG => (long(), None),
        _ if SCHEDULED.contains(&number) => (generator.scheduled(number), None),
        _ if KEYED.contains(&number) => (generator.keyed(number), None),
        _ if HEEDING.contains(&number) => (generator.heeding(number), None),
        _ if VERSIONED.contains(&number) => (generator.versioned(number), None),
        _ => generator.document(number),
    };
    let tasks = document["do"].as_array().into_iter().flatten();
    let first = tasks.filter_map(|task| task.as_object()).flat_map(|task| task.values()).next();
    let calls = first.is_some_and(|task| task["call"] == "http");
    let source: Arc<str> = document.to_string().into();
    let checked = graph::check(&source, &Limits::default());
    let graph = checked
        .graph
        .unwrap_or_else(|| panic!("definition {number}: {:?}\n{source}", checked.diagnostics));
    let graph = Arc::new(graph);
    Definition { source, graph, children: generator.children, runs_first, calls }
}

fn head(number: usize) -> Json {
    let nth = if VERSIONED.contains(&number) { (number - VERSIONED.start) % VERSIONS } else { 0 };
    let (name, version) = (format!("flow-{}", number - nth), format!("{}.0.0", nth + 1));
    json!({"dsl": "1.0.3", "namespace": NAMESPACE, "name": name, "version": version})
}

/// About two thousand records, and values to which they refer.
fn long() -> Json {
    let count = json!({"set": {"v": "${ .v + 1 }", "text": "${ .text }"}});
    let renew = json!({"set": {"v": "${ .v? // 0 }", "text": "${ \"long \" * 900 }"}});
    json!({
        "document": head(LONG),
        "do": [{"rounds": {"for": {"in": "${ [range(20)] }"}, "do": [
            {"renew": renew},
            {"counts": {"for": {"in": "${ [range(30)] }"}, "do": [{"count": count}]}},
            {"rest": {"wait": {"milliseconds": 300}}},
        ]}}],
    })
}

struct Generator {
    random: Random,
    tasks: usize,
    may_run: bool,
    /// Calls say how they are undone.
    is_saga: bool,
    /// Inside the body of a `try`.
    is_tried: bool,
    children: Vec<usize>,
    /// Variables of the enclosing loops.
    items: Vec<String>,
}

impl Generator {
    /// The document, and the child that its first step starts.
    fn document(&mut self, number: usize) -> (Json, Option<usize>) {
        let mut document = json!({ "document": head(number) });
        if self.random.percent(20) {
            document["document"]["metadata"] = json!({"motet": {"onFault": "incident"}});
        }
        if number.is_multiple_of(5) {
            document["document"]["metadata"]["motet"]["lifecycle"] = json!(true);
        }
        if self.random.percent(15) {
            document["timeout"] = json!({"after": {"seconds": self.random.between(20, 120)}});
        }
        let count = self.random.between(1, 4);
        let mut tasks: Vec<Json> = Vec::new();
        if self.may_run && self.random.percent(40) {
            tasks.push(self.named(0, Self::run));
        }
        let runs_first = self.children.first().copied();
        tasks.extend((0..count).map(|_| self.task(0)));
        let has_few = self.children.is_empty() && self.random.percent(25);
        if self.may_run && has_few {
            tasks.push(self.named(0, Self::run));
        }
        document["do"] = Json::Array(tasks);
        (document, runs_first)
    }

    fn list(&mut self, depth: usize, count_max: u64) -> Json {
        let count = self.random.between(1, count_max + 1);
        (0..count).map(|_| self.task(depth)).collect()
    }

    fn task(&mut self, depth: usize) -> Json {
        let nests = depth + 1 < DEPTH_MAX;
        let make = match self.random.below(if nests { 100 } else { 50 }) {
            0..27 => Self::call,
            27..31 => Self::wait,
            31..33 => Self::listen,
            33 => Self::listen_again,
            34..36 => Self::emit,
            36..40 => Self::set,
            40..43 => Self::switch,
            43..46 if self.may_run => Self::run,
            43..50 => Self::call,
            50..64 => Self::fork,
            64..76 => Self::each,
            76.. if self.is_tried => Self::call,
            _ => Self::trying,
        };
        self.named(depth, make)
    }

    fn named(&mut self, depth: usize, make: fn(&mut Self, &str, usize) -> Json) -> Json {
        self.tasks += 1;
        let name = format!("t{}", self.tasks);
        let task = make(self, &name, depth);
        json!({ name: task })
    }

    /// Every third task calls the service that has a document.
    fn host(&self) -> &'static str {
        if self.tasks.is_multiple_of(3) { SERVICE } else { "service.example" }
    }

    fn call(&mut self, name: &str, depth: usize) -> Json {
        let items = format!("${{ [{}] }}", self.items.join(", "));
        match self.random.below(100) {
            0..12 => return self.job(name, &items),
            12..18 => return self.human(name, &items),
            _ => {}
        }
        let mut call = json!({"call": "http", "with": {
            "method": if self.random.percent(50) { "post" } else { "put" },
            "endpoint": format!("http://{}/{name}", self.host()),
            "body": {"n": "${ $workflow.input.n }", "items": items},
        }});
        if self.random.percent(10) {
            call["metadata"] = json!({"motet": {"idempotent": false}});
        }
        if self.is_saga && self.random.percent(75) {
            let undo = json!({"call": "http", "with": {
                "method": "post",
                "endpoint": format!("http://service.example/undo/{name}"),
                "body": {"of": "${ .key }"},
            }});
            call["metadata"]["motet"]["compensate"] = json!([{ (format!("undo-{name}")): undo }]);
        }
        if self.is_saga && depth == 0 && self.random.percent(6) {
            call["metadata"]["motet"]["pivot"] = json!(true);
        }
        if self.random.percent(30) {
            call["timeout"] = json!({"after": {"seconds": self.random.between(3, 30)}});
        }
        call
    }

    fn job(&mut self, name: &str, items: &str) -> Json {
        let kind = format!("job-{}", self.random.below(TYPES));
        let mut call = json!({"call": "job", "with": {
            "type": kind,
            "input": {"task": name, "n": "${ $workflow.input.n }", "items": items},
            "priority": self.random.below(5),
        }});
        if self.random.percent(50) {
            call["with"]["timeout"] = json!({"seconds": self.random.between(2, 40)});
        }
        if self.random.percent(20) {
            call["timeout"] = json!({"after": {"seconds": self.random.between(5, 60)}});
        }
        call
    }

    /// A task for a person, some of them with an end.
    fn human(&mut self, name: &str, items: &str) -> Json {
        let mut call = json!({"call": "human", "with": {
            "title": name,
            "input": {"n": "${ $workflow.input.n }", "items": items},
            "groups": ["clerks"],
        }});
        if self.random.percent(30) {
            call["with"]["form"] = json!({"type": "object", "required": ["v"]});
        }
        if self.random.percent(50) {
            call["with"]["due"] = json!(format!("PT{}S", self.random.between(2, 40)));
            call["with"]["escalate"] = match self.random.percent(50) {
                true => json!("timeout"),
                false => json!({"assignee": "ada", "due": "PT20S"}),
            };
        }
        call
    }

    fn wait(&mut self, _: &str, _: usize) -> Json {
        // An attempt that may take some seconds only can succeed.
        let longest = if self.is_tried { 1_500 } else { 12_000 };
        json!({"wait": {"milliseconds": self.random.between(1, longest)}})
    }

    /// Waits for an event of its order: one, or any of two kinds.
    fn listen(&mut self, _: &str, _: usize) -> Json {
        let expect = "${ $workflow.input.n }";
        let filter = |kind: &str| json!({"with": {"type": kind}, "correlate": {"n": {"from": "${ .data.n }", "expect": expect}}});
        let to = match self.random.below(3) {
            0 => json!({"any": [filter(TICK), filter(TOLD)]}),
            1 => json!({"any": [filter(TICK)], "until": "${ length == 2 }"}),
            _ => json!({"one": filter(TICK)}),
        };
        json!({"listen": {"to": to}, "output": {"as": "${ {v: length} }"}})
    }

    /// Listens twice for the same: no event may reach both.
    fn listen_again(&mut self, _: &str, depth: usize) -> Json {
        json!({"do": [self.named(depth, Self::listen), self.named(depth, Self::listen)]})
    }

    #[expect(clippy::unused_self, reason = "one of a table of makers")]
    fn emit(&mut self, name: &str, _: usize) -> Json {
        let with = json!({"type": TOLD, "data": {"n": "${ $workflow.input.n }", "of": name}});
        json!({"emit": {"event": {"with": with}}, "output": {"as": "${ {v: 1} }"}})
    }

    fn set(&mut self, name: &str, _: usize) -> Json {
        let more = self.random.between(1, 4);
        json!({"set": {"v": format!("${{ (.v? // 0) + {more} }}"), "at": name}})
    }

    /// Goes on in order, ends the scope or ends the workflow, as a service's answer says.
    fn switch(&mut self, _: &str, _: usize) -> Json {
        let rest = *self.random.pick(&["exit", "end", "continue"]);
        json!({"switch": [
            {"go": {"when": "${ ((.v? // 0) % 3) < 2 }", "then": "continue"}},
            {"stop": {"then": rest}},
        ]})
    }

    fn run(&mut self, _: &str, _: usize) -> Json {
        let child = self.random.below(LEAVES as u64) as usize;
        self.children.push(child);
        json!({"run": {
            "workflow": {
                "namespace": "sim", "name": format!("flow-{child}"), "version": "latest",
                "input": {"n": "${ $workflow.input.n }"},
            },
            "await": self.random.percent(80),
        }})
    }

    fn fork(&mut self, _: &str, depth: usize) -> Json {
        let compete = self.random.percent(30);
        let count = self.random.between(2, 4);
        let mut branches: Vec<Json> = (0..count).map(|_| self.task(depth + 1)).collect();
        if !compete && self.random.percent(40) {
            self.need(&mut branches);
        }
        json!({"fork": {"compete": compete, "branches": branches}})
    }

    /// Branches begin behind others that stand before them; turned round, behind them.
    fn need(&mut self, branches: &mut [Json]) {
        let mut before: Vec<String> = Vec::new();
        for branch in branches.iter_mut() {
            let Some((name, task)) = branch.as_object_mut().and_then(|it| it.iter_mut().next())
            else {
                continue;
            };
            let needed: Vec<String> =
                before.iter().filter(|_| self.random.percent(60)).cloned().collect();
            if !needed.is_empty() {
                task["metadata"]["motet"]["needs"] = json!(needed);
            }
            before.push(name.clone());
        }
        if self.random.percent(50) {
            branches.reverse();
        }
    }

    fn each(&mut self, _: &str, depth: usize) -> Json {
        let item = format!("item{}", self.items.len());
        let is_long = self.random.percent(5) && !self.is_tried;
        let count = if is_long { 12 } else { self.random.between(1, 4) };
        self.items.push(format!("${item}"));
        let body = self.list(depth + 1, 2);
        self.items.pop();
        let mut each =
            json!({"for": {"each": item, "in": format!("${{ [range({count})] }}")}, "do": body});
        if self.random.percent(35) {
            each["metadata"]["motet"]["parallel"] = match self.random.below(3) {
                0 => json!(self.random.between(1, 5)),
                1 => json!({"max": 2, "failFast": false}),
                _ => json!({"max": 3, "failFast": false, "collect": false}),
            };
        }
        each
    }

    fn trying(&mut self, _: &str, depth: usize) -> Json {
        // Retries of retries of loops would take longer than any seed.
        self.is_tried = true;
        let children = self.children.len();
        let body = self.list(depth + 1, 2);
        let waits_for_children = self.children.len() > children;
        self.is_tried = false;
        let mut retry = json!({
            "delay": {"milliseconds": self.random.between(50, 3_000)},
            "limit": {"attempt": {"count": self.random.between(2, 7)}},
        });
        match self.random.below(3) {
            0 => retry["backoff"] = json!({"exponential": {}}),
            1 => {
                retry["jitter"] = json!({"from": {"milliseconds": 1}, "to": {"milliseconds": 900}});
            }
            _ if waits_for_children => {}
            _ => {
                let seconds = self.random.between(15, 60);
                retry["limit"]["attempt"]["duration"] = json!({"seconds": seconds});
            }
        }
        let mut catch = json!({"retry": retry});
        if self.random.percent(50) {
            catch["do"] = self.list(depth + 1, 1);
        }
        let mut task = json!({"try": body, "catch": catch});
        if self.is_saga && self.random.percent(50) {
            task["metadata"] = json!({"motet": {"saga": true}});
        }
        task
    }
}
