use crate::value::Value;

/// A runtime expression as written: bare (`.a > 1`) or marked (`${ .a > 1 }`), never evaluated here.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression(pub String);

impl Expression {
    /// The text as written, with its mark if it has one.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A value in which every string may hold `${ … }`, at any depth; kept exactly as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(pub Value);

impl Template {
    /// The text of a template that is a plain string without `${`.
    pub fn literal(&self) -> Option<&str> {
        self.text().filter(|text| !text.contains("${"))
    }

    /// The text of a template that is a string, with or without expressions.
    pub fn text(&self) -> Option<&str> {
        crate::value::as_str(&self.0)
    }
}

/// `input.from`, `output.as`, `export.as`: one expression, or an object whose strings may hold expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum Transform {
    Expression(Expression),
    Template(Template),
}

/// A URI, a template of one (RFC 6570, level 1), an expression that gives one, or text with expressions inside.
#[derive(Clone, Debug, PartialEq)]
pub enum Uri {
    /// Literal text; `{name}` stands for a top-level property of the task's input.
    Template(String),
    /// Text marked as `${ … }`.
    Expression(Expression),
    /// Text with one or several `${ … }` inside; braces of its own have no meaning in it.
    Interpolated(String),
}

impl Uri {
    /// The text as written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Template(text) | Self::Interpolated(text) => text,
            Self::Expression(expression) => expression.as_str(),
        }
    }
}
