use std::collections::BTreeMap;

use serde::Serialize;

use super::books::Books;
use crate::services::{Charge, Order, OrderState, ReservationState};

/// Something that was lost, done twice, or left unfinished.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Violation {
    /// The order, SKU or key that it is about.
    pub(crate) subject: String,
    pub(crate) problem: String,
}

/// All violations, ordered by rule.
pub(crate) fn violations(books: &Books, expect_orders: Option<usize>) -> Vec<Violation> {
    let mut found = Findings { books, violations: Vec::new() };
    found.orders(expect_orders);
    found.money();
    found.refunds();
    found.goods();
    found.reservations();
    found.shipments();
    found.messages();
    found.strangers();
    found.undos();
    found.arrivals();
    found.violations
}

struct Findings<'a> {
    books: &'a Books,
    violations: Vec<Violation>,
}

impl Findings<'_> {
    fn orders(&mut self, expect_orders: Option<usize>) {
        if let Some(expected) = expect_orders.filter(|count| *count != self.books.orders.len()) {
            let problem = format!("{} were placed instead of {expected}", self.books.orders.len());
            self.add("orders", problem);
        }
        for order in self.books.orders.iter().filter(|order| order.state == OrderState::Open) {
            self.add(&order.order_id, "was neither confirmed nor rejected");
        }
    }

    /// What customers paid is the value of what they got, order by order, hence in sum.
    fn money(&mut self) {
        let charges = by(&self.books.payments.charges, |charge| &charge.order_id);
        for order in &self.books.orders {
            let charges = charges.get(order.order_id.as_str()).map_or(&[][..], Vec::as_slice);
            let kept = charges.iter().filter(|charge| charge.amount > charge.refunded).count();
            let net: u64 = charges.iter().map(|charge| charge.amount - charge.refunded).sum();
            let due = if order.state == OrderState::Confirmed { order.total } else { 0 };
            if net != due {
                let problem = format!("was charged {net} cents by {kept} charges, {due} are due");
                self.add(&order.order_id, problem);
            }
        }
    }

    /// Nothing goes back but what was charged, and no more of it.
    fn refunds(&mut self) {
        let mut paid_back: BTreeMap<&str, u64> = BTreeMap::new();
        for refund in &self.books.payments.refunds {
            *paid_back.entry(&refund.charge_id).or_default() += refund.amount;
        }
        for charge in &self.books.payments.charges {
            let paid_back = paid_back.remove(charge.charge_id.as_str()).unwrap_or(0);
            if paid_back != charge.refunded || paid_back > charge.amount {
                let Charge { amount, refunded, .. } = charge;
                let problem = format!(
                    "of {amount} cents {refunded} count as refunded, {paid_back} were paid back"
                );
                self.add(&charge.charge_id, problem);
            }
        }
        for (charge, paid_back) in paid_back {
            self.add(charge, format!("is no charge, {paid_back} cents were paid back for it"));
        }
    }

    fn goods(&mut self) {
        let mut sold: BTreeMap<&str, u64> = BTreeMap::new();
        for order in self.books.orders.iter().filter(|o| o.state == OrderState::Confirmed) {
            for item in &order.items {
                *sold.entry(&item.sku).or_default() += item.quantity;
            }
        }
        for (sku, stock) in &self.books.inventory.stock {
            let counted = stock.stock + stock.reserved + stock.shipped;
            if counted != stock.received {
                self.add(sku, format!("{} were received, {counted} are counted", stock.received));
            }
            let sold = sold.remove(sku.as_str()).unwrap_or(0);
            if stock.shipped != sold {
                self.add(sku, format!("{} left the shelf, {sold} were sold", stock.shipped));
            }
        }
        for (sku, sold) in sold {
            self.add(sku, format!("is unknown to the inventory, {sold} were sold"));
        }
    }

    fn reservations(&mut self) {
        let reservations = by(&self.books.inventory.reservations, |r| &r.order_id);
        for order in &self.books.orders {
            let reservations = reservations.get(order.order_id.as_str());
            let reservations = reservations.map_or(&[][..], Vec::as_slice);
            let left = reservations.iter().filter(|r| r.state == ReservationState::Reserved);
            for reservation in left {
                let problem =
                    format!("left {} neither used nor released", reservation.reservation_id);
                self.add(&order.order_id, problem);
            }
            let committed: Vec<_> =
                reservations.iter().filter(|r| r.state == ReservationState::Committed).collect();
            let expected = usize::from(order.state == OrderState::Confirmed);
            if committed.len() != expected {
                let problem = format!("took goods {} times instead of {expected}", committed.len());
                self.add(&order.order_id, problem);
            }
            if committed.iter().any(|reservation| reservation.items != quantities(order)) {
                self.add(&order.order_id, "took other goods than were ordered");
            }
        }
    }

    fn shipments(&mut self) {
        let shipments = by(&self.books.shipments, |shipment| &shipment.order_id);
        for order in &self.books.orders {
            let shipments = shipments.get(order.order_id.as_str()).map_or(&[][..], Vec::as_slice);
            let expected = usize::from(order.state == OrderState::Confirmed);
            if shipments.len() != expected {
                let problem =
                    format!("was shipped {} times instead of {expected}", shipments.len());
                self.add(&order.order_id, problem);
            }
            if shipments.iter().any(|shipment| shipment.items != quantities(order)) {
                self.add(&order.order_id, "was shipped with other goods than were ordered");
            }
        }
    }

    fn messages(&mut self) {
        let messages = by(&self.books.messages, |message| &message.order_id);
        for order in &self.books.orders {
            let messages = messages.get(order.order_id.as_str()).map_or(&[][..], Vec::as_slice);
            let expected = match order.state {
                OrderState::Open => None,
                OrderState::Confirmed => Some("order-confirmed"),
                OrderState::Rejected => Some("order-rejected"),
            };
            if messages.len() != usize::from(expected.is_some()) {
                let expected = usize::from(expected.is_some());
                let problem = format!("had {} messages instead of {expected}", messages.len());
                self.add(&order.order_id, problem);
            }
            for message in messages {
                if message.to != order.customer || Some(message.template.as_str()) != expected {
                    let problem = format!("told {:?} {:?}", message.to, message.template);
                    self.add(&order.order_id, problem);
                }
            }
        }
    }

    /// What names an order that nobody placed.
    fn strangers(&mut self) {
        let orders = by(&self.books.orders, |order| &order.order_id);
        let charges = self.books.payments.charges.iter().map(|c| (&c.charge_id, &c.order_id));
        let reservations =
            self.books.inventory.reservations.iter().map(|r| (&r.reservation_id, &r.order_id));
        let shipments = self.books.shipments.iter().map(|s| (&s.shipment_id, &s.order_id));
        let messages = self.books.messages.iter().map(|m| (&m.message_id, &m.order_id));
        for (id, order_id) in charges.chain(reservations).chain(shipments).chain(messages) {
            if !orders.contains_key(order_id.as_str()) {
                self.violations
                    .push(violation(id, format!("is for {order_id:?}, which is no order")));
            }
        }
    }

    /// What undoes one key comes under one key itself, however often.
    fn undos(&mut self) {
        let mut undos: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (key, requests) in &self.books.requests_by_key {
            for request in requests.iter().filter(|request| request.contains("/undo ")) {
                undos.entry(request).or_default().push(key);
            }
        }
        for (request, keys) in undos.into_iter().filter(|(_, keys)| keys.len() > 1) {
            self.add(request, format!("came under {}: undone twice", keys.join(" and under ")));
        }
    }

    fn arrivals(&mut self) {
        for (key, requests) in &self.books.requests_by_key {
            if requests.len() > 1 {
                let requests: Vec<_> = requests.iter().map(String::as_str).collect();
                self.add(key, format!("is the key of {}", requests.join(" and of ")));
            }
        }
        for (service, summary) in &self.books.arrivals {
            if summary.damaged_lines > 0 {
                let problem = format!("has {} damaged lines of arrivals", summary.damaged_lines);
                self.add(service.as_str(), problem);
            }
        }
    }

    fn add(&mut self, subject: &str, problem: impl Into<String>) {
        self.violations.push(violation(subject, problem));
    }
}

fn violation(subject: &str, problem: impl Into<String>) -> Violation {
    Violation { subject: subject.to_owned(), problem: problem.into() }
}

fn by<T>(entries: &[T], order_id: impl Fn(&T) -> &String) -> BTreeMap<&str, Vec<&T>> {
    let mut groups: BTreeMap<&str, Vec<&T>> = BTreeMap::new();
    for entry in entries {
        groups.entry(order_id(entry)).or_default().push(entry);
    }
    groups
}

fn quantities(order: &Order) -> BTreeMap<String, u64> {
    let mut quantities = BTreeMap::new();
    for item in &order.items {
        *quantities.entry(item.sku.clone()).or_default() += item.quantity;
    }
    quantities
}
