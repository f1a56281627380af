//! As much of a shell as the book needs.

/// One command line.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Line {
    /// Variables that are set for this command.
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) words: Vec<String>,
    /// The filter after `| jq`.
    pub(crate) filter: Option<String>,
    /// The file after `>`, which takes standard output.
    pub(crate) target: Option<String>,
}

/// Reads words in quotes, variables before the command and a pipe into `jq`.
pub(crate) fn parse(text: &str) -> Line {
    let mut line = Line::default();
    let mut words = words(text).into_iter();
    while let Some(word) = words.next() {
        let variable = word.split_once('=').filter(|(name, _)| {
            line.words.is_empty()
                && name.bytes().all(|b| b.is_ascii_uppercase() || b"_".contains(&b))
        });
        if let Some((name, value)) = variable {
            line.environment.push((name.to_owned(), value.to_owned()));
        } else if word == ">" {
            line.target = words.next();
        } else if word == "|" {
            assert_eq!(words.next().as_deref(), Some("jq"), "only `| jq` is known: {text}");
            line.filter = Some(words.next().unwrap_or_else(|| ".".to_owned()));
        } else {
            line.words.push(word);
        }
    }
    line
}

fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            ('\\', None | Some('"')) => match letters.next() {
                Some('\n') => words.extend(word.take()),
                next => word.get_or_insert_default().extend(next),
            },
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (letter, None) if letter.is_whitespace() => words.extend(word.take()),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    assert!(quote.is_none(), "a quote is never closed: {text}");
    words.extend(word);
    words
}
