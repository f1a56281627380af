use super::Checker;
use crate::model::{Call, FunctionTarget, Task, TaskKind};
use crate::pointer::Path;
use crate::walk::lists;
use crate::{Code, Diagnostic};

impl<'a> Checker<'a> {
    /// Functions are inlined, so none may call itself, directly or through others.
    pub(super) fn recursion(&mut self, path: &Path<'a>) {
        let functions = self.document.use_.iter().flat_map(|use_| &use_.functions).flatten();
        for (name, function) in functions {
            let mut seen = Vec::new();
            let mut open = called(function);
            while let Some(next) = open.pop() {
                if next == name {
                    let message = format!(
                        "the function `{name}` calls itself: use `for` or a `then` instead"
                    );
                    let pointer = path.key(name).pointer();
                    let problem = Diagnostic::new(Code::RecursiveFunction, pointer, message);
                    self.report(problem.about_key());
                    break;
                }
                if seen.contains(&next) {
                    continue;
                }
                seen.push(next);
                open.extend(self.document.function(next).map(called).unwrap_or_default());
            }
        }
    }
}

/// Names of the functions that a task calls, at any depth.
fn called(task: &Task) -> Vec<&str> {
    let mut names = Vec::new();
    if let TaskKind::Call(Call::Function(own)) = &task.kind
        && let FunctionTarget::Named(name) = own.target()
    {
        names.push(name);
    }
    for (list, _) in lists(task) {
        names.extend(list.iter().flat_map(|item| called(&item.task)));
    }
    names
}
