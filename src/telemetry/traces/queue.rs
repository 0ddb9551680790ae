//! Takes finished spans to the collector without ever waiting for it: they go through a bounded queue to a task, which
//! sends batches. Spans that do not fit, and batches that the collector does not take, are dropped and counted.
//!
//! The batch processors of the SDK are not suitable: they count what they drop, but tell nobody, and export on a thread
//! without a runtime.

use std::{sync::OnceLock, time::Duration};

use opentelemetry::Context;
use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{common::tonic::ResourceAttributesWithSchema, trace::tonic::group_spans_by_resource_and_scope},
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};
use tokio::{
    sync::{
        mpsc::{Receiver, Sender, channel},
        oneshot,
    },
    time::{Instant, timeout, timeout_at},
};

use super::{
    collector::Collector,
    metrics::{Outcome, count},
    statement,
};
use crate::telemetry::throttle::Throttle;

/// Maximum number of queued spans; they take up to 1 KiB each.
const MAX_SPANS: usize = 4096;
/// Maximum number of spans in a request to the collector.
const BATCH: usize = 512;
/// How long a span may wait for others of its batch.
const DELAY: Duration = Duration::from_secs(1);

/// How long the exit of the process waits for the last spans.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// The queue of the process, if it has an endpoint.
static QUEUE: OnceLock<Sender<Entry>> = OnceLock::new();
static FAILED: Throttle = Throttle::new();

#[derive(Debug)]
enum Entry {
    Span(Box<SpanData>),
    /// Dropped when all earlier spans are sent.
    Flush(oneshot::Sender<()>),
}

/// Puts finished spans into the queue.
#[derive(Debug)]
pub(super) struct Queue(Sender<Entry>);

/// The queue to the collector at `endpoint`; its task runs from now on.
///
/// # Errors
/// If the address cannot be read.
pub(super) fn start(endpoint: &str, resource: &Resource) -> Result<Queue, String> {
    let collector = Collector::at(endpoint)?;
    let (sender, entries) = channel(MAX_SPANS);
    tokio::spawn(send_all(entries, collector, resource.into()));
    Ok(Queue(QUEUE.get_or_init(|| sender).clone()))
}

impl SpanProcessor for Queue {
    fn on_start(&self, _span: &mut Span, _parent: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.0.try_send(Entry::Span(Box::new(span))).is_err() {
            count(Outcome::QueueFull, 1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _limit: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Waits until all queued spans are sent, at most for a short time.
pub(in crate::telemetry) async fn flush() {
    let Some(queue) = QUEUE.get() else { return };
    let flushed = async {
        let (flush, done) = oneshot::channel();
        // Its sender is dropped, and never sends.
        let _ = queue.send(Entry::Flush(flush)).await.is_ok() && done.await.is_ok();
    };
    // The spans of a collector that is away are given up.
    let _ = timeout(LAST_SPANS, flushed).await;
}

async fn send_all(mut entries: Receiver<Entry>, collector: Collector, resource: ResourceAttributesWithSchema) {
    while let Some(first) = entries.recv().await {
        let deadline = Instant::now() + DELAY;
        let mut batch = Vec::new();
        let mut flush = put(first, &mut batch);
        while flush.is_none() && batch.len() < BATCH {
            match timeout_at(deadline, entries.recv()).await {
                Ok(Some(next)) => flush = put(next, &mut batch),
                Ok(None) | Err(_) => break,
            }
        }
        if !batch.is_empty() {
            send(batch, &collector, &resource).await;
        }
        drop(flush);
    }
}

/// Adds a span to the batch; returns who waits for the batch.
fn put(entry: Entry, batch: &mut Vec<SpanData>) -> Option<oneshot::Sender<()>> {
    match entry {
        Entry::Span(span) => {
            batch.push(statement::described(*span));
            None
        }
        Entry::Flush(flush) => Some(flush),
    }
}

async fn send(batch: Vec<SpanData>, collector: &Collector, resource: &ResourceAttributesWithSchema) {
    let spans = batch.len();
    let request = ExportTraceServiceRequest { resource_spans: group_spans_by_resource_and_scope(batch, resource) };
    match collector.send(&request).await {
        Ok(()) => count(Outcome::Sent, spans),
        Err(error) => {
            count(Outcome::Failed, spans);
            if let Some(count) = FAILED.count() {
                tracing::warn!(count, spans, error, "spans cannot be sent to the collector, and are dropped");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{Tracer, TracerProvider};
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::*;
    use crate::telemetry::traces::metrics::total;

    #[test]
    fn spans_that_do_not_fit_are_dropped_and_counted() {
        let (sender, mut entries) = channel(1);
        let provider = SdkTracerProvider::builder().with_span_processor(Queue(sender)).build();
        let before = total(Outcome::QueueFull);
        for name in ["first", "second", "third"] {
            drop(provider.tracer("test").start(name));
        }
        assert_eq!(total(Outcome::QueueFull) - before, 2);
        let Ok(Entry::Span(kept)) = entries.try_recv() else { panic!("a span is in the queue") };
        assert_eq!(kept.name, "first");
        assert!(entries.try_recv().is_err());
    }
}
