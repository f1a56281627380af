//! Tokens, secrets and TLS as those meet them who run a server.

mod tls;

use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};

use crate::support::{Directory, Ran, Server, motet, redact};

const CALLS: &str = "\
document: { dsl: 1.0.0, namespace: shop, name: ask, version: 1.0.0 }
use: { secrets: [key] }
do:
  - ask: { call: http, with: { method: get, endpoint: \"http://127.0.0.1:9/${ $secrets.key }\" } }
";
const NAP: &str = "\
document: { dsl: 1.0.0, namespace: shop, name: nap, version: 1.0.0 }
do:
  - nap: { wait: { hours: 1 } }
";

/// The first token of a new data directory, made before any server runs.
fn first_token(directory: &Directory) -> String {
    let made = motet(directory, &[]).run("token create --admin --data data");
    assert_eq!(made.code, 0, "{}", made.stderr);
    made.stdout.trim().to_owned()
}

fn server_with_tokens() -> (Server, String) {
    let directory = Directory::new();
    let token = first_token(&directory);
    let environment = [("MOTET_TOKEN", token.as_str())];
    let server = Server::spawn_for(directory, &["serve", "--data", "data"], &environment);
    (server, token)
}

/// The program's words, with what differs from run to run replaced.
fn check(ran: &Ran, tokens: &[&str], expected: Expect) {
    let mut text = ran.transcript();
    for token in tokens {
        let id = token.split('_').nth(1).unwrap();
        text = text.replace(token, "<token>").replace(id, "<token-id>");
    }
    expected.assert_eq(&redact(&text));
}

/// Every file below a directory that holds these bytes.
fn holders(directory: &Path, wanted: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if fs::read(&path).unwrap().windows(wanted.len()).any(|part| part == wanted) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[test]
fn the_first_token_is_made_before_the_first_start() {
    let (server, root) = server_with_tokens();
    let stranger = [("MOTET_TOKEN", "")];
    check(
        &server.motet_with(&stranger, "", "get workflows"),
        &[],
        expect![[r#"
            --- stderr
            error[unauthenticated]: this server wants a token: send it as `Authorization: Bearer <token>`
              hint: give a token with MOTET_TOKEN, --token or a context; an admin makes one with `motet token create`
            --- exit 1
        "#]],
    );
    check(
        &server.motet("token show"),
        &[&root],
        expect![[r#"
        admin: admin in *
    "#]],
    );
    let made = server.motet("token create dashboard --role viewer --namespace shop --expires 90d");
    let viewer = made.stdout.trim().to_owned();
    check(
        &made,
        &[&viewer],
        expect![[r#"
        <token>
        --- stderr
        keep it in a safe place: it is not shown again
    "#]],
    );
    check(
        &server.motet("token list"),
        &[&root, &viewer],
        expect![[r#"
        NAME       ID            ROLES   NAMESPACES  CREATED                   EXPIRES                   LAST USED                 DESCRIPTION
        admin      <token-id>  admin   *           <instant>                            <instant>
        dashboard  <token-id>  viewer  shop        <instant>  <instant>
    "#]],
    );
    let dashboard = [("MOTET_TOKEN", viewer.as_str())];
    check(
        &server.motet_with(&dashboard, "", "token create x --admin"),
        &[],
        expect![[r#"
        --- stderr
        error[forbidden]: this needs the role admin; the token "dashboard" has viewer
          hint: `motet token show` says what this token may do; an admin can make another
        --- exit 1
    "#]],
    );
    check(
        &server.motet("token revoke dashboard --reason leaked"),
        &[&viewer],
        expect![[r#"
            dashboard (<token-id>) is revoked
        "#]],
    );
    check(
        &server.motet_with(&dashboard, "", "get instances"),
        &[],
        expect![[r#"
            --- stderr
            error[unauthenticated]: the token dashboard was revoked at <instant>
              hint: give a token with MOTET_TOKEN, --token or a context; an admin makes one with `motet token create`
            --- exit 1
        "#]],
    );
    check(
        &server.motet("token revoke admin"),
        &[&root],
        expect![[r#"
            --- stderr
            error[token-conflict]: it is the last token of an admin of all namespaces that does not expire: make another one first
            --- exit 1
        "#]],
    );
    // Neither of them lies anywhere as it is.
    let directory = server.stopped();
    for token in [&root, &viewer] {
        let secret = token.rsplit('_').next().unwrap();
        assert_eq!(holders(&directory.path("data"), secret.as_bytes()), [""; 0]);
    }
}

#[test]
fn an_admin_who_lost_every_token_makes_one_on_the_data() {
    let (server, _) = server_with_tokens();
    let running = motet(&server.directory, &[]).run("token create again --admin --data data");
    assert!(running.stderr.contains("error[store-failed]"), "{}", running.stderr);
    let directory = server.stopped();
    let again =
        motet(&directory, &[]).run("token create again --role admin --namespace * --data data");
    assert_eq!(again.code, 0, "{}", again.stderr);
    let environment = [("MOTET_TOKEN", again.stdout.trim())];
    let server = Server::spawn_for(directory, &["serve", "--data", "data"], &environment);
    assert!(server.motet("audit").stdout.contains("token.create"));
}

#[test]
fn beyond_loopback_a_server_wants_tokens() {
    let directory = Directory::new();
    let serve = |more: &str| {
        let arguments = format!("serve --data data --listen 0.0.0.0:0{more}");
        motet(&directory, &[]).run(&arguments)
    };
    let refused = serve("");
    let port = refused.stderr.split("0.0.0.0:").nth(1).and_then(|rest| rest.split(' ').next());
    let text = refused.transcript().replace(port.unwrap(), "<port>");
    expect![[r#"
        --- stderr
        error[insecure-listening]: at 0.0.0.0:<port> everybody who reaches it could do everything: no token is made yet
          hint: make the first one with `motet token create --admin --data data`; or say --insecure if that is meant
        --- exit 1
    "#]].assert_eq(&text);
    // With a token, or told that it is meant, it goes on, to a certificate that is not there.
    let serve_on = |more: &str| serve(&format!(" --tls-cert none{more}")).stderr;
    assert!(serve_on("").contains("invalid-configuration"));
    for more in [" --insecure", " --require-tokens"] {
        drop(Server::spawn_beyond(Directory::new(), more));
    }
}

#[test]
fn a_secret_is_set_used_replaced_and_never_shown() {
    let (server, _) = server_with_tokens();
    server.directory.write("ask.yaml", CALLS);
    server.directory.write("key.txt", "s3cr3t-number-two\n");
    let first = server.motet_with(&[], "s3cr3t-number-one", "secret set shop/key");
    check(
        &first,
        &[],
        expect![[r#"
        shop/key is set (version 1)
    "#]],
    );
    check(
        &server.motet("secret set shop/key --file key.txt"),
        &[],
        expect![[r#"
        shop/key is set (version 2)
    "#]],
    );
    check(
        &server.motet("secret list"),
        &[],
        expect![[r#"
        SECRET    VERSION  SET                       BY
        shop/key  2        <instant>  admin
    "#]],
    );
    assert_eq!(server.motet("publish ask.yaml").code, 0);
    let ran = server.motet("run shop/ask");
    assert!(!ran.transcript().contains("s3cr3t"), "{}", ran.transcript());
    assert!(ran.stdout.contains("Connection refused"), "it was sent: {}", ran.transcript());
    check(
        &server.motet("secret delete shop/key --reason moved"),
        &[],
        expect![[r#"
        shop/key is deleted
    "#]],
    );
    check(
        &server.motet("secret delete shop/key"),
        &[],
        expect![[r#"
        --- stderr
        error[missing-secret]: there is no secret shop/key
        --- exit 1
    "#]],
    );
    let ran = server.motet("run shop/ask");
    assert!(ran.stdout.contains("is not available"), "{}", ran.transcript());
    let directory = server.stopped();
    assert_eq!(holders(&directory.path("data"), b"s3cr3t"), [""; 0]);
}

#[test]
fn secrets_of_the_store_need_their_key() {
    let (server, token) = server_with_tokens();
    assert_eq!(server.motet_with(&[], "x", "secret set shop/key").code, 0);
    let directory = server.stopped();
    let copied = motet(&directory, &[]).run("backup copy --data data");
    assert!(copied.stderr.contains("secret.key is left out"), "{}", copied.stderr);
    assert!(!directory.path("copy/secret.key").exists());
    let restored = motet(&directory, &[]).run("restore copy --data restored");
    check(
        &restored,
        &[],
        expect![[r#"
            restored: every commit up to 2
            --- stderr
            error[missing-secret-key]: restored is complete but for its secret.key, and 1 secret of the store is sealed under it
              hint: copy the secret.key of the original server to restored/secret.key; or give the key up with `motet serve --new-secret-key`
            --- exit 1
        "#]],
    );
    fs::write(directory.path("restored/secret.key"), [1; 32]).unwrap();
    let wrong = motet(&directory, &[]).run("serve --data restored --listen 127.0.0.1:0");
    check(
        &wrong,
        &[],
        expect![[r#"
            --- stderr
            error[wrong-secret-key]: restored/secret.key is not the key under which 1 secret of the store was sealed, shop/key among them
              hint: put the secret.key of the original server there; or start with --new-secret-key and set the secrets again
            --- exit 1
        "#]],
    );
    fs::copy(directory.path("data/secret.key"), directory.path("restored/secret.key")).unwrap();
    let environment = [("MOTET_TOKEN", token.as_str())];
    let server = Server::spawn_for(directory, &["serve", "--data", "restored"], &environment);
    assert!(server.motet("secret list").stdout.contains("shop/key"));
}

#[test]
fn who_did_what_outlives_what_it_was_done_to() {
    let (server, _) = server_with_tokens();
    server.directory.write("nap.yaml", NAP);
    assert_eq!(server.motet("publish nap.yaml").code, 0);
    let started = server.motet("run shop/nap --wait 0s");
    let id = started.stdout.split_whitespace().next().unwrap().to_owned();
    assert_eq!(server.motet(&format!("suspend {id} --reason lunch")).code, 0);
    let history = server.motet(&format!("history {id}")).stdout;
    let suspended = history.lines().last().expect("it has a history");
    assert!(suspended.contains("suspended") && suspended.ends_with("reason=lunch"), "{history}");
    check(
        &server.motet(&format!("purge {id}")),
        &[],
        expect![[r#"
        --- stderr
        error[status-conflict]: the instance is suspended: only an instance that has ended can be purged
        --- exit 1
    "#]],
    );
    check(
        &server.motet(&format!("purge {id} --force --reason wish")),
        &[],
        expect![[r#"
        <id> is gone
    "#]],
    );
    check(
        &server.motet(&format!("history {id}")),
        &[],
        expect![[r#"
        --- stderr
        error[unknown-instance]: there is no instance <id>
          hint: `motet get instances` lists those that there are
        --- exit 1
    "#]],
    );
    server.wait_for("audit", "instance.purge");
    check(
        &server.motet("audit"),
        &[],
        expect![[r#"
        AT                        ACTOR  ACTION            SUBJECT                               CHANGE                                                                         REASON
        <instant>  admin  instance.purge    <id>  {"workflow":"shop/nap:1.0.0","status":"cancelled"} -> nothing                  wish
        <instant>  admin  instance.cancel   <id>  {"status":"cancelled"}                                                         wish
        <instant>  admin  instance.suspend  <id>  {"status":"suspended"}                                                         lunch
        <instant>  admin  workflow.publish  shop/nap:1.0.0                        {"digest":"bd93f74c9aac64847173f95fca5db35796cba1a06fe573a91c61fdafce1a30e5"}
        <instant>  local  token.create      <digest>                          {"name":"admin","roles":["admin"],"namespaces":"*"}
    "#]],
    );
    assert_eq!(
        server.motet("audit --action instance.cancel -o json").stdout.matches("\"actor\"").count(),
        1
    );
}

#[test]
fn a_context_names_server_and_token() {
    let (server, token) = server_with_tokens();
    let text = format!(
        "current = \"here\"\n[contexts.here]\nserver = \"{}\"\ntoken-file = \"here.token\"\n",
        server.address()
    );
    server.directory.write("contexts.toml", &text);
    server.directory.write("here.token", &format!("{token}\n"));
    let with = |arguments: &str| {
        motet(&server.directory, &[("MOTET_CONTEXTS", "contexts.toml")]).run(arguments)
    };
    check(
        &with("token show"),
        &[],
        expect![[r#"
        admin: admin in *
    "#]],
    );
    check(
        &with("token show --context there"),
        &[],
        expect![[r#"
        --- stderr
        error[invalid-configuration]: there is no context "there": contexts.toml has here
        --- exit 1
    "#]],
    );
    assert!(
        with(&format!("token show --server {}", server.address()))
            .stderr
            .contains("unauthenticated")
    );
}
