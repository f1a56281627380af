//! Figures of several runs, their medians beside the bars, as a table and as JSON.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};

use super::latency::median;

/// Others may take this share of one processor during a run; beyond it the run is dropped.
const OTHERS_MAX: f64 = 0.15;

/// What a figure has to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bar {
    AtLeast(f64),
    AtMost(f64),
}

/// One figure of one run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) value: f64,
    pub(super) bar: Option<Bar>,
}

impl Figure {
    pub(super) fn new(name: &'static str, value: f64) -> Self {
        Self { name, value, bar: None }
    }

    pub(super) fn at_least(self, bar: f64) -> Self {
        Self { bar: Some(Bar::AtLeast(bar)), ..self }
    }

    pub(super) fn at_most(self, bar: f64) -> Self {
        Self { bar: Some(Bar::AtMost(bar)), ..self }
    }
}

/// What one run measured. Every run of a line has the same figures in the same order.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) figures: Vec<Figure>,
    /// What others took of one processor meanwhile.
    pub(super) others: f64,
    /// The bench itself was too slow to say anything.
    pub(super) is_void: bool,
}

/// How many runs make a line, and which.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) runs: usize,
    /// Runs count whatever others do meanwhile: for a first look on a busy machine.
    pub(super) accept_noise: bool,
}

impl Run {
    fn is_good(&self) -> bool {
        self.others <= OTHERS_MAX && !self.is_void
    }
}

/// Several runs of the same.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    kept: Vec<Run>,
    dropped: usize,
    /// There were too few quiet runs that are not void, so that all of them were kept.
    is_noisy: bool,
}

impl Line {
    /// Runs until so many were quiet and not void; gives up after three times as many, and then keeps them all.
    pub(super) fn measure(
        name: impl Into<String>,
        rules: Rules,
        mut run: impl FnMut() -> anyhow::Result<Run>,
    ) -> anyhow::Result<Self> {
        let name = name.into();
        let mut all: Vec<Run> = Vec::new();
        let Rules { runs, accept_noise } = rules;
        let tries = if accept_noise { runs } else { runs * 3 };
        let good = |all: &[Run]| all.iter().filter(|run| run.is_good()).count();
        while good(&all) < runs && all.len() < tries {
            let run = run().with_context(|| format!("{name}, run {}", all.len() + 1))?;
            println!("  {name}: {}", one_line(&run));
            all.push(run);
        }
        let is_noisy = good(&all) < runs;
        let ran = all.len();
        if !is_noisy {
            all.retain(Run::is_good);
        }
        Ok(Self { name, dropped: ran - all.len(), kept: all, is_noisy })
    }

    /// Each figure with its median.
    fn medians(&self) -> Vec<Figure> {
        let Some(first) = self.kept.first() else { return Vec::new() };
        let at = |idx: usize| -> Vec<f64> {
            self.kept.iter().filter_map(|run| Some(run.figures.get(idx)?.value)).collect()
        };
        let figures = first.figures.iter().enumerate();
        figures.map(|(idx, figure)| Figure { value: median(&at(idx)), ..*figure }).collect()
    }

    fn others(&self) -> f64 {
        median(&self.kept.iter().map(|run| run.others).collect::<Vec<_>>())
    }
}

/// What a bench has to say.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) bench: &'static str,
    pub(super) machine: String,
    pub(super) lines: Vec<Line>,
}

impl Report {
    /// The table for people.
    pub(super) fn table(&self) -> String {
        let mut text = format!("{} on {}\n", self.bench, self.machine);
        for line in &self.lines {
            let noise = if line.is_noisy { ", NOISY: too few good runs" } else { "" };
            let (kept, dropped, others) = (line.kept.len(), line.dropped, line.others() * 100.0);
            let name = &line.name;
            writeln!(
                text,
                "\n{name} ({kept} runs, {dropped} dropped, others {others:.0} % of a processor{noise})"
            )
            .expect("text takes all that is written");
            for (idx, figure) in line.medians().iter().enumerate() {
                let values = line.kept.iter().filter_map(|run| Some(run.figures.get(idx)?.value));
                let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| {
                    (low.min(value), high.max(value))
                });
                let range = format!("{} to {}", digits(low), digits(high));
                let row = format!(
                    "  {:44} {:>10}  {range:22} {}",
                    figure.name,
                    digits(figure.value),
                    verdict(figure)
                );
                text += row.trim_end();
                text.push('\n');
            }
        }
        text
    }

    fn json(&self) -> Value {
        let line = |line: &Line| {
            let figures = line.medians().into_iter().enumerate().map(|(idx, figure)| {
                let values = line.kept.iter().filter_map(|run| Some(run.figures.get(idx)?.value));
                let runs: Vec<f64> = values.collect();
                let (bar, reached) = (figure.bar.map(bar_text), figure.bar.map(|_| reached(&figure)));
                json!({ "name": figure.name, "median": figure.value, "runs": runs, "bar": bar, "reached": reached })
            });
            let figures: Vec<Value> = figures.collect();
            let others: Vec<f64> = line.kept.iter().map(|run| run.others).collect();
            json!({
                "name": line.name, "figures": figures, "others": others,
                "dropped": line.dropped, "noisy": line.is_noisy,
            })
        };
        let lines: Vec<Value> = self.lines.iter().map(line).collect();
        json!({ "bench": self.bench, "machine": self.machine, "lines": lines })
    }

    /// Writes the JSON beside other results; returns where.
    pub(super) fn save(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let path = folder.join(format!("{}.json", self.bench));
        fs::write(&path, format!("{:#}\n", self.json()))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

fn one_line(run: &Run) -> String {
    let figures = run.figures.iter().map(|f| format!("{} {}", f.name, digits(f.value)));
    let figures = figures.collect::<Vec<_>>().join(", ");
    let void = if run.is_void { ", VOID" } else { "" };
    format!("{figures}; others {:.0} %{void}", run.others * 100.0)
}

fn reached(figure: &Figure) -> bool {
    match figure.bar {
        None => true,
        Some(Bar::AtLeast(bar)) => figure.value >= bar,
        Some(Bar::AtMost(bar)) => figure.value <= bar,
    }
}

fn verdict(figure: &Figure) -> String {
    match figure.bar {
        None => String::new(),
        Some(bar) if reached(figure) => format!("reaches {}", bar_text(bar)),
        Some(bar) => format!("MISSES {}", bar_text(bar)),
    }
}

fn bar_text(bar: Bar) -> String {
    match bar {
        Bar::AtLeast(bar) => format!("at least {}", digits(bar)),
        Bar::AtMost(bar) => format!("at most {}", digits(bar)),
    }
}

/// Three digits that matter, or all before the point.
fn digits(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests;
