//! Beginnings and ends of chunks, and what one costs.

use expect_test::{Expect, expect};

use motet_engine::{Fact, Next, Record};
use motet_types::{StepId, TaskId, Timestamp};

use super::{CATALOG_RECORDS, INPUT, INSTANCE, RECORDS, samples};
use crate::{Error, FORMAT, decode_instance, decode_records, encode_records};

#[test]
fn nothing_is_no_bytes() {
    assert_eq!(RECORDS.bytes(&Vec::new()), b"");
    assert_eq!(CATALOG_RECORDS.bytes(&Vec::new()), b"");
    assert_eq!(decode_records(b"").unwrap(), []);
    assert_eq!(decode_instance(b""), Err(Error::Truncated { offset: 0 }));
}

#[test]
fn chunks_are_appended_to_what_is_there() {
    let records = samples::records();
    let mut out = b"before".to_vec();
    encode_records(&records, &mut out);
    assert_eq!(out.strip_prefix(b"before"), Some(&*RECORDS.bytes(&records)));
}

#[test]
fn a_chunk_says_what_it_is() {
    let instance = INSTANCE.bytes(&samples::instance());
    let mut newer = instance.clone();
    newer[0] = FORMAT + 1;
    let mut none = instance.clone();
    none[0] = 0;
    let mut longer = instance.clone();
    longer.push(0);
    let check = |bytes: &[u8], expected: Expect| {
        expected.assert_eq(&decode_instance(bytes).unwrap_err().to_string());
    };
    check(&newer, expect!["format 3 is newer than 2, the newest that this version reads"]);
    check(&none, expect!["0 is no format, at byte 0"]);
    check(
        &RECORDS.bytes(&samples::records()),
        expect!["the chunk holds something else, at byte 1"],
    );
    let message = decode_instance(&longer).unwrap_err().to_string();
    assert_eq!(message, format!("bytes follow the end, at byte {}", instance.len()));
    assert_eq!(decode_instance(&newer), Err(Error::Newer { found: FORMAT + 1, known: FORMAT }));
}

#[test]
fn every_beginning_of_a_chunk_is_too_short() {
    for input in samples::inputs() {
        let bytes = INPUT.bytes(&input);
        for length in 0..bytes.len() {
            let error = (INPUT.decode)(&bytes[..length]).unwrap_err();
            assert!(matches!(error, Error::Truncated { offset } if offset <= length), "{error}");
        }
    }
}

#[test]
fn a_beginning_of_a_chunk_of_records_is_some_of_them_or_too_short() {
    let records = samples::records();
    let bytes = RECORDS.bytes(&records);
    let mut whole = 0;
    for length in 1..=bytes.len() {
        match decode_records(&bytes[..length]) {
            Ok(decoded) => {
                assert_eq!(decoded.len(), whole);
                assert_eq!(format!("{decoded:?}"), format!("{:?}", &records[..whole]));
                whole += 1;
            }
            Err(error) => assert!(matches!(error, Error::Truncated { .. }), "{error}"),
        }
    }
    assert_eq!(whole, records.len() + 1, "each record ends where the next one begins");
}

/// The bytes of a few records, so that a change of the form or of its cost is seen.
#[test]
fn records_are_short() {
    let records = samples::records();
    let mut report = String::new();
    for record in &records {
        let bytes = RECORDS.bytes(&vec![record.clone()]);
        // Without the chunk's beginning and the time, which only a chunk's first record spells out.
        let kind = format!("{:?}", record.fact);
        let kind = kind.split([' ', '(']).next().unwrap().to_owned();
        report += &format!("{kind} {}\n", bytes.len() - 11);
    }
    expect![[r#"
        Started 401
        Skipped 11
        Activated 23
        Activated 30
        Activated 30
        Activated 31
        Activated 34
        Activated 11
        Iterated 12
        Waiting 15
        Fired 11
        Fired 11
        Fired 9
        Fired 11
        Completed 13
        Completed 203
        Requested 429
        Requested 237
        Requested 220
        Resent 19
        Settled 21
        Settled 82
        Abandoned 10
        ChildRequested 287
        ChildEnded 203
        ChildEnded 78
        ChildCancelled 26
        Failed 73
        Caught 89
        Caught 80
        Caught 76
        Retried 19
        BranchFailed 77
        IncidentRaised 76
        IncidentRaised 49
        Yielded 8
        Suspended 20
        Resumed 8
        Reopened 8
        Fed 6
        Ended 205
        Ended 80
        Ended 23
    "#]]
    .assert_eq(&report);
}

/// The example of `docs/journal.md`.
#[test]
fn the_documented_record_has_the_documented_bytes() {
    let step = |millis: i64, fact| Record {
        at: Timestamp::from_micros(millis * 1_000),
        step: StepId(3),
        task: Some(TaskId(2)),
        fact,
        actor: None,
    };
    let output = Some(samples::json("1.0"));
    let completed = Fact::Completed { output, context: None, next: Next::Enter(TaskId(4)) };
    let bytes = RECORDS.bytes(&vec![step(0, Fact::Yielded), step(40, completed)]);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
    let example = include_str!("../../../../docs/journal.md");
    let example = example.split("```text").find(|block| block.contains("40,000")).unwrap();
    let documented: Vec<_> = example
        .lines()
        .flat_map(|line| line.trim_start().split("  ").next().unwrap().split(' '))
        .filter(|word| word.len() == 2)
        .collect();
    assert_eq!(hex(&bytes[10..]), documented[..bytes.len() - 10]);
}
