/// The bytes cannot be read; offsets count bytes from the beginning of the chunk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A newer version of Motet wrote them.
    #[error("format {found} is newer than {known}, the newest that this version reads")]
    Newer { found: u8, known: u8 },
    /// They hold a variant that this version does not know: one that was added later, or damage.
    #[error("{what} {number} is not known, at byte {offset}")]
    Unknown { what: &'static str, number: u64, offset: usize },
    /// They end within an item.
    #[error("the bytes end too early, at byte {offset}")]
    Truncated { offset: usize },
    /// They refer to a value of another chunk, which has to be read first.
    #[error("a value stands in the chunk that begins with record {record}")]
    Elsewhere { record: u64 },
    /// They are not of this form.
    #[error("{what}, at byte {offset}")]
    Malformed { what: &'static str, offset: usize },
}
