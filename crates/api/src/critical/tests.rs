use expect_test::{Expect, expect};

use super::*;

/// A line `MILLIS STEP TASK KIND` for each entry; task `-` is the workflow itself.
fn history(lines: &str) -> Vec<HistoryEntry> {
    let begin = Timestamp::from_micros(1_800_000_000_000_000);
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate();
    let entry = |(number, line): (usize, &str)| {
        let words: Vec<&str> = line.split(' ').collect();
        let [millis, step, task, kind] = words.as_slice() else { panic!("{line:?}") };
        HistoryEntry {
            number: number as u64,
            at: begin.saturating_add(Duration::from_millis(millis.parse().unwrap())),
            step: StepId(step.parse().unwrap()),
            name: None,
            task: (*task != "-").then(|| (*task).to_owned()),
            kind: Box::leak(kind.to_string().into_boxed_str()),
            actor: None,
            details: Vec::new(),
        }
    };
    lines.map(entry).collect()
}

fn check(lines: &str, expect: Expect) {
    let path = path(&history(lines)).expect("it has completed");
    let mut shown = format!("{:?}\n", path.took);
    for Stretch { task, kind, begin, took } in &path.stretches {
        shown.push_str(&format!("{begin:?} {kind} {task} {took:?}\n"));
    }
    expect.assert_eq(&shown);
}

const FORKED: &str = "
    0 0 - started
    0 1 /do/0/ask requested
    30 1 /do/0/ask settled
    30 1 /do/0/ask completed
    31 2 /do/1/all activated
    31 3 /do/1/all/short requested
    31 4 /do/1/all/long requested
    41 3 /do/1/all/short completed
    41 5 /do/1/all/after waiting
    51 5 /do/1/all/after completed
    131 4 /do/1/all/long failed
    132 6 /do/1/all/again requested
    140 6 /do/1/all/again completed
    140 2 /do/1/all completed
    141 0 - workflow-completed
";

#[test]
fn of_branches_the_one_counts_that_was_waited_for() {
    check(
        FORKED,
        expect![[r#"
            141ms
            0ns call /do/0/ask 30ms
            31ms call /do/1/all/long 100ms
            132ms call /do/1/all/again 8ms
        "#]],
    );
}

#[test]
fn retries_are_one_stretch_and_what_lost_a_race_holds_nobody_up() {
    check(
        "
        0 0 - started
        0 1 /do/0/a requested
        10 1 /do/0/a settled
        10 1 /do/0/a retried
        60 1 /do/0/a requested
        70 1 /do/0/a completed
        70 2 /do/1/slow requested
        70 3 /do/1/fast listening
        75 2 /do/1/slow abandoned
        75 3 /do/1/fast completed
        90 2 /do/1/slow settled
        91 0 - workflow-completed
        ",
        expect![[r#"
            91ms
            0ns call /do/0/a 70ms
            70ms event /do/1/fast 5ms
        "#]],
    );
}

#[test]
fn only_whole_histories_of_completed_instances_tell() {
    let whole = history(FORKED);
    assert!(path(&whole).is_some());
    assert!(path(&whole[1..]).is_none(), "it does not begin at the beginning");
    assert!(path(&whole[..whole.len() - 1]).is_none(), "it has not ended");
    assert!(path(&[]).is_none());
    assert!(path(&history("0 0 - started\n5 0 - cut\n9 0 - workflow-completed")).is_none());
    assert!(path(&history("0 0 - started\n9 0 - workflow-faulted")).is_none());
}

#[test]
fn means_are_over_all_instances_and_stand_in_the_order_of_the_way() {
    let millis = Duration::from_millis;
    let stretch = |task: &str, begin, took| Stretch {
        task: task.to_owned(),
        kind: "call",
        begin: millis(begin),
        took: millis(took),
    };
    let one = Path {
        took: millis(100),
        stretches: vec![stretch("/z", 0, 10), stretch("/a", 10, 40), stretch("/a", 60, 40)],
    };
    let two = Path { took: millis(20), stretches: vec![stretch("/z", 4, 16)] };
    let common = common(&[one, two]);
    let shown: Vec<_> = common
        .tasks
        .iter()
        .map(|own| format!("{} on {} {:?} at most {:?}", own.task, own.on, own.took, own.longest))
        .collect();
    assert_eq!(shown, ["/z on 2 13ms at most 16ms", "/a on 1 40ms at most 80ms"]);
    assert_eq!((common.took, common.between), (millis(60), millis(7)));
    assert_eq!(super::common(&[]), Common::default());
}
