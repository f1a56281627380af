//! A process that is killed with `kill -9` while it commits loses nothing it acknowledged.
//!
//! The test starts itself as the process to kill. It says each acknowledged number on its standard output; over the disk
//! that loses unsynced writes, that also shows that nothing is acknowledged before its sync.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use common::Directory;
use common::client::{commit, records};
use motet_store::conformance::SCHEMA;
use motet_store_embedded::{Options, Service};

/// Names the directory that a started process commits to.
const DIRECTORY: &str = "MOTET_TEST_STORE_DIRECTORY";
const LOSSY: &str = "MOTET_TEST_STORE_LOSSY";
const KILLS: usize = 12;

// One after the other: a process that is being started briefly holds what the test has open, locks included.
#[test]
fn a_killed_process_loses_nothing() {
    for lossy in [false, true] {
        kill_again_and_again(lossy);
    }
}

/// Not a test of its own: what the started process does.
#[test]
fn commit_until_killed() {
    let Ok(directory) = std::env::var(DIRECTORY) else { return };
    let lossy = std::env::var(LOSSY).is_ok();
    let service = open(Path::new(&directory), lossy);
    let mut output = std::io::stdout();
    for number in records(&service, 1).len().. {
        commit(&service, 1, &number.to_string()).expect("it is durable");
        writeln!(output, "\nacknowledged {number}").expect("the parent listens");
    }
}

fn open(directory: &Path, lossy: bool) -> Service {
    let options = Options { lose_unsynced_writes: lossy, ..Options::small() };
    Service::open(directory, &SCHEMA, options).expect("it opens")
}

fn kill_again_and_again(lossy: bool) {
    let directory = Directory::new();
    let mut acknowledged = 0;
    for kill in 0..KILLS {
        acknowledged = commit_and_kill(directory.path(), lossy, 20 + 13 * kill).max(acknowledged);
        let service = open(directory.path(), lossy);
        let found = records(&service, 1);
        let expected: Vec<String> = (0..found.len()).map(|number| number.to_string()).collect();
        assert_eq!(found, expected, "each number once and in order");
        assert!(
            found.len() > acknowledged,
            "{acknowledged} was acknowledged, {} are there",
            found.len()
        );
    }
    assert!(acknowledged > KILLS * 20);
}

/// The last number that the process said before it was killed.
fn commit_and_kill(directory: &Path, lossy: bool, commits: usize) -> usize {
    let mut command = Command::new(std::env::current_exe().expect("the test is a program"));
    command.args(["--exact", "commit_until_killed", "--nocapture"]).env(DIRECTORY, directory);
    if lossy {
        command.env(LOSSY, "yes");
    }
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut said = output.lines().map_while(Result::ok).filter_map(|line| {
        line.strip_prefix("acknowledged ").and_then(|number| number.parse().ok())
    });
    let last = said.nth(commits - 1).expect("it commits until it is killed");
    child.kill().expect("it runs");
    child.wait().expect("it is ours");
    // What it said while it was being killed counts too.
    said.last().unwrap_or(last)
}
