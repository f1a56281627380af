//! The functions of ours, `call: job` and `call: human`: which arguments they take, said once for validation and compilation.

use crate::model::{Call, Document, FunctionTarget, span_of};
use crate::value::{Map, Value, as_str};
use crate::{Code, Pointer};

/// A function of ours, which no document has to declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnFunction {
    Job,
    Human,
}

impl OwnFunction {
    pub(crate) const NAMES: [&str; 2] = ["job", "human"];

    /// The function of ours that a call names; one that the document declares under the same name goes first.
    pub(crate) fn of(document: &Document, call: &Call) -> Option<Self> {
        let Call::Function(call) = call else { return None };
        let FunctionTarget::Named(name) = call.target() else { return None };
        let own = match name {
            "job" => Self::Job,
            "human" => Self::Human,
            _ => return None,
        };
        document.function(name).is_none().then_some(own)
    }

    fn arguments(self) -> &'static [Argument] {
        match self {
            Self::Job => JOB,
            Self::Human => HUMAN,
        }
    }
}

/// One argument of a function of ours.
struct Argument {
    name: &'static str,
    shape: Shape,
    is_required: bool,
}

/// What an argument may look like; an expression may stand for most of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    /// A name as it stands in paths: letters, digits, `-`, `_`, `.` and `:`.
    Name,
    Texts,
    Priority,
    Span,
    Any,
    /// A JSON Schema, without expressions.
    Form,
    Escalation,
}

const fn argument(name: &'static str, shape: Shape, is_required: bool) -> Argument {
    Argument { name, shape, is_required }
}

const JOB: &[Argument] = &[
    argument("type", Shape::Name, true),
    argument("input", Shape::Any, false),
    argument("priority", Shape::Priority, false),
    argument("timeout", Shape::Span, false),
    argument("heartbeat", Shape::Span, false),
];

const HUMAN: &[Argument] = &[
    argument("title", Shape::Text, false),
    argument("input", Shape::Any, false),
    argument("assignee", Shape::Text, false),
    argument("groups", Shape::Texts, false),
    argument("form", Shape::Form, false),
    argument("due", Shape::Span, false),
    argument("escalate", Shape::Escalation, false),
];

const ESCALATION: &[Argument] = &[
    argument("assignee", Shape::Text, false),
    argument("groups", Shape::Texts, false),
    argument("due", Shape::Span, false),
];

/// Priorities range from the negative of this to it.
pub const PRIORITY_MAX: i64 = 1_000;

/// Bytes of the type of a job.
pub const JOB_TYPE_BYTES_MAX: usize = 128;

/// Whether a text may be the type of a job: it stands in paths.
pub fn is_job_type(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (1..=JOB_TYPE_BYTES_MAX).contains(&text.len()) && text.bytes().all(fits)
}

/// Something wrong with the arguments.
pub(crate) struct Flaw {
    pub(crate) code: Code,
    pub(crate) pointer: Pointer,
    pub(crate) message: String,
    /// Whether the key is wrong, not its value.
    pub(crate) is_key: bool,
}

/// Everything that is wrong with the arguments of a call, as far as their shapes show; `at` is the pointer of `with`.
pub(crate) fn flaws(function: OwnFunction, with: Option<&Map>, at: &Pointer) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let empty = Map::default();
    let with = with.unwrap_or(&empty);
    look(function.arguments(), with, at, &mut flaws);
    if function == OwnFunction::Human {
        let is_given = |name: &str| with.contains_key(&Value::from(name.to_owned()));
        if is_given("escalate") && !is_given("due") {
            let message = "`escalate` says what happens when `due` is over: add `due`".to_owned();
            flaws.push(Flaw {
                code: Code::MissingProperty,
                pointer: at.clone(),
                message,
                is_key: false,
            });
        }
    }
    flaws
}

fn look(arguments: &[Argument], with: &Map, at: &Pointer, flaws: &mut Vec<Flaw>) {
    for (key, value) in with {
        let name = as_str(key).unwrap_or_default();
        let pointer = at.key(name);
        match arguments.iter().find(|argument| argument.name == name) {
            Some(argument) => look_at(argument.shape, value, &pointer, flaws),
            None => {
                let known: Vec<&str> = arguments.iter().map(|argument| argument.name).collect();
                let message = format!("`{name}` is not known here: use {}", known.join(", "));
                flaws.push(Flaw { code: Code::UnknownProperty, pointer, message, is_key: true });
            }
        }
    }
    for argument in arguments.iter().filter(|argument| argument.is_required) {
        if !with.contains_key(&Value::from(argument.name.to_owned())) {
            let message = format!("`{}` is missing: add it", argument.name);
            let (code, pointer) = (Code::MissingProperty, at.clone());
            flaws.push(Flaw { code, pointer, message, is_key: false });
        }
    }
}

fn look_at(shape: Shape, value: &Value, pointer: &Pointer, flaws: &mut Vec<Flaw>) {
    let text = as_str(value);
    let is_expression = text.is_some_and(|text| text.contains("${"));
    let wrong = match shape {
        Shape::Any => None,
        Shape::Form if matches!(value, Value::Obj(_) | Value::Bool(_)) => None,
        Shape::Form => Some((Code::WrongType, "a form is a JSON Schema: write an object")),
        Shape::Escalation => match (text, value) {
            (Some("timeout"), _) => None,
            (_, Value::Obj(members)) => return look(ESCALATION, members, pointer, flaws),
            _ => Some((
                Code::InvalidValue,
                "an escalation is `timeout`, or whom the task goes to: assignee, groups, due",
            )),
        },
        _ if is_expression => None,
        Shape::Text if text.is_some() => None,
        Shape::Text => Some((Code::WrongType, "expected a text")),
        Shape::Name if text.is_some_and(is_job_type) => None,
        Shape::Name => Some((
            Code::InvalidValue,
            "a type is a text of at most 128 letters, digits, `-`, `_`, `.` and `:`",
        )),
        Shape::Texts => match value {
            Value::Arr(items) if items.iter().all(|item| as_str(item).is_some()) => None,
            _ => Some((Code::WrongType, "expected a list of texts")),
        },
        Shape::Priority => match priority(value) {
            Some(_) => None,
            None => Some((Code::InvalidValue, "a priority is a whole number from -1000 to 1000")),
        },
        Shape::Span if span_of(value).is_some() || holds_expression(value) => None,
        Shape::Span => Some((
            Code::InvalidDuration,
            "is not a duration: write PT30S, or counts as in {seconds: 30}",
        )),
    };
    if let Some((code, message)) = wrong {
        let message = message.to_owned();
        flaws.push(Flaw { code, pointer: pointer.clone(), message, is_key: false });
    }
}

/// The priority that a value says, if it is one.
pub fn priority(value: &Value) -> Option<i64> {
    let Value::Num(number) = value else { return None };
    let number: i64 = number.to_string().parse().ok()?;
    (-PRIORITY_MAX..=PRIORITY_MAX).contains(&number).then_some(number)
}

fn holds_expression(value: &Value) -> bool {
    match value {
        Value::Obj(members) => members.values().any(holds_expression),
        _ => as_str(value).is_some_and(|text| text.contains("${")),
    }
}
