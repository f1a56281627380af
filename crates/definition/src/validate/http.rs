use super::Checker;
use super::scope::Scope;
use crate::model::Template;
use crate::pointer::Path;
use crate::value::{Value, as_str};
use crate::{Code, Diagnostic};
use motet_expr::Mode;

impl<'a> Checker<'a> {
    /// The method of a request; a literal one is a token.
    pub(super) fn method(&mut self, own: &Template, path: &Path<'a>, scope: &Scope<'a>) {
        self.template(own, path, scope);
        let literal = own.literal().filter(|_| self.mode == Mode::Strict);
        if let Some(method) = literal.filter(|method| !is_token(method)) {
            let message = format!("`{method}` is no HTTP method: use one such as `get` or `post`");
            self.report(Diagnostic::new(Code::InvalidValue, path.pointer(), message));
        }
    }

    /// Headers of a request by name; the names are never expressions.
    pub(super) fn headers(
        &mut self,
        own: &'a Option<Template>,
        path: &Path<'a>,
        scope: &Scope<'a>,
    ) {
        self.maybe_template(own, path, scope);
        let Some(Template(Value::Obj(headers))) = own else {
            return;
        };
        for (name, value) in headers.iter() {
            let name = as_str(name).unwrap_or_default();
            let pointer = path.key(name).pointer();
            if !is_token(name) {
                let message = format!(
                    "`{name}` is no name of a header: use letters, digits and hyphens, as in `content-type`"
                );
                let problem = Diagnostic::new(Code::InvalidValue, pointer.clone(), message);
                self.report(problem.about_key());
            }
            if as_str(value).is_some_and(|text| text.contains(['\r', '\n', '\0'])) {
                let message =
                    format!("the header `{name}` holds a line break: write it in one line");
                self.report(Diagnostic::new(Code::InvalidValue, pointer, message));
            }
        }
    }
}

/// Whether a text is a `token` (RFC 9110 §5.6.2).
fn is_token(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !text.is_empty() && text.chars().all(letter)
}
