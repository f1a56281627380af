//! Several versions of one workflow, and a tag that moves: an instance begins with the version that is in force.

use motet_engine::CatalogInput;
use motet_runtime::InstanceView;
use motet_runtime::shard::{CatalogCommand, Input};

use crate::check::{Check, Checked, ensure};
use crate::clients::Action;
use crate::definitions::{VERSIONED, VERSIONS, definition};
use crate::random::Random;
use crate::world::{Event, HORIZON, World};

/// Seeds of a hundred that have such a workflow.
const SEEDS_PERCENT: u64 = 30;

const TAG: &str = "stable";

/// A workflow with versions.
pub(crate) struct Versions {
    /// The number of its first version.
    pub(crate) first: Option<usize>,
    moves: Vec<Move>,
}

/// A move of the tag, from when it was asked for until it was answered, or will never be.
struct Move {
    request: usize,
    version: usize,
    asked: u64,
    ended: Option<u64>,
    is_done: bool,
}

impl Versions {
    pub(crate) fn of(first: Option<usize>) -> Self {
        Self { first, moves: Vec::new() }
    }
}

/// The first version of the workflow of a seed that has one.
pub(crate) fn chosen(random: &mut Random) -> Option<usize> {
    let workflows = (VERSIONED.len() / VERSIONS) as u64;
    let first = VERSIONED.start + random.below(workflows) as usize * VERSIONS;
    random.percent(SEEDS_PERCENT).then_some(first)
}

impl World {
    /// Later versions come, and the tag goes forth and back.
    pub(crate) fn plan_versions(&mut self, random: &mut Random) {
        let Some(first) = self.versions.first else { return };
        let mut published = 100_000;
        for number in first + 1..first + VERSIONS {
            published += random.between(1_000, HORIZON / 4);
            self.plan(published, Event::Client(Action::Publish(number)));
        }
        for _ in 0..random.between(3, 9) {
            let version = first + random.below(VERSIONS as u64) as usize;
            let after = random.between(100_000, HORIZON);
            self.plan(after, Event::Client(Action::Tag(version)));
        }
    }

    /// What lets the tag name a version.
    pub(crate) fn tag(&mut self, version: usize) -> Input {
        let definition = &definition(version).graph.definition;
        let input = CatalogInput::SetTag {
            workflow: definition.workflow.clone(),
            tag: TAG.parse().expect("a label"),
            version: definition.version.clone(),
            reason: None,
        };
        let (request, asked) = (self.clients.requests.len(), self.now);
        self.versions.moves.push(Move { request, version, asked, ended: None, is_done: false });
        let command = Box::new(CatalogCommand { input, graph: None, actor: self.actor() });
        Input::Catalog { command, reply: self.responder() }
    }

    pub(crate) fn tagged(&mut self, request: usize, is_done: bool) {
        self.summary.tags_moved += u64::from(is_done);
        let now = self.now;
        for own in self.versions.moves.iter_mut().filter(|own| own.request == request) {
            (own.ended, own.is_done) = (Some(now), is_done);
        }
    }

    /// Whoever asked gets no answer any more: it happened before now, or never.
    pub(crate) fn tags_lost(&mut self) {
        let now = self.now;
        for own in &mut self.versions.moves {
            own.ended.get_or_insert(now);
        }
    }

    /// A start made an instance: its version was in force at some time between request and answer.
    pub(crate) fn check_version(
        &mut self,
        order: usize,
        asked: u64,
        view: &InstanceView,
    ) -> Checked {
        let number = self.clients.orders[order].definition;
        if Some(number) != self.versions.first {
            return Ok(());
        }
        self.summary.versions_begun += 1;
        let moves = &self.versions.moves;
        let is_over = |own: &Move| {
            let mut later = moves.iter().filter(|later| later.is_done);
            later.any(|later| {
                own.ended.is_some_and(|ended| later.asked > ended)
                    && later.ended.is_some_and(|ended| ended < asked)
            })
        };
        let is_set = |own: &Move| own.is_done && own.ended.is_some_and(|ended| ended < asked);
        let possible = moves.iter().filter(|own| !is_over(own)).map(|own| own.version);
        let mut possible: Vec<usize> = possible.collect();
        if !moves.iter().any(is_set) {
            // Without the tag it is the highest one.
            possible.extend(number..number + VERSIONS);
        }
        let begun = &view.definition;
        let fits = possible.iter().any(|number| definition(*number).graph.definition == *begun);
        ensure(fits, Check::VersionWrong, "a version that is in force", || {
            format!("{} begins as {begun}, possible are {possible:?}", view.id)
        })
    }
}
