use motet_types::Limits;

use super::*;
use crate::{Pointer, to_json};

/// The value of a text, as JSON in one line; or the codes of what is wrong with it.
fn value(text: &str) -> String {
    let tree = read(text, &Limits::default());
    if let Some(first) = tree.diagnostics.first() {
        return format!("{}: {}", first.code, first.message);
    }
    let json = to_json(&tree.root.expect("a tree without problems has a root").value());
    json.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn scalars_resolve_by_the_core_schema_of_yaml_1_2() {
    let cases = [
        ("null", "null"),
        ("~", "null"),
        ("Null", "null"),
        ("nULL", "\"nULL\""),
        ("true", "true"),
        ("TRUE", "true"),
        ("on", "\"on\""),
        ("yes", "\"yes\""),
        ("No", "\"No\""),
        ("12", "12"),
        ("+12", "12"),
        ("-0", "0"),
        ("007", "7"),
        ("0o17", "15"),
        ("0x1F", "31"),
        ("0b11", "\"0b11\""),
        ("1_000", "\"1_000\""),
        ("12:30:45", "\"12:30:45\""),
        ("1.0", "1.0"),
        ("-0.0", "-0.0"),
        (".5", "0.5"),
        ("5.", "5.0"),
        ("1e3", "1e3"),
        ("1.e-3", "1e-3"),
        ("1e400", "1e400"),
        ("9007199254740993", "9007199254740993"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("0.1234567890123456789012345678901", "0.1234567890123456789012345678901"),
        ("1.2.3", "\"1.2.3\""),
        ("1.0.3", "\"1.0.3\""),
        ("2026-01-31", "\"2026-01-31\""),
        ("'12'", "\"12\""),
        ("\"\\x41\\u00e9\"", "\"Aé\""),
        ("!!str 12", "\"12\""),
        ("! 12", "\"12\""),
        ("|\n  a\n  b\n", "\"a\\nb\\n\""),
        (">-\n  a\n  b\n", "\"a b\""),
        ("&a x", "\"x\""),
    ];
    for (text, expected) in cases {
        assert_eq!(value(&format!("- {text}")), format!("[ {expected} ]"), "{text}");
    }
}

#[test]
fn json_is_read_as_json() {
    let cases = [
        (r#"{"a":1,"b":[true,null,-0.0,1E+2]}"#, r#"{ "a": 1, "b": [ true, null, -0.0, 1e+2 ] }"#),
        ("{\t\"a\"\t:\r\n\t[ ]\t}", r#"{ "a": [] }"#),
        (r#"{"a":"\ud83d\ude00\u00e9\/\n"}"#, "{ \"a\": \"😀é/\\n\" }"),
        // What is no JSON is YAML in flow style.
        ("{a: b, c}", r#"{ "a": "b", "c": null }"#),
        ("{\"a\": 01}", r#"{ "a": 1 }"#),
        (
            "{\"a\": \"\\ud83d\"}",
            "syntax: this is not YAML: while parsing a quoted scalar, found invalid Unicode character escape code",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn aliases_stand_for_their_anchors() {
    assert_eq!(value("a: &x [1]\nb: *x\n"), r#"{ "a": [ 1 ], "b": [ 1 ] }"#);
    assert_eq!(value("a: &x 1\nb: &x 2\nc: *x\n"), r#"{ "a": 1, "b": 2, "c": 2 }"#);
    let unknown = value("a: *nowhere\n");
    assert!(unknown.starts_with("syntax: "), "{unknown}");
}

#[test]
fn every_value_is_found_in_the_text_by_its_pointer() {
    let text = "# é\r\na:\r\n  - bé: 'x: y'   # comment\r\n    c/d: |\r\n      two\r\n      lines\r\n  - [ 1, {e~f: 2} ]\r\n  - plain text # comment\r\n  - \"say \\\"é\\\"\" # 'x'\r\n  - 'it''s' # \"x\"\r\n";
    let tree = read(text, &Limits::default());
    assert!(tree.diagnostics.is_empty(), "{:?}", tree.diagnostics);
    let map = SourceMap::new(tree.root, tree.lines);
    let cases = [
        ("/a", "2:1 a"),
        ("/a/0/bé", "3:5 bé = 3:9 'x: y'"),
        ("/a/0/c~1d", "4:5 c/d = 5:7 two\r\n      lines"),
        ("/a/1", "7:5 [ 1, {e~f: 2} ]"),
        ("/a/1/0", "7:7 1"),
        ("/a/1/1/e~0f", "7:11 e~f = 7:16 2"),
        ("/a/2", "8:5 plain text"),
        ("/a/3", r#"9:5 "say \"é\"""#),
        ("/a/4", "10:5 'it''s'"),
        ("/a/5", "nothing"),
    ];
    for (pointer, expected) in cases {
        let pointer = Pointer::from(pointer);
        let place =
            |span: Span| format!("{}:{} {}", span.line, span.column, &text[span.start..span.end]);
        let found = match map.entry(&pointer) {
            None => "nothing".to_owned(),
            Some(Entry { key: Some(key), .. }) if pointer.as_str() == "/a" => place(key),
            Some(Entry { key: Some(key), value }) => format!("{} = {}", place(key), place(value)),
            Some(Entry { key: None, value }) => place(value),
        };
        assert_eq!(found, expected, "{pointer}");
        if let Some(entry) = map.entry(&pointer) {
            assert_eq!(map.pointer_at(entry.key.unwrap_or(entry.value).start), pointer);
        }
    }
}

#[test]
fn a_large_document_on_one_line_is_read_in_linear_time() {
    let items: Vec<String> = (0..60_000).map(|idx| format!("{{\"a{idx}\":1}}")).collect();
    let text = format!("{{\"x\":[{}]}}", items.join(","));
    let tree = read(&text, &Limits::default());
    assert!(tree.diagnostics.is_empty());
    let map = SourceMap::new(tree.root, tree.lines);
    let last = map.entry(&Pointer::from("/x/59999/a59999")).expect("the last value");
    assert_eq!(&text[last.value.start..last.value.end], "1");
}

#[test]
fn columns_count_characters_however_long_the_line_is() {
    // Letters of one to four bytes, so that blocks of bytes begin within letters, and lines of all three endings.
    let letters = ["a", "\u{e9}", "\u{20ac}", "\u{1d11e}", " "];
    let word = |nth: usize| letters[(nth * nth + nth / 7) % letters.len()];
    let mut text: String = (0..3_000).map(word).collect();
    for (nth, ending) in ["\n", "\r\n", "\r", "\n\n"].iter().enumerate() {
        text += ending;
        text.extend((0..700 * nth).map(word));
    }
    let lines = Lines::new(&text);
    let (mut line, mut column) = (1, 1);
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let span = lines.span((at, at));
        assert_eq!((span.line, span.column), (line, column), "byte {at}");
        let follows = letters.peek().map(|(_, next)| *next);
        if letter == '\n' || letter == '\r' && follows != Some('\n') {
            (line, column) = (line + 1, 1);
        } else {
            column += 1;
        }
    }
    let end = lines.span((text.len(), text.len() + 9));
    assert_eq!((end.line, end.column, end.start, end.end), (line, column, text.len(), text.len()));
    assert_eq!(lines.number(text.len()), line);
}
