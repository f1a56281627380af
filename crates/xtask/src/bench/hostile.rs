//! `hostile`: chains by 16 clients, alone and while expressions burn all the fuel they get.

use super::chain::of_chain;
use super::report::{Figure, Line, Run};
use super::rig::{Rig, head};

const CLIENTS: u64 = 16;
/// Clients that run hostile expressions all the time.
const HOSTILE_CLIENTS: u64 = 2;
/// Windows, in milliseconds.
const WARM_UP: u64 = 1_500;
const MEASURED: u64 = 5_000;

pub(super) fn measure(rig: &Rig) -> anyhow::Result<Vec<Line>> {
    let stubs = rig.stubs()?;
    let mut server = rig.running_server(&[stubs.chain_document(), document()])?;
    let options = |clients: u64, measured: u64| {
        vec![
            ("clients", clients.to_string()),
            ("warmup-ms", WARM_UP.to_string()),
            ("measure-ms", measured.to_string()),
        ]
    };
    let line = Line::measure("16 clients", rig.rules, || {
        let chain = [options(CLIENTS, MEASURED), of_chain(&server)].concat();
        let alone = Rig::observe(rig.load("chain", &chain)?, &mut server, &[stubs.process.id()])?;
        // They begin earlier and end later than what is measured.
        let mut hostile = options(HOSTILE_CLIENTS, MEASURED + 2 * WARM_UP);
        hostile[1].1 = "0".to_owned();
        hostile.push(("server", server.address().to_string()));
        hostile.push(("workflow", "bench/hostile".to_owned()));
        let hostile = rig.load("hostile", &hostile)?;
        let beside = rig.load("chain", &chain)?;
        let beside = Rig::observe(beside, &mut server, &[stubs.process.id(), hostile.id()])?;
        let (p99_alone, p99_beside) = (alone.number("p99Ms")?, beside.number("p99Ms")?);
        let figures = vec![
            Figure::new("p50 alone, ms", alone.number("p50Ms")?),
            Figure::new("p50 beside, ms", beside.number("p50Ms")?),
            Figure::new("p99 alone, ms", p99_alone),
            Figure::new("p99 beside, ms", p99_beside),
            Figure::new("p99 beside of alone", p99_beside / p99_alone),
            Figure::new("instances/s alone", alone.number("perSecond")?),
            Figure::new("instances/s beside", beside.number("perSecond")?),
            Figure::new("commits per sync beside", beside.frames.commits_per_sync()),
            Figure::new(
                "hostile instances/s",
                super::rig::number(&hostile.finish()?, "perSecond")?,
            ),
        ];
        Ok(Run { figures, others: alone.others.max(beside.others), is_void: false })
    })?;
    server.stop()?;
    Ok(vec![line])
}

/// One expression that never ends by itself.
fn document() -> String {
    let burn =
        "  - burn:\n      set:\n        x: '${ reduce range(1000000000000) as $i (0; . + $i) }'\n";
    head("hostile") + burn
}
