use bytes::Bytes;

use crate::{Completion, Entity, Error, Position, Row, TableId, Value};

/// What lists and pictures live on: queries over the declared tables, lagging the commits by about a second at most.
pub trait Reads: Send + Sync {
    /// Rows, or counts of rows by one column.
    fn query(&self, query: Query, done: Completion<Result<Answer, Error>>);

    /// Chunks of an entity's history in order, whole even before its snapshot, beginning after the first `skip` records;
    /// it ends with the chunk in which `limit` is reached. Each comes with the ordinal of its first record and its position.
    /// Unlike queries this includes every durable commit.
    fn history(
        &self,
        entity: Entity,
        skip: u64,
        limit: usize,
        done: Completion<Result<Vec<(u64, Position, Bytes)>, Error>>,
    );

    /// The position up to which queries see every commit.
    fn covered(&self) -> Position;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub table: TableId,
    /// All must hold.
    pub filters: Vec<Filter>,
    /// Count by the value of this column instead of returning rows.
    pub count_by: Option<&'static str>,
    pub order: Order,
    /// Only rows whose key comes after this one in the chosen order.
    pub after: Option<Vec<Value>>,
    pub limit: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub column: &'static str,
    pub test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    Equal(Value),
    /// One of several values.
    In(Vec<Value>),
    AtLeast(Value),
    Below(Value),
}

/// Order by primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Rows {
        rows: Vec<Row>,
        covered: Position,
    },
    Counts {
        counts: Vec<(Value, u64)>,
        covered: Position,
    },
}
