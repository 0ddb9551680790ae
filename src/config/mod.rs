//! The validated configuration. To add a setting, add its flag to [`Options`] and its parsed value here.

mod database_url;
mod networks;
pub mod options;

use std::{
    fmt::Display, net::SocketAddr, num::NonZeroU32, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration,
};

use call_acceptance_api::value::phone_number::Region;
use tracing_subscriber::EnvFilter;

pub use self::networks::Networks;

use self::options::Options;
use crate::identity::oidc::{ClaimNames, OidcConfig};

/// The maximum of `--failed-authentications`.
const MOST_FAILED: NonZeroU32 = NonZeroU32::new(1_000_000).expect("it is not zero");

/// The maximum of `--concurrent-writes`.
const MOST_WRITES: NonZeroU32 = NonZeroU32::new(1000).expect("it is not zero");

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text lines.
    Text,
    /// One JSON object a line.
    Json,
}

/// Timeouts of statements on PostgreSQL.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseLimits {
    /// Maximum duration of a statement.
    pub statement: Duration,
    /// Maximum wait for a lock.
    pub lock: Duration,
}

/// Settings of decisions.
#[derive(Debug, Clone, Copy)]
pub struct DecisionConfig {
    /// Maximum wait of a decision for the database.
    pub deadline: Duration,
    /// Maximum delay until a change affects decisions.
    pub staleness: Duration,
    /// Approximate memory for the snapshots of users, in bytes.
    pub memory: u64,
    /// Maximum age of a snapshot until it is loaded again, even if no change is known.
    pub greatest_age: Duration,
    /// Connections to the database reserved for decisions, authentication and readiness.
    pub connections: u32,
}

/// How tenants and groups are deleted that hold much.
#[derive(Debug, Clone, Copy)]
pub struct CascadeConfig {
    /// How many users or groups are deleted in one transaction, each with what it holds. What holds no more of them
    /// is deleted at once.
    pub step: u64,
    /// How long to wait after a transaction at least before the next one.
    pub rest: Duration,
}

impl Default for CascadeConfig {
    /// A step that takes a fraction of a second, and as much of a rest as it took.
    fn default() -> Self {
        Self { step: 500, rest: Duration::ZERO }
    }
}

/// How tenants are exported.
#[derive(Debug, Clone, Copy)]
pub struct ExportConfig {
    /// Maximum number of exports at a time, each with a connection to the database of its own.
    pub concurrent: usize,
    /// How long a client may take for a part of some 64 KiB.
    pub part_timeout: Duration,
    /// How long an export may take: the database keeps what it reads, however old, until it ends.
    pub timeout: Duration,
}

impl Default for ExportConfig {
    fn default() -> Self {
        Self { concurrent: 2, part_timeout: Duration::from_secs(60), timeout: Duration::from_secs(3600) }
    }
}

impl ExportConfig {
    /// Without limits of time in practice, for a command that writes as fast as its output is read.
    pub fn patient() -> Self {
        let month = Duration::from_secs(30 * 86_400);
        Self { part_timeout: month, timeout: month, ..Self::default() }
    }
}

/// The files that the server has its certificate from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those of its intermediate authorities (PEM).
    pub certificate: PathBuf,
    /// The private key of the certificate (PEM).
    pub key: PathBuf,
}

/// How decisions are counted.
#[derive(Debug, Clone, Copy)]
pub struct StatisticsConfig {
    /// How often counts are written to the database.
    pub interval: Duration,
    /// How long the last flush may take when the server stops.
    pub last_flush: Duration,
    /// Maximum number of counts in memory: one for each user, hour, reason and criteria, of some 300 bytes at most.
    pub counts: usize,
    /// Maximum number of refused calls that wait for a flush, of some 300 bytes each; as many may be in one.
    pub refused_calls: usize,
}

impl Default for StatisticsConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(10),
            last_flush: Duration::from_secs(5),
            counts: 100_000,
            refused_calls: 50_000,
        }
    }
}

/// A valid configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The address that has the metrics alone; `None` puts them on the address of the API.
    pub metrics_listen: Option<SocketAddr>,
    /// The certificate; without one, the server speaks plain HTTP.
    pub tls: Option<TlsFiles>,
    /// The URL of the database.
    pub database_url: String,
    /// The URL of a replica of the database, for reads that may be old, if there is one.
    pub read_database_url: Option<String>,
    /// Maximum number of connections to the database, and to its replica.
    pub database_connections: u32,
    /// Timeouts of statements.
    pub database_limits: DatabaseLimits,
    /// Maximum number of concurrent changes with one token.
    pub concurrent_writes: NonZeroU32,
    /// How tenants and groups are deleted that hold much.
    pub cascades: CascadeConfig,
    /// How tenants are exported.
    pub exports: ExportConfig,
    /// How decisions are counted.
    pub statistics: StatisticsConfig,
    /// Whether to migrate the schema at the start.
    pub migrate: bool,
    /// Maximum duration of a request.
    pub request_timeout: Duration,
    /// How long connections are still accepted after the signal to stop.
    pub shutdown_delay: Duration,
    /// Maximum duration of requests after that.
    pub drain_timeout: Duration,
    /// Settings of decisions.
    pub decisions: DecisionConfig,
    /// The region for reading called numbers, if a request has none.
    pub default_region: Option<Region>,
    /// Whether the server runs without authentication, only on a loopback address.
    pub open: bool,
    /// Failed authentications allowed for an address per minute.
    pub failed_authentications: NonZeroU32,
    /// Proxies whose `X-Forwarded-For` or `Forwarded` is trusted.
    pub trusted_proxies: Networks,
    /// Maximum number of open connections from one address.
    pub connections_per_address: usize,
    /// Timeout of a client that does not read the response.
    pub write_timeout: Duration,
    /// The OpenID provider whose access tokens are accepted, if there is one.
    pub oidc: Option<OidcConfig>,
    /// How long audit events are kept.
    pub audit_retention: Duration,
    /// Origins whose pages may call the API.
    pub cors_origins: Vec<String>,
    /// The collector that traces are sent to, if there is one.
    pub otlp_endpoint: Option<String>,
    /// The format of the log.
    pub log_format: LogFormat,
    /// The filter of the log.
    pub log: String,
}

/// All faults of a configuration, one a line.
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
            self.add(flag, text, &format!("an integer from {} to {}", range.start(), range.end()));
        }
        parsed
    }

    fn one_of<T: Copy>(&mut self, flag: &str, text: &str, known: &[(&str, T)]) -> Option<T> {
        let found = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
            self.add(flag, text, &names.join(" or "));
        }
        found
    }

    fn decisions(&mut self, options: &Options) -> Option<DecisionConfig> {
        let deadline = self.within("decision-deadline", &options.decision_deadline, 10..=10_000);
        let staleness = self.within("decision-staleness", &options.decision_staleness, 100..=60_000);
        let memory: Option<u64> = self.within("decision-memory", &options.decision_memory, 1..=1_048_576);
        let greatest_age = self.within("decision-max-age", &options.decision_max_age, 1..=86_400);
        let connections = self.within("decision-connections", &options.decision_connections, 1..=100);
        Some(DecisionConfig {
            deadline: Duration::from_millis(deadline?),
            staleness: Duration::from_millis(staleness?),
            memory: memory? << 20,
            greatest_age: Duration::from_secs(greatest_age?),
            connections: connections?,
        })
    }

    fn database_limits(&mut self, options: &Options) -> Option<DatabaseLimits> {
        let statement = self.within("database-statement-timeout", &options.database_statement_timeout, 1..=300);
        let lock = self.within("database-lock-timeout", &options.database_lock_timeout, 1..=300);
        Some(DatabaseLimits { statement: Duration::from_secs(statement?), lock: Duration::from_secs(lock?) })
    }

    fn open(&mut self, options: &Options, listen: Option<SocketAddr>) -> Option<bool> {
        let open = self.one_of("auth", &options.auth, &[("token", false), ("none", true)]);
        if open == Some(true) && listen.is_some_and(|listen| !listen.ip().is_loopback()) {
            let right =
                "possible with this --listen: `none` is allowed only on a loopback address, like 127.0.0.1:8080";
            self.add("auth", &options.auth, right);
        }
        open
    }

    fn tls(&mut self, options: &Options) -> Option<TlsFiles> {
        let file = |path: &Option<String>| path.as_ref().filter(|path| !path.is_empty()).map(PathBuf::from);
        match (file(&options.tls_certificate), file(&options.tls_key)) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            _ => {
                self.0.push("--tls-certificate and --tls-key must be set together".to_owned());
                None
            }
        }
    }

    /// The address of the collector; an empty text means none.
    fn collector(&mut self, text: &str) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        let host = text.strip_prefix("https://").or(text.strip_prefix("http://"));
        if !host.is_some_and(|host| !host.is_empty() && !host.contains(['?', '#', '@', ' '])) {
            self.add("otlp-endpoint", text, "an address of http:// or https://, like http://127.0.0.1:4318");
        }
        Some(text.to_owned())
    }

    fn log_filter(&mut self, text: &str) {
        if EnvFilter::try_new(text).is_err() {
            self.add("log", text, "a log filter, like info or warn,call_acceptance=debug");
        }
    }

    fn oidc(&mut self, options: &Options) -> Option<OidcConfig> {
        let max_age = self.within("oidc-max-age", &options.oidc_max_age, 60..=31_536_000);
        let system = self.parse("oidc-system-call-processing", &options.oidc_system_call_processing, "true or false");
        let (issuer, audience) = match (&options.oidc_issuer, &options.oidc_audience) {
            (Some(issuer), Some(audience)) => (issuer.clone(), audience.clone()),
            (None, None) => return None,
            _ => {
                self.0.push("--oidc-issuer and --oidc-audience must be set together".to_owned());
                return None;
            }
        };
        let claims = ClaimNames {
            role: options.oidc_role_claim.clone(),
            tenant: options.oidc_tenant_claim.clone(),
            group: options.oidc_group_claim.clone(),
            user: options.oidc_user_claim.clone(),
            read_only: options.oidc_read_only_claim.clone(),
        };
        // If these are invalid, the configuration is not used, but its other faults are still reported.
        let (max_age, system_call_processing) = (max_age.unwrap_or_default(), system.unwrap_or_default());
        let config = OidcConfig { issuer, audience, claims, max_age, system_call_processing };
        self.0.extend(config.fault().map(|fault| format!("--oidc-issuer and related settings: {fault}")));
        Some(config)
    }

    fn origins(&mut self, text: &str) -> Vec<String> {
        let origins: Vec<String> =
            text.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect();
        for origin in &origins {
            let host = origin.strip_prefix("https://").or(origin.strip_prefix("http://"));
            if !host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', '?', '#', '@'])) {
                self.add("cors-origins", origin, "an origin (scheme, host and port), like https://portal.example.com");
            }
        }
        origins
    }

    /// The region; an empty text means none.
    fn region(&mut self, text: &str) -> Option<Region> {
        if text.is_empty() {
            return None;
        }
        let region = Region::parse(text).ok();
        if region.is_none() {
            self.add("default-region", text, "a region code in upper case, like BE (ISO 3166-1 alpha-2)");
        }
        region
    }

    fn networks(&mut self, flag: &str, text: &str) -> Networks {
        let networks = text.parse();
        networks.unwrap_or_else(|wrong: String| {
            self.add(flag, &wrong, "an address or a network, like 192.0.2.7 or 10.0.0.0/8");
            Networks::default()
        })
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
        let metrics_listen = options.metrics_listen.as_ref().filter(|address| !address.is_empty());
        let metrics_listen = metrics_listen
            .and_then(|address| faults.parse("metrics-listen", address, "an address and port, like 127.0.0.1:9464"));
        let tls = faults.tls(&options);
        let database_connections = faults.within("database-connections", &options.database_connections, 1..=1000);
        let database_limits = faults.database_limits(&options);
        let concurrent_writes =
            faults.within("concurrent-writes", &options.concurrent_writes, NonZeroU32::MIN..=MOST_WRITES);
        let migrate = faults.parse("migrate", &options.migrate, "true or false");
        let request_timeout = faults.within("request-timeout", &options.request_timeout, 1..=300);
        let shutdown_delay = faults.within("shutdown-delay", &options.shutdown_delay, 0..=300);
        let drain_timeout = faults.within("drain-timeout", &options.drain_timeout, 0..=300);
        let decisions = faults.decisions(&options);
        let default_region = options.default_region.as_deref().and_then(|region| faults.region(region));
        let open = faults.open(&options, listen);
        let failed_authentications =
            faults.within("failed-authentications", &options.failed_authentications, NonZeroU32::MIN..=MOST_FAILED);
        let trusted_proxies = faults.networks("trusted-proxies", &options.trusted_proxies);
        let connections_per_address =
            faults.within("connections-per-address", &options.connections_per_address, 1..=4096);
        let write_timeout = faults.within("write-timeout", &options.write_timeout, 1..=300);
        let oidc = faults.oidc(&options);
        let audit_retention: Option<u64> = faults.within("audit-retention", &options.audit_retention, 1..=36_500);
        let cors_origins = faults.origins(&options.cors_origins);
        let otlp_endpoint = faults.collector(options.otlp_endpoint.as_deref().unwrap_or_default());
        let log_formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        let log_format = faults.one_of("log-format", &options.log_format, &log_formats);
        faults.log_filter(&options.log);
        let read_database_url = options.read_database_url.filter(|url| !url.is_empty());
        faults.0.extend(database_url::faults(&options.database_url, read_database_url.as_deref()));
        let parsed = || {
            Some(Self {
                listen: listen?,
                metrics_listen,
                tls,
                database_url: options.database_url,
                read_database_url,
                database_connections: database_connections?,
                database_limits: database_limits?,
                concurrent_writes: concurrent_writes?,
                cascades: CascadeConfig::default(),
                exports: ExportConfig::default(),
                statistics: StatisticsConfig::default(),
                migrate: migrate?,
                request_timeout: Duration::from_secs(request_timeout?),
                shutdown_delay: Duration::from_secs(shutdown_delay?),
                drain_timeout: Duration::from_secs(drain_timeout?),
                decisions: decisions?,
                default_region,
                open: open?,
                failed_authentications: failed_authentications?,
                trusted_proxies,
                connections_per_address: connections_per_address?,
                write_timeout: Duration::from_secs(write_timeout?),
                oidc,
                audit_retention: Duration::from_secs(audit_retention? * 86_400),
                cors_origins,
                otlp_endpoint,
                log_format: log_format?,
                log: options.log,
            })
        };
        match faults.0.is_empty().then(parsed).flatten() {
            Some(config) => Ok(config),
            None => Err(ConfigError(faults.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_are_reported_at_once() {
        let options = Options {
            listen: "8080".to_owned(),
            metrics_listen: Some("9464".to_owned()),
            tls_certificate: Some("server.pem".to_owned()),
            tls_key: Some(String::new()),
            database_url: "mysql://root:secret@host/db".to_owned(),
            read_database_url: Some("sqlite://copy.db".to_owned()),
            database_connections: "0".to_owned(),
            database_statement_timeout: "0".to_owned(),
            database_lock_timeout: "0".to_owned(),
            concurrent_writes: "0".to_owned(),
            migrate: "perhaps".to_owned(),
            request_timeout: "1s".to_owned(),
            shutdown_delay: "-1".to_owned(),
            drain_timeout: "-1".to_owned(),
            decision_deadline: "9".to_owned(),
            decision_staleness: "2s".to_owned(),
            decision_memory: "all".to_owned(),
            decision_max_age: "0".to_owned(),
            decision_connections: "0".to_owned(),
            default_region: Some("be".to_owned()),
            auth: "maybe".to_owned(),
            failed_authentications: "0".to_owned(),
            trusted_proxies: "10.0.0.0/8, proxy".to_owned(),
            connections_per_address: "0".to_owned(),
            write_timeout: "0".to_owned(),
            oidc_issuer: Some("http://issuer.example.com".to_owned()),
            oidc_audience: Some("acceptance".to_owned()),
            oidc_role_claim: "role".to_owned(),
            oidc_tenant_claim: "tenant".to_owned(),
            oidc_group_claim: "group".to_owned(),
            oidc_user_claim: "user".to_owned(),
            oidc_read_only_claim: "read_only".to_owned(),
            oidc_max_age: "0".to_owned(),
            oidc_system_call_processing: "perhaps".to_owned(),
            cors_origins: "https://portal.example.com, *".to_owned(),
            audit_retention: "0".to_owned(),
            otlp_endpoint: Some("127.0.0.1:4318".to_owned()),
            log_format: "xml".to_owned(),
            log: "call_acceptance=loud".to_owned(),
        };
        let error = Config::try_from(options).expect_err("nothing in it is right");
        assert_eq!(error.0.len(), 32, "{error}");
        assert!(!error.to_string().contains("secret"));
    }
}
