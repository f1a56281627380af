use std::fs;

use expect_test::expect;

use super::generated::{Generated, check_all};
use super::*;

/// Runs a line of shell in place of cargo and counts what it prints, which is passed on unchanged.
fn count(line: &str, in_ci: bool) -> Counts {
    let shell = || {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        command
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let counts = run_tests(&mut shell(), in_ci, &mut out, &mut err).unwrap();
    let plain = shell().output().unwrap();
    assert_eq!((out, err), (plain.stdout, plain.stderr));
    counts
}

fn counts(passed: usize, failed: usize, skipped: usize) -> Counts {
    Counts { passed, failed, skipped }
}

const RESULTS: &str = "echo 'test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s';
    echo 'test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s'";

#[test]
fn results_of_several_test_programs_are_added() {
    assert_eq!(count(&format!("{RESULTS}; exit 101"), false), counts(15, 2, 1));
}

#[test]
fn a_failure_without_a_failed_test_counts() {
    assert_eq!(count("echo 'error: does not compile' >&2; exit 101", false), counts(0, 1, 0));
    assert_eq!(
        count("echo 'test result: ok. 1 passed; 0 failed; 0 ignored;'; exit 1", false),
        counts(1, 1, 0)
    );
    assert_eq!(count("exit 0", false), counts(0, 0, 0));
}

#[test]
fn in_ci_only_the_kit_may_be_missing() {
    let kit = "echo 'SKIPPED: specification kit not found' >&2";
    let other = "echo 'SKIPPED: no docker'";
    assert_eq!(count(kit, false), counts(0, 0, 1));
    assert_eq!(count(kit, true), counts(0, 0, 1));
    assert_eq!(count(other, false), counts(0, 0, 1));
    assert_eq!(count(other, true), counts(0, 1, 0));
}

#[test]
fn a_stage_of_our_own_fails_with_its_error_and_passes_without() {
    let stage = |check| Stage::new("own", Work::Own(check)).run(Path::new("."), true).counts;
    assert_eq!(stage(|_| Ok(())), Counts::PASSED);
    assert_eq!(stage(|_| Err(Reported.into())), Counts::FAILED);
    assert_eq!(stage(|_| anyhow::bail!("broken")), Counts::FAILED);
}

#[test]
fn a_missing_component_is_skipped_at_home_and_fails_in_ci() {
    let stage = Stage::new("x", Work::Own(|_| Ok(()))).needs("nonesuch", "nonesuch");
    assert_eq!(stage.run(Path::new("."), false).counts, Counts::SKIPPED);
    assert_eq!(stage.run(Path::new("."), true).counts, Counts::FAILED);
}

#[test]
fn the_table_names_what_failed_and_how_long_each_took() {
    let outcome =
        |name, counts, seconds| Outcome { name, counts, duration: Duration::from_millis(seconds) };
    let results = [
        outcome("format", Counts::PASSED, 812),
        outcome("clippy", Counts::FAILED, 61_340),
        outcome("tests", counts(310, 0, 1), 100_000),
    ];
    expect![[r#"
        format       ok         0.8 s  1 passed, 0 failed, 0 skipped
        clippy       FAILED    61.3 s  0 passed, 1 failed, 0 skipped
        tests        ok       100.0 s  310 passed, 0 failed, 1 skipped
    "#]]
    .assert_eq(&table(&results));
}

#[test]
fn a_generated_file_that_is_out_of_date_fails_once_and_is_made_anew() {
    let root = std::env::temp_dir().join(format!("motet-generated-{}", std::process::id()));
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("version.txt"), "old\n").unwrap();
    let files = [Generated { path: "version.txt", cargo: &["--version"] }];

    assert!(check_all(&root, &files).unwrap_err().is::<Reported>());
    assert!(fs::read_to_string(root.join("version.txt")).unwrap().starts_with("cargo "));
    check_all(&root, &files).unwrap();

    let broken = [Generated { path: "version.txt", cargo: &["no-such-command"] }];
    assert!(!check_all(&root, &broken).unwrap_err().is::<Reported>());
    fs::remove_dir_all(&root).unwrap();
}

#[test]
fn a_stage_beside_others_counts_by_its_last_line() {
    let root = workspace::root();
    let outcome = |name, line: &str| {
        let mut command = Command::new("sh");
        Beside::watch(name, &root, command.args(["-c", line])).unwrap().end().counts
    };
    assert_eq!(
        outcome("beside-good", "echo one; echo 2 passed, 0 failed, 1 skipped"),
        counts(2, 0, 1)
    );
    assert_eq!(
        outcome("beside-bad", "echo 0 passed, 1 failed, 0 skipped; exit 1"),
        counts(0, 1, 0)
    );
    assert_eq!(
        outcome("beside-dead", "echo 1 passed, 0 failed, 0 skipped; echo error: dead"),
        counts(0, 1, 0)
    );
    assert_eq!(outcome("beside-silent", "exit 0"), counts(0, 1, 0));
}

#[test]
fn every_sum_reads_back() {
    for sum in [Counts::default(), counts(1, 0, 0), counts(12, 3, 456)] {
        assert_eq!(Counts::parse(&sum.to_string()), Some(sum));
    }
    assert_eq!(Counts::parse("12 passed"), None);
}

#[test]
fn only_known_stages_can_be_chosen() {
    let error = run(&["formt".to_owned()]).unwrap_err().to_string();
    assert!(error.starts_with("there is no stage \"formt\", only format, tidy, "), "{error}");
}
