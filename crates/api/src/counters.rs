//! How many requests each route answered, by the class of their status.

use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;

use crate::routes::ROUTES;

/// Classes of statuses that we send: 1xx to 5xx.
const CLASSES: usize = 5;

pub(crate) struct Counters(Vec<[AtomicU64; CLASSES]>);

impl Default for Counters {
    fn default() -> Self {
        Self(ROUTES.iter().map(|_| Default::default()).collect())
    }
}

impl Counters {
    /// Counts an answer of the route with that index.
    pub(crate) fn count(&self, route: usize, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES) - 1;
        self.0[route][class].fetch_add(1, Ordering::Relaxed);
    }

    /// Appends the counters that are not zero in the text format of Prometheus.
    pub(crate) fn append(&self, text: &mut String) {
        text.push_str(
            "# HELP motet_http_requests_total Requests answered, by route and class of status.\n",
        );
        text.push_str("# TYPE motet_http_requests_total counter\n");
        for (route, classes) in ROUTES.iter().zip(&self.0) {
            for (idx, count) in classes.iter().enumerate() {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let (method, path, class) = (route.method.as_str(), route.path, idx + 1);
                    text.push_str(&format!(
                        "motet_http_requests_total{{method=\"{method}\",route=\"{path}\",status=\"{class}xx\"}} {count}\n"
                    ));
                }
            }
        }
    }
}
