use super::*;

#[test]
fn events_are_read_whatever_the_pieces_they_come_in() {
    let stream = "id: 7\nevent: record\ndata: {\"a\":1}\n\n:\n\nevent: end\r\ndata: {}\r\n\r\n";
    let event = |id: Option<&str>, name: &str, data: &str| Event {
        id: id.map(str::to_owned),
        name: name.to_owned(),
        data: data.to_owned(),
    };
    let expected = [event(Some("7"), "record", "{\"a\":1}"), event(None, "end", "{}")];
    for size in 1..=stream.len() {
        let mut events = Events::default();
        let pieces = stream.as_bytes().chunks(size);
        let read: Vec<Event> =
            pieces.flat_map(|piece| events.take(&Bytes::copy_from_slice(piece))).collect();
        assert_eq!(read, expected, "in pieces of {size} bytes");
    }
}

#[test]
fn a_record_is_one_line() {
    let record = r#"{"number":12,"at":"2026-01-31T08:30:00.000Z","type":"requested","step":3,"name":"charge","attempt":1,
        "request":{"method":"POST","uri":"http://payments/charges","body":{"long":"hidden"}}}"#;
    let record = json::parse(record.as_bytes(), json::Limits::default()).unwrap();
    assert_eq!(
        record_line(&record, Style(false)),
        "   12  2026-01-31T08:30:00.000Z  requested           charge  attempt=1  request=POST http://payments/charges"
    );
}

#[test]
fn what_was_cut_out_is_told_in_one_line() {
    let record = r#"{"number":14335,"at":"2026-01-31T08:30:00.000Z","type":"cut","step":0,"from":1004,"records":13332}"#;
    let record = json::parse(record.as_bytes(), json::Limits::default()).unwrap();
    assert_eq!(
        record_line(&record, Style(false)),
        "14335  2026-01-31T08:30:00.000Z  cut                 -  from=1004  records=13332"
    );
}
