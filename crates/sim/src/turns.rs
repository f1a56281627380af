//! Instances of which one at a time runs for each concurrency key.

use motet_definition::graph::ConcurrencyPolicy;
use motet_engine::{Fact, Instance, Record};
use motet_runtime::Error;
use motet_types::InstanceId;

use crate::check::{Check, Checked, ensure};
use crate::definitions::{KEYED, ROOM, definition};
use crate::random::Random;
use crate::world::World;

/// Seeds of a hundred that have such a workflow.
const SEEDS_PERCENT: u64 = 25;

/// The workflow of a seed that has one.
pub(crate) fn chosen(random: &mut Random) -> Option<usize> {
    let number = random.between(KEYED.start as u64, KEYED.end as u64) as usize;
    random.percent(SEEDS_PERCENT).then_some(number)
}

impl World {
    /// The durable records of an instance went on: it may hold its key now.
    pub(crate) fn check_turn(&mut self, id: InstanceId, records: &[Record]) -> Checked {
        let Some(known) = self.shadow.instances.get(&id) else { return Ok(()) };
        let is_new = records.iter().any(|record| matches!(record.fact, Fact::Queued { .. }));
        self.summary.queued += u64::from(is_new && known.state.is_queued);
        if records.iter().any(|record| matches!(record.fact, Fact::Reopened)) {
            self.reopened.insert(id);
        }
        self.check_room(id)?;
        let Some(known) = self.shadow.instances.get(&id) else { return Ok(()) };
        let Some(key) = &known.state.start.concurrency_key else { return Ok(()) };
        let holds = |state: &Instance| {
            state.end.is_none()
                && !state.is_queued
                && state.start.concurrency_key.as_ref() == Some(key)
        };
        let holders = self.shadow.instances.values().filter(|known| holds(&known.state));
        let holders: Vec<InstanceId> = holders.map(|known| known.state.id).collect();
        ensure(holders.len() <= 1, Check::KeyHeldTwice, "one instance at a time", || {
            format!("{holders:?} hold {key:?}")
        })
    }

    /// Under a limit run so many, and those that somebody has reopened.
    fn check_room(&self, id: InstanceId) -> Checked {
        let Some(known) = self.shadow.instances.get(&id) else { return Ok(()) };
        let lines = &known.state.start.lines;
        if lines.is_empty() {
            return Ok(());
        }
        let runs = |state: &Instance| {
            state.start.lines == *lines
                && state.end.is_none()
                && !state.is_queued
                && !self.reopened.contains(&state.id)
        };
        let running = self.shadow.instances.values().filter(|known| runs(&known.state));
        let running: Vec<InstanceId> = running.map(|known| known.state.id).collect();
        ensure(running.len() <= ROOM, Check::RoomExceeded, "as many at once as may be", || {
            format!("{running:?} run in {lines:?}")
        })
    }

    /// A start was refused because another instance holds its key: the policy says so, and there is such an instance.
    pub(crate) fn turned_away(&mut self, order: usize, error: &Error) -> Checked {
        let Error::KeyHeld { holder, .. } = error else { return Ok(()) };
        let ordered = &mut self.clients.orders[order];
        let is_first = !std::mem::replace(&mut ordered.is_turned_away, true);
        let concurrency = definition(ordered.definition).graph.concurrency.as_ref();
        let policy = concurrency.map(|concurrency| concurrency.policy);
        let is_right =
            policy == Some(ConcurrencyPolicy::Reject) && self.shadow.known(*holder).is_some();
        self.summary.turned_away += 1;
        // Who is turned away starts something else.
        if is_first {
            self.provoke();
        }
        ensure(is_right, Check::KeyHeldTwice, "a start refused by the policy", || {
            format!("order {order}, {policy:?}: {error}")
        })
    }
}
