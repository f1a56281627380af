//! Who is told what happens, as it happens.

use crate::{Notice, Span};

/// Called by the engine thread: it has to take what it is told and return at once.
pub trait Observer: Send + Sync {
    fn notice(&self, notice: &Notice);

    /// Whether it is told of spans; asked once, when the server begins, and before each call.
    fn wants_spans(&self) -> bool {
        false
    }

    /// Called by the threads of calls, too.
    fn span(&self, _span: Span) {}
}

/// Nobody looks.
pub struct Unobserved;

impl Observer for Unobserved {
    fn notice(&self, _notice: &Notice) {}
}
