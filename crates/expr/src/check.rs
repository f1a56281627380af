//! What happens to a parsed program before jaq compiles it: names are checked, depth is limited.
//!
//! - Variables that the program does not bind itself must be available; those that are used are listed.
//! - A call of a function by itself that jaq would not turn into a loop is wrapped into `@deeper(…)`, which
//!   counts. So is every such call with filter arguments: jaq would chain their environments without using any
//!   stack, and drop the chain recursively.
//! - Long sequences (`1, 2, 3, …`, objects and texts of many parts) become balanced trees, because jaq's
//!   evaluation nests once a part.

use std::ops::Range;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Part, Path};

use crate::CompileError;
use crate::json::NUMBER_BYTES_MAX;

/// Deepest nesting of terms; evaluation and compilation need stack for each level.
const TERM_DEPTH_MAX: usize = 160;

/// Longest path without a variable or pipe in it, in steps; each needs stack.
const PATH_STEPS_MAX: usize = 64;

/// Parts of a sequence that are evaluated one inside the other.
const SEQUENCE_MAX: usize = 8;

/// The formats of jq (`@csv`), and no other name with an `@`.
const FORMATS: &[&str] = &[
    "@text", "@json", "@html", "@htmld", "@uri", "@urid", "@csv", "@tsv", "@sh", "@base64",
    "@base64d",
];

/// A checked program.
pub(crate) struct Checked<'s> {
    pub(crate) term: Term<&'s str>,
    /// The available variables that are used, with `$`, in order of first use.
    pub(crate) variables: Vec<&'s str>,
    /// Whether it asks for the time.
    pub(crate) reads_clock: bool,
}

/// Checks the program of `source`; `available` are names without `$`.
pub(crate) fn check<'s>(
    source: &'s str,
    term: Term<&'s str>,
    available: &[&str],
) -> Result<Checked<'s>, CompileError> {
    let mut checker = Checker {
        source,
        available,
        variables: Vec::new(),
        reads_clock: false,
        bound: Vec::new(),
        functions: Vec::new(),
        parents: 0,
        depth: 0,
        error: None,
    };
    let term = checker.term(term, 0);
    match checker.error {
        Some(error) => Err(error),
        None => {
            let Checker { variables, reads_clock, .. } = checker;
            Ok(Checked { term, variables, reads_clock })
        }
    }
}

/// Byte range of `part` in `source`, the end of it if `part` is no slice of it.
pub(crate) fn range_in(source: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(source.as_ptr().addr());
    match source.get(start..start.saturating_add(part.len())) {
        Some(_) => start..start + part.len(),
        None => source.len()..source.len(),
    }
}

struct Checker<'s, 'a> {
    source: &'s str,
    available: &'a [&'a str],
    variables: Vec<&'s str>,
    reads_clock: bool,
    /// Variables that the program itself has bound here.
    bound: Vec<&'s str>,
    functions: Vec<Function<'s>>,
    /// Definitions around the current term.
    parents: usize,
    depth: usize,
    error: Option<CompileError>,
}

struct Function<'s> {
    name: &'s str,
    arity: usize,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Argument,
    /// A definition before the current term.
    Sibling,
    /// A definition around the current term: which one, and whether it has filter arguments.
    Parent {
        level: usize,
        filters: bool,
    },
}

impl<'s> Checker<'s, '_> {
    /// Checks a term whose results are also those of the parents from level `tail` on.
    fn term(&mut self, term: Term<&'s str>, tail: usize) -> Term<&'s str> {
        self.depth += 1;
        let term = if self.depth > TERM_DEPTH_MAX {
            self.fail(
                self.source,
                format!("the expression is nested more than {TERM_DEPTH_MAX} levels deep"),
            )
        } else if self.error.is_some() {
            Term::Id
        } else {
            self.parts(term, tail)
        };
        self.depth -= 1;
        term
    }

    /// Checks a term whose results are nobody else's.
    fn inner(&mut self, term: Term<&'s str>) -> Term<&'s str> {
        self.term(term, self.parents)
    }

    fn boxed(&mut self, term: Term<&'s str>) -> Box<Term<&'s str>> {
        Box::new(self.inner(term))
    }

    fn parts(&mut self, term: Term<&'s str>, tail: usize) -> Term<&'s str> {
        match term {
            Term::Num(digits) if digits.len() > NUMBER_BYTES_MAX => {
                self.fail(digits, "the number has more digits than allowed".to_owned())
            }
            Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) => term,
            Term::Var(name) => Term::Var(self.variable(name)),
            Term::Str(format, parts) => self.text(format, parts),
            Term::Arr(inner) => Term::Arr(inner.map(|inner| self.boxed(*inner))),
            Term::Obj(members) => self.object(members),
            Term::Neg(inner) => Term::Neg(self.boxed(*inner)),
            Term::Label(name, inner) => Term::Label(name, self.boxed(*inner)),
            Term::BinOp(left, operator, right) => self.operation(*left, operator, *right, tail),
            Term::Fold(name, source, pattern, arguments) => {
                self.fold(name, *source, pattern, arguments, tail)
            }
            Term::TryCatch(inner, handler) => {
                Term::TryCatch(self.boxed(*inner), handler.map(|handler| self.boxed(*handler)))
            }
            Term::IfThenElse(branches, otherwise) => {
                let branches = branches.into_iter();
                let branches = branches
                    .map(|(condition, then)| (self.inner(condition), self.term(then, tail)));
                Term::IfThenElse(
                    branches.collect(),
                    otherwise.map(|otherwise| Box::new(self.term(*otherwise, tail))),
                )
            }
            Term::Def(definitions, inner) => self.definitions(definitions, *inner, tail),
            Term::Call(name, arguments) => self.call(name, arguments, tail),
            Term::Path(inner, path) => self.path(*inner, path),
        }
    }

    fn operation(
        &mut self,
        left: Term<&'s str>,
        operator: BinaryOp<&'s str>,
        right: Term<&'s str>,
        tail: usize,
    ) -> Term<&'s str> {
        match operator {
            BinaryOp::Comma => self.sequence(left, right, tail),
            BinaryOp::Alt | BinaryOp::Pipe(None) => {
                Term::BinOp(Box::new(self.inner(left)), operator, Box::new(self.term(right, tail)))
            }
            BinaryOp::Pipe(Some(pattern)) => {
                let left = self.inner(left);
                let before = self.bound.len();
                let pattern = self.bind(pattern);
                let right = self.term(right, tail);
                self.bound.truncate(before);
                let operator = BinaryOp::Pipe(Some(pattern));
                Term::BinOp(Box::new(left), operator, Box::new(right))
            }
            _ => Term::BinOp(Box::new(self.inner(left)), operator, Box::new(self.inner(right))),
        }
    }

    /// `left, right`, where `left` is often such a pair again.
    fn sequence(
        &mut self,
        left: Term<&'s str>,
        right: Term<&'s str>,
        tail: usize,
    ) -> Term<&'s str> {
        let mut items = vec![right];
        let mut rest = left;
        while let Term::BinOp(left, BinaryOp::Comma, right) = rest {
            items.push(*right);
            rest = *left;
        }
        items.push(rest);
        let items = items.into_iter().rev();
        let items = items.map(|item| self.term(item, tail)).collect();
        balanced(items, &|left, right| {
            Term::BinOp(Box::new(left), BinaryOp::Comma, Box::new(right))
        })
    }

    fn fold(
        &mut self,
        name: &'s str,
        source: Term<&'s str>,
        pattern: Pattern<&'s str>,
        arguments: Vec<Term<&'s str>>,
        tail: usize,
    ) -> Term<&'s str> {
        let source = self.boxed(source);
        let before = self.bound.len();
        let bound = self.bind(pattern);
        let inside = self.bound.split_off(before);
        let mut checked = Vec::with_capacity(arguments.len());
        for (at, argument) in arguments.into_iter().enumerate() {
            // The start value does not see the variables; only the projection of `foreach` is in tail position.
            if at == 1 {
                self.bound.extend(&inside);
            }
            let tail = if at == 2 { tail } else { self.parents };
            checked.push(self.term(argument, tail));
        }
        self.bound.truncate(before);
        Term::Fold(name, source, bound, checked)
    }

    fn definitions(
        &mut self,
        definitions: Vec<Def<&'s str>>,
        inner: Term<&'s str>,
        tail: usize,
    ) -> Term<&'s str> {
        let before = self.functions.len();
        let mut checked = Vec::with_capacity(definitions.len());
        for definition in definitions {
            let (name, arity) = (definition.name, definition.args.len());
            checked.push(self.definition(definition, tail));
            let kind = Kind::Sibling;
            self.functions.push(Function { name, arity, kind });
        }
        let inner = self.term(inner, tail);
        self.functions.truncate(before);
        Term::Def(checked, Box::new(inner))
    }

    fn definition(&mut self, definition: Def<&'s str>, tail: usize) -> Def<&'s str> {
        let Def { name, args, body } = definition;
        if name.starts_with('@') {
            self.fail(name, "a format cannot be defined".to_owned());
        }
        let (functions, bound) = (self.functions.len(), self.bound.len());
        let filters = args.iter().any(|argument| !argument.starts_with('$'));
        for argument in &args {
            if argument.starts_with('$') {
                self.bound.push(argument);
            } else {
                self.functions.push(Function { name: argument, arity: 0, kind: Kind::Argument });
            }
        }
        self.functions.push(Function {
            name,
            arity: args.len(),
            kind: Kind::Parent { level: self.parents, filters },
        });
        self.parents += 1;
        let body = self.term(body, tail);
        self.parents -= 1;
        self.functions.truncate(functions);
        self.bound.truncate(bound);
        Def { name, args, body }
    }

    fn call(&mut self, name: &'s str, arguments: Vec<Term<&'s str>>, tail: usize) -> Term<&'s str> {
        if name.starts_with('@') {
            self.format(name);
        }
        if matches!(name, "import" | "include" | "module") {
            return self.fail(name, "modules are not available".to_owned());
        }
        let arity = arguments.len();
        let arguments = arguments.into_iter().map(|argument| self.inner(argument));
        let call = Term::Call(name, arguments.collect());
        let mut functions = self.functions.iter().rev();
        let function = functions.find(|function| function.name == name && function.arity == arity);
        self.reads_clock |= (name, arity) == ("now", 0) && function.is_none();
        match function.map(|function| function.kind) {
            Some(Kind::Parent { level, filters }) if filters || level < tail => {
                Term::Call("@deeper", vec![call])
            }
            _ => call,
        }
    }

    fn path(&mut self, inner: Term<&'s str>, path: Path<Term<&'s str>>) -> Term<&'s str> {
        let inner = self.boxed(inner);
        if path.0.len() > PATH_STEPS_MAX {
            let message = format!("a path has more than {PATH_STEPS_MAX} steps");
            return self.fail(self.source, message);
        }
        let steps = path.0.into_iter().map(|(part, optional)| {
            let part = match part {
                Part::Index(index) => Part::Index(self.inner(index)),
                Part::Range(from, to) => {
                    Part::Range(from.map(|from| self.inner(from)), to.map(|to| self.inner(to)))
                }
            };
            (part, optional)
        });
        Term::Path(inner, Path(steps.collect()))
    }

    fn text(
        &mut self,
        format: Option<&'s str>,
        parts: Vec<StrPart<&'s str, Term<&'s str>>>,
    ) -> Term<&'s str> {
        if let Some(format) = format {
            self.format(format);
        }
        let parts = parts.into_iter().map(|part| match part {
            StrPart::Str(text) => StrPart::Str(text),
            StrPart::Char(c) => StrPart::Char(c),
            StrPart::Term(term) => StrPart::Term(self.inner(term)),
        });
        let mut parts: Vec<_> = parts.collect();
        if parts.len() <= SEQUENCE_MAX {
            return Term::Str(format, parts);
        }
        let mut pieces = Vec::new();
        while !parts.is_empty() {
            let rest = parts.split_off(parts.len().min(SEQUENCE_MAX));
            pieces.push(Term::Str(format, parts));
            parts = rest;
        }
        balanced(pieces, &sum)
    }

    fn object(&mut self, members: Vec<(Term<&'s str>, Option<Term<&'s str>>)>) -> Term<&'s str> {
        let members = members.into_iter().map(|(key, value)| match (key, value) {
            (Term::Var(name), None) => {
                let key = Term::Str(None, vec![StrPart::Str(&name[1..])]);
                (key, Some(self.inner(Term::Var(name))))
            }
            (key, value) => (self.inner(key), value.map(|value| self.inner(value))),
        });
        let mut members: Vec<_> = members.collect();
        if members.len() <= SEQUENCE_MAX {
            return Term::Obj(members);
        }
        let mut pieces = Vec::new();
        while !members.is_empty() {
            let rest = members.split_off(members.len().min(SEQUENCE_MAX));
            pieces.push(Term::Obj(members));
            members = rest;
        }
        balanced(pieces, &sum)
    }

    fn bind(&mut self, pattern: Pattern<&'s str>) -> Pattern<&'s str> {
        let new: Vec<_> = variables_of(&pattern);
        let pattern = self.pattern(pattern);
        self.bound.extend(new);
        pattern
    }

    /// Checks the terms of a pattern; they do not see its variables.
    fn pattern(&mut self, pattern: Pattern<&'s str>) -> Pattern<&'s str> {
        self.depth += 1;
        let pattern = match pattern {
            _ if self.depth > TERM_DEPTH_MAX => {
                self.fail(self.source, "a pattern is nested too deeply".to_owned());
                Pattern::Arr(Vec::new())
            }
            Pattern::Var(name) => Pattern::Var(name),
            Pattern::Arr(parts) => {
                Pattern::Arr(parts.into_iter().map(|part| self.pattern(part)).collect())
            }
            Pattern::Obj(members) => {
                let members = members.into_iter();
                let members = members.map(|(key, part)| (self.inner(key), self.pattern(part)));
                Pattern::Obj(members.collect())
            }
        };
        self.depth -= 1;
        pattern
    }

    fn variable(&mut self, name: &'s str) -> &'s str {
        if self.bound.contains(&name) {
            return name;
        }
        // The standard's prose writes `$secret` where its tables write `$secrets`.
        let name = if name == "$secret" { "$secrets" } else { name };
        if !self.available.contains(&&name[1..]) {
            let mut available: Vec<_> = self.available.iter().map(|n| format!("${n}")).collect();
            available.sort();
            let hint = if available.is_empty() {
                "no variables are available here".to_owned()
            } else {
                format!("available here: {}", available.join(", "))
            };
            self.fail(name, format!("unknown variable {name}; {hint}"));
        } else if !self.variables.contains(&name) {
            self.variables.push(name);
        }
        name
    }

    fn format(&mut self, name: &'s str) {
        if !FORMATS.contains(&name) {
            let message = format!("unknown format {name}; there are {}", FORMATS.join(", "));
            self.fail(name, message);
        }
    }

    fn fail(&mut self, part: &str, message: String) -> Term<&'s str> {
        let range = range_in(self.source, part);
        self.error.get_or_insert(CompileError { message, range });
        Term::Id
    }
}

fn variables_of<'s>(pattern: &Pattern<&'s str>) -> Vec<&'s str> {
    match pattern {
        Pattern::Var(name) => vec![name],
        Pattern::Arr(parts) => parts.iter().flat_map(variables_of).collect(),
        Pattern::Obj(members) => members.iter().flat_map(|(_, part)| variables_of(part)).collect(),
    }
}

fn sum<'s>(left: Term<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    Term::BinOp(Box::new(left), BinaryOp::Math(Math::Add), Box::new(right))
}

/// Joins terms pairwise, so that their tree is as deep as the logarithm of their number.
fn balanced<'s>(
    mut terms: Vec<Term<&'s str>>,
    join: &dyn Fn(Term<&'s str>, Term<&'s str>) -> Term<&'s str>,
) -> Term<&'s str> {
    if terms.len() <= 1 {
        return terms.pop().unwrap_or(Term::Id);
    }
    let right = terms.split_off(terms.len() / 2);
    let left = balanced(terms, join);
    join(left, balanced(right, join))
}
