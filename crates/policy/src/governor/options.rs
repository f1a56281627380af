use crate::{balancer, breaker, budget, ejection, health, hedge, limiter, rate};

/// What is set for a service; the defaults are those of its parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    pub balancer: balancer::Options,
    pub ejection: ejection::Options,
    pub health: health::Options,
    pub breaker: breaker::Options,
    /// `None` learns no limit.
    pub limiter: Option<limiter::Options>,
    /// The bulkhead: calls that may be in flight whatever the limiter has learnt.
    pub calls_max: Option<u32>,
    pub rate: Option<rate::Options>,
    pub budget: budget::Options,
    /// For calls that may be repeated; `None` sends no second copies.
    pub hedge: Option<hedge::Options>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            balancer: balancer::Options::default(),
            ejection: ejection::Options::default(),
            health: health::Options::default(),
            breaker: breaker::Options::default(),
            limiter: Some(limiter::Options::default()),
            calls_max: None,
            rate: None,
            budget: budget::Options::default(),
            hedge: None,
        }
    }
}
