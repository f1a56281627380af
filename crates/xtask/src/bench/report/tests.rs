use expect_test::expect;

use super::*;

fn run(rate: f64, latency: f64, others: f64) -> anyhow::Result<Run> {
    let figures = vec![
        Figure::new("instances/s", rate).at_least(6_000.0),
        Figure::new("p99, ms", latency).at_most(100.0),
        Figure::new("syncs/s", 1_234.5),
    ];
    Ok(Run { figures, others, is_void: rate == 0.0 })
}

fn rules(runs: usize) -> Rules {
    Rules { runs, accept_noise: false }
}

fn report(lines: Vec<Line>) -> Report {
    Report { bench: "chain", machine: "a machine".to_owned(), lines }
}

#[test]
fn noisy_runs_are_dropped_while_there_are_quiet_ones() {
    let runs =
        [(1.0, 9.0, 0.9), (6_100.0, 90.0, 0.0), (7_000.0, 130.0, 0.05), (6_500.0, 101.0, 0.1)];
    let mut next = runs.iter();
    let line = Line::measure("256 clients", rules(3), || {
        let (rate, latency, others) = next.next().unwrap();
        run(*rate, *latency, *others)
    });
    expect![[r#"
        chain on a machine

        256 clients (3 runs, 1 dropped, others 5 % of a processor)
          instances/s                                        6500  6100 to 7000           reaches at least 6000
          p99, ms                                             101  90.0 to 130            MISSES at most 100
          syncs/s                                            1234  1234 to 1234
    "#]]
    .assert_eq(&report(vec![line.unwrap()]).table());
    assert!(next.next().is_none(), "no run more than needed");
}

#[test]
fn void_runs_are_dropped_too() {
    let mut rates = [0.0, 5.0].iter();
    let line = Line::measure("x", rules(1), || run(*rates.next().unwrap(), 1.0, 0.0)).unwrap();
    assert_eq!((line.dropped, line.medians()[0].value), (1, 5.0));
}

#[test]
fn without_quiet_runs_all_are_kept_and_the_line_says_so() {
    let mut count = 0;
    let line = Line::measure("1 client", rules(2), || {
        count += 1;
        run(f64::from(count), 0.5, 0.8)
    })
    .unwrap();
    assert_eq!(count, 6);
    let report = report(vec![line]);
    assert!(
        report
            .table()
            .contains("(6 runs, 0 dropped, others 80 % of a processor, NOISY: too few good runs)")
    );
    let json = report.json();
    let figure = &json["lines"][0]["figures"][0];
    assert_eq!((&figure["median"], &figure["reached"]), (&json!(3.5), &json!(false)));
    assert_eq!(figure["runs"].as_array().unwrap().len(), 6);
    assert_eq!(json["lines"][0]["noisy"], json!(true));
}

#[test]
fn noise_can_be_accepted() {
    let rules = Rules { runs: 2, accept_noise: true };
    let line = Line::measure("x", rules, || run(1.0, 1.0, 0.9)).unwrap();
    assert_eq!((line.kept.len(), line.is_noisy), (2, true), "accepted, and said");
}

#[test]
fn a_run_that_fails_ends_the_line_and_is_named() {
    let error = Line::measure("x", rules(1), || anyhow::bail!("wrong answer")).unwrap_err();
    assert_eq!(format!("{error:#}"), "x, run 1: wrong answer");
}

#[test]
fn the_json_is_saved_under_the_name_of_the_bench() {
    let folder = std::env::temp_dir().join(format!("motet-report-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = report(Vec::new()).save(&folder).unwrap();
    assert_eq!(path.file_name().unwrap(), "chain.json");
    let saved: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(saved, json!({ "bench": "chain", "machine": "a machine", "lines": [] }));
    fs::remove_dir_all(&folder).unwrap();
}
