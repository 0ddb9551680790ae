//! The log, text or JSON lines on standard error, written asynchronously; and the registry of metrics.

pub mod metrics;
mod throttle;
mod writer;

use std::{error::Error, io::IsTerminal, panic, time::Duration};

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Config, LogFormat};

pub use throttle::Throttle;
pub use writer::dropped_lines;

/// How long the exit of the process waits for the log.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Initializes the log. Only the first call in a process has an effect.
pub fn init(config: &Config) {
    let log = fmt()
        .with_writer(writer::start(std::io::stderr()))
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(EnvFilter::new(&config.log));
    let started = match config.log_format {
        LogFormat::Text => log.with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
    match started {
        Ok(()) => log_panics(),
        Err(error) => tracing::debug!(error, "the log is already initialized"),
    }
}

/// Logs panics: the standard hook writes to standard error synchronously, and would block if nobody reads it.
fn log_panics() {
    panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panic")));
}

/// Waits until the last lines are written, at most for a short time. Call it before the process exits.
pub fn finish() {
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
