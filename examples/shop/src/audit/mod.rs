//! `shop audit`: the books of all five services side by side, and their logs of arrivals.

mod books;
mod check;
mod report;

use std::process::ExitCode;

use crate::cli::{Audit, print};

/// Prints the report; the exit code is 1 where anything was lost or done twice.
///
/// Exact once nothing is in flight: the services are asked one after the other.
pub(crate) async fn run(options: &Audit) -> anyhow::Result<ExitCode> {
    let books = books::Books::collect(options).await?;
    let violations = check::violations(&books, options.expect_orders);
    let report = report::Report::new(&books, violations);
    if options.json {
        print(&serde_json::to_string_pretty(&report)?)?;
    } else {
        print(report.to_string().trim_end())?;
    }
    Ok(if report.adds_up { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

#[cfg(test)]
mod tests;
