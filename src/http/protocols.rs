//! One connection: plain HTTP/1.1, or TLS with the protocol that the client chose there. The limits are the same for
//! all: a client has a time for its handshake, for sending a request, and for reading the answer.

use std::{
    convert::Infallible,
    error::Error,
    future::Future,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use poem::{
    Endpoint, Response,
    endpoint::BoxEndpoint,
    http::{Method, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
};
use tokio_rustls::server::TlsStream;

use super::{
    compression::{self, Encoding},
    head::MAX_HEAD_BYTES,
    metrics::{Limit, METRICS},
    stream::{ClientStream, TimedStream},
    streams::Streams,
};
use crate::{
    clock::Clock,
    telemetry::Throttle,
    tls::{HTTP2, Tls},
};

/// Timeout for the header section of a request, and of idle connections.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Timeout for the handshake of TLS.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an idle connection of HTTP/2 is kept after the client was told that it ends.
const LAST_REQUESTS: Duration = Duration::from_secs(5);
/// Maximum number of concurrent requests of one connection with HTTP/2: the least that RFC 9113 recommends.
const MAX_STREAMS: u32 = 100;

static UNREAD: Throttle = Throttle::new();
static TOO_SLOW: Throttle = Throttle::new();
static NO_HANDSHAKE: Throttle = Throttle::new();

/// What connections are served with.
pub(super) struct Protocols {
    pub endpoint: BoxEndpoint<'static, Response>,
    pub clock: Arc<dyn Clock>,
    pub tls: Option<Arc<Tls>>,
    pub write_timeout: Duration,
}

/// The two ends of a connection.
#[derive(Clone, Copy)]
struct Ends {
    local: SocketAddr,
    remote: SocketAddr,
}

/// What the requests of a connection have in common.
struct Connection {
    server: Arc<Protocols>,
    ends: Ends,
    scheme: Scheme,
}

/// Why a connection was closed by the server.
enum Limited {
    Write,
    Head,
    Handshake,
}

impl Protocols {
    /// Serves a connection until it is closed. When `closing` changes, it is closed after the requests in progress.
    pub async fn serve(self: Arc<Self>, stream: TcpStream, remote: SocketAddr, closing: watch::Receiver<()>) {
        let ends = Ends { local: stream.local_addr().unwrap_or(remote), remote };
        let stream = TimedStream::over(stream, self.write_timeout);
        match self.tls.clone() {
            None => self.http1(stream, ends, Scheme::HTTP, closing).await,
            // In a box, so that connections without TLS do not take its memory.
            Some(tls) => Box::pin(self.secure(&tls, stream, ends, closing)).await,
        }
    }

    async fn secure(self: Arc<Self>, tls: &Tls, stream: TimedStream, ends: Ends, mut closing: watch::Receiver<()>) {
        let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.acceptor().accept(stream));
        let stream = tokio::select! {
            done = handshake => done,
            _ = closing.changed() => return,
        };
        match stream {
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(HTTP2) => {
                self.http2(stream, ends, closing).await;
            }
            Ok(Ok(stream)) => self.http1(stream, ends, Scheme::HTTPS, closing).await,
            Ok(Err(error)) => tracing::debug!(%error, remote = %ends.remote, "the TLS handshake failed"),
            Err(_) => report(&Limited::Handshake, ends.remote),
        }
    }

    async fn http1<S>(self: Arc<Self>, stream: S, ends: Ends, scheme: Scheme, closing: watch::Receiver<()>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = ClientStream::over(stream, ends.remote.ip().to_canonical(), self.clock.clone());
        let unanswered = stream.unanswered();
        // Each request counts a reference to it: the count of the server would be contended by all connections.
        let shared = Arc::new(Connection { server: self, ends, scheme });
        let service = service_fn(move |request| {
            let shared = shared.clone();
            async move { Ok::<_, Infallible>(shared.answer(request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let never = std::future::pending();
        if let Err(error) = until_closed(connection, http1::Connection::graceful_shutdown, closing, never).await {
            tell(&error, ends.remote, unanswered.load(Ordering::Relaxed));
        }
    }

    async fn http2(self: Arc<Self>, stream: TlsStream<TimedStream>, ends: Ends, closing: watch::Receiver<()>) {
        let streams = Streams::new();
        let (write_timeout, of_service) = (self.write_timeout, streams.clone());
        let shared = Arc::new(Connection { server: self, ends, scheme: Scheme::HTTPS });
        let service = service_fn(move |request| {
            let (shared, streams) = (shared.clone(), of_service.clone());
            async move {
                let busy = streams.begin();
                let answer = shared.answer(request).await;
                let answer = answer.map(|body| streams.watched(body));
                drop(busy);
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            // A longer head gets an answer without a problem, for it is refused before it is read whole.
            .max_header_list_size(2 * MAX_HEAD_BYTES as u32)
            .serve_connection(TokioIo::new(stream), service);
        let idle = streams.idle_for(HEAD_TIMEOUT);
        let served = until_closed(connection, http2::Connection::graceful_shutdown, closing, idle);
        tokio::select! {
            ended = served => if let Err(error) = ended {
                tell(&error, ends.remote, false);
            },
            () = streams.stalled_for(write_timeout) => report(&Limited::Write, ends.remote),
            () = streams.idle_for(HEAD_TIMEOUT + LAST_REQUESTS) => {
                tracing::debug!(remote = %ends.remote, "an idle connection is closed");
            }
        }
    }
}

impl Connection {
    async fn answer(&self, request: hyper::Request<Incoming>) -> hyper::Response<BoxBody<Bytes, io::Error>> {
        let (local, remote) = (LocalAddr(self.ends.local.into()), RemoteAddr(self.ends.remote.into()));
        let preferred = match *request.method() {
            // Its answer is not sent.
            Method::HEAD => Encoding::Identity,
            _ => Encoding::preferred(request.headers(), [Encoding::Gzip, Encoding::Brotli]),
        };
        let request = (request, local, remote, self.scheme.clone()).into();
        let answer = self.server.endpoint.get_response(request).await;
        compression::encoded(answer.into(), preferred).await
    }
}

/// Serves a connection until it ends. When `closing` changes or `idle` resolves, `close` lets it end after the requests
/// in progress.
async fn until_closed<C: Future<Output = hyper::Result<()>>>(
    connection: C,
    close: fn(Pin<&mut C>),
    mut closing: watch::Receiver<()>,
    idle: impl Future<Output = ()>,
) -> hyper::Result<()> {
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        _ = closing.changed() => {}
        () = idle => {}
    }
    close(connection.as_mut());
    connection.await
}

/// Logs why a connection ended. Closing an idle connection with nothing `unanswered` is not logged.
fn tell(error: &hyper::Error, remote: SocketAddr, unanswered: bool) {
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match io {
        Some(io) if io.kind() == io::ErrorKind::TimedOut => report(&Limited::Write, remote),
        _ if error.is_timeout() && unanswered => report(&Limited::Head, remote),
        _ => tracing::debug!(%error, %remote, "connection ended"),
    }
}

/// Counts a connection that met a limit, and logs such connections at a limited rate.
fn report(limited: &Limited, remote: SocketAddr) {
    let (throttle, limit, what) = match limited {
        Limited::Write => (&UNREAD, Limit::Write, "connections are closed: their clients do not read their answers"),
        Limited::Head => (&TOO_SLOW, Limit::Head, "connections are closed: their clients send no request in time"),
        Limited::Handshake => {
            (&NO_HANDSHAKE, Limit::Handshake, "connections are closed: their clients finish no TLS handshake in time")
        }
    };
    METRICS.count_limited(limit);
    if let Some(count) = throttle.count() {
        tracing::warn!(count, client_address = %remote.ip(), "{what}");
    }
}
