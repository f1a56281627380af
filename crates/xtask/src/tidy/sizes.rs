//! How long files and functions are, and how much of the code is tests.

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
        measures.extend(
            source
                .functions()
                .iter()
                .map(|function| function_length(source, function)),
        );
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
        value: test_percent(total(sources)),
        limit: Limit::Min(TEST_PERCENT_MIN),
        advice: "lines of tests for 100 lines of source: write the missing tests".to_owned(),
    });
    measures
}

/// The measured sizes in one line, for people.
pub(super) fn figures(sources: &Sources) -> String {
    let counts = total(sources);
    let lengths = function_lengths(sources);
    format!(
        "{} files, {} lines of source, {} of tests ({} %), {} functions (median {} lines, p95 {}, longest {})",
        sources.0.len(),
        counts.source_code,
        counts.test_code,
        test_percent(counts),
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

fn total(sources: &Sources) -> LineCounts {
    let mut total = LineCounts::default();
    for counts in sources.0.iter().map(Source::line_counts) {
        total.source += counts.source;
        total.source_code += counts.source_code;
        total.test_code += counts.test_code;
    }
    total
}

fn test_percent(counts: LineCounts) -> usize {
    (counts.test_code * 100)
        .checked_div(counts.source_code)
        .unwrap_or(100)
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
