//! Steps that are given away: an expression may burn fuel for 20 ms, in which nobody else of the engine thread would move.
//!
//! What a definition has cost lately decides, and one of which nothing is known counts as dear. The instance leaves its
//! slot with the step; its task stays there, and whatever comes for it waits behind that as behind a load. When the result
//! comes, the machine goes on as after a step of its own. A refused batch may have taken the instance meanwhile: the
//! result is dropped then, and the task is done again by the instance that is loaded.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use motet_definition::graph::Graph;
use motet_engine::secret::SecretKey;
use motet_engine::{self as engine, Context, Instance, Metered, Record, Rejection, Start};
use motet_types::{Digest, InstanceId, Limits, Timestamp};

use super::slots::{Slot, State, Task};
use super::starts::Beginning;
use super::{Machine, Output};
use crate::CatalogView;

/// Steps that may be away when another instance of a dear definition asks to begin; beyond it that is refused. What runs
/// already is bounded by the instances there are.
const AWAY_FOR_STARTS_MAX: usize = 256;

/// A step with everything that it reads.
pub struct Step {
    id: InstanceId,
    token: u64,
    graph: Arc<Graph>,
    view: Arc<CatalogView>,
    now: Timestamp,
    work: Work,
}

enum Work {
    Begin(Start),
    Feed(Box<Instance>, engine::Input),
}

/// What came of a step.
pub struct Stepped {
    id: InstanceId,
    token: u64,
    graph: Arc<Graph>,
    done: Done,
}

/// A result, or what a panic said.
type Guarded<T> = Result<Metered<T>, String>;

enum Done {
    Begun(Box<Guarded<(Instance, Vec<Record>)>>),
    /// The instance after the step is lost with a panic.
    Fed(Box<Instance>, Guarded<Result<Vec<Record>, Rejection>>),
}

impl Step {
    /// Whose fuel it burns: whoever runs steps should be fair between definitions.
    pub fn definition(&self) -> Digest {
        self.graph.digest
    }

    /// Runs it. Pure: it may be run anywhere, at any time.
    pub fn run(self, limits: &Limits, secret_key: &SecretKey) -> Stepped {
        let Self { id, token, graph, view, now, work } = self;
        let ctx = Context {
            graph: &graph,
            catalog: &view.catalog,
            now,
            limits,
            secret_key,
            undoable: &|definition| view.may_undo(definition),
            place: &|definition, input| view.place(definition, input),
        };
        let done = match work {
            Work::Begin(start) => Done::Begun(Box::new(guarded_begin(&ctx, id, start))),
            Work::Feed(mut instance, input) => {
                let fed = guarded_step(&ctx, &mut instance, input);
                Done::Fed(instance, fed)
            }
        };
        Stepped { id, token, graph, done }
    }
}

impl Stepped {
    fn fuel_burnt(&self) -> Option<u64> {
        match &self.done {
            Done::Begun(begun) => (**begun).as_ref().ok().map(|begun| begun.fuel_burnt),
            Done::Fed(_, fed) => fed.as_ref().ok().map(|fed| fed.fuel_burnt),
        }
    }
}

/// A panic of the engine is a value: it costs one instance.
pub(super) fn guarded_step(
    ctx: &Context<'_>,
    instance: &mut Instance,
    input: engine::Input,
) -> Guarded<Result<Vec<Record>, Rejection>> {
    let stepped = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(test)]
        super::tests::meet_defect(instance.id, Some(&input));
        engine::step_metered(ctx, instance, input)
    }));
    stepped.map_err(|panic| message_of(&*panic))
}

pub(super) fn guarded_begin(
    ctx: &Context<'_>,
    id: InstanceId,
    start: Start,
) -> Guarded<(Instance, Vec<Record>)> {
    let begun = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(test)]
        super::tests::meet_defect(id, None);
        engine::begin_metered(ctx, id, start)
    }));
    begun.map_err(|panic| message_of(&*panic))
}

/// What a panic said.
fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

impl Machine {
    /// Whether a step of this definition may burn so much that it is given away.
    pub(super) fn is_dear(&self, graph: &Graph) -> bool {
        let expected = self.costs.expected(&graph.digest, self.now);
        let worst = self.config.limits.step_fuel_max;
        expected.unwrap_or(worst) >= self.config.fuel_local_max
    }

    /// Whether another instance of a dear definition would wait too long.
    pub(super) fn is_away_full(&self) -> bool {
        self.away >= AWAY_FOR_STARTS_MAX
    }

    /// Gives a live instance away with what it is to be fed.
    pub(super) fn give_away(
        &mut self,
        id: InstanceId,
        graph: Arc<Graph>,
        task: Task,
        input: engine::Input,
    ) {
        let token = self.next_token();
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let away = State::Away { token, task: Box::new(task) };
        let State::Live(instance) = std::mem::replace(&mut slot.state, away) else {
            unreachable!("only what is live is stepped");
        };
        self.push_step(id, token, graph, Work::Feed(instance, input));
    }

    /// Gives the first step of an instance away; whoever asks for the instance waits for it from now on.
    pub(super) fn begin_away(
        &mut self,
        id: InstanceId,
        graph: Arc<Graph>,
        start: Start,
        beginning: Beginning,
    ) {
        let token = self.next_token();
        let task = Box::new(Task::Begin(Box::new(beginning)));
        let mut slot = Slot::new(State::Away { token, task });
        slot.is_new = true;
        // A child may be asked for before the message comes that starts it.
        if let Some(early) = self.slots.remove(&id) {
            slot.queue = early.queue;
        }
        self.slots.insert(id, slot);
        self.push_step(id, token, graph, Work::Begin(start));
    }

    /// A step comes back.
    pub(super) fn stepped(&mut self, stepped: Stepped) {
        self.away -= 1;
        if let Some(fuel) = stepped.fuel_burnt() {
            self.costs.note(stepped.graph.digest, fuel, self.now);
        }
        let Stepped { id, token, graph, done } = stepped;
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let is_its = matches!(&slot.state, State::Away { token: of, .. } if *of == token);
        if !is_its {
            // Its batch was refused meanwhile: the task went to the instance that is loaded again.
            return;
        }
        let State::Away { task, .. } = std::mem::replace(&mut slot.state, State::Broken) else {
            unreachable!("it was looked at just now");
        };
        match (done, *task) {
            (Done::Begun(begun), Task::Begin(beginning)) => {
                self.begun_away(id, &graph, *beginning, *begun);
            }
            (Done::Fed(instance, fed), task) => self.fed_away(id, &graph, task, instance, fed),
            (Done::Begun(_), _) => unreachable!("what begins has no other task"),
        }
    }

    fn fed_away(
        &mut self,
        id: InstanceId,
        graph: &Arc<Graph>,
        task: Task,
        instance: Box<Instance>,
        fed: Guarded<Result<Vec<Record>, Rejection>>,
    ) {
        // While the slot is broken, what comes for the instance waits in its queue.
        let is_outrun = match &task {
            Task::Message { from, to, sequence, .. } => !self.is_next((*to, *from), *sequence),
            _ => false,
        };
        let Some(slot) = self.slots.get_mut(&id) else { return };
        if is_outrun {
            // The message comes again; the instance must not have taken it.
            if slot.unsettled == 0 {
                self.load_again(id);
            }
            return;
        }
        if fed.is_ok() {
            slot.state = State::Live(instance);
        }
        self.fed(id, graph, task, fed);
        self.perform_queue(id);
        self.retire(id);
    }

    fn begun_away(
        &mut self,
        id: InstanceId,
        graph: &Arc<Graph>,
        beginning: Beginning,
        begun: Guarded<(Instance, Vec<Record>)>,
    ) {
        let is_outrun = match beginning.message() {
            Some((pair, sequence)) => !self.is_next(pair, sequence),
            None => false,
        };
        if !is_outrun {
            return self.begun(id, graph, beginning, begun);
        }
        // The message that starts it comes again.
        let Some(mut slot) = self.slots.remove(&id) else { return };
        for task in slot.take_queue() {
            self.give(id, task);
        }
    }

    fn push_step(&mut self, id: InstanceId, token: u64, graph: Arc<Graph>, work: Work) {
        self.away += 1;
        self.counters.steps_away += 1;
        let (view, now) = (self.view.clone(), self.now);
        self.outputs.push(Output::Step(Box::new(Step { id, token, graph, view, now, work })));
    }

    /// A number for something that leaves and comes back.
    pub(super) fn next_token(&mut self) -> u64 {
        self.tokens += 1;
        self.tokens
    }
}
