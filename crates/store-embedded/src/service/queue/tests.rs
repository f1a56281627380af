use std::sync::Mutex;
use std::thread;

use super::Queue;

#[test]
fn items_come_in_order_and_in_bounded_parts() {
    let queue = Queue::default();
    for item in 0..5 {
        queue.push(item).expect("it is open");
    }
    assert_eq!(queue.take(2), [0, 1]);
    assert_eq!(queue.take(2), [2, 3]);
    queue.push(5).expect("it is open");
    assert_eq!(queue.take(usize::MAX), [4, 5]);
}

#[test]
fn a_closed_queue_hands_out_what_it_has_and_takes_no_more() {
    let queue = Queue::default();
    queue.push("before").expect("it is open");
    queue.close();
    assert_eq!(queue.push("after"), Err("after"));
    assert_eq!(queue.take(9), ["before"]);
    assert!(queue.take(9).is_empty(), "it does not wait any more");
}

#[test]
fn closing_wakes_everyone_who_waits() {
    let queue: Queue<u8> = Queue::default();
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..4).map(|_| scope.spawn(|| queue.take(1))).collect();
        queue.close();
        for thread in waiting {
            assert!(thread.join().expect("it ends").is_empty());
        }
    });
}

#[test]
fn many_threads_share_every_item_once() {
    const ITEMS: u32 = 20_000;
    let queue = Queue::default();
    let taken = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let items = queue.take(7);
                    if items.is_empty() {
                        return;
                    }
                    assert!(items.len() <= 7);
                    taken.lock().expect("nobody panics").extend(items);
                }
            });
        }
        for item in 0..ITEMS {
            queue.push(item).expect("it is open");
        }
        queue.close();
    });
    let mut taken = taken.into_inner().expect("nobody panicked");
    taken.sort_unstable();
    assert!(taken.into_iter().eq(0..ITEMS));
}
