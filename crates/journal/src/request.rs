//! Calls as they are recorded.

use motet_engine::{Authorization, Body, Deferred, Request};

use crate::field::{message, variants};

message!(Request {
    1 method,
    2 uri,
    3 headers,
    4 body,
    5 authorization,
    6 redirect,
    7 timeout,
    8 repeatable,
    9 deferred,
});

message!(Deferred { 1 ordinal, 2 input, 3 variables, 4 now });

variants!("body", Body {
    1 Empty,
    2 Json(1 value),
    3 Text(1 text),
});

variants!("authorization", Authorization {
    1 Basic { 1 username, 2 password },
    2 Bearer { 1 token },
});
