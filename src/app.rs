//! The running server: connects to the database, listens, and serves requests until it is stopped.

use std::{future::Future, net::SocketAddr, sync::Arc};

use futures_util::future::OptionFuture;
use tokio::{
    net::{TcpListener, TcpSocket},
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::{
    clock::{Clock, SystemClock},
    config::{Config, ConfigError},
    http::{self, listener},
    rules::screening,
    service::{Replica, Server},
    store::{self, ConnectError, Connection, Description},
    systemd, telemetry,
    tls::{Tls, TlsError},
};

/// How many connections may wait to be accepted, as far as the system lets them. A client that finds no place tries
/// again only after a second.
const BACKLOG: u32 = 4096;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration has faults.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database is unavailable, or its schema is not valid.
    #[error(transparent)]
    Database(#[from] ConnectError),
    /// The server cannot listen on the address.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        reason: std::io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The demonstration data cannot be created.
    #[error("cannot create the demonstration data: {0}")]
    Demo(String),
    /// A command was refused.
    #[error("{0}")]
    Command(String),
    /// A system call failed.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// A server that is listening and ready to serve.
pub struct Application {
    listener: TcpListener,
    address: SocketAddr,
    /// Listens on the address of the metrics, if they have one of their own.
    metrics: Option<TcpListener>,
    /// The certificate for the address of the API, if it has one.
    tls: Option<Arc<Tls>>,
    server: Arc<Server>,
    clock: Arc<dyn Clock>,
    config: Config,
}

impl Application {
    /// Connects to the database, migrates its schema if so configured, and listens.
    pub async fn build(config: Config) -> Result<Self, StartError> {
        Self::build_with(config, Arc::new(SystemClock)).await
    }

    /// The same with the given clock.
    pub async fn build_with(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let tls = config.tls.clone().map(|files| Tls::load(files, clock.clone())).transpose()?.map(Arc::new);
        let db = database(&config).await?;
        report_start(&db).await;
        let replica = config.read_database_url.as_deref();
        let replica = replica.map(|url| Replica::of(url, config.database_connections)).transpose()?;
        let server = Arc::new(Server::new(db, clock.clone(), &config).with_replica(replica));
        screening::prepare();
        let listener = listen(config.listen)?;
        let address = listener.local_addr()?;
        let metrics = config.metrics_listen.map(listen).transpose()?;
        Ok(Self { listener, address, metrics, tls, server, clock, config })
    }

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the metrics, if they have one of their own.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref()?.local_addr().ok()
    }

    /// Whether requests come over TLS.
    pub fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether the server runs without authentication.
    pub fn is_open(&self) -> bool {
        self.config.open
    }

    /// Serves until `stop` resolves. Then accepts no new connections, and returns when the requests in progress are
    /// done or the drain timeout has expired.
    pub async fn run_until(self, stop: impl Future<Output = ()>) {
        let Self { listener, metrics, tls, server, clock, config, .. } = self;
        let stopped = server.clone();
        let endpoint = http::endpoint(server.clone(), clock.clone(), &config);
        let serve = |listener, endpoint, closed: watch::Receiver<()>, tls| {
            let closed = async move { drop(closed.clone().changed().await) };
            listener::serve(listener, endpoint, closed, clock.clone(), config.clone(), tls)
        };
        let (open, closed) = watch::channel(());
        let serve_metrics = metrics.map(|listener| {
            let endpoint = http::metrics_endpoint(server.clone(), clock.clone(), &config);
            serve(listener, endpoint, closed.clone(), None)
        });
        let stop = async {
            stop.await;
            server.begin_stopping();
            systemd::stopping();
            if !config.shutdown_delay.is_zero() {
                let seconds = config.shutdown_delay.as_secs();
                tracing::info!(seconds, "stopping: not ready any more, and still accepting connections");
                tokio::time::sleep(config.shutdown_delay).await;
            }
            tracing::info!("stopping: finishing the requests in progress");
            drop(open);
        };
        let serve_api = serve(listener, endpoint, closed, tls.clone());
        let served = async { tokio::join!(stop, serve_api, OptionFuture::from(serve_metrics)) };
        let follow_certificate = async {
            match tls {
                Some(tls) => tls.follow().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = served => {}
            () = Box::pin(server.run_background()) => {}
            () = systemd::report_alive() => {}
            () = follow_certificate => {}
        }
        stopped.finish().await;
        tracing::info!("stopped");
    }
}

/// Logs what the server runs on.
async fn report_start(db: &Connection) {
    let (version, numbering_plans) = (env!("CARGO_PKG_VERSION"), screening::NUMBERING_PLANS);
    let instance = telemetry::instance();
    match store::describe(db).await {
        Ok(Description { database, migrations, schema }) => {
            let schema = schema.unwrap_or_default();
            tracing::info!(version, database, schema, migrations, numbering_plans, instance, "starting");
        }
        Err(error) => tracing::warn!(version, numbering_plans, instance, %error, "starting, without a schema"),
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    bind(address).map_err(|reason| StartError::Listen { address, reason })
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The service for a command, connected to the configured database, whose schema is migrated if so configured.
pub async fn server(config: &Config) -> Result<Server, StartError> {
    Ok(Server::new(database(config).await?, Arc::new(SystemClock), config))
}

async fn database(config: &Config) -> Result<Connection, StartError> {
    let db = store::connect(&config.database_url, config.database_connections, config.database_limits).await?;
    if config.migrate {
        store::migrate(&config.database_url).await?;
    }
    Ok(db)
}

/// Resolves at the first SIGTERM or SIGINT. A second one ends the process immediately.
pub fn stop_signal() -> Result<impl Future<Output = ()>, StartError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tokio::spawn(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            tracing::warn!("stopped immediately by a second signal");
            telemetry::flush_log();
            std::process::exit(1);
        });
    })
}
