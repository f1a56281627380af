use expect_test::expect;
use motet_types::{ShardId, Timestamp};

use super::*;

fn message(content: Content) -> Message {
    let time = Some(Timestamp::from_micros(1_767_225_600_000_000));
    Message { offset: 7, time, key: Some(Bytes::from_static(b"k")), content }
}

fn raw(headers: &[(&str, &str)], body: &[u8]) -> Content {
    let header = |(name, value): &(&str, &str)| {
        ((*name).to_owned(), Bytes::copy_from_slice(value.as_bytes()))
    };
    Content::Raw {
        headers: headers.iter().map(header).collect(),
        body: Bytes::copy_from_slice(body),
    }
}

fn read(content: Content, kind: Option<&str>) -> String {
    let origin = Origin { source: "/kafka/orders", partition: 2, kind };
    let limits = Limits { payload_bytes_max: 100, ..Limits::default() };
    let (event, _) = event_of(&message(content), &origin, &limits);
    json::to_text(event.value())
}

#[test]
fn what_messages_become() {
    let event = br#"{"specversion":"1.0","id":"1","source":"/a","type":"t"}"#;
    let binary = |id: &str| {
        let attributes = [("specversion", "1.0"), ("id", id), ("source", "/a"), ("type", "t")];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Content::Binary(Binary {
            attributes: attributes.map(owned).to_vec(),
            content_type: Some("application/json".to_owned()),
            data: Some(Bytes::from_static(b"[1.0]")),
        })
    };
    let lines = [
        read(Content::Structured(Bytes::from_static(event)), None),
        read(binary("2"), None),
        read(raw(&[], event), Some("mapped")),
        read(raw(&[], br#"{"order": 7}"#), Some("mapped")),
        read(raw(&[("Content-Type", "text/csv")], b"1,2"), Some("mapped")),
        read(raw(&[], b"\xff\x00"), Some("mapped")),
        read(raw(&[], br#"{"order": 7}"#), None),
        read(binary(""), None),
        read(Content::Structured(Bytes::from_static(b"{")), Some("mapped")),
        read(raw(&[], &[b'x'; 101]), Some("mapped")),
    ];
    expect![[r#"
        {"specversion":"1.0","id":"1","source":"/a","type":"t"}
        {"specversion":"1.0","id":"2","source":"/a","type":"t","datacontenttype":"application/json","data":[1.0]}
        {"specversion":"1.0","id":"1","source":"/a","type":"t"}
        {"specversion":"1.0","id":"2-7-1767225600000","source":"/kafka/orders","type":"mapped","time":"2026-01-01T00:00:00.000Z","partitionkey":"k","datacontenttype":"application/json","data":{"order":7}}
        {"specversion":"1.0","id":"2-7-1767225600000","source":"/kafka/orders","type":"mapped","time":"2026-01-01T00:00:00.000Z","partitionkey":"k","datacontenttype":"text/csv","data":"1,2"}
        {"specversion":"1.0","id":"2-7-1767225600000","source":"/kafka/orders","type":"mapped","time":"2026-01-01T00:00:00.000Z","partitionkey":"k","datacontenttype":"application/octet-stream","data_base64":"/wA="}
        {"specversion":"1.0","id":"2-7-1767225600000","source":"/kafka/orders","type":"io.motet.source.unreadable","time":"2026-01-01T00:00:00.000Z","partitionkey":"k","datacontenttype":"application/json","data":{"reason":"it is no CloudEvent","partition":2,"offset":7,"bytes":12,"beginning":"eyJvcmRlciI6IDd9"}}
        {"specversion":"1.0","id":"2-7-1767225600000","source":"/kafka/orders","type":"io.motet.source.unreadable","time":"2026-01-01T00:00:00.000Z","partitionkey":"k","datacontenttype":"application/json","data":{"reason":"id: must not be empty","partition":2,"offset":7,"bytes":5,"beginning":"WzEuMF0="}}
        {"specversion":"1.0","id":"2-7-1767225600000","source":"/kafka/orders","type":"io.motet.source.unreadable","time":"2026-01-01T00:00:00.000Z","partitionkey":"k","datacontenttype":"application/json","data":{"reason":"expected a key in quotes at byte 1","partition":2,"offset":7,"bytes":1,"beginning":"ew=="}}
        {"specversion":"1.0","id":"2-7-1767225600000","source":"/kafka/orders","type":"io.motet.source.unreadable","time":"2026-01-01T00:00:00.000Z","partitionkey":"k","datacontenttype":"application/json","data":{"reason":"it has 101 bytes, the limit is 100","partition":2,"offset":7,"bytes":101,"beginning":"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="}}"#]].assert_eq(&lines.join("\n"));
}

#[test]
fn what_events_become() {
    let outgoing = |more: &str| {
        let text = format!(
            r#"{{"specversion":"1.0","id":"1","source":"/a","type":"t",{more}"data":{{"a":1}}}}"#
        );
        let value = json::parse(text.as_bytes(), json::Limits::default()).unwrap();
        let instance = motet_types::InstanceId::new(Timestamp::from_micros(1), ShardId(3), 1);
        let key = runtime::OutgoingKey { sink: "out".into(), instance, record: 4, part: 0 };
        runtime::Outgoing { key, event: Event::parse(value).unwrap() }
    };
    let keys = [r#""partitionkey":"p","subject":"s","#, r#""subject":"s","#, ""]
        .map(|more| message_of(&outgoing(more), false).key);
    assert_eq!(keys[..2], ["p", "s"]);
    assert_eq!(keys[2], outgoing("").key.instance.to_string());
    let (structured, binary) = (message_of(&outgoing(""), false), message_of(&outgoing(""), true));
    assert_eq!(structured.id, binary.id, "receivers recognise it in either mode");
    let Content::Binary(binary) = binary.content else { panic!("it was to be binary") };
    assert_eq!(binary.data.as_deref(), Some(br#"{"a":1}"#.as_slice()));
    assert_eq!(binary.content_type.as_deref(), Some("application/json"));
}
