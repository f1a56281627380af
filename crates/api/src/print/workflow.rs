use motet_runtime::{PublishReply, TagMove, Workflow};
use motet_types::{Label, Version, WorkflowName};

use super::diagnostics;
use crate::json::{self, Object};

/// What came of a publication.
pub(crate) fn publication(reply: &PublishReply) -> Vec<u8> {
    json::object(|object| {
        workflow_name(object, &reply.definition.workflow);
        object.text("version", &reply.definition.version);
        object.text("digest", reply.digest);
        object.truth("created", reply.created);
        diagnostics(object, &reply.diagnostics);
    })
}

/// A workflow in a list: the texts of its versions, newest first, and where its tags stand.
pub(crate) fn workflow_summary(object: &mut Object<'_>, name: &WorkflowName, workflow: &Workflow) {
    workflow_name(object, name);
    object.array("versions", |versions| {
        for version in workflow.versions.keys().rev() {
            versions.text(version);
        }
    });
    object.object("tags", |tags| {
        for (tag, moves) in &workflow.tags {
            tags.maybe_text(tag.as_str(), present(moves));
        }
    });
}

/// A workflow with its versions, newest first, and its tags.
pub(crate) fn workflow(object: &mut Object<'_>, name: &WorkflowName, workflow: &Workflow) {
    workflow_name(object, name);
    object.array("versions", |versions| {
        for (version, published) in workflow.versions.iter().rev() {
            versions.object(|item| {
                item.text("version", version);
                item.text("digest", published.digest);
                item.text("publishedAt", published.at);
                item.maybe_text("publishedBy", published.actor.as_ref());
            });
        }
    });
    tags(object, workflow);
}

/// The member `tags`.
pub(crate) fn tags(object: &mut Object<'_>, workflow: &Workflow) {
    object.array("tags", |items| {
        for (name, moves) in &workflow.tags {
            items.object(|item| tag(item, name, moves));
        }
    });
}

/// One tag with its moves, newest first.
pub(crate) fn tag(object: &mut Object<'_>, tag: &Label, moves: &[TagMove]) {
    object.text("tag", tag);
    object.maybe_text("version", present(moves));
    object.array("moves", |items| {
        for step in moves.iter().rev() {
            items.object(|item| {
                item.text("at", step.at);
                item.maybe_text("from", step.from.as_ref());
                item.text("to", &step.to);
                item.maybe_text("actor", step.actor.as_ref());
                item.maybe_text("reason", step.reason.as_ref());
            });
        }
    });
}

fn workflow_name(object: &mut Object<'_>, name: &WorkflowName) {
    object.text("namespace", &name.namespace);
    object.text("name", &name.name);
}

fn present(moves: &[TagMove]) -> Option<&Version> {
    moves.last().map(|last| &last.to)
}
