//! The log: lines of text or JSON on standard error, written off the path of requests.

mod throttle;
mod writer;

use std::{error::Error, io::IsTerminal, panic, time::Duration};

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Config, LogFormat};

pub use throttle::Throttle;
pub use writer::dropped_lines;

/// How long the end of the process waits for the log to be written.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Starts the log as the configuration says. The first call in a process counts.
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
        Err(error) => tracing::debug!(error, "the log was started before"),
    }
}

/// Panics go to the log: the standard hook writes to standard error itself, and would wait there for its reader.
fn log_panics() {
    panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panic")));
}

/// Waits for the last lines of the log to be written, but not for a reader that does not read. To be called when the
/// process ends.
pub fn finish() {
    writer::flush(LAST_LINES);
}

/// Tells why the command failed: as a line of the log where there is one, and else as plain text.
#[expect(clippy::print_stderr, reason = "there may be no log yet, and the operator must be told")]
pub fn report(error: &dyn Error) {
    if tracing::dispatcher::has_been_set() {
        tracing::error!("{error}");
    } else {
        eprintln!("call-acceptance: {error}");
    }
}
