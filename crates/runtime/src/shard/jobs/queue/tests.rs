//! Long queues: what does not fit in memory stays on disk, and comes back in order.

use std::collections::BTreeSet;

use motet_types::ShardId;

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

fn entry(nth: usize) -> Entry {
    let id = InstanceId::new(NOW, ShardId(0), nth as u64);
    Entry {
        queue: Arc::new(QueueKey { kind: "label".to_owned(), namespace: "test".to_owned() }),
        waiting: Waiting { rank: nth as i64, id, step: StepId(1) },
        attempt: Attempt(1),
        ready_at: NOW,
        created_at: NOW,
        hold: Duration::from_secs(5),
    }
}

fn page(rows: &BTreeSet<usize>, from: Waiting) -> Vec<Entry> {
    let rows = rows.iter().map(|nth| entry(*nth));
    rows.filter(|entry| entry.waiting >= from).take(PAGE_ROWS).collect()
}

#[test]
fn an_entry_is_small() {
    assert!(size_of::<Waiting>() <= 32, "{}", size_of::<Waiting>());
}

/// Takes all jobs of a queue that is longer than memory, in whatever order they arrived.
#[test]
fn every_job_of_a_long_queue_is_taken_once_and_in_order() {
    let count = QUEUED_MAX * 2 + 17;
    for step in [1, 7_919] {
        let mut queues = Queues::default();
        let mut rows: BTreeSet<usize> = BTreeSet::new();
        for nth in 0..count {
            let nth = nth * step % count;
            rows.insert(nth);
            queues.admit(entry(nth), Origin::Commit, NOW);
        }
        assert_eq!(queues.available("label", None), QUEUED_MAX);
        let mut taken = Vec::new();
        while taken.len() < count {
            for (key, from) in queues.wanted("label", NOW) {
                queues.read(&key, Some(page(&rows, from)), NOW);
            }
            let places = queues.take("label", None, 500, NOW);
            assert!(!places.is_empty(), "{} of {count} jobs were given out", taken.len());
            for place in places {
                let nth = rows.iter().find(|nth| entry(**nth).waiting.place() == place).copied();
                let nth = nth.expect("a job whose row is there");
                rows.remove(&nth);
                queues.forget(&entry(nth));
                taken.push(nth);
            }
        }
        assert_eq!(taken, (0..count).collect::<Vec<_>>());
        assert_eq!(queues.levels().count(), 0, "an empty queue goes");
    }
}

#[test]
fn what_arrives_while_a_page_is_read_is_not_lost() {
    let mut queues = Queues::default();
    for nth in 0..=QUEUED_MAX {
        queues.admit(entry(nth), Origin::Commit, NOW);
    }
    let drained = queues.take("label", None, QUEUED_MAX, NOW);
    assert_eq!(drained.len(), QUEUED_MAX);
    let (key, from) = queues.wanted("label", NOW).remove(0);
    let before = vec![entry(QUEUED_MAX)];
    assert!(from <= before[0].waiting);
    // Its commit is durable after the page was read, before the page arrives.
    queues.admit(entry(QUEUED_MAX + 1), Origin::Commit, NOW);
    queues.read(&key, Some(before), NOW);
    assert_eq!(queues.take("label", None, 9, NOW).len(), 2);
}

#[test]
fn a_page_that_cannot_be_read_is_asked_for_again() {
    let mut queues = Queues::default();
    for nth in 0..=QUEUED_MAX {
        queues.admit(entry(nth), Origin::Commit, NOW);
    }
    queues.take("label", None, QUEUED_MAX, NOW);
    let (key, from) = queues.wanted("label", NOW).remove(0);
    assert!(queues.wanted("label", NOW).is_empty(), "one page at a time");
    queues.read(&key, None, NOW);
    assert!(queues.wanted("label", NOW).is_empty(), "not at once");
    let later = NOW.saturating_add(REST);
    assert_eq!(queues.wanted("label", later), [(key, from)]);
}

#[test]
fn a_new_job_waits_for_no_clock_and_one_that_was_given_back_does() {
    let later = NOW.saturating_add(Duration::from_secs(100));
    let new = Entry { created_at: later, ready_at: later, hold: Duration::ZERO, ..entry(0) };
    let rest = Duration::from_secs(1);
    let given_back = Entry { ready_at: later.saturating_add(rest), ..entry(1) };
    for origin in [Origin::Recovery, Origin::Store] {
        let mut queues = Queues::default();
        queues.begin(NOW);
        assert!(queues.admit(new.clone(), origin, NOW));
        assert!(!queues.admit(given_back.clone(), origin, NOW));
        assert_eq!(queues.next_due(), Some(given_back.ready_at));
    }
}

#[test]
fn a_job_of_the_time_before_is_held_and_then_given() {
    let mut queues = Queues::default();
    let began = NOW.saturating_add(Duration::from_secs(60));
    queues.begin(began);
    queues.admit(entry(1), Origin::Recovery, began);
    assert!(queues.take("label", None, 1, began).is_empty());
    let held = began.saturating_add(Duration::from_secs(5));
    assert_eq!(queues.next_due(), Some(held));
    assert!(queues.take_due(began).is_none());
    let back = queues.take_due(held).expect("its time has come");
    assert_eq!((back.queue.kind.as_str(), back.was_leased), ("label", false));
    assert_eq!(queues.take("label", Some(&["test".to_owned()]), 1, held).len(), 1);
    assert!(queues.take("label", Some(&["else".to_owned()]), 1, held).is_empty());
}
