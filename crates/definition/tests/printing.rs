//! What is printed, and what a digest covers.

use expect_test::expect;
use motet_definition::{canonical, parse, print, to_json, to_yaml};
use motet_types::Limits;

const ORDER: &str = r##"
do:
  - decide: { then: end, switch: [ { default: { then: exit } } ], if: .a }
evaluate: { mode: strict }
document:
  version: 1.0.0
  name: order
  namespace: shop
  dsl: 1.0.3
  tags: { z: 1.0, a: [ ], "é": "yes", on: "", list: [ [ 1, [ 2 ] ], { k: v }, "a: b", "- c", " d", "1", "null", "#e", "f\tg" ], text: "one\ntwo\n", raw: "  x\ny" }
"##;

#[test]
fn yaml_in_the_usual_order() {
    let document = parse(ORDER, &Limits::default()).document.unwrap();
    expect![[r##"
        document:
          dsl: "1.0.3"
          namespace: shop
          name: order
          version: "1.0.0"
          tags:
            z: 1.0
            a: []
            "é": "yes"
            "on": ""
            list:
              - - 1
                - - 2
              - k: v
              - "a: b"
              - "- c"
              - " d"
              - "1"
              - "null"
              - "#e"
              - "f\tg"
            text: |
              one
              two
            raw: "  x\ny"
        evaluate:
          mode: strict
        do:
          - decide:
              if: .a
              switch:
                - default:
                    then: exit
              then: end
    "##]]
    .assert_eq(&to_yaml(&print(&document)));
}

#[test]
fn json_in_the_usual_order() {
    let document = parse(ORDER, &Limits::default()).document.unwrap();
    let json = to_json(&print(&document));
    let again = parse(&json, &Limits::default()).document;
    assert_eq!(again, Some(document));
    assert!(json.starts_with("{\n  \"document\": {\n    \"dsl\": \"1.0.3\",\n"), "{json}");
}

#[test]
fn the_canonical_form_does_not_depend_on_how_the_document_was_written() {
    let document = parse(ORDER, &Limits::default()).document.unwrap();
    let text = String::from_utf8(canonical(&document)).unwrap();
    expect![[r##"{"do":[{"decide":{"if":".a","switch":[{"default":{"then":"exit"}}],"then":"end"}}],"document":{"dsl":"1.0.3","name":"order","namespace":"shop","tags":{"a":[],"list":[[1,[2]],{"k":"v"},"a: b","- c"," d","1","null","#e","f\tg"],"on":"","raw":"  x\ny","text":"one\ntwo\n","z":1.0,"é":"yes"},"version":"1.0.0"},"evaluate":{"mode":"strict"}}"##]].assert_eq(&text);
    for rewritten in [to_yaml(&print(&document)), to_json(&print(&document)), text.clone()] {
        let again = parse(&rewritten, &Limits::default()).document.unwrap();
        assert_eq!(String::from_utf8(canonical(&again)).unwrap(), text);
    }
    let changed = ORDER.replace("z: 1.0", "z: 1");
    let changed = parse(&changed, &Limits::default()).document.unwrap();
    assert_ne!(canonical(&changed), text.as_bytes(), "1.0 and 1 are written differently");
}
