//! A service of a user: its criteria, and its own members and how they change.

use call_acceptance_api::{
    resource::{
        criteria::{Criteria, OutsideSchedules, Service, ServiceUpdate},
        user_service::ServiceName,
    },
    value::{change::Change, time::Instant},
};
use serde::Serialize;

use super::criteria::{KeptCriteria, in_utc};

/// The members of a service beside its criteria. Which of them a service has is for the contract to say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Whether the service is switched on; of one without criteria.
    pub active: bool,
    /// The service does nothing before this instant, in UTC.
    pub suspended_until: Option<Instant>,
    /// What becomes of calls that meet no criteria while no accepting one is in effect.
    pub outside_schedules: OutsideSchedules,
}

impl Settings {
    /// The members after `update`: what it leaves out stays as it is.
    pub fn merged(&self, update: &ServiceUpdate) -> Self {
        let outside_schedules = match update.outside_schedules {
            Change::Keep => self.outside_schedules,
            Change::Clear => OutsideSchedules::default(),
            Change::Set(outside) => outside,
        };
        Self {
            active: self.active,
            suspended_until: in_utc(&update.suspended_until, self.suspended_until.clone()),
            outside_schedules,
        }
    }

    /// The members after the switch is set to `active`; `None` leaves it.
    pub fn switched(&self, active: Option<bool>) -> Self {
        Self { active: active.unwrap_or(self.active), ..self.clone() }
    }
}

/// A service of a user as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptService {
    /// The service.
    pub name: ServiceName,
    /// Its members beside its criteria.
    pub settings: Settings,
    /// Its criteria.
    pub criteria: Vec<KeptCriteria>,
}

impl KeptService {
    /// The service as a user gets it.
    pub fn new(name: ServiceName) -> Self {
        Self { name, settings: Settings::default(), criteria: Vec::new() }
    }
}

impl From<KeptService> for Service {
    fn from(kept: KeptService) -> Self {
        Self {
            criteria: kept.criteria.into_iter().map(Criteria::from).collect(),
            suspended_until: kept.settings.suspended_until,
            outside_schedules: kept.settings.outside_schedules,
        }
    }
}

/// A service as the audit records it: in the form in which the API answers it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedService {
    #[serde(skip_serializing_if = "Option::is_none")]
    criteria: Option<Vec<Criteria>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended_until: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outside_schedules: Option<OutsideSchedules>,
}

impl RecordedService {
    /// The members of the service `name`, without its criteria.
    pub fn of(name: ServiceName, settings: Settings) -> Self {
        let outside = settings.outside_schedules;
        Self {
            criteria: None,
            active: (name == ServiceName::AnonymousCallRejection).then_some(settings.active),
            suspended_until: settings.suspended_until,
            outside_schedules: (outside != OutsideSchedules::default()).then_some(outside),
        }
    }
}

impl From<KeptService> for RecordedService {
    fn from(kept: KeptService) -> Self {
        let KeptService { name, settings, criteria } = kept;
        let criteria = criteria.into_iter().map(Criteria::from).collect();
        Self { criteria: (name != ServiceName::AnonymousCallRejection).then_some(criteria), ..Self::of(name, settings) }
    }
}
