//! The specification's own examples: all are taken and printed back without loss, and what must be refused is.

mod kit;

use motet_definition::{Code, parse, print, to_json, to_yaml};
use motet_types::Limits;

#[test]
fn every_example_is_read_and_printed_back_without_loss() {
    let Some(examples) = kit::documents("examples") else {
        return;
    };
    assert_eq!(examples.len(), 68);
    for (name, text) in examples {
        let parsed = parse(&text, &Limits::default());
        let Some(document) = parsed.document else {
            panic!("{name} is refused: {:#?}", parsed.diagnostics)
        };
        let independent: serde_json::Value = serde_yaml_ng::from_str(&text).unwrap();
        let printed = print(&document);
        let json: serde_json::Value = serde_json::from_str(&to_json(&printed)).unwrap();
        assert_eq!(json, independent, "{name} changes when it is printed as JSON");
        let yaml = to_yaml(&printed);
        let reread: serde_json::Value = serde_yaml_ng::from_str(&yaml).unwrap();
        assert_eq!(reread, independent, "{name} changes when it is printed as YAML:\n{yaml}");
        for text in [yaml, to_json(&printed)] {
            let again = parse(&text, &Limits::default());
            assert_eq!(again.document.as_ref(), Some(&document), "{name} is not read as printed");
        }
    }
}

#[test]
fn examples_are_warned_about_only_where_a_call_may_not_be_repeated() {
    let Some(examples) = kit::documents("examples") else {
        return;
    };
    for (name, text) in examples {
        for diagnostic in parse(&text, &Limits::default()).diagnostics {
            assert_eq!(diagnostic.code, Code::UndeclaredIdempotency, "{name}: {diagnostic:?}");
        }
    }
}

#[test]
fn what_must_be_refused_is_refused_for_the_right_reason() {
    let Some(fixtures) = kit::documents("invalid-fixtures") else {
        return;
    };
    let expected = [
        ("extra-property-in-call.yaml", vec![Code::UnknownProperty]),
        ("listen-any-until-any-until.yaml", vec![Code::DuplicateKey, Code::NestedUntil]),
        ("two-tasks-in-one-item.yaml", vec![Code::TaskItem]),
    ];
    assert_eq!(fixtures.len(), expected.len());
    for ((name, text), (expected_name, codes)) in fixtures.iter().zip(expected) {
        let parsed = parse(text, &Limits::default());
        let found: Vec<Code> = parsed.diagnostics.iter().map(|found| found.code).collect();
        assert_eq!((name.as_str(), found), (expected_name, codes));
        assert!(parsed.document.is_none(), "{name}");
    }
}

#[test]
fn every_workflow_of_the_conformance_kit_is_taken() {
    let Some(features) = kit::files("ctk", "feature") else { return };
    let mut count = 0;
    for (name, feature) in features {
        for text in feature.split("\"\"\"yaml\n").skip(1) {
            let text = text.split("\"\"\"").next().unwrap();
            if !text.contains("dsl:") {
                continue;
            }
            count += 1;
            let parsed = parse(&unindented(text), &Limits::default());
            assert!(parsed.document.is_some(), "{name}: {:#?}\n{text}", parsed.diagnostics);
        }
    }
    assert!(count >= 21, "only {count} workflows were found");
}

/// A doc string of Gherkin without the indentation of its feature.
fn unindented(text: &str) -> String {
    let indent = text.len() - text.trim_start().len();
    text.lines().map(|line| format!("{}\n", line.get(indent..).unwrap_or(""))).collect()
}
