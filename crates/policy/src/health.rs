//! What probes say of an endpoint.

/// How many probes in a row change the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    pub healthy_after: u32,
    pub unhealthy_after: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { healthy_after: 1, unhealthy_after: 3 }
    }
}

/// The verdict on one endpoint, with its hysteresis.
#[derive(Clone, Debug)]
pub struct Health {
    options: Options,
    is_healthy: bool,
    /// Probes in a row that contradict the verdict.
    contrary: u32,
}

impl Health {
    /// An endpoint is believed to be well until it shows otherwise.
    pub fn new(options: Options) -> Self {
        Self { options, is_healthy: true, contrary: 0 }
    }

    pub fn is_healthy(&self) -> bool {
        self.is_healthy
    }

    /// A probe came back; tells whether the verdict changed.
    pub fn probed(&mut self, is_good: bool) -> bool {
        if is_good == self.is_healthy {
            self.contrary = 0;
            return false;
        }
        self.contrary += 1;
        let enough =
            if is_good { self.options.healthy_after } else { self.options.unhealthy_after };
        let changes = self.contrary >= enough.max(1);
        if changes {
            self.is_healthy = is_good;
            self.contrary = 0;
        }
        changes
    }

    /// A call succeeded, which is better evidence than any probe; tells whether the verdict changed.
    pub fn called_well(&mut self) -> bool {
        self.contrary = 0;
        !std::mem::replace(&mut self.is_healthy, true)
    }
}
