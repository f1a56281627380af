use motet_expr::{Program, Template as Compiled};

use super::Checker;
use super::scope::Scope;
use crate::pointer::Pointer;
use crate::read::CANDIDATES_MAX;
use crate::work::spend;
use crate::{Code, Diagnostic};

impl<'a> Checker<'a> {
    /// Judges how the expressions of a template treat secrets.
    pub(super) fn secrets_of(&mut self, compiled: &Compiled, pointer: &Pointer, scope: &Scope<'a>) {
        match compiled {
            Compiled::Literal(_) => {}
            Compiled::Attempt(inner, _) => self.secrets_of(inner, pointer, scope),
            Compiled::Program(program) => {
                let program = program.clone();
                let source = program.source().to_owned();
                self.secrets_in(pointer, &source, &[program], false, scope);
            }
            Compiled::Text(_) => {
                let programs: Vec<Program> = compiled.programs().cloned().collect();
                let sources: Vec<&str> = programs.iter().map(Program::source).collect();
                self.secrets_in(pointer, &sources.join(" "), &programs, true, scope);
            }
            Compiled::Array(items) => {
                for (idx, item) in items.iter().enumerate() {
                    self.secrets_of(item, &pointer.index(idx), scope);
                }
            }
            Compiled::Object(entries) => {
                for (key, entry) in entries {
                    let key = crate::value::as_str(key).unwrap_or_default();
                    self.secrets_of(entry, &pointer.key(key), scope);
                }
            }
        }
    }

    /// Judges how expressions of one text treat secrets; `used` says that the place makes something of their results.
    pub(super) fn secrets_in(
        &mut self,
        pointer: &Pointer,
        text: &str,
        programs: &[Program],
        used: bool,
        scope: &Scope<'a>,
    ) {
        let uses_secrets =
            |program: &&Program| program.variables().iter().any(|name| name == "secrets");
        for program in programs.iter().filter(uses_secrets) {
            let uses = secret_uses(program.source());
            for name in uses.iter().filter_map(|secret| secret.name.as_deref()) {
                self.declared_secret(name, pointer, text);
            }
            if scope.in_call() {
                continue;
            }
            if used || !only_passes(program.source(), &uses) {
                let message = "a secret is worked with outside a call, where only a marker of it exists: \
                               pass it on as it is, or do this inside the call's `with` or authentication";
                self.report(Diagnostic::new(Code::SecretOutsideCall, pointer.clone(), message));
            }
        }
    }

    /// A secret that credentials or an expression name.
    pub(super) fn declared_secret(&mut self, name: &str, pointer: &Pointer, text: &str) {
        let document = self.document;
        let declared = document.secrets();
        let known = self.secret_names.get_or_insert_with(|| {
            spend(declared.len());
            declared.iter().map(String::as_str).collect()
        });
        if known.contains(name) {
            return;
        }
        let message = format!("the secret `{name}` is not declared in `use.secrets`: add it there");
        let mut problem = Diagnostic::new(Code::UnknownSecret, pointer.clone(), message);
        let names: Vec<&str> = declared.iter().map(String::as_str).take(CANDIDATES_MAX).collect();
        if let Some(near) = self.meant(name, &names) {
            problem = problem.with_help(format!("did you mean `{near}`?"));
        }
        self.report(match text.find(name) {
            Some(start) => problem.within(text, start..start + name.len()),
            None => problem,
        });
    }
}

/// One `$secrets…` path in a source.
pub(super) struct SecretUse {
    /// Bytes of the whole path.
    range: std::ops::Range<usize>,
    /// The first name of the path, where it is written out.
    pub(super) name: Option<String>,
}

/// Every path that begins with `$secrets` (or `$secret`, its other spelling).
pub(super) fn secret_uses(source: &str) -> Vec<SecretUse> {
    let mut uses = Vec::new();
    let mut at = 0;
    while let Some(found) = source[at..].find("$secret") {
        let start = at + found;
        let mut end = start + "$secret".len();
        end += usize::from(source[end..].starts_with('s'));
        let mut name = None;
        while let Some((segment, length)) = path_segment(&source[end..]) {
            name = name.or(Some(segment));
            end += length;
        }
        uses.push(SecretUse { range: start..end, name });
        at = end;
    }
    uses
}

/// `.name`, `."name"` or `["name"]` at the start of `text`: the name and the length in bytes.
fn path_segment(text: &str) -> Option<(String, usize)> {
    if let Some(rest) = text.strip_prefix("[\"") {
        let end = rest.find("\"]")?;
        return (!rest[..end].contains(['"', '\\'])).then(|| (rest[..end].to_owned(), end + 4));
    }
    let rest = text.strip_prefix('.')?;
    if let Some(quoted) = rest.strip_prefix('"') {
        let end = quoted.find('"')?;
        return (!quoted[..end].contains('\\')).then(|| (quoted[..end].to_owned(), end + 3));
    }
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let is_name = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    is_name.then(|| (rest[..end].to_owned(), end + 1))
}

/// Whether a source only puts values together: paths, variables, literals, arrays and objects, no operator or function.
pub(super) fn only_passes(source: &str, uses: &[SecretUse]) -> bool {
    let mut rest = String::new();
    let mut at = 0;
    for secret in uses {
        rest.push_str(&source[at..secret.range.start]);
        at = secret.range.end;
    }
    rest.push_str(&source[at..]);
    let named = uses.iter().all(|secret| secret.name.is_some());
    let plain = |c: char| c.is_alphanumeric() || c.is_whitespace() || "{}[],:._$\"".contains(c);
    let after_secret = |secret: &SecretUse| {
        let next = source[secret.range.end..].trim_start().chars().next();
        matches!(next, None | Some(',' | '}' | ']'))
    };
    named && rest.chars().all(plain) && uses.iter().all(after_secret) && !has_words(&rest)
}

/// Whether a bare word (a function or a keyword) stands where it is no key of an object.
fn has_words(source: &str) -> bool {
    let mut before = ' ';
    let mut letters = source.char_indices().peekable();
    while let Some((start, letter)) = letters.next() {
        if letter.is_alphabetic() && !matches!(before, '.' | '$' | '"') {
            let mut end = start + letter.len_utf8();
            while let Some((idx, next)) = letters.next_if(|(_, c)| c.is_alphanumeric() || *c == '_')
            {
                end = idx + next.len_utf8();
                before = next;
            }
            let word = &source[start..end];
            let is_key = source[end..].trim_start().starts_with([':', '"']);
            if !is_key && !matches!(word, "true" | "false" | "null") {
                return true;
            }
        } else if letter.is_alphabetic() {
            while letters.next_if(|(_, c)| c.is_alphanumeric() || *c == '_').is_some() {}
            before = 'a';
        } else {
            before = letter;
        }
    }
    false
}
