use expect_test::{Expect, expect};
use motet_types::Limits;

use super::{Format, draw};

const DOCUMENT: &str = "
document: { dsl: '1.0.3', namespace: shop, name: picture, version: '1.0.0' }
do:
  - ask:
      try:
        - post: { call: http, with: { method: post, endpoint: 'http://localhost:1/a', body: {} } }
      catch:
        retry: { delay: PT1S }
        do:
          - note: { set: { failed: true } }
  - choose:
      switch:
        - cheap: { when: .total < 10, then: nap }
        - dear: { then: end }
  - both:
      fork:
        branches:
          - left: { set: { side: left } }
          - right: { wait: PT1H30M }
  - order:
      fork:
        branches:
          - pack: { set: { packed: true }, metadata: { motet: { needs: [pay, pick] } } }
          - pick: { set: { picked: true } }
          - pay: { wait: PT1S, metadata: { motet: { until: .due } } }
          - bill: { set: { billed: true }, metadata: { motet: { needs: [pay] } } }
  - nap: { wait: { milliseconds: 1500 } }
";

fn check(format: Format, expected: Expect) {
    let checked = crate::graph::check(DOCUMENT, &Limits::default());
    let graph = checked.graph.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
    expected.assert_eq(&draw(&graph, format));
}

#[test]
fn an_outline_names_the_ways_that_are_not_the_next_task() {
    check(
        Format::Text,
        expect![[r#"
            shop/picture:1.0.0
            ├─ ask  try, with retries
            │  ├─ try
            │  │  └─ post  POST http://localhost:1/a
            │  └─ catch
            │     └─ note  set
            ├─ choose  switch  cheap → nap  dear → end
            ├─ both  fork
            │  ├─ left  set
            │  └─ right  wait 1h 30m
            ├─ order  fork
            │  ├─ pack  set  needs pick, pay
            │  ├─ pick  set
            │  ├─ pay  wait until …
            │  └─ bill  set  needs pay
            └─ nap  wait 1s 500ms
        "#]],
    );
}

#[test]
fn dot_draws_clusters() {
    check(
        Format::Dot,
        expect![[r#"
            digraph "shop/picture:1.0.0" {
              node [shape=box, style=rounded, fontname="sans-serif"];
              edge [fontname="sans-serif"];
              compound=true;
              start [shape=circle, label=""];
              end [shape=doublecircle, label=""];
              start -> t0;
              subgraph cluster_0 {
                label="ask\ntry, with retries";
                t0 [shape=point, label=""];
                t1 [label="post\nPOST http://localhost:1/a"];
                t0 -> t1;
                t2 [label="note\nset"];
                t0 -> t2 [style=dashed, label="caught"];
              }
              t0 -> t3;
              t3 [label="choose\nswitch", shape=diamond];
              t3 -> t12 [label="cheap"];
              t3 -> end [label="dear"];
              subgraph cluster_4 {
                label="both\nfork";
                t4 [shape=point, label=""];
                t5 [label="left\nset"];
                t6 [label="right\nwait 1h 30m"];
                t4 -> t5;
                t4 -> t6;
              }
              t4 -> t7;
              subgraph cluster_7 {
                label="order\nfork";
                t7 [shape=point, label=""];
                t8 [label="pack\nset"];
                t9 [label="pick\nset"];
                t9 -> t8;
                t10 [label="pay\nwait until …"];
                t10 -> t8;
                t10 -> t11;
                t11 [label="bill\nset"];
                t7 -> t9;
                t7 -> t10;
              }
              t7 -> t12;
              t12 [label="nap\nwait 1s 500ms"];
              t12 -> end;
            }
        "#]],
    );
}

#[test]
fn mermaid_draws_subgraphs() {
    check(
        Format::Mermaid,
        expect![[r#"
            flowchart TD
              start(( )) --> t0
              finish(((end)))
              subgraph t0 ["ask<br/>try, with retries"]
                t1["post<br/>POST http://localhost:1/a"]
                t2["note<br/>set"]
              end
              t0 --> t3
              t3{"choose<br/>switch"}
              t3 -->|"cheap"| t12
              t3 -->|"dear"| finish
              subgraph t4 ["both<br/>fork"]
                t5["left<br/>set"]
                t6["right<br/>wait 1h 30m"]
              end
              t4 --> t7
              subgraph t7 ["order<br/>fork"]
                t8["pack<br/>set"]
                t9["pick<br/>set"]
                t9 --> t8
                t10["pay<br/>wait until …"]
                t10 --> t8
                t10 --> t11
                t11["bill<br/>set"]
              end
              t7 --> t12
              t12["nap<br/>wait 1s 500ms"]
              t12 --> finish
        "#]],
    );
}

#[test]
fn svg_is_well_formed_and_holds_every_task() {
    let checked = crate::graph::check(DOCUMENT, &Limits::default());
    let graph = checked.graph.unwrap();
    let svg = draw(&graph, Format::Svg);
    for vertex in &graph.vertices {
        assert!(svg.contains(&format!(">{}</text>", vertex.name)), "{}", vertex.name);
    }
    let opened = svg.matches("<g>").count();
    assert_eq!((opened, svg.matches("</g>").count()), (graph.vertices.len(), opened));
    assert!(!svg.contains("NaN") && svg.ends_with("</svg>\n"));
}

#[test]
fn lengths_of_time_are_readable() {
    let readable = |millis| super::Readable(std::time::Duration::from_millis(millis)).to_string();
    let table = [(0, "0ms"), (1_500, "1s 500ms"), (5_400_000, "1h 30m"), (86_400_000, "1d")];
    for (millis, text) in table {
        assert_eq!(readable(millis), text);
    }
}
