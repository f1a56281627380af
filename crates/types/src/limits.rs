use std::collections::BTreeMap;
use std::time::Duration;

/// Every limit of a server that its operator may move; the defaults are meant for production.
///
/// A limit that protects a file format or an id is a constant beside what it protects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// One document, in bytes.
    pub document_bytes_max: usize,
    /// Nesting of one document or value.
    pub depth_max: usize,
    /// Vertices of one compiled graph.
    pub vertices_max: usize,
    /// One input, output, request or response body, in bytes.
    pub payload_bytes_max: usize,
    /// Everything one instance keeps in memory, in bytes.
    pub instance_bytes_max: usize,
    /// Steps that one instance may activate.
    pub steps_max: u32,
    /// Effects of one instance that it could undo.
    pub undo_entries_max: usize,
    /// Nesting of instances by `run: workflow`.
    pub children_depth_max: u32,
    /// Fuel of one expression, in evaluated terms; a quarter of a million takes about 20 ms. Steps of definitions that
    /// burn much run beside the engine thread.
    pub expression_fuel_max: u64,
    /// Records that one step may write before it yields.
    pub step_records_max: usize,
    /// Bytes of values that one step may write before it yields.
    pub step_bytes_max: usize,
    /// Fuel that one step may burn before it yields, in evaluated terms.
    pub step_fuel_max: u64,
    /// An attempt of a call without a timeout of its own.
    pub attempt_timeout: Duration,
    /// Longest retry delay, timer or timeout that a definition may ask for.
    pub duration_max: Duration,
    /// Records at the beginning of a live instance's history that are kept.
    pub history_first_records_max: u64,
    /// Records at the end of a live instance's history that are kept, at least; it is cut where a block of them begins.
    pub history_last_records_max: u64,
    /// How long a start key is remembered after its instance has begun.
    pub start_key_retention: Duration,
    /// How long an instance is kept after it has ended.
    pub retention_age: Duration,
    /// The same for the instances of single namespaces.
    pub retention_age_by_namespace: BTreeMap<String, Duration>,
    /// What the ended instances of one namespace may take, in bytes; beyond it the first go that ended.
    pub retention_bytes: Option<u64>,
    /// The same for single namespaces.
    pub retention_bytes_by_namespace: BTreeMap<String, u64>,
    /// How long an entry of the audit is kept.
    pub audit_retention: Duration,
    /// Entries that the audit holds; beyond it the first go that were written. They are counted now and then.
    pub audit_entries_max: usize,
    /// Calls in flight of one server.
    pub calls_in_flight_max: usize,
    /// External commands that wait in one server's lane.
    pub commands_waiting_max: usize,
    /// Instances that one server keeps in memory while nothing moves them.
    pub instances_cached_max: usize,
    /// Commits that one frame covers.
    pub frame_commits_max: usize,
    /// Bytes after which a frame is closed.
    pub frame_bytes_target: usize,
    /// One frame, in bytes; a larger commit is refused.
    pub frame_bytes_max: usize,
    /// Commits that the tables do not cover yet, in bytes; beyond it commits wait.
    pub overlay_bytes_max: usize,
    /// Size to which segments of the log grow under load, in bytes.
    pub segment_bytes_max: usize,
    /// Room that is given back when the disk is full, so that what runs can finish, in bytes.
    pub disk_reserve_bytes: usize,
    /// Rows of one page of a list.
    pub page_rows_max: usize,
    /// Instances of one namespace that run at once; others wait for room.
    pub instances_running_max: Option<u64>,
    /// The same for single namespaces.
    pub instances_running_max_by_namespace: BTreeMap<String, u64>,
    /// Instances that wait for room under one limit before starts are refused.
    pub instances_waiting_max: usize,
    /// Instances below the children of one root, at once.
    pub descendants_max: u64,
    /// Instances that wait for one concurrency key.
    pub concurrency_queue_max: usize,
    /// Workers that one attempt of a job may lose, each at the end of its lease, before the job fails.
    pub job_workers_lost_max: u32,
    /// How long an event is remembered: for late listeners, and so that it is not taken twice.
    pub event_window: Duration,
    /// Events of one request.
    pub events_batch_max: usize,
    /// Events that one topic keeps for late listeners.
    pub events_retained_max: usize,
    /// The same, in bytes.
    pub events_retained_bytes_max: usize,
    /// Events by whose source and id one topic recognises duplicates.
    pub event_keys_max: usize,
    /// Listens that wait at one topic.
    pub subscriptions_max: usize,
    /// Different filters of the listens at one topic; each is evaluated once per event.
    pub event_filters_max: usize,
    /// Fuel of one filter on one event, in evaluated terms.
    pub filter_fuel_max: u64,
    /// Fuel with which one listen may look back over what a topic has kept, in evaluated terms.
    pub lookback_fuel_max: u64,
    /// Events that one activation of `listen` may take.
    pub listen_events_max: usize,
    /// Sets of events that the schedule of one workflow gathers, and starts that wait behind one that runs.
    pub schedule_sets_max: usize,
    /// Events that wait for one sink before no instance begins that would add to them.
    pub sink_events_max: usize,
    /// Events that one sink has refused for good and that are kept; at the next one the sink stops.
    pub sink_refused_max: usize,
    /// Events sent to one instance that wait for a listen.
    pub events_waiting_max: usize,
    /// Events of which one instance remembers that it took them; when there are more, its later listens look back less far.
    pub events_remembered_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const KIB: usize = 1024;
        const MIB: usize = 1024 * KIB;
        Self {
            document_bytes_max: MIB,
            depth_max: 128,
            vertices_max: 10_000,
            payload_bytes_max: MIB,
            instance_bytes_max: 16 * MIB,
            steps_max: 1_000_000,
            undo_entries_max: 10_000,
            children_depth_max: 64,
            expression_fuel_max: 250_000,
            step_records_max: 256,
            step_bytes_max: 256 * KIB,
            step_fuel_max: 250_000,
            attempt_timeout: Duration::from_secs(60),
            duration_max: Duration::from_secs(10 * 366 * 86_400),
            history_first_records_max: 1_000,
            history_last_records_max: 100_000,
            start_key_retention: Duration::from_secs(86_400),
            retention_age: Duration::from_secs(30 * 86_400),
            retention_age_by_namespace: BTreeMap::new(),
            retention_bytes: None,
            retention_bytes_by_namespace: BTreeMap::new(),
            audit_retention: Duration::from_secs(400 * 86_400),
            audit_entries_max: 1_000_000,
            calls_in_flight_max: 1_024,
            commands_waiting_max: 8_192,
            instances_cached_max: 10_000,
            frame_commits_max: 512,
            frame_bytes_target: MIB,
            frame_bytes_max: 32 * MIB,
            overlay_bytes_max: 256 * MIB,
            segment_bytes_max: 64 * MIB,
            disk_reserve_bytes: 16 * MIB,
            page_rows_max: 1_000,
            instances_running_max: None,
            instances_running_max_by_namespace: BTreeMap::new(),
            instances_waiting_max: 100_000,
            descendants_max: 10_000,
            concurrency_queue_max: 1_000,
            job_workers_lost_max: 10,
            event_window: Duration::from_secs(86_400),
            events_batch_max: 1_000,
            events_retained_max: 100_000,
            events_retained_bytes_max: 64 * MIB,
            event_keys_max: 500_000,
            subscriptions_max: 1_000_000,
            event_filters_max: 1_000,
            filter_fuel_max: 5_000,
            lookback_fuel_max: 2_000_000,
            listen_events_max: 10_000,
            schedule_sets_max: 10_000,
            sink_events_max: 1_000_000,
            sink_refused_max: 10_000,
            events_waiting_max: 1_000,
            events_remembered_max: 10_000,
        }
    }
}
