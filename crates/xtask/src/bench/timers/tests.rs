use super::*;

fn told(starts: &str, arrivals: &str, count: u64) -> Result<Lateness, String> {
    Lateness::of(starts, arrivals, count, 1).map_err(|error| error.to_string())
}

#[test]
fn lateness_is_what_is_beyond_the_wait() {
    let late = told("0 2000 1000 id\n1 5000 4500 id\n", "1 1014500\n0 1003000\n", 2).unwrap();
    assert_eq!(late, Lateness { after_acknowledged: 9.5, after_started: 10.0 });
    let before_it_was_told = told("0 2000 1000\n", "0 1001500\n", 1).unwrap();
    let expected = Lateness { after_acknowledged: 0.0, after_started: 0.5 };
    assert_eq!(before_it_was_told, expected);
}

#[test]
fn what_must_not_happen_is_noticed() {
    for (starts, arrivals, count, error) in [
        ("0 2000 1000\n", "", 1, "0 never called"),
        ("0 2000 1000\n", "0 1003000\n0 1003000\n", 1, "instance 0 called twice"),
        ("0 2000 1000\n", "0 1000900\n", 1, "instance 0 called 100 us too early"),
        ("0 2000 1000\n", "0 1003000\n", 2, "1 starts of 2"),
        ("0 2000 1000\n", "0 1003000\n1 1003000\n", 1, "1 starts of 1"),
        ("0 2000\n", "0 1003000\n", 1, "\"0 2000\" is no start"),
        ("0 2000 x\n", "0 1003000\n", 1, "\"0 2000 x\" is no line of numbers"),
    ] {
        assert_eq!(told(starts, arrivals, count), Err(error.to_owned()));
    }
}
