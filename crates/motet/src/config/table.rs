//! Every setting: what it is called, what it means and where it is kept.

use super::settings::{Setting, Slot};

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "listen",
        meaning: "Address and port to listen on, for everything. Beyond loopback a server wants tokens.",
        slot: |config| Slot::Address(&mut config.listen),
    },
    Setting {
        key: "data",
        meaning: "Directory of the data. One server owns it at a time.",
        slot: |config| Slot::Path(&mut config.data),
    },
    Setting {
        key: "allowed-hosts",
        meaning: "Names by which clients call this server, beside loopback and its own address; \"*\" admits every name.",
        slot: |config| Slot::Texts(&mut config.allowed_hosts),
    },
    Setting {
        key: "secrets",
        meaning: "Directory with one file for each secret. A variable MOTET_SECRET_<NAME> goes before its file.",
        slot: |config| Slot::OptionalPath(&mut config.secrets),
    },
    Setting {
        key: "tls-cert",
        meaning: "File with the server's certificates, its own first (PEM). Read again when it changes.",
        slot: |config| Slot::OptionalPath(&mut config.tls_cert),
    },
    Setting {
        key: "tls-key",
        meaning: "File with the key of the server's certificate (PEM).",
        slot: |config| Slot::OptionalPath(&mut config.tls_key),
    },
    Setting {
        key: "tls-client-ca",
        meaning: "File with authorities of clients (PEM): each client has to show a certificate of one of them.",
        slot: |config| Slot::OptionalPath(&mut config.tls_client_ca),
    },
    Setting {
        key: "require-tokens",
        meaning: "Whether a request needs a token even before the first token is made; afterwards each does.",
        slot: |config| Slot::Switch(&mut config.require_tokens),
    },
    Setting {
        key: "insecure",
        meaning: "Whether the server may listen beyond loopback although nobody has to show a token.",
        slot: |config| Slot::Switch(&mut config.insecure),
    },
    Setting {
        key: "metrics-open",
        meaning: "Whether /metrics answers without a token.",
        slot: |config| Slot::Switch(&mut config.metrics_open),
    },
    Setting {
        key: "log-json",
        meaning: "Whether what the server tells on standard error is JSON, a line each.",
        slot: |config| Slot::Switch(&mut config.log_json),
    },
    Setting {
        key: "traces-endpoint",
        meaning: "Collector of traces (OTLP over HTTP, protobuf), as in http://localhost:4318. Without it what OTEL_EXPORTER_OTLP_ENDPOINT names; without either traces go nowhere.",
        slot: |config| Slot::OptionalText(&mut config.traces_endpoint),
    },
    Setting {
        key: "shutdown-limit",
        meaning: "How long a stopping server finishes what is in flight. The rest goes on after the next start.",
        slot: |config| Slot::Time(&mut config.shutdown_limit),
    },
    Setting {
        key: "connections-max",
        meaning: "Client connections at a time.",
        slot: |config| Slot::Size(&mut config.connections_max),
    },
    Setting {
        key: "wait-max",
        meaning: "Longest `wait` that a request may ask for.",
        slot: |config| Slot::Time(&mut config.wait_max),
    },
    Setting {
        key: "limits.document-bytes-max",
        meaning: "One document, in bytes.",
        slot: |config| Slot::Size(&mut config.limits.document_bytes_max),
    },
    Setting {
        key: "limits.depth-max",
        meaning: "Nesting of one document or value.",
        slot: |config| Slot::Size(&mut config.limits.depth_max),
    },
    Setting {
        key: "limits.vertices-max",
        meaning: "Tasks of one definition, with its functions inlined.",
        slot: |config| Slot::Size(&mut config.limits.vertices_max),
    },
    Setting {
        key: "limits.payload-bytes-max",
        meaning: "One input, output, request or response body, in bytes.",
        slot: |config| Slot::Size(&mut config.limits.payload_bytes_max),
    },
    Setting {
        key: "limits.instance-bytes-max",
        meaning: "Everything that one instance keeps in memory, in bytes.",
        slot: |config| Slot::Size(&mut config.limits.instance_bytes_max),
    },
    Setting {
        key: "limits.steps-max",
        meaning: "Steps that one instance may activate.",
        slot: |config| Slot::Count(&mut config.limits.steps_max),
    },
    Setting {
        key: "limits.undo-entries-max",
        meaning: "Effects of one instance that it could undo.",
        slot: |config| Slot::Size(&mut config.limits.undo_entries_max),
    },
    Setting {
        key: "limits.children-depth-max",
        meaning: "Nesting of instances that start instances.",
        slot: |config| Slot::Count(&mut config.limits.children_depth_max),
    },
    Setting {
        key: "limits.expression-fuel-max",
        meaning: "Work of one expression, in evaluated terms.",
        slot: |config| Slot::Amount(&mut config.limits.expression_fuel_max),
    },
    Setting {
        key: "limits.step-records-max",
        meaning: "Records that one input may cause before others get their turn.",
        slot: |config| Slot::Size(&mut config.limits.step_records_max),
    },
    Setting {
        key: "limits.step-bytes-max",
        meaning: "Bytes of values that one input may cause before others get their turn.",
        slot: |config| Slot::Size(&mut config.limits.step_bytes_max),
    },
    Setting {
        key: "limits.step-fuel-max",
        meaning: "Work that one input may cause before others get their turn, in evaluated terms.",
        slot: |config| Slot::Amount(&mut config.limits.step_fuel_max),
    },
    Setting {
        key: "limits.attempt-timeout",
        meaning: "Longest attempt of a call that has no timeout of its own.",
        slot: |config| Slot::Time(&mut config.limits.attempt_timeout),
    },
    Setting {
        key: "limits.duration-max",
        meaning: "Longest wait, delay or timeout of a definition.",
        slot: |config| Slot::Time(&mut config.limits.duration_max),
    },
    Setting {
        key: "limits.history-first-records-max",
        meaning: "Records at the beginning of a running instance's history that stay; what lies between beginning and end may be cut out.",
        slot: |config| Slot::Amount(&mut config.limits.history_first_records_max),
    },
    Setting {
        key: "limits.history-last-records-max",
        meaning: "Records at the end of a running instance's history that stay; now and then what lies before them is cut out.",
        slot: |config| Slot::Amount(&mut config.limits.history_last_records_max),
    },
    Setting {
        key: "limits.start-key-retention",
        meaning: "How long an idempotency key is remembered after its instance has begun.",
        slot: |config| Slot::Time(&mut config.limits.start_key_retention),
    },
    Setting {
        key: "limits.retention-age",
        meaning: "How long an instance is kept after it has ended; at least as long as idempotency keys are.",
        slot: |config| Slot::Time(&mut config.limits.retention_age),
    },
    Setting {
        key: "limits.retention-age-by-namespace",
        meaning: "The same for single namespaces, each as NAMESPACE=AGE.",
        slot: |config| Slot::Times(&mut config.limits.retention_age_by_namespace),
    },
    Setting {
        key: "limits.retention-bytes",
        meaning: "What the ended instances of one namespace may take, in bytes; beyond it the first go that ended.",
        slot: |config| Slot::OptionalAmount(&mut config.limits.retention_bytes),
    },
    Setting {
        key: "limits.retention-bytes-by-namespace",
        meaning: "The same for single namespaces, each as NAMESPACE=BYTES.",
        slot: |config| Slot::Amounts(&mut config.limits.retention_bytes_by_namespace),
    },
    Setting {
        key: "limits.audit-retention",
        meaning: "How long an entry of the audit is kept.",
        slot: |config| Slot::Time(&mut config.limits.audit_retention),
    },
    Setting {
        key: "limits.audit-entries-max",
        meaning: "Entries that the audit holds; beyond it the first go that were written. They are counted every ten minutes.",
        slot: |config| Slot::Size(&mut config.limits.audit_entries_max),
    },
    Setting {
        key: "limits.calls-in-flight-max",
        meaning: "Calls of services at a time.",
        slot: |config| Slot::Size(&mut config.limits.calls_in_flight_max),
    },
    Setting {
        key: "limits.commands-waiting-max",
        meaning: "Requests that wait for their turn; further ones are refused with the time after which to come again.",
        slot: |config| Slot::Size(&mut config.limits.commands_waiting_max),
    },
    Setting {
        key: "limits.instances-cached-max",
        meaning: "Instances that stay in memory while nothing moves them.",
        slot: |config| Slot::Size(&mut config.limits.instances_cached_max),
    },
    Setting {
        key: "limits.frame-commits-max",
        meaning: "Commits that share one sync.",
        slot: |config| Slot::Size(&mut config.limits.frame_commits_max),
    },
    Setting {
        key: "limits.frame-bytes-target",
        meaning: "Bytes after which commits are synced.",
        slot: |config| Slot::Size(&mut config.limits.frame_bytes_target),
    },
    Setting {
        key: "limits.frame-bytes-max",
        meaning: "One commit, in bytes.",
        slot: |config| Slot::Size(&mut config.limits.frame_bytes_max),
    },
    Setting {
        key: "limits.overlay-bytes-max",
        meaning: "Commits that are not in the tables yet, in bytes; beyond it commits wait.",
        slot: |config| Slot::Size(&mut config.limits.overlay_bytes_max),
    },
    Setting {
        key: "limits.segment-bytes-max",
        meaning: "Size to which the files of the log grow under load, in bytes.",
        slot: |config| Slot::Size(&mut config.limits.segment_bytes_max),
    },
    Setting {
        key: "limits.disk-reserve-bytes",
        meaning: "Room on the disk that is given back when it is full, so that what runs can finish, in bytes.",
        slot: |config| Slot::Size(&mut config.limits.disk_reserve_bytes),
    },
    Setting {
        key: "limits.page-rows-max",
        meaning: "Entries of one page of a list.",
        slot: |config| Slot::Size(&mut config.limits.page_rows_max),
    },
    Setting {
        key: "limits.event-window",
        meaning: "How long an event is remembered: for late listeners, and so that it is not taken twice.",
        slot: |config| Slot::Time(&mut config.limits.event_window),
    },
    Setting {
        key: "limits.events-batch-max",
        meaning: "Events of one request.",
        slot: |config| Slot::Size(&mut config.limits.events_batch_max),
    },
    Setting {
        key: "limits.instances-running-max",
        meaning: "Instances of one namespace that run at once; others wait for room.",
        slot: |config| Slot::OptionalAmount(&mut config.limits.instances_running_max),
    },
    Setting {
        key: "limits.instances-running-max-by-namespace",
        meaning: "The same for single namespaces, each as NAMESPACE=COUNT.",
        slot: |config| Slot::Amounts(&mut config.limits.instances_running_max_by_namespace),
    },
    Setting {
        key: "limits.instances-waiting-max",
        meaning: "Instances that wait for room under one limit; beyond it starts are refused.",
        slot: |config| Slot::Size(&mut config.limits.instances_waiting_max),
    },
    Setting {
        key: "limits.descendants-max",
        meaning: "Instances below the children of one root, at once; beyond it a child fails.",
        slot: |config| Slot::Amount(&mut config.limits.descendants_max),
    },
    Setting {
        key: "limits.concurrency-queue-max",
        meaning: "Instances that wait for one concurrency key; beyond it starts are refused.",
        slot: |config| Slot::Size(&mut config.limits.concurrency_queue_max),
    },
    Setting {
        key: "limits.events-retained-max",
        meaning: "Events that one topic keeps for late listeners.",
        slot: |config| Slot::Size(&mut config.limits.events_retained_max),
    },
    Setting {
        key: "limits.events-retained-bytes-max",
        meaning: "The same, in bytes.",
        slot: |config| Slot::Size(&mut config.limits.events_retained_bytes_max),
    },
    Setting {
        key: "limits.event-keys-max",
        meaning: "Events by whose source and id one topic recognises duplicates.",
        slot: |config| Slot::Size(&mut config.limits.event_keys_max),
    },
    Setting {
        key: "limits.subscriptions-max",
        meaning: "Listens that wait at one topic.",
        slot: |config| Slot::Size(&mut config.limits.subscriptions_max),
    },
    Setting {
        key: "limits.job-workers-lost-max",
        meaning: "Workers that one attempt of a job may lose, each at the end of its lease, before the job fails.",
        slot: |config| Slot::Count(&mut config.limits.job_workers_lost_max),
    },
    Setting {
        key: "limits.schedule-sets-max",
        meaning: "Sets of events that the schedule of one workflow gathers, and starts that wait behind one that runs.",
        slot: |config| Slot::Size(&mut config.limits.schedule_sets_max),
    },
    Setting {
        key: "limits.event-filters-max",
        meaning: "Different filters of the listens at one topic; each is evaluated once per event.",
        slot: |config| Slot::Size(&mut config.limits.event_filters_max),
    },
    Setting {
        key: "limits.filter-fuel-max",
        meaning: "Fuel of one filter on one event, in evaluated terms.",
        slot: |config| Slot::Amount(&mut config.limits.filter_fuel_max),
    },
    Setting {
        key: "limits.lookback-fuel-max",
        meaning: "Fuel with which one listen may look back over what a topic has kept, in evaluated terms.",
        slot: |config| Slot::Amount(&mut config.limits.lookback_fuel_max),
    },
    Setting {
        key: "limits.listen-events-max",
        meaning: "Events that one activation of `listen` may take.",
        slot: |config| Slot::Size(&mut config.limits.listen_events_max),
    },
    Setting {
        key: "limits.sink-events-max",
        meaning: "Events that wait for one sink before no instance begins that would add to them.",
        slot: |config| Slot::Size(&mut config.limits.sink_events_max),
    },
    Setting {
        key: "limits.sink-refused-max",
        meaning: "Events that one sink has refused for good and that are kept; at the next one the sink stops.",
        slot: |config| Slot::Size(&mut config.limits.sink_refused_max),
    },
    Setting {
        key: "limits.events-waiting-max",
        meaning: "Events sent to one instance that wait for a listen.",
        slot: |config| Slot::Size(&mut config.limits.events_waiting_max),
    },
    Setting {
        key: "limits.events-remembered-max",
        meaning: "Events of which one instance remembers that it took them; beyond it later listens look back less far.",
        slot: |config| Slot::Size(&mut config.limits.events_remembered_max),
    },
];
