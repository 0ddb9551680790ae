//! Metrics of requests and connections.

use std::{
    sync::{LazyLock, OnceLock},
    time::Duration,
};

use call_acceptance_api::{
    document::operations::{self, Operation},
    wire::problem::ProblemCode,
};
use poem::http::StatusCode;
use prometheus::{HistogramVec, IntCounterVec};

use crate::telemetry::metrics::{
    Histogram, IntCounter, IntGauge, counter, counter_vec, counters, gauge, histogram_vec,
};

/// The metrics of requests and connections.
pub(super) static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::registered);

/// Upper bounds of the durations of requests, in seconds: from decisions from memory to the longest time-out.
const BUCKETS: [f64; 12] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 2.5, 10.0];
/// The statuses that have a counter of their own; others count as `other`.
const STATUSES: [u16; 21] =
    [200, 201, 202, 204, 303, 304, 308, 400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 429, 431, 500, 503];
/// The statuses that alerts watch: their counters are there before the first such response.
const WATCHED: [StatusCode; 2] = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE];

/// See [`METRICS`].
pub(super) struct Metrics {
    requests: IntCounterVec,
    durations: HistogramVec,
    /// By the index of the operation; the last is for what is no operation.
    operations: Vec<OperationMetrics>,
    in_progress: IntGauge,
    authentication_failures: [IntCounter; 4],
    /// Accepted connections.
    pub accepted: IntCounter,
    open: IntGauge,
    /// The maximum number of open connections.
    pub max: IntGauge,
    limited: [IntCounter; 5],
}

/// The metrics of one operation, each made when it is needed first.
struct OperationMetrics {
    id: &'static str,
    duration: OnceLock<Histogram>,
    responses: [OnceLock<IntCounter>; STATUSES.len() + 1],
}

/// The limits of connections, in the order of the label's values.
#[derive(Debug, Clone, Copy)]
pub(super) enum Limit {
    /// The number of connections.
    Connections,
    /// The number of connections of an address.
    OfAddress,
    /// The time in which a client reads its response.
    Write,
    /// The time in which the head of a request arrives.
    Head,
    /// The time of a TLS handshake.
    Handshake,
}

impl OperationMetrics {
    fn new(id: &'static str) -> Self {
        Self { id, duration: OnceLock::new(), responses: [const { OnceLock::new() }; STATUSES.len() + 1] }
    }
}

/// Raises a gauge until it is dropped.
pub(super) struct GaugeGuard(&'static IntGauge);

impl GaugeGuard {
    fn new(gauge: &'static IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    fn registered() -> Self {
        let ids = operations::all().iter().map(|operation| operation.id).chain(["-"]);
        let metrics = Self {
            requests: counter_vec(
                "call_acceptance_http_requests_total",
                "Answered requests, by operation and status.",
                &["operation", "status"],
            ),
            durations: histogram_vec(
                "call_acceptance_http_request_duration_seconds",
                "Time from the head of a request to its response, by operation.",
                &["operation"],
                &BUCKETS,
            ),
            operations: ids.map(OperationMetrics::new).collect(),
            in_progress: gauge("call_acceptance_http_requests_in_progress", "Requests in progress."),
            authentication_failures: counters(
                "call_acceptance_authentication_failures_total",
                "Requests to the API that were not authenticated, by reason.",
                "reason",
                ["no_credentials", "invalid_credentials", "too_many_attempts", "unavailable"],
            ),
            accepted: counter("call_acceptance_connections_accepted_total", "Accepted connections."),
            open: gauge("call_acceptance_connections_open", "Open connections."),
            max: gauge("call_acceptance_connections_max", "Maximum number of open connections."),
            limited: counters(
                "call_acceptance_connections_limited_total",
                "Connections that waited, were refused or were closed because of a limit, by limit.",
                "limit",
                ["connections", "connections_per_address", "write_timeout", "head_timeout", "handshake_timeout"],
            ),
        };
        for operation in &metrics.operations {
            WATCHED.iter().for_each(|status| metrics.response(operation, *status).inc_by(0));
        }
        metrics
    }

    /// Counts a request with this response.
    pub fn count_request(&self, operation: Option<&Operation>, status: StatusCode, duration: Duration) {
        let Some(metrics) = operation.map_or(self.operations.last(), |known| self.operations.get(known.index)) else {
            return;
        };
        self.response(metrics, status).inc();
        let histogram = metrics.duration.get_or_init(|| self.durations.with_label_values(&[metrics.id]));
        histogram.observe(duration.as_secs_f64());
    }

    fn response<'a>(&self, operation: &'a OperationMetrics, status: StatusCode) -> &'a IntCounter {
        let at = STATUSES.iter().position(|known| *known == status.as_u16()).unwrap_or(STATUSES.len());
        operation.responses[at].get_or_init(|| {
            let status = STATUSES.get(at).map_or("other".to_owned(), u16::to_string);
            self.requests.with_label_values(&[operation.id, &status])
        })
    }

    /// Counts a request as in progress until the result is dropped.
    pub fn in_progress(&'static self) -> GaugeGuard {
        GaugeGuard::new(&self.in_progress)
    }

    /// Counts a connection as open until the result is dropped.
    pub fn open(&'static self) -> GaugeGuard {
        self.accepted.inc();
        GaugeGuard::new(&self.open)
    }

    /// Counts a connection that met a limit.
    pub fn count_limited(&self, limit: Limit) {
        self.limited[limit as usize].inc();
    }

    /// Counts a request that was not authenticated; `code` is the problem that answers it.
    pub fn count_authentication_failure(&self, has_credentials: bool, code: Option<ProblemCode>) {
        let reason = match code {
            Some(ProblemCode::Unauthenticated) if !has_credentials => 0,
            Some(ProblemCode::Unauthenticated) => 1,
            Some(ProblemCode::TooManyAttempts) => 2,
            _ => 3,
        };
        self.authentication_failures[reason].inc();
    }
}
