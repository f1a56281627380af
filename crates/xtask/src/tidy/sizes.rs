//! How long files and functions are, and how much of the code is tests.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::budgets::{Limit, Measure};
use super::source::{Function, LineCounts, Source, Sources};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const FUNCTION_LINES_P95_MAX: usize = 40;
/// Lines of tests for a line of source, in percent.
const TEST_PERCENT_MIN: usize = 80;

/// Everything that has a budget.
pub(super) fn measure(sources: &Sources) -> Vec<Measure> {
    let mut measures = Vec::new();
    for source in sources.shipped() {
        measures.push(file_length(source));
        measures
            .extend(source.functions().iter().map(|function| function_length(source, function)));
    }
    measures.push(Measure {
        rule: "function-p95",
        place: "workspace".to_owned(),
        line: 1,
        value: percentile(&function_lengths(sources), 95),
        limit: Limit::Max(FUNCTION_LINES_P95_MAX),
        advice: "95 % of all functions are to be shorter".to_owned(),
    });
    measures.push(Measure {
        rule: "test-percent",
        place: "workspace".to_owned(),
        line: 1,
        value: total(&sources.0).test_percent(),
        limit: Limit::Min(TEST_PERCENT_MIN),
        advice: format!(
            "lines of tests for 100 lines of source: write the missing ones ({})",
            percent_by_crate(sources)
        ),
    });
    measures
}

/// The measured sizes in one line, for people.
pub(super) fn figures(sources: &Sources) -> String {
    let counts = total(&sources.0);
    let lengths = function_lengths(sources);
    format!(
        "{} files, {} lines of source, {} of tests ({} %), {} functions (median {} lines, p95 {}, longest {})",
        sources.0.len(),
        counts.source_code,
        counts.test_code,
        counts.test_percent(),
        lengths.len(),
        percentile(&lengths, 50),
        percentile(&lengths, 95),
        percentile(&lengths, 100),
    )
}

fn file_length(source: &Source) -> Measure {
    Measure {
        rule: "file-length",
        place: source.path.clone(),
        line: 1,
        value: source.line_counts().source,
        limit: Limit::Max(FILE_LINES_MAX),
        advice: "lines (tests apart): split the file along its ideas".to_owned(),
    }
}

fn function_length(source: &Source, function: &Function) -> Measure {
    Measure {
        rule: "function-length",
        place: source.path.clone(),
        line: function.line,
        value: function.lines,
        limit: Limit::Max(FUNCTION_LINES_MAX),
        advice: format!(
            "lines in `{}`: find the parts that have names of their own",
            function.name
        ),
    }
}

/// What each crate adds to the share of tests, the one that lacks most lines first.
fn percent_by_crate(sources: &Sources) -> String {
    let mut by_crate: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in &sources.0 {
        let name = source.crate_folder().unwrap_or("others");
        by_crate.entry(name).or_default().push(source);
    }
    let mut crates: Vec<(&str, LineCounts)> =
        by_crate.into_iter().map(|(name, sources)| (name, total(sources))).collect();
    crates.sort_by_key(|(_, counts)| Reverse(counts.lines_missing()));
    let shares = crates.iter().map(|(name, counts)| format!("{name} {} %", counts.test_percent()));
    shares.collect::<Vec<_>>().join(", ")
}

fn total<'a>(sources: impl IntoIterator<Item = &'a Source>) -> LineCounts {
    let mut total = LineCounts::default();
    for counts in sources.into_iter().map(Source::line_counts) {
        total.source += counts.source;
        total.source_code += counts.source_code;
        total.test_code += counts.test_code;
    }
    total
}

impl LineCounts {
    fn test_percent(self) -> usize {
        (self.test_code * 100).checked_div(self.source_code).unwrap_or(100)
    }

    /// Lines of tests up to the budget.
    fn lines_missing(self) -> usize {
        (self.source_code * TEST_PERCENT_MIN / 100).saturating_sub(self.test_code)
    }
}

/// Sorted.
fn function_lengths(sources: &Sources) -> Vec<usize> {
    let functions = sources.0.iter().flat_map(Source::functions);
    let mut lengths: Vec<usize> = functions.map(|function| function.lines).collect();
    lengths.sort_unstable();
    lengths
}

/// The smallest value that is not exceeded by that share of the sorted values; 0 of none.
fn percentile(sorted: &[usize], percent: usize) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100);
    rank.checked_sub(1).map_or(0, |idx| sorted[idx])
}
