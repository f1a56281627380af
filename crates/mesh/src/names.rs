//! Names of DNS whose addresses are endpoints.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};

/// Answers of one name that are heeded; the others are left out.
const ANSWERS_MAX: usize = 1_000;

/// Asks the name servers of the system, or another one. Answers are kept no longer than they say.
#[derive(Clone)]
pub struct Names {
    resolver: TokioResolver,
}

/// What is asked of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A and AAAA: its addresses, which all have this port.
    Addresses { port: u16 },
    /// SRV (RFC 2782): those of the lowest priority.
    Services,
}

/// Where an endpoint is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// A name, or an address; one of IPv6 in brackets.
    pub host: String,
    pub port: u16,
    /// Relative to the others', at least 1.
    pub weight: u16,
}

/// Nobody can tell: no answer, no such name, or no record of the kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NamesError(pub String);

impl Names {
    /// With the name servers of the system.
    ///
    /// # Errors
    /// The system's configuration cannot be read.
    pub fn of_system() -> Result<Self, NamesError> {
        let builder = TokioResolver::builder_tokio().map_err(|error| failed(&error))?;
        Ok(Self { resolver: builder.build().map_err(|error| failed(&error))? })
    }

    /// With this name server alone.
    ///
    /// # Errors
    /// It cannot be set up.
    pub fn of_server(address: SocketAddr) -> Result<Self, NamesError> {
        let at = |mut connection: ConnectionConfig| {
            connection.port = address.port();
            connection
        };
        let mut server = NameServerConfig::udp_and_tcp(address.ip());
        server.connections = server.connections.into_iter().map(at).collect();
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
        let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        Ok(Self { resolver: builder.build().map_err(|error| failed(&error))? })
    }

    /// Endpoints by their name, in order; never none.
    ///
    /// # Errors
    /// There is none, or no answer within the time.
    pub async fn find(
        &self,
        name: &str,
        wanted: Wanted,
        timeout: Duration,
    ) -> Result<Vec<Found>, NamesError> {
        let asked = async {
            match wanted {
                Wanted::Addresses { port } => self.addresses(name, port).await,
                Wanted::Services => self.services(name).await,
            }
        };
        let late = |_elapsed| NamesError(format!("no answer about {name} within {timeout:?}"));
        let mut found = tokio::time::timeout(timeout, asked).await.map_err(late)??;
        found.sort();
        found.dedup();
        found.truncate(ANSWERS_MAX);
        match found.is_empty() {
            true => Err(NamesError(format!("{name} has no endpoint"))),
            false => Ok(found),
        }
    }

    async fn addresses(&self, name: &str, port: u16) -> Result<Vec<Found>, NamesError> {
        let answer = self.resolver.lookup_ip(name).await.map_err(|error| failed(&error))?;
        let found = |address: std::net::IpAddr| {
            let host = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
            Found { host, port, weight: 1 }
        };
        Ok(answer.iter().map(found).collect())
    }

    async fn services(&self, name: &str) -> Result<Vec<Found>, NamesError> {
        let answer = self.resolver.lookup(name, RecordType::SRV).await;
        let answer = answer.map_err(|error| failed(&error))?;
        let records = answer.answers().iter().filter_map(|record| match &record.data {
            RData::SRV(record) => Some(record),
            _ => None,
        });
        let lowest = records.clone().map(|record| record.priority).min();
        let found = records.filter(|record| Some(record.priority) == lowest);
        let found = found.map(|record| Found {
            host: record.target.to_ascii().trim_end_matches('.').to_ascii_lowercase(),
            port: record.port,
            weight: record.weight.max(1),
        });
        // A target that is the root means: decidedly not here.
        Ok(found.filter(|found| !found.host.is_empty() && found.port > 0).collect())
    }
}

fn failed(error: &dyn std::error::Error) -> NamesError {
    NamesError(error.to_string())
}
