//! As much of Gherkin as the kit uses: features, scenarios, steps, texts in triple quotes.

pub(super) struct Scenario {
    pub(super) feature: String,
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
}

pub(super) struct Step {
    /// Without its keyword.
    pub(super) text: String,
    /// The text in triple quotes below it, without their indentation.
    pub(super) argument: Option<String>,
}

pub(super) fn parse(text: &str) -> Vec<Scenario> {
    let (mut feature, mut scenarios) = (String::new(), Vec::<Scenario>::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if let Some(name) = trimmed.strip_prefix("Feature:") {
            name.trim().clone_into(&mut feature);
        } else if let Some(name) = trimmed.strip_prefix("Scenario:") {
            let name = name.trim().to_owned();
            scenarios.push(Scenario { feature: feature.clone(), name, steps: Vec::new() });
        } else if let Some(scenario) = scenarios.last_mut() {
            if trimmed.starts_with("\"\"\"") {
                let step = scenario.steps.last_mut().expect("an argument belongs to a step");
                step.argument = Some(argument(line, &mut lines));
            } else if let Some(text) = step(trimmed) {
                scenario.steps.push(Step { text: text.to_owned(), argument: None });
            } else {
                let is_remark = trimmed.is_empty() || trimmed.starts_with('#');
                assert!(is_remark, "{}: not a step: {trimmed:?}", scenario.name);
            }
        }
    }
    scenarios
}

fn step(line: &str) -> Option<&str> {
    ["Given ", "When ", "Then ", "And "].iter().find_map(|keyword| line.strip_prefix(keyword))
}

/// Everything up to the closing quotes, which stand as far in as the opening ones.
fn argument<'t>(opening: &str, lines: &mut impl Iterator<Item = &'t str>) -> String {
    let indent = opening.len() - opening.trim_start().len();
    let mut text = String::new();
    for line in lines {
        if line.trim() == "\"\"\"" {
            return text;
        }
        text.push_str(line.get(indent..).unwrap_or_default());
        text.push('\n');
    }
    panic!("a text in triple quotes has no end");
}
