//! Traces by OTLP over HTTP (`--otlp-endpoint`): a span for each request, and below it one for each statement.
//!
//! Spans are those of `tracing`, made in `http` and by SeaORM. Without an endpoint no layer wants any, which `tracing`
//! decides once for each place in the code, so that none is made; the log has events only. A finished span goes through
//! a bounded queue (`queue`) to a task that sends batches to the collector (`collector`). The trace of a client is
//! continued (`parent`), and its identifier stands in the log with and without an endpoint.
//!
//! What a span says leaves the house: never put names, numbers or tokens into one. `statement` decides what is said
//! of a statement.

mod collector;
mod metrics;
mod parent;
mod queue;
mod statement;

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind, TraceState, TracerProvider},
};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample},
};
use tracing::{Level, Metadata, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use super::instance::instance;

pub use collector::probe;
pub use metrics::register_metrics;
pub use parent::{TraceIdentifier, TraceParent, join};
pub(super) use queue::flush;

/// The layer that sends spans to the collector at `endpoint`, as in `http://127.0.0.1:4318`. Call it in a runtime, and
/// once in a process.
///
/// # Errors
/// If the address cannot be read; the text says so.
pub(super) fn layer<S>(endpoint: &str) -> Result<impl Layer<S> + Send + Sync + use<S>, String>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let provider = SdkTracerProvider::builder()
        .with_span_processor(queue::start(endpoint, &resource())?)
        .with_sampler(Sampler::ParentBased(Box::new(OnlyRequests)))
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("call-acceptance"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false);
    Ok(layer.with_filter(filter_fn(is_traced).with_max_level_hint(LevelFilter::INFO)))
}

/// Spans of requests and statements: other libraries have spans, too.
fn is_traced(metadata: &Metadata<'_>) -> bool {
    let is_ours = ["call_acceptance", "sea_orm"].iter().any(|target| metadata.target().starts_with(target));
    metadata.is_span() && *metadata.level() <= Level::INFO && is_ours
}

/// What sends the spans (semantic conventions, "Resource").
fn resource() -> Resource {
    let builder = Resource::builder_empty().with_service_name("call-acceptance");
    let builder = builder.with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    builder.with_attribute(KeyValue::new("service.instance.id", instance())).build()
}

/// Begins traces at requests only: background work runs statements all the time.
#[derive(Debug, Clone)]
struct OnlyRequests;

impl ShouldSample for OnlyRequests {
    fn should_sample(
        &self,
        _parent: Option<&Context>,
        _trace: TraceId,
        _name: &str,
        kind: &SpanKind,
        _attributes: &[KeyValue],
        _links: &[Link],
    ) -> SamplingResult {
        let decision = match kind {
            SpanKind::Server => SamplingDecision::RecordAndSample,
            _ => SamplingDecision::Drop,
        };
        SamplingResult { decision, attributes: Vec::new(), trace_state: TraceState::NONE }
    }
}
