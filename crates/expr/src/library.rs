//! Which functions an expression can call, and how jaq is told.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use jaq_core::data::HasLut;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::native::{self, Fun};
use jaq_core::{Bind, DataT, Lut, Native, load, path};
use motet_types::Timestamp;

use crate::bounded::Bounded;
use crate::meter;

/// jaq's name for the types that our filters work on.
pub(crate) struct Jq;

impl DataT for Jq {
    type V<'a> = Bounded;
    type Data<'a> = &'a Guard<'a>;
}

/// What jaq carries through an evaluation. It asks for the terms once a term: there we meter.
pub(crate) struct Guard<'a> {
    lut: &'a Lut<Jq>,
    now: Timestamp,
    interrupt: Option<&'a AtomicBool>,
}

impl<'a> Guard<'a> {
    pub(crate) fn new(lut: &'a Lut<Jq>, now: Timestamp, interrupt: Option<&'a AtomicBool>) -> Self {
        Self { lut, now, interrupt }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }
}

impl<'a> HasLut<'a, Jq> for &'a Guard<'a> {
    fn lut(&self) -> &'a Lut<Jq> {
        meter::term(self.interrupt);
        self.lut
    }
}

/// Native functions of jaq that reach outside, loop for free or take another value type.
const REPLACED: &[&str] = &[
    "path",
    "path_value",
    "range",
    "implode",
    "matches",
    "split_matches",
    "split_",
    "halt",
    "env",
    "now",
    "debug_empty",
    "stderr_empty",
    "jn",
    "yn",
    "localtime",
    "strflocaltime",
    "nearbyint",
];

/// Native functions of jaq that our definitions call after a check of their own.
const RENAMED: &[(&str, &str)] = &[
    ("reverse", "@reverse"),
    ("gmtime", "@gmtime"),
    ("mktime", "@mktime"),
    ("strftime", "@strftime"),
    ("strptime", "@strptime"),
    ("todateiso8601", "@todateiso8601"),
];

/// Definitions of jaq that make no sense in a sandbox, or that ours replace.
const LEFT_OUT: &[&str] = &[
    "debug",
    "stderr",
    "halt",
    "halt_error",
    "nan",
    "infinite",
    "isnan",
    "@base64d",
    "transpose",
    "todate",
    "fromdate",
    "delpaths",
    "setpath",
    "del",
    "join",
    "@sh",
    "pick",
    "from_entries",
    "with_entries",
    "capture_of_match",
    "test",
    "scan_",
    "scan",
    "match",
    "capture",
    "splits",
    "sub",
    "gsub",
];

/// All definitions with what they call.
static LIBRARY: LazyLock<Vec<(Def<&'static str>, BTreeSet<&'static str>)>> = LazyLock::new(|| {
    let ours = load::parse(include_str!("defs.jq"), |parser| parser.defs())
        .expect("our definitions parse, as a test shows");
    let jaq = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs())
        .filter(|def| !LEFT_OUT.contains(&def.name))
        .filter(|def| (def.name, def.args.len()) != ("split", 2));
    let with_calls = |def: Def<&'static str>| {
        let mut called = BTreeSet::new();
        calls(&def.body, &mut called);
        (def, called)
    };
    jaq.chain(ours).map(with_calls).collect()
});

/// The definitions that a term which calls `called` needs, each after those that it calls itself.
pub(crate) fn definitions(called: &BTreeSet<&str>) -> Vec<Def<&'static str>> {
    let mut wanted: BTreeSet<&str> = called.clone();
    let mut chosen: Vec<Def<&'static str>> = Vec::new();
    // Definitions see only earlier ones, so one pass from the end finds everything.
    for (def, called) in LIBRARY.iter().rev() {
        if wanted.contains(def.name) {
            wanted.extend(called);
            chosen.push(def.clone());
        }
    }
    chosen.reverse();
    chosen
}

/// The native functions among `called`.
pub(crate) fn functions(called: &BTreeSet<&str>) -> Vec<Fun<Jq>> {
    natives().filter(|(name, ..)| called.contains(name)).collect()
}

fn natives() -> impl Iterator<Item = Fun<Jq>> {
    let jaq = jaq_core::funs()
        .chain(jaq_std::base_funs())
        .chain(jaq_std::extra_funs())
        .filter(|(name, ..)| !REPLACED.contains(name))
        .map(|(name, arguments, native)| {
            let renamed = RENAMED.iter().find(|(theirs, _)| *theirs == name);
            (renamed.map_or(name, |(_, ours)| ours), arguments, native)
        });
    let ours = crate::natives::natives().into_vec();
    let ours = ours.into_iter().map(|filter| native::run::<Jq>(filter));
    ours.chain([deeper()]).chain(jaq)
}

/// Adds the names of all functions and formats that a term calls.
pub(crate) fn calls<'s>(term: &Term<&'s str>, names: &mut BTreeSet<&'s str>) {
    match term {
        Term::Call(name, _) => {
            names.insert(name);
        }
        Term::Str(Some(format), _) => {
            names.insert(format);
        }
        _ => {}
    }
    visit_parts(term, &mut |part| calls(part, names));
}

/// Visits the terms directly inside a term.
fn visit_parts<'t, 's>(term: &'t Term<&'s str>, visit: &mut dyn FnMut(&'t Term<&'s str>)) {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => {}
        Term::Str(_, parts) => parts.iter().for_each(|part| {
            if let StrPart::Term(part) = part {
                visit(part);
            }
        }),
        Term::Arr(inner) => inner.iter().for_each(|inner| visit(inner)),
        Term::Obj(members) => members.iter().for_each(|(key, value)| {
            visit(key);
            value.iter().for_each(&mut *visit);
        }),
        Term::Neg(inner) | Term::Label(_, inner) => visit(inner),
        Term::BinOp(left, operator, right) => {
            visit(left);
            if let BinaryOp::Pipe(Some(pattern)) = operator {
                visit_pattern(pattern, visit);
            }
            visit(right);
        }
        Term::Fold(_, source, pattern, arguments) => {
            visit(source);
            visit_pattern(pattern, visit);
            arguments.iter().for_each(visit);
        }
        Term::TryCatch(inner, handler) => {
            visit(inner);
            handler.iter().for_each(|handler| visit(handler));
        }
        Term::IfThenElse(branches, otherwise) => {
            branches.iter().for_each(|(condition, then)| {
                visit(condition);
                visit(then);
            });
            otherwise.iter().for_each(|otherwise| visit(otherwise));
        }
        Term::Def(defs, inner) => {
            defs.iter().for_each(|def| visit(&def.body));
            visit(inner);
        }
        Term::Call(_, arguments) => arguments.iter().for_each(visit),
        Term::Path(inner, path) => {
            visit(inner);
            path.0.iter().for_each(|(part, _)| match part {
                path::Part::Index(index) => visit(index),
                path::Part::Range(from, to) => from.iter().chain(to).for_each(&mut *visit),
            });
        }
    }
}

fn visit_pattern<'t, 's>(pattern: &'t Pattern<&'s str>, visit: &mut dyn FnMut(&'t Term<&'s str>)) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(patterns) => patterns.iter().for_each(|pattern| visit_pattern(pattern, visit)),
        Pattern::Obj(members) => members.iter().for_each(|(key, pattern)| {
            visit(key);
            visit_pattern(pattern, visit);
        }),
    }
}

/// `@deeper(f)`: `f`, counted as one call deeper for as long as it runs.
fn deeper() -> Fun<Jq> {
    let run = Native::new(|mut cv| {
        let (filter, context) = cv.0.pop_fun();
        let inner = meter::deeper(|| filter.run((context, cv.1)));
        Box::new(Deeper(inner))
    });
    let with_paths = run.with_paths(|mut cv| {
        let (filter, context) = cv.0.pop_fun();
        let inner = meter::deeper(|| filter.paths((context, cv.1)));
        Box::new(Deeper(inner))
    });
    let native = with_paths.with_update(|mut cv, change| {
        let (filter, context) = cv.0.pop_fun();
        let inner = meter::deeper(|| filter.update((context, cv.1), change));
        Box::new(Deeper(inner))
    });
    ("@deeper", [Bind::Fun(())].into(), native)
}

struct Deeper<I>(I);

impl<I: Iterator> Iterator for Deeper<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        meter::deeper(|| self.0.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

/// Every function that a user can call, with the number of its arguments.
#[cfg(test)]
pub(crate) fn signatures() -> BTreeSet<(&'static str, usize)> {
    let defined = LIBRARY.iter().map(|(def, _)| (def.name, def.args.len()));
    let native = natives().map(|(name, arguments, _)| (name, arguments.len()));
    let all = defined.chain(native);
    all.filter(|(name, _)| !name.starts_with('@')).collect()
}
