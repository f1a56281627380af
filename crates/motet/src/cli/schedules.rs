//! Commands about schedules.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Schedule {
    /// List the schedules, or show one with its next and latest starts
    List {
        /// One workflow, as namespace/name
        workflow: Option<String>,
    },
    /// Start nothing by the clock until it is resumed
    Pause {
        /// The workflow, as namespace/name
        workflow: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Start by the clock again
    Resume {
        /// The workflow, as namespace/name
        workflow: String,
    },
    /// Start an instance now
    Trigger {
        /// The workflow, as namespace/name
        workflow: String,
    },
    /// Start what has its nominal time in a span that has passed
    Backfill {
        /// The workflow, as namespace/name
        workflow: String,
        /// First instant of the span
        #[arg(long, value_name = "INSTANT")]
        from: String,
        /// Last instant of the span
        #[arg(long, value_name = "INSTANT")]
        to: String,
    },
}
