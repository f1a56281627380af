use motet_expr::{Value, json};

use super::*;

#[test]
fn what_is_written_reads_back_as_it_was_meant() {
    let hostile = "quote \" backslash \\ line\nreturn\rtab\tbell\u{7}null\u{0} ü 🎵 </script>";
    let text = object(|object| {
        object.text("text", hostile);
        object.text(hostile, "as a key");
        object.maybe_text("absent", None::<&str>);
        object.number("most", u64::MAX);
        object.truth("yes", true);
        object.value("value", &json::parse(b"[1.0,-0.0,1e400]", json::Limits::default()).unwrap());
        object.object("empty", |_| {});
        object.array("items", |items| {
            items.text(hostile);
            items.object(|item| item.truth("no", false));
        });
    });
    let value = json::parse(&text, json::Limits::default()).unwrap();
    let expected = json::object([
        ("text", json::string(hostile)),
        (hostile, json::string("as a key")),
        ("most", json::parse(b"18446744073709551615", json::Limits::default()).unwrap()),
        ("yes", Value::Bool(true)),
        ("value", json::parse(b"[1.0,-0.0,1e400]", json::Limits::default()).unwrap()),
        ("empty", json::object::<&str>([])),
        ("items", json::array([json::string(hostile), json::object([("no", Value::Bool(false))])])),
    ]);
    assert_eq!(json::to_text(&value), json::to_text(&expected));
}

#[test]
fn text_that_comes_in_pieces_is_escaped_at_their_borders() {
    let text = object(|object| object.text("x", format_args!("{}{}{}", "\"", "\n", "ok")));
    assert_eq!(String::from_utf8(text).unwrap(), r#"{"x":"\"\nok"}"#);
}
