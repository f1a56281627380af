//! What the store and the outlets count, for `/metrics`.

use std::sync::Arc;

use motet_runtime::Metrics;
use motet_store_embedded::{Service, Stats};

use super::outlets::Figures;
use super::telemetry::Told;

/// Asks the store, the outlets and the telemetry whenever it is called. It does not keep the store open.
pub(super) fn of(
    store: &Arc<Service>,
    outlets: &Arc<Figures>,
    told: &Arc<Told>,
) -> Arc<dyn Fn() -> Metrics + Send + Sync> {
    let (store, outlets, told) = (Arc::downgrade(store), outlets.clone(), told.clone());
    Arc::new(move || {
        let stored = store.upgrade().map(|store| figures(store.stats())).unwrap_or_default();
        stored.into_iter().chain(outlets.read()).chain(told.read()).collect()
    })
}

/// Destructured, so that a new figure is not forgotten here.
fn figures(stats: Stats) -> Metrics {
    let Stats {
        commits,
        groups,
        frames,
        syncs,
        sync_nanos,
        write_nanos,
        acknowledged,
        checkpoints,
        checkpoint_nanos,
        waits,
        overlay_bytes,
        last,
        covered,
    } = stats;
    let seconds = |nanos: u64| nanos as f64 / 1e9;
    let count = |count: u64| count as f64;
    vec![
        ("motet_store_commits_total", "Commits submitted.", "counter", count(commits)),
        ("motet_store_groups_total", "Groups of commits submitted.", "counter", count(groups)),
        ("motet_store_frames_total", "Frames written to the log.", "counter", count(frames)),
        ("motet_store_syncs_total", "Syncs of the log.", "counter", count(syncs)),
        ("motet_store_sync_seconds_total", "Time in syncs.", "counter", seconds(sync_nanos)),
        (
            "motet_store_write_seconds_total",
            "Time in writing frames.",
            "counter",
            seconds(write_nanos),
        ),
        ("motet_store_acknowledged_total", "Commits acknowledged.", "counter", count(acknowledged)),
        (
            "motet_store_checkpoints_total",
            "Transactions of the tables.",
            "counter",
            count(checkpoints),
        ),
        (
            "motet_store_checkpoint_seconds_total",
            "Time in transactions of the tables.",
            "counter",
            seconds(checkpoint_nanos),
        ),
        ("motet_store_waits_total", "Commits that waited for memory.", "counter", count(waits)),
        (
            "motet_store_overlay_bytes",
            "Commits that the tables lack, in bytes.",
            "gauge",
            count(overlay_bytes),
        ),
        ("motet_store_position", "Position of the last durable commit.", "gauge", count(last)),
        (
            "motet_store_covered_position",
            "Position up to which the tables reach.",
            "gauge",
            count(covered),
        ),
    ]
}
