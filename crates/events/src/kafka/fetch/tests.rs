use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::messages::ProducerId;
use kafka_protocol::records::{
    Compression, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};

use super::*;
use crate::Content;

/// A batch with one record.
fn batch(offset: i64, producer_id: i64, kind: Kind, text: &'static str) -> Vec<u8> {
    let marker = |abort: bool| Bytes::from(vec![0, 0, 0, u8::from(!abort)]);
    let record = Record {
        transactional: !matches!(kind, Kind::Plain),
        control: matches!(kind, Kind::Abort | Kind::Commit),
        delete_horizon: false,
        partition_leader_epoch: 0,
        producer_id,
        producer_epoch: 0,
        timestamp_type: TimestampType::Creation,
        offset,
        sequence: i32::try_from(offset).unwrap(),
        timestamp: 1_000,
        key: match kind {
            Kind::Abort => Some(marker(true)),
            Kind::Commit => Some(marker(false)),
            Kind::Plain | Kind::InTransaction => None,
        },
        value: Some(Bytes::from_static(text.as_bytes())),
        headers: IndexMap::new(),
    };
    let options = RecordEncodeOptions { version: 2, compression: Compression::Lz4 };
    let mut bytes = bytes::BytesMut::new();
    RecordBatchEncoder::encode(&mut bytes, [&record], &options).unwrap();
    bytes.to_vec()
}

#[derive(Clone, Copy)]
enum Kind {
    Plain,
    InTransaction,
    Abort,
    Commit,
}

fn read(batches: &[Vec<u8>], aborted: &[(i64, i64)], from: u64, max: usize) -> String {
    let aborted = aborted.iter().map(|(producer, first)| {
        AbortedTransaction::default()
            .with_producer_id(ProducerId(*producer))
            .with_first_offset(*first)
    });
    let answer = PartitionData::default()
        .with_records(Some(Bytes::from(batches.concat())))
        .with_aborted_transactions(Some(aborted.collect()));
    let batch = batch_of(answer, from, max).unwrap();
    let text = |message: &Message| match &message.content {
        Content::Raw { body, .. } => {
            format!("{}:{}", message.offset, std::str::from_utf8(body).unwrap())
        }
        other => format!("{other:?}"),
    };
    let texts: Vec<String> = batch.messages.iter().map(text).collect();
    format!("[{}] then {}", texts.join(" "), batch.next)
}

#[test]
fn what_a_response_gives() {
    let plain = vec![batch(4, -1, Kind::Plain, "a"), batch(5, -1, Kind::Plain, "b")];
    let mixed = vec![
        batch(4, 7, Kind::InTransaction, "never"),
        batch(5, 8, Kind::InTransaction, "kept"),
        batch(6, -1, Kind::Plain, "plain"),
        batch(7, 7, Kind::Abort, ""),
        batch(8, 7, Kind::InTransaction, "kept, too"),
        batch(9, 8, Kind::Commit, ""),
        batch(10, 7, Kind::Commit, ""),
    ];
    let mut torn = plain.clone();
    torn.push(batch(6, -1, Kind::Plain, "cut short")[..40].to_vec());
    let markers = vec![batch(4, 7, Kind::Commit, "")];
    let lines = [
        format!("plain: {}", read(&plain, &[], 4, 9)),
        format!("begins in the middle: {}", read(&plain, &[], 5, 9)),
        format!("no more than asked for: {}", read(&plain, &[], 4, 1)),
        format!("the last batch is cut short: {}", read(&torn, &[], 4, 9)),
        format!("a transaction was aborted: {}", read(&mixed, &[(7, 4)], 4, 9)),
        format!("markers only: {}", read(&markers, &[], 4, 9)),
        format!("nothing: {}", read(&[], &[], 4, 9)),
    ];
    expect_test::expect![[r"
        plain: [4:a 5:b] then 6
        begins in the middle: [5:b] then 6
        no more than asked for: [4:a] then 5
        the last batch is cut short: [4:a 5:b] then 6
        a transaction was aborted: [5:kept 6:plain 8:kept, too] then 11
        markers only: [] then 5
        nothing: [] then 4"]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn a_batch_that_lies_about_its_length_is_an_error() {
    let mut lying = batch(4, -1, Kind::Plain, "a");
    lying[8..12].copy_from_slice(&3_i32.to_be_bytes());
    let answer = PartitionData::default().with_records(Some(Bytes::from(lying)));
    assert!(batch_of(answer, 4, 9).is_err());
    let mut negative = batch(4, -1, Kind::Plain, "a");
    negative[8..12].copy_from_slice(&(-3_i32).to_be_bytes());
    let answer = PartitionData::default().with_records(Some(Bytes::from(negative)));
    assert!(batch_of(answer, 4, 9).is_err());
}
