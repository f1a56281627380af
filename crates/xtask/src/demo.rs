//! Everything at work: `cargo xtask demo` starts a server and the example shop, runs orders while things fail, and says
//! what happened and where to look.

mod orders;
mod outcome;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::http::Client;
use crate::process::{Build, Executables, clear_logs};
use crate::server::{Options, Server, acknowledge};
use crate::shop::{SERVICES, Shop};
use crate::workspace;
use orders::{ORDERS, numbered};
use outcome::{Outcomes, progress};

/// Between two looks at how far the instances are.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// All instances end this long after the last start, whatever failed.
const ENDED_WITHIN: Duration = Duration::from_secs(120);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The command.
///
/// # Errors
/// Something cannot be built or started, an instance does not end, or the audit does not add up.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let args = Arguments::read(args, &["once", "calm", "release"], &[])?;
    let release = args.has("release");
    let mut demo = open(release, false, !args.has("calm"))?;
    demo.show()?;
    if args.has("once") {
        return demo.server.stop();
    }
    println!("\nAll of it goes on until ctrl-c.");
    loop {
        demo.shop.start_ended()?;
        thread::sleep(LOOK_INTERVAL);
    }
}

/// As [`run`] with `--once`, with what the tests have built.
///
/// # Errors
/// As [`run`].
pub(crate) fn once(_root: &std::path::Path) -> anyhow::Result<()> {
    let mut demo = open(false, true, true)?;
    demo.show()?;
    demo.server.stop()
}

fn open(release: bool, beside_tests: bool, chaos: bool) -> anyhow::Result<Demo> {
    clear_logs()?;
    println!("building the server and the shop");
    let build = Build { packages: &["motet", "shop"], features: &[], release, beside_tests };
    Demo::open(&build.run()?, chaos)
}

struct Demo {
    shop: Shop,
    server: Server,
    /// Of the server.
    program: PathBuf,
    /// Lets services fail, and kills the server in between.
    chaos: bool,
    began: Instant,
}

impl Demo {
    fn open(programs: &Executables, chaos: bool) -> anyhow::Result<Self> {
        let folder = new_folder()?;
        let shop = Shop::open(programs.path("shop")?, &folder.join("shop"))?;
        let program = programs.path("motet")?.to_owned();
        let options = Options::new("demo-motet", &program, &folder.join("motet"))?;
        let mut server = Server::new(options);
        server.start()?;
        let demo = Self { shop, server, program, chaos, began: Instant::now() };
        demo.tell(&format!("Motet listens at http://{}", demo.server.address()));
        let services = SERVICES.iter().enumerate();
        let services = services.map(|(nth, name)| format!("{name} {}", demo.shop.address(nth)));
        demo.tell(&format!("the shop is open: {}", services.collect::<Vec<_>>().join(", ")));
        Ok(demo)
    }

    /// The whole show, up to the audit.
    fn show(&mut self) -> anyhow::Result<()> {
        for document in self.shop.workflows()? {
            self.server.publish(&document)?;
        }
        self.tell("the workflows are published");
        if self.chaos {
            self.break_services()?;
        }
        let mut ids = self.start(0..ORDERS / 2)?;
        if self.chaos {
            self.server.kill()?;
            self.tell("kill -9: Motet is gone in the middle of its work");
            self.server.start()?;
            self.tell("Motet is back, and goes on where it was");
        }
        ids.extend(self.start(ORDERS / 2..ORDERS)?);
        self.wait_ended(&ids)?;
        (0..SERVICES.len()).try_for_each(|nth| self.shop.wait_ready(nth))?;
        let outcomes = Outcomes::ask(&mut self.client(), &ids)?;
        println!("\n{}", outcomes.table());
        let undone =
            outcomes.undone().context("no checkout failed, although some cannot be shipped")?;
        println!(
            "Shipping was too dear for this order, after it was charged. So all of it was undone:\n"
        );
        println!("{}", self.describe(undone)?);
        println!("{}", self.places(&outcomes, undone));
        println!("{}", self.shop.audit(outcomes.placed())?);
        Ok(())
    }

    /// A part of the requests fails, is slow, or takes the service with it.
    fn break_services(&self) -> anyhow::Result<()> {
        let faults = [
            ("payments", json!({ "errors": 0.3, "seed": 1 }), "refuses 30 % of its requests (503)"),
            ("shipping", json!({ "latencyMs": 40, "seed": 2 }), "is slow"),
            (
                "notifications",
                json!({ "crashAfterEffect": 0.1, "seed": 3 }),
                "crashes now and then",
            ),
        ];
        for (name, faults, what) in faults {
            let nth = SERVICES.iter().position(|service| *service == name);
            self.shop.set_faults(nth.context("that is no service")?, &faults)?;
            self.tell(&format!("from now on {name} {what}"));
        }
        Ok(())
    }

    fn start(&self, numbers: std::ops::Range<u64>) -> anyhow::Result<Vec<String>> {
        let mut client = self.client();
        let count = numbers.end - numbers.start;
        let ids = numbers.map(|number| {
            let (workflow, input) = numbered(number);
            acknowledge(&mut client, workflow, &format!("demo-{number}"), &input)
        });
        let ids: anyhow::Result<Vec<String>> = ids.collect();
        self.tell(&format!("{count} instances are started"));
        ids
    }

    /// Waits until all have ended, says how far they are, and starts again what crashed.
    fn wait_ended(&mut self, ids: &[String]) -> anyhow::Result<()> {
        let deadline = Instant::now() + ENDED_WITHIN;
        let mut told = String::new();
        loop {
            let crashed = self.shop.start_ended()?;
            if crashed > 0 {
                self.tell("a service crashed and is started again");
            }
            let counts = self.client().get("/api/v1/instances/counts")?.expect(&[200])?.json()?;
            let (text, ended) = progress(&counts);
            if text != told && counts["total"] != 0 {
                self.tell(&text);
                told = text;
            }
            // The lists lag a little, and know children too.
            if ended && counts["total"].as_u64() >= Some(ids.len() as u64) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "not everything has ended: {counts}");
            thread::sleep(LOOK_INTERVAL);
        }
    }

    /// What `motet describe` says of an instance.
    fn describe(&self, id: &str) -> anyhow::Result<String> {
        let mut command = Command::new(&self.program);
        let server = format!("http://{}", self.server.address());
        workspace::output(command.args(["describe", id, "--server", &server]))
    }

    /// Where to look.
    fn places(&self, outcomes: &Outcomes, undone: &str) -> String {
        let api = format!("http://{}/api/v1", self.server.address());
        let one = outcomes.example();
        [
            "Where to look:".to_owned(),
            format!("  curl {api}/instances?status=faulted"),
            format!("  curl {api}/instances/{one}/history"),
            format!("  curl {api}/instances/{undone}/undo"),
            format!(
                "  {} validate --saga examples/shop/workflows/checkout.yaml",
                self.program.display()
            ),
            format!("  curl {api}/workflows/shop/fulfil-order/versions/1.0.0/graph"),
            format!("  curl http://{}/metrics", self.server.address()),
            format!(
                "  {} describe {one} --server http://{}",
                self.program.display(),
                self.server.address()
            ),
        ]
        .join("\n")
            + "\n"
    }

    fn client(&self) -> Client {
        Client::new(self.server.address(), REQUEST_TIMEOUT)
    }

    fn tell(&self, text: &str) {
        println!("{:6.1} s  {text}", self.began.elapsed().as_secs_f64());
    }
}

fn new_folder() -> anyhow::Result<PathBuf> {
    let folder = workspace::target(&workspace::root()).join("demo");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    Ok(folder)
}

/// A member that is text, or nothing.
fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_default()
}
