//! The log: lines of text or JSON on standard error.

use std::{error::Error, io::IsTerminal};

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Config, LogFormat};

/// Starts the log as the configuration says. The first call in a process counts.
pub fn init(config: &Config) {
    let log = fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(EnvFilter::new(&config.log));
    let started = match config.log_format {
        LogFormat::Text => log.with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(error, "the log was started before");
    }
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
