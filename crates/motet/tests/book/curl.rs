//! The forms of `curl` that the book uses, so that no machine needs it: `-s -i -N -X -H -d --data-binary`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

/// Time in which something must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// One whole answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Status line and headers as they came, with line ends.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Carries a command out and gives what it prints.
pub(crate) fn run(words: &[String], directory: &Path) -> String {
    let mut method: Option<&str> = None;
    let (mut headers, mut body, mut url) = (Vec::new(), None, None);
    let mut shows_head = false;
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} wants a value"));
        match word {
            "-s" | "-N" => {}
            "-i" => shows_head = true,
            "-X" => method = Some(value()),
            "-H" => headers.push(value().to_owned()),
            "-d" | "--data-binary" => body = Some(data(value(), directory)),
            option if option.starts_with('-') => panic!("the book's curl knows no {option}"),
            address => url = Some(address),
        }
    }
    if body.is_some()
        && !headers.iter().any(|header| header.to_lowercase().starts_with("content-type:"))
    {
        headers.push("content-type: application/x-www-form-urlencoded".to_owned());
    }
    let method = method.unwrap_or(if body.is_some() { "POST" } else { "GET" });
    let answer = send(method, url.expect("an address"), &headers, &body.unwrap_or_default());
    if shows_head { format!("{}\n{}", answer.head, answer.body) } else { answer.body }
}

fn data(argument: &str, directory: &Path) -> String {
    match argument.strip_prefix('@') {
        Some(file) => fs::read_to_string(directory.join(file)).expect("the file is there"),
        None => argument.to_owned(),
    }
}

/// Sends one request on a connection of its own.
pub(crate) fn send(method: &str, url: &str, headers: &[String], body: &str) -> Answer {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let stream = TcpStream::connect(authority).unwrap_or_else(|error| panic!("{url}: {error}"));
    stream.set_read_timeout(Some(PATIENCE)).expect("the time is not zero");
    let mut request = format!("{method} /{path} HTTP/1.1\r\nhost: {authority}\r\n");
    if !headers.iter().any(|header| header.to_lowercase().starts_with("accept:")) {
        request.push_str("accept: */*\r\n");
    }
    for header in headers {
        request.push_str(&format!("{header}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    (&stream).write_all(request.as_bytes()).expect("the server takes the request");
    read(&mut BufReader::new(stream))
}

fn read(stream: &mut BufReader<TcpStream>) -> Answer {
    let mut answer = Answer::default();
    let (mut length, mut is_chunked) = (0, false);
    loop {
        let line = line(stream);
        if line.is_empty() {
            break;
        }
        answer.head.push_str(&format!("{line}\n"));
        let lower = line.to_ascii_lowercase();
        if let Some(count) = lower.strip_prefix("content-length: ") {
            length = count.parse().expect("a length is a number");
        }
        is_chunked |= lower == "transfer-encoding: chunked";
    }
    if !is_chunked {
        answer.body = take(stream, length);
        return answer;
    }
    loop {
        let length = usize::from_str_radix(&line(stream), 16).expect("a chunk has a length");
        answer.body.push_str(&take(stream, length));
        line(stream);
        if length == 0 {
            return answer;
        }
    }
}

fn line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).expect("the server goes on in time");
    line.trim_end().to_owned()
}

fn take(stream: &mut BufReader<TcpStream>, length: usize) -> String {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).expect("the server goes on in time");
    String::from_utf8(bytes).expect("answers are UTF-8")
}
