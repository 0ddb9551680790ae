//! Statistics: how many calls were accepted and refused, why, and by which criteria.
//!
//! Counted are the questions of call-processing nodes, not those that ask about another time. No caller's number is in
//! the statistics.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    access::{END_USERS, GROUP_ADMINS, Read, TENANT_ADMINS},
    resource::{decision::Reason, tags::Tag, user_service::ServiceName},
    value::{
        name::{CriteriaName, GroupId, TenantId, UserId},
        owner::{GroupPath, Owner, UserPath},
        time::Instant,
    },
    wire::{
        answer::Found,
        problem::{Fails, Failure, GROUP, TENANT, USER},
    },
};

/// Maximum number of entries of a series: 60 days by the hour are 1440.
pub const MAX_ENTRIES: i64 = 1500;

/// The length of an interval of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// An hour.
    Hour,
    /// A day in UTC.
    #[default]
    Day,
}

impl Interval {
    /// Its value in requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// Its length in microseconds.
    pub const fn microseconds(self) -> i64 {
        match self {
            Self::Hour => 3_600_000_000,
            Self::Day => 86_400_000_000,
        }
    }
}

/// The number of calls that were decided for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct ReasonCount {
    /// The reason.
    pub reason: Reason,
    /// The number of calls, greater than 0.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000000")))]
    pub count: i64,
}

/// What one criteria of the user has done.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct CriteriaCount {
    /// The service of the criteria.
    pub service: ServiceName,
    /// The present name of the criteria.
    pub criteria: CriteriaName,
    /// The number of decisions that name the criteria.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000000")))]
    pub matched: i64,
    /// The time of the last of them; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_matched_at: Option<Instant>,
}

/// The calls of one interval.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct SeriesEntry {
    /// The start of the interval.
    pub start: Instant,
    /// The number of calls that were accepted.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000000")))]
    pub accepted: i64,
    /// The number of calls that were refused.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000000")))]
    pub rejected: i64,
}

/// The calls of a user, or of all users of a group or a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct Statistics {
    /// The number of calls that were accepted.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000000")))]
    pub accepted: i64,
    /// The number of calls that were refused.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000000")))]
    pub rejected: i64,
    /// The number of calls for each reason that there was.
    #[oai(validator(max_items = 100))]
    pub reasons: Vec<ReasonCount>,
    /// All present criteria of the user, those of a service in the order of their creation. Empty for a group or a
    /// tenant, since criteria are a user's.
    #[oai(validator(max_items = 1000))]
    pub criteria: Vec<CriteriaCount>,
    /// Each interval from the one that `from` is in to the one before `to`, also those without a call.
    #[oai(validator(max_items = 1500))]
    pub series: Vec<SeriesEntry>,
}

/// Which statistics are wanted.
#[derive(Debug, Clone, Default)]
pub struct StatisticsQuery {
    /// The start, inclusive; `None` for 30 days before the end.
    pub from: Option<Instant>,
    /// The end, exclusive; `None` for now.
    pub to: Option<Instant>,
    /// The length of an interval.
    pub interval: Interval,
}

/// The port of statistics.
#[async_trait]
pub trait CallStatistics: Send + Sync {
    /// The statistics of the owner; refused if the series would have more than [`MAX_ENTRIES`] entries.
    async fn view(&self, owner: Owner, query: StatisticsQuery) -> Result<Statistics, Failure>;
}

/// The operations on statistics.
pub struct StatisticsApi(pub Arc<dyn CallStatistics>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Statistics")]
impl StatisticsApi {
    /// View the statistics of a user
    ///
    /// Returns how many calls to the user were accepted and refused, why, and by which criteria. Counted are the
    /// questions of call-processing nodes (`/decisions/`) without `at`. What was decided appears within some 10
    /// seconds.
    ///
    /// Counts are kept by day for 400 days, and by hour for 60 days. The answer is of whole intervals in UTC: the one
    /// that `from` is in is the first, and the one that ends at or after `to` is the last. A criteria keeps its counts
    /// when it is renamed; when it is deleted, its calls remain in the other counts.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/statistics/",
        method = "get",
        operation_id = "user_statistics_view"
    )]
    async fn user_statistics_view(
        &self,
        _actor: Read<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        /// The start, inclusive; by default 30 days before `to`.
        from: Query<Option<Instant>>,
        /// The end, exclusive; by default now. The series has at most 1500 entries.
        to: Query<Option<Instant>>,
        /// The length of an interval of the series; by default a day.
        interval: Query<Option<Interval>>,
    ) -> Result<Found<Statistics>, Fails<USER>> {
        let owner = Owner::User(UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 });
        let query = StatisticsQuery { from: from.0, to: to.0, interval: interval.0.unwrap_or_default() };
        Ok(Found::with(self.0.view(owner, query).await?))
    }

    /// View the statistics of a group
    ///
    /// Returns how many calls to the users of the group were accepted and refused, and why, as for a user. Calls to
    /// users who have been deleted since remain in the counts.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/statistics/",
        method = "get",
        operation_id = "group_statistics_view"
    )]
    async fn group_statistics_view(
        &self,
        _actor: Read<GROUP_ADMINS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        /// The start, inclusive; by default 30 days before `to`.
        from: Query<Option<Instant>>,
        /// The end, exclusive; by default now. The series has at most 1500 entries.
        to: Query<Option<Instant>>,
        /// The length of an interval of the series; by default a day.
        interval: Query<Option<Interval>>,
    ) -> Result<Found<Statistics>, Fails<GROUP>> {
        let owner = Owner::Group(GroupPath { tenant: tenant_id.0, group: group_id.0 });
        let query = StatisticsQuery { from: from.0, to: to.0, interval: interval.0.unwrap_or_default() };
        Ok(Found::with(self.0.view(owner, query).await?))
    }

    /// View the statistics of a tenant
    ///
    /// Returns how many calls to the users of the tenant were accepted and refused, and why, as for a user. Calls to
    /// users who have been deleted since remain in the counts.
    #[oai(path = "/tenants/:tenant_id/statistics/", method = "get", operation_id = "tenant_statistics_view")]
    async fn tenant_statistics_view(
        &self,
        _actor: Read<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
        /// The start, inclusive; by default 30 days before `to`.
        from: Query<Option<Instant>>,
        /// The end, exclusive; by default now. The series has at most 1500 entries.
        to: Query<Option<Instant>>,
        /// The length of an interval of the series; by default a day.
        interval: Query<Option<Interval>>,
    ) -> Result<Found<Statistics>, Fails<TENANT>> {
        let query = StatisticsQuery { from: from.0, to: to.0, interval: interval.0.unwrap_or_default() };
        Ok(Found::with(self.0.view(Owner::Tenant(tenant_id.0), query).await?))
    }
}
