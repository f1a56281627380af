//! A replica of a service as a queue with workers, and what its work takes.

use std::collections::VecDeque;

use motet_policy::random::{Random, mix};

/// Microseconds of virtual time.
pub(crate) type Micros = u64;
pub(crate) const SECOND: Micros = 1_000_000;
pub(crate) const MILLI: Micros = 1_000;

/// How long one piece of work takes at full speed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Service {
    /// Normal, cut off at a twentieth of the mean.
    Normal {
        mean: f64,
        deviation: f64,
    },
    /// Heavy-tailed: the logarithm is normal.
    LogNormal {
        mean: f64,
        sigma: f64,
    },
    Constant {
        mean: f64,
    },
}

impl Service {
    pub(crate) fn mean(self) -> f64 {
        match self {
            Self::Normal { mean, .. } | Self::LogNormal { mean, .. } | Self::Constant { mean } => {
                mean
            }
        }
    }

    pub(crate) fn draw(self, random: &mut Random) -> f64 {
        match self {
            Self::Normal { mean, deviation } => {
                (mean + deviation * normal(random)).max(mean / 20.0)
            }
            Self::LogNormal { mean, sigma } => {
                mean * (sigma * normal(random) - sigma * sigma / 2.0).exp()
            }
            Self::Constant { mean } => mean,
        }
    }
}

/// Box and Muller.
fn normal(random: &mut Random) -> f64 {
    let (first, second) = (1.0 - random.fraction(), random.fraction());
    (-2.0 * first.ln()).sqrt() * (std::f64::consts::TAU * second).cos()
}

pub(crate) fn exponential(mean: f64, random: &mut Random) -> f64 {
    -mean * (1.0 - random.fraction()).ln()
}

/// What is wrong with a replica, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    None,
    /// At this share of its speed, always.
    Slow(f64),
    /// Every answer takes this long between two instants.
    Hangs {
        from: Micros,
        to: Micros,
        takes: Micros,
    },
    /// So often (0 to 1) at this share of its speed, drawn anew each second.
    Antagonist {
        often: f64,
        speed: f64,
        seed: u64,
    },
    /// Refuses everything at once, taking this long.
    Refuses {
        takes: Micros,
    },
}

#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) workers: usize,
    pub(crate) trouble: Trouble,
    pub(crate) busy: usize,
    pub(crate) waiting: VecDeque<usize>,
}

impl Replica {
    pub(crate) fn new(workers: usize, trouble: Trouble) -> Self {
        Self { workers, trouble, busy: 0, waiting: VecDeque::new() }
    }

    pub(crate) fn speed(&self, now: Micros) -> f64 {
        match self.trouble {
            Trouble::Slow(speed) => speed,
            Trouble::Antagonist { often, speed, seed } => {
                let lot = Random::new(mix(seed ^ mix(now / SECOND))).fraction();
                if lot < often { speed } else { 1.0 }
            }
            Trouble::None | Trouble::Hangs { .. } | Trouble::Refuses { .. } => 1.0,
        }
    }

    /// How long work takes that begins now, and whether it ends well.
    pub(crate) fn work(
        &self,
        now: Micros,
        service: Service,
        random: &mut Random,
    ) -> (Micros, bool) {
        match self.trouble {
            Trouble::Refuses { takes } => (takes, false),
            Trouble::Hangs { from, to, takes } if (from..to).contains(&now) => (takes, true),
            _ => ((service.draw(random) / self.speed(now)) as Micros, true),
        }
    }

    /// What a call that comes now has to expect, in units of work, as only an oracle knows it.
    pub(crate) fn expected(&self, now: Micros, service: Service) -> f64 {
        match self.trouble {
            Trouble::Refuses { .. } => return f64::INFINITY,
            Trouble::Hangs { from, to, takes } if (from..to).contains(&now) => return takes as f64,
            _ => {}
        }
        let ahead = (self.busy + self.waiting.len() + 1).saturating_sub(self.workers);
        (1.0 + ahead as f64 / self.workers as f64) * service.mean() / self.speed(now)
    }
}
