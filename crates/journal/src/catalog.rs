//! Records and the state of the catalog. The tables are the format: numbers are added, never changed, never used again.

use motet_engine::{
    Catalog, CatalogFact, CatalogRecord, Grant, Namespaces, Published, Revocation, Role,
    SealedSecret, SecretName, TagMove, Token, Workflow,
};

use crate::field::{message, variants};

message!(CatalogRecord { 1 at, 2 fact, 3 actor });

variants!("catalog fact", CatalogFact {
    1 Published { 1 definition, 2 digest, 3 source },
    2 Tagged { 1 workflow, 2 tag, 3 version, 4 actor, 5 reason },
    4 TokenCreated { 1 id, 2 grant },
    5 TokenRevoked { 1 id, 2 reason },
    6 SecretSet { 1 name, 2 sealed },
    7 SecretDeleted { 1 name, 2 reason },
});

message!(Catalog { 1 workflows, 2 records, 3 updated_at, 4 tokens, 5 secrets });

message!(Workflow { 1 versions, 2 tags });

message!(Published { 1 digest, 2 source, 3 at, 4 actor });

message!(TagMove { 1 at, 2 from, 3 to, 4 actor, 5 reason });

message!(Grant { 1 name, 2 hash, 3 roles, 4 namespaces, 5 description, 6 expires });

message!(Token { 1 grant, 2 created_at, 3 created_by, 4 revoked });

message!(Revocation { 1 at, 2 by, 3 reason });

variants!("role", Role {
    1 Viewer,
    2 Operator,
    3 Author,
    4 Admin,
    5 Worker,
    6 Service,
});

variants!("namespaces", Namespaces {
    1 All,
    2 Named(1 names),
});

message!(SecretName { 1 namespace, 2 name });

message!(SealedSecret { 1 sealed, 2 version, 3 at, 4 by });
