use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Call, Decision, Domain, ServiceName};

/// What the shop sells and begins with; nobody ever had an orchid.
const CATALOGUE: [(&str, u64); 5] = [
    ("tea", 1_000_000),
    ("coffee", 1_000_000),
    ("cup", 1_000_000),
    ("kettle", 1_000_000),
    ("orchid", 0),
];

/// Goods on the shelf, set aside, and gone.
pub(crate) struct Inventory {
    stock: BTreeMap<String, StockOfSku>,
    reservations: BTreeMap<String, Reservation>,
    deliveries: usize,
}

/// At every moment `stock + reserved + shipped == received`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StockOfSku {
    /// What there was in the beginning, plus deliveries.
    pub(crate) received: u64,
    pub(crate) stock: u64,
    pub(crate) reserved: u64,
    pub(crate) shipped: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reservation {
    pub(crate) reservation_id: String,
    pub(crate) order_id: String,
    /// Quantity by SKU.
    pub(crate) items: BTreeMap<String, u64>,
    pub(crate) state: ReservationState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReservationState {
    Reserved,
    Committed,
    Released,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Fact {
    Reserved(Reservation),
    #[serde(rename_all = "camelCase")]
    Ended {
        reservation_id: String,
        state: ReservationState,
    },
    Delivered {
        sku: String,
        quantity: u64,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewReservation {
    order_id: String,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    sku: String,
    quantity: u64,
}

impl Default for Inventory {
    fn default() -> Self {
        let stock = CATALOGUE.map(|(sku, received)| {
            let stock = StockOfSku { received, stock: received, ..StockOfSku::default() };
            (sku.to_owned(), stock)
        });
        Self { stock: stock.into(), reservations: BTreeMap::new(), deliveries: 0 }
    }
}

impl Domain for Inventory {
    const NAME: ServiceName = ServiceName::Inventory;
    type Fact = Fact;

    fn decide(&self, call: &Call<'_>) -> Decision<Fact> {
        use ReservationState::{Committed, Released};
        match (call.method, call.path) {
            (&Method::POST, ["reservations"]) => match call.read() {
                Ok(reservation) => self.reserve(reservation),
                Err(answer) => answer.into(),
            },
            (&Method::POST, ["reservations", id, "commit"]) => self.end(id, Committed),
            (&Method::POST, ["reservations", id, "release"]) => self.end(id, Released),
            (&Method::POST, ["deliveries"]) => match call.read() {
                Ok(item) => self.deliver(item),
                Err(answer) => answer.into(),
            },
            (&Method::GET, ["stock", sku]) => match self.stock.get(*sku) {
                Some(stock) => Answer::ok(json!(stock)).into(),
                None => Answer::no_such("sku", sku).into(),
            },
            _ => Answer::no_such_operation(call).into(),
        }
    }

    fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::Reserved(reservation) => {
                for (sku, quantity) in &reservation.items {
                    let stock = self.stock.entry(sku.clone()).or_default();
                    stock.stock -= quantity;
                    stock.reserved += quantity;
                }
                self.reservations.insert(reservation.reservation_id.clone(), reservation);
            }
            Fact::Ended { reservation_id, state } => {
                let Some(reservation) = self.reservations.get_mut(&reservation_id) else {
                    return;
                };
                reservation.state = state;
                for (sku, quantity) in &reservation.items {
                    let stock = self.stock.entry(sku.clone()).or_default();
                    stock.reserved -= quantity;
                    match state {
                        ReservationState::Committed => stock.shipped += quantity,
                        _ => stock.stock += quantity,
                    }
                }
            }
            Fact::Delivered { sku, quantity } => {
                self.deliveries += 1;
                let stock = self.stock.entry(sku).or_default();
                stock.received += quantity;
                stock.stock += quantity;
            }
        }
    }

    fn sums(&self) -> Value {
        let (reservations, deliveries) = (self.reservations.len(), self.deliveries);
        json!({ "stock": self.stock, "reservations": reservations, "deliveries": deliveries })
    }

    fn entries(&self) -> Value {
        json!({
            "stock": self.stock,
            "reservations": self.reservations.values().collect::<Vec<_>>(),
        })
    }
}

impl Inventory {
    fn reserve(&self, new: NewReservation) -> Decision<Fact> {
        let mut items: BTreeMap<String, u64> = BTreeMap::new();
        for Item { sku, quantity } in new.items {
            let wanted = items.entry(sku).or_default();
            *wanted = wanted.saturating_add(quantity);
        }
        if items.is_empty() || items.values().any(|quantity| *quantity == 0) {
            let detail = "a reservation has items, and at least one of each";
            return Answer::problem(400, "empty reservation", &detail).into();
        }
        for (sku, wanted) in &items {
            let left = self.stock.get(sku).map_or(0, |stock| stock.stock);
            if left < *wanted {
                let detail = format!("{wanted} of {sku} are wanted and {left} are left");
                return Answer::problem(409, "out of stock", &detail).into();
            }
        }
        let reservation_id = format!("reservation-{}", self.reservations.len() + 1);
        let answer = json!({ "reservationId": reservation_id });
        let state = ReservationState::Reserved;
        let reservation = Reservation { reservation_id, order_id: new.order_id, items, state };
        Decision::effect(201, answer, Fact::Reserved(reservation))
    }

    fn end(&self, id: &str, state: ReservationState) -> Decision<Fact> {
        let Some(reservation) = self.reservations.get(id) else {
            return Answer::no_such("reservation", id).into();
        };
        let answer = json!({ "reservationId": id, "state": state });
        if reservation.state == state {
            return Answer::ok(answer).into();
        }
        if reservation.state != ReservationState::Reserved {
            let detail = format!("reservation {id} is {}", json!(reservation.state));
            return Answer::problem(409, "the reservation has ended", &detail).into();
        }
        Decision::effect(200, answer, Fact::Ended { reservation_id: id.to_owned(), state })
    }

    fn deliver(&self, Item { sku, quantity }: Item) -> Decision<Fact> {
        let before = self.stock.get(&sku).cloned().unwrap_or_default();
        if quantity == 0 || before.received.checked_add(quantity).is_none() {
            let detail = "a delivery brings something, and no more than can be counted";
            return Answer::problem(400, "no delivery", &detail).into();
        }
        let delivery_id = format!("delivery-{}", self.deliveries + 1);
        let stock = before.stock + quantity;
        let answer = json!({ "deliveryId": delivery_id, "sku": sku, "stock": stock });
        Decision::effect(201, answer, Fact::Delivered { sku, quantity })
    }
}
