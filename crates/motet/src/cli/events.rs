//! Commands about events.

use std::path::PathBuf;

use clap::Subcommand;

use super::limit;

#[derive(Debug, Subcommand)]
pub(crate) enum EventCommand {
    /// Publish CloudEvents: an object is one, an array many
    Publish {
        /// JSON of the events, or - for standard input
        file: PathBuf,
        /// Namespace of the events
        #[arg(long, short, default_value = "default")]
        namespace: String,
        /// Send them to this instance alone
        #[arg(long, value_name = "ID", conflicts_with_all = ["namespace", "workflow"])]
        instance: Option<String>,
        /// Send them to an instance of this workflow, as namespace/name
        #[arg(long, requires = "business_key", conflicts_with = "namespace")]
        workflow: Option<String>,
        /// Business key of that instance
        #[arg(long, value_name = "KEY", requires = "workflow")]
        business_key: Option<String>,
    },
    /// List the events that are kept for late listeners
    List {
        /// Namespace of the events
        #[arg(long, short, default_value = "default")]
        namespace: String,
        /// Only events of this type
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// Only events of this source
        #[arg(long)]
        source: Option<String>,
        /// Most events to show
        #[arg(long, default_value_t = 50, value_parser = limit)]
        limit: usize,
    },
}
