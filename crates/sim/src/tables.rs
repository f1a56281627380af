use motet_runtime::SCHEMA;
use motet_store::Table;

/// The runtime's table of this name.
pub(crate) fn named(name: &str) -> &'static Table {
    SCHEMA.tables.iter().find(|table| table.name == name).expect("the runtime declares it")
}
