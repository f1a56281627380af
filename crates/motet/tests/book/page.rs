use std::fs;
use std::path::Path;

/// A page: its text, and the fenced blocks in it.
pub(crate) struct Page {
    lines: Vec<String>,
    pub(crate) blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// Number of the line that opens it, from 1 on.
    pub(crate) line: usize,
    /// Lines between the fences.
    lines: usize,
    pub(crate) language: String,
    /// Comments right before it: `<!-- key: value -->`.
    marks: Vec<(String, String)>,
    /// Each line ends with a line end.
    pub(crate) text: String,
}

impl Page {
    pub(crate) fn read(path: &Path) -> Self {
        let text =
            fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut blocks: Vec<Block> = Vec::new();
        let mut open: Option<Block> = None;
        let mut marks = Vec::new();
        for (idx, line) in lines.iter().enumerate() {
            match (&mut open, line.strip_prefix("```")) {
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(block), None) => {
                    block.lines += 1;
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, Some(language)) => {
                    let language = language.trim().to_owned();
                    let marks = std::mem::take(&mut marks);
                    open = Some(Block {
                        line: idx + 1,
                        lines: 0,
                        language,
                        marks,
                        text: String::new(),
                    });
                }
                (None, None) => match mark(line) {
                    Some(mark) => marks.push(mark),
                    None if line.trim().is_empty() => {}
                    None => marks.clear(),
                },
            }
        }
        assert!(open.is_none(), "{}: a block is never closed", path.display());
        Self { lines, blocks }
    }

    /// Writes the page with its blocks as they are now.
    pub(crate) fn write(&self, path: &Path) {
        let mut lines = self.lines.clone();
        for block in self.blocks.iter().rev() {
            let new = block.text.lines().map(str::to_owned);
            drop(lines.splice(block.line..block.line + block.lines, new));
        }
        let text = lines.join("\n") + "\n";
        fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

impl Block {
    pub(crate) fn mark(&self, key: &str) -> Option<&str> {
        self.marks.iter().find(|(other, _)| other == key).map(|(_, value)| value.as_str())
    }

    /// A whole document of a workflow.
    pub(crate) fn is_document(&self) -> bool {
        self.language == "yaml" && self.text.lines().any(|line| line.starts_with("document:"))
    }

    pub(crate) fn is_tried(&self) -> bool {
        self.language == "console" || self.is_document()
    }
}

fn mark(line: &str) -> Option<(String, String)> {
    let inner = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    let (key, value) = inner.split_once(':')?;
    Some((key.trim().to_owned(), value.trim().to_owned()))
}
