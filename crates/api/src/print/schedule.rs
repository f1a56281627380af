use motet_runtime::{Catchup, Overlap, Plan, Rule, ScheduleView};

use crate::json::Object;

/// The schedule of a workflow: what it asks for, what comes next, and what there was, the newest first.
pub(crate) fn schedule(object: &mut Object<'_>, view: &ScheduleView) {
    let schedule = &view.schedule;
    object.text("namespace", &view.workflow.namespace);
    object.text("workflow", &view.workflow.name);
    object.text("version", &schedule.definition.version);
    if let Some(plan) = &view.plan {
        asked(object, plan);
    }
    object.truth("paused", schedule.paused.is_some());
    if let Some(pause) = &schedule.paused {
        object.text("pausedAt", pause.at);
        object.maybe_text("reason", pause.reason.as_ref());
    }
    object.array("upcoming", |items| {
        for (at, trigger) in &view.upcoming {
            items.object(|item| {
                item.text("at", at);
                let local = view.plan.as_ref().and_then(|plan| plan.zone.local(*at));
                item.maybe_text("local", local);
                item.text("trigger", trigger);
            });
        }
    });
    let ready = schedule.on.as_ref().map_or(0, |on| on.ready);
    object.number("waiting", schedule.waiting.len() as u64 + ready);
    if let Some(on) = &schedule.on {
        object.number("gathering", on.open);
        if let Some(problem) = &on.problem {
            object.object("problem", |object| {
                object.text("at", problem.at);
                object.text("detail", &problem.text);
            });
        }
    }
    object.array("running", |items| {
        schedule.running.iter().rev().for_each(|own| items.text(own.id));
    });
    object.array("latest", |items| {
        for begun in schedule.latest.iter().rev() {
            items.object(|item| {
                item.text("instanceId", begun.planned.id);
                item.text("trigger", begun.planned.trigger);
                item.text("scheduledAt", begun.planned.nominal);
                item.text("startedAt", begun.at);
                item.maybe_text("endedAt", begun.ended.map(|(at, _)| at));
                item.maybe_text("outcome", begun.ended.map(|(_, ending)| ending.as_str()));
            });
        }
    });
    object.number("started", schedule.started);
    object.number("leftOut", schedule.left_out);
}

/// What the document asks for, with what it leaves out filled in.
fn asked(object: &mut Object<'_>, plan: &Plan) {
    for rule in &plan.rules {
        match rule {
            Rule::Cron(cron) => object.text("cron", cron.text()),
            Rule::Every(interval) => object.text("every", iso8601(*interval)),
            Rule::After(delay) => object.text("after", iso8601(*delay)),
        }
    }
    if let Some(on) = &plan.on {
        object.array("on", |items| match on.listen.types() {
            Some(types) => types.into_iter().for_each(|kind| items.text(kind)),
            None => items.text("*"),
        });
    }
    object.text("timezone", &plan.zone);
    let overlap = match plan.overlap {
        Overlap::Allow => "allow",
        Overlap::Skip => "skip",
        Overlap::Queue => "queue",
        Overlap::Replace => "replace",
    };
    object.text("overlap", overlap);
    let catchup = match plan.catchup {
        Catchup::None => "none",
        Catchup::Last => "last",
        Catchup::All => "all",
    };
    object.text("catchup", catchup);
}

/// As ISO 8601 writes it, in seconds.
fn iso8601(span: std::time::Duration) -> String {
    match span.subsec_millis() {
        0 => format!("PT{}S", span.as_secs()),
        millis => format!("PT{}.{millis:03}S", span.as_secs()),
    }
}
