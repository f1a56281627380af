//! The rest is told by transcripts of the machine: `shard/tests/lifecycle.rs`.

use motet_types::{StepId, TaskId};

use super::Tasks;

/// 1 around 2 and 3, 3 around 4.
fn nested() -> Tasks {
    let mut tasks = Tasks::default();
    for (step, parent) in [(1, 0), (2, 1), (3, 1), (4, 3)] {
        tasks.open(StepId(step), StepId(parent), TaskId(step * 10));
    }
    tasks
}

fn ids(tasks: Vec<TaskId>) -> Vec<u32> {
    tasks.into_iter().map(|task| task.0).collect()
}

#[test]
fn what_is_within_a_step_ends_with_it_from_the_inside_out() {
    let mut tasks = nested();
    assert_eq!(ids(tasks.close_below(StepId(1))), [40, 30, 20]);
    assert_eq!(ids(tasks.close(StepId(1))), [10]);
    assert!(tasks.close(StepId(1)).is_empty(), "once");
}

#[test]
fn an_error_goes_through_what_is_around_it() {
    let mut tasks = nested();
    assert_eq!(ids(tasks.fail(StepId(4))), [40]);
    let (faulted, cancelled) = tasks.failed_below(StepId(1), None);
    assert_eq!((ids(faulted), ids(cancelled)), (vec![30], vec![20]));
    assert_eq!(ids(tasks.all()), [10]);
    tasks.reopen(true);
    assert_eq!(ids(tasks.all()), [10]);
}

#[test]
fn a_branch_fails_alone() {
    let mut tasks = nested();
    assert_eq!(ids(tasks.fail(StepId(4))), [40]);
    let (faulted, cancelled) = tasks.failed_below(StepId(1), Some(TaskId(30)));
    assert_eq!((ids(faulted), ids(cancelled)), (vec![30], Vec::new()));
    assert_eq!(ids(tasks.all()), [10, 20]);
}

#[test]
fn iterations_are_no_tasks() {
    let mut tasks = Tasks::default();
    tasks.open(StepId(1), StepId(0), TaskId(10));
    tasks.group(StepId(2), StepId(1));
    tasks.open(StepId(3), StepId(2), TaskId(30));
    assert_eq!(ids(tasks.all()), [10, 30]);
    assert_eq!(ids(tasks.close_below(StepId(2))), [30]);
    assert!(tasks.close(StepId(2)).is_empty());
}
