use bytes::Bytes;

use crate::{Completion, Entity, Error, Position, Row, TableId, Value};

/// One chunk of a history: the ordinal of its first record, counted from 0, its position, and its records.
pub type HistoryChunk = (u64, Position, Bytes);

/// What lists and pictures live on: queries over the declared tables, lagging the commits by about a second at most.
pub trait Reads: Send + Sync {
    /// Rows, or counts of rows by one column.
    fn query(&self, query: Query, done: Completion<Result<Answer, Error>>);

    /// Chunks of an entity's history in order, whole even before its snapshot, beginning with the chunk that holds the record
    /// after the first `skip`; it ends with the chunk in which `limit` records after those are reached.
    /// Where that record was cut out, it begins with the next one that is there, and counts from that.
    /// Unlike queries this includes every durable commit.
    fn history(
        &self,
        entity: Entity,
        skip: u64,
        limit: usize,
        done: Completion<Result<Vec<HistoryChunk>, Error>>,
    );

    /// The position up to which queries see every commit.
    fn covered(&self) -> Position;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub table: TableId,
    /// All must hold.
    pub filters: Vec<Filter>,
    /// Count the rows by the value of this column, in order of the values, instead of returning them; `limit` counts values.
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

/// What a column's value must be. Null equals null; it is neither at least nor below anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    Equal(Value),
    /// One of several values.
    In(Vec<Value>),
    AtLeast(Value),
    Below(Value),
}

impl Test {
    /// Whether `value` passes.
    pub fn admits(&self, value: &Value) -> bool {
        let comparable = |bound: &Value| *value != Value::Null && *bound != Value::Null;
        match self {
            Self::Equal(wanted) => value == wanted,
            Self::In(wanted) => wanted.contains(value),
            Self::AtLeast(bound) => comparable(bound) && value >= bound,
            Self::Below(bound) => comparable(bound) && value < bound,
        }
    }

    /// The values it compares with.
    pub fn operands(&self) -> &[Value] {
        match self {
            Self::Equal(value) | Self::AtLeast(value) | Self::Below(value) => {
                std::slice::from_ref(value)
            }
            Self::In(values) => values,
        }
    }
}

/// Order by primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Rows { rows: Vec<Row>, covered: Position },
    Counts { counts: Vec<(Value, u64)>, covered: Position },
}
