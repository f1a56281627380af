//! Calls of the functions of ours.

use motet_expr::Template as Compiled;

use super::Checker;
use super::scope::Scope;
use crate::model::Call;
use crate::own::{self, OwnFunction};
use crate::pointer::Path;
use crate::value::{Value, as_str};
use crate::{Code, Diagnostic};

impl<'a> Checker<'a> {
    pub(super) fn own_function(
        &mut self,
        function: OwnFunction,
        call: &'a Call,
        path: &Path<'a>,
        scope: &Scope<'a>,
    ) {
        let Call::Function(call) = call else { return };
        let (with, scope) = (path.key("with"), &scope.inside_call());
        let at = if call.with.is_some() { with.pointer() } else { path.pointer() };
        for flaw in own::flaws(function, call.with.as_ref(), &at) {
            let problem = Diagnostic::new(flaw.code, flaw.pointer, flaw.message);
            self.report(if flaw.is_key { problem.about_key() } else { problem });
        }
        for (key, value) in call.with.iter().flatten() {
            let name = as_str(key).unwrap_or_default();
            // A form is a schema: nothing in it is evaluated.
            if function == OwnFunction::Human && name == "form" {
                continue;
            }
            let path = with.key(name);
            self.value(value, &path, scope);
            self.no_secrets(value, &path, scope);
        }
    }

    /// Only markers of secrets exist outside dispatch, and neither workers nor people could do anything with one.
    fn no_secrets(&mut self, value: &Value, path: &Path<'a>, scope: &Scope<'a>) {
        let Ok(compiled) = Compiled::compile(value, &scope.variables(), self.mode) else { return };
        let names_secret = compiled.programs().any(|program| {
            program.variables().iter().any(|name| name == "secrets" || name == "secret")
        });
        if names_secret {
            let message = "workers and people get no secrets, only a marker would arrive: \
                           give them the name under which they find it themselves";
            self.report(Diagnostic::new(Code::SecretOutsideCall, path.pointer(), message));
        }
    }
}
