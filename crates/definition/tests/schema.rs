//! Our JSON Schema and the reader agree, with each other and with the language's own schema.

mod kit;

use jsonschema::Validator;
use motet_definition::{Code, Diagnostic, json_schema, parse, to_json};
use motet_types::Limits;
use serde_json::{Value, json};

#[test]
fn the_schema_takes_every_example_and_refuses_what_must_be_refused() {
    let validator = our_schema();
    let Some(examples) = kit::documents("examples") else { return };
    for (name, text) in examples {
        let document: Value = serde_yaml_ng::from_str(&text).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
    for (name, text) in kit::documents("invalid-fixtures").unwrap_or_default() {
        // One of them has a duplicate key, which a general reader already refuses.
        if let Ok(document) = serde_yaml_ng::from_str::<Value>(&text) {
            assert!(!validator.is_valid(&document), "{name}");
        }
    }
}

#[test]
fn a_document_with_everything_of_ours_is_valid_for_the_schema_and_the_reader() {
    let document: Value = serde_yaml_ng::from_str(OURS).unwrap();
    let parsed = parse(OURS, &Limits::default());
    assert!(parsed.document.is_some(), "{:#?}", parsed.diagnostics);
    let errors: Vec<String> =
        our_schema().iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    if let Some(official) = official_schema() {
        assert!(official.is_valid(&document), "our extensions must be valid for other runtimes");
    }
}

#[test]
fn the_official_schema_and_ours_and_the_reader_agree_on_every_mutation() {
    let (Some(documents), Some(official)) = (documents(), official_schema()) else { return };
    let ours = our_schema();
    let mut refused = 0;
    for (name, document) in documents {
        for (change, mutated) in mutations(&document) {
            let place = format!("{name} with {change}");
            let found = diagnostics(&mutated);
            let taken_by_us = !found.iter().any(Diagnostic::is_error);
            let taken_by_schema = ours.is_valid(&mutated);
            assert!(taken_by_schema || !taken_by_us, "only the reader takes {place}");
            if official.is_valid(&mutated) {
                let errors = found.iter().filter(|found| found.is_error());
                errors.for_each(|error| assert_on_purpose(error, &mutated, &change, &place));
                continue;
            }
            refused += 1;
            if is_taken_with_a_warning(&change) {
                let warned = |found: &Diagnostic| found.code == Code::NonPortableValue;
                assert!(taken_by_us && found.iter().any(warned), "{place}: {found:?}");
            } else {
                assert!(!taken_by_schema, "our schema takes {place}");
                assert!(!taken_by_us, "the reader takes {place}");
            }
        }
    }
    assert!(refused > 2_000, "only {refused} mutations were refused: the test tests too little");
}

/// What we refuse beyond the official schema is ours, or a matter of meaning.
fn assert_on_purpose(error: &Diagnostic, document: &Value, change: &str, place: &str) {
    let path = error.path.as_str();
    let ours = path.contains("/metadata/motet")
        || path.contains("/backoff/")
        || is_within_call_of_ours(document, path);
    let event = change.contains("/emit/event") && path.ends_with("/emit/event");
    let unknown =
        error.code.as_str().starts_with("unknown-") && error.code != Code::UnknownProperty;
    let meaning = unknown || matches!(error.code, Code::UndefinedVariable | Code::SeveralDefaults);
    assert!(ours || event || meaning, "{place}: {error:?}");
}

/// To the official schema `job` and `human` are functions of somebody, with any arguments.
fn is_within_call_of_ours(document: &Value, path: &str) -> bool {
    let task = path.split_once("/with").map_or(path, |(task, _)| task);
    let call = document.pointer(task).and_then(|task| task.get("call")).and_then(Value::as_str);
    matches!(call, Some("job" | "human"))
}

/// Numbers as headers and query parameters: the text of the specification allows them, its schema does not.
fn is_taken_with_a_warning(change: &str) -> bool {
    let Some(pointer) = change.strip_prefix("a number in its place at ") else { return false };
    let around = pointer.rsplit_once('/').map_or("", |(around, _)| around);
    around.ends_with("/with/headers") || around.ends_with("/with/query")
}

/// The examples and our own document of everything, as general readers see them.
fn documents() -> Option<Vec<(String, Value)>> {
    let mut texts = kit::documents("examples")?;
    texts.push(("everything".to_owned(), include_str!("documents/everything.yaml").to_owned()));
    let read = |(name, text): (String, String)| {
        (name, serde_yaml_ng::from_str(&text).expect("valid YAML"))
    };
    Some(texts.into_iter().map(read).collect())
}

fn diagnostics(document: &Value) -> Vec<Diagnostic> {
    let text = serde_json::to_string(document).expect("a value is JSON");
    parse(&text, &Limits::default()).diagnostics
}

fn our_schema() -> Validator {
    let schema: Value = serde_json::from_str(&to_json(&json_schema())).expect("valid JSON");
    jsonschema::draft202012::new(&schema).expect("a JSON Schema")
}

fn official_schema() -> Option<Validator> {
    kit::official_schema()
        .map(|schema| jsonschema::draft202012::new(&schema).expect("a JSON Schema"))
}

/// The document with one change each: a key removed, added or renamed, a value of another type.
fn mutations(document: &Value) -> Vec<(String, Value)> {
    let mut pointers = Vec::new();
    collect(document, String::new(), &mut pointers);
    let mut mutations = Vec::new();
    for pointer in pointers {
        for (what, change) in CHANGES {
            let mut mutated = document.clone();
            let place = mutated.pointer_mut(&pointer).expect("a pointer into it");
            if change(place) {
                mutations.push((format!("{what} at {pointer}"), mutated));
            }
        }
    }
    mutations
}

type Change = fn(&mut Value) -> bool;

const CHANGES: [(&str, Change); 6] = [
    ("the first key removed", |value| {
        let Some(object) = value.as_object_mut() else { return false };
        let key = object.keys().next().cloned();
        key.is_some_and(|key| object.remove(&key).is_some())
    }),
    ("the last key removed", |value| {
        let Some(object) = value.as_object_mut() else { return false };
        let key = object.keys().next_back().cloned();
        key.is_some_and(|key| object.remove(&key).is_some())
    }),
    ("an unknown key", |value| {
        let Some(object) = value.as_object_mut() else { return false };
        object.insert("zzz".to_owned(), json!({})).is_none()
    }),
    ("null in its place", |value| !std::mem::replace(value, Value::Null).is_null()),
    ("a number in its place", |value| !std::mem::replace(value, json!(7)).is_number()),
    ("a list in its place", |value| !std::mem::replace(value, json!([])).is_array()),
];

fn collect(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(value, format!("{pointer}/{key}"), pointers);
            }
        }
        Value::Array(items) => {
            for (idx, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{idx}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(pointer);
}

const OURS: &str = r#"
document:
  dsl: 1.0.3
  namespace: shop
  name: order
  version: 1.2.0
  metadata:
    team: sales
    motet:
      onFault: incident
      schedule: { timezone: Europe/Berlin, overlap: skip, catchup: last }
      attributes: { orderId: "${ .order.id }" }
      businessKey: ${ .order.id }
schedule:
  cron: 0 6 * * *
do:
  - book:
      metadata: { motet: { saga: true } }
      do:
        - charge:
            call: http
            with:
              method: post
              endpoint: http://payments/charges
              body: { amount: "${ .amount }" }
            metadata:
              motet:
                idempotent: true
                version: ^2
                compensate:
                  - refund:
                      call: http
                      with: { method: delete, endpoint: "http://payments/charges/{id}" }
        - confirm:
            call: http
            with: { method: put, endpoint: http://orders/confirmations }
            metadata: { motet: { pivot: true } }
  - gather:
      for: { each: item, in: .items }
      do:
        - ask:
            call: job
            with: { type: pick, input: "${ $item }" }
      metadata: { motet: { parallel: { max: 8, failFast: true, collect: true } } }
  - spread:
      fork:
        branches:
          - pack: { set: { packed: true } }
          - label: { set: { labelled: true } }
          - ship:
              set: { shipped: true }
              metadata: { motet: { needs: [pack, label] } }
  - rest:
      wait: { seconds: 0 }
      metadata: { motet: { until: .deliverAt } }
"#;

#[test]
fn the_schema_explains_every_property_and_points_to_nothing_that_is_missing() {
    let schema: Value = serde_json::from_str(&to_json(&json_schema())).unwrap();
    let mut pointers = Vec::new();
    collect(&schema, String::new(), &mut pointers);
    let mut properties = 0;
    for pointer in pointers {
        let part = schema.pointer(&pointer).unwrap();
        if let Some(target) = part.get("$ref").and_then(Value::as_str) {
            let target = target.strip_prefix('#').unwrap();
            assert!(schema.pointer(target).is_some(), "{pointer} points to {target}");
        }
        let around = pointer.rsplit_once('/').map_or("", |(around, _)| around);
        let is_property =
            around.ends_with("/properties") && !around.ends_with("/properties/properties");
        if is_property {
            properties += 1;
            let description = part.get("description").and_then(Value::as_str).unwrap_or_default();
            assert!(description.ends_with('.'), "{pointer} is not explained");
        }
    }
    assert!(properties > 300, "only {properties} properties");
}
