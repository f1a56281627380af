//! What each part answers, told as transcripts.

mod balancer;
mod breaker;
mod ejection;
mod governor;
mod limits;
mod properties;
mod waiting;

use motet_types::Timestamp;

/// So many milliseconds after the beginning.
pub(crate) fn ms(millis: i64) -> Timestamp {
    Timestamp::from_micros(1_000_000_000 + millis * 1_000)
}
