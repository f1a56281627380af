//! Percent-encoding (RFC 3986 §2.1). Decoding is strict: what is no escape is a defect of the sender, not a text.

/// The UTF-8 bytes of a text, those that `keeps` refuses as `%XX`.
pub fn percent_encode(text: &str, keeps: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match keeps(byte) && byte.is_ascii() {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The text that was encoded; `None` where a `%` begins no escape, or the bytes are no UTF-8.
pub fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        for text in ["", "plain", "a b", "100 %", "grün €", "%41", "\u{0}\u{7f}"] {
            let encoded = percent_encode(text, |byte| byte.is_ascii_alphanumeric());
            assert!(encoded.bytes().all(|byte| byte == b'%' || byte.is_ascii_alphanumeric()));
            assert_eq!(percent_decode(&encoded).as_deref(), Some(text), "{encoded}");
        }
        assert_eq!(percent_encode("ä", |_| true), "%C3%A4", "what is no ASCII is never kept");
    }

    #[test]
    fn what_is_no_escape_is_refused() {
        for text in ["%", "%4", "%zz", "100%", "%ff", "%+1"] {
            assert_eq!(percent_decode(text), None, "{text}");
        }
        assert_eq!(percent_decode("%c3%A4").as_deref(), Some("ä"), "in either case");
    }
}
