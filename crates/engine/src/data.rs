//! Data flow: what expressions see, and how values come in and go out.

mod duration;
mod instant;
mod variables;

use motet_definition::graph::{self, Schema, Span, Vertex};
use motet_expr::{Environment, EvalError, Program, Template, Value, json};
use motet_types::{StepId, Timestamp};
use std::time::Duration;

use crate::decide::Decider;
use crate::{ErrorKind, WorkflowError};

/// Where an expression stands: decides which arguments it sees.
#[derive(Clone, Copy)]
pub(crate) enum Place<'f> {
    /// Outside every task: the workflow's own input and output.
    Outside { raw_input: &'f Value },
    /// At a task that is about to begin.
    Before { parent: StepId, vertex: &'f Vertex, raw_input: &'f Value },
    /// At an open step.
    Within { step: StepId, vertex: &'f Vertex },
}

/// An evaluation's surroundings.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'f> {
    pub(crate) place: Place<'f>,
    /// Transformed input, of a task that is about to begin.
    pub(crate) input: Option<&'f Value>,
    /// The step's raw output: `$task.output`.
    pub(crate) raw_output: Option<&'f Value>,
    /// `$output`.
    pub(crate) output: Option<&'f Value>,
    /// A variable that holds an error under inspection, besides `$error`.
    pub(crate) error: Option<(&'f str, &'f Value)>,
    /// `$authorization`.
    pub(crate) authorization: Option<&'f crate::Authorization>,
}

impl<'f> Frame<'f> {
    pub(crate) fn new(place: Place<'f>) -> Self {
        Self {
            place,
            input: None,
            raw_output: None,
            output: None,
            error: None,
            authorization: None,
        }
    }
}

impl Decider<'_> {
    /// Checks and transforms what comes in; `None` where it stays as it is.
    pub(crate) fn prepare(
        &mut self,
        input: &graph::Input,
        raw: &Value,
        frame: &Frame<'_>,
        what: &str,
    ) -> Result<Option<Value>, WorkflowError> {
        check_schema(input.schema.as_ref(), raw, what)?;
        let Some(from) = &input.from else {
            return Ok(None);
        };
        let transformed = self.evaluate(from, raw, frame, what)?;
        self.check_size(&transformed, what)?;
        Ok((transformed != *raw).then_some(transformed))
    }

    /// Transforms and checks what goes out; `None` where it stays as it is.
    pub(crate) fn transform(
        &mut self,
        output: &graph::Output,
        raw: &Value,
        frame: &Frame<'_>,
        what: &str,
    ) -> Result<Option<Value>, WorkflowError> {
        let transformed = match &output.transform {
            Some(template) => Some(self.evaluate(template, raw, frame, what)?),
            None => None,
        };
        check_schema(output.schema.as_ref(), transformed.as_ref().unwrap_or(raw), what)?;
        Ok(transformed)
    }

    pub(crate) fn evaluate(
        &mut self,
        template: &Template,
        input: &Value,
        frame: &Frame<'_>,
        what: &str,
    ) -> Result<Value, WorkflowError> {
        let mut fuel = self.limits.expression_fuel_max;
        let result = {
            let mut environment = Environment::new(&mut fuel, self.now);
            let this = &*self;
            let mut variables = |name: &str| this.variable(name, frame);
            template.evaluate(input, &mut variables, &mut environment)
        };
        self.charge(fuel);
        result.map_err(|error| WorkflowError::expression(what, &error))
    }

    /// Evaluates a condition; an absent one holds. Only `false` and `null` are false, as in jq.
    pub(crate) fn condition(
        &mut self,
        program: Option<&Program>,
        input: &Value,
        frame: &Frame<'_>,
        what: &str,
    ) -> Result<bool, WorkflowError> {
        let Some(program) = program else {
            return Ok(true);
        };
        let mut fuel = self.limits.expression_fuel_max;
        let result: Result<Value, EvalError> = {
            let mut environment = Environment::new(&mut fuel, self.now);
            let this = &*self;
            let mut variables = |name: &str| this.variable(name, frame);
            program.evaluate_with(input, &mut variables, &mut environment)
        };
        self.charge(fuel);
        match result {
            Ok(value) => Ok(!matches!(value, Value::Null | Value::Bool(false))),
            Err(error) => Err(WorkflowError::expression(what, &error)),
        }
    }

    /// A length of time, known or computed, at most `duration_max`.
    pub(crate) fn span(
        &mut self,
        span: &Span,
        input: &Value,
        frame: &Frame<'_>,
    ) -> Result<Duration, WorkflowError> {
        let span = match span {
            Span::Fixed(span) => *span,
            Span::Computed(template) => {
                let value = self.evaluate(template, input, frame, "a duration")?;
                duration::read(&value)?
            }
        };
        Ok(span.min(self.limits.duration_max))
    }

    /// A point in time, at most `duration_max` away.
    pub(crate) fn instant(
        &mut self,
        template: &Template,
        input: &Value,
        frame: &Frame<'_>,
    ) -> Result<Timestamp, WorkflowError> {
        let value = self.evaluate(template, input, frame, "until")?;
        let instant = instant::read(&value)?;
        let latest = self.now.saturating_add(self.limits.duration_max);
        if instant > latest {
            let detail = format!("until: {instant} is later than duration_max allows, {latest}");
            return Err(WorkflowError::new(ErrorKind::Expression, "too far away", detail));
        }
        Ok(instant)
    }

    pub(crate) fn check_size(&self, value: &Value, what: &str) -> Result<(), WorkflowError> {
        let (bound, bytes_max) = (json::size_bound(value), self.limits.payload_bytes_max);
        // Escapes make a text at most six times as long as it is, so most values need no second look.
        let is_small = bound <= bytes_max / ESCAPED_BYTES_MAX;
        let bytes = if is_small { bound } else { json::to_text(value).len() };
        // Each level of nesting counts bytes, so a small value cannot be deep.
        if bound / NESTED_BYTES_MIN > self.limits.depth_max
            && json::depth(value) > self.limits.depth_max
        {
            let detail =
                format!("{what} is nested deeper than depth_max = {}", self.limits.depth_max);
            return Err(WorkflowError::new(ErrorKind::Runtime, "nested too deep", detail));
        }
        if bytes <= bytes_max {
            return Ok(());
        }
        let detail = format!("{what} has {bytes} bytes as JSON, payload_bytes_max is {bytes_max}");
        Err(WorkflowError::new(ErrorKind::Runtime, "too large", detail))
    }

    /// Holds `instance_bytes_max`. Looks now and then only, because it takes as long as the instance is large.
    pub(crate) fn check_instance_size(&mut self) -> Result<(), WorkflowError> {
        let is_due = self.bytes_written - self.bytes_checked >= SIZE_CHECK_BYTES
            || self.instance.records.is_multiple_of(SIZE_CHECK_RECORDS);
        if !is_due {
            return Ok(());
        }
        self.bytes_checked = self.bytes_written;
        let (bytes, bytes_max) = (self.instance.size_bound(), self.limits.instance_bytes_max);
        if bytes <= bytes_max {
            return Ok(());
        }
        let detail =
            format!("the instance holds about {bytes} bytes, instance_bytes_max is {bytes_max}");
        Err(WorkflowError::new(ErrorKind::Runtime, "the instance is too large", detail))
    }

    fn charge(&mut self, fuel_left: u64) {
        self.fuel_burnt += self.limits.expression_fuel_max.saturating_sub(fuel_left);
    }
}

/// The instance's size is looked at after so many bytes of one step, and every so many records.
const SIZE_CHECK_BYTES: usize = 64 * 1024;
pub(crate) const SIZE_CHECK_RECORDS: u64 = 64;

/// How much longer a text may be as JSON, rounded up.
const ESCAPED_BYTES_MAX: usize = 8;

/// What a value counts at least in `size_bound`.
const NESTED_BYTES_MIN: usize = 16;

fn check_schema(schema: Option<&Schema>, value: &Value, what: &str) -> Result<(), WorkflowError> {
    let Some(schema) = schema else { return Ok(()) };
    schema.check(value).map_err(|message| {
        WorkflowError::new(
            ErrorKind::Validation,
            "does not match its schema",
            format!("{what}: {message}"),
        )
    })
}
