//! What ended instances take on the disk, by namespace: what retention by bytes goes by.
//!
//! Each end adds a row to the table of ended instances and its size to the usage of its namespace, in the same commit; each
//! row that goes takes away what it added. So the sums are right whatever crashes or is refused.

use std::collections::BTreeMap;

use motet_engine::Instance;
use motet_store::{Row, RowChange, Value};
use motet_types::{InstanceId, ShardId, Timestamp};

use crate::tables::{ENDED, USAGE, id_value};

/// What rows, keys and indexes of one ended instance take beside its history, in bytes.
const ROWS_BYTES: u64 = 600;

/// Records of one instance, as far as they went through memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub(super) records: u64,
    pub(super) bytes: u64,
    /// The newest snapshot.
    pub(super) snapshot: u64,
}

/// A row of the table of ended instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) namespace: String,
    pub(super) at: Timestamp,
    pub(super) id: InstanceId,
    /// Of the instance then: it may end twice at one time, for clocks go back.
    pub(super) records: u64,
    pub(super) bytes: u64,
}

/// Ended instances and their bytes, by namespace and shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// With what is not durable yet.
    sums: Sums,
    durable: Sums,
    /// The durable ones together.
    bytes_durable: u64,
    /// Sums that the batch which is being built changes.
    changed: Sums,
}

type Sums = BTreeMap<(String, ShardId), Sum>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    instances: u64,
    bytes: u64,
}

/// The sums that a batch sets.
#[derive(Default)]
pub(super) struct UsageChanges(Sums);

impl Size {
    /// About what the instance takes, in bytes, if its history still has so many records. What was written before it was
    /// loaded from a snapshot, and what was cut out, is estimated from the records that were seen.
    pub(super) fn stored(self, records_left: u64) -> u64 {
        let seen = u128::from(self.records.max(1));
        let history = u128::from(self.bytes) * u128::from(records_left.max(1)) / seen;
        u64::try_from(history).unwrap_or(u64::MAX).saturating_add(self.snapshot + ROWS_BYTES)
    }
}

impl Ended {
    pub(super) fn of(instance: &Instance, bytes: u64) -> Self {
        Self {
            namespace: instance.start.definition.workflow.namespace.as_str().to_owned(),
            at: instance.updated_at,
            id: instance.id,
            records: instance.records,
            bytes,
        }
    }

    /// Reads a row; none if it is not of this table.
    pub(super) fn of_row(row: &Row) -> Option<Self> {
        let [
            Value::Text(namespace),
            Value::Int(at),
            Value::Blob(id),
            Value::Int(records),
            Value::Int(bytes),
        ] = row.as_slice()
        else {
            return None;
        };
        Some(Self {
            namespace: namespace.clone(),
            at: Timestamp::from_micros(*at),
            id: InstanceId(id.as_ref().try_into().ok()?),
            records: u64::try_from(*records).ok()?,
            bytes: u64::try_from(*bytes).ok()?,
        })
    }

    fn key(&self) -> Vec<Value> {
        vec![
            Value::Text(self.namespace.clone()),
            Value::Int(self.at.as_micros()),
            id_value(self.id),
            int(self.records),
        ]
    }
}

impl Usage {
    /// Takes a stored sum.
    pub(super) fn recover(&mut self, shard: ShardId, namespace: String, sum: Sum) {
        self.bytes_durable += sum.bytes;
        self.sums.insert((namespace.clone(), shard), sum);
        self.durable.insert((namespace, shard), sum);
    }

    /// What the ended instances of a namespace take, in bytes.
    pub(super) fn bytes(&self, namespace: &str) -> u64 {
        let from = (namespace.to_owned(), ShardId(0));
        let sums = self.sums.range(from..).take_while(|((of, _), _)| of == namespace);
        sums.map(|(_, sum)| sum.bytes).sum()
    }

    /// What all ended instances take, in bytes.
    pub(super) fn bytes_durable(&self) -> u64 {
        self.bytes_durable
    }

    /// Adds the rows of an end.
    pub(super) fn add(&mut self, ended: &Ended, rows: &mut Vec<RowChange>) {
        let mut row = ended.key();
        row.push(int(ended.bytes));
        rows.push(RowChange::Put { table: ENDED.id, row });
        rows.push(self.change(ended, |sum| Sum {
            instances: sum.instances + 1,
            bytes: sum.bytes.saturating_add(ended.bytes),
        }));
    }

    /// Takes the rows of an end away again.
    pub(super) fn remove(&mut self, ended: &Ended, rows: &mut Vec<RowChange>) {
        rows.push(RowChange::Delete { table: ENDED.id, key: ended.key() });
        rows.push(self.change(ended, |sum| Sum {
            instances: sum.instances.saturating_sub(1),
            bytes: sum.bytes.saturating_sub(ended.bytes),
        }));
    }

    /// What the batch that is handed over changes.
    pub(super) fn take_changes(&mut self) -> UsageChanges {
        UsageChanges(std::mem::take(&mut self.changed))
    }

    /// A batch is durable.
    pub(super) fn committed(&mut self, changes: UsageChanges) {
        for (of, sum) in changes.0 {
            let before = set(&mut self.durable, of, sum);
            self.bytes_durable = (self.bytes_durable + sum.bytes).saturating_sub(before.bytes);
        }
    }

    /// Nothing that is not durable will be.
    pub(super) fn refused(&mut self) {
        self.sums = self.durable.clone();
        self.changed.clear();
    }

    fn change(&mut self, ended: &Ended, by: impl FnOnce(Sum) -> Sum) -> RowChange {
        let of = (ended.namespace.clone(), ended.id.shard());
        let sum = by(self.sums.get(&of).copied().unwrap_or_default());
        set(&mut self.sums, of.clone(), sum);
        self.changed.insert(of.clone(), sum);
        let mut row = vec![Value::Int(i64::from(of.1.0)), Value::Text(of.0)];
        match sum.instances {
            0 => RowChange::Delete { table: USAGE.id, key: row },
            _ => {
                row.extend([int(sum.instances), int(sum.bytes)]);
                RowChange::Put { table: USAGE.id, row }
            }
        }
    }
}

impl Sum {
    /// The last two columns of a stored row.
    pub(super) fn of_columns(instances: u64, bytes: u64) -> Self {
        Self { instances, bytes }
    }
}

/// Sets a sum and gives the one before. A namespace of which nothing is left is forgotten, too.
fn set(sums: &mut Sums, of: (String, ShardId), sum: Sum) -> Sum {
    let before = match sum.instances {
        0 => sums.remove(&of),
        _ => sums.insert(of, sum),
    };
    before.unwrap_or_default()
}

fn int(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
