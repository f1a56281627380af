//! When instances start, and other texts that tell a time.

use motet_expr::Mode;
use motet_types::Timestamp;

use super::Checker;
use super::scope::{Scope, Site};
use crate::model::{Duration, Template};
use crate::pointer::Path;
use crate::schedule::{Cron, INTERVAL_MIN, Zone};
use crate::{Code, Diagnostic};

impl<'a> Checker<'a> {
    pub(super) fn schedule(&mut self, path: &Path<'a>) {
        let Some(schedule) = &self.document.schedule else {
            return;
        };
        let scope = Scope::new(Site::WorkflowInput);
        for (key, duration) in [("every", &schedule.every), ("after", &schedule.after)] {
            if let Some(duration) = duration {
                let path = path.key(key);
                self.duration(duration, &path, &scope);
                self.interval(duration, &path);
            }
        }
        if let Some(cron) = &schedule.cron {
            self.cron(cron, &path.key("cron"));
        }
        if let Some(strategy) = &schedule.on {
            // There is no instance yet whose variables could be read.
            self.strategy(strategy, &path.key("on"), &Scope::new(Site::Start));
        }
    }

    fn cron(&mut self, cron: &str, path: &Path<'a>) {
        match Cron::parse(cron) {
            Ok(read) if read.ever_fires() => {}
            Ok(_) => {
                let message =
                    format!("`{cron}` never comes true: none of its months has such a day");
                self.report(Diagnostic::new(Code::InvalidValue, path.pointer(), message));
            }
            Err(problems) => {
                for (range, message) in problems {
                    let problem = Diagnostic::new(Code::InvalidValue, path.pointer(), message);
                    self.report(problem.within(cron, range));
                }
            }
        }
    }

    /// The distance of two starts: known in advance, for there is nothing yet that an expression could read.
    fn interval(&mut self, duration: &Duration, path: &Path<'a>) {
        let message = match duration.fixed() {
            None => "a schedule has no input that an expression could read: write a fixed duration",
            Some(fixed) if fixed < INTERVAL_MIN => {
                "the interval is shorter than a second: let one instance do more"
            }
            Some(_) => return,
        };
        self.report(Diagnostic::new(Code::InvalidDuration, path.pointer(), message));
    }

    /// A name of the IANA time zone database, spelt as there.
    pub(super) fn time_zone(&mut self, zone: &str, path: &Path<'a>) {
        if zone.parse::<Zone>().is_err() {
            let message = format!(
                "`{zone}` is no name of a time zone: write one such as `Europe/Berlin`, or `UTC`"
            );
            self.report(Diagnostic::new(Code::InvalidValue, path.pointer(), message));
        }
    }

    /// The time of an event (CloudEvents 1.0.2 §3.1.2); a literal one is an instant.
    pub(super) fn instant(&mut self, own: &Template, path: &Path<'a>) {
        let literal = own.literal().filter(|_| self.mode == Mode::Strict);
        if let Some(text) = literal.filter(|text| text.parse::<Timestamp>().is_err()) {
            let message = format!(
                "`{text}` is no instant: write RFC 3339, as in `2026-01-31T08:30:00Z`, or an expression"
            );
            self.report(Diagnostic::new(Code::InvalidValue, path.pointer(), message));
        }
    }
}
