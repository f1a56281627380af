use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::services::{Inventory, Notifications, Orders, Payments, ServiceName, Shipping};
use crate::{audit, server, supervisor, workflows};

/// Five small services with an exact audit, for trying out workflows.
#[derive(Debug, Parser)]
#[command(name = "shop")]
pub(crate) struct Shop {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take orders, and confirm or reject them
    Orders(Serve),
    /// Charge and refund
    Payments(Serve),
    /// Reserve goods, and ship or release them
    Inventory(Serve),
    /// Quote and ship
    Shipping(Serve),
    /// Send messages to customers
    Notifications(Serve),
    /// Run all five on neighbouring ports, and start again what crashes
    All(All),
    /// Add up what all five did; exit code 1 if anything was lost or done twice
    Audit(Audit),
    /// Write the workflows of the shop, with the ports put in
    Workflows(Workflows),
}

/// One service.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Folder of the shop; the service keeps its files in a folder of its name below
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// End when standard input does
    #[arg(long, hide = true)]
    pub(crate) until_stdin_closes: bool,
}

/// All services.
#[derive(Args, Debug)]
pub(crate) struct All {
    /// Port of orders; payments, inventory, shipping and notifications take the next four
    #[arg(long, value_name = "PORT", default_value_t = ServiceName::BASE_PORT)]
    pub(crate) base_port: u16,
    /// Folder of the shop
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}

/// The audit.
#[derive(Args, Debug)]
pub(crate) struct Audit {
    /// Port of orders; the others are the next four
    #[arg(long, value_name = "PORT", default_value_t = ServiceName::BASE_PORT)]
    pub(crate) base_port: u16,
    /// Folder of the shop, for the arrival logs
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Require exactly this many orders
    #[arg(long, value_name = "COUNT")]
    pub(crate) expect_orders: Option<usize>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
struct Workflows {
    /// Port of orders; the others are the next four
    #[arg(long, value_name = "PORT", default_value_t = ServiceName::BASE_PORT)]
    base_port: u16,
    /// Folder to write the documents into
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Runs until done, stopped or failed; the exit code is 1 where an audit found violations.
pub(crate) fn run(shop: Shop) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match shop.command {
            Command::Orders(serve) => server::run::<Orders>(&serve).await?,
            Command::Payments(serve) => server::run::<Payments>(&serve).await?,
            Command::Inventory(serve) => server::run::<Inventory>(&serve).await?,
            Command::Shipping(serve) => server::run::<Shipping>(&serve).await?,
            Command::Notifications(serve) => server::run::<Notifications>(&serve).await?,
            Command::All(all) => supervisor::run(&all).await?,
            Command::Audit(options) => return audit::run(&options).await,
            Command::Workflows(options) => {
                for path in workflows::write(&options.out, options.base_port)? {
                    print(&path.display().to_string())?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// One line on standard output, at once.
pub(crate) fn print(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
