use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};

use expect_test::{Expect, expect};
use motet_api::{Backup, BackupReport, Options};
use motet_runtime::Position;

use crate::support::Server;

async fn check(server: &Server, body: &str, expected: Expect) {
    let request = format!("POST /api/v1/backup\n\n{body}");
    expected.assert_eq(&server.send(&request).await.show());
}

fn over(backup: Backup) -> Server {
    Server::with(Options { backup: Some(backup), ..Options::default() })
}

#[tokio::test]
async fn the_data_go_where_the_request_says() {
    let asked = Arc::new(Mutex::new(Vec::<PathBuf>::new()));
    let seen = Arc::clone(&asked);
    let server = over(Backup::new(move |directory| {
        seen.lock().unwrap().push(directory.to_owned());
        Ok(BackupReport { position: Position(42), bytes: 4_096 })
    }));
    check(
        &server,
        "{\"directory\":\"/nowhere/yet\"}",
        expect![[r#"
            200 OK
            content-type: application/json
            motet-position: <position>

            {
              "directory": "/nowhere/yet",
              "bytes": 4096,
              "position": 42
            }
        "#]],
    )
    .await;
    assert_eq!(*asked.lock().unwrap(), [PathBuf::from("/nowhere/yet")]);
}

#[tokio::test]
async fn a_directory_that_cannot_be_one_is_refused_before_anything_is_copied() {
    let server = over(Backup::new(|directory| panic!("asked for {directory:?}")));
    let mut transcript = String::new();
    for body in [
        "{}",
        "{\"directory\":\"\"}",
        "{\"directory\":\"relative/path\"}",
        "{\"directory\":\"/\"}",
        "{\"directory\":\"/dev/null\"}",
        "{\"directory\":7}",
        "{\"target\":\"/x\"}",
    ] {
        let answer = server.send(&format!("POST /api/v1/backup\n\n{body}")).await;
        let (code, detail) = (answer.member("code"), answer.member("detail"));
        transcript.push_str(&format!("{body}: {} {code}: {detail}\n", answer.status.as_u16()));
    }
    expect![[r#"
        {}: 400 invalid-body: say where to: {"directory": "/a/new/directory"} on the server's machine
        {"directory":""}: 400 invalid-parameter: directory: write the whole path, from the root of the server's machine on
        {"directory":"relative/path"}: 400 invalid-parameter: directory: write the whole path, from the root of the server's machine on
        {"directory":"/"}: 400 invalid-parameter: directory: it is not empty: name a new directory
        {"directory":"/dev/null"}: 400 invalid-parameter: directory: Not a directory (os error 20)
        {"directory":7}: 400 invalid-body: the member "directory" is not text
        {"target":"/x"}: 400 invalid-body: the member "target" is not known: write directory
    "#]].assert_eq(&transcript);
}

#[tokio::test]
async fn what_fails_is_told_and_nothing_else_suffers() {
    let server = over(Backup::new(|directory| match directory.ends_with("full") {
        true => Err("the disk is full".to_owned()),
        false => panic!("a defect"),
    }));
    check(
        &server,
        "{\"directory\":\"/nowhere/full\"}",
        expect![[r#"
        500 Internal Server Error
        content-type: application/problem+json

        {
          "type": "/docs/errors/backup-failed",
          "title": "The data could not be copied.",
          "status": 500,
          "detail": "the disk is full",
          "code": "backup-failed"
        }
    "#]],
    )
    .await;
    check(
        &server,
        "{\"directory\":\"/nowhere/defect\"}",
        expect![[r#"
        500 Internal Server Error
        content-type: application/problem+json

        {
          "type": "/docs/errors/internal-error",
          "title": "The server has a defect.",
          "status": 500,
          "detail": "the copying ended by a defect",
          "code": "internal-error"
        }
    "#]],
    )
    .await;
    assert_eq!(server.send("GET /livez").await.text, "alive\n");
}

#[tokio::test]
async fn a_server_without_a_directory_says_so() {
    check(
        &Server::new(),
        "{\"directory\":\"/nowhere/yet\"}",
        expect![[r#"
        501 Not Implemented
        content-type: application/problem+json

        {
          "type": "/docs/errors/backup-unavailable",
          "title": "The server's data cannot be copied by request.",
          "status": 501,
          "detail": "this server keeps its data where it cannot copy them from",
          "code": "backup-unavailable"
        }
    "#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_backup_runs_at_a_time() {
    let (begun, has_begun) = mpsc::channel();
    let (go, may_go) = mpsc::channel::<()>();
    let may_go = Mutex::new(may_go);
    let server = Arc::new(over(Backup::new(move |_| {
        begun.send(()).unwrap();
        may_go.lock().unwrap().recv().unwrap();
        Ok(BackupReport { position: Position(1), bytes: 1 })
    })));
    let request = "POST /api/v1/backup\n\n{\"directory\":\"/nowhere/yet\"}";
    let first = tokio::spawn({
        let server = Arc::clone(&server);
        async move { server.send(request).await.status }
    });
    let begun = tokio::task::spawn_blocking(move || {
        has_begun.recv().unwrap();
        has_begun
    });
    let _has_begun = begun.await.unwrap();
    let second = server.send(request).await;
    expect![[r#"
        429 Too Many Requests
        content-type: application/problem+json
        retry-after: 10

        {
          "type": "/docs/errors/overloaded",
          "title": "The server has more work than it admits.",
          "status": 429,
          "detail": "another backup is under way",
          "code": "overloaded"
        }
    "#]]
    .assert_eq(&second.show());
    go.send(()).unwrap();
    assert_eq!(first.await.unwrap(), 200);
    go.send(()).unwrap();
    assert_eq!(server.send(request).await.status, 200);
}
