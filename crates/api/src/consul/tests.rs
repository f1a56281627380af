use std::time::Duration;

use super::fields::span;

#[test]
fn lengths_of_time_are_written_as_in_go() {
    let read = |text: &str| span(text).map(|span| span.as_millis());
    let cases = [("10s", 10_000), ("1m30s", 90_000), ("250ms", 250), ("1.5h", 5_400_000)];
    for (text, millis) in cases {
        assert_eq!(read(text), Some(millis), "{text}");
    }
    assert_eq!(span("0s"), Some(Duration::ZERO));
    assert_eq!(span("5us"), Some(Duration::from_micros(5)));
    for text in ["", "5", "s", "-5s", "1d", "1..5s", "99999999999999999999h", "5s ", "1m5"] {
        assert_eq!(span(text), None, "{text}");
    }
}
