use super::*;

fn read(line: &str) -> Result<Arguments, String> {
    let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    Arguments::read(&args, &["once", "release"], &["runs"]).map_err(|error| error.to_string())
}

#[test]
fn words_switches_and_options_in_any_order() {
    let args = read("chain --runs 3 --once timers").unwrap();
    assert_eq!(args.words, ["chain", "timers"]);
    assert_eq!((args.has("once"), args.has("release")), (true, false));
    assert_eq!(args.option::<u32>("runs").unwrap(), Some(3));
    assert_eq!(args.required::<u32>("runs").unwrap(), 3);
    assert_eq!(read("").unwrap().option::<u32>("runs").unwrap(), None);
}

#[test]
fn what_is_wrong_is_named() {
    let unknown = read("--two").unwrap_err();
    assert_eq!(unknown, "unknown argument --two: there are --once, --release, --runs VALUE");
    assert_eq!(read("--runs").unwrap_err(), "--runs needs a value");
    let args = read("--runs many").unwrap();
    let told = args.option::<u32>("runs").unwrap_err().to_string();
    assert_eq!(told, "--runs many: invalid digit found in string");
    let missing = read("").unwrap().required::<u32>("runs").unwrap_err();
    assert_eq!(missing.to_string(), "--runs is missing");
}
