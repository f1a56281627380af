//! Records and the state of the catalog. The tables are the format: numbers are added, never changed, never used again.

use motet_engine::{Catalog, CatalogFact, CatalogRecord, Published, TagMove, Workflow};

use crate::field::{message, variants};

message!(CatalogRecord { 1 at, 2 fact });

variants!("catalog fact", CatalogFact {
    1 Published { 1 definition, 2 digest, 3 source },
    2 Tagged { 1 workflow, 2 tag, 3 version, 4 actor, 5 reason },
});

message!(Catalog { 1 workflows, 2 records, 3 updated_at });

message!(Workflow { 1 versions, 2 tags });

message!(Published { 1 digest, 2 source, 3 at });

message!(TagMove { 1 at, 2 from, 3 to, 4 actor, 5 reason });
