use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Options, Tls};

/// After a connection could not be accepted, mostly for lack of file descriptors, which passes.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
/// One request's head, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// An HTTP/2 connection is asked after this silence whether it lives ...
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// ... and closed when it does not say so.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves HTTP/1.1 and HTTP/2 until `shutdown` completes: over TLS where there is a certificate, the protocol chosen by ALPN,
/// else in the clear (prior knowledge, RFC 9113 §3.3).
///
/// Then it accepts no more, and returns once the open requests are answered, at the latest after `drain_max`; it returns
/// how many connections were cut off.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: &Options,
    shutdown: impl Future<Output = ()>,
) -> usize {
    let server = Arc::new(server(options));
    let connections = Arc::new(Semaphore::new(options.connections_max));
    let graceful = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        let service = TowerToHyperService::new(router.clone());
        let watcher = graceful.watcher();
        let server = Arc::clone(&server);
        let acceptor = options.tls.as_ref().map(Tls::acceptor);
        let patience = options.head_timeout;
        tokio::spawn(async move {
            let (stream, permit) = accepted;
            // An error below is the client's: it left, or does not speak HTTP; its request is answered or was never read.
            let Some(acceptor) = acceptor else {
                let connection = server.serve_connection(TokioIo::new(stream), service);
                let _ = watcher.watch(connection.into_owned()).await;
                return drop(permit);
            };
            // So it is with one who does not speak TLS, or shows no certificate that we trust.
            if let Ok(Ok(stream)) = tokio::time::timeout(patience, acceptor.accept(stream)).await {
                let connection = server.serve_connection(TokioIo::new(stream), service);
                let _ = watcher.watch(connection.into_owned()).await;
            }
            drop(permit);
        });
    }
    drop(listener);
    let open = || options.connections_max - connections.available_permits();
    match tokio::time::timeout(options.drain_max, graceful.shutdown()).await {
        Ok(()) => 0,
        Err(_elapsed) => open(),
    }
}

fn server(options: &Options) -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_buf_size(HEAD_BYTES_MAX)
        .pipeline_flush(true);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(options.streams_per_connection_max)
        .max_header_list_size(HEAD_BYTES_MAX as u32)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    server
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let permit =
        Arc::clone(connections).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it every small answer may wait 40 ms for an acknowledgement. A socket that refuses is closed already.
                let _ = stream.set_nodelay(true);
                return (stream, permit);
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}
