//! The proof with real processes that nothing is lost: `cargo xtask kill`.
//!
//! The shop runs under load while the server and its services are killed with SIGKILL, again and again. Afterwards every
//! acknowledged instance has ended, the books add up, and the logs of arrivals show no more repeats than the kills allow;
//! `verdict` says how many that are. Over a disk that forgets what was not synced, the same kills show a missing sync too,
//! which they cannot while the system's cache survives the process.

pub mod saga;

mod clients;
mod orders;
mod striker;

mod evidence;
mod verdict;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};

use crate::arguments::Arguments;
use crate::http::Client;
use crate::process::{Build, Executables};
use crate::server::{LOSSY_DISK, Options, Server};
use crate::shop::{SERVICES, Shop};
use crate::workspace;
use clients::{Acknowledged, Shopper, check_ended};
use striker::{Striker, revive};
use verdict::{Again, Kill, Verdict};

/// Kills of each trial in CI.
const KILLS_IN_CI: usize = 30;
const CLIENTS: u64 = 6;
/// Longest time that everything is left alive between two kills, in milliseconds.
const ALIVE_MS_MAX: u64 = 500;
/// Of a request after the load.
const TIMEOUT: Duration = Duration::from_secs(60);
/// All that was started ends this long after the last kill.
const ENDED_WITHIN: Duration = Duration::from_secs(120);
/// Kills between two lines of progress.
const KILLS_TOLD: usize = 50;
/// Violations that are printed.
const VIOLATIONS_SHOWN: usize = 20;

/// The command.
///
/// # Errors
/// Something was lost, done twice or never finished, or a program does not start.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let args = Arguments::read(args, &["lossy-disk"], &["kills", "seed"])?;
    let trial = Trial {
        kills: args.option("kills")?.unwrap_or(KILLS_IN_CI),
        lossy_disk: args.has("lossy-disk"),
        seed: args.option("seed")?.unwrap_or_else(|| now_micros() as u64),
    };
    trial.run(&build(false)?)
}

/// Both trials, as CI runs them.
///
/// # Errors
/// As [`run`].
pub(crate) fn stage(_root: &Path) -> anyhow::Result<()> {
    both(KILLS_IN_CI, true)
}

/// Both trials with so many kills each, perhaps with what the tests have built.
pub(crate) fn both(kills: usize, beside_tests: bool) -> anyhow::Result<()> {
    let programs = build(beside_tests)?;
    [false, true].into_iter().try_for_each(|lossy_disk| {
        Trial { kills, lossy_disk, seed: now_micros() as u64 }.run(&programs)
    })
}

fn build(beside_tests: bool) -> anyhow::Result<Executables> {
    Build { packages: &["motet", "shop"], features: &[], release: false, beside_tests }.run()
}

struct Trial {
    kills: usize,
    lossy_disk: bool,
    /// Of the victims and of the times between kills.
    seed: u64,
}

impl Trial {
    fn run(&self, programs: &Executables) -> anyhow::Result<()> {
        let Self { kills, lossy_disk, seed } = self;
        let disk = if *lossy_disk { "a disk that forgets what was not synced" } else { "the disk" };
        println!("{kills} kills over {disk}, seed {seed}");
        let began = Instant::now();
        let kind = if *lossy_disk { "lossy" } else { "plain" };
        let (mut shop, mut server) = open(programs, kind, *lossy_disk)?;
        let (acknowledged, kills) = self.kill_under_load(&mut shop, &mut server)?;
        println!("  {} instances acknowledged, {} kills", acknowledged.len(), kills.len());
        check_all_ended(&server, &acknowledged)?;
        let orders = acknowledged.iter().filter(|started| started.order.is_placed()).count();
        println!("{}", indented(&shop.audit(orders)?));
        let verdict = collect_verdict(&shop, &server, &acknowledged, &kills, Again::Timeout)?;
        print_verdict(&verdict, began.elapsed());
        ensure!(verdict.violations.is_empty(), "{} violations", verdict.violations.len());
        server.stop()
    }

    /// Lets clients shop while it kills; ends with everything alive.
    fn kill_under_load(
        &self,
        shop: &mut Shop,
        server: &mut Server,
    ) -> anyhow::Result<(Vec<Acknowledged>, Vec<Kill>)> {
        let (over, address) = (AtomicBool::new(false), server.address());
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    let numbers = (client..).step_by(CLIENTS as usize);
                    let (shopper, over) = (Shopper::new(address, numbers), &over);
                    scope.spawn(move || shopper.shop(over))
                })
                .collect();
            let kills = self.kill(shop, server, &clients);
            over.store(true, Ordering::Relaxed);
            let mut acknowledged = Vec::new();
            for client in clients {
                acknowledged.extend(client.join().expect("a client does not panic")?);
            }
            Ok((acknowledged, kills?))
        })
    }

    fn kill<T>(
        &self,
        shop: &mut Shop,
        server: &mut Server,
        clients: &[ScopedJoinHandle<'_, T>],
    ) -> anyhow::Result<Vec<Kill>> {
        let mut striker = Striker::new(self.seed, ALIVE_MS_MAX);
        while striker.kills.len() < self.kills {
            ensure!(clients.iter().all(|client| !client.is_finished()), "a client gave up");
            striker.strike(shop, server)?;
            if striker.kills.len().is_multiple_of(KILLS_TOLD) {
                println!("  {} of {} kills", striker.kills.len(), self.kills);
            }
        }
        revive(shop, server)?;
        Ok(striker.kills)
    }
}

/// The shop, and a server with its workflows, over a folder that is empty at first.
fn open(programs: &Executables, kind: &str, lossy_disk: bool) -> anyhow::Result<(Shop, Server)> {
    let folder = workspace::target(&workspace::root()).join("kill").join(kind);
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let shop = Shop::open(programs.path("shop")?, &folder.join("shop"))?;
    let data = folder.join("motet");
    let options = Options::new(&format!("kill-{kind}-motet"), programs.path("motet")?, &data)?;
    let mut server = Server::new(Options { lossy_disk, ..options });
    server.start()?;
    if lossy_disk {
        check_lossy(&mut server)?;
    }
    shop.workflows()?.iter().try_for_each(|document| server.publish(document))?;
    Ok((shop, server))
}

/// A server that does not know of such disks would pass this trial without being tried.
fn check_lossy(server: &mut Server) -> anyhow::Result<()> {
    let log = fs::read_to_string(server.log()?)?;
    let says_so = log.lines().any(|line| line.contains("unsynced writes"));
    ensure!(
        says_so,
        "the server does not say that it loses unsynced writes, as {LOSSY_DISK}=1 asks it to"
    );
    Ok(())
}

/// Every acknowledged instance has ended as it may, and so has every other one.
fn check_all_ended(server: &Server, acknowledged: &[Acknowledged]) -> anyhow::Result<()> {
    let deadline = Instant::now() + ENDED_WITHIN;
    let mut client = Client::new(server.address(), TIMEOUT);
    for started in acknowledged {
        ensure!(
            Instant::now() < deadline,
            "not everything has ended {ENDED_WITHIN:?} after the load"
        );
        check_ended(&mut client, started)?;
    }
    // Children end with their parents, and lists lag a little.
    loop {
        let counts = client.get("/api/v1/instances/counts")?.expect(&[200])?.json()?;
        let of = |status: &str| counts["counts"][status].as_u64().unwrap_or(0);
        let ended = of("completed") + of("faulted") + of("cancelled");
        if counts["total"].as_u64() == Some(ended) && ended >= acknowledged.len() as u64 {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "the lists do not show the end: {counts}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn collect_verdict(
    shop: &Shop,
    server: &Server,
    acknowledged: &[Acknowledged],
    kills: &[Kill],
    again: Again,
) -> anyhow::Result<Verdict> {
    let mut client = Client::new(server.address(), TIMEOUT);
    let instances = evidence::instances(&mut client)?;
    for started in acknowledged {
        if !instances.contains(&started.id) {
            bail!("the lists do not show the acknowledged instance {}", started.id);
        }
    }
    let mut attempts = Vec::new();
    for instance in &instances {
        attempts.extend(evidence::attempts(&mut client, instance)?);
    }
    let mut arrivals = Vec::new();
    for service in 0..SERVICES.len() {
        arrivals.extend(evidence::arrivals(shop, service)?);
    }
    Ok(Verdict::of(&arrivals, &attempts, kills, again))
}

fn print_verdict(verdict: &Verdict, took: Duration) {
    let Verdict { arrivals, keys, repeats, in_flight, attempts_again, violations } = verdict;
    println!(
        "  {arrivals} arrivals of {keys} calls: {repeats} repeats; {in_flight} calls were in flight at the kills, \
         {attempts_again} attempts timed out or came after a failed one ({:.0} s)",
        took.as_secs_f64()
    );
    for violation in violations.iter().take(VIOLATIONS_SHOWN) {
        println!("  {violation}");
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

fn now_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("the clock shows a time after 1970").as_micros() as i64
}
