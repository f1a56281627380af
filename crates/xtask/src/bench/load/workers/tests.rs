use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use super::*;

/// A server with so many jobs, each given `times`; it refuses the first completion.
#[derive(Clone)]
struct Jobs {
    left: Arc<Mutex<VecDeque<u64>>>,
    completed: Arc<Mutex<Vec<String>>>,
    refuses: Arc<Mutex<bool>>,
}

impl Jobs {
    fn of(jobs: impl IntoIterator<Item = u64>) -> Self {
        let left = Arc::new(Mutex::new(jobs.into_iter().collect()));
        Self { left, completed: Arc::default(), refuses: Arc::new(Mutex::new(true)) }
    }

    /// Serves each connection on a thread that ends with it.
    fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, jobs) = (listener.local_addr().unwrap(), self.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let jobs = jobs.clone();
                thread::spawn(move || jobs.serve_one(stream.unwrap()));
            }
        });
        address
    }

    fn serve_one(&self, mut stream: std::net::TcpStream) {
        use std::io::{Read as _, Write as _};
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            }
            let Some(request) = wire::message(&bytes).unwrap() else { continue };
            let line = String::from_utf8(request.first_line.to_vec()).unwrap();
            let (status, body) = self.answer(line.split(' ').nth(1).unwrap(), request.body);
            let taken = request.bytes;
            bytes.drain(..taken);
            let mut answer = Vec::new();
            wire::respond(&mut answer, status, "application/json", body.as_bytes());
            stream.write_all(&answer).unwrap();
        }
    }

    fn answer(&self, path: &str, body: &[u8]) -> (&'static str, String) {
        let parts: Vec<&str> = path.split('/').collect();
        match parts[4..] {
            ["work", "activate"] => {
                assert_eq!(wire::member(body, "maxJobs"), Some(3));
                let mut left = self.left.lock().unwrap();
                let count = left.len().min(3);
                let given = left.drain(..count);
                let jobs: Vec<String> = given.map(|job| format!(r#"{{"id":"j{job}"}}"#)).collect();
                ("200 OK", format!(r#"{{"jobs":[{}]}}"#, jobs.join(",")))
            }
            [_, "complete"] if std::mem::take(&mut *self.refuses.lock().unwrap()) => {
                ("429 Too Many Requests", String::new())
            }
            [job, "complete"] => {
                self.completed.lock().unwrap().push(job.to_owned());
                ("200 OK", "{}".to_owned())
            }
            _ => ("404 Not Found", path.to_owned()),
        }
    }
}

fn work(jobs: &Jobs, count: u64) -> anyhow::Result<serde_json::Value> {
    let line = format!("--server {} --clients 3 --batch 3 --count {count}", jobs.serve());
    let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let args = Arguments::read(&args, &[], &["server", "clients", "batch", "count"]).unwrap();
    Workers::read(&args).unwrap().run()
}

#[test]
fn every_job_is_completed_once_and_a_refused_one_again() {
    let jobs = Jobs::of(0..50);
    let result = work(&jobs, 50).unwrap();
    assert_eq!((&result["completed"], &result["refused"]), (&json!(50), &json!(1)));
    let mut completed = jobs.completed.lock().unwrap().clone();
    completed.sort_unstable();
    let mut expected: Vec<String> = (0..50).map(|job| format!("j{job}")).collect();
    expected.sort_unstable();
    assert_eq!(completed, expected);
}

#[test]
fn a_job_that_is_given_out_twice_ends_the_load() {
    let error = work(&Jobs::of([1, 2, 1]), 3).unwrap_err().to_string();
    assert_eq!(error, "j1 was given out twice");
}

#[test]
fn jobs_are_read_from_what_the_server_says() {
    let told = |body: &str| {
        let mut bytes = Vec::new();
        wire::respond(&mut bytes, "200 OK", "application/json", body.as_bytes());
        jobs_in(&wire::message(&bytes).unwrap().unwrap()).map_err(|error| error.to_string())
    };
    assert_eq!(told(r#"{"jobs":[]}"#), Ok(Vec::new()));
    let two = r#"{"jobs":[{"id":"a","type":"work"},{"id":"b","instance":"x"}]}"#;
    assert_eq!(told(two), Ok(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(told("{}"), Err("{} are no jobs".to_owned()));
}
