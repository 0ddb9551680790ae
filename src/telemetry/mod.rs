//! The log, text or JSON lines on standard error, written asynchronously; the registry of metrics; traces.

mod instance;
pub mod metrics;
mod throttle;
pub mod traces;
mod writer;

use std::{error::Error, io::IsTerminal, panic, time::Duration};

use tracing::subscriber::Interest;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, LevelFilter, dynamic_filter_fn},
    fmt,
    layer::SubscriberExt,
    registry,
    registry::{LookupSpan, Registry},
    util::SubscriberInitExt,
};

use crate::config::{Config, LogFormat};

pub use instance::instance;
pub use throttle::Throttle;

/// How long the exit of the process waits for the log.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Initializes the log, and traces if they are wanted. Only the first call in a process has an effect.
pub fn init(config: &Config) {
    let log = fmt::layer()
        .with_writer(writer::start(std::io::stderr()))
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    let log: Box<dyn Layer<Registry> + Send + Sync> = match config.log_format {
        LogFormat::Text => log.with_target(false).boxed(),
        LogFormat::Json => {
            let json = log.json().flatten_event(true);
            json.with_current_span(false).with_span_list(false).boxed()
        }
    };
    let subscriber = registry().with(events_only(log, EnvFilter::new(&config.log)));
    // Two subscribers, since a layer that is absent would still ask for all spans.
    let (started, fault) = match config.otlp_endpoint.as_deref().map(traces::layer) {
        None => (subscriber.try_init(), None),
        Some(Ok(traces)) => (subscriber.with(traces).try_init(), None),
        Some(Err(fault)) => (subscriber.try_init(), Some(fault)),
    };
    match started {
        Ok(()) => log_panics(),
        Err(error) => tracing::debug!(%error, "the log is already initialized"),
    }
    if let Some(error) = fault {
        tracing::error!(error, "traces cannot be sent");
    }
}

/// The layer of the log. Spans are for traces: for the log, none is made.
fn events_only<S, L>(log: L, filter: EnvFilter) -> impl Layer<S> + Send + Sync
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    L: Layer<S> + Send + Sync,
{
    // What is not a span is an event, or asks whether one is wanted. The hint leaves the level to the other filter.
    let no_spans = dynamic_filter_fn(|metadata, _| !metadata.is_span()).with_max_level_hint(LevelFilter::TRACE);
    // Never "always": then an event is not asked for, and lost if the last question of its thread was answered by "no"
    // (https://github.com/tokio-rs/tracing/issues/2519).
    let no_spans = no_spans.with_callsite_filter(|metadata| match metadata.is_span() {
        true => Interest::never(),
        false => Interest::sometimes(),
    });
    log.with_filter(filter.and(no_spans))
}

/// Logs panics: the standard hook writes to standard error synchronously, and would block if nobody reads it.
fn log_panics() {
    panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panic")));
}

/// Waits until the last spans are sent and the last lines are written, at most for a short time. Call it before the
/// process exits.
pub async fn finish() {
    traces::flush().await;
    flush_log();
}

/// Waits until the last lines are written, at most for a short time.
pub fn flush_log() {
    writer::flush(LAST_LINES);
}

/// Reports why the command failed: in the log if it is initialized, else as plain text.
#[expect(clippy::print_stderr, reason = "there may be no log yet, and the operator must be told")]
pub fn report(error: &dyn Error) {
    if tracing::dispatcher::has_been_set() {
        tracing::error!("{error}");
    } else {
        eprintln!("call-acceptance: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tracing::{Subscriber, span};
    use tracing_subscriber::layer::Context;

    use super::*;

    /// Counts the spans that a layer without a filter would make.
    struct Counting(Arc<AtomicUsize>);

    impl<S: Subscriber> Layer<S> for Counting {
        fn on_new_span(&self, _: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_log_alone_makes_no_span() {
        let made = Arc::new(AtomicUsize::new(0));
        let log = Counting(made.clone()).and_then(fmt::layer().with_writer(std::io::sink));
        let log = events_only(log, EnvFilter::new("trace"));
        tracing::subscriber::with_default(registry().with(log), || {
            assert!(tracing::info_span!("request").is_disabled());
            assert!(tracing::enabled!(tracing::Level::TRACE), "events of all levels are wanted");
        });
        assert_eq!(made.load(Ordering::Relaxed), 0);
    }
}
