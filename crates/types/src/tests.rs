use super::*;

#[test]
fn instance_id_carries_shard_and_time_and_round_trips() {
    let now: Timestamp = "2026-01-31T08:30:00.123Z".parse().unwrap();
    let id = InstanceId::new(now, ShardId(201), u64::MAX);
    assert_eq!(id.shard(), ShardId(201));
    assert_eq!(id.to_string().parse::<InstanceId>().unwrap(), id);
    assert_eq!(id.to_string().as_bytes()[14], b'7');
    assert!(id.is_of_instance() && !InstanceId([0; 16]).is_of_instance());
    let listener = InstanceId::of_schedule(ShardId(201), u64::MAX);
    assert!(!listener.is_of_instance() && listener.shard() == ShardId(201));
    assert!(
        id < InstanceId::new(
            now.saturating_add(std::time::Duration::from_millis(1)),
            ShardId(0),
            0
        )
    );
    assert!("0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0".parse::<InstanceId>().is_err());
    assert!("0192f0c17-a2b-7c3d-8e4f-5a6b7c8d9e0f".parse::<InstanceId>().is_err());
}

#[test]
fn shard_of_start_is_fixed_for_ever() {
    let shards = [
        ShardId::of_start("default", "order", "key-1"),
        ShardId::of_start("default", "order", "key-2"),
        ShardId::of_start("defaul", "torder", "key-1"),
    ];
    assert_eq!(shards.map(|shard| shard.0), [132, 148, 15]);
}

#[test]
fn statuses_round_trip() {
    for status in Status::ALL {
        assert_eq!(status.as_str().parse::<Status>().unwrap(), status);
    }
    assert!("failed".parse::<Status>().is_err());
}

#[test]
fn bytes_print_as_digits_however_many_there_are() {
    assert_eq!(Hex(&[]).to_string(), "");
    assert_eq!(Hex(&[0x0a, 0xf0]).to_string(), "0af0");
    assert_eq!(Hex(&[0xab; 70]).to_string(), "ab".repeat(70));
}

#[test]
fn instants_far_away_print_all_their_digits() {
    let printed = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000 + 45_678).to_string();
    assert_eq!(printed(-62_167_219_200), "0000-01-01T00:00:00.045Z");
    assert_eq!(printed(253_402_300_799), "9999-12-31T23:59:59.045Z");
    assert_eq!(printed(253_402_300_800), "10000-01-01T00:00:00.045Z");
    assert_eq!(printed(-62_167_219_201), "-001-12-31T23:59:59.045Z");
}
