use expect_test::expect;
use motet_policy::queue::{Class, Queue};

use crate::ms;

#[test]
fn undo_comes_first_then_what_was_begun_and_a_tenth_belongs_to_the_oldest() {
    let mut queue = Queue::default();
    for number in 0..4 {
        queue.push(ms(number), Class::New, format!("new {number}"));
    }
    for number in 0..12 {
        queue.push(ms(10 + number), Class::Started, format!("started {number}"));
    }
    queue.push(ms(30), Class::Undo, "undo".to_owned());
    let order: Vec<String> = std::iter::from_fn(|| queue.pop()).map(|(_, item)| item).collect();
    expect![[r#"
        undo
        started 0
        started 1
        started 2
        started 3
        started 4
        started 5
        started 6
        started 7
        new 0
        started 8
        started 9
        started 10
        started 11
        new 1
        new 2
        new 3"#]]
    .assert_eq(&order.join("\n"));
    assert!(queue.is_empty());
}

#[test]
fn it_tells_who_has_waited_longest_and_forgets_who_is_not_wanted() {
    let mut queue = Queue::default();
    assert_eq!((queue.waiting_since(), queue.len()), (None, 0));
    queue.push(ms(5), Class::Started, 1);
    queue.push(ms(3), Class::New, 2);
    queue.push(ms(1), Class::New, 3);
    assert_eq!(queue.waiting_since(), Some(ms(1)), "whoever comes back has the old place");
    assert!(queue.remove(ms(1), Class::New, &3));
    assert!(!queue.remove(ms(1), Class::New, &3), "it was taken out already");
    assert!(!queue.remove(ms(3), Class::Started, &2), "it waits among the new");
    assert_eq!((queue.waiting_since(), queue.len()), (Some(ms(3)), 2));
    assert_eq!(queue.peek(), Some(&1), "what was begun comes before what is older");
    assert_eq!(queue.pop_of(Class::New), Some((ms(3), 2)));
    assert_eq!((queue.oldest_of(Class::New), queue.oldest_of(Class::Started)), (None, Some(ms(5))));
    assert_eq!(queue.pop(), Some((ms(5), 1)));
    assert_eq!(queue.pop(), None);
}
