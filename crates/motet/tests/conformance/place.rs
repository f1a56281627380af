//! Where a case lives at the server: a namespace of its own, and services below a path of their own.

use crate::stub::Stub;

/// The services as cases write them.
const SERVICES: &str = "http://stub.test";

pub(crate) struct Place {
    pub(crate) namespace: String,
    /// The services as the server knows them.
    services: String,
}

impl Place {
    pub(crate) fn new(number: usize, stub: &Stub) -> Self {
        let namespace = format!("case-{number}");
        let services = format!("http://{}/{namespace}", stub.authority());
        Self { namespace, services }
    }

    /// What a case says, for the server.
    pub(crate) fn outward(&self, text: &str) -> String {
        text.replace("namespace: test\n", &format!("namespace: {}\n", self.namespace))
            .replace(SERVICES, &self.services)
    }

    /// What the server says, as the case would.
    pub(crate) fn inward(&self, text: &str) -> String {
        let authority = self.services.trim_start_matches("http://");
        text.replace(&self.services, SERVICES)
            .replace(authority, "stub.test")
            .replace(&self.namespace, "test")
    }
}
