//! What past versions wrote is read for ever. `fixtures/v<format>/<name>.bin` holds chunks, `<name>.txt` what they mean.
//!
//! `MOTET_WRITE_FIXTURES=1` writes those that are missing, never one that is there; `UPDATE_EXPECT=1` writes the
//! transcripts. Whoever adds a variant gives it a sample under a new name, as in `records-parked`.

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use motet_engine::{Instance, Steps};

use crate::{Values, decode_history, decode_snapshot};

use super::coverage::{self, Variants};
use super::{
    CATALOG, CATALOG_RECORDS, Codec, EVENT, INPUT, INSTANCE, MESSAGE, RECORDS, SCHEDULE, SET_HEAD,
    SUBSCRIPTION, event_samples, rooms, saga, samples, turns,
};

#[test]
fn fixtures_of_every_version_mean_what_they_meant() {
    let paths = fixtures();
    assert!(paths.len() >= 6, "fixtures are missing: {paths:?}");
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        let transcript = transcript(name(&path), &bytes);
        expect_test::expect_file![path.with_extension("txt")].assert_eq(&transcript);
    }
}

#[test]
fn fixtures_cover_every_variant() {
    coverage::take();
    for path in fixtures() {
        transcript(name(&path), &fs::read(&path).unwrap());
    }
    let seen = coverage::take();
    let known = known();
    let missing: Vec<_> = known.difference(&seen).collect();
    assert!(missing.is_empty(), "no fixture holds {missing:?}");
    let unlisted: Vec<_> = seen.difference(&known).collect();
    assert!(unlisted.is_empty(), "`known` does not list {unlisted:?}");
}

#[test]
fn variants_are_numbered_once() {
    let known = known();
    let facts = known.iter().filter(|(what, _)| *what == "fact").count();
    assert_eq!(facts, motet_engine::Fact::VARIANTS.len());
    assert_eq!(
        known.len(),
        every_enum(|variants| variants.len()).into_iter().map(|(_, count)| count).sum::<usize>()
    );
}

/// Every enum that is stored.
fn every_enum<T>(of: fn(&'static [(u64, &'static str)]) -> T) -> Vec<(&'static str, T)> {
    macro_rules! all {
        ($($type:ty),+ $(,)?) => {
            vec![$((<$type>::WHAT, of(<$type>::VARIANTS))),+]
        };
    }
    all![
        motet_engine::Activity,
        motet_engine::AssignmentChange,
        motet_engine::Authorization,
        motet_engine::Body,
        motet_engine::BranchState,
        motet_engine::CallState,
        motet_engine::CatalogFact,
        motet_engine::CatchAction,
        motet_engine::End,
        motet_engine::Ending,
        motet_engine::Escalation,
        motet_engine::Fact,
        motet_engine::Incident,
        motet_engine::Input,
        motet_engine::Namespaces,
        motet_engine::JobCommand,
        motet_engine::JobWork,
        motet_engine::Next,
        motet_engine::Opening,
        motet_engine::Outcome,
        motet_engine::ParkReason,
        motet_engine::Role,
        motet_engine::TimerKind,
        motet_engine::Trigger,
        motet_engine::TryPhase,
        motet_engine::UndoCause,
        motet_engine::UndoOutcome,
        motet_engine::UndoState,
        motet_engine::Work,
        motet_engine::event::Test,
        motet_engine::listen::Role,
        motet_engine::room::Line,
        motet_definition::graph::ReadAs,
        crate::Message,
        Result<motet_expr::Value, Box<motet_engine::WorkflowError>>,
    ]
}

fn known() -> BTreeSet<(&'static str, u64)> {
    let enums = every_enum(|variants| variants).into_iter();
    enums
        .flat_map(|(what, variants)| variants.iter().map(move |(number, _)| (what, *number)))
        .collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn fixtures() -> Vec<PathBuf> {
    static WRITTEN: Once = Once::new();
    WRITTEN.call_once(write_missing);
    let entries = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let versions = entries(&folder()).into_iter().filter(|path| path.is_dir());
    let mut files: Vec<PathBuf> = versions.flat_map(|version| entries(&version)).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "bin"));
    files.sort();
    files
}

fn name(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

/// What a fixture's name begins with; what follows a dash tells samples of one kind apart.
const KINDS: [&str; 9] = [
    "catalog-records",
    "catalog",
    "records",
    "instance",
    "messages",
    "inputs",
    "history",
    "schedule",
    "subscription",
];

fn transcript(name: &str, bytes: &[u8]) -> String {
    let kind = KINDS.iter().find(|kind| {
        name.strip_prefix(**kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    });
    match *kind.unwrap_or(&name) {
        "records" => lines(&decoded(RECORDS, bytes)),
        "instance" => snapshot(&decoded(INSTANCE, bytes)),
        "catalog-records" => lines(&decoded(CATALOG_RECORDS, bytes)),
        "event" => format!("{:#?}\n", decoded(EVENT, bytes)),
        "subscription" => format!("{:#?}\n", decoded(SUBSCRIPTION, bytes)),
        "catalog" => format!("{:#?}\n", decoded(CATALOG, bytes)),
        "set-head" => format!("{:#?}\n", decoded(SET_HEAD, bytes)),
        "schedule" => format!("{:#?}\n", decoded(SCHEDULE, bytes)),
        "messages" => lines(&split(bytes).map(|bytes| decoded(MESSAGE, bytes)).collect::<Vec<_>>()),
        "history" => history(bytes),
        "inputs" => lines(&split(bytes).map(|bytes| decoded(INPUT, bytes)).collect::<Vec<_>>()),
        _ => panic!("nobody knows how to read {name}"),
    }
}

/// Decodes a chunk, and checks that it is written in the same bytes.
fn decoded<T: Debug>(codec: Codec<T>, bytes: &[u8]) -> T {
    let item = (codec.decode)(bytes).unwrap();
    if bytes[0] == 1 {
        assert_eq!(codec.bytes(&item), bytes, "the same state is written in other bytes");
    }
    item
}

/// Two records, a snapshot, and two records that refer to what the snapshot holds.
fn history(bytes: &[u8]) -> String {
    let parts: Vec<&[u8]> = split(bytes).collect();
    let [before, state, after] = parts.as_slice() else { panic!("three parts") };
    let mut values = Values::default();
    let before = decode_history(before, 0, &mut values).unwrap();
    let state = decode_snapshot(state, &mut values).unwrap();
    assert_eq!((before.len(), values.len()), (2, 1));
    let after = decode_history(after, 2, &mut values).unwrap();
    lines(&before) + &snapshot(&state) + &lines(&after)
}

fn lines<T: Debug>(items: &[T]) -> String {
    items.iter().fold(String::new(), |mut text, item| {
        writeln!(text, "{item:?}").unwrap();
        text
    })
}

/// The instance on one line, then each of its steps.
fn snapshot(instance: &Instance) -> String {
    let mut rest = instance.clone();
    rest.steps = Steps::default();
    format!("{rest:?}\n") + &lines(&instance.steps.iter().collect::<Vec<_>>())
}

fn write_missing() {
    if std::env::var_os("MOTET_WRITE_FIXTURES").is_none() {
        return;
    }
    let samples = [
        ("records-50", RECORDS.bytes(&samples::jobs::records())),
        ("instance-50", INSTANCE.bytes(&samples::jobs::instance())),
        ("inputs-50", joined(INPUT, &samples::jobs::inputs())),
        ("records", RECORDS.bytes(&samples::records())),
        ("instance", INSTANCE.bytes(&samples::instance())),
        ("catalog-records", CATALOG_RECORDS.bytes(&samples::catalog_records())),
        ("catalog", CATALOG.bytes(&samples::catalog())),
        ("records-28", RECORDS.bytes(&samples::records_28())),
        ("catalog-records-28", CATALOG_RECORDS.bytes(&samples::catalog_records_28())),
        ("catalog-records-110", CATALOG_RECORDS.bytes(&samples::catalog_records_110())),
        ("catalog-28", CATALOG.bytes(&samples::catalog_28())),
        ("messages", joined(MESSAGE, &samples::messages())),
        ("inputs", joined(INPUT, &samples::inputs())),
        ("records-parked", RECORDS.bytes(&samples::parked_records())),
        ("instance-parked", INSTANCE.bytes(&samples::parked_instance())),
        ("records-flow", RECORDS.bytes(&samples::flow_records())),
        ("instance-flow", INSTANCE.bytes(&samples::flow_instance())),
        ("records-iterations", RECORDS.bytes(&samples::iteration_records())),
        ("instance-iterations", INSTANCE.bytes(&samples::iteration_instance())),
        ("inputs-parked", joined(INPUT, &samples::parked_inputs())),
        ("records-40", RECORDS.bytes(&event_samples::records())),
        ("instance-20", INSTANCE.bytes(&event_samples::instance())),
        ("messages-10", joined(MESSAGE, &event_samples::messages())),
        ("inputs-16", joined(INPUT, &event_samples::inputs())),
        ("event", EVENT.bytes(&event_samples::event())),
        ("subscription", SUBSCRIPTION.bytes(&event_samples::subscription())),
        ("subscription-130", SUBSCRIPTION.bytes(&event_samples::subscription())),
        ("messages-28", joined(MESSAGE, &samples::schedule_messages())),
        ("schedule", SCHEDULE.bytes(&samples::schedule())),
        ("messages-100", joined(MESSAGE, &[samples::on_start()])),
        ("schedule-100", SCHEDULE.bytes(&samples::on_schedule())),
        ("set-head", SET_HEAD.bytes(&samples::set_head())),
        ("records-30", RECORDS.bytes(&saga::records())),
        ("instance-30", INSTANCE.bytes(&saga::instance())),
        ("messages-30", joined(MESSAGE, &saga::messages())),
        ("inputs-30", joined(INPUT, &saga::inputs())),
        ("records-85", RECORDS.bytes(&turns::records())),
        ("instance-34", INSTANCE.bytes(&turns::instance())),
        ("messages-40", joined(MESSAGE, &turns::messages())),
        ("inputs-40", joined(INPUT, &turns::inputs())),
        ("records-rooms", RECORDS.bytes(&rooms::records())),
        ("messages-rooms", joined(MESSAGE, &rooms::messages())),
        ("inputs-rooms", joined(INPUT, &rooms::inputs())),
    ];
    for (name, bytes) in samples {
        write("v1", name, bytes);
    }
    write("v2", "history", samples::history());
}

fn write(version: &str, name: &str, bytes: Vec<u8>) {
    let folder = folder().join(version);
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name).with_extension("bin");
    if !path.exists() {
        fs::write(path, bytes).unwrap();
    }
}

/// Several chunks in one file, each after its length (four bytes, the lowest first).
fn joined<T: Debug>(codec: Codec<T>, items: &[T]) -> Vec<u8> {
    let chunks = items.iter().map(|item| codec.bytes(item));
    chunks.flat_map(|chunk| [&(chunk.len() as u32).to_le_bytes(), &*chunk].concat()).collect()
}

fn split(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_first_chunk()?;
        let (chunk, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        bytes = rest;
        Some(chunk)
    })
}
