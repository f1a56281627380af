//! The services of the demonstration: stock, payments and parcels, which do each piece of work once.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri};
use tokio::net::TcpListener;

/// Where the fault is.
const PAYMENTS: &str = "/payments";

/// What was done, by place and idempotency key, with the answer.
type Books = BTreeMap<(String, String), Bytes>;

#[derive(Default)]
pub(super) struct Shop {
    books: Mutex<Books>,
    payments_arrived: AtomicUsize,
    payments_failed: AtomicUsize,
    is_broken: AtomicBool,
}

impl Shop {
    /// Opens the shop on a free port of this machine, until the process ends.
    pub(super) async fn open() -> std::io::Result<(Arc<Self>, SocketAddr)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shop = Arc::new(Self::default());
        let router = Router::new().fallback(arrive).with_state(Arc::clone(&shop));
        tokio::spawn(async move {
            let options = motet_api::Options::default();
            motet_api::serve(listener, router, &options, std::future::pending()).await
        });
        Ok((shop, address))
    }

    /// From now on the payments do their work and answer with an error all the same, or as they should.
    pub(super) fn set_broken(&self, is_broken: bool) {
        self.is_broken.store(is_broken, Ordering::SeqCst);
    }

    /// Pieces of work that were done at a place.
    pub(super) fn done(&self, place: &str) -> usize {
        self.books().keys().filter(|(other, _)| other == place).count()
    }

    /// Calls of the payments, and those among them that were answered with an error.
    pub(super) fn payments(&self) -> (usize, usize) {
        let load = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        (load(&self.payments_arrived), load(&self.payments_failed))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // A booking is one insertion, which a panic cannot leave half done.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does the work unless its key says that it is done, and answers with what it was given, as the first time.
async fn arrive(
    State(shop): State<Arc<Shop>>,
    uri: Uri,
    headers: HeaderMap,
    order: Bytes,
) -> (StatusCode, Bytes) {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let Some(key) = key else {
        return (StatusCode::BAD_REQUEST, Bytes::from_static(b"no Idempotency-Key"));
    };
    let work = (uri.path().to_owned(), key.to_owned());
    let answer = shop.books().entry(work).or_insert(order).clone();
    if uri.path() == PAYMENTS {
        shop.payments_arrived.fetch_add(1, Ordering::SeqCst);
        if shop.is_broken.load(Ordering::SeqCst) {
            shop.payments_failed.fetch_add(1, Ordering::SeqCst);
            return (StatusCode::SERVICE_UNAVAILABLE, Bytes::from_static(b"try again"));
        }
    }
    (StatusCode::OK, answer)
}
