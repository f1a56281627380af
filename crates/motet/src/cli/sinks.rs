//! Commands about sinks of events.

use clap::Subcommand;

use super::limit;

#[derive(Debug, Subcommand)]
pub(crate) enum Sink {
    /// List the sinks, with what waits for each and what each refused
    List,
    /// List the events that a sink refused for good
    Refused {
        /// The sink
        name: String,
        /// Most events to show
        #[arg(long, default_value_t = 20, value_parser = limit)]
        limit: usize,
    },
    /// Let what a sink refused go out again
    Retry {
        /// The sink
        name: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Throw away what a sink refused
    Discard {
        /// The sink
        name: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Throw away everything that waits for a sink which is not configured any more
    Remove {
        /// The sink
        name: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
}
