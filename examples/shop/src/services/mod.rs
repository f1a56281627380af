//! What the five services do, as plain state machines: `decide` answers a call, `apply` remembers its effect.

mod domain;

mod inventory;
mod notifications;
mod orders;
mod payments;
mod shipping;

pub(crate) use domain::{Answer, Call, Decision, Domain, ServiceName, object};
pub(crate) use inventory::{Inventory, Reservation, ReservationState, StockOfSku};
pub(crate) use notifications::{Message, Notifications};
pub(crate) use orders::{Order, OrderState, Orders};
pub(crate) use payments::{Charge, Payments};
pub(crate) use shipping::{Shipment, Shipping};

#[cfg(test)]
mod tests;
