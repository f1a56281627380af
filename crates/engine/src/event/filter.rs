//! Filters, as they stand after a task has resolved them: what an event must be, by itself.

use std::sync::Arc;

use motet_definition::graph::is_pattern;
use motet_expr::{Environment, Program, Value, json};
use motet_types::Timestamp;

use super::Event;

/// What an event must be, with everything that depends on the task filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct EventFilter {
    /// Tests of attributes, and of `data`.
    pub with: Vec<(String, Test)>,
    pub correlate: Vec<Correlation>,
}

/// What an attribute must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Equal to a value; a text with signs of a regular expression may also be one that matches as a whole.
    Equal(Value),
    /// An expression on the attribute: true, or equal to the attribute.
    Holds { source: Arc<str>, variables: Vec<(String, Value)> },
}

/// A value that an event must have.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// Filters of one listen that have a name in common expect one value; an empty name is shared with none.
    pub name: String,
    /// An expression on the event.
    pub from: Arc<str>,
    pub variables: Vec<(String, Value)>,
    /// `None`: the first value counts.
    pub expect: Option<Value>,
}

/// A filter ready to be evaluated; expected values play no part, so that many listens share it.
#[derive(Clone)]
pub struct Matcher {
    tests: Vec<(String, Check)>,
    from: Vec<(Program, Vec<Value>)>,
}

#[derive(Clone)]
enum Check {
    Equal(Value),
    Program(Program, Vec<Value>),
}

impl EventFilter {
    /// The filter without expected values: those with the same shape are evaluated together.
    #[must_use]
    pub fn shape(&self) -> Self {
        let correlate = self.correlate.iter().map(|own| Correlation {
            name: String::new(),
            expect: None,
            ..own.clone()
        });
        Self { with: self.with.clone(), correlate: correlate.collect() }
    }

    /// What tells shapes apart.
    pub fn shape_key(&self) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        let mut part = |kind: u8, bytes: &[u8]| {
            hasher.update(&[kind]);
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        for (name, test) in &self.with {
            part(1, name.as_bytes());
            match test {
                Test::Equal(value) => part(2, &json::canonical(value)),
                Test::Holds { source, variables } => {
                    part(3, source.as_bytes());
                    variables.iter().for_each(|(_, value)| part(4, &json::canonical(value)));
                }
            }
        }
        for own in &self.correlate {
            part(5, own.from.as_bytes());
            own.variables.iter().for_each(|(_, value)| part(6, &json::canonical(value)));
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        key
    }

    /// Compiles it.
    ///
    /// # Errors
    /// Says which expression does not compile, which publication would have found.
    pub fn matcher(&self) -> Result<Matcher, String> {
        let bound = |variables: &[(String, Value)], program: &Program| -> Vec<Value> {
            let value = |name: &String| variables.iter().find(|(own, _)| own == name);
            let values = program.variables().iter().map(|name| value(name).map(|(_, it)| it));
            values.map(|value| value.cloned().unwrap_or_default()).collect()
        };
        let compile = |source: &str, variables: &[(String, Value)]| {
            let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
            let program = Program::compile(source, &names).map_err(|error| error.to_string())?;
            let values = bound(variables, &program);
            Ok::<_, String>((program, values))
        };
        let mut tests = Vec::with_capacity(self.with.len());
        for (name, test) in &self.with {
            let check = match test {
                Test::Equal(value) => match json::as_str(value).filter(|text| is_pattern(text)) {
                    Some(text) => {
                        let (program, values) = compile(&pattern(text), &[])?;
                        Check::Program(program, values)
                    }
                    None => Check::Equal(value.clone()),
                },
                Test::Holds { source, variables } => {
                    let (program, values) = compile(source, variables)?;
                    Check::Program(program, values)
                }
            };
            tests.push((name.clone(), check));
        }
        let from = self.correlate.iter().map(|own| compile(&own.from, &own.variables));
        Ok(Matcher { tests, from: from.collect::<Result<_, _>>()? })
    }

    /// The values that it expects, in order.
    pub fn expected(&self) -> Vec<Option<Value>> {
        self.correlate.iter().map(|own| own.expect.clone()).collect()
    }
}

impl Matcher {
    /// Whether an event passes the tests, and if so the values that it is correlated by, in order. A test that fails to be
    /// evaluated does not hold, and null is no value to be correlated by.
    pub fn matches(&self, event: &Event, now: Timestamp, fuel: &mut u64) -> Option<Vec<Value>> {
        let mut environment = Environment::new(fuel, now);
        let mut evaluate = |program: &Program, values: &[Value], on: &Value| {
            program.evaluate(on.clone(), values.to_vec(), &mut environment).ok()
        };
        for (name, check) in &self.tests {
            let data;
            let attribute = if name == "data" {
                data = event.data();
                &data
            } else {
                json::get(event.value(), name)?
            };
            let holds = match check {
                Check::Equal(value) => value == attribute,
                Check::Program(program, values) => {
                    let result = evaluate(program, values, attribute)?;
                    matches!(result, Value::Bool(true))
                        || (!matches!(result, Value::Bool(_)) && result == *attribute)
                }
            };
            if !holds {
                return None;
            }
        }
        let values = self.from.iter().map(|(program, values)| {
            evaluate(program, values, event.value()).filter(|value| *value != Value::Null)
        });
        values.collect()
    }
}

/// The variable whose value, or a part of it, an expression gives whatever it is evaluated on, as in `$input.orderId`.
pub(crate) fn plain_variable(source: &str) -> bool {
    let Some(rest) = source.trim().strip_prefix('$') else { return false };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let segments: Vec<&str> = rest.split('.').collect();
    segments.iter().all(|segment| {
        !segment.is_empty()
            && segment.bytes().all(is_word)
            && !segment.as_bytes()[0].is_ascii_digit()
    })
}

/// The expression that takes a text for itself or as a regular expression.
fn pattern(text: &str) -> String {
    let own = json::to_text(&json::string(text));
    let whole = json::to_text(&json::string(format!("^(?:{text})$")));
    format!("type == \"string\" and (. == {own} or test({whole}))")
}
