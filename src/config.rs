//! The configuration, checked. To add a setting, add its flag to [`Options`] and its parsed member here.

use std::{fmt::Display, net::SocketAddr, ops::RangeInclusive, str::FromStr, time::Duration};

use tracing_subscriber::EnvFilter;

use crate::cli::Options;

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line of text for people.
    Text,
    /// A JSON object a line, for programs.
    Json,
}

/// How decisions are made.
#[derive(Debug, Clone, Copy)]
pub struct DecisionConfig {
    /// How long a question may wait for the database.
    pub deadline: Duration,
    /// How far behind the database a decision may be.
    pub staleness: Duration,
    /// How much memory the snapshots of users may take, in bytes, roughly.
    pub memory: u64,
}

/// A configuration without faults.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The database.
    pub database_url: String,
    /// The greatest number of connections to the database.
    pub database_connections: u32,
    /// Whether to bring the schema up to date at the start.
    pub migrate: bool,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How long requests may go on after the signal to stop.
    pub drain_timeout: Duration,
    /// How decisions are made.
    pub decisions: DecisionConfig,
    /// The form of the log.
    pub log_format: LogFormat,
    /// What is logged.
    pub log: String,
}

/// All that is wrong with a configuration, a line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not valid:\n  {}", .0.join("\n  "))]
pub struct ConfigError(pub Vec<String>);

#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn parse<T: FromStr>(&mut self, flag: &str, text: &str, right: &str) -> Option<T> {
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.add(flag, text, right);
        }
        parsed
    }

    fn within<T: FromStr + PartialOrd + Display>(
        &mut self,
        flag: &str,
        text: &str,
        range: RangeInclusive<T>,
    ) -> Option<T> {
        let parsed = text.parse().ok().filter(|number| range.contains(number));
        if parsed.is_none() {
            self.add(flag, text, &format!("a whole number from {} to {}", range.start(), range.end()));
        }
        parsed
    }

    fn add(&mut self, flag: &str, text: &str, right: &str) {
        self.0.push(format!("--{flag}: {text:?} is not {right}"));
    }
}

impl TryFrom<Options> for Config {
    type Error = ConfigError;

    fn try_from(options: Options) -> Result<Self, ConfigError> {
        let mut faults = Faults::default();
        let listen = faults.parse("listen", &options.listen, "an address and port, like 127.0.0.1:8080 or [::]:8080");
        let database_connections = faults.within("database-connections", &options.database_connections, 1..=1000);
        let migrate = faults.parse("migrate", &options.migrate, "true or false");
        let request_timeout = faults.within("request-timeout", &options.request_timeout, 1..=300);
        let drain_timeout = faults.within("drain-timeout", &options.drain_timeout, 0..=300);
        let deadline = faults.within("decision-deadline", &options.decision_deadline, 10..=10_000);
        let staleness = faults.within("decision-staleness", &options.decision_staleness, 100..=60_000);
        let memory: Option<u64> = faults.within("decision-memory", &options.decision_memory, 1..=1_048_576);
        let decisions = deadline.zip(staleness).zip(memory).map(|((deadline, staleness), memory)| DecisionConfig {
            deadline: Duration::from_millis(deadline),
            staleness: Duration::from_millis(staleness),
            memory: memory << 20,
        });
        let log_format = match options.log_format.as_str() {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            other => {
                faults.add("log-format", other, "text or json");
                None
            }
        };
        if EnvFilter::try_new(&options.log).is_err() {
            faults.add("log", &options.log, "a log filter, like info or warn,call_acceptance=debug");
        }
        if !["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| options.database_url.starts_with(scheme)) {
            // The URL may hold a password, and so it is not repeated.
            faults.0.push("--database-url: it must start with postgres:// or sqlite:".to_owned());
        }
        match (listen, database_connections, migrate, request_timeout, drain_timeout, decisions, log_format) {
            (
                Some(listen),
                Some(database_connections),
                Some(migrate),
                Some(request_timeout),
                Some(drain_timeout),
                Some(decisions),
                Some(log_format),
            ) if faults.0.is_empty() => Ok(Self {
                listen,
                database_url: options.database_url,
                database_connections,
                migrate,
                request_timeout: Duration::from_secs(request_timeout),
                drain_timeout: Duration::from_secs(drain_timeout),
                decisions,
                log_format,
                log: options.log,
            }),
            _ => Err(ConfigError(faults.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_are_told_at_once() {
        let options = Options {
            listen: "8080".to_owned(),
            database_url: "mysql://root:secret@host/db".to_owned(),
            database_connections: "0".to_owned(),
            migrate: "perhaps".to_owned(),
            request_timeout: "1s".to_owned(),
            drain_timeout: "-1".to_owned(),
            decision_deadline: "9".to_owned(),
            decision_staleness: "2s".to_owned(),
            decision_memory: "all".to_owned(),
            log_format: "xml".to_owned(),
            log: "call_acceptance=loud".to_owned(),
        };
        let error = Config::try_from(options).expect_err("nothing in it is right");
        assert_eq!(error.0.len(), 11, "{error}");
        assert!(!error.to_string().contains("secret"));
    }
}
