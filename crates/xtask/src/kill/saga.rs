//! The proof that sagas are all or nothing: `cargo xtask saga`.
//!
//! Hundreds of orders go through `shop/checkout` while the server and the services are killed with SIGKILL again and again,
//! services fail, hang and are slow by turns, and customers cancel at any moment. Afterwards every order is completely done
//! or completely undone: `ledger` holds each instance against the order that it placed, the shop's audit adds up money,
//! goods, shipments and messages, and the logs of arrivals show no call, work or undo, more often than kills and attempts
//! allow.

mod buyers;
mod chaos;
mod ledger;

use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Context, ensure};

use super::clients::Acknowledged;
use super::striker::{Striker, revive};
use super::verdict::{Again, Kill};
use super::{build, check_all_ended, collect_verdict, indented, now_micros, open, print_verdict};
use crate::arguments::Arguments;
use crate::process::Executables;
use crate::server::Server;
use crate::shop::{SERVICES, Shop};
use buyers::{BUYERS, Bought, Buyer};
use chaos::Chaos;
use ledger::Ledger;

/// Orders in CI.
const ORDERS_IN_CI: u64 = 500;
/// Longest time that everything is left alive between two kills, in milliseconds.
const ALIVE_MS_MAX: u64 = 800;
/// Kills between two lines of progress.
const KILLS_TOLD: usize = 20;
/// Orders from which on a trial has to show everything that it is there to show.
const TRIED_MIN: usize = 100;
/// What is printed of what does not add up.
const VIOLATIONS_SHOWN: usize = 20;

/// The command.
///
/// # Errors
/// An order is neither done nor undone, the books do not add up, or a program does not start.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let args = Arguments::read(args, &[], &["orders", "seed"])?;
    let orders = args.option("orders")?.unwrap_or(ORDERS_IN_CI);
    ensure!(orders > 0, "--orders 0 would prove nothing");
    let seed = args.option("seed")?.unwrap_or_else(|| now_micros() as u64);
    Trial { orders, seed }.run(&build(false)?)
}

/// As CI runs it.
///
/// # Errors
/// As [`run`].
pub(crate) fn stage(_root: &Path) -> anyhow::Result<()> {
    Trial { orders: ORDERS_IN_CI, seed: now_micros() as u64 }.run(&build(true)?)
}

/// With so many orders.
///
/// # Errors
/// As [`run`].
pub(crate) fn soak(orders: u64) -> anyhow::Result<()> {
    Trial { orders, seed: now_micros() as u64 }.run(&build(false)?)
}

/// Requests that services answered from their inbox: without keys, this is what would have been done twice.
fn answered_again(shop: &Shop) -> anyhow::Result<usize> {
    let count = |nth| {
        let log = shop.arrivals(nth)?;
        Ok(log.lines().filter(|line| line.contains(r#""repeated":true"#)).count())
    };
    let counts: anyhow::Result<Vec<usize>> = (0..SERVICES.len()).map(count).collect();
    Ok(counts?.into_iter().sum())
}

#[derive(Clone, Copy)]
struct Trial {
    orders: u64,
    /// Of the victims, the faults, the moments of cancelling, and the times between.
    seed: u64,
}

impl Trial {
    fn run(self, programs: &Executables) -> anyhow::Result<()> {
        let Self { orders, seed } = self;
        println!("{orders} orders under kills, faults and cancels, seed {seed}");
        self.prove(programs).with_context(|| {
            format!("with seed {seed}: cargo xtask saga --orders {orders} --seed {seed}")
        })
    }

    fn prove(self, programs: &Executables) -> anyhow::Result<()> {
        let began = Instant::now();
        let (mut shop, mut server) = open(programs, "saga", false)?;
        let (bought, kills) = self.buy_under_fire(&mut shop, &mut server)?;
        println!("  {} orders acknowledged, {} kills", bought.len(), kills.len());
        let started: Vec<Acknowledged> = bought.iter().map(|one| one.started.clone()).collect();
        check_all_ended(&server, &started)?;

        // Everything is looked at before anything is said: what is wrong is rarely wrong in one place alone.
        let ledger = Ledger::of(&ledger::sales(&server, &bought)?, &ledger::orders(&shop)?);
        println!("  {ledger}");
        let audit = shop.audit(ledger.placed);
        match &audit {
            Ok(report) => println!("{}", indented(report)),
            Err(error) => println!("{}", indented(&format!("{error:#}"))),
        }
        let verdict = collect_verdict(&shop, &server, &started, &kills, Again::Attempt)?;
        print_verdict(&verdict, began.elapsed());
        for violation in ledger.violations.iter().take(VIOLATIONS_SHOWN) {
            println!("  {violation}");
        }
        ensure!(
            ledger.violations.is_empty(),
            "{} orders are neither done nor undone",
            ledger.violations.len()
        );
        ensure!(audit.is_ok(), "the books do not add up");
        ensure!(verdict.violations.is_empty(), "{} violations", verdict.violations.len());
        ledger.check_tried()?;
        let again = answered_again(&shop)?;
        println!("  {again} times a service was asked again for what it had done");
        ensure!(again > 0 || bought.len() < TRIED_MIN, "no key ever came again after its work");
        server.stop()
    }

    /// Lets buyers buy while everything goes wrong; ends with all services alive and well.
    fn buy_under_fire(
        self,
        shop: &mut Shop,
        server: &mut Server,
    ) -> anyhow::Result<(Vec<Bought>, Vec<Kill>)> {
        let address = server.address();
        thread::scope(|scope| {
            let buyers: Vec<_> = (0..BUYERS)
                .map(|first| {
                    let numbers = (first..self.orders).step_by(BUYERS as usize);
                    let buyer = Buyer::new(address, numbers, self.seed);
                    scope.spawn(move || buyer.buy())
                })
                .collect();
            let is_over = || buyers.iter().all(thread::ScopedJoinHandle::is_finished);
            let kills = self.rage(shop, server, is_over);
            let mut bought = Vec::new();
            for buyer in buyers {
                bought.extend(buyer.join().expect("a buyer does not panic")?);
            }
            Ok((bought, kills?))
        })
    }

    fn rage(
        self,
        shop: &mut Shop,
        server: &mut Server,
        is_over: impl Fn() -> bool,
    ) -> anyhow::Result<Vec<Kill>> {
        let mut striker = Striker::new(self.seed, ALIVE_MS_MAX);
        let mut chaos = Chaos::new(self.seed);
        chaos.begin(shop)?;
        while !is_over() {
            chaos.change(shop)?;
            striker.strike(shop, server)?;
            if striker.kills.len().is_multiple_of(KILLS_TOLD) {
                println!("  {} kills", striker.kills.len());
            }
        }
        revive(shop, server)?;
        Chaos::end(shop)?;
        Ok(striker.kills)
    }
}
