//! The program in a directory of its own, and servers of it.

use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A new directory; removed at the end.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("cli-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The program with this directory as the present one and this environment, and nothing else of ours.
pub(crate) fn motet(directory: &Directory, environment: &[(&str, &str)]) -> Motet {
    let mut command = Command::new(env!("CARGO_BIN_EXE_motet"));
    command.current_dir(&directory.0).stdin(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MOTET_")) {
        command.env_remove(name);
    }
    // Help is wrapped to the width of the terminal, if there is one.
    command.env("COLUMNS", "100").envs(environment.iter().copied());
    Motet(command)
}

pub(crate) struct Motet(Command);

impl Motet {
    /// With this standard input.
    pub(crate) fn fed(mut self, input: &str) -> Self {
        if !input.is_empty() {
            let (reader, mut writer) = std::io::pipe().unwrap();
            writer.write_all(input.as_bytes()).unwrap();
            self.0.stdin(reader);
        }
        self
    }

    /// Runs with arguments that are separated by single spaces.
    pub(crate) fn run(mut self, arguments: &str) -> Ran {
        let output = self.0.args(arguments.split(' ').filter(|part| !part.is_empty())).output();
        let output = output.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Standard output, standard error where there is any, and the exit code where it is not 0.
    pub(crate) fn transcript(&self) -> String {
        let mut text = self.stdout.clone();
        if !self.stderr.is_empty() {
            text.push_str(&format!("--- stderr\n{}", self.stderr));
        }
        if self.code != 0 {
            text.push_str(&format!("--- exit {}\n", self.code));
        }
        text
    }
}

/// A server in a process of its own; killed at the end unless it was stopped.
pub(crate) struct Server {
    pub(crate) directory: Directory,
    address: String,
    /// Shown by every command.
    environment: Vec<(String, String)>,
    child: Child,
    // Kept, because a server that cannot write there any more would complain.
    _stderr: BufReader<ChildStderr>,
}

impl Server {
    pub(crate) fn start(directory: Directory) -> Self {
        Self::over(directory, "data")
    }

    pub(crate) fn over(directory: Directory, data: &str) -> Self {
        Self::spawn(directory, &["serve", "--data", data])
    }

    pub(crate) fn dev(directory: Directory, file: &str) -> Self {
        Self::spawn(directory, &["dev", file])
    }

    /// With further arguments; the demonstration finds a free port by itself.
    pub(crate) fn spawn(directory: Directory, arguments: &[&str]) -> Self {
        Self::spawn_for(directory, arguments, &[])
    }

    /// Listening on every address, which is to be allowed.
    pub(crate) fn spawn_beyond(directory: Directory, more: &str) -> Self {
        let mut command = motet(&directory, &[]).0;
        command.args(["serve", "--data", "data", "--listen", "0.0.0.0:0", more.trim()]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        assert!(line.contains(" at http://0.0.0.0:"), "{line}");
        Self { directory, address: String::new(), environment: Vec::new(), child, _stderr: stderr }
    }

    /// With an environment for the commands that are sent to it.
    pub(crate) fn spawn_for(
        directory: Directory,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let mut command = motet(&directory, &[]).0;
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::piped());
        if arguments[0] != "demo" && !arguments.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut told = String::new();
        // What is wrong with sources and sinks may be told before the address.
        let address = loop {
            let begin = told.len();
            assert!(stderr.read_line(&mut told).unwrap() > 0, "no address in {told:?}");
            let address =
                told[begin..].split(" at ").nth(1).and_then(|rest| rest.split(',').next());
            if let Some(address) = address.filter(|address| address.starts_with("http")) {
                break address.to_owned();
            }
        };
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let environment = environment.iter().map(owned).collect();
        let server = Self { directory, address, environment, child, _stderr: stderr };
        server.wait_for("get workflows", "WORKFLOW");
        server
    }

    /// Runs a command against this server.
    pub(crate) fn motet(&self, arguments: &str) -> Ran {
        self.motet_with(&[], "", arguments)
    }

    /// The same with a further environment, and standard input.
    pub(crate) fn motet_with(
        &self,
        environment: &[(&str, &str)],
        input: &str,
        arguments: &str,
    ) -> Ran {
        let own = self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut all = vec![("MOTET_SERVER", self.address.as_str())];
        all.extend(own);
        all.extend(environment);
        motet(&self.directory, &all).fed(input).run(arguments)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let told = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(told.success());
    }

    /// Repeats a command until it prints a text.
    pub(crate) fn wait_for(&self, arguments: &str, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let ran = self.motet(arguments);
            if ran.stdout.contains(text) {
                return;
            }
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(Instant::now() < deadline, "{arguments} never printed {text}: {said}");
        }
    }

    /// Stops by SIGTERM; the exit code.
    pub(crate) fn stop(mut self) -> i32 {
        self.terminate()
    }

    /// Stops by SIGTERM and leaves the directory.
    pub(crate) fn stopped(mut self) -> Directory {
        assert_eq!(self.terminate(), 0);
        std::mem::replace(&mut self.directory, Directory::new())
    }

    /// Dies by SIGKILL and leaves the directory.
    pub(crate) fn killed(mut self) -> Directory {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.directory, Directory::new())
    }

    /// What the API answers, status line and headers included.
    pub(crate) fn http(&self, request: &str) -> String {
        let address = self.address.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!("{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The position as of which the API answers now.
    pub(crate) fn position(&self) -> u64 {
        let answer = self.http("GET /api/v1/instances/counts?at=latest");
        let mut values = answer.lines().filter_map(|line| line.strip_prefix("motet-position: "));
        values.next().unwrap_or_else(|| panic!("no position: {answer}")).parse().unwrap()
    }

    fn terminate(&mut self) -> i32 {
        let killed = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(killed.success());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Ids, instants, durations and digests as words.
pub(crate) fn redact(text: &str) -> String {
    let mut shown = String::new();
    for line in text.lines() {
        let words: Vec<String> = line.split(' ').map(redacted).collect();
        shown.push_str(&words.join(" "));
        shown.push('\n');
    }
    shown
}

fn redacted(word: &str) -> String {
    let (bare, end) = match word.strip_suffix([',', ':', '"', '`']) {
        Some(bare) => (bare, &word[bare.len()..]),
        None => (word, ""),
    };
    let (start, bare) = match bare.rsplit_once(['=', '"']) {
        Some((before, bare)) => (&word[..=before.len()], bare),
        None => ("", bare),
    };
    let is_time = |text: &str| {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        text != digits && !digits.is_empty() && digits.parse::<f64>().is_ok()
    };
    let is_hex = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let name = if bare.parse::<motet_types::InstanceId>().is_ok() {
        "<id>"
    } else if bare.parse::<motet_types::Timestamp>().is_ok() {
        "<instant>"
    } else if is_hex(bare) {
        "<digest>"
    } else if is_time(bare) {
        "<time>"
    } else {
        return word.to_owned();
    };
    format!("{start}{name}{end}")
}
