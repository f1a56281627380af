//! From a document to what the governors are made with.

use crate::sabotage::{self, Sabotage};
use motet_definition::service::{Service, Strategy};
use motet_policy::{balancer, breaker, budget, ejection, governor, health, limiter, rate};

pub(super) fn of(service: &Service) -> governor::Options {
    governor::Options {
        balancer: balancer::Options {
            strategy: match service.balancer.strategy {
                Strategy::Ewma => balancer::Strategy::Ewma,
                Strategy::LeastRequest => balancer::Strategy::LeastRequest,
                Strategy::RoundRobin => balancer::Strategy::RoundRobin,
                Strategy::Random => balancer::Strategy::Random,
            },
            decay: service.balancer.decay,
            failure_latency: service.balancer.failure_latency,
            slow_start: service.balancer.slow_start,
            ..balancer::Options::default()
        },
        ejection: service.ejection.map_or_else(never, |own| ejection::Options {
            consecutive_failures: own.failures,
            base: own.base,
            max: own.max,
            share_max: own.share,
            ..ejection::Options::default()
        }),
        health: service.health.as_ref().map_or_else(health::Options::default, |own| {
            health::Options { healthy_after: own.healthy, unhealthy_after: own.unhealthy }
        }),
        breaker: breaker::Options {
            failure_share: service.breaker.failures,
            calls_min: u64::from(service.breaker.calls),
            window: service.breaker.window,
            open_min: service.breaker.open,
            open_max: service.breaker.open_max,
            ..breaker::Options::default()
        },
        limiter: service.limits.adaptive.map(|own| limiter::Options {
            initial: own.initial,
            min: own.min,
            max: own.max,
            ..limiter::Options::default()
        }),
        calls_max: service.limits.in_flight.filter(|_| !sabotage::is(Sabotage::LimitIgnored)),
        rate: service
            .limits
            .rate
            .map(|own| rate::Options { per_second: own.per_second, burst: own.burst }),
        budget: budget::Options {
            share: service.retry.share,
            reserve_per_second: service.retry.per_second,
            ..budget::Options::default()
        },
        hedge: None,
    }
}

/// Nothing that calls show is enough.
fn never() -> ejection::Options {
    ejection::Options {
        consecutive_failures: u32::MAX,
        calls_min: u64::MAX,
        ..ejection::Options::default()
    }
}
