//! Everything that is done with a data directory beside running it.

pub(crate) mod format;
