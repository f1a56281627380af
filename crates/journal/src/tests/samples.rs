//! One of everything, for fixtures and for tests that need something real. Every field has a value of its own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use motet_definition::graph::ReadAs;
use motet_engine::event::{EventFilter, EventKey, Test, TopicId};
use motet_engine::listen::Terms;
use motet_engine::schedule::{On, Problem, SetHead};
use motet_engine::{
    Activity, Authorization, Begun, Body, Branch, BranchState, CallState, Catalog, CatalogFact,
    CatalogRecord, CatchAction, ChildRequest, Deferred, End, Ending, Fact, Grant, Incident, Input,
    Instance, Namespaces, Next, Opening, Origin, Outcome, Parent, ParkReason, Parked, Path, Pause,
    Planned, Record, Request, Response, Role, Schedule, ScheduledStart, SecretName, Settled, Start,
    Step, Steps, Timer, TimerKind, Trigger, TryPhase, Waiting, Work, WorkflowError,
};
use motet_expr::{Value, json};
use motet_types::{
    Attempt, Digest, InstanceId, Label, ShardId, StepId, TaskId, Timestamp, WorkflowName,
    WorkflowRef,
};

use crate::Message;

pub(super) mod jobs;

pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + millis * 1_000)
}

pub(super) fn json(text: &str) -> Value {
    json::parse(text.as_bytes(), json::Limits::default()).unwrap()
}

/// An order, larger than what is worth sharing.
pub(super) fn order() -> Value {
    json(
        r#"{"id":"o-1","items":[{"sku":"apple","count":2,"price":1.10},{"sku":"pear","count":1e0}],
            "note":"exactly: 1.0, -0.0, 9007199254740993, 1e400","exact":[1.0,-0.0,9007199254740993,1e400,
            123456789012345678901234567890,0.123456789012345678901234567890]}"#,
    )
}

pub(super) fn error() -> Box<WorkflowError> {
    Box::new(WorkflowError {
        kind: "https://example.com/errors/sold-out".to_owned(),
        status: 409,
        instance: Some("/do/1/reserve".to_owned()),
        title: Some("sold out".to_owned()),
        detail: None,
    })
}

pub(super) fn instance_id(number: u64) -> InstanceId {
    InstanceId::new(at(0), ShardId(7), number)
}

pub(super) fn definition(version: &str) -> WorkflowRef {
    let (namespace, name) = ("shop".parse().unwrap(), "fulfil-order".parse().unwrap());
    WorkflowRef { workflow: WorkflowName { namespace, name }, version: version.parse().unwrap() }
}

pub(super) fn start() -> Arc<Start> {
    Arc::new(Start {
        definition: definition("1.2.3-rc.1+build.5"),
        digest: Digest([0xd1; 32]),
        semantics: 1,
        input: order(),
        start_key: "client/order-1".to_owned(),
        parent: Some(Parent {
            instance: instance_id(1),
            step: StepId(4),
            awaited: true,
            root: instance_id(2),
            depth: 2,
        }),
        business_key: Some("o-1".to_owned()),
        attributes: vec![
            ("customer".to_owned(), json("\"c-9\"")),
            ("total".to_owned(), json("3.30")),
            ("gift".to_owned(), Value::Null),
        ],
        schedule: None,
        concurrency_key: None,
        lines: Vec::new(),
    })
}

pub(super) fn request(body: Body, authorization: Option<Authorization>) -> Arc<Request> {
    Arc::new(Request {
        method: "POST".to_owned(),
        uri: "http://payments.test/v1/charges?dry=false".to_owned(),
        headers: vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("x-empty".to_owned(), String::new()),
        ],
        body,
        authorization,
        redirect: true,
        timeout: Duration::new(60, 250),
        repeatable: true,
        deferred: vec![Deferred {
            ordinal: 2,
            input: json("{\"user\":\"ada\"}"),
            variables: vec![("context".to_owned(), json("[1.50]"))],
            now: at(7),
        }],
    })
}

pub(super) fn child() -> Arc<ChildRequest> {
    Arc::new(ChildRequest {
        id: instance_id(3),
        definition: definition("2.0.0"),
        start_key: "child/of-this".to_owned(),
        input: order(),
        awaited: true,
        root: instance_id(2),
        depth: 3,
        undoable: false,
    })
}

/// A record of every kind and of everything that records hold, ten milliseconds apart.
pub(super) fn records() -> Vec<Record> {
    let mut facts = vec![Fact::Started {
        start: start(),
        data: Some(Value::Null),
        due: Some(at(86_400_000)),
        first: TaskId(1),
    }];
    facts.extend(flow());
    facts.extend(calls());
    facts.extend(failures());
    facts.extend(life());
    let facts = facts.into_iter().enumerate();
    facts
        .map(|(idx, fact)| Record {
            at: at(idx as i64 * 10),
            step: StepId(idx as u32 / 3),
            task: (idx % 3 != 0).then_some(TaskId(idx as u32 % 5)),
            fact,
            actor: None,
        })
        .collect()
}

fn flow() -> Vec<Fact> {
    let (parent, task, due) = (StepId(1), TaskId(5), Some(at(5_000)));
    let activated =
        |opening| Fact::Activated { parent, input: Some(json("[1]")), due, opening, guard: None };
    vec![
        Fact::Skipped { next: Next::Enter(task) },
        activated(Opening::Leaf),
        activated(Opening::Scope { first: task, data: Some(json("{\"a\":null}")) }),
        activated(Opening::Loop { items: json("[1,2,3]") }),
        activated(Opening::Fork {
            branches: vec![TaskId(0), TaskId(6)],
            compete: true,
            needs: Vec::new(),
        }),
        activated(Opening::Try { first: task, due: Some(at(6_000)) }),
        Fact::Activated {
            parent: StepId(0),
            input: None,
            due: None,
            opening: Opening::Leaf,
            guard: None,
        },
        Fact::Iterated { index: 2, first: task },
        Fact::Waiting { until: at(60_000) },
        Fact::Fired { timer: TimerKind::Wait },
        Fact::Fired { timer: TimerKind::Retry },
        Fact::Fired { timer: TimerKind::Attempt },
        Fact::Fired { timer: TimerKind::Timeout },
        Fact::Completed { output: Some(json("true")), context: None, next: Next::EndScope },
        Fact::Completed { output: None, context: Some(order()), next: Next::EndWorkflow },
    ]
}

fn calls() -> Vec<Fact> {
    let (attempt, due) = (Attempt(2), at(61_000));
    let basic = Authorization::Basic { username: "motet".to_owned(), password: "p".to_owned() };
    let bearer = Authorization::Bearer { token: "t-1".to_owned() };
    let requested = |request| Fact::Requested {
        attempt,
        key: "key-of-the-call".to_owned(),
        request,
        digest: Digest([0xd2; 32]),
        due,
    };
    let settled =
        |result, maybe_run| Fact::Settled { attempt, settled: Settled { result, maybe_run } };
    vec![
        requested(request(Body::Json(order()), Some(basic))),
        requested(request(Body::Text("plain".to_owned()), Some(bearer))),
        requested(request(Body::Empty, None)),
        Fact::Resent { attempt: Attempt(3), due },
        settled(Ok(json("{\"ok\":true}")), false),
        settled(Err(error()), true),
        Fact::Abandoned { attempt },
        Fact::ChildRequested { child: child() },
        Fact::ChildEnded { result: Ok(order()), undoable: false },
        Fact::ChildEnded { result: Err(error()), undoable: false },
        Fact::ChildCancelled { child: instance_id(3) },
    ]
}

fn failures() -> Vec<Fact> {
    let caught = |action| Fact::Caught { error: error(), action };
    vec![
        Fact::Failed { error: error() },
        caught(CatchAction::Retry { number: 3, at: at(70_000) }),
        caught(CatchAction::Handle { first: TaskId(8) }),
        caught(CatchAction::Leave),
        Fact::Retried { first: TaskId(8), due: Some(at(71_000)) },
        Fact::BranchFailed { branch: TaskId(6), error: error() },
        Fact::IncidentRaised { incident: Box::new(Incident::Fault(error())) },
        Fact::IncidentRaised { incident: Box::new(defect()) },
    ]
}

fn life() -> Vec<Fact> {
    let reason = Some("for a reason".to_owned());
    let ended = |end| Fact::Ended { end };
    vec![
        Fact::Yielded,
        Fact::Suspended { reason: reason.clone() },
        Fact::Resumed,
        Fact::Reopened,
        Fact::Fed,
        ended(End::Completed(order())),
        ended(End::Faulted { step: StepId(9), error: error() }),
        ended(End::Cancelled { reason }),
    ]
}

fn defect() -> Incident {
    Incident::Panic {
        message: "attempt to subtract with overflow".to_owned(),
        input: Box::new(Input::TimersDue),
    }
}

/// A state in which every kind of step, work and timer is present, and whose steps share one value.
pub(super) fn instance() -> Instance {
    let shared = order();
    let request = request(Body::Json(shared.clone()), None);
    let call = |state| Activity::Call {
        attempt: Attempt(1),
        key: "key-of-the-call".to_owned(),
        request: request.clone(),
        state,
        parked: None,
    };
    let tried = |phase| Activity::Try { phase, retries: 2 };
    let activities = [
        Activity::Scope,
        Activity::Leaf,
        Activity::Loop { items: json("[[],{}]"), index: 1 },
        Activity::Fork { compete: true, branches: branches(&shared) },
        tried(TryPhase::Body),
        tried(TryPhase::Delaying),
        tried(TryPhase::Handling(error())),
        Activity::Wait,
        call(CallState::InFlight),
        call(CallState::Settled),
        call(CallState::Abandoned),
        Activity::Child(child()),
    ];
    let steps = (0..).map(StepId).zip(activities);
    let steps: Steps = steps.map(|(id, activity)| (id, step(id, activity, &shared))).collect();
    let timers = [TimerKind::Wait, TimerKind::Retry, TimerKind::Attempt, TimerKind::Timeout];
    Instance {
        id: instance_id(3),
        start: start(),
        started_at: at(0),
        updated_at: at(900),
        records: 321,
        steps_activated: steps.len() as u32,
        work: work(),
        timers: timers.into_iter().map(|kind| (at(1_000), StepId(7), kind)).collect(),
        abandoned: BTreeSet::from([(StepId(8), Attempt(1)), (StepId(10), Attempt(4))]),
        abandoned_tasks: BTreeMap::new(),
        has_completed_call: true,
        suspended: true,
        incidents: BTreeMap::from([(StepId(0), defect()), (StepId(6), Incident::Fault(error()))]),
        end: Some(End::Faulted { step: StepId(6), error: error() }),
        events: None,
        steps,
        undo: BTreeMap::new(),
        spent: BTreeSet::new(),
        repeats: BTreeMap::new(),
        undo_begun: false,
        is_queued: false,
        business_key: None,
        attributes: BTreeMap::new(),
    }
}

pub(super) fn step(id: StepId, activity: Activity, shared: &Value) -> Step {
    let is_root = id.0 == 0;
    Step {
        task: (!is_root).then_some(TaskId(id.0 * 2)),
        parent: (!is_root).then_some(StepId(0)),
        path: Path([id.0 as u8; 16]),
        started_at: at(i64::from(id.0)),
        raw_input: shared.clone(),
        input: shared.clone(),
        context: is_root.then(|| shared.clone()),
        data: json("[1]"),
        visits: BTreeMap::from([(TaskId(0), 0), (TaskId(3), id.0)]),
        result: match id.0 {
            9 => Some(Ok(shared.clone())),
            10 => Some(Err(error())),
            _ => None,
        },
        activity,
        guard: None,
        committed: false,
        undoing: None,
    }
}

fn branches(shared: &Value) -> Vec<Branch> {
    let states = [
        BranchState::Open,
        BranchState::Completed { output: shared.clone(), context: Some(json("{\"b\":2}")) },
        BranchState::Failed(error()),
    ];
    let branches = (20..).map(TaskId).zip(states);
    branches.map(|(task, state)| Branch { task, state, needs: Vec::new(), base: None }).collect()
}

fn work() -> VecDeque<Work> {
    let step = StepId(2);
    VecDeque::from([
        Work::Enter { parent: step, task: TaskId(3) },
        Work::Iterate { step },
        Work::Leave { step },
        Work::Resend { step: StepId(10) },
        Work::Feed { input: Box::new(Input::Continue) },
    ])
}

fn parked(reason: ParkReason) -> Parked {
    let until = (reason != ParkReason::Gate).then_some(at(9_000));
    Parked { reason, since: at(3_000), until, sent: reason == ParkReason::Limit }
}

const PARK_REASONS: [ParkReason; 4] =
    [ParkReason::Gate, ParkReason::Breaker, ParkReason::Limit, ParkReason::Endpoint];

/// What a call that waits leaves in a history.
pub(super) fn parked_records() -> Vec<Record> {
    let attempt = Attempt(2);
    let facts = PARK_REASONS.map(|reason| Fact::Parked { attempt, parked: parked(reason) });
    let facts = facts.into_iter().chain([Fact::Released { attempt }]).enumerate();
    let record = |(idx, fact)| Record {
        at: at(4_000 + idx as i64),
        step: StepId(3),
        task: Some(TaskId(2)),
        fact,
        actor: None,
    };
    facts.map(record).collect()
}

/// An instance with parked calls, a skipped branch of a race, and an abandoned call whose step is gone.
pub(super) fn parked_instance() -> Instance {
    let shared = order();
    let mut instance = instance();
    instance.abandoned_tasks = BTreeMap::from([(StepId(8), TaskId(16))]);
    let steps = PARK_REASONS.into_iter().enumerate().map(|(idx, reason)| {
        let activity = Activity::Call {
            attempt: Attempt(2),
            key: format!("key-{idx}"),
            request: request(Body::Empty, None),
            state: CallState::InFlight,
            parked: Some(parked(reason)),
        };
        let id = StepId(idx as u32 + 1);
        (id, step(id, activity, &shared))
    });
    instance.steps = steps.collect();
    let skipped = BranchState::Skipped;
    let branch = Branch { task: TaskId(9), state: skipped, needs: Vec::new(), base: None };
    let race = Activity::Fork { compete: true, branches: vec![branch] };
    instance.steps.insert(StepId(9), step(StepId(9), race, &shared));
    instance
}

pub(super) fn parked_inputs() -> Vec<Input> {
    let (step, attempt) = (StepId(3), Attempt(2));
    vec![
        Input::Park { step, attempt, parked: parked(ParkReason::Breaker) },
        Input::Release { step, attempt },
    ]
}

/// A fork whose branches need each other begins.
pub(super) fn flow_records() -> Vec<Record> {
    let opening = Opening::Fork {
        branches: vec![TaskId(4), TaskId(6), TaskId(9)],
        compete: false,
        needs: vec![(TaskId(4), TaskId(9)), (TaskId(6), TaskId(4)), (TaskId(6), TaskId(9))],
    };
    let fact = Fact::Activated { parent: StepId(0), input: None, due: None, opening, guard: None };
    vec![Record { at: at(7), step: StepId(1), task: Some(TaskId(3)), fact, actor: None }]
}

/// A fork of which one branch is complete, the next has begun with what that exported, and the last waits for both.
pub(super) fn flow_instance() -> Instance {
    let shared = order();
    let mut instance = instance();
    let completed = BranchState::Completed { output: shared.clone(), context: Some(json("[4]")) };
    let branches = vec![
        Branch { task: TaskId(9), state: completed, needs: Vec::new(), base: None },
        Branch {
            task: TaskId(4),
            state: BranchState::Open,
            needs: vec![TaskId(9)],
            base: Some(json("[4]")),
        },
        Branch {
            task: TaskId(6),
            state: BranchState::Pending,
            needs: vec![TaskId(4), TaskId(9)],
            base: None,
        },
    ];
    let fork = Activity::Fork { compete: false, branches };
    instance.steps = [(StepId(0), step(StepId(0), fork, &shared))].into_iter().collect();
    instance
}

/// A parallel loop goes through its items.
pub(super) fn iteration_records() -> Vec<Record> {
    let opening = Opening::Parallel { items: json("[1,2,3]"), max: 16, collect: true };
    let facts = [
        Fact::Activated { parent: StepId(0), input: None, due: None, opening, guard: None },
        Fact::IterationBegan { parent: StepId(1), index: 2, first: TaskId(5) },
        Fact::IterationFailed { error: error() },
        Fact::IterationsClosed,
    ];
    let record = |(idx, fact)| Record {
        at: at(idx as i64),
        step: StepId(1),
        task: Some(TaskId(3)),
        fact,
        actor: None,
    };
    facts.into_iter().enumerate().map(record).collect()
}

/// A parallel loop with an iteration in every state.
pub(super) fn iteration_instance() -> Instance {
    let shared = order();
    let mut instance = instance();
    let completed = |context| BranchState::Completed { output: json("1"), context };
    let parallel = Activity::Parallel {
        items: json("[1,2,3,4]"),
        max: 2,
        collect: true,
        iterations: vec![
            completed(None),
            BranchState::Open,
            completed(Some(json("{\"c\":3}"))),
            BranchState::Failed(error()),
        ],
        open: 1,
        is_closed: true,
        folded: 1,
        context: Some(json("{\"a\":1}")),
    };
    let activities = [parallel, Activity::Iteration { index: 1 }];
    let steps = (0..).map(StepId).zip(activities);
    instance.steps = steps.map(|(id, activity)| (id, step(id, activity, &shared))).collect();
    instance
}

/// Three chunks of one history, each after its length: records, a snapshot that holds one of their large values, and records
/// that refer to it.
pub(super) fn history() -> Vec<u8> {
    let value = json::string("0123456789abcdef".repeat(256));
    let settled = |nth: i64| {
        let settled = Settled { result: Ok(value.clone()), maybe_run: false };
        let fact = Fact::Settled { attempt: Attempt(1), settled };
        Record { at: at(nth), step: StepId(1), task: Some(TaskId(2)), fact, actor: None }
    };
    let mut values = crate::Values::default();
    let mut parts = [const { Vec::new() }; 3];
    crate::encode_history(&[settled(0), settled(1)], 0, &mut values, &mut parts[0]);
    let mut state = instance();
    let root = Step { data: value.clone(), ..state.steps[&StepId(0)].clone() };
    state.steps = [(StepId(0), root)].into_iter().collect();
    state.records = 2;
    crate::encode_snapshot(&state, &mut values, &mut parts[1]);
    crate::encode_history(&[settled(2), settled(3)], 2, &mut values, &mut parts[2]);
    let joined = parts.iter().flat_map(|it| [&(it.len() as u32).to_le_bytes(), &**it].concat());
    joined.collect()
}

pub(super) fn messages() -> Vec<Message> {
    let (parent, step) = (instance_id(1), StepId(4));
    let ended =
        |end| Message::ChildEnded { parent, step, child: instance_id(3), end, undoable: false };
    vec![
        Message::StartChild { parent, step, child: child() },
        ended(End::Completed(order())),
        ended(End::Faulted { step: StepId(2), error: error() }),
        ended(End::Cancelled { reason: None }),
        Message::CancelChild { child: instance_id(3) },
    ]
}

/// What shards tell each other about schedules.
pub(super) fn schedule_messages() -> Vec<Message> {
    let id = instance_id(5);
    let definition = definition("1.2.3");
    let workflow = definition.workflow.clone();
    let begun = schedule();
    let starts = begun.latest.iter().map(|begun| {
        let origin = Origin { trigger: begun.planned.trigger, nominal: begun.planned.nominal };
        let start_key = format!("shop/fulfil-order/schedule/{}/7", origin.trigger);
        let definition = definition.clone();
        Message::StartScheduled {
            start: Arc::new(ScheduledStart { id, definition, start_key, origin, input: None }),
        }
    });
    let endings = [Ending::Completed, Ending::Faulted, Ending::Cancelled, Ending::Refused];
    let endings = endings.map(|ending| Message::ScheduledEnded {
        workflow: workflow.clone(),
        id,
        at: at(9),
        ending,
    });
    let starts = starts.chain([on_start()]);
    starts.chain(endings).chain([Message::CancelScheduled { id }]).collect()
}

/// A start by events.
pub(super) fn on_start() -> Message {
    let definition = definition("1.2.3");
    let origin = Origin { trigger: Trigger::On, nominal: at(8) };
    let start_key = "shop/fulfil-order/schedule/on/ff".to_owned();
    let input = Some(json("[{\"order\":7}]"));
    Message::StartScheduled {
        start: Arc::new(ScheduledStart {
            id: instance_id(6),
            definition,
            start_key,
            origin,
            input,
        }),
    }
}

/// A schedule that waits for events.
pub(super) fn on_schedule() -> Schedule {
    let filter = EventFilter {
        with: vec![("type".to_owned(), Test::Equal(json("\"order.paid\"")))],
        correlate: Vec::new(),
    };
    let topic = TopicId { namespace: "shop".parse().unwrap(), kind: Some("order.paid".to_owned()) };
    let terms = Terms {
        topics: vec![topic],
        filters: vec![(at(1), Arc::new(filter))],
        read: ReadAs::Envelope,
        once: false,
    };
    let on = On {
        spec: "0123".to_owned(),
        step: StepId(7),
        terms: Arc::new(terms),
        earlier: VecDeque::from([(StepId(6), at(1))]),
        next: 9,
        nominal: at(4),
        heard: at(5),
        open: 2,
        ready: 1,
        problem: Some(Problem { at: at(3), text: "no room".to_owned(), again: Some(at(63)) }),
    };
    Schedule { timers: Vec::new(), on: Some(on), ..schedule() }
}

/// What is known of a set of events.
pub(super) fn set_head() -> SetHead {
    SetHead {
        satisfied: [0, 2].into(),
        keys: [("order".to_owned(), json("7"))].into(),
        key: EventKey([9; 16]),
        nominal: at(4),
        ready: Some(3),
    }
}

/// A schedule with one of everything.
pub(super) fn schedule() -> Schedule {
    let planned = |trigger, seed| Planned { trigger, nominal: at(60), id: instance_id(seed) };
    let begun = |(seed, trigger)| Begun {
        planned: planned(trigger, seed),
        at: at(61),
        ended: (seed > 1).then(|| (at(62), Ending::Completed)),
    };
    let timer = |trigger, spec: &str, next| {
        let spec = spec.to_owned();
        Timer { trigger, spec, anchor: at(1), next }
    };
    Schedule {
        definition: definition("1.2.3"),
        is_parallel: true,
        timers: vec![
            timer(Trigger::Cron, "30 2 * * * Europe/Berlin", Some(at(120))),
            timer(Trigger::After, "60000000 us", None),
        ],
        paused: Some(Pause { at: at(3), reason: Some("stocktaking".to_owned()) }),
        running: vec![planned(Trigger::After, 3)],
        waiting: VecDeque::from([
            Waiting { trigger: Trigger::Every, nominal: at(70), is_made_up: false },
            Waiting { trigger: Trigger::Manual, nominal: at(71), is_made_up: true },
        ]),
        latest: (1..).zip(Trigger::ALL).map(begun).collect(),
        started: 12,
        left_out: 3,
        on: None,
    }
}

pub(super) fn inputs() -> Vec<Input> {
    let (step, attempt) = (StepId(8), Attempt(1));
    let outcome = |outcome| Input::Outcome { step, attempt, outcome };
    let ended = |result| Input::ChildEnded { step, child: instance_id(3), result, undoable: false };
    let reason = Some("for a reason".to_owned());
    let message = "connection refused".to_owned();
    vec![
        outcome(Outcome::Response(Response {
            status: 200,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: Bytes::from_static(b"{\"not\": utf-8 \xff"),
        })),
        outcome(Outcome::Failed { maybe_run: true, timed_out: true, message }),
        outcome(Outcome::Refused { error: error() }),
        outcome(Outcome::Withdrawn),
        ended(Ok(order())),
        ended(Err(error())),
        Input::TimersDue,
        Input::Continue,
        Input::Cancel { reason: reason.clone(), force: false, without_undo: false },
        Input::Suspend { reason },
        Input::Resume,
        Input::Retry,
        Input::Panicked { message: "a bug".to_owned(), input: Box::new(ended(Ok(order()))) },
    ]
}

pub(super) fn catalog_records() -> Vec<CatalogRecord> {
    let tagged = |version: &str, actor: Option<&str>| CatalogFact::Tagged {
        workflow: definition("1.0.0").workflow,
        tag: "stable".parse().unwrap(),
        version: version.parse().unwrap(),
        actor: actor.map(str::to_owned),
        reason: actor.map(|actor| format!("{actor} says so")),
    };
    let published = |version: &str, seed| CatalogFact::Published {
        definition: definition(version),
        digest: Digest([seed; 32]),
        source: format!("document: {{version: '{version}'}}\n").into(),
    };
    let facts = [
        published("1.0.0", 1),
        published("1.1.0-rc.1+b.7", 2),
        tagged("1.0.0", None),
        tagged("1.1.0-rc.1+b.7", Some("ada")),
    ];
    let facts = facts.into_iter().enumerate();
    facts.map(|(idx, fact)| CatalogRecord { at: at(idx as i64), fact, actor: None }).collect()
}

pub(super) fn catalog() -> Catalog {
    catalog_after(&catalog_records())
}

/// A token of a service, which registers its endpoints.
pub(super) fn catalog_records_110() -> Vec<CatalogRecord> {
    let grant = Grant {
        name: "payments".parse().unwrap(),
        hash: Digest([8; 32]),
        roles: [Role::Service].into(),
        namespaces: Namespaces::All,
        description: None,
        expires: None,
    };
    let id = "00112233aabb".parse().unwrap();
    let fact = CatalogFact::TokenCreated { id, grant: Box::new(grant) };
    vec![CatalogRecord { at: at(7), fact, actor: Some("root".to_owned()) }]
}

/// Tokens and secrets, and who did what.
pub(super) fn catalog_records_28() -> Vec<CatalogRecord> {
    let label = |text: &str| -> Label { text.parse().unwrap() };
    let (id, reason) = (label("0123456789ab"), Some("it leaked".to_owned()));
    let created = |id: &Label, name, namespaces, roles: &[Role]| CatalogFact::TokenCreated {
        id: id.clone(),
        grant: Box::new(Grant {
            name: label(name),
            hash: Digest([9; 32]),
            roles: roles.iter().copied().collect(),
            namespaces,
            description: (name == "ci").then(|| "publishes".to_owned()),
            expires: (name == "ci").then(|| at(1_000_000)),
        }),
    };
    let named = Namespaces::Named(["shop", "pay"].map(label).into());
    let name = SecretName { namespace: label("shop"), name: "api_Key".to_owned() };
    let sealed = |byte| Bytes::from(vec![1, byte, 0, 255]);
    let facts = [
        created(&label("ba9876543210"), "root", Namespaces::All, &[Role::Admin]),
        created(&id, "ci", named, &[Role::Viewer, Role::Operator, Role::Author, Role::Worker]),
        CatalogFact::TokenRevoked { id, reason: reason.clone() },
        CatalogFact::SecretSet { name: name.clone(), sealed: sealed(1) },
        CatalogFact::SecretSet { name: name.clone(), sealed: sealed(2) },
        CatalogFact::SecretDeleted { name: name.clone(), reason },
        CatalogFact::SecretSet { name, sealed: sealed(3) },
    ];
    let record = |(idx, fact)| {
        let actor = Some(if idx == 0 { "local" } else { "root" }.to_owned());
        CatalogRecord { at: at(idx as i64), fact, actor }
    };
    let records = facts.into_iter().enumerate().map(record);
    let by_ada = |record| CatalogRecord { actor: Some("ada".to_owned()), ..record };
    catalog_records().into_iter().map(by_ada).chain(records).collect()
}

pub(super) fn catalog_28() -> Catalog {
    catalog_after(&catalog_records_28())
}

fn catalog_after(records: &[CatalogRecord]) -> Catalog {
    let mut catalog = Catalog::default();
    records.iter().for_each(|record| catalog.apply(record));
    catalog
}

/// What people asked of an instance, with who they were.
pub(super) fn records_28() -> Vec<Record> {
    let by = |actor: &str, record| Record { actor: Some(actor.into()), ..record };
    let commanded = records().into_iter().filter(|record| record.fact.is_commanded());
    commanded
        .zip(["ada", "root", "local"].iter().cycle())
        .map(|(record, who)| by(who, record))
        .collect()
}
