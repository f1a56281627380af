use std::fmt::Write as _;

use expect_test::expect;

use super::*;

fn assemble(
    file: &str,
    environment: &[(&str, &str)],
    arguments: &[&str],
) -> Result<Config, Failure> {
    let file = (!file.is_empty()).then(|| ("motet.toml".into(), file.to_owned()));
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let environment = environment.iter().map(owned).collect();
    let settings = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    Config::assemble(file, &environment, &Serve { settings, ..Serve::default() })
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let file =
        "listen = \"127.0.0.1:1\"\nallowed-hosts = [\"a\", \"b\"]\n[limits]\nsteps-max = 5\n";
    let environment = [("MOTET_LISTEN", "127.0.0.1:2"), ("MOTET_LIMITS_STEPS_MAX", "6")];
    let config = assemble(file, &environment, &["listen=127.0.0.1:3"]).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.limits.steps_max, 6);
    assert_eq!(config.allowed_hosts, ["a", "b"]);
    let named = Serve { listen: Some("127.0.0.1:4".to_owned()), ..Serve::default() };
    let config = Config::assemble(None, &BTreeMap::new(), &named).unwrap();
    assert_eq!(config.listen.port(), 4);
}

#[test]
fn what_is_printed_reads_back_the_same() {
    let config = assemble(
        "secrets = \"/run/\\\"secrets\\\"\"\nallowed-hosts = [\"*\"]\nshutdown-limit = \"1500ms\"",
        &[],
        &["limits.start-key-retention=36h"],
    )
    .unwrap();
    assert_eq!(assemble(&config.print(), &[], &[]).unwrap(), config);
    let defaults = Config::default();
    assert_eq!(assemble(&defaults.print(), &[], &[]).unwrap(), defaults);
}

#[test]
fn mistakes_are_named_with_their_place() {
    let mut transcript = String::new();
    for (file, environment, argument) in [
        ("lisen = 1", ("", ""), ""),
        ("nothing-like-it = 1", ("", ""), ""),
        ("", ("", ""), "limits.attempt-time=3s"),
        ("", ("", ""), "limits.steps=3"),
        ("limits.payload_bytes_max = 1", ("", ""), ""),
        ("listen = 7080", ("", ""), ""),
        ("listen = ", ("", ""), ""),
        ("limits.steps-max = -1", ("", ""), ""),
        ("limits.steps-max = 0", ("", ""), ""),
        ("shutdown-limit = 10", ("", ""), ""),
        ("", ("MOTET_LISTEN", "localhost"), ""),
        ("", ("MOTET_PORT", "tcp://10.0.0.1:7080"), ""),
        ("", ("", ""), "limits.steps-max"),
        ("", ("", ""), "steps-max=1"),
        ("", ("", ""), "wait-max=1 year"),
    ] {
        let told =
            match assemble(file, &[environment], &[argument][usize::from(argument.is_empty())..]) {
                Ok(_) => "taken".to_owned(),
                Err(failure) => {
                    assert_eq!(failure.code, "invalid-configuration");
                    let hint = failure.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                    format!("{}{hint}", failure.message.lines().next().unwrap())
                }
            };
        let (name, value) = environment;
        writeln!(transcript, "{file}{name}{value}{argument}\n  {told}").unwrap();
    }
    expect![[r#"
        lisen = 1
          motet.toml: there is no setting "lisen" (did you mean "listen"?)
        nothing-like-it = 1
          motet.toml: there is no setting "nothing-like-it" (`motet serve --print-config` prints every setting)
        limits.attempt-time=3s
          --set: there is no setting "limits.attempt-time" (did you mean "limits.attempt-timeout"?)
        limits.steps=3
          --set: there is no setting "limits.steps" (did you mean "limits.steps-max"?)
        limits.payload_bytes_max = 1
          motet.toml: there is no setting "limits.payload_bytes_max" (did you mean "limits.payload-bytes-max"?)
        listen = 7080
          motet.toml: listen: "7080": expected an address and a port, as in 127.0.0.1:7080
        listen = 
          motet.toml: TOML parse error at line 1, column 10
        limits.steps-max = -1
          motet.toml: limits.steps-max: "-1": expected a whole number from 1 on
        limits.steps-max = 0
          motet.toml: limits.steps-max: "0": expected a whole number from 1 on
        shutdown-limit = 10
          motet.toml: shutdown-limit: "10" is not a length of time: write 500ms, 30s, 5m, 24h or 7d
        MOTET_LISTENlocalhost
          MOTET_LISTEN: listen: "localhost": expected an address and a port, as in 127.0.0.1:7080
        MOTET_PORTtcp://10.0.0.1:7080
          taken
        limits.steps-max
          --set: "limits.steps-max" is not KEY=VALUE
        steps-max=1
          --set: there is no setting "steps-max" (did you mean "limits.steps-max"?)
        wait-max=1 year
          --set: wait-max: "1 year" is not a length of time: write 500ms, 30s, 5m, 24h or 7d
    "#]].assert_eq(&transcript);
}

#[test]
fn variables_that_nothing_reads_are_told() {
    let names = [
        "MOTET_LISTEN",
        "MOTET_LISEN",
        "MOTET_LIMITS_STEP_MAX",
        "MOTET_WHATEVER",
        "MOTET_TOKEN",
        "MOTET_SECRET_API_KEY",
        "MOTET_PORT_7080_TCP",
        "MOTET_SERVICE_HOST",
        "LISTEN",
    ];
    let environment = names.map(|name| (name.to_owned(), String::new())).into();
    expect![[r#"
        motet: nothing reads the variable MOTET_LIMITS_STEP_MAX (did you mean MOTET_LIMITS_STEPS_MAX?)
        motet: nothing reads the variable MOTET_LISEN (did you mean MOTET_LISTEN?)
        motet: nothing reads the variable MOTET_WHATEVER (`motet serve --print-config` prints every setting)
    "#]]
    .assert_eq(&(environment::unread(&environment).join("\n") + "\n"));
}

#[test]
fn lengths_of_time_have_units() {
    for (text, millis) in [
        ("0s", 0),
        ("500ms", 500),
        ("30s", 30_000),
        ("5m", 300_000),
        ("24h", 86_400_000),
        ("7d", 604_800_000),
    ] {
        assert_eq!(duration(text).unwrap(), Duration::from_millis(millis), "{text}");
    }
    for wrong in ["", "5", "s", "1.5s", "-1s", "1w", "1 s", "99999999999999999999d"] {
        assert!(duration(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_limit_is_a_setting() {
    // One field a line, as the debug form of the type prints them.
    let fields = format!("{:#?}", Limits::default());
    let fields = fields.lines().filter_map(|line| line.strip_prefix("    ")?.split_once(": "));
    for (field, _) in fields.filter(|(field, _)| !field.starts_with(' ')) {
        let key = format!("limits.{}", field.replace('_', "-"));
        assert!(SETTINGS.iter().any(|setting| setting.key == key), "{key} cannot be set");
    }
}

#[test]
fn the_committed_schema_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/config.json");
    if std::env::var_os("MOTET_WRITE_SCHEMA").is_some() {
        std::fs::write(&path, schema()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == schema(), "schema/config.json is stale: run with MOTET_WRITE_SCHEMA=1");
}
