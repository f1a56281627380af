use motet_types::{InstanceId, StepId, Timestamp};

use super::{key, of, of_client, seed};
use crate::definitions::{LEAVES, POOL, definition};

#[test]
fn children_of_chosen_ids_come_to_the_first_shard() {
    let now = Timestamp::from_micros(1_767_225_600_000_000);
    let starts = (LEAVES..POOL).filter_map(|number| Some((number, definition(number).runs_first?)));
    let (mut near, mut tried) = (0, 0);
    for (number, child) in starts.take(60) {
        let key = key(number, tried);
        let random = 0x0123_4567_89ab_cdef_u64.wrapping_mul(tried + 1);
        let parent =
            InstanceId::new(now, of_client(number, &key), seed(now, number, &key, child, random));
        near += u64::from(of(child, &format!("child/{parent}/{}", StepId(1))).0 == 0);
        tried += 1;
    }
    // Four hundred tries find one of 256 shards four times of five.
    assert!(tried == 60 && near >= 36, "{near} of {tried}");
}
