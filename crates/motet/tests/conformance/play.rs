//! A scenario at the server: published, started, fed with events, commands and work, and looked at when it is over.

use std::time::{Duration, Instant};

use motet_definition::read_data;
use motet_expr::{Value, json};
use motet_scenario::{Command, Deed, EventContent, EventTime, Outcome, Scenario, check, event_of};
use motet_types::Limits;

use crate::client::Client;
use crate::place::Place;
use crate::stub::Stub;

/// How long a case may take; none needs a tenth of it on an idle machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long the server is asked to wait for an end before there is another look at what has to be done.
const LOOK: Duration = Duration::from_millis(250);

/// What is wrong with a scenario at the server.
pub(crate) fn wrong(
    scenario: &Scenario,
    number: usize,
    client: &Client,
    stub: &Stub,
) -> Vec<String> {
    let place = Place::new(number, stub);
    stub.open(&place.namespace, scenario.calls.clone());
    match played(scenario, &place, client, stub) {
        Ok(found) => found,
        Err(message) => vec![message],
    }
}

fn played(
    scenario: &Scenario,
    place: &Place,
    client: &Client,
    stub: &Stub,
) -> Result<Vec<String>, String> {
    for (name, value) in &scenario.secrets {
        let path = format!("/api/v1/secrets/{}/{name}", place.namespace);
        client.send("PUT", &path, &[("content-type", "text/plain")], value).accepted("a secret")?;
    }
    for definition in &scenario.workflows {
        publish(client, &place.outward(&definition.text)).accepted("publishing")?;
    }
    let answer = publish(client, &place.outward(&scenario.definition.text));
    if let Some(codes) = &scenario.expect.refused {
        let missing: Vec<&String> =
            codes.iter().filter(|code| !answer.body.contains(code.as_str())).collect();
        let is_refused = (400..500).contains(&answer.status) && missing.is_empty();
        let message = format!("publishing answers {} without {missing:?}", answer.status);
        return Ok(if is_refused { Vec::new() } else { vec![message] });
    }
    answer.accepted("publishing")?;
    let mut run = Run::start(scenario, place, client)?;
    let instance = run.finish()?;
    let took = run.began.elapsed();
    let (calls, trouble) = stub.calls(&place.namespace);
    let member = |name: &str| json::get(&instance, name).cloned();
    let status = member("status").as_ref().and_then(json::as_str).unwrap_or_default().to_owned();
    let mut outcome =
        Outcome::from_outside(status, (member("output"), member("error")), calls, trouble);
    (outcome.jobs, outcome.people) = (run.jobs.clone(), run.people.clone());
    outcome.undo = run.undone()?;
    let found = check(&scenario.expect, &outcome, true);
    let mut found: Vec<String> = found.into_iter().map(|it| it.message).collect();
    if let Some(elapsed) = scenario.expect.elapsed
        && took < elapsed.min
    {
        found.push(format!("it was over after {took:?}, and should take {:?}", elapsed.min));
    }
    Ok(found)
}

fn publish(client: &Client, document: &str) -> crate::client::Response {
    let headers = [("content-type", "application/yaml")];
    client.send("POST", "/api/v1/workflows", &headers, document)
}

/// Something that is to be done at a time.
enum Due<'s> {
    Event { body: Value, is_mail: bool },
    Command { command: &'s Command, is_refused: bool },
}

struct Run<'s> {
    scenario: &'s Scenario,
    place: &'s Place,
    client: &'s Client,
    id: String,
    began: Instant,
    /// Soonest first.
    due: Vec<(Duration, Due<'s>)>,
    /// How often each mock of work was asked.
    used: Vec<u32>,
    /// Attempts that were taken, or left alone.
    seen: Vec<String>,
    jobs: Vec<Value>,
    people: Vec<Value>,
}

impl<'s> Run<'s> {
    fn start(scenario: &'s Scenario, place: &'s Place, client: &'s Client) -> Result<Self, String> {
        let mut due = Vec::new();
        for (nth, mock) in scenario.events.iter().enumerate() {
            let EventContent::Given(attributes) = &mock.content else { continue };
            let event = event_of(attributes, nth + 1)?;
            let (body, is_mail) = (event.value().clone(), mock.is_mail);
            match mock.when {
                EventTime::Before => send_event(client, place, None, &body)?,
                EventTime::At(after) => due.push((after, Due::Event { body, is_mail })),
                EventTime::After { .. } => {}
            }
        }
        for action in &scenario.actions {
            let (command, is_refused) = (&action.command, action.is_refused);
            due.push((action.after, Due::Command { command, is_refused }));
        }
        due.sort_by_key(|(after, _)| *after);
        let head = read_data(&scenario.definition.text, &Limits::default()).value.unwrap();
        let head = json::get(&head, "document").and_then(|head| json::get(head, "name"));
        let name = head.and_then(json::as_str).unwrap();
        let path = format!("/api/v1/workflows/{}/{name}/instances", place.namespace);
        let input = place.outward(&json::to_text(&scenario.input));
        let began = Instant::now();
        let headers = [("content-type", "application/json")];
        let started = client.send("POST", &path, &headers, &input).accepted("the start")?;
        let id = json::get(&started, "id").and_then(json::as_str).unwrap().to_owned();
        let used = vec![0; scenario.work.len()];
        let (seen, jobs, people) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { scenario, place, client, id, began, due, used, seen, jobs, people })
    }

    /// Does what is to be done until the instance is where it is expected to be, or can go no further.
    fn finish(&mut self) -> Result<Value, String> {
        loop {
            while self.due.first().is_some_and(|(after, _)| *after <= self.began.elapsed()) {
                let (_, due) = self.due.remove(0);
                self.carry_out(due)?;
            }
            let next =
                self.due.first().map(|(after, _)| after.saturating_sub(self.began.elapsed()));
            let wait = next.unwrap_or(LOOK).min(LOOK);
            let instance = self.look(wait)?;
            let worked = self.work(&instance)?;
            let status = json::get(&instance, "status").and_then(json::as_str).unwrap_or_default();
            let is_over = matches!(status, "completed" | "faulted" | "cancelled");
            let is_there = status == self.scenario.expect.status && !worked;
            if self.due.is_empty() && (is_over || is_there) {
                return Ok(instance);
            }
            if self.began.elapsed() > PATIENCE {
                return Err(format!(
                    "after {PATIENCE:?} it was {status}: {}",
                    json::to_text(&instance)
                ));
            }
        }
    }

    /// The instance when it has ended, or after a time.
    fn look(&self, wait: Duration) -> Result<Value, String> {
        let path = format!("/api/v1/instances/{}?wait={}ms", self.id, wait.as_millis().max(1));
        let answer = self.client.get(&path);
        let text = self.place.inward(&answer.body);
        if answer.status != 200 {
            return Err(format!("the instance answers {}: {text}", answer.status));
        }
        json::parse(text.as_bytes(), json::Limits::default()).map_err(|error| error.to_string())
    }

    fn carry_out(&self, due: Due<'_>) -> Result<(), String> {
        match due {
            Due::Event { body, is_mail } => {
                send_event(self.client, self.place, is_mail.then_some(&*self.id), &body)
            }
            Due::Command { command, is_refused } => {
                let (word, query) = match command {
                    Command::Cancel { force, without_undo, .. } => {
                        ("cancel", format!("?force={force}&compensate={}", !without_undo))
                    }
                    Command::Suspend(_) => ("suspend", String::new()),
                    Command::Resume => ("resume", String::new()),
                    Command::Retry => ("retry", String::new()),
                };
                let path = format!("/api/v1/instances/{}/{word}{query}", self.id);
                let answer = self.client.send("POST", &path, &[], "");
                match (answer.status, is_refused) {
                    (409, true) => Ok(()),
                    (status, true) => Err(format!("{word} answers {status} and not 409")),
                    (_, false) => answer.accepted(word).map(drop),
                }
            }
        }
    }

    /// Does the work for which the instance waits; whether there was some.
    fn work(&mut self, instance: &Value) -> Result<bool, String> {
        let Some(Value::Arr(steps)) = json::get(instance, "steps") else { return Ok(false) };
        let mut worked = false;
        for step in steps.iter() {
            let Some(waits) = json::get(step, "waitsFor") else { continue };
            let text = |of: &Value, key: &str| {
                json::get(of, key).and_then(json::as_str).unwrap_or_default().to_owned()
            };
            let name = text(step, "name");
            worked |= match text(waits, "kind").as_str() {
                "worker" => self.work_as_worker(&name, &text(waits, "type"))?,
                "person" => self.work_as_person(&name, &text(waits, "task"), waits)?,
                _ => false,
            };
        }
        Ok(worked)
    }

    fn work_as_worker(&mut self, name: &str, kind: &str) -> Result<bool, String> {
        let wanted = json::object([
            ("namespaces", json::array([json::string(self.place.namespace.as_str())])),
            ("maxJobs", Value::from(10_usize)),
        ]);
        let path = format!("/api/v1/jobs/{kind}/activate");
        let given = self.client.post(&path, &wanted).accepted("activation")?;
        let Some(Value::Arr(jobs)) = json::get(&given, "jobs") else { return Ok(false) };
        for job in jobs.iter() {
            let id = json::get(job, "id").and_then(json::as_str).unwrap_or_default().to_owned();
            let answer = self.answer(name, kind, false)?;
            let by = answer.by.clone().unwrap_or_else(|| "worker".to_owned());
            let member = |key: &str| json::get(job, key).cloned().unwrap_or_default();
            let mut shown = vec![
                ("task", json::string(name)),
                ("type", json::string(kind)),
                ("input", member("input")),
                ("priority", member("priority")),
                ("attempts", member("attempt")),
                ("by", json::string(by.as_str())),
            ];
            self.look(answer.delay)?;
            let worker = ("worker", json::string(by));
            let (word, body, state) = match &answer.deed {
                Deed::Complete(output) => {
                    ("complete", json::object([worker, ("output", output.clone())]), "completed")
                }
                Deed::Fail { error, retries, backoff } => {
                    let mut members = vec![worker, ("error", error.clone())];
                    members.push(("retries", Value::from(*retries as usize)));
                    if let Some(backoff) = backoff {
                        let text = json::string(format!("{}ms", backoff.as_millis()));
                        members.push(("backoff", text));
                    }
                    ("fail", json::object(members), "failed")
                }
                Deed::Pending | Deed::Computed(_) => continue,
            };
            self.client.post(&format!("/api/v1/jobs/{id}/{word}"), &body).accepted(word)?;
            shown.push(("state", json::string(state)));
            let is_again = |other: &Value| json::get(other, "task") == Some(&json::string(name));
            // What is tried again is the same job.
            if json::get(job, "attempt") != Some(&Value::from(1_usize)) {
                let before = self.jobs.iter().rposition(is_again);
                before.map(|place| self.jobs.remove(place));
            }
            self.jobs.push(json::object(shown));
        }
        Ok(!jobs.is_empty())
    }

    fn work_as_person(&mut self, name: &str, task: &str, waits: &Value) -> Result<bool, String> {
        if self.seen.iter().any(|seen| seen == task) {
            return Ok(false);
        }
        self.seen.push(task.to_owned());
        let answer = self.answer(name, "", true)?;
        let Deed::Complete(output) = &answer.deed else { return Ok(false) };
        self.look(answer.delay)?;
        let path = format!("/api/v1/tasks/{task}");
        let shown = self.client.get(&path).accepted("a task")?;
        let by = answer.by.clone();
        let user = by.clone().unwrap_or_else(|| "somebody".to_owned());
        let body = json::object([("user", json::string(user)), ("output", output.clone())]);
        self.client.post(&format!("{path}/complete"), &body).accepted("completing a task")?;
        let member = |of: &Value, key: &str| json::get(of, key).cloned().unwrap_or_default();
        self.people.push(json::object([
            ("task", json::string(name)),
            ("title", member(&shown, "title")),
            ("input", member(&shown, "input")),
            ("assignee", member(waits, "assignee")),
            ("groups", member(waits, "groups")),
            ("by", by.map_or(Value::Null, json::string)),
            ("state", json::string("completed")),
        ]));
        Ok(true)
    }

    /// What the mocks say.
    fn answer(
        &mut self,
        name: &str,
        kind: &str,
        is_person: bool,
    ) -> Result<&'s motet_scenario::WorkAnswer, String> {
        let mocks = &self.scenario.work;
        let fits = |pattern: &str| pattern == name || (!is_person && pattern == kind);
        let place = mocks
            .iter()
            .position(|mock| mock.is_person == is_person && fits(&mock.pattern))
            .ok_or_else(|| format!("no mock does {name}"))?;
        let used = self.used[place];
        self.used[place] += 1;
        mocks[place].nth(used).ok_or_else(|| format!("{name} comes more than {used} times"))
    }

    /// What was undone, in order: the history tells, also of sagas that are over; with what outcome, as long as that is known.
    fn undone(&self) -> Result<Vec<Value>, String> {
        let path = format!("/api/v1/instances/{}", self.id);
        let noted = self.client.get(&format!("{path}/undo")).accepted("what was undone")?;
        let history = self.client.get(&format!("{path}/history")).accepted("the history")?;
        let list = |of: &Value, key: &str| match json::get(of, key) {
            Some(Value::Arr(items)) => items.to_vec(),
            _ => Vec::new(),
        };
        let entries = list(&noted, "entries");
        let undone = list(&history, "items")
            .into_iter()
            .filter(|record| json::get(record, "type").and_then(json::as_str) == Some("undone"));
        let shown = |record: Value| {
            let member = |key: &str| json::get(&record, key).cloned().unwrap_or_default();
            let is_it = |entry: &&Value| json::get(entry, "task") == json::get(&record, "task");
            let outcome = entries.iter().find(is_it).and_then(|entry| json::get(entry, "outcome"));
            let mut members = vec![
                ("task", member("name")),
                ("reference", member("task")),
                ("state", json::string("undone")),
            ];
            members.extend(outcome.map(|outcome| ("outcome", outcome.clone())));
            json::object(members)
        };
        Ok(undone.map(shown).collect())
    }
}

fn send_event(
    client: &Client,
    place: &Place,
    instance: Option<&str>,
    event: &Value,
) -> Result<(), String> {
    let path = match instance {
        Some(id) => format!("/api/v1/instances/{id}/events"),
        None => format!("/api/v1/events?namespace={}", place.namespace),
    };
    let headers = [("content-type", "application/cloudevents+json")];
    client.send("POST", &path, &headers, &json::to_text(event)).accepted("an event").map(drop)
}
