use super::*;

fn read(buffer: &str) -> Result<Option<(String, String, usize)>, Malformed> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let read = message(buffer.as_bytes())?;
    Ok(read.map(|message| (text(message.first_line), text(message.body), message.bytes)))
}

#[test]
fn a_message_is_taken_once_it_is_whole_and_not_what_follows() {
    let whole = "POST /a HTTP/1.1\r\nContent-Length: 5\r\nx: y\r\n\r\nhello";
    for end in 0..whole.len() {
        assert_eq!(read(&whole[..end]), Ok(None), "{end}");
    }
    let expected = Some(("POST /a HTTP/1.1".to_owned(), "hello".to_owned(), whole.len()));
    assert_eq!(read(whole), Ok(expected.clone()));
    assert_eq!(read(&format!("{whole}{whole}")), Ok(expected));
    let empty = "GET / HTTP/1.1\r\n\r\n";
    let expected = Some(("GET / HTTP/1.1".to_owned(), String::new(), empty.len()));
    assert_eq!(read(empty), Ok(expected));
}

#[test]
fn what_is_not_understood_is_refused() {
    let refused = |text: &str| read(text).unwrap_err().0;
    assert_eq!(refused("X\r\nTransfer-Encoding: chunked\r\n\r\n"), "the body is chunked");
    assert_eq!(refused("X\r\ncontent-length: 1x\r\n\r\n"), "the length is no number");
    assert_eq!(refused(&"x".repeat(HEAD_BYTES_MAX + 1)), "the head does not end");
    let message = Message { first_line: b"HTTP/1.0 200 OK", body: b"", bytes: 0 };
    assert_eq!(message.status(), Err(Malformed("that is no status line")));
}

#[test]
fn what_is_written_can_be_read() {
    let mut buffer = Vec::new();
    let mut body = Vec::new();
    append_value(&mut body, 70);
    post(&mut buffer, "/step/1", "127.0.0.1:1", &body);
    respond(&mut buffer, "200 OK", "application/json", b"{\"value\": 71 }");
    let request = message(&buffer).unwrap().unwrap();
    assert_eq!(
        (request.first_line, value(request.body)),
        (&b"POST /step/1 HTTP/1.1"[..], Some(70))
    );
    let response = message(&buffer[request.bytes..]).unwrap().unwrap();
    assert_eq!((response.status(), value(response.body)), (Ok(200), Some(71)));
    assert_eq!(request.bytes + response.bytes, buffer.len());
}

#[test]
fn numbers_and_members() {
    for number in [0, 7, 10, 18_446_744_073_709_551_615] {
        let mut text = Vec::new();
        append_number(&mut text, number);
        assert_eq!(String::from_utf8(text).unwrap(), number.to_string());
    }
    let body = br#"{"id":"a-1","startedAt":"2026","output":{"value":12}}"#;
    assert_eq!((text(body, "id"), text(body, "startedAt")), (Some("a-1"), Some("2026")));
    assert_eq!((text(body, "x"), value(body), value(b"{}")), (None, Some(12), None));
    assert_eq!(value(br#"{"value":99999999999999999999}"#), None);
}
