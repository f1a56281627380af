//! `emit` and `listen`.

use std::ops::Range;

use motet_expr::json;
use motet_types::TaskId;

use super::Compiler;
use crate::graph::{Correlation, EventFilter, Foreach, Kind, Listen, Strategy, Until};
use crate::model::{self, is_pattern};
use crate::schedule::OnEvents;

pub(super) fn emit(compiler: &mut Compiler<'_>, emit: &model::Emit, path: &str) -> Option<Kind> {
    let path = format!("{path}/emit/event/with");
    let attributes: Vec<_> = emit
        .with
        .iter()
        .map(|(name, template)| {
            let path = format!("{path}/{}", super::escape(name));
            Some((name.clone(), compiler.template(template, &path)?))
        })
        .collect();
    attributes.into_iter().collect::<Option<Vec<_>>>().map(Kind::Emit)
}

pub(super) fn listen<'a>(
    compiler: &mut Compiler<'a>,
    id: TaskId,
    listen: &'a model::Listen,
    path: &str,
) -> Option<Kind> {
    let heard = heard(compiler, &listen.to, listen.read(), &format!("{path}/listen/to"));
    let foreach =
        listen.foreach.as_ref().map(|each| foreach(compiler, id, each, &format!("{path}/foreach")));
    Some(Kind::Listen(Box::new(Listen { foreach, ..heard? })))
}

/// The events that start instances.
pub(super) fn schedule(compiler: &mut Compiler<'_>) -> Option<OnEvents> {
    let own = compiler.document.schedule.as_ref()?;
    let read = own.read.unwrap_or(model::ReadAs::Data);
    let listen = heard(compiler, own.on.as_ref()?, read, "/schedule/on")?;
    let printed = json::get(compiler.printed, "schedule").cloned().unwrap_or_default();
    let said = ["on", "read"].map(|key| json::get(&printed, key).cloned().unwrap_or_default());
    let spec = blake3::hash(&json::canonical(&json::array(said))).to_hex().to_string();
    Some(OnEvents { spec, listen })
}

/// A strategy, and how its events are read.
fn heard(
    compiler: &mut Compiler<'_>,
    to: &model::EventStrategy,
    read: model::ReadAs,
    path: &str,
) -> Option<Listen> {
    let mut filters = Vec::new();
    let own = strategy(compiler, to, path, &mut filters);
    let until = match to {
        model::EventStrategy::Any { until: Some(until), .. } => {
            let path = format!("{path}/until");
            Some(match until {
                model::Until::Condition(condition) => {
                    Until::Condition(compiler.expression(condition, &path)?)
                }
                model::Until::Events(inner) => {
                    Until::Events(strategy(compiler, inner, &path, &mut filters))
                }
            })
        }
        _ => None,
    };
    let filters = filters.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Listen { to: own, until, read, foreach: None, filters })
}

fn strategy(
    compiler: &mut Compiler<'_>,
    own: &model::EventStrategy,
    path: &str,
    filters: &mut Vec<Option<EventFilter>>,
) -> Strategy {
    let from = filters.len();
    let mut add = |own: &[model::EventFilter], key: &str| -> Range<usize> {
        for (idx, own) in own.iter().enumerate() {
            filters.push(filter(compiler, own, &format!("{path}/{key}/{idx}")));
        }
        from..filters.len()
    };
    match own {
        model::EventStrategy::All(own) => Strategy::All(add(own, "all")),
        model::EventStrategy::Any { filters: own, .. } if own.is_empty() => {
            let everything =
                EventFilter { with: Vec::new(), correlate: Vec::new(), literal_type: None };
            filters.push(Some(everything));
            Strategy::Any(from..from + 1)
        }
        model::EventStrategy::Any { filters: own, .. } => Strategy::Any(add(own, "any")),
        model::EventStrategy::One(own) => {
            filters.push(filter(compiler, own, &format!("{path}/one")));
            Strategy::Any(from..from + 1)
        }
    }
}

fn filter(
    compiler: &mut Compiler<'_>,
    own: &model::EventFilter,
    path: &str,
) -> Option<EventFilter> {
    let with: Vec<_> = own
        .with
        .iter()
        .map(|(name, template)| {
            let path = format!("{path}/with/{}", super::escape(name));
            Some((name.clone(), compiler.template(template, &path)?))
        })
        .collect();
    let correlate: Vec<_> = own
        .correlate
        .iter()
        .flatten()
        .map(|(name, own)| {
            let path = format!("{path}/correlate/{}", super::escape(name));
            let from = compiler.expression(&own.from, &format!("{path}/from"));
            let expect = match &own.expect {
                Some(expect) => Some(compiler.template(expect, &format!("{path}/expect"))?),
                None => None,
            };
            Some(Correlation { name: name.clone(), from: from?, expect })
        })
        .collect();
    let literal_type = own.with.get("type").and_then(|kind| json::as_str(&kind.0));
    let is_literal = |kind: &&str| !kind.contains("${") && !is_pattern(kind);
    Some(EventFilter {
        with: with.into_iter().collect::<Option<_>>()?,
        correlate: correlate.into_iter().collect::<Option<_>>()?,
        literal_type: literal_type.filter(is_literal).map(str::to_owned),
    })
}

fn foreach<'a>(
    compiler: &mut Compiler<'a>,
    id: TaskId,
    own: &'a model::Foreach,
    path: &str,
) -> Foreach {
    compiler.with_locals(&[own.item(), own.at()], |compiler| Foreach {
        item: own.item().to_owned(),
        at: own.at().to_owned(),
        body: own.do_.as_ref().map(|list| compiler.scope(list, &format!("{path}/do"), Some(id))),
        output: compiler.output(own.output.as_ref(), &format!("{path}/output")),
        export: compiler.export(own.export.as_ref(), &format!("{path}/export")),
    })
}
