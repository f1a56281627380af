use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::books::Books;
use super::check::Violation;
use crate::arrivals::Summary;
use crate::services::{OrderState, ReservationState, ServiceName};

/// Violations that the table shows; JSON holds them all.
const VIOLATIONS_SHOWN_MAX: usize = 50;

/// The outcome of an audit, as a table or as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) adds_up: bool,
    /// What was counted, by name; money in cents.
    totals: BTreeMap<&'static str, u64>,
    arrivals: BTreeMap<&'static str, Summary>,
    /// Different idempotency keys, over all services.
    keys: usize,
    pub(crate) violations: Vec<Violation>,
}

impl Report {
    pub(crate) fn new(books: &Books, violations: Vec<Violation>) -> Self {
        let arrivals = books.arrivals.iter().map(|(name, s)| (name.as_str(), s.clone())).collect();
        Self {
            adds_up: violations.is_empty(),
            totals: totals(books),
            arrivals,
            keys: books.requests_by_key.len(),
            violations,
        }
    }

    fn total(&self, name: &str) -> u64 {
        self.totals.get(name).copied().unwrap_or(0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |name| self.total(name);
        let (confirmed, rejected, open) =
            (of("ordersConfirmed"), of("ordersRejected"), of("ordersOpen"));
        writeln!(f, "orders         {confirmed} confirmed, {rejected} rejected, {open} open")?;
        let (net, due) = (cents(of("centsCharged") - of("centsRefunded")), cents(of("centsDue")));
        let (charged, refunded) = (cents(of("centsCharged")), cents(of("centsRefunded")));
        let charges = of("charges");
        write!(f, "payments       {charges} charges: {charged} charged - {refunded} refunded ")?;
        writeln!(f, "= {net} kept; {due} due")?;
        let (stock, reserved) = (of("piecesInStock"), of("piecesReserved"));
        let (shipped, received) = (of("piecesShipped"), of("piecesReceived"));
        write!(f, "inventory      {stock} in stock + {reserved} reserved + {shipped} shipped; ")?;
        writeln!(f, "{received} received")?;
        writeln!(f, "shipping       {} shipments", of("shipments"))?;
        writeln!(f, "notifications  {} messages\n", of("messages"))?;

        writeln!(
            f,
            "{:15}{:>9} {:>9} {:>9}  outcomes",
            "arrivals", "requests", "repeats", "no key"
        )?;
        for name in ServiceName::ALL {
            let empty = Summary::default();
            let of = self.arrivals.get(name.as_str()).unwrap_or(&empty);
            let outcomes: Vec<_> = of.outcomes.iter().map(|(o, n)| format!("{o}: {n}")).collect();
            let (arrivals, repeats, without) = (of.arrivals, of.repeats, of.without_key);
            let line = format!(
                "{name:15}{arrivals:>9} {repeats:>9} {without:>9}  {}",
                outcomes.join(", ")
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(f)?;
        self.fmt_violations(f)
    }
}

impl Report {
    fn fmt_violations(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.adds_up {
            return writeln!(f, "everything adds up ({} keys, one request each)", self.keys);
        }
        match self.violations.len() {
            1 => writeln!(f, "1 violation:")?,
            many => writeln!(f, "{many} violations:")?,
        }
        for Violation { subject, problem } in self.violations.iter().take(VIOLATIONS_SHOWN_MAX) {
            writeln!(f, "  {subject} {problem}")?;
        }
        match self.violations.len().checked_sub(VIOLATIONS_SHOWN_MAX) {
            Some(more @ 1..) => writeln!(f, "  and {more} more"),
            _ => Ok(()),
        }
    }
}

fn totals(books: &Books) -> BTreeMap<&'static str, u64> {
    let orders = |state| books.orders.iter().filter(move |order| order.state == state);
    let reservations = |state| {
        books.inventory.reservations.iter().filter(move |r| r.state == state).count() as u64
    };
    let stock = || books.inventory.stock.values();
    BTreeMap::from([
        ("ordersOpen", orders(OrderState::Open).count() as u64),
        ("ordersConfirmed", orders(OrderState::Confirmed).count() as u64),
        ("ordersRejected", orders(OrderState::Rejected).count() as u64),
        ("charges", books.payments.charges.len() as u64),
        ("centsCharged", books.payments.charges.iter().map(|charge| charge.amount).sum()),
        ("centsRefunded", books.payments.charges.iter().map(|charge| charge.refunded).sum()),
        ("centsDue", orders(OrderState::Confirmed).map(|order| order.total).sum()),
        ("reservationsOpen", reservations(ReservationState::Reserved)),
        ("reservationsCommitted", reservations(ReservationState::Committed)),
        ("reservationsReleased", reservations(ReservationState::Released)),
        ("piecesReceived", stock().map(|stock| stock.received).sum()),
        ("piecesInStock", stock().map(|stock| stock.stock).sum()),
        ("piecesReserved", stock().map(|stock| stock.reserved).sum()),
        ("piecesShipped", stock().map(|stock| stock.shipped).sum()),
        ("shipments", books.shipments.len() as u64),
        ("messages", books.messages.len() as u64),
    ])
}

/// `1234` as `12.34`.
fn cents(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
