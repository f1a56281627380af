use crate::value::{Value, as_str};

/// The value as JSON (RFC 8259), indented by two spaces.
pub fn to_json(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, Layout::Indented(0));
    text.push('\n');
    text
}

/// The value as JSON without spaces, keys in order of their bytes.
pub(super) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, Layout::Canonical);
    text
}

/// A string as JSON writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quote(&mut quoted, text);
    quoted
}

#[derive(Clone, Copy)]
enum Layout {
    Canonical,
    /// Indented by this many levels.
    Indented(usize),
}

impl Layout {
    fn deeper(self) -> Self {
        match self {
            Self::Canonical => Self::Canonical,
            Self::Indented(level) => Self::Indented(level + 1),
        }
    }

    fn new_line(self, text: &mut String) {
        if let Self::Indented(level) = self {
            text.push('\n');
            text.push_str(&"  ".repeat(level));
        }
    }
}

fn write(text: &mut String, value: &Value, layout: Layout) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Value::Num(number) => text.push_str(&number.to_string()),
        Value::TStr(bytes) | Value::BStr(bytes) => quote(text, &String::from_utf8_lossy(bytes)),
        Value::Arr(items) => {
            let write_item = |text: &mut String, item: &Value| write(text, item, layout.deeper());
            sequence(text, ['[', ']'], items.iter(), layout, write_item);
        }
        Value::Obj(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            if matches!(layout, Layout::Canonical) {
                entries.sort_by_key(|(key, _)| as_str(key).unwrap_or_default());
            }
            let write_entry = |text: &mut String, (key, value): (&Value, &Value)| {
                quote(text, as_str(key).unwrap_or_default());
                text.push_str(if matches!(layout, Layout::Canonical) { ":" } else { ": " });
                write(text, value, layout.deeper());
            };
            sequence(text, ['{', '}'], entries.into_iter(), layout, write_entry);
        }
    }
}

fn sequence<T>(
    text: &mut String,
    [open, close]: [char; 2],
    items: impl ExactSizeIterator<Item = T>,
    layout: Layout,
    write: impl Fn(&mut String, T),
) {
    text.push(open);
    let empty = items.len() == 0;
    for (idx, item) in items.enumerate() {
        if idx > 0 {
            text.push(',');
        }
        layout.deeper().new_line(text);
        write(text, item);
    }
    if !empty {
        layout.new_line(text);
    }
    text.push(close);
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Control characters must be escaped in JSON, the others (and a byte order mark) in YAML.
            control if control.is_control() || control == '\u{feff}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
