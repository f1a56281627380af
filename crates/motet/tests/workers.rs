//! The examples of workers against the real program.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[allow(dead_code, reason = "these tests need a part of it")]
mod support;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use support::{Directory, Server};

const LABEL: &str = "\
document: { dsl: 1.0.0, namespace: shop, name: label, version: 1.0.0 }
do:
  - label: { call: job, with: { type: print-label, input: { id: '${ .id }' } } }
";

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/workers")
}

/// A worker that is killed at the end.
struct Worker(Child);

impl Worker {
    fn start(mut command: Command, server: &Server, address: &str) -> Self {
        command
            .arg("print-label")
            .env("MOTET_SERVER", address)
            .current_dir(server.directory.path("."));
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // One that has ended by itself has failed its test already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn server() -> Server {
    let directory = Directory::new();
    directory.write("label.yaml", LABEL);
    let server = Server::start(directory);
    assert_eq!(server.motet("publish label.yaml").code, 0);
    server
}

#[test]
fn an_example_has_less_than_sixty_lines() {
    for name in ["worker.py", "worker.rs"] {
        let lines = std::fs::read_to_string(examples().join(name)).unwrap().lines().count();
        assert!(lines < 60, "{name} has {lines}");
    }
}

#[test]
fn the_worker_in_python_completes_and_fails_jobs() {
    let server = server();
    let mut command = Command::new("python3");
    command.arg(examples().join("worker.py"));
    let _worker = Worker::start(command, &server, server.address());
    let done = server.motet("run shop/label --input {\"id\":7} --wait 30s");
    assert!(done.stdout.contains("\"label\": \"L-7\"") && done.code == 0, "{}", done.transcript());
    let failed = server.motet("run shop/label --input {\"no\":7} --wait 30s");
    assert_eq!(failed.code, 3, "{}", failed.transcript());
    assert!(failed.transcript().contains("an order without an id"), "{}", failed.transcript());
}

#[test]
fn the_worker_in_rust_completes_jobs() {
    let server = server();
    let program = server.directory.path("worker");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let built = Command::new(rustc)
        .args(["--edition", "2021", "-o"])
        .arg(&program)
        .arg(examples().join("worker.rs"))
        .status();
    assert!(built.unwrap().success());
    let address = server.address().trim_start_matches("http://").to_owned();
    let _worker = Worker::start(Command::new(&program), &server, &address);
    let done = server.motet("run shop/label --input {\"id\":7} --wait 30s");
    assert!(done.stdout.contains("\"by\": \"rust\"") && done.code == 0, "{}", done.transcript());
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told once")]
fn tasks_by_the_command_line() {
    let directory = Directory::new();
    directory.write(
        "approve.yaml",
        "document: { dsl: 1.0.0, namespace: shop, name: approve, version: 1.0.0 }\n\
         do:\n\
         - approve:\n    call: human\n    with:\n      title: Approve the order\n      groups: [clerks]\n      \
         form: { type: object, required: [ok], properties: { ok: { type: boolean } } }\n",
    );
    let server = Server::start(directory);
    assert_eq!(server.motet("publish approve.yaml").code, 0);
    let id = server.motet("run shop/approve --wait 0s").stdout;
    let id = id.split_whitespace().next().unwrap();
    let task = format!("{id}.1");
    server.wait_for("tasks list --group clerks", &task);
    let mut told = String::new();
    for arguments in [
        "tasks list --group clerks --status open".to_owned(),
        format!("tasks claim {task} --user ada"),
        format!("tasks claim {task} --user bob"),
        format!("tasks show {task}"),
        format!("describe {id}"),
        format!("tasks reassign {task} --assignee bob --user boss"),
        format!("tasks complete {task} --user bob --answer {{\"ok\":1}}"),
        format!("tasks complete {task} --user bob --answer {{\"ok\":true}}"),
        format!("tasks complete {task} --user bob --answer {{\"ok\":true}}"),
        format!("get instance {id}"),
        "tasks show 7".to_owned(),
    ] {
        let ran = server.motet(&arguments).transcript().replace(id, "<id>");
        told += &format!("$ motet {}\n{}", arguments.replace(id, "<id>"), support::redact(&ran));
    }
    expect_test::expect![[r#"
        $ motet tasks list --group clerks --status open
        ID                                      TASK               WORKFLOW      STATUS  ASSIGNEE  GROUPS  DUE
        <id>.1  Approve the order  shop/approve  open              clerks
        $ motet tasks claim <id>.1 --user ada
        <id>.1 claimed by ada
        $ motet tasks claim <id>.1 --user bob
        --- stderr
        error[task-conflict]: the task is claimed by ada
        --- exit 1
        $ motet tasks show <id>.1
        Approve the order  claimed
          id        <id>.1
          workflow  shop/approve:1.0.0
          task      /do/0/approve
          groups    clerks
          claimant  ada
          created   <instant>
          input     {}
          form      {"type":"object","required":["ok"],"properties":{"ok":{"type":"boolean"}}}
        $ motet describe <id>
        shop/approve:1.0.0  waiting
          id        <id>
          started   <instant>
          updated   <instant>
          input     {}

        └─ ● approve  since <instant>
             claimed by ada
             waits for a person: claimed by ada, group clerks
        $ motet tasks reassign <id>.1 --assignee bob --user boss
        <id>.1 open
        $ motet tasks complete <id>.1 --user bob --answer {"ok":1}
        --- stderr
        /ok: 1 is not of type "boolean"
        error[form-mismatch]: the output does not fit the form
        --- exit 1
        $ motet tasks complete <id>.1 --user bob --answer {"ok":true}
        <id>.1 completed
        $ motet tasks complete <id>.1 --user bob --answer {"ok":true}
        --- stderr
        error[job-over]: the job is over: it was done already, or nobody waits for it any more
        --- exit 1
        $ motet get instance <id>
        shop/approve:1.0.0  completed
          id        <id>
          started   <instant>
          ended     <instant>, after <time>
          input     {}
          output    {"ok":true}
        $ motet tasks show 7
        --- stderr
        error[invalid-parameter]: task: "7" is not the id of a job: expected an instance, a step and an attempt, as in 0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f.3.1
        --- exit 1
    "#]].assert_eq(&told);
}
