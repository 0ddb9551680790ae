//! Pages of all that a tenant holds, each in the order of a key: what is below groups and users, of all of them.
//!
//! A page is bounded by the memory that its rows can take: few of what is large.

use call_acceptance_api::{
    resource::{
        group::Group,
        schedule::{Schedule, ScheduleFolder},
        user::User,
        user_service::UserServicePath,
    },
    value::{
        name::{GroupId, TenantId},
        owner::{GroupPath, Owner, UserPath},
    },
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, prelude::Uuid,
    sea_query::Expr,
};

use super::{
    column::{is_after, value},
    criteria as of_criteria,
    entity::{criteria, groups, number_lists, schedules, user_services, users},
    error::StoreError,
    number_list::{self, KeptNumberList},
    policy, schedule, user_service,
};
use crate::rules::{criteria::KeptCriteria, policy::KeptPolicy, service::KeptService};

/// Users, number lists and services on a page: up to a kilobyte each.
const SMALL: u64 = 500;
/// Criteria on a page: up to 20 KB each.
const CRITERIA: u64 = 250;
/// Policies of groups on a page: up to 100 KB each.
const POLICIES: u64 = 50;
/// Maximum number of schedules on a page.
const SCHEDULES: u64 = 250;
/// Maximum length of their periods in bytes, unless there is one schedule. One has up to 7 MB, and takes several times
/// as much memory while it is parsed.
const SCHEDULE_BYTES: i64 = 1 << 20;

/// A page of rows: those after a place, and the place of the last; `None` if no more follow.
pub struct Page<T, P> {
    /// What the rows hold.
    pub rows: Vec<T>,
    /// After which place the next page begins.
    pub next: Option<P>,
}

impl<T, P> Page<T, P> {
    /// The page that was read with this limit.
    fn of<R>(
        rows: Vec<R>,
        limit: u64,
        place: impl Fn(&R) -> P,
        parse: impl Fn(R) -> Result<T, StoreError>,
    ) -> Result<Self, StoreError> {
        let next = rows.last().filter(|_| rows.len() as u64 >= limit).map(place);
        Ok(Self { rows: rows.into_iter().map(parse).collect::<Result<_, _>>()?, next })
    }
}

/// The tenant's groups after `place`.
pub async fn groups(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    place: Option<String>,
) -> Result<Page<Group, String>, StoreError> {
    use groups::Column::{GroupId, TenantId};
    let mut query = groups::Entity::find().filter(TenantId.eq(tenant.as_str()));
    if let Some(place) = place {
        query = query.filter(GroupId.gt(place));
    }
    let rows = query.order_by_asc(GroupId).limit(SMALL).all(db).await?;
    Page::of(rows, SMALL, |row| row.group_id.clone(), Group::try_from)
}

/// What the tenant's groups after `place` set for calls, of those that set something.
pub async fn policies(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    place: Option<GroupId>,
) -> Result<Page<(GroupPath, KeptPolicy), GroupId>, StoreError> {
    let rows = policy::page(db, tenant, place.as_ref(), POLICIES).await?;
    Page::of(rows, POLICIES, |(group, _)| group.group.clone(), Ok)
}

/// The place of a user: the group and the user.
pub type UserPlace = [String; 2];

/// The tenant's users after `place`.
pub async fn users(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    place: Option<UserPlace>,
) -> Result<Page<(GroupPath, User), UserPlace>, StoreError> {
    use users::Column::{GroupId, TenantId, UserId};
    let mut query = users::Entity::find().filter(TenantId.eq(tenant.as_str()));
    if let Some(place) = place {
        query = query.filter(is_after([GroupId, UserId].map(Expr::col), place.map(Expr::val)));
    }
    let rows = query.order_by_asc(GroupId).order_by_asc(UserId).limit(SMALL).all(db).await?;
    let parse = |row: users::Model| {
        let group = GroupPath { tenant: tenant.clone(), group: value(row.group_id.clone())? };
        Ok((group, User::try_from(row)?))
    };
    Page::of(rows, SMALL, |row| [row.group_id.clone(), row.user_id.clone()], parse)
}

/// The schedules of the tenant and of what is below it after `place`.
pub async fn schedules(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    place: Option<Uuid>,
) -> Result<Page<(ScheduleFolder, Schedule), Uuid>, StoreError> {
    use schedules::Column::{ScheduleId, TenantId};
    let mut query = schedules::Entity::find().filter(TenantId.eq(tenant.as_str()));
    if let Some(place) = place {
        query = query.filter(ScheduleId.gt(place));
    }
    let length = Expr::cust("CAST(length(CAST(periods AS text)) AS bigint)");
    let lengths = query.clone().select_only().column(ScheduleId).expr_as(length, "length");
    let lengths: Vec<(Uuid, i64)> = lengths.order_by_asc(ScheduleId).limit(SCHEDULES).into_tuple().all(db).await?;
    let fitting = fitting(&lengths);
    let Some((last, _)) = lengths[..fitting].last() else { return Ok(Page { rows: Vec::new(), next: None }) };
    let rows = query.filter(ScheduleId.lte(*last)).order_by_asc(ScheduleId).all(db).await?;
    let parse = |row: schedules::Model| Ok((schedule::folder(&row)?, Schedule::try_from(row)?));
    let Page { rows, .. } = Page::of(rows, SCHEDULES, |row| row.schedule_id, parse)?;
    let more = fitting < lengths.len() || lengths.len() as u64 >= SCHEDULES;
    Ok(Page { rows, next: more.then_some(*last) })
}

/// How many schedules of these lengths are on a page.
fn fitting(lengths: &[(Uuid, i64)]) -> usize {
    let mut bytes = 0;
    let fitting = lengths.iter().take_while(|(_, length)| {
        bytes += length;
        bytes <= SCHEDULE_BYTES
    });
    fitting.count().max(1).min(lengths.len())
}

/// The number lists of the tenant and of what is below it after `place`.
pub async fn number_lists(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    place: Option<Uuid>,
) -> Result<Page<(Owner, KeptNumberList), Uuid>, StoreError> {
    use number_lists::Column::{ListId, TenantId};
    let mut query = number_lists::Entity::find().filter(TenantId.eq(tenant.as_str()));
    if let Some(place) = place {
        query = query.filter(ListId.gt(place));
    }
    let rows = query.order_by_asc(ListId).limit(SMALL).all(db).await?;
    let parse = |row| Ok((number_list::owner(&row)?, KeptNumberList::try_from(row)?));
    Page::of(rows, SMALL, |row| row.list_id, parse)
}

/// The place of a service: the group, the user and the service.
pub type ServicePlace = [String; 3];

#[derive(FromQueryResult)]
struct ServiceRow {
    group_id: String,
    user_id: String,
    service: String,
    #[sea_orm(nested)]
    settings: user_service::SettingsRow,
}

fn path(tenant: &TenantId, [group, user, service]: ServicePlace) -> Result<UserServicePath, StoreError> {
    let user = UserPath { tenant: tenant.clone(), group: value(group)?, user: value(user)? };
    Ok(UserServicePath { user, service: user_service::service(&service)? })
}

/// The services of the tenant's users after `place`, without their criteria.
pub async fn services(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    place: Option<ServicePlace>,
) -> Result<Page<(UserServicePath, KeptService), ServicePlace>, StoreError> {
    use user_services::Column::{GroupId, Service, TenantId, UserId};
    let key = [GroupId, UserId, Service];
    let query = user_services::Entity::find().select_only().columns(key).columns(user_service::SETTINGS);
    let mut query = query.filter(TenantId.eq(tenant.as_str()));
    if let Some(place) = place {
        query = query.filter(is_after(key.map(Expr::col), place.map(Expr::val)));
    }
    let query = key.into_iter().fold(query, QueryOrder::order_by_asc).limit(SMALL);
    let rows = query.into_model::<ServiceRow>().all(db).await?;
    let parse = |row: ServiceRow| {
        let path = path(tenant, [row.group_id, row.user_id, row.service])?;
        let service = KeptService { settings: row.settings.kept()?, ..KeptService::new(path.service) };
        Ok((path, service))
    };
    Page::of(rows, SMALL, |row| [row.group_id.clone(), row.user_id.clone(), row.service.clone()], parse)
}

/// The place of a criteria: that of its service, and its position.
pub type CriteriaPlace = (ServicePlace, i32);

#[derive(FromQueryResult)]
struct CriteriaRow {
    group_id: String,
    user_id: String,
    service: String,
    place: i32,
    #[sea_orm(nested)]
    criteria: of_criteria::Row,
}

/// The criteria of the tenant's users after `place`, in the order of their services and of their creation.
pub async fn criteria(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    place: Option<CriteriaPlace>,
) -> Result<Page<(UserServicePath, KeptCriteria), CriteriaPlace>, StoreError> {
    use criteria::Column::{GroupId, Position, Service, TenantId, UserId};
    let key = [GroupId, UserId, Service, Position];
    let of = |column: criteria::Column| Expr::col((criteria::Entity, column));
    let query = criteria::Entity::find().select_only().columns([GroupId, UserId, Service]);
    let query = query.column_as(of(Position), "place").filter(TenantId.eq(tenant.as_str()));
    let mut query = of_criteria::with_columns(db.get_database_backend(), query);
    if let Some((service, position)) = place {
        let place = service.map(Expr::val).into_iter().chain([Expr::val(position)]);
        query = query.filter(is_after(key.map(of), place));
    }
    let query = key.into_iter().fold(query, QueryOrder::order_by_asc).limit(CRITERIA);
    let rows = query.into_model::<CriteriaRow>().all(db).await?;
    let parse = |row: CriteriaRow| {
        let path = path(tenant, [row.group_id, row.user_id, row.service])?;
        let criteria = of_criteria::kept(row.criteria)?;
        Ok((path, criteria.ok_or_else(|| StoreError::Internal("a criteria has no position".into()))?))
    };
    let place = |row: &CriteriaRow| ([row.group_id.clone(), row.user_id.clone(), row.service.clone()], row.place);
    Page::of(rows, CRITERIA, place, parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_schedules_is_bounded_by_their_length_and_has_one_at_least() {
        let of = |lengths: &[i64]| fitting(&lengths.iter().map(|length| (Uuid::nil(), *length)).collect::<Vec<_>>());
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[10 * SCHEDULE_BYTES, 1]), 1);
        assert_eq!(of(&[1, SCHEDULE_BYTES - 1, 1]), 2);
        assert_eq!(of(&[1, 1, 1]), 3);
    }
}
