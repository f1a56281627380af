use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jaq_core::load::lex::{self, Lexer, Token};
use jaq_core::load::parse::{self, Def, Parser, Term};
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Ctx, Exn, Filter, ValXs, Vars, compile};

use crate::bounded::Bounded;
use crate::check::{check, range_in};
use crate::fast::Fast;
use crate::library::{self, Guard, Jq};
use crate::{
    CompileError, Environment, EvalError, EvalErrorKind, Part, Value, json, leave, meter, syntax,
};

/// Longest source of one expression, in bytes.
pub const SOURCE_BYTES_MAX: usize = 16 * 1024;

/// One compiled expression; a handle that is cheap to clone and to share between threads.
#[derive(Clone)]
pub struct Program(Arc<Compiled>);

struct Compiled {
    source: String,
    variables: Vec<String>,
    reads_clock: bool,
    code: Code,
}

enum Code {
    Fast(Fast),
    Jaq(Filter<Jq>),
}

impl Program {
    /// Compiles a program that may use the variables `available` (names without `$`) and jq's own functions.
    ///
    /// The standard writes both `$secret` and `$secrets`: the former is read as the latter.
    pub fn compile(source: &str, available: &[&str]) -> Result<Self, CompileError> {
        if source.len() > SOURCE_BYTES_MAX {
            return Err(CompileError {
                message: format!("the expression is longer than {SOURCE_BYTES_MAX} bytes"),
                range: SOURCE_BYTES_MAX..source.len(),
            });
        }
        syntax::check_nesting(source)?;
        let tokens = Lexer::new(source).lex();
        let tokens = tokens.map_err(|errors| lex_error(source, &errors))?;
        if syntax::too_many_operators(&tokens) {
            return Err(CompileError {
                message: "the expression has too many operators without brackets".to_owned(),
                range: 0..source.len(),
            });
        }
        let term = Parser::new(&tokens).parse(Parser::term);
        let term = term.map_err(|errors| parse_error(source, &errors))?;
        let checked = check(source, term, available)?;
        let (variables, reads_clock) = (checked.variables, checked.reads_clock);
        let code = match Fast::of(&checked.term, &variables) {
            Some(fast) => Code::Fast(fast),
            None => Code::Jaq(compile_term(source, checked.term, &variables)?),
        };
        Ok(Self(Arc::new(Compiled {
            source: source.to_owned(),
            variables: variables.iter().map(|name| name[1..].to_owned()).collect(),
            reads_clock,
            code,
        })))
    }

    /// Compiles the text of a field that is always an expression: the `${ }` around it may be missing.
    ///
    /// The range of an error counts bytes of `text`.
    pub fn compile_field(text: &str, available: &[&str]) -> Result<Self, CompileError> {
        let trimmed = text.trim();
        let start = text.len() - text.trim_start().len();
        match syntax::parse_interpolated(trimmed).as_deref() {
            Ok([Part::Expression { source, offset }]) => {
                Self::compile(source, available).map_err(|error| error.moved(start + offset))
            }
            _ => Self::compile(text, available),
        }
    }

    /// The source as it was compiled.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The variables that the source uses, without `$`, in the order in which [`Program::evaluate`] takes their values.
    pub fn variables(&self) -> &[String] {
        &self.0.variables
    }

    /// Whether it asks for the time, so that its result may differ from one moment to the next.
    pub fn reads_clock(&self) -> bool {
        self.0.reads_clock
    }

    /// Evaluates on `input`; `variables` are the values of [`Program::variables`].
    ///
    /// No result is `null`, several are an error. What leaves is JSON: NaN is `null`, infinities are the largest
    /// numbers, computed whole numbers are integers.
    ///
    /// # Panics
    ///
    /// If the number of values is not that of the variables.
    pub fn evaluate(
        &self,
        input: Value,
        variables: Vec<Value>,
        env: &mut Environment<'_>,
    ) -> Result<Value, EvalError> {
        assert_eq!(
            variables.len(),
            self.0.variables.len(),
            "a value for each variable of the program"
        );
        self.run(&input, variables, env)
    }

    /// Evaluates on `input`; asks `variables` for the value of each variable that the source uses.
    pub fn evaluate_with(
        &self,
        input: &Value,
        variables: &mut dyn FnMut(&str) -> Value,
        env: &mut Environment<'_>,
    ) -> Result<Value, EvalError> {
        let values = self.0.variables.iter().map(|name| variables(name));
        self.run(input, values.collect(), env)
    }

    fn run(
        &self,
        input: &Value,
        variables: Vec<Value>,
        env: &mut Environment<'_>,
    ) -> Result<Value, EvalError> {
        let (now, interrupt) = (env.now, env.interrupt);
        meter::metered(env, || match &self.0.code {
            Code::Fast(fast) => match fast.run(input, &variables) {
                // What is taken out of JSON is JSON.
                Ok(found) if matches!(found.value, Value::Arr(_) | Value::Obj(_)) => {
                    Ok(found.value)
                }
                Ok(scalar) => leave::leave(scalar.value),
                Err(error) => Err(failure(error.into())),
            },
            Code::Jaq(filter) => meter::with_stack(|| {
                let guard = Guard::new(&filter.lut, now, interrupt);
                let variables = Vars::new(variables.into_iter().map(Bounded::from));
                let context = Ctx::<Jq>::new(&guard, variables);
                single(filter.id.run((context, Bounded::from(input.clone()))))
            }),
        })
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Program").field(&self.0.source).finish()
    }
}

/// Programs are equal if their sources are and the same variables were available.
impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source && self.0.variables == other.0.variables
    }
}

impl CompileError {
    /// The same error in a text in which the source begins at `offset`.
    pub(crate) fn moved(mut self, offset: usize) -> Self {
        self.range = self.range.start + offset..self.range.end + offset;
        self
    }
}

impl From<syntax::SyntaxError> for CompileError {
    fn from(error: syntax::SyntaxError) -> Self {
        Self { message: error.message, range: error.range }
    }
}

fn compile_term(
    source: &str,
    body: Term<&str>,
    variables: &[&str],
) -> Result<Filter<Jq>, CompileError> {
    /// A name that no source can define or call.
    const MAIN: &str = "@main";
    let mut called = BTreeSet::new();
    library::calls(&body, &mut called);
    let mut definitions: Vec<Def<&str>> = library::definitions(&called);
    for definition in &definitions {
        library::calls(&definition.body, &mut called);
    }
    let functions = library::functions(&called);
    definitions.push(Def { name: MAIN, args: Vec::new(), body });
    let arena = Arena::default();
    let main = File { code: MAIN, path: () };
    let modules = Loader::new(definitions).load(&arena, main).map_err(|_| internal(source))?;
    let compiler = jaq_core::Compiler::<_, Jq>::default()
        .with_funs(functions)
        .with_global_vars(variables.iter().copied());
    compiler.compile(modules).map_err(|files| {
        let mut errors = files.into_iter().flat_map(|(_, errors)| errors);
        errors.next().map_or_else(|| internal(source), |error| undefined(source, &error))
    })
}

fn lex_error(source: &str, errors: &[lex::Error<&str>]) -> CompileError {
    let Some((expected, rest)) = errors.first() else {
        return internal(source);
    };
    let start = range_in(source, rest).start;
    let length = rest.chars().next().map_or(0, char::len_utf8);
    let expected = match expected {
        lex::Expect::Delim(_) => "a closing bracket or quote",
        other => other.as_str(),
    };
    CompileError {
        message: format!("expected {expected}{}", found(&source[start..start + length])),
        range: start..start + length,
    }
}

fn parse_error(source: &str, errors: &[parse::TError<'_, &str>]) -> CompileError {
    let Some((expected, token)) = errors.first() else {
        return internal(source);
    };
    let found_text = Token::opt_as_str(*token, source);
    let expected = match expected.as_str() {
        "nothing" => "the end of the expression",
        other => other,
    };
    CompileError {
        message: format!("expected {expected}{}", found(found_text)),
        range: range_in(source, found_text),
    }
}

fn found(text: &str) -> String {
    match text.chars().count() {
        0 => " at the end".to_owned(),
        1..=32 => format!(", found `{text}`"),
        _ => format!(", found `{}…`", text.chars().take(32).collect::<String>()),
    }
}

fn undefined(source: &str, (name, what): &compile::Error<&str>) -> CompileError {
    let message = match what {
        compile::Undefined::Filter(0) => format!("unknown function {name}"),
        compile::Undefined::Filter(1) => format!("unknown function {name} with 1 argument"),
        compile::Undefined::Filter(arity) => {
            format!("unknown function {name} with {arity} arguments")
        }
        other => format!("unknown {} {name}", other.as_str()),
    };
    CompileError { message, range: range_in(source, name) }
}

fn internal(source: &str) -> CompileError {
    CompileError {
        message: "bug in the compiler of expressions: an error without a cause".to_owned(),
        range: 0..source.len(),
    }
}

/// The one result of a program.
fn single(mut results: ValXs<'_, Bounded>) -> Result<Value, EvalError> {
    let Some(first) = results.next() else {
        return Ok(Value::Null);
    };
    let first = first.map_err(failure)?;
    match results.next() {
        None => leave::leave(first.value),
        Some(Err(exception)) => Err(failure(exception)),
        Some(Ok(_)) => Err(EvalError::new(
            EvalErrorKind::SeveralResults,
            "the expression gives more than one result; put brackets around it for an array",
        )),
    }
}

fn failure(exception: Exn<'_, Bounded>) -> EvalError {
    match exception.get_err() {
        Ok(error) => {
            let thrown = error.into_val().value;
            let message = match json::as_str(&thrown) {
                Some(text) => text.to_owned(),
                None => Bounded::from(thrown).to_string(),
            };
            EvalError::new(EvalErrorKind::Failed, message)
        }
        Err(_) => EvalError::new(EvalErrorKind::Failed, "break outside of its label"),
    }
}
