//! Checks of the database's URL that the driver does not make: for a misspelt `sslmode`, the driver only warns and
//! connects without TLS.

use std::env;

/// The parameters of a PostgreSQL URL that the driver knows.
const POSTGRES_PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];
/// The values of `sslmode`, from no TLS to a verified certificate and host name.
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
/// The variable that the driver reads if the URL has no `sslmode`.
const SSL_MODE_VARIABLE: &str = "PGSSLMODE";

/// The faults of the URL, of that of its replica and of `PGSSLMODE`, one a line. A URL may contain a password, so it is
/// not repeated.
#[expect(clippy::disallowed_methods, reason = "the driver reads the variable")]
pub(super) fn faults(url: &str, replica: Option<&str>) -> Vec<String> {
    let mut faults = Vec::new();
    if !is_postgres(url) && !url.starts_with("sqlite:") {
        faults.push("--database-url: it must start with postgres:// or sqlite:".to_owned());
    }
    faults.extend(parameter_faults("--database-url", url));
    if let Some(replica) = replica {
        let right = match (is_postgres(url), is_postgres(replica)) {
            (false, _) => Some("only PostgreSQL has replicas, and --database-url is of something else"),
            (true, false) => Some("it must start with postgres://"),
            (true, true) => None,
        };
        faults.extend(right.map(|right| format!("--read-database-url: {right}")));
        faults.extend(parameter_faults("--read-database-url", replica));
    }
    let mode = is_postgres(url).then(|| env::var(SSL_MODE_VARIABLE).ok()).flatten();
    faults.extend(mode.and_then(|mode| ssl_mode_fault(SSL_MODE_VARIABLE, &mode)));
    faults
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn parameter_faults(flag: &str, url: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !is_postgres(url) {
        return faults;
    }
    let parameters = url.split_once('?').map_or("", |(_, query)| query);
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if !POSTGRES_PARAMETERS.contains(&name) && !name.starts_with("options[") {
            let known = POSTGRES_PARAMETERS.join(", ");
            faults.push(format!("{flag}: {name:?} is not a parameter of PostgreSQL's URL; known are {known}"));
        }
        if ["sslmode", "ssl-mode"].contains(&name) {
            faults.extend(ssl_mode_fault(&format!("{flag}: {name}"), value));
        }
    }
    faults
}

fn ssl_mode_fault(place: &str, mode: &str) -> Option<String> {
    let is_known = SSL_MODES.iter().any(|known| known.eq_ignore_ascii_case(mode));
    (!is_known).then(|| format!("{place}: {mode:?} is not one of {}", SSL_MODES.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_url_with_a_misspelt_parameter_is_refused() {
        for valid in [
            "postgres://someone:secret@host/db",
            "postgresql://host/db?sslmode=verify-full&sslrootcert=/ca.pem&options[search_path]=a",
            "postgres://host/db?ssl-mode=Require",
            "sqlite://file.db?mode=rwc",
        ] {
            assert_eq!(faults(valid, None), Vec::<String>::new(), "{valid}");
        }
        for (wrong, named) in [
            ("postgres://someone:secret@host/db?sslmode=verify_full", "verify-full"),
            ("postgres://someone:secret@host/db?ssl_mode=verify-full", "sslmode"),
            ("postgres://someone:secret@host/db?sslmode", "sslmode"),
            ("postgres://someone:secret@host/db?SSLMODE=require", "SSLMODE"),
        ] {
            let faults = faults(wrong, None);
            assert!(matches!(&faults[..], [fault] if fault.contains(named) && !fault.contains("secret")), "{faults:?}");
        }
    }

    #[test]
    fn only_postgresql_has_replicas() {
        let (postgres, sqlite) = ("postgres://host/db", "sqlite://file.db");
        assert_eq!(faults(postgres, Some("postgresql://someone:secret@standby/db?sslmode=require")), [""; 0]);
        for (url, replica, named) in [
            (sqlite, postgres, "only PostgreSQL"),
            (sqlite, sqlite, "only PostgreSQL"),
            (postgres, sqlite, "postgres://"),
            (postgres, "postgres://someone:secret@standby/db?sslmode=on", "verify-full"),
        ] {
            let faults = faults(url, Some(replica));
            let is_right = |fault: &String| {
                fault.starts_with("--read-database-url: ") && fault.contains(named) && !fault.contains("secret")
            };
            assert!(matches!(&faults[..], [fault] if is_right(fault)), "{faults:?}");
        }
    }

    #[test]
    fn a_misspelt_mode_is_a_fault_in_the_environment_too() {
        assert_eq!(ssl_mode_fault(SSL_MODE_VARIABLE, "verify-full"), None);
        assert!(ssl_mode_fault(SSL_MODE_VARIABLE, "verify").is_some_and(|fault| fault.starts_with("PGSSLMODE: ")));
    }
}
