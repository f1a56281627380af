//! What differs between runs: ids, which the pages give names of their own, and times, which are not compared.

use std::fmt::Write as _;

/// The ids of a page: those of this run, and those that the page shows for them.
pub(crate) struct Names {
    page: u32,
    real: Vec<String>,
}

impl Names {
    pub(crate) fn new(page: &str) -> Self {
        // FNV-1a: pages show different ids.
        let hash = page
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self { page: hash, real: Vec::new() }
    }

    /// Puts the page's ids in the place of this run's; new ones get the next name.
    pub(crate) fn shown(&mut self, text: &str) -> String {
        replace(text, |token| {
            let id = token.get(..ID_CHARS).filter(|id| is_id(id))?;
            let known = self.real.iter().position(|real| real == id);
            let nth = known.unwrap_or_else(|| {
                self.real.push(id.to_owned());
                self.real.len() - 1
            });
            Some(format!("{}{}", self.id(nth), &token[ID_CHARS..]))
        })
    }

    /// Puts this run's ids in the place of the page's.
    pub(crate) fn real(&self, text: &str) -> String {
        let ids = self.real.iter().enumerate();
        ids.fold(text.to_owned(), |text, (nth, real)| text.replace(&self.id(nth), real))
    }

    /// Puts the page's ids in the place of `ID1`, `ID2` …
    pub(crate) fn named(&self, text: &str) -> String {
        let ids = (0..self.real.len()).rev();
        ids.fold(text.to_owned(), |text, nth| {
            text.replace(&format!("ID{}", nth + 1), &self.id(nth))
        })
    }

    /// The name of the `nth` id of the page, which looks like one.
    fn id(&self, nth: usize) -> String {
        format!("0199c5d2-4e{nth:02x}-7a1b-8c3d-{:08x}{nth:04x}", self.page)
    }
}

/// Whether a transcript says what was printed, but for what differs between runs; a line `…` stands for any lines.
pub(crate) fn matches(said: &str, printed: &str) -> bool {
    let (said, printed) = (blurred(said), blurred(printed));
    let said: Vec<&str> = said.lines().collect();
    let printed: Vec<&str> = printed.lines().collect();
    lines_match(&said, &printed)
}

fn lines_match(said: &[&str], printed: &[&str]) -> bool {
    match (said.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first.trim() == "…" => {
            (0..=printed.len()).any(|skipped| lines_match(rest, &printed[skipped..]))
        }
        (Some((one, said)), Some((other, printed))) => one == other && lines_match(said, printed),
        _ => false,
    }
}

/// The text without what differs between runs.
fn blurred(text: &str) -> String {
    let mut blurred = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.trim_end();
        let line = match ["date: ", "motet-position: "].iter().find(|name| line.starts_with(**name))
        {
            Some(name) => (*name).to_owned(),
            None => without_size(&without_process(&replace(line, |token| {
                blur(token).map(str::to_owned)
            }))),
        };
        let _ = writeln!(blurred, "{line}");
    }
    blurred
}

/// The line without the number of a process.
fn without_process(line: &str) -> String {
    const BEFORE: &str = "by process ";
    let Some((head, tail)) = line.split_once(BEFORE) else {
        return line.to_owned();
    };
    format!("{head}{BEFORE}{}", tail.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// The line without the size of a copy, which grows with every table.
fn without_size(line: &str) -> String {
    const AFTER: &str = " bytes, every commit";
    let Some((head, tail)) = line.split_once(AFTER) else {
        return line.to_owned();
    };
    format!("{}{AFTER}{tail}", head.trim_end_matches(|c: char| c.is_ascii_digit()))
}

fn blur(token: &str) -> Option<&'static str> {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_instant(token) {
        return Some("<time>");
    }
    if let Some(key) = token.get(ID_CHARS..).filter(|_| is_id(&token[..ID_CHARS])) {
        return (key.len() == 33 && is_hex(&key[1..])).then_some("<key>");
    }
    if [12, 32, 64].contains(&token.len()) && is_hex(token) {
        return Some("<digest>");
    }
    if token.len() == 55 && token.starts_with("00-") && token.ends_with("-01") {
        return Some("<trace>");
    }
    let count = token.strip_suffix("ms").or(token.strip_suffix('s'))?;
    let is_count =
        !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_count.then_some("<duration>")
}

/// Replaces the words of a text for which something else is given.
fn replace(text: &str, mut with: impl FnMut(&str) -> Option<String>) -> String {
    let mut replaced = String::with_capacity(text.len());
    let is_inside = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
    for piece in text.split_inclusive(|c| !is_inside(c)) {
        let token = piece.trim_end_matches(|c| !is_inside(c));
        // A full stop or colon after a word is no part of it.
        let word = token.trim_end_matches(['.', ':']);
        replaced.push_str(&with(word).unwrap_or_else(|| word.to_owned()));
        replaced.push_str(&piece[word.len()..]);
    }
    replaced
}

const ID_CHARS: usize = 36;

fn is_id(text: &str) -> bool {
    has_form(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

fn is_instant(text: &str) -> bool {
    has_form(text, "dddd-dd-ddTdd:dd:dd.dddZ")
}

fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(own, wanted)| match wanted {
            b'x' => own.is_ascii_hexdigit(),
            b'd' => own.is_ascii_digit(),
            literal => own == literal,
        })
}
