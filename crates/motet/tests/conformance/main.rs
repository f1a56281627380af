//! The conformance kit against a server: one process, everything over HTTP.
//!
//! Cases are scenarios (`tests/conformance/*.scenarios.yaml`), which run on the engine alone, too, and exchanges
//! (`*.exchanges.yaml`), which say requests and answers. Services are at `http://stub.test`: for the server they are one listener
//! on loopback, and addresses are put back before anything is compared. A case for which a server is no place says why
//! ([`motet_scenario::alone`]): it takes hours, or asks for what cannot be had over HTTP. Nothing is left out silently: how many
//! ran where is printed.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod client;
mod stub;

mod exchange;
mod place;
mod play;

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "it serves other tests, too")]
mod support;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use motet_scenario::{Scenario, Suite, alone};

use client::Client;
use exchange::Exchange;
use stub::Stub;
use support::{Directory, Server};

/// Cases at the server at once.
const WORKERS: usize = 8;

/// Fewer cases at the server mean that something has gone wrong with choosing them.
const CASES_MIN: usize = 300;

/// Something that is tried at the server.
enum Case {
    Scenario(Box<Scenario>),
    Exchange(Box<Exchange>),
}

#[test]
fn a_server_does_what_the_cases_say() {
    let began = Instant::now();
    let mut cases = Vec::new();
    let mut elsewhere: BTreeMap<String, usize> = BTreeMap::new();
    for scenario in suites().into_iter().flat_map(|suite| suite.scenarios) {
        match alone(&scenario) {
            None => cases.push(Case::Scenario(Box::new(scenario))),
            Some(why) => *elsewhere.entry(why).or_default() += 1,
        }
    }
    cases.extend(exchanges().into_iter().map(|exchange| Case::Exchange(Box::new(exchange))));
    let server = Server::start(Directory::new());
    let (stub, client) = (Stub::start(), Client::new(server.address()));
    let failed = all(&cases, &client, &stub);
    told(cases.len(), &elsewhere, began);
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), cases.len(), failed.join("\n"));
    assert!(cases.len() >= CASES_MIN, "{} cases", cases.len());
}

/// Tries all cases, several at once; what is wrong, by name.
fn all(cases: &[Case], client: &Client, stub: &Stub) -> Vec<String> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(number) else { return };
                    let (name, found) = match case {
                        Case::Scenario(scenario) => {
                            (&scenario.name, play::wrong(scenario, number, client, stub))
                        }
                        Case::Exchange(exchange) => {
                            (&exchange.name, exchange::wrong(exchange, number, client, stub))
                        }
                    };
                    if !found.is_empty() {
                        failed.lock().unwrap().push(format!("{name}: {}", found.join("; ")));
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap()
}

/// Says how many cases ran where, past the harness, which would keep it to itself.
fn told(at_server: usize, elsewhere: &BTreeMap<String, usize>, began: Instant) {
    let alone: usize = elsewhere.values().sum();
    let mut text = format!(
        "conformance: {at_server} cases at a server over HTTP in {:.1} s, {alone} on the engine alone\n",
        began.elapsed().as_secs_f64()
    );
    for (why, count) in elsewhere {
        text.push_str(&format!("conformance: {count:5} on the engine alone because {why}\n"));
    }
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance")
}

fn files(suffix: &str) -> Vec<(String, String)> {
    let entries = folder().read_dir().unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(suffix));
    paths.sort();
    let named = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).unwrap())
    };
    paths.into_iter().map(named).collect()
}

fn suites() -> Vec<Suite> {
    let read = |(name, text): (String, String)| {
        let mut loader = |file: &str| Err(format!("cases stand alone, without {file}"));
        motet_scenario::read(&name, &text, &mut loader)
            .unwrap_or_else(|problems| panic!("{name}: {problems:#?}"))
    };
    files(".scenarios.yaml").into_iter().map(read).collect()
}

fn exchanges() -> Vec<Exchange> {
    let files = files(".exchanges.yaml");
    files.iter().flat_map(|(name, text)| exchange::read(name, text)).collect()
}
