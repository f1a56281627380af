use expect_test::expect;
use motet_types::{Limits, WorkflowName, WorkflowRef};

use super::*;
use crate::graph::{Format, check};

fn compiled(name: &str, version: &str, body: &str) -> Graph {
    let head = format!(
        "document: {{ dsl: '1.0.3', namespace: shop, name: {name}, version: '{version}' }}"
    );
    let checked = check(&format!("{head}\n{body}"), &Limits::default());
    checked.graph.unwrap_or_else(|| panic!("{name}: {:#?}", checked.diagnostics))
}

const CHECKOUT: &str = "
do:
  - charge: { call: http, with: { method: post, endpoint: 'http://payments/charges' } }
  - again: { call: http, with: { method: post, endpoint: 'http://Payments/charges/${ .id }' } }
  - rate: { call: http, with: { method: get, endpoint: { uri: 'https://user@API.example.com:8443/rates' } } }
  - where: { call: http, with: { method: get, endpoint: '${ .url }' } }
  - host: { call: http, with: { method: get, endpoint: 'http://{host}/x' } }
  - half: { call: http, with: { method: get, endpoint: 'http://pay${ .suffix }' } }
  - pack: { call: job, with: { type: pack } }
  - ship: { run: { workflow: { namespace: shop, name: ship, version: ^1.0.0 } } }
  - bill: { run: { workflow: { namespace: shop, name: bill, version: 2.0.0 } } }
  - tell: { emit: { event: { with: { source: 'http://shop', type: order.placed } } } }
  - hear: { listen: { to: { any: [ { with: { type: order.paid } }, { with: { type: order.paid, subject: x } } ] } } }
";
const SHIP: &str = "
schedule: { on: { one: { with: { type: order.placed } } } }
do:
  - ask:
      fork:
        branches:
          - one: { call: http, with: { method: post, endpoint: 'http://carrier/labels' }, metadata: { motet: { compensate: [ { undo: { call: http, with: { method: delete, endpoint: 'http://carrier/labels' } } } ] } } }
          - two: { run: { workflow: { namespace: shop, name: checkout, version: latest } } }
";

fn example() -> DependencyGraph {
    let graphs = [compiled("checkout", "1.0.0", CHECKOUT), compiled("ship", "1.1.0", SHIP)];
    let service = |name: &str| ServiceName {
        namespace: "shop".parse().expect("a label"),
        name: name.parse().expect("a label"),
    };
    let services = ["payments", "unused"].map(service).into();
    let resolve = |name: &WorkflowName, _: &str| {
        let known = graphs.iter().find(|graph| graph.definition.workflow == *name);
        known.map(|graph| WorkflowRef::clone(&graph.definition))
    };
    DependencyGraph::new(&graphs, &services, &resolve)
}

#[test]
fn everything_that_a_definition_needs_is_found() {
    expect![[r#"
        workflow/shop/checkout:1.0.0
        ├─ runs workflow/shop/ship:1.1.0
        ├─ runs workflow/shop/bill:2.0.0  (missing)
        ├─ calls service/shop/payments  at 2 places
        ├─ calls host/api.example.com:8443
        ├─ hands to worker/shop/pack
        ├─ waits for event/shop/order.paid
        └─ calls computed/shop  at 3 places
        workflow/shop/ship:1.1.0
        ├─ runs workflow/shop/checkout:1.0.0
        ├─ calls service/shop/carrier  at 2 places  (missing)
        └─ waits for event/shop/order.placed
        service/shop/unused
        event/shop/order.placed
        └─ emitted by workflow/shop/checkout:1.0.0

        cycle: workflow/shop/checkout:1.0.0, workflow/shop/ship:1.1.0, event/shop/order.placed

        called by no workflow: service/shop/unused
    "#]]
    .assert_eq(&draw(&example(), Format::Text));
}

#[test]
fn who_is_hit_is_found_through_children_and_events() {
    let graph = example();
    let mut transcript = String::new();
    for asked in [
        "service/shop/payments",
        "event/shop/order.placed",
        "workflow/shop/ship",
        "service/shop/unused",
    ] {
        let of = graph.find(asked).unwrap();
        transcript.push_str(&format!("{asked}\n"));
        for Dependent { vertex, distance, through } in graph.dependents(&of) {
            let (vertex, through) = (&graph.vertices[vertex], &graph.vertices[through]);
            transcript.push_str(&format!("  {distance}  {vertex}  through {through}\n"));
        }
    }
    expect![[r#"
        service/shop/payments
          1  workflow/shop/checkout:1.0.0  through service/shop/payments
          2  workflow/shop/ship:1.1.0  through workflow/shop/checkout:1.0.0
          2  event/shop/order.placed  through workflow/shop/checkout:1.0.0
        event/shop/order.placed
          1  workflow/shop/ship:1.1.0  through event/shop/order.placed
          2  workflow/shop/checkout:1.0.0  through workflow/shop/ship:1.1.0
        workflow/shop/ship
          1  workflow/shop/checkout:1.0.0  through workflow/shop/ship:1.1.0
          2  event/shop/order.placed  through workflow/shop/checkout:1.0.0
        service/shop/unused
    "#]]
    .assert_eq(&transcript);
}

#[test]
fn names_are_whole_and_only_versions_may_be_left_out() {
    let graph = example();
    let found = |text: &str| match graph.find(text) {
        Ok(found) => found.iter().map(|idx| graph.vertices[*idx].to_string()).collect::<Vec<_>>(),
        Err(error) => vec![error.to_string()],
    };
    assert_eq!(found("workflow/shop/checkout"), ["workflow/shop/checkout:1.0.0"]);
    assert_eq!(found("workflow/shop/checkout:1.0.0"), ["workflow/shop/checkout:1.0.0"]);
    assert_eq!(found("host/api.example.com:8443"), ["host/api.example.com:8443"]);
    assert!(found("workflow/shop/check").is_empty());
    assert!(found("service/shop/pay").is_empty());
    for wrong in ["payments", "service/payments", "service//x", "thing/a/b", ""] {
        assert!(found(wrong)[0].contains("names nothing in the graph"), "{wrong}");
    }
}

/// The example, and what its calls have shown.
fn observed() -> DependencyGraph {
    let seen = |subject: Subject, version: Option<&str>, calls| {
        let workflow = compiled("checkout", "1.0.0", CHECKOUT).definition;
        let millis = |millis| Some(std::time::Duration::from_millis(millis));
        let observed = Observed {
            version: version.map(|version| version.parse().expect("a version")),
            calls,
            errors: calls / 10,
            in_flight: 0,
            rate: 0.25,
            p50: millis(3),
            p99: millis(1_200),
        };
        (WorkflowRef::clone(&workflow), subject, observed)
    };
    let service = |name: &str| {
        let label = |text: &str| text.parse().expect("a label");
        Subject::Service(ServiceName { namespace: label("shop"), name: label(name) })
    };
    let graph = example().with_observed([
        seen(service("payments"), Some("1.0.0"), 40),
        seen(service("payments"), Some("2.0.0"), 1),
        seen(service("bonus"), Some("1.0.0"), 7),
        seen(Subject::Host("old.example".to_owned()), None, 2),
    ]);
    let other = compiled("other", "1.0.0", SHIP).definition;
    let (_, subject, what) = seen(service("payments"), None, 1);
    assert_eq!(graph.clone().with_observed([(WorkflowRef::clone(&other), subject, what)]), graph);
    graph
}

#[test]
fn what_calls_have_shown_stands_beside_what_definitions_say() {
    let graph = observed();
    expect![[r#"
        workflow/shop/checkout:1.0.0
        ├─ runs workflow/shop/ship:1.1.0
        ├─ runs workflow/shop/bill:2.0.0  (missing)
        ├─ calls service/shop/bonus  (missing)  (in no definition)
        │    1.0.0: 7 calls, 0 failed, 0.25/s, 50 % in 3.0ms, 99 % in 1.2s
        ├─ calls service/shop/payments  at 2 places
        │    1.0.0: 40 calls, 4 failed, 0.25/s, 50 % in 3.0ms, 99 % in 1.2s
        │    2.0.0: 1 call, 0 failed, 0.25/s, 50 % in 3.0ms, 99 % in 1.2s
        ├─ calls host/api.example.com:8443
        ├─ calls host/old.example  (in no definition)
        │    2 calls, 0 failed, 0.25/s, 50 % in 3.0ms, 99 % in 1.2s
        ├─ hands to worker/shop/pack
        ├─ waits for event/shop/order.paid
        └─ calls computed/shop  at 3 places
        workflow/shop/ship:1.1.0
        ├─ runs workflow/shop/checkout:1.0.0
        ├─ calls service/shop/carrier  at 2 places  (missing)
        └─ waits for event/shop/order.placed
        service/shop/unused
        event/shop/order.placed
        └─ emitted by workflow/shop/checkout:1.0.0

        cycle: workflow/shop/checkout:1.0.0, workflow/shop/ship:1.1.0, event/shop/order.placed

        called by no workflow: service/shop/unused

        not called yet: host/api.example.com:8443 by workflow/shop/checkout:1.0.0
    "#]]
    .assert_eq(&draw(&graph, Format::Text));
    for format in [Format::Dot, Format::Mermaid, Format::Svg] {
        let picture = draw(&graph, format);
        assert!(
            picture.contains("40 calls, 4 failed, 0.25/s, 50 % in 3.0ms, 99 % in 1.2s"),
            "{picture}"
        );
    }
    let again = observed().with_observed([]);
    assert_eq!(again, graph);
}

#[test]
fn services_with_one_endpoint_are_told_if_something_depends_on_them() {
    let graph = example().with_single_endpoints(|name| name.name.as_str() != "carrier");
    let drawn = draw(&graph, Format::Text);
    assert!(drawn.contains("\nwith a single endpoint: service/shop/payments\n"), "{drawn}");
    // What is laid over it later moves vertices, and not the words.
    let graph = observed().with_single_endpoints(|_| true);
    let moved = graph.clone().with_observed([]).single_points;
    assert_eq!(graph.single_points, moved);
}

#[test]
fn without_a_computed_address_what_is_called_beyond_the_definition_is_drift() {
    let ends = |graph: &DependencyGraph, edges: &[usize]| -> Vec<String> {
        let edges = edges.iter().map(|idx| &graph.edges[*idx]);
        edges.map(|edge| graph.vertices[edge.to].to_string()).collect()
    };
    let graph = observed();
    let drift = graph.drift();
    assert_eq!(ends(&graph, &drift.never_observed), ["host/api.example.com:8443"]);
    assert_eq!(
        ends(&graph, &drift.undeclared),
        Vec::<String>::new(),
        "its computed addresses explain them"
    );
    let mut graph = graph;
    graph.edges.retain(|edge| !matches!(graph.vertices[edge.to], Subject::Computed(_)));
    assert_eq!(ends(&graph, &graph.drift().undeclared), ["service/shop/bonus", "host/old.example"]);
}

#[test]
fn pictures_name_every_vertex_and_every_edge() {
    let graph = example();
    for format in Format::ALL {
        let picture = draw(&graph, format);
        for subject in &graph.vertices {
            let name = subject.to_string();
            let name = if format == Format::Svg { name.split_once('/').unwrap().1 } else { &name };
            assert!(picture.contains(name), "{format:?} lacks {name}:\n{picture}");
        }
    }
    assert_eq!(draw(&graph, Format::Dot).matches(" -> ").count(), graph.edges.len());
    assert_eq!(draw(&graph, Format::Mermaid).matches(" -->|").count(), graph.edges.len());
    assert_eq!(
        draw(&graph, Format::Svg).matches("<path class=\"edge\"").count(),
        graph.edges.len()
    );
}

#[test]
fn chains_and_rings_of_any_length_are_searched() {
    const LENGTH: usize = 10_000;
    let ring = |closed: bool| {
        let vertices = (0..LENGTH).map(|nth| Subject::Host(format!("{nth:05}"))).collect();
        let edge = |from| Edge {
            from,
            to: (from + 1) % LENGTH,
            relation: Relation::Calls,
            places: Vec::new(),
            observed: Vec::new(),
        };
        let edges = (0..LENGTH - usize::from(!closed)).map(edge).collect();
        DependencyGraph { vertices, edges, ..DependencyGraph::default() }
    };
    assert!(ring(false).cycles().is_empty());
    assert_eq!(ring(true).cycles(), [(0..LENGTH).collect::<Vec<_>>()]);
    let dependents = ring(false).dependents(&[LENGTH - 1]);
    assert_eq!(dependents.len(), LENGTH - 1);
    assert_eq!(dependents.last().map(|last| last.distance), Some(LENGTH - 1));
}

proptest::proptest! {
    /// A vertex is in a cycle exactly when it depends on itself.
    #[test]
    fn cycles_are_what_depends_on_itself(pairs in proptest::collection::vec((0..12_usize, 0..12_usize), 0..30)) {
        let vertices = (0..12).map(|nth| Subject::Host(format!("{nth:02}"))).collect();
        let pairs: std::collections::BTreeSet<_> = pairs.into_iter().collect();
        let edge = |(from, to)| Edge { from, to, relation: Relation::Calls, places: Vec::new(), observed: Vec::new() };
        let graph = DependencyGraph { vertices, edges: pairs.iter().copied().map(edge).collect(), ..DependencyGraph::default() };
        let mut expected = Vec::new();
        for vertex in 0..12 {
            let is_own = pairs.contains(&(vertex, vertex));
            let mut reached = graph.dependents(&[vertex]).into_iter().map(|own| own.vertex);
            let returns = reached.any(|own| pairs.contains(&(vertex, own)));
            if is_own || returns {
                expected.push(vertex);
            }
        }
        let mut found = graph.cycles().concat();
        found.sort_unstable();
        proptest::prop_assert_eq!(found, expected);
    }
}
