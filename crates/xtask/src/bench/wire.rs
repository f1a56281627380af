//! Just enough of HTTP/1.1 (RFC 9112) to carry load between programs that we know: whole messages with a length, in
//! either direction, any number of them in one buffer.

/// One message at the front of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'b> {
    /// Request line or status line, without its end.
    pub(super) first_line: &'b [u8],
    pub(super) body: &'b [u8],
    /// Length of all of it.
    pub(super) bytes: usize,
}

/// The bytes are no message that is understood here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

/// Longest head that is read, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The message at the front of the buffer, once it is whole.
pub(super) fn message(buffer: &[u8]) -> Result<Option<Message<'_>>, Malformed> {
    let Some(head_end) = find(buffer, b"\r\n\r\n") else {
        if buffer.len() > HEAD_BYTES_MAX {
            return Err(Malformed("the head does not end"));
        }
        return Ok(None);
    };
    let mut lines = buffer[..head_end].split(|byte| *byte == b'\n');
    let first_line = lines.next().unwrap_or_default().trim_ascii_end();
    let mut length = 0;
    for line in lines {
        if let Some(value) = header(line, b"content-length") {
            length = number(value).ok_or(Malformed("the length is no number"))? as usize;
        } else if header(line, b"transfer-encoding").is_some() {
            return Err(Malformed("the body is chunked"));
        }
    }
    let body_start = head_end + 4;
    let bytes = body_start.saturating_add(length);
    let body = buffer.get(body_start..bytes);
    Ok(body.map(|body| Message { first_line, body, bytes }))
}

impl Message<'_> {
    /// Status of a response.
    pub(super) fn status(&self) -> Result<u16, Malformed> {
        let digits = self.first_line.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.get(..3));
        let status = digits.and_then(number).and_then(|status| u16::try_from(status).ok());
        status.ok_or(Malformed("that is no status line"))
    }
}

/// Appends a request with a JSON body.
pub(super) fn post(out: &mut Vec<u8>, path: &str, host: &str, body: &[u8]) {
    out.extend_from_slice(b"POST ");
    out.extend_from_slice(path.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\nhost: ");
    out.extend_from_slice(host.as_bytes());
    out.extend_from_slice(b"\r\ncontent-type: application/json\r\ncontent-length: ");
    append_number(out, body.len() as u64);
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
}

/// Appends a request without a body.
pub(super) fn get(out: &mut Vec<u8>, path: &str, host: &str) {
    for part in ["GET ", path, " HTTP/1.1\r\nhost: ", host, "\r\n\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Appends a response; `status_line` is its status with the reason.
pub(super) fn respond(out: &mut Vec<u8>, status_line: &str, media_type: &str, body: &[u8]) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status_line.as_bytes());
    out.extend_from_slice(b"\r\ncontent-type: ");
    out.extend_from_slice(media_type.as_bytes());
    out.extend_from_slice(b"\r\ncontent-length: ");
    append_number(out, body.len() as u64);
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
}

/// `{"value":N}`, which is what every body of the bench is.
pub(super) fn append_value(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(b"{\"value\":");
    append_number(out, value);
    out.push(b'}');
}

/// The number after the first `"value":`.
pub(super) fn value(body: &[u8]) -> Option<u64> {
    member(body, "value")
}

/// The number after the first key of that name.
pub(super) fn member(body: &[u8], name: &str) -> Option<u64> {
    let key = format!("\"{name}\"");
    let at = find(body, key.as_bytes())? + key.len();
    let rest = body[at..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    number(&rest[..end])
}

/// The text of a member whose value has no escapes, in JSON without spaces.
pub(super) fn text<'b>(body: &'b [u8], member: &str) -> Option<&'b str> {
    let wanted = format!("\"{member}\":\"");
    let rest = &body[find(body, wanted.as_bytes())? + wanted.len()..];
    let end = rest.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&rest[..end]).ok()
}

pub(super) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

pub(super) fn append_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn header<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    let (start, rest) = line.split_at_checked(name.len())?;
    let value = rest.strip_prefix(b":")?;
    start.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests;
