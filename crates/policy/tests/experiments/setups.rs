//! Experiments E0 to E4, each with three sets of parameters: as published, with bursts and a heavy tail, and with other
//! sizes.

use std::time::Duration;

use crate::balancing::{Arrivals, Setup, run as run_one};
use crate::contender::{KINDS, Kind};
use crate::replica::{MILLI, Micros, SECOND, Service, Trouble};

const SEEDS: [u64; 3] = [1, 2, 3];

/// What is measured; the lower, the better.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Measure {
    /// Share of calls, in %, that did not end well within a second.
    LateShare,
    /// Quantile of the latency, in ms.
    Quantile(f64),
    /// Share of calls, in %, that failed.
    ErrorShare,
}

impl Measure {
    pub(crate) fn name(self) -> String {
        match self {
            Self::LateShare => "not served within 1 s, %".to_owned(),
            Self::Quantile(quantile) => format!("p{}, ms", quantile * 100.0),
            Self::ErrorShare => "failed, %".to_owned(),
        }
    }

    fn of(self, results: &mut [(Micros, bool)]) -> f64 {
        let share = |count: usize| 100.0 * count as f64 / results.len() as f64;
        match self {
            Self::LateShare => {
                let late = |(took, is_good): &&(Micros, bool)| !is_good || *took > SECOND;
                share(results.iter().filter(late).count())
            }
            Self::ErrorShare => share(results.iter().filter(|(_, is_good)| !is_good).count()),
            Self::Quantile(quantile) => {
                results.sort_unstable();
                let rank = (results.len() as f64 * quantile) as usize;
                results[rank.min(results.len() - 1)].0 as f64 / MILLI as f64
            }
        }
    }
}

/// Mean over the seeds, and the distance of the best from the worst.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) mean: f64,
    pub(crate) spread: f64,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) measure: Measure,
    pub(crate) must_win: bool,
    pub(crate) bar: Option<f64>,
    figures: Vec<(Kind, Figure)>,
}

impl Row {
    pub(crate) fn figure(&self, kind: Kind) -> Figure {
        let found = self.figures.iter().find(|(own, _)| *own == kind);
        found.expect("every kind has run").1
    }
}

pub(crate) fn run() -> Vec<Row> {
    let experiments = [linkerd(), one_slow(), halves(), antagonists(), fails_fast()];
    experiments.into_iter().flatten().map(|experiment| experiment.run()).collect()
}

struct Experiment {
    name: String,
    setup: Setup,
    measure: Measure,
    must_win: bool,
    bar: Option<f64>,
}

impl Experiment {
    fn run(self) -> Row {
        let figure = |kind: Kind| {
            let values = SEEDS.map(|seed| self.measure.of(&mut run_one(&self.setup, kind, seed)));
            let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(least, most), value| {
                (least.min(*value), most.max(*value))
            });
            Figure { mean: values.iter().sum::<f64>() / values.len() as f64, spread: most - least }
        };
        let figures = KINDS.iter().map(|kind| (*kind, figure(*kind))).collect();
        let Self { name, measure, must_win, bar, .. } = self;
        Row { name, measure, must_win, bar, figures }
    }
}

/// Callers, arrivals and work of the three sets, where an experiment does not say otherwise.
struct Set {
    label: &'static str,
    callers: usize,
    arrivals: Arrivals,
    service: Service,
    /// Times as many replicas as the first set.
    scale: f64,
}

fn sets(callers: usize) -> [Set; 3] {
    let normal = Service::Normal { mean: 10_000.0, deviation: 10_000.0 };
    let heavy = Service::LogNormal { mean: 10_000.0, sigma: 1.0 };
    let constant = Service::Constant { mean: 10_000.0 };
    let bursts = Arrivals::Bursts { mean: 200 * MILLI };
    [
        Set { label: "a", callers, arrivals: Arrivals::Poisson, service: normal, scale: 1.0 },
        Set { label: "b", callers: callers.min(5), arrivals: bursts, service: heavy, scale: 1.0 },
        Set {
            label: "c",
            callers: callers * 2,
            arrivals: Arrivals::Poisson,
            service: constant,
            scale: 2.0,
        },
    ]
}

/// A server that hangs half the time of the run (the test of the Linkerd team, 2016).
fn linkerd() -> Vec<Experiment> {
    let hangs = Trouble::Hangs { from: 15 * SECOND, to: 45 * SECOND, takes: 2 * SECOND };
    let normal = Service::Normal { mean: 167_000.0, deviation: 5_000.0 };
    let heavy = Service::LogNormal { mean: 167_000.0, sigma: 0.3 };
    let bursts = Arrivals::Bursts { mean: 500 * MILLI };
    let with = |label: &str, replicas: usize, rate, callers, service, arrivals, bar| Experiment {
        name: format!("E0{label} one of {replicas} hangs for 30 s, {callers} caller(s)"),
        setup: Setup {
            workers: 100_000,
            troubles: troubled(replicas, 1, hangs),
            service,
            arrivals,
            rate,
            callers,
            lasts: 60 * SECOND,
            decay: Duration::from_secs(10),
        },
        measure: Measure::LateShare,
        must_win: false,
        bar,
    };
    vec![
        with("a", 11, 1_000.0, 1, normal, Arrivals::Poisson, Some(0.06)),
        with("b", 11, 1_000.0, 5, heavy, bursts, None),
        with("c", 40, 2_000.0, 1, normal, Arrivals::Poisson, None),
    ]
}

/// One replica is a hundred times slower than the others.
fn one_slow() -> Vec<Experiment> {
    let of = |callers| {
        sets(callers).map(|set| {
            let replicas = (11.0 * set.scale) as usize;
            let troubles = troubled(replicas, 1, Trouble::Slow(0.01));
            experiment(
                "E1",
                "one is 100 times slower",
                set,
                troubles,
                8,
                0.5,
                Measure::Quantile(0.999),
            )
        })
    };
    of(1).into_iter().chain(of(20)).collect()
}

/// Half of the replicas have half the speed.
fn halves() -> Vec<Experiment> {
    let of = |callers: usize| {
        sets(callers).map(|set| {
            let replicas = (20.0 * set.scale) as usize;
            let troubles = troubled(replicas, replicas / 2, Trouble::Slow(0.5));
            let mut experiment = experiment(
                "E2",
                "half at half speed",
                set,
                troubles,
                4,
                0.75,
                Measure::Quantile(0.99),
            );
            experiment.must_win = callers > 1;
            experiment
        })
    };
    of(1).into_iter().chain(of(20)).collect()
}

/// Neighbours take most of a replica's speed now and then.
fn antagonists() -> Vec<Experiment> {
    let of = |callers: usize| {
        sets(callers).map(|set| {
            let replicas = (20.0 * set.scale) as usize;
            let trouble = Trouble::Antagonist { often: 0.15, speed: 0.3, seed: 0 };
            let troubles = troubled(replicas, replicas, trouble);
            let mut experiment =
                experiment("E3", "antagonists", set, troubles, 4, 0.7, Measure::Quantile(0.99));
            experiment.setup.decay = Duration::from_secs(1);
            experiment.must_win = callers > 1;
            experiment
        })
    };
    of(1).into_iter().chain(of(20)).collect()
}

/// One replica refuses everything, fast.
fn fails_fast() -> Vec<Experiment> {
    let of = |callers: usize| {
        sets(callers).map(|set| {
            let replicas = (10.0 * set.scale) as usize;
            let troubles = troubled(replicas, 1, Trouble::Refuses { takes: 500 });
            let mut experiment =
                experiment("E4", "one fails fast", set, troubles, 4, 0.6, Measure::ErrorShare);
            experiment.must_win = true;
            experiment.bar = (callers == 1).then_some(0.02);
            experiment
        })
    };
    of(1).into_iter().chain(of(20)).collect()
}

fn experiment(
    number: &str,
    what: &str,
    set: Set,
    troubles: Vec<Trouble>,
    workers: usize,
    utilisation: f64,
    measure: Measure,
) -> Experiment {
    let speed: f64 = troubles.iter().map(mean_speed).sum();
    let capacity = speed * workers as f64 * SECOND as f64 / set.service.mean();
    Experiment {
        name: format!("{number}{} {what}, {} caller(s)", set.label, set.callers),
        setup: Setup {
            workers,
            troubles,
            service: set.service,
            arrivals: set.arrivals,
            rate: capacity * utilisation,
            callers: set.callers,
            lasts: 20 * SECOND,
            decay: Duration::from_secs(10),
        },
        measure,
        must_win: false,
        bar: None,
    }
}

fn troubled(replicas: usize, troubled: usize, trouble: Trouble) -> Vec<Trouble> {
    (0..replicas).map(|index| if index < troubled { trouble } else { Trouble::None }).collect()
}

fn mean_speed(trouble: &Trouble) -> f64 {
    match trouble {
        Trouble::Slow(speed) => *speed,
        Trouble::Antagonist { often, speed, .. } => 1.0 - often * (1.0 - speed),
        Trouble::Refuses { .. } => 0.0,
        Trouble::None | Trouble::Hangs { .. } => 1.0,
    }
}
