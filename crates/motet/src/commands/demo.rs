//! Motet at work, without anything else: a server, services of its own, orders, and a fault in between.

mod shop;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use motet_expr::Value;
use motet_expr::json::{object, string, to_text};

use super::{Ended, describe};
use crate::cli::Connection;
use crate::client::{Call, Client};
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::value::Members;
use crate::{serve, tree};
use shop::Shop;

const ORDER: &str = include_str!("demo/order.yaml");
/// Orders before, during and after the fault.
const BEFORE: usize = 7;
const DURING: usize = 6;
const AFTER: usize = 7;
/// Everything here takes far less.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

pub(super) fn demo(keep: bool, output: &Output) -> Ended {
    let data = Temporary::new();
    let config = Config {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        data: data.0.clone(),
        ..Config::default()
    };
    // A signal ends it before its time.
    let mut told = Ok(Exit::Failed);
    let ended = &mut told;
    let served = serve::run(&config, output, |address| async move {
        *ended = tell(address, keep, output).await.map(|()| Exit::Done);
        if keep && ended.is_ok() {
            std::future::pending().await
        }
    });
    served.and(told)
}

/// A directory that is removed at the end.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let name = format!("motet-demo-{}-{}", std::process::id(), now.as_nanos());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be removed lies where the system clears up.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The story from beginning to end.
async fn tell(address: SocketAddr, keep: bool, output: &Output) -> Result<(), Failure> {
    let server = format!("http://{address}");
    let client =
        Client::new(&Connection { server: Some(server.clone()), ..Connection::default() })?;
    let (shop, services) = Shop::open().await.map_err(|error| {
        Failure::new("address-in-use", format!("the services cannot listen: {error}"))
    })?;
    let heading = |text: &str| output.line(&format!("\n{}", output.style.bold(text)));

    heading("A workflow is published: it calls three services, one after the other");
    let document = ORDER.replace("SHOP", &format!("http://{services}"));
    client.send(Call::post("/api/v1/workflows", "application/yaml", document)).await?;
    let drawn = client.open(Call::get("/api/v1/workflows/demo/order/versions/1.0.0/graph")).await?;
    output.print(&indented(&client.text(drawn.1).await?));

    heading(&format!("{BEFORE} orders, and all is well"));
    output.line(&completed(&client, 1..=BEFORE).await?);

    heading("The payments break: they take the money, and the answer is lost (503)");
    shop.set_broken(true);
    let mut ids = Vec::new();
    for number in BEFORE + 1..=BEFORE + DURING {
        let started = start(&client, number, Duration::ZERO).await?;
        ids.push(started.text("id").unwrap_or_default().to_owned());
    }
    // Each has had its first try, and that failed.
    wait_until(|| shop.done("/payments") >= BEFORE + DURING && shop.payments().1 >= DURING).await?;
    output.line(&format!(
        "  {DURING} more orders: none failed, all wait for their next try (a retry of the workflow);\n  \
         what they did so far is on disk, and would outlive this process"
    ));

    heading("The payments are back");
    shop.set_broken(false);
    for id in &ids {
        let path = format!("/api/v1/instances/{id}?wait={}s", PATIENCE.as_secs());
        expect_completed(&client.get(path).await?)?;
    }
    output.line(&format!("  the {DURING} orders completed by themselves; this is one of them:\n"));
    let history = describe::history(&client, &ids[0], output).await?;
    output.print(&indented(&tree::draw(&history, output.style)));

    heading(&format!("{AFTER} orders more"));
    output.line(&completed(&client, BEFORE + DURING + 1..=BEFORE + DURING + AFTER).await?);

    heading("The books");
    output.line(&books(&shop)?);
    heading("Where to look next");
    output.line(&next(keep.then_some(server.as_str()), &ids[0]));
    Ok(())
}

/// Runs orders, one after the other, and says how it went.
async fn completed(
    client: &Client,
    numbers: std::ops::RangeInclusive<usize>,
) -> Result<String, Failure> {
    let mut times = Vec::new();
    for number in numbers {
        let began = Instant::now();
        expect_completed(&start(client, number, PATIENCE).await?)?;
        times.push(began.elapsed());
    }
    let count = times.len();
    let slowest = times.into_iter().max().unwrap_or_default().as_secs_f64() * 1e3;
    Ok(format!(
        "  {count} of {count} completed, each step durable before the next; the slowest took {slowest:.1} ms"
    ))
}

async fn start(client: &Client, number: usize, wait: Duration) -> Result<Value, Failure> {
    let order = [("order", Value::from(number)), ("item", string("a music stand"))];
    let path = format!("/api/v1/workflows/demo/order/instances?wait={}s", wait.as_secs());
    let call = Call::post(path, "application/json", to_text(&object(order)));
    Ok(client.send(call).await?.value)
}

fn expect_completed(instance: &Value) -> Result<(), Failure> {
    match instance.text("status") {
        Some("completed") => Ok(()),
        _ => Err(unexpected(&format!("an order did not complete: {}", to_text(instance)))),
    }
}

async fn wait_until(holds: impl Fn() -> bool) -> Result<(), Failure> {
    let looking = async {
        while !holds() {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    };
    let timed = tokio::time::timeout(PATIENCE, looking).await;
    timed.map_err(|_elapsed| unexpected("the orders did not reach the services in time"))
}

/// Every order has one of each, however often it was asked for.
fn books(shop: &Shop) -> Result<String, Failure> {
    let orders = BEFORE + DURING + AFTER;
    let done = ["/stock", "/payments", "/parcels"].map(|place| shop.done(place));
    let (arrived, failed) = shop.payments();
    if done != [orders; 3] || arrived != orders + failed {
        return Err(unexpected(&format!("the books do not add up: {done:?}, {arrived}, {failed}")));
    }
    Ok(format!(
        "  {orders} orders, {orders} reservations, {orders} payments, {orders} parcels.\n  \
         {arrived} calls reached the payments, {failed} of them failed, and nobody paid twice: a call that is tried\n  \
         again has the same Idempotency-Key"
    ))
}

fn next(server: Option<&str>, id: &str) -> String {
    let (first, looks) = match server {
        Some(server) => {
            (format!("export MOTET_SERVER={server}   # until you press ctrl-c here"), id)
        }
        None => ("motet demo --keep   # the same, and the server goes on".to_owned(), "ID"),
    };
    format!(
        "  {first}\n  motet get instances\n  motet describe {looks}\n  motet history {looks}\n  \
         motet dev FILE      # a server that publishes your own workflow whenever you save it"
    )
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn unexpected(what: &str) -> Failure {
    Failure::new("unexpected-answer", what)
}
