use std::fmt::Write;

use crate::contender::KINDS;
use crate::setups::Row;

/// Means of three seeds.
pub(crate) fn balancing(rows: &[Row]) -> String {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name()).collect();
    let mut text = format!("| experiment | measure | {} |\n", names.join(" | "));
    text.push_str(&format!("|---|---|{}\n", "---|".repeat(KINDS.len())));
    for row in rows {
        let figures: Vec<String> =
            KINDS.iter().map(|kind| figure(row.figure(*kind).mean)).collect();
        writeln!(text, "| {} | {} | {} |", row.name, row.measure.name(), figures.join(" | "))
            .expect("strings take everything");
    }
    text
}

pub(crate) fn figure(value: f64) -> String {
    match value {
        value if value == 0.0 => "0".to_owned(),
        value if value < 0.1 => format!("{value:.3}"),
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 1_000.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}
