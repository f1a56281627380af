//! Plain paths, literals, comparisons and their logic, evaluated without jaq and with the same results.

use jaq_core::ValT as _;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::ops::Cmp;
use jaq_core::path::{Opt, Part};

use crate::bounded::{Bounded, BoundedR};
use crate::{Num, Value, json, meter};

/// A program so simple that its terms are run directly.
#[derive(Debug)]
pub(crate) enum Fast {
    Literal(Value),
    /// Steps from the input, or from the variable of that number; keys are texts or integers.
    Path(Option<usize>, Vec<Value>),
    Compare(Box<Self>, Cmp, Box<Self>),
    /// `and` (stops at false) and `or` (stops at true).
    Logic(Box<Self>, bool, Box<Self>),
    /// `left // right`
    Otherwise(Box<Self>, Box<Self>),
}

impl Fast {
    /// The same program, if it is simple; `variables` are those of the program, with `$`.
    pub(crate) fn of(term: &Term<&str>, variables: &[&str]) -> Option<Self> {
        let variable = |name: &str| variables.iter().position(|variable| *variable == name);
        let boxed = |term| Self::of(term, variables).map(Box::new);
        match term {
            Term::Id => Some(Self::Path(None, Vec::new())),
            Term::Var(name) => Some(Self::Path(Some(variable(name)?), Vec::new())),
            Term::Path(root, path) => {
                let root = match &**root {
                    Term::Id => None,
                    Term::Var(name) => Some(variable(name)?),
                    _ => return None,
                };
                let steps = path.0.iter().map(|step| match step {
                    (Part::Index(index), Opt::Essential) => key(index),
                    _ => None,
                });
                Some(Self::Path(root, steps.collect::<Option<_>>()?))
            }
            Term::Num(_) | Term::Str(None, _) | Term::Neg(_) | Term::Call(..) => {
                literal(term).map(Self::Literal)
            }
            Term::BinOp(left, operator, right) => {
                let make: fn(Box<Self>, Box<Self>, Cmp) -> Self = match operator {
                    BinaryOp::Cmp(_) => |left, right, cmp| Self::Compare(left, cmp, right),
                    BinaryOp::And => |left, right, _| Self::Logic(left, false, right),
                    BinaryOp::Or => |left, right, _| Self::Logic(left, true, right),
                    BinaryOp::Alt => |left, right, _| Self::Otherwise(left, right),
                    _ => return None,
                };
                let cmp = match operator {
                    BinaryOp::Cmp(cmp) => *cmp,
                    _ => Cmp::Eq,
                };
                Some(make(boxed(left)?, boxed(right)?, cmp))
            }
            _ => None,
        }
    }

    /// Runs the program within the meter.
    pub(crate) fn run(&self, input: &Value, variables: &[Value]) -> BoundedR {
        meter::charge(meter::GRAINS_PER_FUEL as usize);
        match self {
            Self::Literal(value) => Ok(value.clone().into()),
            Self::Path(root, steps) => {
                let root = root.map_or(input, |variable| &variables[variable]);
                walk(root, steps)
            }
            Self::Compare(left, cmp, right) => {
                let left = left.run(input, variables)?;
                let right = right.run(input, variables)?;
                Ok(cmp.run(&left, &right).into())
            }
            Self::Logic(left, stop, right) => {
                if left.run(input, variables)?.as_bool() == *stop {
                    return Ok((*stop).into());
                }
                Ok(right.run(input, variables)?.as_bool().into())
            }
            Self::Otherwise(left, right) => {
                let left = left.run(input, variables)?;
                if left.as_bool() { Ok(left) } else { right.run(input, variables) }
            }
        }
    }
}

/// Follows plain steps by reference; anything but an object's key goes through the general operation.
fn walk(root: &Value, steps: &[Value]) -> BoundedR {
    let mut at = root;
    for (number, step) in steps.iter().enumerate() {
        match (at, step) {
            (Value::Obj(map), Value::TStr(_)) => match map.get(step) {
                Some(inside) => at = inside,
                None => at = &Value::Null,
            },
            _ => {
                let start = Bounded::from(at.clone());
                let mut rest = steps[number..].iter().cloned().map(Bounded::from);
                return rest.try_fold(start, |value, step| value.index(&step));
            }
        }
    }
    Ok(at.clone().into())
}

fn key(term: &Term<&str>) -> Option<Value> {
    match literal(term)? {
        text @ Value::TStr(_) => Some(text),
        int @ Value::Num(Num::Int(_)) => Some(int),
        _ => None,
    }
}

/// The value of a literal, exactly as jaq reads it.
fn literal(term: &Term<&str>) -> Option<Value> {
    match term {
        Term::Num(text) => Some(match text.parse::<isize>() {
            Ok(int) => Value::from(int),
            Err(_) => Bounded::from_num(text).ok()?.value,
        }),
        Term::Neg(inner) => match literal(inner)? {
            Value::Num(number) => Some(Value::Num(-number)),
            _ => None,
        },
        Term::Str(None, parts) => {
            let mut text = String::new();
            for part in parts {
                match part {
                    StrPart::Str(part) => text.push_str(part),
                    StrPart::Char(c) => text.push(*c),
                    StrPart::Term(_) => return None,
                }
            }
            Some(json::string(text))
        }
        Term::Call(name, arguments) if arguments.is_empty() => match *name {
            "null" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        _ => None,
    }
}
