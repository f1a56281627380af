use super::*;

#[test]
fn times_are_read_behind_any_name() {
    let second = rustix::param::clock_ticks_per_second();
    let fields = format!("S 1 2 3 4 5 6 7 8 9 10 {second} {} {second} 0 20 0", second * 2);
    let times = Times { own: Duration::from_secs(3), ended_children: Duration::from_secs(1) };
    for name in ["motet", "a ) b", "(x) 7 7"] {
        assert_eq!(times_in(&format!("123 ({name}) {fields}")).as_ref(), Some(&times));
    }
    assert_eq!(times_in("123 (motet) S 1"), None);
}

#[test]
fn idle_and_interrupted_processors_are_not_busy() {
    let second = rustix::param::clock_ticks_per_second();
    let stat =
        format!("cpu  {second} {second} {second} 9999 9999 9999 9999 {second} 0 0\ncpu0 1\n");
    assert_eq!(busy_in(&stat), Some(Duration::from_secs(4)));
    assert_eq!(busy_in("cpu  1 2 3\n"), None);
}

#[test]
fn memory_is_the_proportional_share() {
    let rollup =
        "1-2 ---p 00000000 00:00 0   [rollup]\nRss:   1700 kB\nPss:    229 kB\nPss_Dirty: 1 kB\n";
    assert_eq!(memory_in(rollup), Some(229 * 1024));
    assert_eq!(memory_in("Rss: 1 kB\n"), None);
}

#[test]
fn this_system_is_understood() {
    let own = std::process::id();
    assert!(memory_of(own).unwrap() > 100 * 1024);
    let before = cpu_of(own).unwrap();
    let others = Others::beside(&[]).unwrap();
    // Work until the clock of processor time has moved, which it does in steps.
    while cpu_of(own).unwrap() == before {
        std::hint::spin_loop();
    }
    assert!(others.share(&[]).unwrap() >= 0.0);
    assert!(description().unwrap().contains("Linux"));
    assert!(sync_time(&std::env::temp_dir()).unwrap() > Duration::ZERO);
    assert!(cpu_of(u32::MAX).is_err());
}
