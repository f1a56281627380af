use std::io::{BufRead as _, BufReader};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::io::Errno;
use rustix::process::test_kill_process;

use super::*;

const LONG: Duration = Duration::from_secs(30);

/// A child that runs a line of shell; each has a log of its own.
fn shell(line: &str) -> Process {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let logs = std::env::temp_dir().join(format!("motet-xtask-{}-{count}", std::process::id()));
    Process::start_in(&logs, "child", Command::new("sh").args(["-c", line])).unwrap()
}

fn wait_for_line(process: &mut Process, line: &str) {
    let deadline = Instant::now() + LONG;
    while !fs::read_to_string(process.log()).unwrap().lines().any(|other| other == line) {
        assert_eq!(process.exited().unwrap(), None);
        assert!(Instant::now() < deadline, "no line {line:?} in the log");
        thread::yield_now();
    }
}

fn is_gone(id: u32) -> bool {
    let pid = Pid::from_raw(id.try_into().unwrap()).unwrap();
    test_kill_process(pid) == Err(Errno::SRCH)
}

/// Answers each connection with the next status; ends after the last.
fn serve(statuses: &'static [u16]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for status in statuses {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                reader.read_line(&mut line).unwrap();
            }
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: 3\r\nconnection: close\r\n\r\nno\n"
            );
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn ready_is_the_first_200() {
    let mut process = shell("exec sleep 60");
    let address = serve(&[503, 404, 200]);
    process.wait_ready(address, "/readyz", LONG).unwrap();
}

#[test]
fn an_early_end_is_reported_at_once_with_the_log() {
    let mut process = shell("echo the port is taken >&2; exit 3");
    let address = free_address().unwrap();
    let error = process.wait_ready(address, "/readyz", LONG).unwrap_err().to_string();
    assert!(error.contains("child ended before it was ready (exit status: 3)"), "{error}");
    assert!(error.ends_with("\n  the port is taken"), "{error}");
}

#[test]
fn readiness_has_a_deadline_that_shows_the_last_answer() {
    let mut process = shell("exec sleep 60");
    let address = free_address().unwrap();
    let within = Duration::from_millis(30);
    let error = process.wait_ready(address, "/readyz", within).unwrap_err().to_string();
    assert!(error.contains("child is not ready after 30ms"), "{error}");
    assert!(error.contains("cannot connect"), "{error}");
}

#[test]
fn kill_and_drop_leave_no_process() {
    let process = shell("exec sleep 60");
    let killed = process.id();
    process.kill().unwrap();
    assert!(is_gone(killed));

    let process = shell("exec sleep 60");
    let dropped = process.id();
    assert!(!is_gone(dropped));
    drop(process);
    assert!(is_gone(dropped));
}

#[test]
fn killing_what_ended_by_itself_is_an_error() {
    let mut process = shell("echo bye; exit 0");
    let deadline = Instant::now() + LONG;
    while process.exited().unwrap().is_none() {
        assert!(Instant::now() < deadline);
        thread::yield_now();
    }
    let error = process.kill().unwrap_err().to_string();
    assert!(error.starts_with("child ended by itself (exit status: 0)"), "{error}");
}

#[test]
fn terminate_waits_for_a_graceful_end() {
    let mut process = shell("trap 'echo bye; exit 7' TERM; echo up; while :; do :; done");
    wait_for_line(&mut process, "up");
    let log = process.log().to_owned();
    assert_eq!(process.terminate(LONG).unwrap().code(), Some(7));
    assert!(fs::read_to_string(log).unwrap().ends_with("up\nbye\n"));
}

#[test]
fn terminate_kills_what_does_not_listen() {
    let mut process = shell("trap '' TERM; echo up; exec sleep 60");
    wait_for_line(&mut process, "up");
    let id = process.id();
    let error = process.terminate(Duration::from_millis(30)).unwrap_err().to_string();
    assert!(error.starts_with("child did not stop within 30ms and was killed"), "{error}");
    assert!(is_gone(id));
}

#[test]
fn executables_are_read_from_the_messages_of_cargo() {
    let built = Executables::from_messages(
        r#"{"reason":"compiler-artifact","target":{"name":"motet_types"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"motet"},"profile":{"test":true},"executable":"/t/debug/deps/motet-0"}
{"reason":"compiler-artifact","target":{"name":"motet"},"profile":{"test":false},"executable":"/t/debug/motet"}
{"reason":"compiler-artifact","target":{"name":"motet"},"profile":{"test":true},"executable":"/t/debug/deps/motet-1"}
{"reason":"build-finished","success":true}"#,
    )
    .unwrap();
    assert_eq!(built.path("motet").unwrap(), Path::new("/t/debug/motet"));
    let error = built.path("shop").unwrap_err().to_string();
    assert_eq!(error, r#"cargo built no program "shop", only ["motet"]"#);
    assert!(Executables::from_messages("Compiling motet").is_err());
}

#[test]
fn of_a_long_log_only_the_end_is_shown() {
    let mut process =
        shell("i=0; while [ $i -lt 4000 ]; do echo line $i; i=$((i+1)); done; exec sleep 60");
    wait_for_line(&mut process, "line 3999");
    let shown = process.log_end();
    let lines: Vec<&str> = shown.lines().map(str::trim).collect();
    assert_eq!(lines.len(), 2 + LOG_LINES_SHOWN);
    assert_eq!((lines[2], lines[21]), ("line 3980", "line 3999"));
}
