//! A worker in Rust, with the standard library alone: `rustc worker.rs && MOTET_SERVER=localhost:7080 ./worker print-label`
//!
//! A real one would use an HTTP and a JSON crate; this one shows every byte that goes over the wire.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

fn main() {
    let server = std::env::var("MOTET_SERVER").unwrap_or_else(|_| "127.0.0.1:7080".to_owned());
    let kind = std::env::args().nth(1).expect("the type of the jobs");
    let asked = r#"{"worker":"worker.rs","maxJobs":1,"timeout":"30s","wait":"30s"}"#;
    loop {
        match post(&server, &format!("jobs/{kind}/activate"), asked) {
            Ok((200, body)) => {
                // The first member of a job is its id, and there is at most one job.
                let Some(id) = text(&body, "id") else { continue };
                let (path, told) = match work(&body) {
                    Ok(output) => ("complete", format!(r#"{{"output":{output},"worker":"worker.rs"}}"#)),
                    Err(error) => ("fail", format!(r#"{{"error":"{error}","retries":3,"backoff":"2s"}}"#)),
                };
                // 409 and 410: somebody was faster, or nobody waits for it any more.
                match post(&server, &format!("jobs/{id}/{path}"), &told) {
                    Ok((200, _)) => {}
                    other => eprintln!("{id}: {other:?}"),
                }
            }
            other => {
                eprintln!("{other:?}");
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    }
}

/// The work itself: an output as JSON, or an error.
fn work(job: &str) -> Result<String, String> {
    let key = text(job, "idempotencyKey").ok_or("a job has a key")?;
    Ok(format!(r#"{{"by":"rust","key":"{key}"}}"#))
}

fn post(server: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(server)?;
    let head = "Connection: close\r\nContent-Type: application/json";
    write!(stream, "POST /api/v1/{path} HTTP/1.1\r\nHost: {server}\r\n{head}\r\n")?;
    write!(stream, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
    Ok((status, answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned()))
}

/// The first text member of this name.
fn text<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    json.split_once(&format!("\"{name}\":\""))?.1.split('"').next()
}
