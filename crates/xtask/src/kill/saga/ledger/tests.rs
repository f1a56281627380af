use super::*;

/// `customer status`, with `!` where its cancel was acknowledged.
fn sale(text: &str) -> Sale {
    let (customer, status) = text.trim_end_matches('!').split_once(' ').unwrap();
    Sale {
        id: format!("id-{customer}"),
        customer: customer.to_owned(),
        status: status.to_owned(),
        is_cancelled: text.ends_with('!'),
    }
}

/// `customer state`.
fn order((nth, text): (usize, &&str)) -> Order {
    let (customer, state) = text.split_once(' ').unwrap();
    Order {
        order_id: format!("order-{nth}"),
        customer: customer.to_owned(),
        state: state.to_owned(),
    }
}

fn ledger(sales: &[&str], orders: &[&str]) -> Ledger {
    let sales: Vec<Sale> = sales.iter().map(|text| sale(text)).collect();
    let orders: Vec<Order> = orders.iter().enumerate().map(order).collect();
    Ledger::of(&sales, &orders)
}

#[test]
fn all_or_nothing() {
    let ledger = ledger(
        &["a completed", "b faulted", "c faulted", "d cancelled!", "e faulted!", "f cancelled!"],
        &["a confirmed", "b rejected", "d rejected", "e rejected"],
    );
    let expected = Ledger {
        placed: 4,
        done: 1,
        undone: 3,
        cancelled: 2,
        never_placed: 2,
        violations: Vec::new(),
    };
    assert_eq!(ledger, expected);
    assert_eq!(
        ledger.to_string(),
        "1 orders are done, 3 undone after an error, 2 undone by a cancel; 2 of these were never placed"
    );
}

#[test]
fn everything_between_is_found() {
    for (sales, orders, found) in [
        (&["a completed"][..], &[][..], "id-a is completed; the orders of a: []"),
        (&["a completed"], &["a open"], "id-a is completed; the orders of a: [order-0 open]"),
        (
            &["a completed"],
            &["a rejected"],
            "id-a is completed; the orders of a: [order-0 rejected]",
        ),
        (
            &["a completed"],
            &["a confirmed", "a confirmed"],
            "id-a is completed; the orders of a: [order-0 confirmed, order-1 confirmed]",
        ),
        (
            &["a completed!"],
            &["a confirmed"],
            "id-a is completed, its cancel was acknowledged; the orders of a: [order-0 confirmed]",
        ),
        (&["a faulted"], &["a confirmed"], "id-a is faulted; the orders of a: [order-0 confirmed]"),
        (&["a cancelled"], &["a open"], "id-a is cancelled; the orders of a: [order-0 open]"),
        (&["a running"], &[], "id-a is running; the orders of a: []"),
        (&[], &["a rejected"], "a started nothing and placed 1 orders"),
    ] {
        assert_eq!(ledger(sales, orders).violations, [found]);
    }
}

#[test]
fn a_long_trial_has_to_end_in_every_way() {
    let tried = |done, undone, cancelled| {
        Ledger { done, undone, cancelled, ..Ledger::default() }.check_tried().is_ok()
    };
    assert!(tried(98, 1, 1) && tried(3, 0, 0));
    assert!(!tried(100, 0, 1) && !tried(100, 1, 0) && !tried(0, 50, 50));
}
