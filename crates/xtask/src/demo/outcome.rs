//! What became of the instances, for people.

use std::collections::BTreeMap;

use serde_json::Value;

use super::text;
use crate::http::Client;

/// Title of the error of a checkout whose shipping costs more than the customer pays.
const TOO_DEAR: &str = "Shipping is too dear";

/// Instances by workflow and outcome, with the id of one of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcomes(BTreeMap<(String, String), (usize, String)>);

impl Outcomes {
    pub(super) fn ask(client: &mut Client, ids: &[String]) -> anyhow::Result<Self> {
        let mut outcomes = Self::default();
        for id in ids {
            let path = format!("/api/v1/instances/{id}?wait=30s");
            let instance = client.get(&path)?.expect(&[200])?.json()?;
            outcomes.add(id, &instance);
        }
        Ok(outcomes)
    }

    fn add(&mut self, id: &str, instance: &Value) {
        let row = (text(instance, "workflow").to_owned(), outcome(instance));
        let (count, _) = self.0.entry(row).or_insert((0, id.to_owned()));
        *count += 1;
    }

    /// Orders that stand in the shop's books: each of these workflows places one.
    pub(super) fn placed(&self) -> usize {
        let places = |workflow: &str| matches!(workflow, "fulfil-order" | "checkout");
        let placed = self.0.iter().filter(|((workflow, _), _)| places(workflow));
        placed.map(|(_, (count, _))| count).sum()
    }

    /// Id of an instance worth looking at.
    pub(super) fn example(&self) -> &str {
        self.0.values().next().map_or("ID", |(_, id)| id)
    }

    /// Id of an order that failed after its charge.
    pub(super) fn undone(&self) -> Option<&str> {
        let row = ("checkout".to_owned(), format!("faulted: {TOO_DEAR}"));
        self.0.get(&row).map(|(_, id)| id.as_str())
    }

    pub(super) fn table(&self) -> String {
        let head = format!("{:14} {:38} {:>9}  one of them\n", "workflow", "outcome", "instances");
        let rows = self.0.iter().map(|((workflow, outcome), (count, id))| {
            format!("{workflow:14} {outcome:38} {count:>9}  {id}\n")
        });
        std::iter::once(head).chain(rows).collect()
    }
}

/// How far all instances are, and whether that is the end of them.
pub(super) fn progress(counts: &Value) -> (String, bool) {
    let none = serde_json::Map::new();
    let counts = counts["counts"].as_object().unwrap_or(&none);
    let of = |status: &str| counts.get(status).and_then(Value::as_u64).unwrap_or(0);
    let some = counts.iter().filter(|(_, count)| count.as_u64() > Some(0));
    let listed: Vec<String> = some.map(|(status, count)| format!("{count} {status}")).collect();
    let open: u64 = ["pending", "running", "waiting", "suspended"].into_iter().map(of).sum();
    (format!("children included: {}", listed.join(", ")), open == 0 && !listed.is_empty())
}

fn outcome(instance: &Value) -> String {
    let (status, output, error) =
        (text(instance, "status"), &instance["output"], &instance["error"]);
    match (text(output, "state"), text(output, "refusal"), text(error, "title")) {
        ("", _, "") => status.to_owned(),
        ("", _, title) => format!("{status}: {title}"),
        (state, "", _) => state.to_owned(),
        (state, refusal, _) => format!("{state}: {refusal}"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    #[test]
    fn outcomes_are_counted_by_what_came_of_them() {
        let of = |workflow: &str, status: &str, output: Value, error: Value| json!({ "workflow": workflow, "status": status, "output": output, "error": error });
        let confirmed = json!({ "state": "confirmed", "refusal": null });
        let refused = json!({ "state": "rejected", "refusal": "charge-refused" });
        let error = json!({ "title": "Shipping is over the budget" });
        let mut outcomes = Outcomes::default();
        for (id, instance) in [
            ("a", of("fulfil-order", "completed", confirmed.clone(), Value::Null)),
            ("b", of("fulfil-order", "completed", confirmed, Value::Null)),
            ("c", of("fulfil-order", "completed", refused, Value::Null)),
            ("d", of("restock", "completed", json!({ "stock": 1 }), Value::Null)),
            ("e", of("price-check", "faulted", Value::Null, error)),
            ("f", of("checkout", "completed", json!({ "state": "confirmed" }), Value::Null)),
            ("g", of("checkout", "faulted", Value::Null, json!({ "title": TOO_DEAR }))),
        ] {
            outcomes.add(id, &instance);
        }
        expect![[r#"
            workflow       outcome                                instances  one of them
            checkout       confirmed                                      1  f
            checkout       faulted: Shipping is too dear                  1  g
            fulfil-order   confirmed                                      2  a
            fulfil-order   rejected: charge-refused                       1  c
            price-check    faulted: Shipping is over the budget           1  e
            restock        completed                                      1  d
        "#]]
        .assert_eq(&outcomes.table());
        assert_eq!((outcomes.placed(), outcomes.example()), (5, "f"));
        assert_eq!((outcomes.undone(), Outcomes::default().undone()), (Some("g"), None));
    }

    #[test]
    fn progress_ends_when_nothing_is_open() {
        let of = |counts: Value| progress(&json!({ "counts": counts }));
        let (text, ended) = of(json!({ "running": 3, "waiting": 0, "completed": 4 }));
        assert_eq!((text.as_str(), ended), ("children included: 3 running, 4 completed", false));
        assert!(of(json!({ "faulted": 1, "completed": 4, "running": 0 })).1);
        assert!(!of(json!({})).1, "none are known yet");
    }
}
