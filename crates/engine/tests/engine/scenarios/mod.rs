//! Every construct and rule as a transcript.

mod arguments;
mod calls;
mod children;
mod data_flow;
mod describing;
mod each;
mod emitting;
mod flow;
mod fork;
mod functions;
mod incidents;
mod jobs;
mod keys;
mod life;
mod limits;
mod listening;
mod needs;
mod parallel;
mod parking;
mod raise;
mod responses;
mod retrying;
mod saga;
mod timers;
mod trying;
mod wide;
