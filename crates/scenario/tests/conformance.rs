//! The conformance kit on the engine alone: every case shows a rule of the language.
//!
//! Cases are scenarios (`tests/conformance/*.scenarios.yaml`) whose `rule` stands in `rules.yaml`. `MOTET_WRITE_BOOK=1` writes
//! `docs/conformance.md` anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use motet_definition::read_data;
use motet_expr::{Value, json};
use motet_scenario::{Scenario, Suite};
use motet_types::Limits;

struct Rule {
    id: String,
    text: String,
    page: String,
}

#[test]
fn every_rule_has_a_case_and_every_case_a_rule() {
    let (rules, suites) = (rules(), suites());
    let mut wrong = Vec::new();
    let scenarios = || suites.iter().flat_map(|suite| &suite.scenarios);
    for rule in &rules {
        if !scenarios().any(|scenario| scenario.rule.as_deref() == Some(&rule.id)) {
            wrong.push(format!("no case shows {}", rule.id));
        }
        if rules.iter().filter(|other| other.id == rule.id).count() > 1 {
            wrong.push(format!("{} stands twice", rule.id));
        }
    }
    for scenario in scenarios() {
        match &scenario.rule {
            Some(rule) if rules.iter().any(|known| known.id == *rule) => {}
            Some(rule) => wrong.push(format!("{}: {rule} is no rule", scenario.name)),
            None => wrong.push(format!("{}: it shows no rule", scenario.name)),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(scenarios().count() >= 250, "{} cases", scenarios().count());
}

#[test]
fn the_engine_alone_passes() {
    let results: Vec<_> =
        suites().iter().map(|suite| motet_scenario::run_suite(suite, None)).collect();
    let failed: Vec<_> = results.into_iter().filter(|result| !result.has_passed()).collect();
    assert!(failed.is_empty(), "{}", motet_scenario::as_text(&failed));
}

#[test]
fn the_page_is_fresh() {
    let path = root().join("docs/conformance.md");
    let page = page(&rules(), &suites());
    if std::env::var_os("MOTET_WRITE_BOOK").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/conformance.md is stale: run with MOTET_WRITE_BOOK=1");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rules() -> Vec<Rule> {
    let path = root().join("tests/conformance/rules.yaml");
    let text = std::fs::read_to_string(path).expect("the rules are there");
    let data = read_data(&text, &Limits::default());
    assert!(data.diagnostics.is_empty(), "{:#?}", data.diagnostics);
    let Some(Value::Obj(pages)) = data.value else { panic!("the rules are an object") };
    let mut rules = Vec::new();
    for (page, of_page) in pages.iter() {
        let Value::Obj(of_page) = of_page else { panic!("a page holds rules") };
        for (id, text) in of_page.iter() {
            let word = |value| json::as_str(value).expect("rules are texts").to_owned();
            rules.push(Rule { id: word(id), text: word(text), page: word(page) });
        }
    }
    rules
}

fn suites() -> Vec<Suite> {
    let folder = root().join("tests/conformance");
    let entries = folder.read_dir().expect("the kit is there");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("its entries can be read").path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".scenarios.yaml"));
    paths.sort();
    let suite = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("cases can be read");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut loader = |file: &str| Err(format!("cases stand alone, without {file}"));
        motet_scenario::read(&name, &text, &mut loader)
            .unwrap_or_else(|problems| panic!("{name}: {problems:#?}"))
    };
    paths.iter().map(suite).collect()
}

fn page(rules: &[Rule], suites: &[Suite]) -> String {
    let mut cases: BTreeMap<&str, Vec<(&str, &Scenario)>> = BTreeMap::new();
    for suite in suites {
        for scenario in &suite.scenarios {
            let rule = scenario.rule.as_deref().unwrap_or_default();
            cases.entry(rule).or_default().push((&suite.name, scenario));
        }
    }
    let total: usize = cases.values().map(Vec::len).sum();
    let mut page = format!(
        "# Conformance\n\nWhat Motet does where the language leaves a choice or is easily misread: {} rules, shown by {total} cases in\n\
        [`tests/conformance`](../tests/conformance). Each case runs on the engine in virtual time, rebuilt from its journal after\n\
        every commit. This page is made from them.\n",
        rules.len()
    );
    let mut section = "";
    for rule in rules {
        if rule.page != section {
            section = &rule.page;
            let _ = write!(page, "\n## {section}\n");
        }
        let _ = write!(page, "\n**{}** · {}\n\n", rule.id, rule.text);
        for (file, scenario) in cases.get(rule.id.as_str()).into_iter().flatten() {
            let _ = writeln!(page, "- [{}](../tests/conformance/{file})", scenario.name);
        }
    }
    page
}
