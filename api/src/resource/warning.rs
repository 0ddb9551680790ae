//! Warnings: what a user's services cannot have been meant to do.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{Enum, Object, OpenApi, param::Path};
use serde::Serialize;

use crate::{
    access::{END_USERS, Read},
    resource::{tags::Tag, user_service::ServiceName},
    value::{
        name::{CriteriaName, GroupId, TenantId, UserId},
        open_enum::{SNAKE_CASE, open_enum},
        owner::UserPath,
        time::Instant,
    },
    wire::{
        answer::Found,
        problem::{Fails, Failure, USER},
    },
};

open_enum! {
    /// What a warning is about.
    WarningCode: SNAKE_CASE, {
        /// Nobody gets through in the coming two years, but for protected callers and callbacks of emergency services.
        BlocksEveryone = "blocks_everyone",
        /// The same for some time: the next one is from `from` until `until`.
        BlocksEveryoneAtTimes = "blocks_everyone_at_times",
        /// Selective Call Acceptance refuses no call.
        AcceptsEveryone = "accepts_everyone",
        /// The criteria has `Specified Only` and no callers.
        NeverMatchesNoCallers = "never_matches_no_callers",
        /// The schedules of the criteria have no common instant in the coming two years.
        NeverMatchesSchedules = "never_matches_schedules",
        /// The last day of a schedule of the criteria is over.
        SchedulesPast = "schedules_past",
        /// Time schedule and holiday schedule must both hold, and less than 5 % of the time of the time schedule is in
        /// both.
        HolidayNarrows = "holiday_narrows",
        /// The criteria `other`, which is before this one in effect, decides every call that this one could decide.
        Shadowed = "shadowed",
        /// One number is listed in two written forms.
        DuplicateCaller = "duplicate_caller",
        /// The user's own number is listed as a caller's.
        OwnNumberListed = "own_number_listed",
        /// Callers of the user's organisation are refused because no criteria accepts them.
        InternalCallersRefused = "internal_callers_refused",
        /// Callers who withhold their number are refused because no criteria accepts them.
        WithheldRefused = "withheld_refused",
        /// No caller's number has a written form that the pattern matches.
        PatternNeverMatches = "pattern_never_matches",
    }
}

impl WarningCode {
    /// How severe warnings of this code are.
    pub const fn severity(self) -> Severity {
        match self {
            Self::BlocksEveryone
            | Self::NeverMatchesNoCallers
            | Self::NeverMatchesSchedules
            | Self::PatternNeverMatches => Severity::Error,
            Self::BlocksEveryoneAtTimes | Self::SchedulesPast | Self::HolidayNarrows | Self::Shadowed => {
                Severity::Warning
            }
            Self::AcceptsEveryone
            | Self::DuplicateCaller
            | Self::OwnNumberListed
            | Self::InternalCallersRefused
            | Self::WithheldRefused => Severity::Info,
        }
    }
}

/// How severe a warning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It cannot be meant: something has no effect, or nobody gets through.
    Error,
    /// It is probably not meant.
    Warning,
    /// It may be meant; a portal shows it to those who wonder.
    Info,
}

/// Something that is probably not meant.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// What it is about.
    pub code: WarningCode,
    /// How severe it is; the same for all warnings of a code.
    pub severity: Severity,
    /// The service that it is about.
    pub service: ServiceName,
    /// The criteria that it is about; absent if it is about the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criteria: Option<CriteriaName>,
    /// The other criteria; for `shadowed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<CriteriaName>,
    /// What is wrong and what would be right, for people.
    #[oai(validator(max_length = 1000))]
    pub detail: String,
    /// When it begins, or now if it has begun; for `blocks_everyone_at_times`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Instant>,
    /// When it ends, exclusive; for `blocks_everyone_at_times`. Absent if it does not end in the coming two years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// The warnings about a user's services.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct WarningList {
    /// The warnings: those about services, then those about criteria in the order of the decision.
    #[oai(validator(max_items = 2000))]
    pub warnings: Vec<Warning>,
}

/// The port of warnings.
#[async_trait]
pub trait Warnings: Send + Sync {
    /// The warnings about the services of the user, now.
    async fn of_user(&self, user: UserPath) -> Result<WarningList, Failure>;
}

/// The operation on warnings.
pub struct WarningsApi(pub Arc<dyn Warnings>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::UserServices")]
impl WarningsApi {
    /// List what the services of a user cannot be meant to do
    ///
    /// Looks two years ahead and warns of what can never match, of criteria that others decide for, and of times at
    /// which nobody gets through, each with the words of what would be right. What a warning says is certain; no
    /// warning is no promise. Criteria that are not active, and suspensions, do not matter.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/warnings/",
        method = "get",
        operation_id = "warnings_list"
    )]
    async fn warnings_list(
        &self,
        _actor: Read<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
    ) -> Result<Found<WarningList>, Fails<USER>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(Found::with(self.0.of_user(user).await?))
    }
}
