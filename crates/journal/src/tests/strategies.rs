//! Arbitrary states: every variant, every field, values of every kind, many of them shared.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use motet_engine::room::Line;
use motet_engine::{
    Activity, Authorization, Begun, Body, Branch, BranchState, CallState, CatalogFact,
    CatalogRecord, CatchAction, ChildRequest, Deferred, End, Ending, Fact, Grant, Guard, Incident,
    Input, Instance, Namespaces, Next, Opening, Origin, Outcome, Parent, ParkReason, Parked, Path,
    Pause, Planned, Record, Request, Response, Role, Schedule, ScheduledStart, SecretName, Settled,
    Start, Step, Timer, TimerKind, Trigger, TryPhase, UndoCause, UndoEntry, UndoOutcome, UndoState,
    Undoing, Waiting, Work, WorkflowError,
};
use motet_expr::{Num, Value, json};
use motet_types::{
    Attempt, Digest, InstanceId, Label, StepId, TaskId, Timestamp, Version, WorkflowName,
    WorkflowRef,
};
use num_bigint::BigInt;
use proptest::collection::{btree_map, btree_set, vec, vec_deque};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::samples;
use crate::Message;

mod jobs;

/// Values that stand in several places of one state, some of them within others.
static POOL: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let order = samples::order();
    let text = json::string("y".repeat(100));
    let both = json::array([text.clone(), order.clone(), text.clone(), json::string("small")]);
    let all = json::object([("both", both.clone()), ("order", order.clone())]);
    vec![order, text, both, all]
});

pub(super) fn value() -> BoxedStrategy<Value> {
    let inner = |item: BoxedStrategy<Value>| {
        prop_oneof![
            vec(item.clone(), 0..6).prop_map(json::array),
            vec((text(), item), 0..6).prop_map(json::object),
        ]
    };
    prop_oneof![
        2 => scalar().prop_recursive(4, 24, 6, inner),
        1 => select(&POOL[..]),
    ]
    .boxed()
}

fn scalar() -> impl Strategy<Value = Value> + Clone {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|int| Value::Num(Num::Int(int as isize))),
        (-20..20_isize).prop_map(|int| Value::Num(Num::Int(int))),
        any::<f64>().prop_map(|float| Value::Num(Num::Float(float))),
        vec(any::<u8>(), 0..40)
            .prop_map(|bytes| Value::Num(Num::big_int(BigInt::from_signed_bytes_le(&bytes)))),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?"
            .prop_map(|text| Value::Num(Num::Dec(Arc::new(text)))),
        text().prop_map(json::string),
        "x{60,70}".prop_map(json::string),
    ]
}

fn text() -> impl Strategy<Value = String> + Clone {
    prop_oneof!["[a-z]{0,8}", ".{0,20}"]
}

fn at() -> impl Strategy<Value = Timestamp> + Clone {
    let micros = prop_oneof![1_700_000_000_000_000..1_700_000_001_000_000_i64, any::<i64>()];
    micros.prop_map(Timestamp::from_micros)
}

fn step_id() -> impl Strategy<Value = StepId> + Clone {
    prop_oneof![0..20_u32, any::<u32>()].prop_map(StepId)
}

fn task_id() -> impl Strategy<Value = TaskId> + Clone {
    prop_oneof![0..20_u32, any::<u32>()].prop_map(TaskId)
}

fn attempt() -> impl Strategy<Value = Attempt> + Clone {
    any::<u32>().prop_map(Attempt)
}

fn instance_id() -> impl Strategy<Value = InstanceId> + Clone {
    any::<[u8; 16]>().prop_map(InstanceId)
}

fn digest() -> impl Strategy<Value = Digest> + Clone {
    any::<[u8; 32]>().prop_map(Digest)
}

fn label() -> impl Strategy<Value = Label> + Clone {
    "[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?".prop_map(|text| text.parse().unwrap())
}

fn version() -> impl Strategy<Value = Version> + Clone {
    let (pre, build) = (select(&["", "-rc.1", "-0.x"][..]), select(&["", "+b", "+007"][..]));
    let number = || prop_oneof![0..3_u64, any::<u64>()];
    (number(), number(), number(), pre, build).prop_map(|(major, minor, patch, pre, build)| {
        format!("{major}.{minor}.{patch}{pre}{build}").parse().unwrap()
    })
}

fn workflow() -> impl Strategy<Value = WorkflowName> + Clone {
    (label(), label()).prop_map(|(namespace, name)| WorkflowName { namespace, name })
}

fn definition() -> BoxedStrategy<WorkflowRef> {
    (workflow(), version())
        .prop_map(|(workflow, version)| WorkflowRef { workflow, version })
        .boxed()
}

fn error() -> BoxedStrategy<Box<WorkflowError>> {
    let parts = (text(), any::<u16>(), of(text()), of(text()), of(text()));
    parts
        .prop_map(|(kind, status, instance, title, detail)| {
            Box::new(WorkflowError { kind, status, instance, title, detail })
        })
        .boxed()
}

fn result() -> BoxedStrategy<Result<Value, Box<WorkflowError>>> {
    prop_oneof![value().prop_map(Ok), error().prop_map(Err)].boxed()
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> + Clone {
    vec((text(), text()), 0..3)
}

fn request() -> BoxedStrategy<Arc<Request>> {
    let body =
        prop_oneof![Just(Body::Empty), value().prop_map(Body::Json), text().prop_map(Body::Text),];
    let authorization = prop_oneof![
        (text(), text())
            .prop_map(|(username, password)| Authorization::Basic { username, password }),
        text().prop_map(|token| Authorization::Bearer { token }),
    ];
    let timeout = any::<(u64, u32)>()
        .prop_map(|(seconds, nanos)| Duration::new(seconds, nanos % 1_000_000_000));
    let deferred = (any::<u32>(), value(), vec((text(), value()), 0..3), at())
        .prop_map(|(ordinal, input, variables, now)| Deferred { ordinal, input, variables, now });
    let head = (text(), text(), headers(), body, of(authorization));
    let rules = (any::<bool>(), timeout, any::<bool>(), vec(deferred, 0..3));
    (head, rules)
        .prop_map(|(head, (redirect, timeout, repeatable, deferred))| {
            let (method, uri, headers, body, authorization) = head;
            Arc::new(Request {
                method,
                uri,
                headers,
                body,
                authorization,
                redirect,
                timeout,
                repeatable,
                deferred,
            })
        })
        .boxed()
}

fn start() -> BoxedStrategy<Arc<Start>> {
    let parent = (instance_id(), step_id(), any::<bool>(), instance_id(), any::<u32>()).prop_map(
        |(instance, step, awaited, root, depth)| Parent { instance, step, awaited, root, depth },
    );
    let attributes = vec((text(), value()), 0..3);
    let head = (definition(), digest(), any::<u16>(), value(), text());
    let schedule = (trigger(), at()).prop_map(|(trigger, nominal)| Origin { trigger, nominal });
    let line = prop_oneof![
        instance_id().prop_map(Line::Root),
        definition().prop_map(|definition| Line::Workflow(definition.workflow)),
        definition().prop_map(|definition| Line::Namespace(definition.workflow.namespace)),
    ];
    let turn = (of(text()), vec(line, 0..3));
    (head, of(parent), of(text()), attributes, of(schedule), turn)
        .prop_map(
            |(
                (definition, digest, semantics, input, start_key),
                parent,
                business_key,
                attributes,
                schedule,
                (concurrency_key, lines),
            )| {
                Arc::new(Start {
                    definition,
                    digest,
                    semantics,
                    input,
                    start_key,
                    parent,
                    business_key,
                    attributes,
                    schedule,
                    concurrency_key,
                    lines,
                })
            },
        )
        .boxed()
}

fn child() -> BoxedStrategy<Arc<ChildRequest>> {
    (instance_id(), definition(), text(), value(), any::<bool>(), instance_id(), any::<u32>())
        .prop_map(|(id, definition, start_key, input, awaited, root, depth)| {
            let undoable = depth % 2 == 1;
            Arc::new(ChildRequest {
                id,
                definition,
                start_key,
                input,
                awaited,
                root,
                depth,
                undoable,
            })
        })
        .boxed()
}

fn end() -> BoxedStrategy<End> {
    prop_oneof![
        value().prop_map(End::Completed),
        (step_id(), error()).prop_map(|(step, error)| End::Faulted { step, error }),
        of(text()).prop_map(|reason| End::Cancelled { reason }),
    ]
    .boxed()
}

fn timer() -> impl Strategy<Value = TimerKind> + Clone {
    let all = [
        TimerKind::Wait,
        TimerKind::Retry,
        TimerKind::Attempt,
        TimerKind::Timeout,
        TimerKind::Again,
        TimerKind::Due,
    ];
    select(all.to_vec())
}

fn incident() -> BoxedStrategy<Incident> {
    prop_oneof![
        error().prop_map(Incident::Fault),
        error().prop_map(Incident::Undo),
        (text(), input())
            .prop_map(|(message, input)| Incident::Panic { message, input: Box::new(input) }),
    ]
    .boxed()
}

pub(super) fn record() -> BoxedStrategy<Record> {
    let fact = prop_oneof![flow_fact(), effect_fact(), life_fact(), jobs::fact(), undo_fact()];
    (at(), step_id(), of(task_id()), fact, of(text()))
        .prop_map(|(at, step, task, fact, actor)| {
            let actor = actor.map(Into::into);
            Record { at, step, task, fact, actor }
        })
        .boxed()
}

fn next() -> impl Strategy<Value = Next> + Clone {
    prop_oneof![task_id().prop_map(Next::Enter), Just(Next::EndScope), Just(Next::EndWorkflow)]
}

fn opening() -> BoxedStrategy<Opening> {
    prop_oneof![
        Just(Opening::Leaf),
        (task_id(), of(value())).prop_map(|(first, data)| Opening::Scope { first, data }),
        value().prop_map(|items| Opening::Loop { items }),
        (value(), any::<u32>(), any::<bool>())
            .prop_map(|(items, max, collect)| Opening::Parallel { items, max, collect }),
        (vec(task_id(), 0..4), any::<bool>(), vec((task_id(), task_id()), 0..3))
            .prop_map(|(branches, compete, needs)| Opening::Fork { branches, compete, needs }),
        (task_id(), of(at())).prop_map(|(first, due)| Opening::Try { first, due }),
        (step_id(), of(task_id())).prop_map(|(entry, first)| Opening::Undo { entry, first }),
    ]
    .boxed()
}

fn flow_fact() -> BoxedStrategy<Fact> {
    prop_oneof![
        (start(), of(value()), of(at()), task_id())
            .prop_map(|(start, data, due, first)| Fact::Started { start, data, due, first }),
        next().prop_map(|next| Fact::Skipped { next }),
        (step_id(), of(value()), of(at()), opening(), of(guard())).prop_map(
            |(parent, input, due, opening, guard)| Fact::Activated {
                parent,
                input,
                due,
                opening,
                guard
            }
        ),
        (any::<u32>(), task_id()).prop_map(|(index, first)| Fact::Iterated { index, first }),
        (step_id(), any::<u32>(), task_id())
            .prop_map(|(parent, index, first)| Fact::IterationBegan { parent, index, first }),
        error().prop_map(|error| Fact::IterationFailed { error }),
        Just(Fact::IterationsClosed),
        at().prop_map(|until| Fact::Waiting { until }),
        timer().prop_map(|timer| Fact::Fired { timer }),
        (of(value()), of(value()), next()).prop_map(|(output, context, next)| Fact::Completed {
            output,
            context,
            next
        }),
        (task_id(), of(at())).prop_map(|(first, due)| Fact::Retried { first, due }),
    ]
    .boxed()
}

fn effect_fact() -> BoxedStrategy<Fact> {
    let settled =
        (result(), any::<bool>()).prop_map(|(result, maybe_run)| Settled { result, maybe_run });
    prop_oneof![
        (attempt(), text(), request(), digest(), at()).prop_map(
            |(attempt, key, request, digest, due)| {
                Fact::Requested { attempt, key, request, digest, due }
            }
        ),
        (attempt(), at()).prop_map(|(attempt, due)| Fact::Resent { attempt, due }),
        (attempt(), settled).prop_map(|(attempt, settled)| Fact::Settled { attempt, settled }),
        attempt().prop_map(|attempt| Fact::Abandoned { attempt }),
        child().prop_map(|child| Fact::ChildRequested { child }),
        (result(), any::<bool>())
            .prop_map(|(result, undoable)| Fact::ChildEnded { result, undoable }),
        instance_id().prop_map(|child| Fact::ChildCancelled { child }),
    ]
    .boxed()
}

fn catch_action() -> impl Strategy<Value = CatchAction> + Clone {
    prop_oneof![
        (any::<u32>(), at()).prop_map(|(number, at)| CatchAction::Retry { number, at }),
        task_id().prop_map(|first| CatchAction::Handle { first }),
        Just(CatchAction::Leave),
    ]
}

fn life_fact() -> BoxedStrategy<Fact> {
    let action = catch_action();
    prop_oneof![
        error().prop_map(|error| Fact::Failed { error }),
        (error(), action).prop_map(|(error, action)| Fact::Caught { error, action }),
        (task_id(), error()).prop_map(|(branch, error)| Fact::BranchFailed { branch, error }),
        Just(Fact::Yielded),
        of(text()).prop_map(|reason| Fact::Suspended { reason }),
        Just(Fact::Resumed),
        incident().prop_map(|incident| Fact::IncidentRaised { incident: Box::new(incident) }),
        Just(Fact::Reopened),
        Just(Fact::Fed),
        (attempt(), parked()).prop_map(|(attempt, parked)| Fact::Parked { attempt, parked }),
        attempt().prop_map(|attempt| Fact::Released { attempt }),
        end().prop_map(|end| Fact::Ended { end }),
    ]
    .boxed()
}

fn parked() -> impl Strategy<Value = Parked> {
    let reason = select(
        &[ParkReason::Gate, ParkReason::Breaker, ParkReason::Limit, ParkReason::Endpoint][..],
    );
    (reason, at(), of(at()), any::<bool>()).prop_map(|(reason, since, until, sent)| Parked {
        reason,
        since,
        until,
        sent,
    })
}

fn guard() -> impl Strategy<Value = Guard> + Clone {
    any::<(bool, bool, bool, bool)>().prop_map(|(undo, saga, pivot, race)| Guard {
        undo,
        saga,
        pivot,
        race,
    })
}

fn undo_cause() -> BoxedStrategy<UndoCause> {
    prop_oneof![
        (error(), of(catch_action())).prop_map(|(error, catch)| UndoCause::Error { error, catch }),
        of(text()).prop_map(|reason| UndoCause::Cancelled { reason }),
        Just(UndoCause::Finishing),
        step_id().prop_map(|step| UndoCause::Parent { step }),
    ]
    .boxed()
}

fn undo_fact() -> BoxedStrategy<Fact> {
    prop_oneof![
        undo_cause().prop_map(|cause| Fact::UndoBegan { cause }),
        Just(Fact::Undone),
        of(step_id()).prop_map(|told| Fact::UndoEnded { told }),
        (error(), any::<u32>(), at()).prop_map(|(error, number, at)| Fact::Postponed {
            error,
            number,
            at
        }),
        instance_id().prop_map(|child| Fact::ChildUndoRequested { child }),
        attempt().prop_map(|attempt| Fact::Doubted { attempt }),
        Just(Fact::Admitted),
        start().prop_map(|start| Fact::Queued { start }),
        (of(text()), btree_map(text(), value(), 0..3)).prop_map(|(business_key, attributes)| {
            Fact::Described { business_key, attributes }
        }),
    ]
    .boxed()
}

fn undo_entry() -> BoxedStrategy<UndoEntry> {
    let outcomes = [UndoOutcome::Pending, UndoOutcome::Unknown, UndoOutcome::Completed];
    let state = prop_oneof![
        Just(UndoState::Noted),
        step_id().prop_map(UndoState::Undoing),
        Just(UndoState::Undone),
    ];
    let place = (task_id(), any::<[u8; 16]>().prop_map(Path), text(), step_id());
    let values = (value(), of(value()), of(error()), select(outcomes.to_vec()));
    let marks = (any::<bool>(), any::<bool>(), of(instance_id()), state);
    (place, values, marks, btree_set((step_id(), attempt()), 0..3))
        .prop_map(|(place, values, marks, open)| {
            let (task, path, key, holder) = place;
            let (input, output, error, outcome) = values;
            let (is_group, is_doomed, child, state) = marks;
            UndoEntry {
                task,
                path,
                key,
                holder,
                is_group,
                input,
                output,
                error,
                outcome,
                open,
                child,
                is_doomed,
                state,
            }
        })
        .boxed()
}

fn activity() -> BoxedStrategy<Activity> {
    let branch_state = prop_oneof![
        Just(BranchState::Pending),
        Just(BranchState::Open),
        (value(), of(value()))
            .prop_map(|(output, context)| BranchState::Completed { output, context }),
        error().prop_map(BranchState::Failed),
        Just(BranchState::Skipped),
    ];
    let states = vec(branch_state.clone(), 0..4);
    let parallel = (value(), states, any::<[u32; 3]>(), any::<[bool; 2]>(), of(value())).prop_map(
        |(items, iterations, [max, open, folded], [collect, is_closed], context)| {
            Activity::Parallel { items, max, collect, iterations, open, is_closed, folded, context }
        },
    );
    let branch = (task_id(), branch_state, vec(task_id(), 0..3), of(value()))
        .prop_map(|(task, state, needs, base)| Branch { task, state, needs, base });
    let phase = prop_oneof![
        Just(TryPhase::Body),
        Just(TryPhase::Delaying),
        error().prop_map(TryPhase::Handling),
    ];
    let state = select(&[CallState::InFlight, CallState::Settled, CallState::Abandoned][..]);
    prop_oneof![
        Just(Activity::Leaf),
        Just(Activity::Scope),
        (value(), any::<u32>()).prop_map(|(items, index)| Activity::Loop { items, index }),
        (any::<bool>(), vec(branch, 0..4))
            .prop_map(|(compete, branches)| Activity::Fork { compete, branches }),
        parallel,
        any::<u32>().prop_map(|index| Activity::Iteration { index }),
        (phase, any::<u32>()).prop_map(|(phase, retries)| Activity::Try { phase, retries }),
        Just(Activity::Wait),
        (attempt(), text(), request(), state, of(parked())).prop_map(
            |(attempt, key, request, state, parked)| {
                Activity::Call { attempt, key, request, state, parked }
            }
        ),
        jobs::activity(),
        child().prop_map(Activity::Child),
        (step_id(), of(instance_id())).prop_map(|(entry, child)| Activity::Undo { entry, child }),
    ]
    .boxed()
}

fn step() -> BoxedStrategy<Step> {
    let place = (of(task_id()), of(step_id()), any::<[u8; 16]>().prop_map(Path), at());
    let values = (value(), value(), of(value()), value());
    let visits = btree_map(task_id(), any::<u32>(), 0..3);
    let undoing = (undo_cause(), vec((at(), step_id(), timer()), 0..3))
        .prop_map(|(cause, timers)| Box::new(Undoing { cause, timers }));
    let saga = (of(guard()), any::<bool>(), of(undoing));
    (place, values, visits, of(result()), activity(), saga)
        .prop_map(|(place, values, visits, result, activity, saga)| {
            let (guard, committed, undoing) = saga;
            let (task, parent, path, started_at) = place;
            let (raw_input, input, context, data) = values;
            Step {
                task,
                parent,
                path,
                started_at,
                raw_input,
                input,
                context,
                data,
                visits,
                result,
                activity,
                guard,
                committed,
                undoing,
            }
        })
        .boxed()
}

fn work() -> impl Strategy<Value = Work> {
    prop_oneof![
        (step_id(), task_id()).prop_map(|(parent, task)| Work::Enter { parent, task }),
        step_id().prop_map(|step| Work::Iterate { step }),
        step_id().prop_map(|step| Work::Leave { step }),
        step_id().prop_map(|step| Work::Resend { step }),
        step_id().prop_map(|step| Work::Undo { step }),
        input().prop_map(|input| Work::Feed { input: Box::new(input) }),
    ]
}

pub(super) fn instance() -> BoxedStrategy<Instance> {
    let head = (instance_id(), start(), at(), at(), any::<u64>(), any::<u32>());
    let plan = (
        btree_map(step_id(), step(), 0..6),
        vec_deque(work(), 0..4),
        btree_set((at(), step_id(), timer()), 0..4),
        btree_set((step_id(), attempt()), 0..3),
        btree_map(step_id(), task_id(), 0..3),
    );
    let flags = (any::<bool>(), any::<bool>());
    let state = (flags, btree_map(step_id(), incident(), 0..3), of(end()));
    let undo = (
        btree_map(step_id(), undo_entry(), 0..3),
        btree_set(any::<[u8; 16]>().prop_map(Path), 0..3),
        btree_map(any::<[u8; 16]>().prop_map(Path), any::<u32>(), 0..3),
        any::<bool>(),
    );
    let found = (any::<bool>(), of(text()), btree_map(text(), value(), 0..3));
    (head, plan, state, undo, found)
        .prop_map(|(head, plan, (flags, incidents, end), undo, found)| {
            let (has_completed_call, suspended) = flags;
            let (is_queued, business_key, attributes) = found;
            let (undo, spent, repeats, undo_begun) = undo;
            let (id, start, started_at, updated_at, records, steps_activated) = head;
            let (steps, work, timers, abandoned, abandoned_tasks) = plan;
            Instance {
                id,
                start,
                started_at,
                updated_at,
                records,
                steps_activated,
                steps: steps.into_iter().collect(),
                work,
                timers: timers.into_iter().collect(),
                abandoned,
                abandoned_tasks,
                has_completed_call,
                suspended,
                incidents,
                end,
                events: None,
                undo,
                spent,
                repeats,
                undo_begun,
                is_queued,
                business_key,
                attributes,
            }
        })
        .boxed()
}

pub(super) fn catalog_record() -> BoxedStrategy<CatalogRecord> {
    // Few names, so that records meet in one workflow.
    let workflow = || {
        let names = ["a", "b"].map(|name| WorkflowName {
            namespace: "shop".parse().unwrap(),
            name: name.parse().unwrap(),
        });
        prop_oneof![3 => select(names.to_vec()), 1 => self::workflow()]
    };
    let published = (workflow(), version(), digest(), ".{0,40}").prop_map(
        |(workflow, version, digest, source)| CatalogFact::Published {
            definition: WorkflowRef { workflow, version },
            digest,
            source: source.into(),
        },
    );
    let tagged = (workflow(), label(), version(), of(text()), of(text())).prop_map(
        |(workflow, tag, version, actor, reason)| CatalogFact::Tagged {
            workflow,
            tag,
            version,
            actor,
            reason,
        },
    );
    let fact = prop_oneof![published, tagged, token_fact(), secret_fact()];
    (at(), fact, of(text())).prop_map(|(at, fact, actor)| CatalogRecord { at, fact, actor }).boxed()
}

fn token_fact() -> BoxedStrategy<CatalogFact> {
    let namespaces =
        prop_oneof![Just(Namespaces::All), btree_set(label(), 0..3).prop_map(Namespaces::Named),];
    let roles = btree_set(select(Role::ALL.to_vec()), 0..3);
    let grant = (label(), digest(), roles, namespaces, of(text()), of(at()));
    let created = (label(), grant).prop_map(|(id, grant)| {
        let (name, hash, roles, namespaces, description, expires) = grant;
        let grant = Grant { name, hash, roles, namespaces, description, expires };
        CatalogFact::TokenCreated { id, grant: Box::new(grant) }
    });
    let revoked =
        (label(), of(text())).prop_map(|(id, reason)| CatalogFact::TokenRevoked { id, reason });
    prop_oneof![created, revoked].boxed()
}

fn secret_fact() -> BoxedStrategy<CatalogFact> {
    let name = || {
        let name = (label(), "[a-z]{1,8}");
        name.prop_map(|(namespace, name)| SecretName { namespace, name })
    };
    let set = (name(), vec(any::<u8>(), 0..40))
        .prop_map(|(name, sealed)| CatalogFact::SecretSet { name, sealed: sealed.into() });
    let deleted =
        (name(), of(text())).prop_map(|(name, reason)| CatalogFact::SecretDeleted { name, reason });
    prop_oneof![set, deleted].boxed()
}

pub(super) fn message() -> BoxedStrategy<Message> {
    prop_oneof![
        (instance_id(), step_id(), child()).prop_map(|(parent, step, child)| Message::StartChild {
            parent,
            step,
            child
        }),
        (instance_id(), step_id(), instance_id(), end(), any::<bool>()).prop_map(
            |(parent, step, child, end, undoable)| Message::ChildEnded {
                parent,
                step,
                child,
                end,
                undoable
            }
        ),
        (instance_id(), step_id(), instance_id())
            .prop_map(|(parent, step, child)| Message::UndoChild { parent, step, child }),
        (instance_id(), step_id(), instance_id(), of(error())).prop_map(
            |(parent, step, child, error)| Message::ChildUndone { parent, step, child, error }
        ),
        instance_id().prop_map(|child| Message::CancelChild { child }),
        instance_id().prop_map(|id| Message::CancelScheduled { id }),
        (definition(), instance_id(), at()).prop_map(|(definition, id, at)| {
            let (workflow, ending) = (definition.workflow, Ending::Faulted);
            Message::ScheduledEnded { workflow, id, at, ending }
        }),
        (instance_id(), definition(), text(), trigger(), at(), of(value())).prop_map(
            |(id, definition, start_key, trigger, nominal, input)| {
                let origin = Origin { trigger, nominal };
                let start = Arc::new(ScheduledStart { id, definition, start_key, origin, input });
                Message::StartScheduled { start }
            }
        ),
    ]
    .boxed()
}

fn trigger() -> BoxedStrategy<Trigger> {
    select(Trigger::ALL.to_vec()).boxed()
}

pub(super) fn schedule() -> BoxedStrategy<Schedule> {
    let timer = (trigger(), text(), at(), of(at()))
        .prop_map(|(trigger, spec, anchor, next)| Timer { trigger, spec, anchor, next });
    let planned = || {
        (trigger(), at(), instance_id()).prop_map(|(trigger, nominal, id)| Planned {
            trigger,
            nominal,
            id,
        })
    };
    let waiting = (trigger(), at(), any::<bool>())
        .prop_map(|(trigger, nominal, is_made_up)| Waiting { trigger, nominal, is_made_up });
    let ended = at().prop_map(|at| (at, Ending::Cancelled));
    let begun =
        (planned(), at(), of(ended)).prop_map(|(planned, at, ended)| Begun { planned, at, ended });
    let lists = (vec(timer, 0..4), vec(planned(), 0..4), vec(waiting, 0..4), vec(begun, 0..4));
    let paused = (at(), of(text())).prop_map(|(at, reason)| Pause { at, reason });
    (definition(), any::<bool>(), of(paused), lists, any::<u64>(), any::<u64>())
        .prop_map(|(definition, is_parallel, paused, lists, started, left_out)| {
            let (timers, running, waiting, latest) = lists;
            let (waiting, latest) = (waiting.into(), latest.into());
            Schedule {
                definition,
                is_parallel,
                timers,
                paused,
                running,
                waiting,
                latest,
                started,
                left_out,
                on: None,
            }
        })
        .boxed()
}

pub(super) fn input() -> BoxedStrategy<Input> {
    let response = (any::<u16>(), headers(), vec(any::<u8>(), 0..100))
        .prop_map(|(status, headers, body)| Response { status, headers, body: Bytes::from(body) });
    let outcome = prop_oneof![
        response.prop_map(Outcome::Response),
        (any::<bool>(), any::<bool>(), text()).prop_map(|(maybe_run, timed_out, message)| {
            Outcome::Failed { maybe_run, timed_out, message }
        }),
        error().prop_map(|error| Outcome::Refused { error }),
        Just(Outcome::Withdrawn),
    ];
    let input = prop_oneof![
        (step_id(), attempt(), outcome).prop_map(|(step, attempt, outcome)| Input::Outcome {
            step,
            attempt,
            outcome
        }),
        (step_id(), instance_id(), result(), any::<bool>()).prop_map(
            |(step, child, result, undoable)| Input::ChildEnded { step, child, result, undoable }
        ),
        step_id().prop_map(|step| Input::Undo { step }),
        (step_id(), attempt()).prop_map(|(step, attempt)| Input::Doubt { step, attempt }),
        (step_id(), instance_id(), of(error()))
            .prop_map(|(step, child, error)| Input::ChildUndone { step, child, error }),
        Just(Input::TimersDue),
        Just(Input::Continue),
        (of(text()), any::<bool>(), any::<bool>()).prop_map(|(reason, force, without_undo)| {
            Input::Cancel { reason, force, without_undo }
        }),
        of(text()).prop_map(|reason| Input::Suspend { reason }),
        Just(Input::Resume),
        Just(Input::Retry),
        jobs::input(),
    ];
    let panicked = |input: BoxedStrategy<Input>| {
        (text(), input)
            .prop_map(|(message, input)| Input::Panicked { message, input: Box::new(input) })
    };
    input.prop_recursive(3, 3, 1, panicked).boxed()
}
