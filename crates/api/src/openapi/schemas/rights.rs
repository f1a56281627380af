use super::Presence::{Always, Maybe};
use super::Schema;
use super::Shape::{Any, Id, Instant, List, Number, Ref, Text};

/// Shapes of tokens, secrets, the audit and purges.
pub(super) const SCHEMAS: &[Schema] = &[
    Schema {
        name: "TokenRequest",
        meaning: "A token to be made: how it is called, what it may do (`viewer`, `operator`, `author`, `admin`, `worker`, `service`), in which \
                  namespaces (`*`: all), and how long, as in `90d`, or until when.",
        members: &[
            ("name", Always, Text),
            ("roles", Always, List(&Text)),
            ("namespaces", Always, List(&Text)),
            ("description", Maybe, Text),
            ("expiresIn", Maybe, Text),
            ("expiresAt", Maybe, Instant),
        ],
    },
    Schema {
        name: "NewToken",
        meaning: "A token that was just made. `token` is its text, which is kept nowhere.",
        members: &[
            ("token", Always, Text),
            ("id", Always, Text),
            ("name", Always, Text),
            ("roles", Always, List(&Text)),
            ("namespaces", Always, List(&Text)),
            ("description", Maybe, Text),
            ("expiresAt", Maybe, Instant),
            ("createdAt", Always, Instant),
            ("createdBy", Maybe, Text),
        ],
    },
    Schema {
        name: "Token",
        meaning: "A token without its text. `lastUsedAt` is as far as this process knows.",
        members: &[
            ("id", Always, Text),
            ("name", Always, Text),
            ("roles", Always, List(&Text)),
            ("namespaces", Always, List(&Text)),
            ("description", Maybe, Text),
            ("expiresAt", Maybe, Instant),
            ("createdAt", Always, Instant),
            ("createdBy", Maybe, Text),
            ("lastUsedAt", Maybe, Instant),
            ("revokedAt", Maybe, Instant),
            ("revokedBy", Maybe, Text),
            ("revokedFor", Maybe, Text),
        ],
    },
    Schema {
        name: "TokenList",
        meaning: "Tokens, by name.",
        members: &[("items", Always, List(&Ref("Token")))],
    },
    Schema {
        name: "Caller",
        meaning: "Who the server takes the caller for. `id` is absent where nobody has to show a token.",
        members: &[
            ("actor", Always, Text),
            ("id", Maybe, Text),
            ("roles", Always, List(&Text)),
            ("namespaces", Always, List(&Text)),
            ("description", Maybe, Text),
            ("expiresAt", Maybe, Instant),
        ],
    },
    Schema {
        name: "SecretValue",
        meaning: "The value of a secret; it may also be the whole body, as text.",
        members: &[("value", Always, Text)],
    },
    Schema {
        name: "Secret",
        meaning: "A secret without its value. `version` counts the values that were set.",
        members: &[
            ("namespace", Always, Text),
            ("name", Always, Text),
            ("version", Always, Number),
            ("setAt", Always, Instant),
            ("setBy", Maybe, Text),
        ],
    },
    Schema {
        name: "SecretList",
        meaning: "Secrets, by name.",
        members: &[("items", Always, List(&Ref("Secret")))],
    },
    Schema {
        name: "AuditPage",
        meaning: "A page of the audit, newest first.",
        members: &[("items", Always, List(&Ref("AuditEntry"))), ("next", Maybe, Text)],
    },
    Schema {
        name: "AuditEntry",
        meaning: "Something that somebody did: the actor is a token's name, or `local`.",
        members: &[
            ("at", Always, Instant),
            ("actor", Always, Text),
            ("action", Always, Text),
            ("namespace", Maybe, Text),
            ("subject", Always, Text),
            ("reason", Maybe, Text),
            ("before", Maybe, Any),
            ("after", Maybe, Any),
        ],
    },
    Schema {
        name: "Purge",
        meaning: "What is gone: the instance, and how many with those that it started.",
        members: &[("id", Always, Id), ("purged", Always, Number)],
    },
];
