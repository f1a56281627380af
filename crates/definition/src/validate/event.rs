use super::Checker;
use super::scope::{Scope, Site};
use crate::model::{EventFilter, EventStrategy, Foreach, Until};
use crate::pointer::Path;

impl<'a> Checker<'a> {
    pub(super) fn strategy(&mut self, own: &'a EventStrategy, path: &Path<'a>, scope: &Scope<'a>) {
        match own {
            EventStrategy::All(filters) => self.filters(filters, &path.key("all"), scope),
            EventStrategy::Any { filters, until } => {
                self.filters(filters, &path.key("any"), scope);
                match until {
                    Some(Until::Condition(condition)) => {
                        self.condition(condition, &path.key("until"), scope);
                    }
                    Some(Until::Events(inner)) => self.strategy(inner, &path.key("until"), scope),
                    None => {}
                }
            }
            EventStrategy::One(filter) => self.filter(filter, &path.key("one"), scope),
        }
    }

    fn filters(&mut self, filters: &'a [EventFilter], path: &Path<'a>, scope: &Scope<'a>) {
        for (idx, filter) in filters.iter().enumerate() {
            self.filter(filter, &path.index(idx), scope);
        }
    }

    fn filter(&mut self, filter: &'a EventFilter, path: &Path<'a>, scope: &Scope<'a>) {
        for (name, attribute) in &filter.with {
            self.template(attribute, &path.key("with").key(name), scope);
        }
        for (name, correlation) in filter.correlate.iter().flatten() {
            let path = path.key("correlate").key(name);
            self.field(&correlation.from, &path.key("from"), scope);
            self.maybe_template(&correlation.expect, &path.key("expect"), scope);
        }
    }

    pub(super) fn foreach(&mut self, own: &'a Foreach, path: &Path<'a>, scope: &Scope<'a>) {
        self.variable(&own.item, &path.key("item"));
        self.variable(&own.at, &path.key("at"));
        let inside = scope.with([own.item(), own.at()]);
        if let Some(list) = &own.do_ {
            self.task_list(list, &path.key("do"), &inside);
        }
        if let Some(output) = &own.output {
            self.output(output, &path.key("output"), &inside);
        }
        if let Some(export) = &own.export {
            self.export(export, &path.key("export"), &inside.at(Site::Export));
        }
    }
}
