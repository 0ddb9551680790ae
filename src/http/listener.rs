//! Connections: an accept loop over hyper, since poem's own server has no settings for limits. The number of
//! connections of an address is limited; a client that sends no request or does not read the response is disconnected;
//! buffers are bounded. `protocols` has what happens on one connection.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use poem::{Response, endpoint::BoxEndpoint};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

use super::{
    addresses::{Connections, Counted},
    metrics::{GaugeGuard, Limit, METRICS},
    protocols::Protocols,
};
use crate::{clock::Clock, config::Config, telemetry::Throttle, tls::Tls};

/// Maximum number of open connections; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 4096;
/// Pause after a failed accept, for example when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

static FULL: Throttle = Throttle::new();
static TOO_MANY: Throttle = Throttle::new();

/// The settings of connections.
struct Server {
    config: Config,
    room: Arc<Semaphore>,
    connections: Connections,
    protocols: Arc<Protocols>,
}

/// The permits of a connection, held while it is open.
type Place = (OwnedSemaphorePermit, Option<Counted>, GaugeGuard);

/// Serves `endpoint` on `listener`, over TLS if there is a certificate, until `stop` resolves. Then closes idle
/// connections, and returns when the others are done or `--drain-timeout` has expired.
pub async fn serve(
    listener: TcpListener,
    endpoint: BoxEndpoint<'static, Response>,
    stop: impl Future<Output = ()>,
    clock: Arc<dyn Clock>,
    config: Config,
    tls: Option<Arc<Tls>>,
) {
    let drain = config.drain_timeout;
    let (room, connections) = (Semaphore::new(MAX_CONNECTIONS), Connections::at_most(config.connections_per_address));
    METRICS.max.set(MAX_CONNECTIONS as i64);
    let protocols = Arc::new(Protocols { endpoint, clock, tls, write_timeout: config.write_timeout });
    let server = Server { config, room: room.into(), connections, protocols };
    // Each connection has a receiver, until it is closed.
    let (open, closing) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = server.accept(&listener) => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok(Some((stream, remote, place))) => server.handle(stream, remote, place, closing.clone()),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop((listener, closing));
    open.send_replace(());
    if tokio::time::timeout(drain, open.closed()).await.is_err() {
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

    fn handle(&self, stream: TcpStream, remote: SocketAddr, place: Place, closing: watch::Receiver<()>) {
        let protocols = self.protocols.clone();
        tokio::spawn(async move {
            protocols.serve(stream, remote, closing).await;
            drop(place);
        });
    }
}
