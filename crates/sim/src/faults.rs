//! What goes wrong with the machine that the server runs on.

use motet_types::ShardId;

use crate::check::{Check, Checked, ensure};
use crate::world::{Event, HORIZON, World};

/// Starts that are made to let a fault strike.
const PROVOKED_MAX: u32 = 40;

/// Those of them after which a full disk takes no writes at all.
const PROVOKED_GENTLY_MAX: u32 = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Power fails after so many more writes, syncs and changes of names.
    PowerAt(u64),
    /// Power fails now.
    Power,
    /// The process dies now.
    Kill,
    /// The process dies before the output with this number, with or without the power.
    AtOutput(u64, bool),
    /// No room for new files; with `true` not for writes either.
    NoRoom(bool),
    RoomAgain,
    /// A sync fails after so many more.
    SyncFails(u64),
    TablesFull,
    TablesRoom,
    ClockForward(u64),
    /// What was planned has not struck yet: somebody starts something.
    Provoke,
    /// Somebody starts something.
    Start,
    /// A deposed owner comes back to life and commits.
    Deposed,
}

/// One fault at a time is in the air, and none is forgotten.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Planned and not begun.
    left: usize,
    pub(crate) armed: Option<Fault>,
    /// How often somebody has started something to make it strike.
    provoked: u32,
}

impl Faults {
    pub(crate) fn are_over(&self) -> bool {
        self.left == 0 && self.armed.is_none()
    }
}

impl World {
    /// At least three crashes, a failed sync, a full disk, and a jump of the clock.
    pub(crate) fn plan_faults(&mut self) {
        let mut faults = vec![Fault::NoRoom(false), Fault::SyncFails(self.random.below(6))];
        for _ in 0..self.random.between(3, 5) {
            faults.push(match self.random.below(8) {
                0..3 => Fault::PowerAt(self.random.below(14)),
                3 => Fault::Power,
                4 => Fault::Kill,
                _ => Fault::AtOutput(self.random.below(10), self.random.percent(60)),
            });
        }
        for _ in 0..self.random.between(1, 3) {
            let seconds = if self.random.percent(70) { 60 } else { 1_800 };
            faults.push(Fault::ClockForward(self.random.between(1, seconds * 1_000_000)));
        }
        if self.random.percent(30) {
            faults.push(Fault::NoRoom(true));
        }
        if self.random.percent(30) {
            faults.push(Fault::TablesFull);
        }
        faults.push(Fault::Deposed);
        self.faults.left = faults.len();
        for fault in faults {
            // What is lost without a crash must not be found again by one.
            let is_last = matches!(fault, Fault::NoRoom(false)) && self.random.percent(30);
            let earliest = if is_last { HORIZON - 1 } else { 500_000 };
            let after = self.random.between(earliest, HORIZON);
            self.plan(after, Event::Fault(fault));
        }
    }

    pub(crate) fn fault(&mut self, fault: Fault) -> Checked {
        match fault {
            Fault::RoomAgain => {
                self.disk.set_free_bytes(u64::MAX);
                self.disk.set_writes_need_room(false);
                self.tables.set_disk_full(false);
                return Ok(());
            }
            Fault::TablesRoom => {
                self.tables.set_disk_full(false);
                return Ok(());
            }
            Fault::Start => {
                self.provoke();
                return Ok(());
            }
            Fault::Provoke => {
                self.strike();
                return Ok(());
            }
            _ => {}
        }
        if self.server.is_none() || self.faults.armed.is_some() {
            let after = self.random.between(50_000, 400_000);
            self.plan(after, Event::Fault(fault));
            return Ok(());
        }
        self.tell(|| format!("fault: {fault:?}"));
        self.faults.left -= 1;
        self.begin_fault(fault)?;
        if self.faults.armed.is_some() {
            self.faults.provoked = 0;
            self.plan(2_500_000, Event::Fault(Fault::Provoke));
        }
        Ok(())
    }

    fn begin_fault(&mut self, fault: Fault) -> Checked {
        match fault {
            Fault::PowerAt(operations) => {
                self.disk.power_off_after(operations);
                self.faults.armed = Some(fault);
            }
            Fault::AtOutput(..) => self.faults.armed = Some(fault),
            Fault::Power => self.crash(true),
            Fault::Kill => self.crash(false),
            Fault::NoRoom(writes) => {
                self.summary.disk_full += 1;
                self.disk.set_writes_need_room(writes);
                // Neither can the tables grow, so that no segment is recycled.
                self.tables.set_disk_full(!writes);
                self.disk.set_free_bytes(if writes { self.random.below(60_000) } else { 0 });
                self.faults.armed = Some(fault);
            }
            Fault::SyncFails(syncs) => {
                self.disk.fail_sync_after(syncs);
                self.faults.armed = Some(fault);
            }
            Fault::TablesFull => {
                self.summary.tables_full += 1;
                self.tables.set_disk_full(true);
                let after = self.random.between(100_000, 5_000_000);
                self.plan(after, Event::Fault(Fault::TablesRoom));
            }
            Fault::ClockForward(micros) => {
                self.summary.clock_forward += 1;
                let before = self.clock();
                self.ahead += micros as i64;
                let after = self.clock();
                self.schedules.jumped(before, after);
            }
            Fault::Deposed => self.commit_as_deposed()?,
            Fault::RoomAgain | Fault::TablesRoom | Fault::Provoke | Fault::Start => {}
        }
        Ok(())
    }

    /// What is armed strikes at the next writes at the latest; where it cannot, it is given up.
    fn strike(&mut self) {
        let Some(armed) = self.faults.armed else { return };
        self.faults.provoked += 1;
        if self.faults.provoked > PROVOKED_MAX {
            self.tell(|| format!("{armed:?} does not strike"));
            self.disk.set_free_bytes(u64::MAX);
            self.disk.set_writes_need_room(false);
            self.tables.set_disk_full(false);
            self.faults.armed = None;
            return;
        }
        if let Fault::NoRoom(_) = armed {
            self.disk.set_free_bytes(0);
            // What is written fits the segments that are there: then writing itself needs room.
            let is_stubborn = self.faults.provoked > PROVOKED_GENTLY_MAX;
            self.disk.set_writes_need_room(is_stubborn || armed == Fault::NoRoom(true));
        }
        self.provoke();
        self.plan(400_000, Event::Fault(Fault::Provoke));
    }

    /// A group was refused or ended unknown: if that was planned, it has happened.
    pub(crate) fn disk_failed(&mut self) {
        match self.faults.armed {
            Some(Fault::NoRoom(_)) => {
                self.summary.disk_faults += 1;
                let slowest = if self.random.percent(50) { 400_000 } else { 2_500_000 };
                let after = self.random.between(1, slowest);
                self.plan(after, Event::Fault(Fault::RoomAgain));
                // What was refused is done again a little later: others come between.
                for _ in 0..self.random.between(1, 5) {
                    let soon = self.random.between(after, after + 900_000);
                    self.plan(soon, Event::Fault(Fault::Start));
                }
                self.faults.armed = None;
            }
            Some(Fault::SyncFails(_)) => {
                self.summary.disk_faults += 1;
                self.faults.armed = None;
            }
            _ => {}
        }
    }

    /// A crash takes planned faults of the disk with it: they come again later.
    pub(crate) fn crash_was_planned(&mut self) {
        match self.faults.armed {
            Some(Fault::PowerAt(_) | Fault::AtOutput(..)) => self.faults.armed = None,
            Some(fault @ Fault::SyncFails(_)) => {
                self.faults.armed = None;
                self.faults.left += 1;
                let after = self.random.between(500_000, 3_000_000);
                self.plan(after, Event::Fault(fault));
            }
            _ => {}
        }
    }

    /// Whether the process dies before this output.
    pub(crate) fn dies_before_output(&mut self) -> Option<bool> {
        let Some(Fault::AtOutput(left, power)) = self.faults.armed else { return None };
        if left == 0 {
            return Some(power);
        }
        self.faults.armed = Some(Fault::AtOutput(left - 1, power));
        None
    }

    fn commit_as_deposed(&mut self) -> Checked {
        let Some(server) = &self.server else { return Ok(()) };
        let mut store = server.store.machine();
        let epoch = motet_store::Epoch(store.epoch().0.wrapping_sub(1));
        let commit = motet_store::Commit {
            shard: ShardId(0),
            epoch,
            entity: motet_store::Entity([9; 16]),
            records: bytes::Bytes::from_static(b"deposed"),
            record_count: 1,
            snapshot: None,
            rows: Vec::new(),
        };
        let result = store.commit_group(vec![commit]);
        self.summary.fenced += 1;
        let is_fenced = matches!(result, Err(motet_store::CommitError::Fenced(_)));
        ensure(is_fenced, Check::TwoOwners, "a deposed owner's commit refused", || {
            format!("{result:?}")
        })
    }
}
