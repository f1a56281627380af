//! The driver's parts, each by itself; the whole is tested over real sockets in `tests/`.

mod lanes;
mod lists;
