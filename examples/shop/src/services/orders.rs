use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Call, Decision, Domain, ServiceName};

/// An order above it is refused, in cents; it keeps every sum far from overflowing.
const ORDER_CENTS_MAX: u64 = 1_000_000_000_000;

/// Takes orders; each is open until it is confirmed or rejected, for good.
#[derive(Default)]
pub(crate) struct Orders {
    orders: BTreeMap<String, Order>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    pub(crate) order_id: String,
    pub(crate) customer: String,
    pub(crate) items: Vec<OrderItem>,
    /// In cents.
    pub(crate) total: u64,
    pub(crate) state: OrderState,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OrderItem {
    pub(crate) sku: String,
    pub(crate) quantity: u64,
    /// Of one, in cents.
    pub(crate) price: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OrderState {
    Open,
    Confirmed,
    Rejected,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Fact {
    Placed(Order),
    #[serde(rename_all = "camelCase")]
    Ended {
        order_id: String,
        state: OrderState,
    },
}

#[derive(Deserialize)]
struct NewOrder {
    customer: String,
    items: Vec<OrderItem>,
}

impl Domain for Orders {
    const NAME: ServiceName = ServiceName::Orders;
    type Fact = Fact;

    fn decide(&self, call: &Call<'_>) -> Decision<Fact> {
        match (call.method, call.path) {
            (&Method::POST, ["orders"]) => match call.read() {
                Ok(order) => self.place(order),
                Err(answer) => answer.into(),
            },
            (&Method::POST, ["orders", id, "confirm"]) => self.end(id, OrderState::Confirmed),
            (&Method::POST, ["orders", id, "reject"]) => self.end(id, OrderState::Rejected),
            (&Method::GET, ["orders", id]) => match self.orders.get(*id) {
                Some(order) => Answer::ok(json!(order)).into(),
                None => Answer::no_such("order", id).into(),
            },
            _ => Answer::no_such_operation(call).into(),
        }
    }

    fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::Placed(order) => {
                self.orders.insert(order.order_id.clone(), order);
            }
            Fact::Ended { order_id, state } => {
                if let Some(order) = self.orders.get_mut(&order_id) {
                    order.state = state;
                }
            }
        }
    }

    fn sums(&self) -> Value {
        let mut by_state = BTreeMap::from(
            [OrderState::Open, OrderState::Confirmed, OrderState::Rejected].map(|s| (s, (0, 0))),
        );
        for order in self.orders.values() {
            let (orders, value) = by_state.entry(order.state).or_default();
            *orders += 1;
            *value += order.total;
        }
        by_state
            .into_iter()
            .map(|(state, (orders, value))| {
                let name = json!(state).as_str().unwrap_or_default().to_owned();
                (name, json!({ "orders": orders, "value": value }))
            })
            .collect()
    }

    fn entries(&self) -> Value {
        self.orders.values().map(|order| json!(order)).collect()
    }
}

impl Orders {
    fn place(&self, new: NewOrder) -> Decision<Fact> {
        if new.items.is_empty() || new.items.iter().any(|item| item.quantity == 0) {
            let detail = "an order has items, and at least one of each";
            return Answer::problem(400, "empty order", &detail).into();
        }
        let total = new.items.iter().try_fold(0_u64, |total, item| {
            total.checked_add(item.quantity.checked_mul(item.price)?)
        });
        let Some(total) = total.filter(|total| *total <= ORDER_CENTS_MAX) else {
            let detail = format!("an order is worth at most {ORDER_CENTS_MAX} cents");
            return Answer::problem(400, "order too large", &detail).into();
        };
        let order_id = format!("order-{}", self.orders.len() + 1);
        let answer = json!({ "orderId": order_id, "total": total });
        let NewOrder { customer, items } = new;
        let order = Order { order_id, customer, items, total, state: OrderState::Open };
        Decision::effect(201, answer, Fact::Placed(order))
    }

    fn end(&self, id: &str, state: OrderState) -> Decision<Fact> {
        let Some(order) = self.orders.get(id) else {
            return Answer::no_such("order", id).into();
        };
        let answer = json!({ "orderId": id, "state": state });
        if order.state == state {
            return Answer::ok(answer).into();
        }
        if order.state != OrderState::Open {
            let detail = format!("order {id} is {}", json!(order.state));
            return Answer::problem(409, "the order has ended", &detail).into();
        }
        Decision::effect(200, answer, Fact::Ended { order_id: id.to_owned(), state })
    }
}
