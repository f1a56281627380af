//! Room: lines of instances, of which so many run at once.
//!
//! A line lives on one shard and hears of instances by messages: one asks for a place when it is queued, and leaves at its
//! end, in the commits of those. A place is given in the commit in which the line hears of it, so that there are never more
//! than the limit, whatever crashes; and what leaves takes the way that it came, so that no place outlives its instance.

mod asking;
mod places;

use std::collections::BTreeSet;
use std::time::Duration;

use motet_engine::room::Line;
use motet_journal::Message;
use motet_store::RowChange;
use motet_types::{InstanceId, ShardId, WorkflowName};

use super::batch::Release;
use super::links::{Pair, taken_row};
use super::{Machine, Reply, Responder};
use crate::LimitView;
use crate::sabotage::{self, Sabotage};

pub(super) use places::{Change, Place, Rooms, read};

/// Places that one commit gives at most.
const GIVEN_MAX: usize = 256;

/// How long lines rest whose last changes were refused.
const REST: Duration = Duration::from_secs(1);

/// How many a line has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// For as many as come.
    Boundless,
    For(u64),
    /// The version in force cannot be compiled by this server: as it is, it stays.
    Unknown,
}

/// What a change of lines brings along: one commit of the line's shard.
#[derive(Default)]
struct Along {
    rows: Vec<RowChange>,
    releases: Vec<Release>,
    mail: Vec<(ShardId, Message)>,
}

impl Machine {
    /// How many a line has room for.
    pub(super) fn room(&self, line: &Line) -> Room {
        let limits = &self.config.limits;
        let bounded = |max: Option<u64>| max.map_or(Room::Boundless, Room::For);
        match line {
            Line::Root(_) => Room::For(limits.descendants_max),
            Line::Namespace(namespace) => {
                let own = limits.instances_running_max_by_namespace.get(namespace.as_str());
                bounded(own.copied().or(limits.instances_running_max))
            }
            Line::Workflow(workflow) => {
                let version = self.view.catalog.resolve(workflow, None).ok();
                match version.and_then(|version| self.view.graphs.get(&version)) {
                    Some(graph) => bounded(graph.running_max.map(u64::from)),
                    None => Room::Unknown,
                }
            }
        }
    }

    /// Takes the message of an instance that wants a place.
    pub(super) fn asked_for_room(
        &mut self,
        pair: Pair,
        sequence: u64,
        lines: &[Line],
        instance: InstanceId,
        at_once: bool,
    ) {
        let mut along = Along::taking(pair, sequence);
        if let Some((line, rest)) = lines.split_first() {
            self.enter(line, rest, instance, at_once, &mut along);
        }
        self.commit_along(pair.0, along);
        self.taken(pair, sequence);
    }

    fn enter(
        &mut self,
        line: &Line,
        rest: &[Line],
        instance: InstanceId,
        at_once: bool,
        along: &mut Along,
    ) {
        match self.rooms.find(line, instance) {
            Some((number, place)) if !place.has_room && at_once => {
                self.give_place(line, number, at_once, along);
            }
            // It has gone on, and may wait behind.
            Some(_) if at_once && !rest.is_empty() => ask(rest.to_vec(), instance, true, along),
            Some(_) => {}
            None => {
                let is_free = at_once || self.has_room(line);
                if let (false, Line::Root(_), Room::For(limit)) = (is_free, line, self.room(line)) {
                    along.mail.push((instance.shard(), Message::NoRoom { instance, limit }));
                    return;
                }
                let goes_on = matches!(line, Line::Workflow(_)) && !rest.is_empty();
                let place = Place { instance, goes_on, has_room: is_free };
                let change = self.rooms.enter(line, place);
                along.note(change);
                if is_free {
                    next(instance, rest.to_vec(), at_once, along);
                }
            }
        }
    }

    /// Takes the message of an instance that has ended: the first one that waits may have its place.
    pub(super) fn left_room(
        &mut self,
        pair: Pair,
        sequence: u64,
        lines: &[Line],
        instance: InstanceId,
    ) {
        let mut along = Along::taking(pair, sequence);
        if let Some((line, rest)) = lines.split_first() {
            if let Some((number, _)) = self.rooms.find(line, instance) {
                let change = self.rooms.change(line, number, None);
                along.note(change);
                self.give_places(line, &mut along);
            }
            if let Some(first) = rest.first() {
                let lines = rest.to_vec();
                along.mail.push((first.shard(), Message::LeaveRoom { lines, instance }));
            }
        }
        self.commit_along(pair.0, along);
        self.taken(pair, sequence);
    }

    /// There may be room for more than there was: those who wait come in, as many as a commit holds, and again.
    pub(super) fn widen(&mut self, line: &Line) {
        loop {
            let mut along = Along::default();
            self.give_places(line, &mut along);
            if along.mail.is_empty() {
                return;
            }
            self.commit_along(line.shard(), along);
        }
    }

    /// Every limit may be another one than it was when the server stopped.
    pub(super) fn recover_rooms(&mut self) {
        let lines: Vec<Line> = self.rooms.known().cloned().collect();
        lines.iter().for_each(|line| self.widen(line));
    }

    /// Lines whose last changes were refused are looked at again, after a rest.
    pub(super) fn tend_rooms(&mut self) {
        if self.rooms.next_due().is_some_and(|due| due <= self.now) {
            for line in self.rooms.take_unsettled() {
                self.widen(&line);
            }
        }
    }

    /// The limits after a line, each with how many it counts: those that are set, and those that somebody still counts under.
    pub(super) fn list_limits(
        &mut self,
        namespaces: Option<&[String]>,
        after: Option<&Line>,
        limit: usize,
        reply: Responder,
    ) {
        let known = self.rooms.known().filter(|line| !matches!(line, Line::Root(_))).cloned();
        let mut lines: BTreeSet<Line> = known.collect();
        let is_set = |line: &Line| matches!(self.room(line), Room::For(_));
        for workflow in self.view.catalog.workflows.keys() {
            let own =
                [Line::Workflow(workflow.clone()), Line::Namespace(workflow.namespace.clone())];
            lines.extend(own.into_iter().filter(is_set));
        }
        let sees = |line: &Line| match line {
            Line::Workflow(WorkflowName { namespace, .. }) | Line::Namespace(namespace) => {
                namespaces.is_none_or(|names| names.iter().any(|name| name == namespace.as_str()))
            }
            Line::Root(_) => false,
        };
        let page =
            lines.into_iter().filter(|line| sees(line) && after.is_none_or(|after| line > after));
        let page: Vec<LimitView> = page.take(limit).map(|line| self.limit_view(line)).collect();
        self.reply(reply, Ok(Reply::Limits(page)));
    }

    fn limit_view(&self, line: Line) -> LimitView {
        let (running, waiting) = self.rooms.figures(&line);
        let max = match self.room(&line) {
            Room::For(max) => Some(max),
            Room::Boundless | Room::Unknown => None,
        };
        LimitView { line, max, running, waiting }
    }

    fn give_places(&mut self, line: &Line, along: &mut Along) {
        for _ in 0..GIVEN_MAX {
            let Some((number, _)) = self.rooms.first_waiting(line) else { return };
            let (taken, _) = self.rooms.figures(line);
            let is_free = match self.room(line) {
                Room::Boundless => true,
                Room::For(limit) => taken < limit,
                Room::Unknown => false,
            };
            if !is_free {
                return;
            }
            self.give_place(line, number, false, along);
        }
    }

    fn give_place(&mut self, line: &Line, number: u64, at_once: bool, along: &mut Along) {
        let Some(place) = self.rooms.at(line, number) else { return };
        let change = self.rooms.change(line, number, Some(Place { has_room: true, ..place }));
        along.note(change);
        let rest = match line {
            Line::Workflow(workflow) if place.goes_on => {
                vec![Line::Namespace(workflow.namespace.clone())]
            }
            _ => Vec::new(),
        };
        next(place.instance, rest, at_once, along);
    }

    /// Whether one more may have a place now; who waits goes before.
    fn has_room(&self, line: &Line) -> bool {
        let (taken, waiting) = self.rooms.figures(line);
        match self.room(line) {
            Room::Boundless => true,
            Room::For(limit) => waiting == 0 && taken < limit,
            Room::Unknown => false,
        }
    }

    fn commit_along(&mut self, from: ShardId, along: Along) {
        let Along { mut rows, mut releases, mail } = along;
        for (to, message) in mail {
            self.send_along(from, to, message, &mut rows, &mut releases);
        }
        self.commit_rows(from, rows);
        for release in releases {
            self.release(release);
        }
    }
}

impl Along {
    fn taking(pair: Pair, sequence: u64) -> Self {
        Self {
            rows: vec![taken_row(pair, sequence)],
            releases: vec![Release::Acknowledge { from: pair.1, sequence }],
            mail: Vec::new(),
        }
    }

    fn note(&mut self, change: Change) {
        if !sabotage::is(Sabotage::RoomForgotten) {
            self.rows.push(change.row());
        }
        self.releases.push(Release::Room(change));
    }
}

/// Where an instance goes that has a place in a line.
fn next(instance: InstanceId, rest: Vec<Line>, at_once: bool, along: &mut Along) {
    match rest.is_empty() {
        true => along.mail.push((instance.shard(), Message::HaveRoom { instance })),
        false => ask(rest, instance, at_once, along),
    }
}

fn ask(lines: Vec<Line>, instance: InstanceId, at_once: bool, along: &mut Along) {
    if let Some(first) = lines.first() {
        along.mail.push((first.shard(), Message::AskRoom { lines, instance, at_once }));
    }
}
