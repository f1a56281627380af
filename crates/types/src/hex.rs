use std::fmt;

/// Bytes that print as two lower-case hexadecimal digits each.
#[derive(Clone, Copy)]
pub struct Hex<'b>(pub &'b [u8]);

/// Bytes that are printed in one go.
const CHUNK: usize = 32;

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.chunks(CHUNK) {
            let mut text = [0; 2 * CHUNK];
            for (place, byte) in text.chunks_exact_mut(2).zip(chunk) {
                place.copy_from_slice(&digits(*byte));
            }
            f.write_str(ascii(&text[..2 * chunk.len()]))?;
        }
        Ok(())
    }
}

/// The two digits of a byte.
pub(crate) fn digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

/// What was put together from digits and punctuation.
pub(crate) fn ascii(text: &[u8]) -> &str {
    std::str::from_utf8(text).expect("digits and punctuation are ASCII")
}
