//! What the five services do: each answers a call within a transaction over its own tables.

mod domain;

mod inventory;
mod notifications;
mod orders;
mod payments;
mod shipping;

pub(crate) use domain::{Answer, Call, Domain, ServiceName, Undo, object};
pub(crate) use inventory::{Inventory, Reservation, ReservationState, StockOfSku};
pub(crate) use notifications::{Message, Notifications};
pub(crate) use orders::{Order, OrderState, Orders};
pub(crate) use payments::{Charge, Payments, Refund};
pub(crate) use shipping::{Shipment, Shipping};

#[cfg(test)]
mod tests;
