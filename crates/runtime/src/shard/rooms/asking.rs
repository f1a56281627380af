//! The instances' side of lines: asking for a place, having one or none, leaving.

use std::sync::Arc;

use motet_definition::graph::Graph;
use motet_engine::room::Line;
use motet_engine::{self as engine, Activity, Fact, Instance, Metered, Parent, Record, Start};
use motet_journal::Message;
use motet_store::RowChange;
use motet_types::{InstanceId, WorkflowRef};

use super::{Along, Room, ask};
use crate::shard::Machine;
use crate::shard::batch::Release;
use crate::shard::links::Pair;
use crate::shard::slots::Slot;
use crate::shard::starts::{Beginning, Origin};
use crate::{Error, RoomView};

/// Over how many instances a circle is looked for.
const HOPS_MAX: u32 = 128;

/// How many children of one instance are told who waits for them.
const WIDTH_MAX: usize = 256;

impl Machine {
    /// The limits under which a start counts. A child that is awaited runs in its parent's place: if it waited for one of its
    /// own, its parent might keep that from it for ever.
    pub(in crate::shard) fn lines_of(
        &self,
        definition: &WorkflowRef,
        parent: Option<&Parent>,
    ) -> Vec<Line> {
        let below = parent.filter(|parent| parent.depth > 1).map(|parent| Line::Root(parent.root));
        let is_awaited = parent.is_some_and(|parent| parent.awaited);
        let workflow = &definition.workflow;
        let own = [Line::Workflow(workflow.clone()), Line::Namespace(workflow.namespace.clone())];
        let own = own.into_iter().filter(|line| !is_awaited && self.room(line) != Room::Boundless);
        below.into_iter().chain(own).collect()
    }

    /// Why a start cannot even wait for room. What was started by an instance may: its root limits that.
    pub(in crate::shard) fn no_room_to_wait(
        &self,
        start: &Start,
        origin: &Origin,
    ) -> Option<Error> {
        if matches!(origin, Origin::Child { .. }) {
            return None;
        }
        let limit = self.config.limits.instances_waiting_max;
        let is_full = |line: &&Line| self.rooms.figures(line).1 >= limit as u64;
        let line = start.lines.iter().find(is_full)?.clone();
        Some(Error::LimitQueueFull { line, limit })
    }

    /// Makes an instance that waits for room; a place is asked for in the same commit.
    pub(in crate::shard) fn begin_when_room(
        &mut self,
        id: InstanceId,
        graph: &Arc<Graph>,
        start: Start,
        mut beginning: Beginning,
    ) {
        self.ask_for_room(id, &start, false, &mut beginning.rows, &mut beginning.releases);
        let result = engine::queue(self.now, id, start, false);
        self.begun(id, graph, beginning, Ok(Metered { result, fuel_burnt: 0 }));
    }

    pub(in crate::shard) fn ask_for_room(
        &mut self,
        id: InstanceId,
        start: &Start,
        at_once: bool,
        rows: &mut Vec<RowChange>,
        releases: &mut Vec<Release>,
    ) {
        let lines = start.lines.clone();
        let Some(to) = lines.first().map(Line::shard) else { return };
        let message = Message::AskRoom { lines, instance: id, at_once };
        self.send_along(id.shard(), to, message, rows, releases);
    }

    /// Takes the message that an instance holds its concurrency key now: what it still lacks is room.
    pub(in crate::shard) fn goes_on_to_room(&mut self, id: InstanceId, pair: Pair, sequence: u64) {
        let mut along = Along::taking(pair, sequence);
        if let Some(instance) = self.slots.get(&id).and_then(Slot::live) {
            ask(instance.start.lines.clone(), id, false, &mut along);
        }
        self.commit_along(id.shard(), along);
        self.taken(pair, sequence);
    }

    /// Takes the message that a child which somebody awaits waits for this instance: it does not wait for room then, and for
    /// whom it waits itself is told.
    pub(in crate::shard) fn hasten(
        &mut self,
        id: InstanceId,
        pair: Pair,
        sequence: u64,
        (by, hops): (InstanceId, u32),
    ) {
        let mut along = Along::taking(pair, sequence);
        let instance = self.slots.get(&id).and_then(Slot::live).filter(|own| own.end.is_none());
        let is_first = self.turns.hear(id, by);
        if let Some(instance) = instance.filter(|_| is_first && hops < HOPS_MAX) {
            let others = match self.holder_before(instance) {
                Some(holder) => vec![holder],
                None => awaited_children(instance),
            };
            if lacks_room(instance) && others.is_empty() {
                ask(instance.start.lines.clone(), id, true, &mut along);
            }
            along.mail.extend(others.into_iter().map(|other| {
                (other.shard(), Message::Hasten { instance: other, by, hops: hops + 1 })
            }));
        }
        self.commit_along(id.shard(), along);
        self.taken(pair, sequence);
    }

    /// Whether an instance is queued that begins only with a place in a line.
    pub(in crate::shard) fn lacks_room(&self, id: InstanceId) -> bool {
        self.slots.get(&id).and_then(Slot::live).is_some_and(lacks_room)
    }

    /// At its end an instance leaves its lines; reopened, it is in them again, whether there is room or not.
    pub(in crate::shard) fn change_rooms(
        &mut self,
        id: InstanceId,
        records: &[Record],
        rows: &mut Vec<RowChange>,
        releases: &mut Vec<Release>,
    ) {
        let Some(instance) = self.slots.get(&id).and_then(Slot::live) else { return };
        let Some(to) = instance.start.lines.first().map(Line::shard) else { return };
        let start = instance.start.clone();
        if records.iter().any(|record| matches!(record.fact, Fact::Reopened)) {
            self.ask_for_room(id, &start, true, rows, releases);
        }
        if records.iter().any(|record| matches!(record.fact, Fact::Ended { .. })) {
            let message = Message::LeaveRoom { lines: start.lines.clone(), instance: id };
            self.send_along(id.shard(), to, message, rows, releases);
        }
    }

    /// For room under which limit a queued instance waits.
    pub(in crate::shard) fn room_of(&self, instance: &Instance) -> Option<RoomView> {
        if !lacks_room(instance) {
            return None;
        }
        instance.start.lines.iter().find_map(|line| {
            let (number, place) = self.rooms.find(line, instance.id)?;
            let ahead = self.rooms.ahead(line, number);
            (!place.has_room).then(|| RoomView { line: line.clone(), ahead })
        })
    }
}

/// Children for which an instance waits.
fn awaited_children(instance: &Instance) -> Vec<InstanceId> {
    let open = instance.steps.values().filter(|step| step.result.is_none());
    let children = open.filter_map(|step| match &step.activity {
        Activity::Child(request) if request.awaited => Some(request.id),
        _ => None,
    });
    children.take(WIDTH_MAX).collect()
}

fn lacks_room(instance: &Instance) -> bool {
    instance.is_queued && instance.end.is_none() && !instance.start.lines.is_empty()
}
