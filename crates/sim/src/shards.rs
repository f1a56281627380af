//! Chooses keys and ids so that instances and their children meet in few shards, where messages follow each other.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use motet_types::{InstanceId, ShardId, StepId, Timestamp};

use crate::definitions::definition;

/// Start keys are sought whose shard is among the first of so many.
const SHARDS_OF_PARENTS: u16 = 1;
const SHARDS_OF_CHILDREN: u16 = 1;

/// Tries until chance may have it.
const TRIES_MAX: u64 = 400;

/// The bits of a seed that are tried.
const LOW: u64 = 0xfff;
const LOW_DIGITS: usize = 3;
const _: () = assert!(TRIES_MAX <= LOW);

/// The last digits of an id for each try.
static DIGITS: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..=LOW).map(|low| format!("{low:0LOW_DIGITS$x}")).collect());

thread_local! {
    /// Keys that were found before: every seed wants some of the same.
    static KEYS: RefCell<BTreeMap<(usize, u64), String>> = const { RefCell::new(BTreeMap::new()) };
}

/// A start key, as a client would choose it.
pub(crate) fn key(number: usize, order: u64) -> String {
    let known = KEYS.with_borrow(|keys| keys.get(&(number, order)).cloned());
    known.unwrap_or_else(|| {
        let key = seek(number, order);
        KEYS.with_borrow_mut(|keys| keys.insert((number, order), key.clone()));
        key
    })
}

fn seek(number: usize, order: u64) -> String {
    let keys = (0..TRIES_MAX).map(|nth| format!("order-{order}-{nth}"));
    let found = keys.clone().find(|key| of_client(number, key).0 < SHARDS_OF_PARENTS);
    found.unwrap_or_else(|| format!("order-{order}"))
}

/// Free bits of an id, so that the child which the first step starts comes to one of few shards.
pub(crate) fn seed(now: Timestamp, number: usize, key: &str, child: usize, from: u64) -> u64 {
    let shard = of_client(number, key);
    let workflow = &definition(child).graph.definition.workflow;
    let (namespace, name) = (workflow.namespace.as_str(), workflow.name.as_str());
    let parent = |seed| InstanceId::new(now, shard, seed).to_string();
    // The last of the free bits are the last digits of the id: only they change from one try to the next.
    let mut seeds = (0..TRIES_MAX).map(|nth| (from & !LOW) | nth);
    let mut text = format!("child/{}/{}", parent(from), StepId(1));
    let end = "child/".len() + parent(from).len();
    let is_near = |seed: &u64| {
        text.replace_range(end - LOW_DIGITS..end, &DIGITS[(seed & LOW) as usize]);
        ShardId::of_start(namespace, name, &text).0 < SHARDS_OF_CHILDREN
    };
    seeds.find(is_near).unwrap_or(from)
}

fn of_client(number: usize, key: &str) -> ShardId {
    of(number, &format!("client/{key}"))
}

fn of(number: usize, key: &str) -> ShardId {
    let workflow = &definition(number).graph.definition.workflow;
    ShardId::of_start(workflow.namespace.as_str(), workflow.name.as_str(), key)
}

#[cfg(test)]
mod tests;
