//! Commands about services.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Service {
    /// Let an endpoint have no new calls; those in flight end as they end
    Drain {
        /// The service, as name or namespace/name
        service: String,
        /// Id of the endpoint
        endpoint: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Let a drained endpoint have calls again
    Undrain {
        /// The service, as name or namespace/name
        service: String,
        /// Id of the endpoint
        endpoint: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Take the document of a service away, and its endpoints
    Delete {
        /// The service, as name or namespace/name
        service: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
}
