//! Who depends on what, and who is hit when something fails.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use http::header::ACCEPT;
use motet_definition::dependencies::{
    DependencyGraph, Dependent, Drift, Edge, Observed, Subject, draw,
};
use motet_definition::graph::Format;
use motet_runtime::{Handle, ObservedEdge, Position, ServiceSummary, Target};
use motet_types::{Label, ServiceName, WorkflowRef};

use super::graph::{MEDIA_TYPES, media_type};
use crate::json::Object;
use crate::problem::Problem;
use crate::request::{Request, essence};
use crate::routes::Handled;
use crate::{answer, json};

mod hit;

use hit::Hit;

/// Forms of the graph: JSON first.
pub(crate) const FORMS: &[&str] =
    &[answer::JSON, MEDIA_TYPES[0], MEDIA_TYPES[1], MEDIA_TYPES[2], MEDIA_TYPES[3]];
/// The word for JSON among the forms of a drawing.
const JSON: &str = "json";

pub(crate) async fn graph(request: Request) -> Handled {
    let form = match request.query.text("format") {
        Some(JSON) => None,
        Some(_) => request.query.parsed::<Format>("format")?,
        None => accepted(request.header(ACCEPT.as_str())?),
    };
    let known = Known::of(Ask::of(&request)?).await?;
    match form {
        Some(form) => {
            let picture = draw(&known.graph, form);
            Ok(answer::with_body(StatusCode::OK, media_type(form), picture))
        }
        None => Ok(answer::json(StatusCode::OK, known.json(), known.position)),
    }
}

pub(crate) async fn impact(request: Request) -> Handled {
    let asked: Vec<String> = request.query.list("of").map(str::to_owned).collect();
    if asked.is_empty() {
        return Err(Problem::invalid("of", "name what fails, as in of=service/shop/payments"));
    }
    let known = Known::of(Ask::of(&request)?).await?;
    let mut of = Vec::new();
    for text in &asked {
        let found = known.graph.find(text);
        let found = found.map_err(|error| Problem::invalid("of", error.to_string()))?;
        if found.is_empty() {
            let why = format!("{text} is not in the graph: GET /api/v1/graph lists what is");
            return Err(Problem::invalid("of", why));
        }
        of.extend(found);
    }
    let dependents = known.graph.dependents(&of);
    let services: Vec<&ServiceName> = of
        .iter()
        .filter_map(|idx| known.service(&known.graph.vertices[*idx]))
        .map(|own| &own.name)
        .collect();
    let hit = Hit::of(request.handle(), &services).await?;
    Ok(answer::json(StatusCode::OK, known.impact(&of, &dependents, &hit), known.position))
}

/// The form that is asked for; `None` is JSON, also for whoever takes anything.
fn accepted(accept: Option<&str>) -> Option<Format> {
    let wanted = accept.unwrap_or_default().split(',').map(essence);
    let form = |wanted: &str| match wanted {
        answer::JSON | "*/*" => Some(None),
        other => {
            Format::ALL.into_iter().find(|format| essence(media_type(*format)) == other).map(Some)
        }
    };
    wanted.into_iter().find_map(form).flatten()
}

/// Which part of the graph is asked for, and may be seen.
struct Ask {
    handle: Handle,
    wants_all: bool,
    namespace: Option<Label>,
    /// All where there is none.
    visible: Option<Vec<String>>,
    page_rows: usize,
}

impl Ask {
    fn of(request: &Request) -> Result<Self, Problem> {
        let namespace: Option<Label> = request.query.parsed("namespace")?;
        Ok(Self {
            handle: request.handle().clone(),
            wants_all: request.query.text("versions") == Some("all"),
            visible: request.visible(namespace.as_ref().map(Label::as_str))?,
            namespace,
            page_rows: request.api.options.limits.page_rows_max,
        })
    }

    fn sees(&self, own: &Label) -> bool {
        let is_visible = |names: &Vec<String>| names.iter().any(|name| name == own.as_str());
        self.namespace.as_ref().is_none_or(|wanted| wanted == own)
            && self.visible.as_ref().is_none_or(is_visible)
    }

    /// Registered services.
    async fn services(&self) -> Result<BTreeMap<ServiceName, ServiceSummary>, Problem> {
        let mut names = BTreeMap::new();
        let mut after = None;
        loop {
            let (limit, visible) = (self.page_rows, self.visible.clone());
            let (page, _) = self.handle.services(visible, after, limit).await?;
            after = page.last().filter(|_| page.len() == limit).map(|last| last.name.clone());
            let seen = page.into_iter().filter(|service| self.sees(&service.name.namespace));
            names.extend(seen.map(|service| (service.name.clone(), service)));
            if after.is_none() {
                return Ok(names);
            }
        }
    }
}

/// The graph as the caller may see it, with the instances that have not ended.
struct Known {
    graph: DependencyGraph,
    open: BTreeMap<WorkflowRef, u64>,
    services: BTreeMap<ServiceName, ServiceSummary>,
    position: Position,
}

impl Known {
    /// Of each workflow the version that starts now, and those with open instances; every one if so asked.
    async fn of(ask: Ask) -> Result<Self, Problem> {
        let view = ask.handle.catalog();
        let mut position = view.position;
        let mut open = BTreeMap::new();
        let names = view.catalog.workflows.keys().filter(|name| ask.sees(&name.namespace));
        for workflow in names {
            let (counts, covered) = ask.handle.open_versions(workflow).await?;
            position = position.min(covered);
            for (version, count) in counts {
                open.insert(WorkflowRef { workflow: workflow.clone(), version }, count);
            }
        }
        let starts = |workflow: &WorkflowRef| {
            let starting = view.catalog.resolve(&workflow.workflow, None);
            starting.is_ok_and(|starting| starting == *workflow)
        };
        let is_shown = |workflow: &WorkflowRef| {
            ask.sees(&workflow.workflow.namespace)
                && (ask.wants_all || open.contains_key(workflow) || starts(workflow))
        };
        let shown = view.graphs.iter().filter(|(workflow, _)| is_shown(workflow));
        let graphs = shown.map(|(_, graph)| graph.as_ref());
        let services = ask.services().await?;
        let names: BTreeSet<ServiceName> = services.keys().cloned().collect();
        let graph = DependencyGraph::new(graphs, &names, &|name, version| {
            view.catalog.resolve(name, Some(version)).ok()
        });
        let graph = graph.with_observed(ask.handle.observed().await?.into_iter().map(observed));
        let graph = graph.with_single_endpoints(|name| {
            services.get(name).is_some_and(|service| service.endpoints == 1)
        });
        Ok(Self { graph, open, services, position })
    }

    fn json(&self) -> Vec<u8> {
        json::object(|object| {
            object.array("vertices", |vertices| {
                for idx in 0..self.graph.vertices.len() {
                    vertices.object(|vertex| self.vertex(vertex, idx));
                }
            });
            object.array("edges", |edges| {
                for edge in &self.graph.edges {
                    edges.object(|object| self.edge(object, edge));
                }
            });
            object.array("cycles", |cycles| {
                for cycle in self.graph.cycles() {
                    cycles.object(|object| {
                        object.array("members", |members| {
                            cycle.iter().for_each(|idx| members.text(&self.graph.vertices[*idx]));
                        });
                    });
                }
            });
            object.array("orphans", |orphans| {
                let subjects = self.graph.orphans();
                subjects.iter().for_each(|idx| orphans.text(&self.graph.vertices[*idx]));
            });
            object.object("drift", |drift| self.drift(drift));
            object.array("singlePoints", |points| {
                let single = self.graph.single_points.iter();
                single.for_each(|idx| points.text(&self.graph.vertices[*idx]));
            });
            object.number("leftOut", self.graph.left_out as u64);
        })
    }

    fn edge(&self, object: &mut Object<'_>, edge: &Edge) {
        object.text("from", &self.graph.vertices[edge.from]);
        object.text("to", &self.graph.vertices[edge.to]);
        object.text("relation", edge.relation.as_str());
        object.array("places", |places| {
            edge.places.iter().for_each(|place| places.text(place));
        });
        if edge.observed.is_empty() {
            return;
        }
        object.array("observed", |list| {
            for observed in &edge.observed {
                list.object(|object| show(object, observed));
            }
        });
    }

    fn drift(&self, object: &mut Object<'_>) {
        let Drift { never_observed, undeclared } = self.graph.drift();
        for (key, edges) in [("neverObserved", never_observed), ("undeclared", undeclared)] {
            object.array(key, |list| {
                for edge in edges.iter().map(|idx| &self.graph.edges[*idx]) {
                    list.object(|object| {
                        object.text("from", &self.graph.vertices[edge.from]);
                        object.text("to", &self.graph.vertices[edge.to]);
                    });
                }
            });
        }
    }

    fn service(&self, subject: &Subject) -> Option<&ServiceSummary> {
        match subject {
            Subject::Service(name) => self.services.get(name),
            _ => None,
        }
    }

    fn impact(&self, of: &[usize], dependents: &[Dependent], hit: &Hit) -> Vec<u8> {
        json::object(|object| {
            object.array("of", |subjects| {
                of.iter().for_each(|idx| subjects.text(&self.graph.vertices[*idx]));
            });
            object.array("dependents", |list| {
                for Dependent { vertex, distance, through } in dependents {
                    list.object(|object| {
                        self.vertex(object, *vertex);
                        object.number("distance", *distance as u64);
                        object.text("through", &self.graph.vertices[*through]);
                    });
                }
            });
            hit.show(object);
            let hit = of.iter().chain(dependents.iter().map(|dependent| &dependent.vertex));
            let open = hit.filter_map(|idx| self.open_of(&self.graph.vertices[*idx])).sum::<u64>();
            object.number("open", open);
        })
    }

    fn vertex(&self, object: &mut Object<'_>, idx: usize) {
        let subject = &self.graph.vertices[idx];
        object.text("id", subject);
        object.text("kind", subject.kind());
        if self.graph.missing.contains(&idx) {
            object.truth("missing", true);
        }
        if let Some(open) = self.open_of(subject) {
            object.number("open", open);
        }
        if let Some(service) = self.service(subject) {
            object.number("endpoints", service.endpoints as u64);
            object.number("passing", service.passing as u64);
        }
    }

    /// Instances that have not ended; of workflows only.
    fn open_of(&self, subject: &Subject) -> Option<u64> {
        match subject {
            Subject::Workflow(workflow) => Some(self.open.get(workflow).copied().unwrap_or(0)),
            _ => None,
        }
    }
}

/// What was observed, by the names of the graph.
fn observed(edge: ObservedEdge) -> (WorkflowRef, Subject, Observed) {
    let (subject, version) = match edge.target {
        Target::Service(service, version) => (Subject::Service(service), Some(version)),
        Target::Host(host) => (Subject::Host(host), None),
    };
    let observed = Observed {
        version,
        calls: edge.calls,
        errors: edge.errors,
        in_flight: edge.in_flight,
        rate: edge.rate,
        p50: edge.p50,
        p99: edge.p99,
    };
    (edge.workflow, subject, observed)
}

fn show(object: &mut Object<'_>, observed: &Observed) {
    object.maybe_text("version", observed.version.as_ref());
    object.number("calls", observed.calls);
    object.number("errors", observed.errors);
    object.number("inFlight", observed.in_flight);
    object.decimal("ratePerSecond", observed.rate);
    for (key, quantile) in [("p50Ms", observed.p50), ("p99Ms", observed.p99)] {
        if let Some(within) = quantile {
            object.decimal(key, within.as_secs_f64() * 1e3);
        }
    }
}
