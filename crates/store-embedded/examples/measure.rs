//! What the store costs on this machine: `cargo run --release -p motet-store-embedded --example measure`.

#[path = "../tests/common/mod.rs"]
mod common;

use std::io::Write;
use std::sync::mpsc;
use std::time::Instant;

use common::Directory;
use common::client::epoch;
use motet_store::{
    Column, ColumnType, Commit, Entity, Index, RowChange, Schema, Store, Table, TableId, Value,
};
use motet_store_embedded::{Options, Service};
use motet_types::{InstanceId, ShardId, Timestamp};

const INSTANCES: u64 = 20_000;
const COMMITS_EACH: u64 = 4;
const RECORD_BYTES: usize = 250;

static SCHEMA: Schema = Schema { tables: &[INSTANCE, CALL] };

const INSTANCE: Table = Table {
    id: TableId(1),
    name: "instance",
    columns: &[
        Column { name: "id", kind: ColumnType::Blob },
        Column { name: "workflow", kind: ColumnType::Text },
        Column { name: "status", kind: ColumnType::Int },
        Column { name: "updated", kind: ColumnType::Int },
        Column { name: "parent", kind: ColumnType::Blob },
        Column { name: "business_key", kind: ColumnType::Text },
    ],
    key_columns: 1,
    indexes: &[
        Index { columns: &["workflow", "status"], partial: false },
        Index { columns: &["parent"], partial: true },
        Index { columns: &["business_key"], partial: true },
    ],
};

const CALL: Table = Table {
    id: TableId(2),
    name: "call",
    columns: &[
        Column { name: "shard", kind: ColumnType::Int },
        Column { name: "instance", kind: ColumnType::Blob },
        Column { name: "step", kind: ColumnType::Int },
        Column { name: "service", kind: ColumnType::Text },
    ],
    key_columns: 3,
    indexes: &[],
};

fn main() {
    for in_flight in [1, 16, 64, 256] {
        let instances = if in_flight == 1 { INSTANCES / 10 } else { INSTANCES };
        let line = measure(in_flight, instances);
        writeln!(std::io::stdout(), "{line}").expect("somebody reads");
    }
}

/// Runs instances of four commits each, `in_flight` at once, each commit after the one before.
fn measure(in_flight: u64, instances: u64) -> String {
    let directory = Directory::new();
    let service = Service::open(directory.path(), &SCHEMA, Options::default()).expect("it opens");
    let epoch = epoch(&service);
    let (sender, receiver) = mpsc::channel();
    let submit = |instance: u64, step: u64| {
        let sender = sender.clone();
        let commit = commit(epoch, instance, step);
        let done = move |result: Result<Vec<_>, _>| {
            result.expect("it is durable");
            sender.send((instance, step)).expect("the test listens");
        };
        service.commit(vec![commit], Box::new(done));
    };
    let (began, cpu) = (Instant::now(), cpu_seconds());
    (0..in_flight).for_each(|instance| submit(instance, 0));
    let (mut next, mut finished) = (in_flight, 0);
    while finished < instances {
        let (instance, step) = receiver.recv().expect("commits are answered");
        if step + 1 < COMMITS_EACH {
            submit(instance, step + 1);
        } else {
            finished += 1;
            if next < instances {
                submit(next, 0);
                next += 1;
            }
        }
    }
    let running = began.elapsed();
    service.flush().expect("the tables follow");
    let (stats, cpu) = (service.stats(), cpu_seconds() - cpu);
    let bytes =
        std::fs::metadata(directory.path().join("tables.sqlite")).map_or(0, |data| data.len());
    let per = |total: u64, count: u64| total as f64 / 1_000.0 / count as f64;
    format!(
        "{in_flight:>4} in flight: {:>7.0} commits/s, {:>5.1} commits/sync, sync {:>6.1} us, write {:>5.2} us/commit, \
         tables {:>5.1} us/instance, {:>5} bytes/instance, cpu {:>5.1} us/instance",
        stats.commits as f64 / running.as_secs_f64(),
        stats.commits as f64 / stats.syncs as f64,
        per(stats.sync_nanos, stats.syncs),
        per(stats.write_nanos, stats.commits),
        per(stats.checkpoint_nanos, instances),
        bytes / instances,
        cpu * 1e6 / instances as f64,
    )
}

fn commit(epoch: motet_store::Epoch, instance: u64, step: u64) -> Commit {
    let now = Timestamp::from_micros(1_700_000_000_000_000 + (instance * 166) as i64);
    let id = InstanceId::new(now, ShardId(0), instance.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let blob = || Value::Blob(id.0.to_vec().into());
    let row = vec![
        blob(),
        Value::Text("default/fulfil-order:1.0.0".to_owned()),
        Value::Int(i64::from(step + 1 == COMMITS_EACH)),
        Value::Int(now.as_micros()),
        Value::Null,
        Value::Null,
    ];
    let key = |step: u64| vec![Value::Int(0), blob(), Value::Int(step as i64)];
    let mut rows = vec![RowChange::Put { table: TableId(1), row }];
    if step > 0 {
        rows.push(RowChange::Delete { table: TableId(2), key: key(step - 1) });
    }
    if step + 1 < COMMITS_EACH {
        let call = [key(step), vec![Value::Text("payments".to_owned())]].concat();
        rows.push(RowChange::Put { table: TableId(2), row: call });
    }
    Commit {
        shard: ShardId(0),
        epoch,
        entity: Entity(id.0),
        records: vec![step as u8; RECORD_BYTES].into(),
        record_count: 3,
        snapshot: None,
        rows,
    }
}

/// User and system time of this process (Linux, proc(5): fields 14 and 15 of `stat`, in ticks of 10 ms).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("the system has proc");
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / 100.0
}
