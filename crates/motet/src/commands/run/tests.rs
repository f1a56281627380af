use super::*;

fn value(text: &str) -> Value {
    json::parse(text.as_bytes(), json::Limits::default()).unwrap()
}

#[test]
fn a_progress_line_names_the_innermost_steps() {
    let instance = value(
        r#"{"status":"running","steps":[
            {"id":1,"parent":0,"name":"pay"},
            {"id":2,"parent":1,"name":"charge","attempt":3},
            {"id":3,"parent":0,"name":"notify","attempt":1}]}"#,
    );
    let line = progress_line(&instance, Duration::from_millis(3_250));
    assert_eq!(line, "running 3.2s  charge (attempt 3), notify");
    assert_eq!(progress_line(&value("{}"), Duration::ZERO), " 0.0s  ");
}

#[test]
fn a_wait_is_cut_into_pieces_and_ends() {
    let wait = |limit: Option<u64>, ago: u64| Wait {
        began: Instant::now().checked_sub(Duration::from_secs(ago)).unwrap(),
        limit: limit.map(Duration::from_secs),
        piece: Duration::from_secs(60),
    };
    assert_eq!(wait(None, 100).next(), Duration::from_secs(60), "without a limit it goes on");
    assert_eq!(wait(Some(0), 0).next(), Duration::ZERO);
    assert_eq!(wait(Some(10), 100).next(), Duration::ZERO);
    assert!(wait(Some(30), 0).next() <= Duration::from_secs(30));
    assert_eq!(wait(None, 0).query(), "wait=60000ms");
}

#[test]
fn input_is_json_wherever_it_comes_from() {
    assert_eq!(input("{\"a\": 1.0}").unwrap(), "{\"a\": 1.0}");
    let file = std::env::temp_dir().join(format!("motet-input-{}.json", std::process::id()));
    std::fs::write(&file, "[1]").unwrap();
    let argument = format!("@{}", file.display());
    assert_eq!(input(&argument).unwrap(), "[1]");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(input(&argument).unwrap_err().code, "unreadable-file");
    for wrong in ["", "{", "name=bob", "{} {}"] {
        let failure = input(wrong).unwrap_err();
        assert_eq!((failure.code.as_str(), failure.exit), ("invalid-argument", Exit::Usage));
    }
}
