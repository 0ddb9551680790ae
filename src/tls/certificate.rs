//! What a certificate says: for whom, and from when to when (RFC 5280, section 4.1).

use std::{net::IpAddr, sync::LazyLock};

use jiff::{SignedDuration, Timestamp};
use x509_cert::{
    der::Decode,
    ext::pkix::{SubjectAltName, name::GeneralName},
    time::Time,
};

use crate::telemetry::metrics::{IntGauge, gauge};

/// How long before its end a certificate is reported: authorities renew a month before, at the latest.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The end of the certificate in use.
static EXPIRES: LazyLock<IntGauge> = LazyLock::new(|| {
    let help = "When the server's certificate expires, in Unix time; 0 without a certificate.";
    gauge("call_acceptance_tls_certificate_expiry_timestamp_seconds", help)
});

/// A certificate of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// The first second of its validity.
    pub not_before: Timestamp,
    /// The last second of its validity.
    pub not_after: Timestamp,
}

/// How a certificate stands in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It is not valid yet.
    NotYet,
    /// It is valid for more than two weeks.
    Valid,
    /// It expires within two weeks.
    Soon,
    /// It has expired.
    Expired,
}

/// Registers the metric, which is there without a certificate, too.
pub fn register_metrics() {
    LazyLock::force(&EXPIRES);
}

impl Certificate {
    /// Parses a certificate (DER); the error says what is wrong.
    pub(super) fn parse(der: &[u8]) -> Result<Self, String> {
        let wrong = |error: x509_cert::der::Error| error.to_string();
        let certificate = x509_cert::Certificate::from_der(der).map_err(wrong)?;
        let certificate = certificate.tbs_certificate();
        let names = certificate.get_extension::<SubjectAltName>().map_err(wrong)?;
        let names = names.iter().flat_map(|(_, names)| &names.0).filter_map(name).collect();
        let validity = certificate.validity();
        Ok(Self { names, not_before: instant(&validity.not_before)?, not_after: instant(&validity.not_after)? })
    }

    /// How it stands at `now`.
    pub fn expiry(&self, now: Timestamp) -> Expiry {
        match () {
            () if now < self.not_before => Expiry::NotYet,
            () if now > self.not_after => Expiry::Expired,
            () if self.not_after.duration_since(now) < SOON => Expiry::Soon,
            () => Expiry::Valid,
        }
    }

    /// Logs it as the one in use, and sets the metric.
    pub(super) fn report(&self, now: Timestamp) {
        EXPIRES.set(self.not_after.as_second());
        let (names, not_after) = (self.names.join(", "), self.not_after);
        match self.expiry(now) {
            Expiry::Valid => tracing::info!(names, %not_after, "the certificate is read"),
            Expiry::Soon => tracing::warn!(names, %not_after, "the certificate expires soon"),
            Expiry::Expired => tracing::error!(names, %not_after, "the certificate has expired"),
            Expiry::NotYet => {
                tracing::error!(names, not_before = %self.not_before, "the certificate is not valid yet");
            }
        }
    }
}

fn instant(time: &Time) -> Result<Timestamp, String> {
    let second = i64::try_from(time.to_unix_duration().as_secs()).map_err(|error| error.to_string())?;
    Timestamp::from_second(second).map_err(|error| error.to_string())
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(octets) => {
            let octets = octets.as_bytes();
            let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
            let address = v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from));
            address.ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_valid_from_its_first_to_its_last_second() {
        let at = |second| Timestamp::from_second(second).expect("an instant");
        let day = 86_400;
        let certificate = Certificate { names: Vec::new(), not_before: at(day), not_after: at(40 * day) };
        for (second, expiry) in [
            (day - 1, Expiry::NotYet),
            (day, Expiry::Valid),
            (26 * day, Expiry::Valid),
            (26 * day + 1, Expiry::Soon),
            (40 * day, Expiry::Soon),
            (40 * day + 1, Expiry::Expired),
        ] {
            assert_eq!(certificate.expiry(at(second)), expiry, "{second}");
        }
    }
}
