//! The JSON Schema that editors use: generated from one table, so that it says what the reader reads.

mod calls;
mod common;
mod generate;
mod tasks;

pub use generate::json_schema;

/// A type of the language: its name in the schema, what it is, and its shape.
struct Definition {
    name: &'static str,
    description: &'static str,
    shape: Shape,
}

/// What values of a type look like.
enum Shape {
    /// Anything.
    Any,
    Text,
    /// Text that is one expression in `${ … }`.
    Marked,
    /// Text that matches a regular expression.
    Pattern(&'static str),
    Truth,
    /// A whole number between the two.
    Count(u64, u64),
    Number,
    Constant(&'static str),
    Words(fn() -> Vec<&'static str>),
    List(&'static Self),
    /// A list with at least one element.
    FilledList(&'static Self),
    /// An object with any keys.
    Map(&'static Self),
    /// An object with exactly one key, the name of what it holds.
    Named(&'static Self),
    Object(Object),
    /// Exactly one of several shapes.
    OneOf(&'static [Self]),
    /// At least one of several shapes.
    AnyOf(&'static [Self]),
    /// Another definition.
    Of(&'static str),
}

/// An object with known properties.
struct Object {
    properties: &'static [Property],
    /// Whether other properties may be present.
    open: bool,
    /// Whether the object has the properties of every task as well.
    task: bool,
    /// Groups of properties of which exactly one is present.
    alternatives: &'static [&'static [&'static str]],
    /// Whether at least one property is present.
    filled: bool,
}

struct Property {
    name: &'static str,
    required: bool,
    shape: Shape,
    description: &'static str,
}

impl Definition {
    const fn new(name: &'static str, shape: Shape, description: &'static str) -> Self {
        Self { name, description, shape }
    }
}

impl Object {
    const fn closed(properties: &'static [Property]) -> Self {
        Self { properties, open: false, task: false, alternatives: &[], filled: false }
    }

    const fn open(properties: &'static [Property]) -> Self {
        Self { open: true, ..Self::closed(properties) }
    }

    /// A task of one kind.
    const fn task(properties: &'static [Property]) -> Self {
        Self { task: true, ..Self::closed(properties) }
    }

    const fn with_one_of(self, alternatives: &'static [&'static [&'static str]]) -> Self {
        Self { alternatives, ..self }
    }

    const fn filled(self) -> Self {
        Self { filled: true, ..self }
    }
}

/// A property that must be present.
const fn required(name: &'static str, shape: Shape, description: &'static str) -> Property {
    Property { name, required: true, shape, description }
}

/// A property that may be absent.
const fn optional(name: &'static str, shape: Shape, description: &'static str) -> Property {
    Property { name, required: false, shape, description }
}
