use super::{Export, Expression, Extra, Named, Output, TaskList, Template};

/// Publishes a CloudEvent.
#[derive(Clone, Debug, PartialEq)]
pub struct Emit {
    /// `emit.event.with`: attributes and data by name, `type` among them.
    pub with: Named<Template>,
    /// Other keys of the open object `emit.event`.
    pub extra: Extra,
}

/// Waits for CloudEvents.
#[derive(Clone, Debug, PartialEq)]
pub struct Listen {
    pub to: EventStrategy,
    pub read: Option<ReadAs>,
    pub foreach: Option<Foreach>,
}

impl Listen {
    pub fn read(&self) -> ReadAs {
        self.read.unwrap_or(ReadAs::Data)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAs {
    Data,
    Envelope,
    Raw,
}

/// Which events complete the wait.
#[derive(Clone, Debug, PartialEq)]
pub enum EventStrategy {
    /// One of each filter.
    All(Vec<EventFilter>),
    /// The first of any filter, or all of them until something ends it; no filter lets everything in.
    Any {
        filters: Vec<EventFilter>,
        until: Option<Until>,
    },
    One(EventFilter),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Until {
    Condition(Expression),
    /// A strategy without an `until` of its own.
    Events(Box<EventStrategy>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct EventFilter {
    /// At least one attribute (or `data`): a literal, a regular expression or a predicate.
    pub with: Named<Template>,
    pub correlate: Option<Named<Correlation>>,
}

/// Whether the text of a filter is taken as a regular expression besides standing for itself: it has a character with a meaning
/// there, other than the point, which names of types and addresses are full of.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '+', '?', '[', ']', '(', ')', '{', '}', '|', '^', '$', '\\'])
}

#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// Extracts the value from the event.
    pub from: Expression,
    /// A constant, or an expression on the task's input; without it the first extracted value counts.
    pub expect: Option<Template>,
    pub extra: Extra,
}

/// What happens with each consumed event or message, one at a time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Foreach {
    pub item: Option<String>,
    pub at: Option<String>,
    pub do_: Option<TaskList>,
    pub output: Option<Output>,
    pub export: Option<Export>,
}

impl Foreach {
    /// Variable of the current item.
    pub fn item(&self) -> &str {
        self.item.as_deref().unwrap_or("item")
    }

    /// Variable of the index of the current item.
    pub fn at(&self) -> &str {
        self.at.as_deref().unwrap_or("index")
    }
}
