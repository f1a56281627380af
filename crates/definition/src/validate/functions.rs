use std::collections::HashMap;

use super::Checker;
use super::cycle::cyclic;
use crate::model::{Call, FunctionTarget, Named, Task, TaskKind};
use crate::pointer::Path;
use crate::walk::lists;
use crate::work::spend;
use crate::{Code, Diagnostic};

impl<'a> Checker<'a> {
    /// Functions are inlined, so none may call itself, directly or through others.
    pub(super) fn recursion(&mut self, functions: &'a Named<Task>, path: &Path<'a>) {
        let places: HashMap<&str, usize> =
            functions.keys().enumerate().map(|(idx, name)| (name.as_str(), idx)).collect();
        let calls: Vec<Vec<usize>> = functions
            .values()
            .map(|function| {
                called(function).iter().filter_map(|name| places.get(name)).copied().collect()
            })
            .collect();
        for ((name, _), recursive) in functions.iter().zip(cyclic(&calls)) {
            if recursive {
                let message = format!(
                    "the function `{name}` calls itself, directly or through others: use `for` or a `then` instead"
                );
                let pointer = path.key(name).pointer();
                self.report(Diagnostic::new(Code::RecursiveFunction, pointer, message).about_key());
            }
        }
    }
}

/// Names of the functions that a task calls, at any depth.
fn called(task: &Task) -> Vec<&str> {
    spend(1);
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
