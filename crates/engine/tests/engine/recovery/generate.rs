//! Random documents: every kind of task, nested, with expressions from a pool of which some fail.

use serde_json::{Map, Value as Json, json};

use super::random::Random;

/// Nesting of tasks.
const DEPTH_MAX: usize = 4;

/// A document as JSON text.
pub(super) fn document(random: &mut Random) -> String {
    let is_saga = random.percent(45);
    let mut generator = Generator { random, names_given: 0, tasks_left: 24, is_saga };
    let mut document = json!({
        "document": {"dsl": "1.0.3", "namespace": "test", "name": "flow", "version": "1.0.0"},
        "use": {
            "secrets": ["pin"],
            "errors": {"busy": {"type": "https://example.com/busy", "status": 503, "title": "busy"}},
            "retries": {"often": {"delay": {"seconds": 1}, "limit": {"attempt": {"count": 2}}}},
            "timeouts": {"short": {"after": {"seconds": 3}}},
            "functions": {
                "ask": {"call": "http", "with": {"method": "GET", "endpoint": "http://ask.test/"}},
                "bump": {"set": {"n": "${ (.n? // 0) + 1 }"}},
                "both": {"do": [{"first": {"wait": {"seconds": 1}}}, {"second": {"set": {"n": 2}}}]},
            },
        },
    });
    if generator.random.percent(15) {
        document["document"]["metadata"] = json!({"motet": {"onFault": "incident"}});
    }
    if generator.random.percent(12) {
        document["timeout"] = json!({"after": {"seconds": 4 + generator.random.below(20)}});
    }
    if generator.random.percent(10) {
        let transforms = ["${ {end: ., context: $context} }", "${ error(\"at the end\") }"];
        document["output"] = json!({"as": generator.random.of(&transforms)});
    }
    document["do"] = generator.list(0, 4);
    document.to_string()
}

struct Generator<'r> {
    random: &'r mut Random,
    names_given: usize,
    tasks_left: usize,
    /// Tasks say how they are undone.
    is_saga: bool,
}

impl Generator<'_> {
    /// A scope; its names are known before its tasks, because directives may point forward.
    fn list(&mut self, depth: usize, tasks_max: usize) -> Json {
        let names = self.names(tasks_max);
        self.tasks(depth, &names, &names)
    }

    /// Branches go nowhere: they run side by side.
    fn branches(&mut self, depth: usize) -> Json {
        let names = self.names(3);
        self.tasks(depth, &names, &[])
    }

    fn tasks(&mut self, depth: usize, names: &[String], targets: &[String]) -> Json {
        let items = names.iter().map(|name| {
            let mut item = Map::new();
            item.insert(name.clone(), self.task(depth, targets));
            Json::Object(item)
        });
        Json::Array(items.collect())
    }

    fn names(&mut self, count_max: usize) -> Vec<String> {
        let count = 1 + self.random.below(count_max);
        (0..count).map(|_| self.name()).collect()
    }

    fn name(&mut self) -> String {
        self.names_given += 1;
        format!("t{}", self.names_given)
    }

    fn task(&mut self, depth: usize, siblings: &[String]) -> Json {
        self.tasks_left = self.tasks_left.saturating_sub(1);
        let may_nest = depth + 1 < DEPTH_MAX && self.tasks_left > 0;
        let mut task = match self.random.below(if may_nest { 28 } else { 14 }) {
            0..2 => self.set(),
            2 => self.switch(siblings),
            3 => self.raise(),
            4..6 => json!({"wait": {"seconds": self.random.below(4)}}),
            6..9 => self.call(),
            9 => self.job(),
            10 => json!({"call": self.random.of(&["ask", "bump", "both"])}),
            11 => {
                json!({"call": self.random.of(&["ask", "both"]), "with": {"n": self.transform()}})
            }
            12..14 => self.run(),
            14..17 => json!({"do": self.list(depth + 1, 3)}),
            17..20 => self.each(depth),
            20..24 => self.fork(depth),
            _ => self.trying(depth),
        };
        self.common(&mut task, siblings);
        self.saga(&mut task);
        task
    }

    fn common(&mut self, task: &mut Json, siblings: &[String]) {
        if self.random.percent(6) {
            task["if"] = json!(self.condition());
        }
        if self.random.percent(8) {
            task["input"] = json!({"from": self.transform()});
        }
        let is_composite = ["do", "fork", "try"].iter().any(|key| task.get(key).is_some());
        if is_composite && self.random.percent(9) {
            // Rare by itself: whatever fails inside takes the tasks around it along.
            task["output"] = json!({"as": "${ error(\"at its end\") }"});
        } else if self.random.percent(14) {
            task["output"] = json!({"as": self.transform()});
        }
        if self.random.percent(10) {
            task["export"] = json!({"as": self.transform()});
        }
        if self.random.percent(18) {
            task["timeout"] = match self.random.percent(30) {
                true => json!("short"),
                false => json!({"after": {"seconds": 1 + self.random.below(5)}}),
            };
        }
        if self.random.percent(8) && task.get("switch").is_none() {
            task["then"] = json!(self.directive(siblings));
        }
    }

    /// What the task means to its saga: how it is undone, whether it is one itself, whether there is a way back.
    fn saga(&mut self, task: &mut Json) {
        let is_scope =
            task.get("for").is_none() && ["do", "try"].iter().any(|key| task.get(key).is_some());
        let acts = ["call", "do", "for", "fork", "try", "run"];
        if !self.is_saga || !acts.iter().any(|key| task.get(key).is_some()) {
            return;
        }
        let mut motet = Map::new();
        if self.random.percent(55) {
            motet.insert("compensate".to_owned(), self.undo());
        }
        if is_scope && self.random.percent(35) {
            motet.insert("saga".to_owned(), json!(true));
        }
        if self.random.percent(4) {
            motet.insert("pivot".to_owned(), json!(true));
        }
        if !motet.is_empty() {
            task["metadata"] = json!({"motet": motet});
        }
    }

    fn undo(&mut self) -> Json {
        let call = |path: &str| {
            json!({"call": "http", "with": {
                "method": "POST",
                "endpoint": format!("http://undo.test/{path}"),
                "body": {"of": "${ .key }", "outcome": "${ .outcome }", "was": "${ .output }"},
            }})
        };
        let tasks: [Json; 7] = [
            call("once"),
            call("again"),
            json!({"set": {"undone": "${ .key }"}}),
            json!({"do": [{"one": call("one")}, {"wait": {"wait": {"seconds": 1}}}, {"two": call("two")}]}),
            json!({"try": [{"tried": call("tried")}], "catch": {"retry": "often"}}),
            json!({"fork": {"branches": [{"left": call("left")}, {"right": call("right")}]}}),
            json!({"run": {"workflow": {"namespace": "test", "name": "child", "version": "1.0.0"}}}),
        ];
        let names = self.names(2);
        let items = names.iter().map(|name| {
            let mut item = Map::new();
            item.insert(name.clone(), self.random.of(&tasks).clone());
            Json::Object(item)
        });
        Json::Array(items.collect())
    }

    fn set(&mut self) -> Json {
        match self.random.below(3) {
            0 => json!({"set": {"n": "${ (.n? // 0) + 1 }", "m": [1, "${ $task.name }"]}}),
            1 => json!({"set": {"n": self.transform()}}),
            _ => json!({"set": "${ {n: 1, was: ($context | type)} }"}),
        }
    }

    fn switch(&mut self, siblings: &[String]) -> Json {
        let mut cases: Vec<Json> = (0..self.random.below(3))
            .map(|idx| {
                let case = json!({"when": self.condition(), "then": self.directive(siblings)});
                json!({format!("case{idx}"): case})
            })
            .collect();
        if cases.is_empty() || self.random.percent(40) {
            cases.push(json!({"default": {"then": self.directive(siblings)}}));
        }
        json!({"switch": cases})
    }

    fn raise(&mut self) -> Json {
        match self.random.below(3) {
            0 => json!({"raise": {"error": "busy"}}),
            1 => json!({"raise": {"error": {"type": "https://example.com/no", "status": 409}}}),
            _ => json!({"raise": {"error": {
                "type": "https://open-workflow-specification.org/spec/1.0.0/errors/runtime",
                "status": 500,
                "detail": "${ \"n is \\(.n? // 0)\" }",
            }}}),
        }
    }

    fn call(&mut self) -> Json {
        let method = *self.random.of(&["GET", "POST", "PUT"]);
        let output = *self.random.of(&["content", "content", "raw", "response"]);
        let mut call = json!({"call": "http", "with": {
            "method": method,
            "endpoint": "http://service.test/things/{n}",
            "output": output,
        }});
        if self.random.percent(40) && method != "GET" {
            call["with"]["body"] = json!({"n": "${ .n? // 0 }", "from": "${ $task.reference }"});
        }
        if self.random.percent(20) {
            call["with"]["headers"] = json!({"x-mac": "${ $secrets.pin + $task.name | @base64 }"});
        }
        call
    }

    /// Work for somebody who fetches it: a program or a person.
    fn job(&mut self) -> Json {
        if self.random.percent(50) {
            return json!({"call": "job", "with": {"type": "work", "input": {"n": "${ .n? // 0 }"}}});
        }
        let mut task = json!({"call": "human", "with": {"title": "look", "groups": ["clerks"]}});
        if self.random.percent(50) {
            task["with"]["due"] = json!("PT3S");
            task["with"]["escalate"] = match self.random.percent(50) {
                true => json!("timeout"),
                false => json!({"assignee": "ada", "due": "PT2S"}),
            };
        }
        task
    }

    fn run(&mut self) -> Json {
        let name = if self.random.percent(12) { "nobody" } else { "child" };
        let awaited = self.random.percent(70);
        json!({"run": {
            "workflow": {"namespace": "test", "name": name, "version": "latest", "input": {"n": 1}},
            "await": awaited,
        }})
    }

    fn each(&mut self, depth: usize) -> Json {
        let items = *self.random.of(&["${ [1, 2] }", "${ [\"a\"] }", "${ [] }", "${ .items? }"]);
        let mut each = json!({"for": {"in": items}, "do": self.list(depth + 1, 2)});
        if self.random.percent(40) {
            each["metadata"]["motet"]["parallel"] = match self.random.below(3) {
                0 => json!(1 + self.random.below(3)),
                1 => json!({"max": 2, "failFast": false}),
                _ => json!({"failFast": false, "collect": false}),
            };
        }
        if self.random.percent(25) {
            each["while"] = json!(self.condition());
        }
        each
    }

    fn fork(&mut self, depth: usize) -> Json {
        let compete = self.random.percent(50);
        let mut branches = self.branches(depth + 1);
        if !compete && self.random.percent(50) {
            self.needs(&mut branches);
        }
        json!({"fork": {"compete": compete, "branches": branches}})
    }

    /// Branches need others that stand before them, or, turned round, behind them.
    fn needs(&mut self, branches: &mut Json) {
        let Json::Array(branches) = branches else { return };
        if self.random.percent(50) {
            branches.reverse();
        }
        let mut before: Vec<String> = Vec::new();
        for branch in branches.iter_mut() {
            let (name, task) = branch
                .as_object_mut()
                .and_then(|it| it.iter_mut().next())
                .expect("a branch is an object with one member");
            let needed: Vec<&String> = before.iter().filter(|_| self.random.percent(60)).collect();
            if !needed.is_empty() {
                task["metadata"]["motet"]["needs"] = json!(needed);
            }
            before.push(name.clone());
        }
        if self.random.percent(50) {
            branches.reverse();
        }
    }

    fn trying(&mut self, depth: usize) -> Json {
        let mut catch = json!({});
        if self.random.percent(30) {
            let status = *self.random.of(&[404, 408, 500, 503]);
            catch["errors"] = json!({"with": {"status": status}});
        }
        if self.random.percent(15) {
            catch["when"] = json!(self.random.of(&["$error.status >= 500", "error(\"when\")"]));
        }
        if self.random.percent(50) {
            catch["retry"] = self.retry();
        }
        if self.random.percent(50) {
            catch["do"] = self.list(depth + 1, 2);
        }
        json!({"try": self.list(depth + 1, 2), "catch": catch})
    }

    fn retry(&mut self) -> Json {
        match self.random.below(3) {
            0 => json!("often"),
            1 => json!({
                "delay": {"milliseconds": 500},
                "backoff": {"exponential": {}},
                "limit": {"attempt": {"count": 2, "duration": {"seconds": 2}}},
                "jitter": {"from": {"milliseconds": 1}, "to": {"milliseconds": 900}},
            }),
            _ => {
                json!({"backoff": {"linear": {}}, "limit": {"duration": {"seconds": 5}, "attempt": {"count": 3}}})
            }
        }
    }

    fn transform(&mut self) -> &'static str {
        const TRANSFORMS: [&str; 9] = [
            "${ . }",
            "${ {n: ((.n? // 0) + 1)} }",
            "${ {n: 1, items: [1, 2, 3]} }",
            "${ $task.input }",
            "${ {n: 2, context: $context} | del(.context.context) }",
            "${ {n: ($workflow.id | length)} }",
            "${ {n: $task.startedAt.epoch.seconds} }",
            "${ error(\"on purpose\") }",
            "${ 1 | keys }",
        ];
        let without_failing = if self.random.percent(40) { 0 } else { 2 };
        TRANSFORMS[self.random.below(TRANSFORMS.len() - without_failing)]
    }

    fn condition(&mut self) -> &'static str {
        const CONDITIONS: [&str; 6] = [
            "true",
            "(.n? // 0) < 3",
            "false",
            "($context | type) == \"object\"",
            "($workflow.input | type) == \"object\"",
            "error(\"condition\")",
        ];
        CONDITIONS[self.random.below(CONDITIONS.len())]
    }

    fn directive(&mut self, siblings: &[String]) -> String {
        match self.random.below(8) {
            0..4 => "continue".to_owned(),
            4 => "exit".to_owned(),
            5 => "end".to_owned(),
            _ if siblings.is_empty() => "continue".to_owned(),
            _ => self.random.of(siblings).clone(),
        }
    }
}
