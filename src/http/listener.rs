//! Connections: an accept loop over hyper, since poem's own server has no settings for limits. The number of
//! connections of an address is limited; a client that sends no request or does not read the response is disconnected;
//! buffers are bounded.

use std::{
    convert::Infallible,
    error::Error,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use poem::{
    Endpoint, Response,
    endpoint::BoxEndpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

use super::{
    addresses::{Connections, Counted},
    head::MAX_HEAD_BYTES,
    metrics::{GaugeGuard, Limit, METRICS},
    stream::ClientStream,
};
use crate::{clock::Clock, config::Config, telemetry::Throttle};

/// Timeout for the header section of a request, and of idle connections.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum number of open connections; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 4096;
/// Pause after a failed accept, for example when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

static FULL: Throttle = Throttle::new();
static TOO_MANY: Throttle = Throttle::new();
static UNREAD: Throttle = Throttle::new();
static TOO_SLOW: Throttle = Throttle::new();

/// The settings of connections.
struct Server {
    endpoint: BoxEndpoint<'static, Response>,
    clock: Arc<dyn Clock>,
    config: Config,
    room: Arc<Semaphore>,
    connections: Connections,
}

/// The permits of a connection, held while it is open.
type Place = (OwnedSemaphorePermit, Option<Counted>, GaugeGuard);

/// Serves `endpoint` on `listener` until `stop` resolves. Then closes idle connections, and returns when the others are
/// done or `drain` has expired.
pub async fn serve(
    listener: TcpListener,
    endpoint: BoxEndpoint<'static, Response>,
    stop: impl Future<Output = ()>,
    clock: Arc<dyn Clock>,
    config: Config,
) {
    let drain = config.drain_timeout;
    let (room, connections) = (Semaphore::new(MAX_CONNECTIONS), Connections::at_most(config.connections_per_address));
    METRICS.max.set(MAX_CONNECTIONS as i64);
    let server = Arc::new(Server { endpoint, clock, config, room: room.into(), connections });
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = server.accept(&listener) => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok(Some((stream, remote, place))) => server.clone().handle(stream, remote, place, &graceful),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still in progress at the end of the drain timeout");
    }
}

impl Server {
    /// Accepts a connection; `None` if its address has the maximum number, and it was closed.
    async fn accept(&self, listener: &TcpListener) -> io::Result<Option<(TcpStream, SocketAddr, Place)>> {
        let permit = match self.room.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                METRICS.count_limited(Limit::Connections);
                if let Some(count) = FULL.count() {
                    tracing::warn!(count, limit = MAX_CONNECTIONS, "connections wait until others are closed");
                }
                self.room.clone().acquire_owned().await.map_err(io::Error::other)?
            }
        };
        let (stream, remote) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let address = remote.ip();
        // A trusted proxy serves many clients.
        if self.config.trusted_proxies.contains(address) {
            return Ok(Some((stream, remote, (permit, None, METRICS.open()))));
        }
        let counted = self.connections.count(address);
        if counted.is_none() {
            self.report_too_many(address);
        }
        Ok(counted.map(|counted| (stream, remote, (permit, Some(counted), METRICS.open()))))
    }

    fn report_too_many(&self, address: IpAddr) {
        METRICS.count_limited(Limit::OfAddress);
        if let Some(count) = TOO_MANY.count() {
            let limit = self.config.connections_per_address;
            tracing::warn!(count, client_address = %address, limit,
                "connections are closed at once: their address has too many");
        }
    }

    fn handle(self: Arc<Self>, stream: TcpStream, remote: SocketAddr, place: Place, graceful: &GracefulShutdown) {
        let local = stream.local_addr().unwrap_or(remote);
        let stream =
            ClientStream::over(stream, remote.ip().to_canonical(), self.config.write_timeout, self.clock.clone());
        let unanswered = stream.unanswered();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let server = self.clone();
            let addresses = (LocalAddr(local.into()), RemoteAddr(remote.into()));
            async move {
                let request = (request, addresses.0, addresses.1, Scheme::HTTP).into();
                Ok::<hyper::Response<_>, Infallible>(server.endpoint.get_response(request).await.into())
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tell(&error, remote, unanswered.load(Ordering::Relaxed));
            }
            drop(place);
        });
    }
}

/// Logs why a connection ended; limits of the server are logged at a limited rate. Closing an idle connection with
/// nothing `unanswered` is not logged.
fn tell(error: &hyper::Error, remote: SocketAddr, unanswered: bool) {
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    let unread = io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut);
    let (throttle, limit, what) = match unread {
        true => (&UNREAD, Limit::Write, "connections are closed: their clients do not read their answers"),
        false if error.is_timeout() && unanswered => {
            (&TOO_SLOW, Limit::Head, "connections are closed: their clients send no request in time")
        }
        false => return tracing::debug!(%error, %remote, "connection ended"),
    };
    METRICS.count_limited(limit);
    if let Some(count) = throttle.count() {
        tracing::warn!(count, client_address = %remote.ip(), "{what}");
    }
}
