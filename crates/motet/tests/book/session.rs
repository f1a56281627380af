//! One page at work: its directory, its server, and what its commands print.

use std::fs;
use std::io::{BufRead, BufReader, Read, pipe};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use motet_expr::{Environment, Program, json};
use motet_types::Timestamp;

use crate::curl;
use crate::names::{Names, matches};
use crate::service::Service;
use crate::shell::{self, Line};

/// Time in which a command must end, and a server must be up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where the pages are carried out, as they write it.
const DIRECTORY: &str = "/srv/motet";
/// Addresses as the pages write them.
const SERVER: &str = ":7080";
const SERVICE: &str = ":18080";
/// Commands that ask a server; where a page shows none, one is started.
const CLIENT_COMMANDS: [&str; 13] = [
    "publish", "run", "get", "describe", "history", "watch", "cancel", "suspend", "resume",
    "retry", "service", "tag", "tasks",
];
const HOSTS: [&str; 2] = ["localhost", "127.0.0.1"];

pub(crate) struct Session {
    directory: PathBuf,
    service: Service,
    server: Option<Server>,
    names: Names,
    /// Exit code of the last command.
    exit: i32,
}

impl Session {
    pub(crate) fn new(page: &str) -> Self {
        let name = format!("book-{}-{page}", std::process::id());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&directory).expect("a directory can be made");
        let service = Service::start();
        Self { directory, service, server: None, names: Names::new(page), exit: 0 }
    }

    pub(crate) fn write(&mut self, file: &str, text: &str) {
        let path = self.directory.join(file);
        let folder = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(folder).expect("a directory can be made");
        fs::write(path, self.real(text)).expect("the file can be written");
    }

    /// Publishes a document of the page.
    pub(crate) fn publish(&mut self, document: &str) -> Result<(), String> {
        let document = self.real(document);
        let url = format!("http://{}/api/v1/workflows", self.server().address);
        let yaml = ["content-type: application/yaml".to_owned()];
        let answer = curl::send("POST", &url, &yaml, &document);
        match answer.head.split(' ').nth(1) {
            Some("200" | "201") => Ok(()),
            _ => Err(format!("document: it is not published: {}", answer.body)),
        }
    }

    /// Carries out a transcript; what is said where it holds, else what was printed.
    pub(crate) fn carry_out(&mut self, transcript: &str, names_ids: bool) -> String {
        let mut result = String::new();
        for (command, said) in commands(transcript) {
            let command = if names_ids { self.names.named(&command) } else { command };
            let mut printed = self.run(&command);
            if !printed.is_empty() && !printed.ends_with('\n') {
                printed.push('\n');
            }
            let printed = self.shown(&printed);
            result.push_str(&format!("$ {command}"));
            result.push_str(if matches(&said, &printed) { &said } else { &printed });
        }
        result
    }

    fn run(&mut self, command: &str) -> String {
        if command.trim() == "echo $?" {
            return format!("{}\n", self.exit);
        }
        let command = self.with_files(command);
        let line = shell::parse(&self.real(&command));
        let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
        let printed = match words.as_slice() {
            ["motet", "serve", options @ ..] if !options.contains(&"--print-config") => {
                self.serve(&line)
            }
            ["motet", command, ..] => {
                if CLIENT_COMMANDS.contains(command) {
                    self.server();
                }
                self.settle(&words);
                self.motet(&line)
            }
            ["curl", ..] => {
                self.server();
                self.settle(&words);
                // The server may have been started just now.
                let line = shell::parse(&self.real(&command));
                curl::run(&line.words[1..], &self.directory)
            }
            ["kill", options @ ..] => {
                let server = self.server.take().expect("a server runs");
                server.stop(options.contains(&"-9"));
                String::new()
            }
            ["ls", folder] => list(&self.directory.join(folder)),
            _ => panic!("the book has no such command: {command}"),
        };
        match &line.filter {
            Some(filter) => jq(filter, &printed),
            None => printed,
        }
    }

    /// The server; one is started if there is none.
    fn server(&mut self) -> &Server {
        if self.server.is_none() {
            self.serve(&shell::parse("motet serve"));
        }
        self.server.as_ref().expect("it was started")
    }

    /// Starts the page's server, or a second one, which is to be refused.
    fn serve(&mut self, line: &Line) -> String {
        // Whatever address the page names, this one is free.
        let mut words = line.words.clone();
        if let Some(at) = words.iter().position(|word| word == "--listen") {
            words.drain(at..at + 2);
        }
        words.extend(["--listen", "127.0.0.1:0"].map(str::to_owned));
        let command =
            self.command(&Line { words, environment: line.environment.clone(), ..Line::default() });
        if self.server.is_some() {
            return self.finish(command);
        }
        let (server, printed) = Server::start(command);
        self.exit = 1;
        if let Some(server) = server {
            self.exit = 0;
            self.server = Some(server);
        }
        printed
    }

    /// Lets the lists catch up with what happened: for people that takes no time.
    fn settle(&mut self, words: &[&str]) {
        if self.server.is_none() {
            return;
        }
        // Only lists follow behind; reads by id are exact.
        let is_list = |word: &&&str| {
            ["instances?", "counts", "incidents", "cancel?"].iter().any(|list| word.contains(list))
        };
        let lists = match words {
            ["curl", ..] => words.iter().any(|word| is_list(&word)),
            ["motet", command, ..] => {
                ["get", "cancel", "suspend", "resume", "retry"].contains(command)
            }
            _ => false,
        };
        if !lists {
            return;
        }
        let address = self.server().address.clone();
        let metrics = curl::send("GET", &format!("http://{address}/metrics"), &[], "").body;
        let position = metrics.lines().find_map(|line| line.strip_prefix("motet_store_position "));
        // A server that wants tokens tells nobody: pages about those list nothing that is new.
        let Some(position) = position else { return };
        let path = format!("http://{address}/api/v1/instances?limit=1&at={position}");
        let answer = curl::send("GET", &path, &[], "");
        assert!(answer.head.starts_with("HTTP/1.1 200"), "{}{}", answer.head, answer.body);
    }

    fn motet(&mut self, line: &Line) -> String {
        let mut command = self.command(line);
        let Some(target) = &line.target else { return self.finish(command) };
        let output = command.output().expect("the binary is there");
        self.exit = output.status.code().unwrap_or(-1);
        fs::write(self.directory.join(target), output.stdout).expect("the file can be written");
        String::from_utf8(output.stderr).expect("commands print UTF-8")
    }

    /// The command with `$(cat FILE)` replaced by what the file holds.
    fn with_files(&self, command: &str) -> String {
        let mut command = command.to_owned();
        while let Some((before, rest)) = command.split_once("$(cat ") {
            let (file, after) = rest.split_once(')').expect("a parenthesis is closed");
            let text = fs::read_to_string(self.directory.join(file)).expect("the file is there");
            command = format!("{before}{}{after}", text.trim());
        }
        command
    }

    fn command(&mut self, line: &Line) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_motet"));
        command.args(&line.words[1..]).current_dir(&self.directory).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MOTET_") {
                command.env_remove(name);
            }
        }
        let is_help = line.words.iter().any(|word| word == "--help" || word == "-h");
        if let Some(server) = self.server.as_ref().filter(|_| !is_help) {
            command.env("MOTET_SERVER", format!("http://{}", server.address));
        }
        command.envs(line.environment.iter().cloned());
        command
    }

    fn finish(&mut self, command: Command) -> String {
        let (printed, exit) = output(command);
        self.exit = exit;
        printed
    }

    fn real(&self, text: &str) -> String {
        let text = self.names.real(text);
        self.ports().into_iter().fold(text, |text, (shown, real)| text.replace(&shown, &real))
    }

    fn shown(&mut self, text: &str) -> String {
        let text = text.replace(&*self.directory.to_string_lossy(), DIRECTORY);
        let text = self.names.shown(&text);
        self.ports().into_iter().fold(text, |text, (shown, real)| text.replace(&real, &shown))
    }

    fn ports(&self) -> Vec<(String, String)> {
        let service = Some((SERVICE, self.service.port.to_string()));
        let server = self.server.as_ref().map(|server| {
            let (_, port) = server.address.rsplit_once(':').expect("an address has a port");
            (SERVER, port.to_owned())
        });
        let pairs = service.into_iter().chain(server);
        pairs
            .flat_map(|(shown, real)| {
                HOSTS.map(|host| (format!("{host}{shown}"), format!("{host}:{real}")))
            })
            .collect()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.server.take());
        // What is left lies in the folder of builds, and is harmless there.
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// A server of ours.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// A server that is up, and what it printed until then; none if it ended instead.
    fn start(mut command: Command) -> (Option<Self>, String) {
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary is there");
        let stderr = BufReader::new(child.stderr.take().expect("it is a pipe"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                // Once it is up nobody listens; the pipe is emptied all the same.
                drop(sender.send(line));
            }
        });
        let mut printed = String::new();
        loop {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    printed.push_str(&format!("{line}\n"));
                    let address =
                        line.split("http://").nth(1).and_then(|rest| rest.split(',').next());
                    if let Some(address) = address {
                        let address = address.to_owned();
                        await_ready(&address);
                        return (Some(Self { child, address }), printed);
                    }
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    child.wait().expect("it can be waited for");
                    return (None, printed);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    drop(child.kill());
                    panic!("the server is not up in time; it printed:\n{printed}");
                }
            }
        }
    }

    fn stop(mut self, at_once: bool) {
        if !at_once {
            let id = self.child.id().to_string();
            let told = Command::new("kill").arg(id).status().expect("kill is there");
            assert!(told.success(), "the server can be told to stop");
            self.child.wait().expect("it can be waited for");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended cannot be killed, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The commands of a transcript, with the lines that go on, and what each is said to print.
fn commands(transcript: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    let mut goes_on = false;
    for line in transcript.lines() {
        if goes_on {
            let (command, _) = commands.last_mut().expect("a line goes on from one before");
            command.push_str(&format!("{line}\n"));
            goes_on = line.ends_with('\\');
        } else if let Some(command) = line.strip_prefix("$ ") {
            commands.push((format!("{command}\n"), String::new()));
            goes_on = line.ends_with('\\');
        } else {
            let (_, said) = commands.last_mut().expect("a transcript begins with a command");
            said.push_str(&format!("{line}\n"));
        }
    }
    commands
}

/// What a command prints, on both streams as it comes, and its exit code.
fn output(mut command: Command) -> (String, i32) {
    let (mut reader, writer) = pipe().expect("the system has pipes");
    command.stdout(writer.try_clone().expect("a pipe can be shared")).stderr(writer);
    let mut child = command.spawn().expect("the binary is there");
    // Or the pipe would never end.
    drop(command);
    let (sender, printed) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = reader.read_to_string(&mut text);
        drop(sender.send(read.map(|_| text)));
    });
    match printed.recv_timeout(PATIENCE) {
        Ok(text) => {
            let exit = child.wait().expect("it can be waited for");
            (text.expect("commands print UTF-8"), exit.code().unwrap_or(-1))
        }
        Err(_) => {
            drop(child.kill());
            panic!("a command does not end in time");
        }
    }
}

fn list(folder: &Path) -> String {
    let entries = folder.read_dir().expect("the folder is there");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> =
        entries.map(|entry| name(entry.expect("its entries can be read"))).collect();
    names.sort_unstable();
    names.into_iter().map(|name| name + "\n").collect()
}

fn jq(filter: &str, text: &str) -> String {
    let limits = json::Limits { bytes_max: usize::MAX, depth_max: 1_024 };
    let value = match json::parse(text.as_bytes(), limits) {
        Ok(value) => value,
        Err(error) => return format!("jq: {error}: {text}\n"),
    };
    let program = Program::compile_field(filter, &[]).expect("the filter compiles");
    let mut fuel = u64::MAX;
    let mut environment = Environment::new(&mut fuel, Timestamp::default());
    let mut variables = |_: &str| json::object::<&str>([]);
    match program.evaluate_with(&value, &mut variables, &mut environment) {
        Ok(result) => json::to_pretty(&result) + "\n",
        Err(error) => format!("jq: {error}\n"),
    }
}

/// A server says where it listens before it has read what it has stored.
fn await_ready(address: &str) {
    let began = Instant::now();
    while curl::send("GET", &format!("http://{address}/readyz"), &[], "").body.trim() != "ready" {
        assert!(began.elapsed() < PATIENCE, "the server at {address} is not ready in time");
        thread::sleep(Duration::from_millis(10));
    }
}
