use std::collections::BTreeMap;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::arrivals::{self, RequestsByKey, Summary};
use crate::cli::Audit;
use crate::client::fetch;
use crate::services::{
    Charge, Message, Order, Refund, Reservation, ServiceName, Shipment, StockOfSku,
};

/// Everything that the five services say they did.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) orders: Vec<Order>,
    pub(crate) payments: PaymentsBooks,
    pub(crate) inventory: InventoryBooks,
    pub(crate) shipments: Vec<Shipment>,
    pub(crate) messages: Vec<Message>,
    /// By service, in the order of their ports.
    pub(crate) arrivals: BTreeMap<ServiceName, Summary>,
    pub(crate) requests_by_key: RequestsByKey,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct PaymentsBooks {
    pub(crate) charges: Vec<Charge>,
    pub(crate) refunds: Vec<Refund>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct InventoryBooks {
    pub(crate) stock: BTreeMap<String, StockOfSku>,
    pub(crate) reservations: Vec<Reservation>,
}

impl Books {
    pub(crate) async fn collect(options: &Audit) -> anyhow::Result<Self> {
        let base_port = options.base_port;
        let mut books = Self {
            orders: entries(ServiceName::Orders, base_port).await?,
            payments: entries(ServiceName::Payments, base_port).await?,
            inventory: entries(ServiceName::Inventory, base_port).await?,
            shipments: entries(ServiceName::Shipping, base_port).await?,
            messages: entries(ServiceName::Notifications, base_port).await?,
            ..Self::default()
        };
        for service in ServiceName::ALL {
            let log = options.data.join(service.as_str()).join(arrivals::FILE);
            let summary = Summary::read(service, &log, &mut books.requests_by_key)?;
            books.arrivals.insert(service, summary);
        }
        Ok(books)
    }
}

async fn entries<T: DeserializeOwned>(service: ServiceName, base_port: u16) -> anyhow::Result<T> {
    #[derive(Deserialize)]
    struct Full<T> {
        entries: T,
    }
    let port = service.port(base_port).context("the ports end at 65535")?;
    let full: Full<T> = fetch(&format!("http://127.0.0.1:{port}/_audit?full=true")).await?;
    Ok(full.entries)
}
