//! The command line.

mod access;
mod attribute;
mod dependencies;
mod events;
mod schedules;
mod services;
mod sinks;
mod tasks;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config;
use crate::output::{Color, Format};

pub(crate) use access::{Audit, CreateToken, Secret, Token};
pub(crate) use attribute::AttributeTest;
pub(crate) use dependencies::{CriticalPath, Drawing, Impact};
pub(crate) use events::EventCommand;
pub(crate) use schedules::Schedule;
pub(crate) use services::Service;
pub(crate) use sinks::Sink;
pub(crate) use tasks::{TaskUser, Tasks};

/// Runs business processes that are made of many services.
#[derive(Debug, Parser)]
#[command(name = "motet", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten, next_help_heading = "Options of every command")]
    pub(crate) connection: Connection,
    /// How results are printed
    #[arg(short, long, global = true, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(crate) output: Format,
    /// When colours are used; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(crate) color: Color,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  not done; standard error says why
  2  wrong usage
  3  the instance was faulted or cancelled
  4  it had not ended in time
  5  it waits for a person

Every error has a code, and a page that says what to do: http://127.0.0.1:7080/docs/errors/CODE";

/// How the server is reached.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Connection {
    /// Address of the server; http://127.0.0.1:7080 unless the context names one
    #[arg(long, global = true, env = "MOTET_SERVER", value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Token to show; better in MOTET_TOKEN, where other users of the machine do not see it
    #[arg(long, global = true, env = "MOTET_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    /// File with the certificates of the authorities to trust, instead of the system's
    #[arg(long, global = true, env = "MOTET_CA_CERT", value_name = "FILE")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Server and token by the name that the file of contexts gives them
    #[arg(long, global = true, env = "MOTET_CONTEXT", value_name = "NAME")]
    pub(crate) context: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a server
    Serve(Serve),
    /// See it at work: orders over services, one of which fails in between
    Demo {
        /// Leave the server running at the end, to look around
        #[arg(long)]
        keep: bool,
    },
    /// Run a server for development: publish files, and again whenever they change
    Dev(Dev),
    /// Publish workflows and documents of services
    Publish {
        /// Documents, in YAML or JSON
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Check documents without a server
    Validate {
        /// Documents, in YAML or JSON
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Fail for warnings, too
        #[arg(long)]
        strict: bool,
        /// Print what undoes each task, and what nothing undoes
        #[arg(long)]
        saga: bool,
    },
    /// Try workflows by their scenarios, without a server and in virtual time
    Test(Test),
    /// Draw the graph of a document, or of who depends on what
    Graph {
        /// A document, in YAML or JSON; without one, who depends on what of everything that the server knows
        file: Option<PathBuf>,
        /// Form of the drawing
        #[arg(long, value_enum, default_value = "text")]
        format: Drawing,
        /// Every version of the workflows, not only those that start or run now
        #[arg(long, conflicts_with = "file")]
        all: bool,
    },
    /// Show who is hit when something fails, directly and through others
    Impact(Impact),
    /// Show what the instances of a workflow wait for, one thing after the other
    CriticalPath(CriticalPath),
    /// Start an instance and follow it to its end
    Run(Run),
    /// Show one thing or list many
    Get {
        #[command(subcommand)]
        what: Get,
    },
    /// Show an instance as a tree of its steps, or a service with its endpoints
    Describe {
        /// Id of the instance; or service/NAME, service/NAMESPACE/NAME
        id: String,
    },
    /// Show everything that happened in an instance
    History {
        /// Id of the instance
        id: String,
    },
    /// Follow an instance until it ends
    Watch {
        /// Id of the instance
        id: String,
    },
    /// Cancel instances; what they did is undone first
    Cancel(Cancel),
    /// Suspend instances
    Suspend(Steer),
    /// Resume suspended instances
    Resume(Steer),
    /// Go on at the steps that failed
    Retry(Steer),
    /// Look after tasks of people
    #[command(visible_alias = "task")]
    Tasks {
        #[command(subcommand)]
        what: Tasks,
    },
    /// Publish events, or list those that are kept
    Event {
        #[command(subcommand)]
        what: EventCommand,
    },
    /// Look after sinks of events: what waits for them, and what they refused
    Sink {
        #[command(subcommand)]
        what: Sink,
    },
    /// Look after services: take endpoints out of the calls, or services away
    Service {
        #[command(subcommand)]
        what: Service,
    },
    /// Let a tag name a version, or list the tags of a workflow
    Tag {
        /// The workflow, as namespace/name
        workflow: String,
        /// Name of the tag
        #[arg(requires = "version")]
        tag: Option<String>,
        /// Version that it names from now on
        version: Option<String>,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Remove everything that is stored of instances that have ended
    Purge {
        /// Ids of instances
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Cancel what has not ended first
        #[arg(long)]
        force: bool,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Make, list and revoke tokens: who may do what
    Token {
        #[command(subcommand)]
        what: Token,
    },
    /// Set, list and delete secrets of workflows
    Secret {
        #[command(subcommand)]
        what: Secret,
    },
    /// Show who did what, newest first
    Audit(Audit),
    /// See and steer when instances begin by themselves
    Schedule {
        #[command(subcommand)]
        what: Schedule,
    },
    /// Look after a data directory whose server is stopped
    Store {
        #[command(subcommand)]
        what: Store,
    },
    /// Copy the data of a server, running or stopped
    Backup {
        /// New directory for the copy, on the server's machine
        target: PathBuf,
        /// Data directory of a stopped server; absent or in use: the running server makes the copy
        #[arg(long, value_name = "DIR", env = "MOTET_DATA")]
        data: Option<PathBuf>,
    },
    /// Make a data directory from a backup
    Restore(Restore),
    /// Print a schema, for editors and generators
    Schema {
        #[arg(value_enum)]
        what: Schema,
    },
    /// Print completions for a shell
    Completions {
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Serve {
    /// Address to listen on; 127.0.0.1:7080 unless MOTET_LISTEN or the configuration says otherwise
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Data directory; motet-data unless MOTET_DATA or the configuration says otherwise
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Configuration file (TOML); motet.toml if it is there
    #[arg(long, value_name = "FILE", env = "MOTET_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Any setting of the configuration, as in limits.retention-age=7d; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// Certificates of the server, its own first (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Key of the server's certificate (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Authorities of clients (PEM): each client has to show a certificate of one of them
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Refuse requests without a token even before the first token is made
    #[arg(long)]
    pub(crate) require_tokens: bool,
    /// Listen beyond loopback although nobody has to show a token
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Make a new key of the secrets where it is lost: instances that hold markers of secrets fail at their next call, and
    /// secrets of the store have to be set again
    #[arg(long)]
    pub(crate) new_secret_key: bool,
    /// Print the configuration as it would be used, and stop
    #[arg(long)]
    pub(crate) print_config: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Test {
    /// Scenario files, in YAML or JSON; of a directory all *.scenarios.yaml
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Only scenarios whose name holds this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Write the results to this file as well, as build servers read them (JUnit XML)
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Dev {
    /// Documents, in YAML or JSON
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) serve: Serve,
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// The workflow, as namespace/name
    pub(crate) workflow: String,
    /// A version, a tag, `latest` or a range such as ^1.2; absent: the tag `stable`, else the highest
    #[arg(long)]
    pub(crate) version: Option<String>,
    /// Input: JSON, @FILE, or - for standard input
    #[arg(long, short, default_value = "{}", value_name = "JSON")]
    pub(crate) input: String,
    /// Idempotency key: the same start twice is one instance
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// How long to wait for the end, as in 30s; 0s prints the id and leaves; without a length, or without this, as long as it takes
    #[arg(
        long,
        value_parser = config::duration,
        value_name = "DURATION",
        num_args = 0..=1,
        default_missing_value = "365d"
    )]
    pub(crate) wait: Option<Duration>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Get {
    /// Instances, newest first, or one of them
    #[command(visible_alias = "instance")]
    Instances {
        /// Id of one instance
        id: Option<String>,
        #[command(flatten)]
        filter: Filter,
        /// Most instances to show
        #[arg(long, default_value_t = 50, value_parser = limit)]
        limit: usize,
    },
    /// Workflows, or one of them
    #[command(visible_alias = "workflow")]
    Workflows {
        /// One workflow, as namespace/name
        workflow: Option<String>,
    },
    /// Services, or one of them
    #[command(visible_alias = "service")]
    Services {
        /// One service, as name or namespace/name
        service: Option<String>,
    },
    /// Endpoints of a service
    #[command(visible_alias = "endpoint")]
    Endpoints {
        /// The service, as name or namespace/name
        service: String,
    },
    /// Limits of how many instances run at once, with how many do and how many wait
    #[command(visible_alias = "limit")]
    Limits,
    /// Instances that wait for a person
    Incidents {
        #[command(flatten)]
        filter: Filter,
    },
    /// Numbers of instances by status
    Counts {
        #[command(flatten)]
        filter: Filter,
    },
}

/// Which instances are meant.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Workflow, as name or namespace/name
    #[arg(long)]
    pub(crate) workflow: Option<String>,
    /// Exact version
    #[arg(long)]
    pub(crate) version: Option<String>,
    /// One of pending, running, waiting, suspended, cancelled, faulted, completed; several with commas
    #[arg(long, value_delimiter = ',')]
    pub(crate) status: Vec<String>,
    /// Instance that started them
    #[arg(long, value_name = "ID")]
    pub(crate) parent: Option<String>,
    /// Business key
    #[arg(long, value_name = "KEY")]
    pub(crate) business_key: Option<String>,
    /// Search attribute: NAME=VALUE, NAME>=VALUE or NAME<VALUE; may be repeated
    #[arg(long, value_name = "TEST")]
    pub(crate) attribute: Vec<AttributeTest>,
    /// Started at or after this instant, as in 2026-01-31T08:30:00Z
    #[arg(long, value_name = "INSTANT")]
    pub(crate) from: Option<String>,
    /// Started before this instant
    #[arg(long, value_name = "INSTANT")]
    pub(crate) to: Option<String>,
    /// Only those that wait for a person
    #[arg(long)]
    pub(crate) incidents: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Steer {
    /// Ids of instances
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Every instance to which it may apply
    #[arg(long)]
    pub(crate) all: bool,
    /// Only say which instances pass the filter
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Why
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Cancel {
    #[command(flatten)]
    pub(crate) steer: Steer,
    /// Leave what was done as it is
    #[arg(long)]
    pub(crate) no_compensate: bool,
    /// Also behind the point of no return
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Look for damage
    Check(Data),
    /// Cut off what is damaged
    Repair {
        #[command(flatten)]
        data: Data,
        /// Accept that acknowledged work is lost
        #[arg(long)]
        accept_loss: bool,
    },
    /// Move to this version's format; earlier versions cannot read it any more
    Upgrade(Data),
}

#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// The backup
    pub(crate) backup: PathBuf,
    #[command(flatten)]
    pub(crate) data: Data,
    /// The secret.key of the server that the backup was made of; it is copied
    #[arg(long, value_name = "FILE", conflicts_with = "without_secret_key")]
    pub(crate) secret_key: Option<PathBuf>,
    /// Make a new key, even if instances under way fail for the lack of the old one
    #[arg(long)]
    pub(crate) without_secret_key: bool,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Data {
    /// Data directory
    #[arg(long, value_name = "DIR", env = "MOTET_DATA", default_value = config::DATA)]
    pub(crate) data: PathBuf,
}

/// Things that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Schema {
    /// Workflow documents (JSON Schema)
    Workflow,
    /// Scenario files (JSON Schema)
    Scenarios,
    /// The configuration file (JSON Schema)
    Config,
    /// The HTTP API (OpenAPI)
    Api,
}

/// How many rows a list shows.
fn limit(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("a list shows one at least".to_owned()),
        Ok(limit) => Ok(limit),
        Err(_) => Err("a number is expected".to_owned()),
    }
}
