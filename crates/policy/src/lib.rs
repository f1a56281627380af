//! The arithmetic of service governance: which endpoint gets a call, and when none should.
//!
//! Each part is a small state machine that is told what happened and when, and answers what to do. Nothing here opens a
//! socket, starts a thread, reads a clock or draws a random number of its own: time is a parameter, seeds are given. So
//! the code that runs in production is the code that the experiments run in virtual time.
//!
//! | part | question it answers |
//! |---|---|
//! | [`governor`] | all of the following for one version of a service: may this call leave, and to whom? |
//! | [`share`] | which version of a service gets this call? |
//! | [`balancer`] | which endpoint gets this call? |
//! | [`ejection`] | which endpoints are left out for a while, from what their calls showed? |
//! | [`health`] | what do probes say of an endpoint? |
//! | [`breaker`] | may calls to this service leave at all? |
//! | [`limiter`] | how many may be in flight? |
//! | [`rate`] | how many may leave per second? |
//! | [`budget`] | may this call be repeated? |
//! | [`hedge`] | is it time for a second copy? |
//! | [`queue`] | whose turn is it among those that wait? |
//! | [`eviction`] | may this endpoint be forgotten, its lease being over? |
//! | [`fault`] | is this call to be disturbed, for a test? |
//!
//! It deliberately does not know services by name, how calls are made, or who waits for them.
//!
//! Invariants: every state is bounded by its options or by the number of endpoints; time that goes back counts as time
//! that stands still; no input can make a part panic or divide by zero.

pub mod governor;
pub mod share;

pub mod balancer;
pub mod breaker;
pub mod budget;
pub mod ejection;
pub mod eviction;
pub mod ewma;
pub mod fault;
pub mod health;
pub mod hedge;
pub mod limiter;
pub mod quantile;
pub mod queue;
pub mod random;
pub mod rate;
pub mod ring;
pub mod window;
