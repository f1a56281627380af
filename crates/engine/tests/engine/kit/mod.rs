//! The specification's conformance kit, run at the level of the engine.
//!
//! The files are found in `MOTET_SPEC_DIR`, else in `../shared/spec/ctk` seen from the workspace; without them the test
//! says so and passes.

mod gherkin;
mod runner;
mod stub;

use std::path::{Path, PathBuf};

use gherkin::Scenario;
use runner::Verdict;

/// Scenarios of the kit that use constructs which a later release executes.
const LATER: [&str; 2] = ["Call OpenAPI With Content Output", "Call OpenAPI With Response Output"];

#[test]
#[expect(clippy::disallowed_macros, reason = "figures for people")]
fn the_conformance_kit_passes() {
    let Some(folder) = folder() else {
        println!("SKIPPED: specification kit not found");
        return;
    };
    let (mut report, mut failures, mut later) = (String::new(), Vec::new(), Vec::new());
    for scenario in scenarios(&folder) {
        let name = format!("{}: {}", scenario.feature, scenario.name);
        match runner::run(&scenario) {
            Verdict::Passed => report.push_str(&format!("passed        {name}\n")),
            Verdict::NotExecuted(codes) => {
                report.push_str(&format!("not yet       {name} ({})\n", codes.join(", ")));
                later.push(scenario.name);
            }
            Verdict::Failed(why) => failures.push(format!("{name}: {why}")),
        }
    }
    println!("{report}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    later.sort();
    assert_eq!(later, {
        let mut expected = LATER.map(str::to_owned).to_vec();
        expected.sort();
        expected
    });
}

fn folder() -> Option<PathBuf> {
    let folder = match spec_dir() {
        Some(spec) => PathBuf::from(spec).join("ctk"),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/spec/ctk"),
    };
    folder.is_dir().then_some(folder)
}

#[expect(clippy::disallowed_methods, reason = "where the kit lies is said from outside")]
fn spec_dir() -> Option<String> {
    std::env::var("MOTET_SPEC_DIR").ok()
}

#[expect(clippy::disallowed_methods, reason = "the kit is read from its files")]
fn scenarios(folder: &Path) -> Vec<Scenario> {
    let entries = std::fs::read_dir(folder).expect("the kit's folder can be read");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the kit's folder can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "feature"));
    paths.sort();
    let texts = paths.iter().map(|path| std::fs::read_to_string(path).expect("a feature file"));
    let scenarios: Vec<Scenario> = texts.flat_map(|text| gherkin::parse(&text)).collect();
    assert!(!scenarios.is_empty(), "the kit holds no scenario");
    scenarios
}
