use std::collections::BTreeSet;

use motet_runtime::{AuditEntry, Grant, Namespaces, Role, SealedSecret, SecretName, Token};
use motet_types::{Label, Timestamp};

use crate::json::Object;

/// A token without its text; `used` is when it was last used, as far as this process knows.
pub(crate) fn token(object: &mut Object<'_>, id: &Label, token: &Token, used: Option<Timestamp>) {
    object.text("id", id);
    object.text("name", &token.grant.name);
    grant(object, &token.grant);
    object.text("createdAt", token.created_at);
    object.maybe_text("createdBy", token.created_by.as_ref());
    object.maybe_text("lastUsedAt", used);
    if let Some(revoked) = &token.revoked {
        object.text("revokedAt", revoked.at);
        object.maybe_text("revokedBy", revoked.by.as_ref());
        object.maybe_text("revokedFor", revoked.reason.as_ref());
    }
}

/// What a token allows.
pub(crate) fn grant(object: &mut Object<'_>, grant: &Grant) {
    rights(object, &grant.roles, &grant.namespaces);
    object.maybe_text("description", grant.description.as_ref());
    object.maybe_text("expiresAt", grant.expires);
}

/// The members `roles` and `namespaces`.
pub(crate) fn rights(object: &mut Object<'_>, roles: &BTreeSet<Role>, namespaces: &Namespaces) {
    object.array("roles", |items| roles.iter().for_each(|role| items.text(role)));
    object.array("namespaces", |items| match namespaces {
        Namespaces::All => items.text("*"),
        Namespaces::Named(names) => names.iter().for_each(|name| items.text(name)),
    });
}

/// A secret without its value.
pub(crate) fn secret(object: &mut Object<'_>, name: &SecretName, secret: &SealedSecret) {
    object.text("namespace", &name.namespace);
    object.text("name", &name.name);
    object.number("version", secret.version);
    object.text("setAt", secret.at);
    object.maybe_text("setBy", secret.by.as_ref());
}

/// One entry of the audit.
pub(crate) fn audit(object: &mut Object<'_>, entry: &AuditEntry) {
    object.text("at", entry.at);
    object.text("actor", &entry.actor);
    object.text("action", &entry.action);
    object.maybe_text("namespace", entry.namespace.as_ref());
    object.text("subject", &entry.subject);
    object.maybe_text("reason", entry.reason.as_ref());
    for (key, value) in [("before", &entry.before), ("after", &entry.after)] {
        if let Some(value) = value {
            object.value(key, value);
        }
    }
}
