//! `call-acceptance check`: says of a configuration and its database what is wrong, and what would be right. It changes
//! nothing, and may run beside the server. To add a check, add a function to [`findings`].

use std::{fmt, io::Write, net::TcpListener};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    app::StartError,
    clock::{Clock, SystemClock},
    config::{Config, ConfigError},
    identity::oidc,
    store::{
        self, Diagnosis, Facts,
        replica::{MAX_LAG, ReplicaState},
    },
    telemetry::traces,
    tls::{self, Certificate, Expiry},
};

/// Connections of an instance beside its two pools: for the feed of changes, its notifications, and migrations.
const OTHER_CONNECTIONS: u32 = 3;
/// Greatest difference between the clocks of the server and the database, in seconds.
const CLOCKS: f64 = 2.0;

/// What a check has found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Finding {
    /// All is well.
    Good(String),
    /// It works, but the operator should know.
    Advice(String),
    /// It does not work; with what would be right.
    Wrong(String),
}

use Finding::{Advice, Good, Wrong};

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Good(text) => write!(f, "ok      {text}"),
            Advice(text) => write!(f, "advice  {text}"),
            Wrong(text) => write!(f, "wrong   {text}"),
        }
    }
}

/// Prints the faults of a configuration.
pub fn report_faults(error: &ConfigError) -> Result<(), StartError> {
    print(error.0.iter().map(|fault| Wrong(fault.clone())).collect())
}

/// Checks and prints what was found.
///
/// # Errors
/// If something is wrong.
pub async fn run(config: &Config) -> Result<(), StartError> {
    print(findings(config).await)
}

fn print(findings: Vec<Finding>) -> Result<(), StartError> {
    let mut output = std::io::stdout().lock();
    for finding in &findings {
        writeln!(output, "{finding}")?;
    }
    match findings.iter().filter(|finding| matches!(finding, Wrong(_))).count() {
        0 => Ok(()),
        count => Err(StartError::Command(format!("the check has found {count} faults"))),
    }
}

async fn findings(config: &Config) -> Vec<Finding> {
    let mut findings = vec![Good("the configuration is valid".to_owned()), time_zones()];
    findings.extend([Some(config.listen), config.metrics_listen].into_iter().flatten().map(address));
    findings.push(certificate(config, SystemClock.now()));
    match store::diagnose(&config.database_url).await {
        Ok(Diagnosis { target, facts: Some(facts) }) => {
            findings.push(Good(format!("{}: {target}", facts.version)));
            findings.extend(database(&facts, config, SystemClock.now()));
        }
        Ok(Diagnosis { target, facts: None }) => {
            findings.push(Advice(format!("{target} does not exist: the server creates it at the start")));
        }
        Err(error) => findings.push(Wrong(error.to_string())),
    }
    findings.extend(replica(config).await);
    findings.extend(provider(config).await);
    findings.extend(collector(config).await);
    findings
}

fn time_zones() -> Finding {
    match TimeZone::get("Europe/Brussels") {
        Ok(_) => Good("time zone data are built in".to_owned()),
        Err(error) => Wrong(format!("there are no time zone data: {error}; build the server with them")),
    }
}

fn address(address: std::net::SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Good(format!("{address} is free to listen on")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Advice(format!("{address} is in use: the server is running already, or something else is"))
        }
        Err(error) => Wrong(format!(
            "cannot listen on {address}: {error}; choose an address of this machine, and a port that may be used"
        )),
    }
}

fn certificate(config: &Config, now: Timestamp) -> Finding {
    let Some(files) = &config.tls else {
        return match config.listen.ip().is_loopback() {
            true => Good("requests are not encrypted, and come from this machine".to_owned()),
            false => Advice(
                "requests are not encrypted: set --tls-certificate, unless a proxy on a private network terminates TLS"
                    .to_owned(),
            ),
        };
    };
    match tls::read(files) {
        Ok(certificate) => dates(&certificate, now),
        Err(error) => Wrong(format!("{error}; give the certificate with its chain, and the key that belongs to it")),
    }
}

fn dates(certificate: &Certificate, now: Timestamp) -> Finding {
    let Certificate { names, not_before, not_after } = certificate;
    let names = if names.is_empty() { "no name, which clients refuse".to_owned() } else { names.join(", ") };
    match certificate.expiry(now) {
        Expiry::Valid => Good(format!("the certificate is for {names}, and valid until {not_after}")),
        Expiry::Soon => Advice(format!("the certificate is for {names}, and expires at {not_after}: renew it")),
        Expiry::Expired => Wrong(format!("the certificate for {names} has expired at {not_after}: renew it")),
        Expiry::NotYet => Wrong(format!("the certificate for {names} is valid from {not_before}: is the clock right?")),
    }
}

/// What the facts mean for a server with this configuration.
fn database(facts: &Facts, config: &Config, now: Timestamp) -> Vec<Finding> {
    let found = [version(facts), encoding(facts), read_only(facts), clocks(facts, now), connections(facts, config)];
    let mut findings: Vec<_> = found.into_iter().flatten().collect();
    findings.push(schema(facts, config));
    findings.extend(rights(facts));
    findings.extend((!facts.protected).then(|| {
        Advice(
            "the connection to the database is not encrypted: add `sslmode=verify-full` to --database-url".to_owned(),
        )
    }));
    findings
}

fn version(facts: &Facts) -> Option<Finding> {
    (!facts.is_supported).then(|| Wrong(format!("{} is too old: use PostgreSQL 15 or newer", facts.version)))
}

fn encoding(facts: &Facts) -> Option<Finding> {
    let is_unicode = facts.encoding == "UTF8" || facts.encoding.starts_with("UTF-");
    (!is_unicode).then(|| {
        let encoding = &facts.encoding;
        Wrong(format!("the database has the encoding {encoding}: create one with `createdb --encoding UTF8`"))
    })
}

fn read_only(facts: &Facts) -> Option<Finding> {
    facts.read_only.then(|| {
        let right = "connect to the primary, or let the server write to the file and its folder";
        Wrong(format!("the database refuses writes: {right}"))
    })
}

fn clocks(facts: &Facts, now: Timestamp) -> Option<Finding> {
    let seconds = (facts.time - now.as_microsecond()) as f64 / 1e6;
    let off = seconds.abs() > CLOCKS;
    let right = "set both by NTP";
    off.then(|| {
        Wrong(format!("the clock of the database differs by {seconds:.0} s from that of this machine: {right}"))
    })
}

fn connections(facts: &Facts, config: &Config) -> Option<Finding> {
    let needed = config.database_connections + config.decisions.connections + OTHER_CONNECTIONS;
    let allowed = facts.connections?;
    Some(match i64::from(needed) <= allowed {
        true => Good(format!("an instance uses up to {needed} of {allowed} connections")),
        false => Wrong(format!(
            "an instance uses up to {needed} connections, and the database allows {allowed}: lower \
             --database-connections, or raise max_connections of PostgreSQL"
        )),
    })
}

fn schema(facts: &Facts, config: &Config) -> Finding {
    let (pending, newer) = (facts.pending.len(), facts.newer.len());
    match (pending, newer) {
        (0, 0) => Good("the schema is that of this release".to_owned()),
        (0, _) => Good("the schema is that of a later release, on which this one runs, too".to_owned()),
        _ if !config.migrate => Wrong(format!(
            "the schema lacks {pending} migrations: run `call-acceptance migrate`, or set --migrate true"
        )),
        _ if !facts.may_create => Wrong(format!(
            "the schema lacks {pending} migrations, and the role may not create tables: run `call-acceptance migrate` \
             with a role that may, or `GRANT CREATE ON SCHEMA` to this one"
        )),
        _ => Advice(format!("the schema lacks {pending} migrations: the server applies them at the start")),
    }
}

fn rights(facts: &Facts) -> Option<Finding> {
    (!facts.closed_tables.is_empty()).then(|| {
        let tables = facts.closed_tables.join(", ");
        Wrong(format!("the role may not read and write {tables}: `GRANT SELECT, INSERT, UPDATE, DELETE` on them"))
    })
}

async fn replica(config: &Config) -> Option<Finding> {
    let url = config.read_database_url.as_ref()?;
    Some(match store::replica::examine(&config.database_url, url).await {
        Ok((name, state)) => state_of_replica(&name, &state),
        Err(error) => Wrong(format!("the replica is of no use: {error}; is --read-database-url right?")),
    })
}

fn state_of_replica(name: &str, state: &ReplicaState) -> Finding {
    let wrong = |what: &str| {
        let right = "the server does not use it; connect to a standby of the database";
        Wrong(format!("the replica, {name}, {what}: {right}"))
    };
    match state {
        ReplicaState::NoStandby => wrong("is no standby"),
        ReplicaState::OtherDatabase => wrong("is a copy of another database"),
        ReplicaState::Standby { behind: 0, .. } => {
            Good(format!("the replica, {name}, is a standby, and has all that the database has"))
        }
        ReplicaState::Standby { behind, last_change } => {
            let seconds = last_change.unwrap_or_default();
            let text = format!("the replica, {name}, is a standby, {behind} bytes and {seconds:.1} s behind");
            match seconds <= MAX_LAG.as_secs_f64() {
                true => Good(text),
                false => Advice(format!("{text}: the server uses it when that is {MAX_LAG:?} at most")),
            }
        }
    }
}

async fn provider(config: &Config) -> Option<Finding> {
    let oidc = config.oidc.as_ref()?;
    Some(match oidc::keys_of_provider(oidc).await {
        Ok(0) => Wrong(format!("the OpenID provider {} publishes no key that is supported", oidc.issuer)),
        Ok(count) => Good(format!("the OpenID provider {} publishes {count} keys", oidc.issuer)),
        Err(error) => Wrong(format!("the OpenID provider is of no use: {error}; is --oidc-issuer right?")),
    })
}

async fn collector(config: &Config) -> Option<Finding> {
    let endpoint = config.otlp_endpoint.as_ref()?;
    Some(match traces::probe(endpoint).await {
        Ok(()) => Good(format!("the collector {endpoint} takes traces")),
        Err(error) => Wrong(format!(
            "the collector {endpoint} takes no traces: {error}; is --otlp-endpoint its address for OTLP over HTTP, \
             with port 4318 as a rule?"
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            version: "PostgreSQL 14.1".to_owned(),
            is_supported: true,
            encoding: "UTF8".to_owned(),
            read_only: false,
            protected: true,
            connections: Some(97),
            time: 1_000_000,
            may_create: true,
            closed_tables: Vec::new(),
            pending: Vec::new(),
            newer: Vec::new(),
        }
    }

    #[test]
    fn a_clock_that_differs_is_wrong() {
        let at = |second| Timestamp::from_second(second).expect("an instant");
        assert_eq!([0, 1, 3].map(|second| clocks(&facts(), at(second)).is_some()), [false; 3]);
        for second in [-2, 4] {
            assert!(matches!(clocks(&facts(), at(second)), Some(Wrong(text)) if text.contains("3 s")));
        }
    }

    #[test]
    fn a_replica_is_good_only_if_it_is_a_standby_that_keeps_up() {
        let standby = |behind, last_change| ReplicaState::Standby { behind, last_change };
        let found = |state| state_of_replica("PostgreSQL at b:5432", &state);
        assert!(matches!(found(standby(0, Some(900.0))), Good(text) if text.contains("b:5432")));
        assert!(matches!(found(standby(7, Some(0.2))), Good(text) if text.contains("7 bytes and 0.2 s behind")));
        assert!(matches!(found(standby(7, Some(9.0))), Advice(text) if text.contains("5s at most")));
        assert!(matches!(found(ReplicaState::OtherDatabase), Wrong(text) if text.contains("another database")));
    }

    #[test]
    fn an_old_version_and_another_encoding_are_wrong() {
        assert!(version(&facts()).is_none() && encoding(&facts()).is_none());
        let old = Facts { is_supported: false, encoding: "SQL_ASCII".to_owned(), ..facts() };
        assert!(matches!(version(&old), Some(Wrong(text)) if text.contains("15 or newer")));
        assert!(matches!(encoding(&old), Some(Wrong(text)) if text.contains("SQL_ASCII")));
    }
}
