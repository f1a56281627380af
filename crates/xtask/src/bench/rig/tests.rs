use expect_test::expect;

use super::*;

#[test]
fn a_chain_is_three_calls() {
    let addresses = (1..=3).map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect();
    let process = Process::start("bench-rig-test", &mut Command::new("true")).unwrap();
    let stubs = Stubs { process, addresses };
    expect![[r#"
        document: { dsl: 1.0.3, namespace: bench, name: chain, version: 1.0.0 }
        do:
          - step-1:
              call: http
              with:
                method: post
                endpoint: http://127.0.0.1:1/step/1
                body: { value: '${ .value }' }
              metadata: { motet: { idempotent: true } }
          - step-2:
              call: http
              with:
                method: post
                endpoint: http://127.0.0.1:2/step/2
                body: { value: '${ .value }' }
              metadata: { motet: { idempotent: true } }
          - step-3:
              call: http
              with:
                method: post
                endpoint: http://127.0.0.1:3/step/3
                body: { value: '${ .value }' }
              metadata: { motet: { idempotent: true } }
    "#]]
    .assert_eq(&stubs.chain_document());
    let nap = stubs.nap_document(60);
    assert!(nap.contains("wait: { seconds: 60 }") && nap.contains("http://127.0.0.1:1/arrive"));
}

#[test]
fn what_clients_say_is_taken_line_by_line() {
    let clients = |line: &str| Load::start(Command::new("sh").args(["-c", line])).unwrap();
    let told = clients("echo begin; echo end; echo '{\"completed\": 3}'").finish().unwrap();
    assert_eq!(number(&told, "completed").unwrap(), 3.0);
    let error = number(&told, "seconds").unwrap_err().to_string();
    assert_eq!(error, r#"the result has no seconds: {"completed":3}"#);
    for (line, text) in [
        ("echo end", r#"the clients said "end" in place of "begin""#),
        ("echo no way >&2; exit 1", "the clients failed: no way"),
        ("echo begin; echo end; echo 1; exit 3", "the clients ended with exit status: 3"),
    ] {
        assert_eq!(clients(line).finish().unwrap_err().to_string(), text);
    }
}

#[test]
fn what_is_acknowledged_before_it_is_durable_ends_the_bench() {
    let frames = |acknowledged: u64, position: u64| {
        Frames::of(&Figures::read(&format!(
            "# HELP motet_store_acknowledged_total Commits acknowledged.\nmotet_store_acknowledged_total {acknowledged}\n\
             motet_store_position {position}\nmotet_store_commits_total {position}\nmotet_store_syncs_total 2\n"
        )))
    };
    let grown = frames(90, 90).unwrap().since(frames(10, 30).unwrap());
    assert_eq!(grown, Frames { commits: 60.0, syncs: 0.0 });
    assert_eq!(frames(30, 30).unwrap().commits_per_sync(), 15.0);
    let error = frames(31, 30).unwrap_err().to_string();
    assert_eq!(error, "31 commits were acknowledged, only 30 were durable");
}
