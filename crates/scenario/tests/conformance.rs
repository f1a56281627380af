//! The conformance kit on the engine alone: every case shows a rule of the language.
//!
//! Cases are scenarios (`tests/conformance/*.scenarios.yaml`) and exchanges with a server (`*.exchanges.yaml`), whose `rule` stands in
//! `rules.yaml`. `MOTET_WRITE_BOOK=1` writes `docs/conformance.md` anew. What runs at a server is a test of the program.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use motet_definition::read_data;
use motet_expr::{Value, json};
use motet_scenario::{Scenario, Suite, alone};
use motet_types::Limits;

struct Rule {
    id: String,
    text: String,
    page: String,
}

/// Something that shows a rule.
struct Case {
    name: String,
    rule: Option<String>,
    file: String,
    /// Why it runs on the engine alone, if it does.
    alone: Option<String>,
    is_scenario: bool,
}

#[test]
fn every_rule_has_a_case_and_every_case_a_rule() {
    let (rules, cases) = (rules(), cases());
    let mut wrong = Vec::new();
    for rule in &rules {
        if !cases.iter().any(|case| case.rule.as_deref() == Some(&rule.id)) {
            wrong.push(format!("no case shows {}", rule.id));
        }
        if rules.iter().filter(|other| other.id == rule.id).count() > 1 {
            wrong.push(format!("{} stands twice", rule.id));
        }
    }
    for case in &cases {
        match &case.rule {
            Some(rule) if rules.iter().any(|known| known.id == *rule) => {}
            Some(rule) => wrong.push(format!("{}: {rule} is no rule", case.name)),
            None => wrong.push(format!("{}: it shows no rule", case.name)),
        }
        if cases.iter().filter(|other| other.name == case.name).count() > 1 {
            wrong.push(format!("two cases are called {:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(cases.len() >= CASES_MIN, "{} cases", cases.len());
}

/// Fewer cases are not enough for the language.
const CASES_MIN: usize = 500;

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
    let page = page(&rules(), &cases());
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

fn files(suffix: &str) -> Vec<(String, String)> {
    let folder = root().join("tests/conformance");
    let entries = folder.read_dir().expect("the kit is there");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("its entries can be read").path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(suffix));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).expect("cases can be read"))
    };
    paths.into_iter().map(read).collect()
}

fn suites() -> Vec<Suite> {
    let suite = |(name, text): (String, String)| {
        let mut loader = |file: &str| Err(format!("cases stand alone, without {file}"));
        motet_scenario::read(&name, &text, &mut loader)
            .unwrap_or_else(|problems| panic!("{name}: {problems:#?}"))
    };
    files(".scenarios.yaml").into_iter().map(suite).collect()
}

/// Scenarios, and exchanges of requests and answers, which a test of the program carries out.
fn cases() -> Vec<Case> {
    let of_scenario = |file: &str, scenario: &Scenario| Case {
        name: scenario.name.clone(),
        rule: scenario.rule.clone(),
        file: file.to_owned(),
        alone: alone(scenario),
        is_scenario: true,
    };
    let suites = suites();
    let scenarios = suites.iter().flat_map(|suite| {
        suite.scenarios.iter().map(|scenario| of_scenario(&suite.name, scenario))
    });
    let mut cases: Vec<Case> = scenarios.collect();
    for (file, text) in files(".exchanges.yaml") {
        let data = read_data(&text, &Limits::default());
        assert!(data.diagnostics.is_empty(), "{file}: {:#?}", data.diagnostics);
        let root = data.value.expect("it has no errors");
        let Some(Value::Arr(exchanges)) = json::get(&root, "exchanges") else {
            panic!("{file} has no exchanges");
        };
        for exchange in exchanges.iter() {
            let member = |key| json::get(exchange, key).and_then(json::as_str).map(str::to_owned);
            cases.push(Case {
                name: member("name").expect("an exchange has a name"),
                rule: member("rule"),
                file: file.clone(),
                alone: None,
                is_scenario: false,
            });
        }
    }
    cases
}

fn page(rules: &[Rule], cases: &[Case]) -> String {
    let at_server = cases.iter().filter(|case| case.alone.is_none()).count();
    let on_engine = cases.iter().filter(|case| case.is_scenario).count();
    let mut page = format!(
        "# Conformance\n\nWhat Motet does where the language leaves a choice or is easily misread: {} rules, shown by {} cases in\n\
        [`tests/conformance`](../tests/conformance). {on_engine} of them run on the engine in virtual time, rebuilt from its journal after\n\
        every commit, and {at_server} against a server over HTTP. Each says where it runs, and why not at a server if it does not. This page is\n\
        made from them.\n",
        rules.len(),
        cases.len()
    );
    let mut of_rule: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        of_rule.entry(case.rule.as_deref().unwrap_or_default()).or_default().push(case);
    }
    let mut section = "";
    for rule in rules {
        if rule.page != section {
            section = &rule.page;
            let _ = write!(page, "\n## {section}\n");
        }
        let _ = write!(page, "\n**{}** · {}\n\n", rule.id, rule.text);
        for case in of_rule.get(rule.id.as_str()).into_iter().flatten() {
            let place = match (&case.alone, case.is_scenario) {
                (None, true) => "engine, server".to_owned(),
                (None, false) => "server".to_owned(),
                (Some(why), _) => format!("engine: {why}"),
            };
            let link = format!("[{}](../tests/conformance/{})", case.name, case.file);
            let _ = writeln!(page, "- {link} · {place}");
        }
    }
    page
}
