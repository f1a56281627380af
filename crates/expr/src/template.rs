use crate::value::Extent;
use crate::{
    CompileError, Environment, EvalError, EvalErrorKind, Part, Program, TemplateError, Value, json,
    meter, syntax,
};

/// Which texts are expressions (`evaluate.mode` of a definition).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Those with `${ … }` in them.
    Strict,
    /// Every text is tried; what does not compile or fails stays a text.
    Loose,
}

/// A JSON value with expressions inside.
#[derive(Clone, Debug, PartialEq)]
pub enum Template {
    /// Stands for itself: nothing in it is an expression.
    Literal(Value),
    /// A text that is one expression; its result may be any value.
    Program(Program),
    /// A text that may be an expression (loose mode); if it fails, it stays what it is.
    Attempt(Box<Self>, Value),
    /// A text with expressions in it; results that are no text appear as JSON.
    Text(Vec<Piece>),
    Array(Vec<Self>),
    /// Keys are never expressions.
    Object(Vec<(Value, Self)>),
}

/// A piece of an interpolated text.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Text(String),
    Program(Program),
}

impl Template {
    /// Compiles all expressions in `value`; on failure lists every mistake.
    pub fn compile(
        value: &Value,
        available: &[&str],
        mode: Mode,
    ) -> Result<Self, Vec<TemplateError>> {
        let mut compiler = Compiler { available, mode, errors: Vec::new(), path: String::new() };
        let template = compiler.template(value);
        if compiler.errors.is_empty() { Ok(template) } else { Err(compiler.errors) }
    }

    /// The value with every expression replaced by its result on `input`.
    ///
    /// `variables` is asked for the value of each variable that an expression uses, once an expression.
    pub fn evaluate(
        &self,
        input: &Value,
        variables: &mut dyn FnMut(&str) -> Value,
        env: &mut Environment<'_>,
    ) -> Result<Value, EvalError> {
        let value = self.render(input, variables, env)?;
        if matches!(self, Self::Array(_) | Self::Object(_)) {
            // Each result is within the limits, but they add up.
            meter::metered(env, || {
                Extent::of(&value);
                Ok(())
            })?;
        }
        Ok(value)
    }

    /// Whether nothing in it is an expression.
    pub fn is_literal(&self) -> bool {
        matches!(self, Self::Literal(_))
    }

    /// The text with which every result surely begins; `None` where nothing is known of it.
    pub fn beginning(&self) -> Option<&str> {
        match self {
            Self::Literal(value) => json::as_str(value),
            Self::Text(pieces) => match pieces.first() {
                Some(Piece::Text(text)) => Some(text),
                _ => None,
            },
            Self::Program(_) | Self::Attempt(..) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// All expressions, in the order in which they are evaluated.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        let mut programs = Vec::new();
        self.collect_programs(&mut programs);
        programs.into_iter()
    }

    /// The same template with those expressions replaced by values that `replace` gives one for.
    #[must_use]
    pub fn substitute(&self, replace: &mut dyn FnMut(&Program) -> Option<Value>) -> Self {
        match self {
            Self::Literal(_) => self.clone(),
            Self::Program(program) => replace(program).map_or_else(|| self.clone(), Self::Literal),
            Self::Attempt(template, text) => {
                Self::Attempt(Box::new(template.substitute(replace)), text.clone())
            }
            Self::Text(pieces) => {
                let mut substitute = |piece: &Piece| match piece {
                    Piece::Text(_) => piece.clone(),
                    Piece::Program(program) => replace(program).map_or_else(
                        || piece.clone(),
                        |value| {
                            let text = json::as_str(&value).map(str::to_owned);
                            Piece::Text(text.unwrap_or_else(|| json::to_text(&value)))
                        },
                    ),
                };
                Self::Text(pieces.iter().map(&mut substitute).collect())
            }
            Self::Array(items) => {
                Self::Array(items.iter().map(|item| item.substitute(replace)).collect())
            }
            Self::Object(members) => {
                let members = members.iter();
                let members =
                    members.map(|(key, member)| (key.clone(), member.substitute(replace)));
                Self::Object(members.collect())
            }
        }
    }

    fn collect_programs<'t>(&'t self, programs: &mut Vec<&'t Program>) {
        match self {
            Self::Literal(_) => {}
            Self::Program(program) => programs.push(program),
            Self::Attempt(template, _) => template.collect_programs(programs),
            Self::Text(pieces) => programs.extend(pieces.iter().filter_map(|piece| match piece {
                Piece::Text(_) => None,
                Piece::Program(program) => Some(program),
            })),
            Self::Array(items) => {
                for item in items {
                    item.collect_programs(programs);
                }
            }
            Self::Object(members) => {
                for (_, member) in members {
                    member.collect_programs(programs);
                }
            }
        }
    }

    fn render(
        &self,
        input: &Value,
        variables: &mut dyn FnMut(&str) -> Value,
        env: &mut Environment<'_>,
    ) -> Result<Value, EvalError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Program(program) => program.evaluate_with(input, variables, env),
            Self::Attempt(template, text) => match template.render(input, variables, env) {
                Err(error) if failed_by_itself(error.kind) => Ok(text.clone()),
                outcome => outcome,
            },
            Self::Text(pieces) => interpolate(pieces, input, variables, env),
            Self::Array(items) => {
                let items = items.iter();
                items.map(|item| item.render(input, variables, env)).collect()
            }
            Self::Object(members) => {
                let members = members
                    .iter()
                    .map(|(key, member)| Ok((key.clone(), member.render(input, variables, env)?)));
                Ok(Value::obj(members.collect::<Result<_, EvalError>>()?))
            }
        }
    }
}

/// Whether the expression failed, rather than being ended by a limit.
fn failed_by_itself(kind: EvalErrorKind) -> bool {
    matches!(kind, EvalErrorKind::Failed | EvalErrorKind::SeveralResults | EvalErrorKind::NotJson)
}

fn interpolate(
    pieces: &[Piece],
    input: &Value,
    variables: &mut dyn FnMut(&str) -> Value,
    env: &mut Environment<'_>,
) -> Result<Value, EvalError> {
    let bytes_max = env.limits.value_bytes_max as usize;
    let mut text = String::new();
    for piece in pieces {
        let written = match piece {
            Piece::Text(piece) => {
                text.push_str(piece);
                Ok(())
            }
            Piece::Program(program) => {
                let value = program.evaluate_with(input, variables, env)?;
                match json::as_str(&value) {
                    Some(piece) => {
                        text.push_str(piece);
                        Ok(())
                    }
                    None => json::write(&mut text, bytes_max, &value),
                }
            }
        };
        if written.is_err() || text.len() > bytes_max {
            return Err(EvalError::new(
                EvalErrorKind::Size,
                format!("the text becomes longer than {bytes_max} bytes"),
            ));
        }
    }
    Ok(json::string(text))
}

struct Compiler<'a> {
    available: &'a [&'a str],
    mode: Mode,
    errors: Vec<TemplateError>,
    /// JSON pointer of the current value.
    path: String,
}

impl Compiler<'_> {
    fn template(&mut self, value: &Value) -> Template {
        match value {
            Value::Arr(items) => {
                let items = items.iter().enumerate();
                let templates: Vec<_> =
                    items.map(|(at, item)| self.child(&at.to_string(), item)).collect();
                if templates.iter().all(Template::is_literal) {
                    Template::Literal(value.clone())
                } else {
                    Template::Array(templates)
                }
            }
            Value::Obj(map) => {
                let members = map.iter().map(|(key, member)| {
                    let name = json::as_str(key).unwrap_or_default();
                    (key.clone(), self.child(name, member))
                });
                let members: Vec<_> = members.collect();
                if members.iter().all(|(_, member)| member.is_literal()) {
                    Template::Literal(value.clone())
                } else {
                    Template::Object(members)
                }
            }
            value => match json::as_str(value) {
                Some(text) => self.text(text, value),
                None => Template::Literal(value.clone()),
            },
        }
    }

    fn child(&mut self, name: &str, value: &Value) -> Template {
        let before = self.path.len();
        self.path.push('/');
        self.path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        let template = self.template(value);
        self.path.truncate(before);
        template
    }

    fn text(&mut self, text: &str, value: &Value) -> Template {
        match self.mode {
            Mode::Strict => match self.strict(text, value) {
                Ok(template) => template,
                Err(errors) => {
                    let path = &self.path;
                    let located = |error| TemplateError { path: path.clone(), error };
                    self.errors.extend(errors.into_iter().map(located));
                    Template::Literal(value.clone())
                }
            },
            Mode::Loose => {
                let template = if text.contains("${") {
                    self.strict(text, value)
                } else {
                    let program = Program::compile(text, self.available);
                    program.map(Template::Program).map_err(|error| vec![error])
                };
                match template {
                    Ok(template) if !template.is_literal() => {
                        Template::Attempt(Box::new(template), value.clone())
                    }
                    _ => Template::Literal(value.clone()),
                }
            }
        }
    }

    /// Everything that is wrong in a text is told, expression by expression.
    fn strict(&self, text: &str, value: &Value) -> Result<Template, Vec<CompileError>> {
        if syntax::is_expression(text) {
            let program = Program::compile_field(text, self.available);
            return program.map(Template::Program).map_err(|error| vec![error]);
        }
        let Ok(parts) = syntax::parse_interpolated(text) else { return Err(self.mistakes(text)) };
        if parts.iter().all(|part| matches!(part, Part::Text(_))) {
            return Ok(Template::Literal(value.clone()));
        }
        let (mut pieces, mut errors) = (Vec::new(), Vec::new());
        for part in parts {
            match self.piece(part) {
                Ok(piece) => pieces.push(piece),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Template::Text(pieces)) } else { Err(errors) }
    }

    fn piece(&self, part: Part<'_>) -> Result<Piece, CompileError> {
        match part {
            Part::Text(text) => Ok(Piece::Text(text.to_owned())),
            Part::Expression { source, offset } => Program::compile(source, self.available)
                .map(Piece::Program)
                .map_err(|error| error.moved(offset)),
        }
    }

    /// What is wrong in a text whose brackets do not match.
    fn mistakes(&self, text: &str) -> Vec<CompileError> {
        let parts = syntax::parse_broken(text).into_iter();
        let pieces = parts.map(|part| self.piece(part?));
        pieces.filter_map(Result::err).collect()
    }
}
