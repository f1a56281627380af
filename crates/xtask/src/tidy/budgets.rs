//! Measured values against their limits, and the ratchet for what is beyond one.
//!
//! A place beyond a limit must stand in `budgets.toml` with its value and a reason; from then on it may only improve, and
//! each improvement is written down.

use std::fmt;

use super::{Finding, tree::Tree};

const PATH: &str = "crates/xtask/budgets.toml";

/// One measured value.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    pub rule: &'static str,
    /// A path from the root, or `workspace`.
    pub place: String,
    pub line: usize,
    pub value: usize,
    pub limit: Limit,
    /// The unit, and what to do.
    pub advice: String,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    Max(usize),
    Min(usize),
}

/// The places that are beyond a limit, with leave.
#[derive(Debug, Default)]
pub(super) struct Budgets(Vec<Exemption>);

#[derive(Debug)]
struct Exemption {
    rule: String,
    place: String,
    value: usize,
}

impl Budgets {
    /// Reads the committed file; an entry that is not whole is a finding.
    pub(super) fn read(tree: &Tree) -> (Self, Vec<Finding>) {
        let finding = |text: String| Finding::new("budgets", PATH, 1, text);
        let table = match tree.text(PATH).map(str::parse::<toml::Table>) {
            Some(Ok(table)) => table,
            Some(Err(error)) => return (Self::default(), vec![finding(error.to_string())]),
            None => {
                return (Self::default(), vec![finding("the file is missing".to_owned())]);
            }
        };
        let entries = table.get("exempt").and_then(toml::Value::as_array);
        let mut exemptions = Vec::new();
        let mut findings = Vec::new();
        for entry in entries.into_iter().flatten() {
            match Exemption::read(entry) {
                Some(exemption) => exemptions.push(exemption),
                None => findings.push(finding(format!(
                    "the entry {entry:?} needs `rule`, `place`, a `value` and a `reason` that is a sentence"
                ))),
            }
        }
        (Self(exemptions), findings)
    }

    /// What is beyond its limit without leave, got worse, or has improved unrecorded.
    pub(super) fn judge(&self, measures: &[Measure]) -> Vec<Finding> {
        // Of a place with several values the worst one is the place's.
        let mut findings = Vec::new();
        for measure in measures {
            let exemption = self.0.iter().find(|exemption| exemption.covers(measure));
            let allowed = match exemption {
                Some(exemption) => measure.limit.with(exemption.value),
                None => measure.limit,
            };
            if allowed.is_broken_by(measure.value) {
                findings.push(measure.finding(allowed));
            }
        }
        for exemption in &self.0 {
            let covered = measures.iter().filter(|measure| exemption.covers(measure));
            let worst = covered.max_by_key(|measure| measure.limit.excess(measure.value));
            findings.extend(worst_finding(exemption, worst));
        }
        findings
    }
}

impl Measure {
    fn finding(&self, allowed: Limit) -> Finding {
        let Self { place, value, advice, .. } = self;
        let path = if place == "workspace" { PATH } else { place };
        Finding::new(self.rule, path, self.line, format!("{value} ({allowed}) {advice}"))
    }
}

impl Exemption {
    fn read(entry: &toml::Value) -> Option<Self> {
        let text = |key: &str| entry.get(key).and_then(toml::Value::as_str);
        let value = entry.get("value")?.as_integer()?;
        text("reason").filter(|reason| reason.split_whitespace().count() >= 3)?;
        Some(Self {
            rule: text("rule")?.to_owned(),
            place: text("place")?.to_owned(),
            value: value.try_into().ok()?,
        })
    }

    fn covers(&self, measure: &Measure) -> bool {
        self.rule == measure.rule && self.place == measure.place
    }
}

impl Limit {
    fn with(self, value: usize) -> Self {
        match self {
            Self::Max(_) => Self::Max(value),
            Self::Min(_) => Self::Min(value),
        }
    }

    fn is_broken_by(self, value: usize) -> bool {
        self.excess(value) > 0
    }

    /// By how much a value is on the wrong side; negative on the right one.
    fn excess(self, value: usize) -> i128 {
        match self {
            Self::Max(max) => value as i128 - max as i128,
            Self::Min(min) => min as i128 - value as i128,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Max(max) => write!(f, "at most {max}"),
            Self::Min(min) => write!(f, "at least {min}"),
        }
    }
}

/// An exemption that is not needed as it stands is lowered or removed.
fn worst_finding(exemption: &Exemption, worst: Option<&Measure>) -> Option<Finding> {
    let Exemption { rule, place, value } = exemption;
    let about = format!("the exemption of {place} from {rule}");
    let text = match worst {
        None => format!("{about} is for nothing that exists: remove it"),
        Some(worst) if !worst.limit.is_broken_by(worst.value) => {
            format!("{about} is no longer needed: remove it")
        }
        Some(worst) if worst.limit.with(*value).excess(worst.value) < 0 => {
            format!("{about} can be tightened from {value} to {}: do so", worst.value)
        }
        Some(_) => return None,
    };
    Some(Finding::new("budgets", PATH, 1, text))
}
