//! News of services as lines on standard error, written by a thread of their own.

use std::sync::mpsc::{SyncSender, sync_channel};

use motet_expr::Value;
use motet_expr::json::string;
use motet_runtime::{Cause, News, Notice};

use crate::failure::Failure;
use crate::output::Output;

/// Lines that wait to be written.
const WAITING_MAX: usize = 1_024;

pub(super) struct Lines(SyncSender<Notice>);

impl Lines {
    pub(super) fn start(output: Output) -> Result<Self, Failure> {
        let (sender, notices) = sync_channel::<Notice>(WAITING_MAX);
        let thread = std::thread::Builder::new().name("motet-log".to_owned());
        let thread = thread.spawn(move || {
            for notice in notices {
                output.event(&words(&notice), members(&notice));
            }
        });
        match thread {
            Ok(_detached) => Ok(Self(sender)),
            Err(error) => {
                Err(Failure::new("server-failed", format!("no thread for the log: {error}")))
            }
        }
    }

    /// Whether there was room.
    pub(super) fn tell(&self, notice: &Notice) -> bool {
        self.0.try_send(notice.clone()).is_ok()
    }
}

/// For people.
fn words(notice: &Notice) -> String {
    let Notice { service, version, endpoint, news, .. } = notice;
    let whose = match endpoint {
        Some(endpoint) => format!("endpoint {endpoint} of {service} {version}"),
        None => format!("service {service} {version}"),
    };
    match news {
        News::Ejected { until, cause } => {
            format!("{whose} gets no calls until {until}: {}", why(*cause))
        }
        News::Returned => format!("{whose} gets calls again"),
        News::Failing => format!("{whose} does not answer its probes"),
        News::Passing => format!("{whose} answers its probes again"),
        News::Opened { until } => format!("{whose}: its breaker is open until {until}"),
        News::Ramping => format!("{whose}: its breaker lets calls back one by one"),
        News::Closed => format!("{whose}: its breaker is closed"),
    }
}

fn why(cause: Cause) -> &'static str {
    match cause {
        Cause::ConsecutiveFailures => "calls failed in a row",
        Cause::SuccessRate => "more of its calls fail than of the others'",
        Cause::Latency => "it is far slower than the others",
    }
}

/// For programs: the members of the line beside its words.
fn members(notice: &Notice) -> Vec<(&'static str, Value)> {
    let Notice { at, service, version, endpoint, news } = notice;
    let mut members = vec![
        ("at", string(at.to_string())),
        ("event", string(format!("service.{}", news.as_str()))),
        ("namespace", string(service.namespace.as_str())),
        ("service", string(service.name.as_str())),
        ("version", string(version.to_string())),
    ];
    members.extend(endpoint.as_ref().map(|endpoint| ("endpoint", string(endpoint.as_str()))));
    match news {
        News::Ejected { until, cause } => {
            members.push(("until", string(until.to_string())));
            members.push(("cause", string(why(*cause))));
        }
        News::Opened { until } => members.push(("until", string(until.to_string()))),
        News::Returned | News::Failing | News::Passing | News::Ramping | News::Closed => {}
    }
    members
}

#[cfg(test)]
mod tests;
