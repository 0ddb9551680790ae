//! The services of a user, compiled to be judged.

use std::collections::HashMap;

use call_acceptance_api::{
    resource::{
        schedule::period::Period,
        user_service::ServiceName,
        warning::{Warning, WarningCode},
    },
    value::{phone_number::PhoneNumber, time::Instant},
};
use jiff::{Timestamp, tz};
use uuid::Uuid;

use super::{callers::Callers, rule::Rules};
use crate::rules::{
    screening::{CompileError, Place, number::Reader, zone_of},
    service::KeptService,
};

/// The services of a user, and what they depend on.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The region and time zone of the user.
    pub place: &'a Place,
    /// The services.
    pub services: &'a [KeptService],
    /// The periods of the schedules that the criteria refer to, by their keys.
    pub periods: &'a HashMap<Uuid, Vec<Period>>,
    /// The user's number.
    pub own_number: Option<&'a PhoneNumber>,
}

/// The services of a user, ready to be judged.
pub struct Outlook<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) rules: Rules<'a>,
    pub(super) callers: Callers,
    pub(super) reader: Reader,
    pub(super) zone: tz::TimeZone,
}

impl<'a> Outlook<'a> {
    /// Compiles the services. Takes as long as compiling a screening.
    ///
    /// # Errors
    /// The stored data violates the contract.
    pub fn compile(subject: Subject<'a>) -> Result<Self, CompileError> {
        let zone = zone_of(subject.place)?;
        let reader = Reader::of(subject.place.region.as_ref());
        let rules = Rules::compile(subject.services, subject.periods, &zone)?;
        let callers = Callers::of(&rules.all, &reader);
        Ok(Self { subject, rules, callers, reader, zone })
    }

    /// Whether the user has the service.
    pub(super) fn has(&self, service: ServiceName) -> bool {
        self.subject.services.iter().any(|assigned| assigned.name == service)
    }
}

/// A warning about a service.
pub(super) fn warning(code: WarningCode, service: ServiceName, detail: impl Into<String>) -> Warning {
    let severity = code.severity();
    Warning { code, severity, service, criteria: None, other: None, detail: detail.into(), from: None, until: None }
}

/// The instant of these microseconds since 1970.
pub(super) fn instant(microseconds: i64) -> Instant {
    Instant::of(Timestamp::from_microsecond(microseconds).unwrap_or_default())
}
