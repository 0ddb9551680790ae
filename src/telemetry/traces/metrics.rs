//! Metrics of traces.

use std::sync::LazyLock;

use crate::telemetry::metrics::{IntCounter, counters};

/// Spans by outcome: sent, not taken by the collector, or dropped since too many waited.
static SPANS: LazyLock<[IntCounter; 3]> = LazyLock::new(|| {
    let help = "Spans of sampled traces, by outcome.";
    counters("call_acceptance_trace_spans_total", help, "result", ["sent", "failed", "queue_full"])
});

/// Registers the metrics, so that a scrape has them before the first span.
pub fn register_metrics() {
    LazyLock::force(&SPANS);
}

/// The index of a counter in [`SPANS`].
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome {
    /// The collector has taken it.
    Sent,
    /// The collector has not taken it.
    Failed,
    /// Too many waited.
    QueueFull,
}

/// Counts spans with this outcome.
pub(super) fn count(outcome: Outcome, spans: usize) {
    SPANS[outcome as usize].inc_by(spans as u64);
}

/// The number of spans with this outcome.
#[cfg(test)]
pub(super) fn total(outcome: Outcome) -> u64 {
    SPANS[outcome as usize].get()
}
