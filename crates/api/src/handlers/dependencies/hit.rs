//! What services that were asked for do to those who call them, now.

use motet_runtime::{Handle, LineView};
use motet_types::{ServiceName, Timestamp, Version};

use crate::json::Object;
use crate::print;
use crate::problem::Problem;

/// Breakers that are not closed, and calls that wait.
#[derive(Default)]
pub(super) struct Hit {
    breakers: Vec<Breaker>,
    waiting: Vec<(ServiceName, LineView)>,
}

/// A breaker that is not closed.
struct Breaker {
    service: ServiceName,
    version: Version,
    state: &'static str,
    until: Option<Timestamp>,
}

impl Hit {
    pub(super) async fn of(handle: &Handle, services: &[&ServiceName]) -> Result<Self, Problem> {
        let mut found = Self::default();
        for name in services {
            let (view, _) = match handle.service((*name).clone()).await {
                Ok(known) => known,
                // It has gone since.
                Err(motet_runtime::Error::UnknownService(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            for own in &view.versions {
                let (state, until) = own.breaker();
                if state != "closed" {
                    let (service, version) = ((*name).clone(), own.version.clone());
                    found.breakers.push(Breaker { service, version, state, until });
                }
            }
            found.waiting.extend(view.lines.into_iter().map(|line| ((*name).clone(), line)));
        }
        Ok(found)
    }

    pub(super) fn show(&self, object: &mut Object<'_>) {
        object.array("breakers", |list| {
            self.breakers.iter().for_each(|own| list.object(|object| own.show(object)));
        });
        object.array("waiting", |list| {
            for (service, line) in &self.waiting {
                list.object(|object| {
                    object.text("service", service);
                    print::line(object, line);
                });
            }
        });
    }
}

impl Breaker {
    fn show(&self, object: &mut Object<'_>) {
        object.text("service", &self.service);
        object.text("version", &self.version);
        object.text("state", self.state);
        object.maybe_text("until", self.until);
    }
}
