//! Pages of all that a tenant holds, each in the order of a key: what is below groups and users, of all of them.
//!
//! A page is bounded by the memory that its rows can take: few of what is large.

use call_acceptance_api::{
    resource::{
        criteria::NumberListReference,
        group::Group,
        schedule::{Schedule, ScheduleFolder},
        user::User,
        user_service::UserServicePath,
    },
    value::{
        name::{GroupId, TenantId},
        owner::{GroupPath, Level, Owner, UserPath},
    },
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, EntityTrait, JoinType,
    QueryFilter, QueryOrder, QueryResult, QuerySelect, QueryTrait, Select, Statement, prelude::Uuid, sea_query::Expr,
};

use super::{
    column::{is_after, optional, value},
    criteria as of_criteria,
    entity::{criteria, criteria_number_lists as references, groups, number_lists, schedules, user_services, users},
    error::StoreError,
    number_list::{self, KeptNumberList},
    policy,
    row::Columns,
    schedule,
    transaction::read_one_state,
    user_service,
};
use crate::rules::{criteria::KeptCriteria, policy::KeptPolicy, service::KeptService};

/// Users, number lists, services and references on a page: up to a kilobyte each.
const SMALL: u64 = 2000;
/// Criteria on a page: up to 15 KB each. To begin a page takes time, so that smaller ones make an export slower.
const CRITERIA: u64 = 1500;
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

    /// The first `limit` rows of a query. What they hold is for whoever takes them to find out, while the next page is
    /// read.
    async fn read(
        db: &impl ConnectionTrait,
        query: impl QueryTrait,
        limit: u64,
        row: impl Fn(QueryResult) -> T,
        place: impl Fn(&mut Columns<'_>) -> Result<P, StoreError>,
    ) -> Result<Self, StoreError> {
        let rows = db.query_all_raw(first(query.build(db.get_database_backend()), limit)).await?;
        let last = rows.last().filter(|_| rows.len() as u64 >= limit);
        let next = last.map(|last| place(&mut Columns::of(last))).transpose()?;
        Ok(Self { rows: rows.into_iter().map(row).collect(), next })
    }
}

/// The statement for the first rows of a query.
fn first(mut query: Statement, limit: u64) -> Statement {
    // Not a parameter: PostgreSQL would plan each page anew, which takes as long as reading it.
    query.sql.push_str(&format!(" LIMIT {limit}"));
    query
}

/// Begins a transaction that reads pages of one state of the database.
pub async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    let transaction = read_one_state(db).await?;
    if db.get_database_backend() == DbBackend::Postgres {
        // Before a new tenant is analysed, PostgreSQL thinks that it has few rows, and would sort all of them for each
        // page. All pages are in the order of an index.
        transaction.execute_unprepared("SET LOCAL enable_sort = off").await?;
    }
    Ok(transaction)
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

/// The row of a user.
pub struct UserRow(QueryResult);

impl UserRow {
    /// The user of the tenant that the row was read for.
    pub fn user(&self, tenant: &TenantId) -> Result<(GroupPath, User), StoreError> {
        let mut columns = Columns::of(&self.0);
        let group = GroupPath { tenant: tenant.clone(), group: value(columns.next()?)? };
        let user = User {
            user_id: value(columns.next()?)?,
            first_name: optional(columns.next()?)?,
            last_name: optional(columns.next()?)?,
            email_address: optional(columns.next()?)?,
            phone_number: optional(columns.next()?)?,
            extension: optional(columns.next()?)?,
            time_zone: optional(columns.next()?)?,
        };
        Ok((group, user))
    }
}

/// The tenant's users after `place`.
pub async fn users(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    place: Option<UserPlace>,
) -> Result<Page<UserRow, UserPlace>, StoreError> {
    use users::Column::{
        EmailAddress, Extension, FirstName, GroupId, LastName, PhoneNumber, TenantId, TimeZone, UserId,
    };
    let columns = [GroupId, UserId, FirstName, LastName, EmailAddress, PhoneNumber, Extension, TimeZone];
    let mut query = users::Entity::find().select_only().columns(columns).filter(TenantId.eq(tenant.as_str()));
    if let Some(place) = place {
        query = query.filter(is_after([GroupId, UserId].map(Expr::col), place.map(Expr::val)));
    }
    let query = query.order_by_asc(GroupId).order_by_asc(UserId);
    let place = |columns: &mut Columns<'_>| Ok([columns.next()?, columns.next()?]);
    Page::read(db, query, SMALL, UserRow, place).await
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

/// The row of a service, without its criteria.
pub struct ServiceRow(QueryResult);

impl ServiceRow {
    /// The service of the tenant that the row was read for.
    pub fn service(&self, tenant: &TenantId) -> Result<(UserServicePath, KeptService), StoreError> {
        let mut columns = Columns::of(&self.0);
        let user = UserPath { tenant: tenant.clone(), group: value(columns.next()?)?, user: value(columns.next()?)? };
        let path = UserServicePath { user, service: user_service::service(columns.next()?)? };
        let settings = user_service::SettingsRow::next(&mut columns)?.kept()?;
        let service = KeptService { settings, ..KeptService::new(path.service) };
        Ok((path, service))
    }
}

/// The services of the tenant's users after `place`, without their criteria.
pub async fn services(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    place: Option<ServicePlace>,
) -> Result<Page<ServiceRow, ServicePlace>, StoreError> {
    use user_services::Column::{GroupId, Service, TenantId, UserId};
    let key = [GroupId, UserId, Service];
    let query = user_services::Entity::find().select_only().columns(key).columns(user_service::SETTINGS);
    let mut query = query.filter(TenantId.eq(tenant.as_str()));
    if let Some(place) = place {
        query = query.filter(is_after(key.map(Expr::col), place.map(Expr::val)));
    }
    let query = key.into_iter().fold(query, QueryOrder::order_by_asc);
    let place = |columns: &mut Columns<'_>| Ok([columns.next()?, columns.next()?, columns.next()?]);
    Page::read(db, query, SMALL, ServiceRow, place).await
}

/// The place of a criteria: that of its service, and its position.
pub type CriteriaPlace = (ServicePlace, i32);

fn criteria_place(columns: &mut Columns<'_>) -> Result<CriteriaPlace, StoreError> {
    Ok(([columns.next()?, columns.next()?, columns.next()?], columns.next()?))
}

/// Whether the next columns are those of this service.
fn is_of(columns: &mut Columns<'_>, service: &UserServicePath) -> Result<bool, StoreError> {
    let UserServicePath { user, service } = service;
    let key: [&str; 3] = [columns.next()?, columns.next()?, columns.next()?];
    Ok(key == [user.group.as_str(), user.user.as_str(), service.segment()])
}

/// The row of a criteria.
pub struct CriteriaRow(QueryResult);

impl CriteriaRow {
    /// Whether the criteria is of this service of the tenant that the row was read for.
    pub fn is_of(&self, service: &UserServicePath) -> Result<bool, StoreError> {
        is_of(&mut Columns::of(&self.0), service)
    }

    /// The criteria, without the number lists that it refers to.
    pub fn criteria(&self) -> Result<KeptCriteria, StoreError> {
        let mut columns = Columns::of(&self.0).skip(3);
        let criteria = of_criteria::kept(of_criteria::Row::without_number_lists(&mut columns)?)?;
        criteria.ok_or_else(|| StoreError::Internal("a criteria has no position".into()))
    }
}

/// The criteria of the tenant's users after `place`, in the order of their services and of their creation.
pub async fn criteria(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    place: Option<CriteriaPlace>,
) -> Result<Page<CriteriaRow, CriteriaPlace>, StoreError> {
    // The position is the first of the columns of a criteria.
    Page::read(db, criteria_after(tenant, place), CRITERIA, CriteriaRow, criteria_place).await
}

/// The statement for a page of criteria, for tests of its cost.
pub fn page_of_criteria(backend: DbBackend, tenant: &TenantId, place: Option<CriteriaPlace>) -> Statement {
    first(criteria_after(tenant, place).build(backend), CRITERIA)
}

fn criteria_after(tenant: &TenantId, place: Option<CriteriaPlace>) -> Select<criteria::Entity> {
    use criteria::Column::{GroupId, Position, Service, TenantId, UserId};
    let key = [GroupId, UserId, Service, Position];
    let query = criteria::Entity::find().select_only().columns([GroupId, UserId, Service]);
    let query = query.filter(TenantId.eq(tenant.as_str()));
    let mut query = of_criteria::with_columns(query);
    if let Some((service, position)) = place {
        let place = service.map(Expr::val).into_iter().chain([Expr::val(position)]);
        query = query.filter(is_after(key.map(|column| Expr::col((criteria::Entity, column))), place));
    }
    key.into_iter().fold(query, QueryOrder::order_by_asc)
}

/// The place of a reference to a number list: that of its criteria, and its place there.
pub type ReferencePlace = (CriteriaPlace, i32);

/// The row of a reference to a number list.
pub struct ReferenceRow(QueryResult);

impl ReferenceRow {
    /// Whether it is a reference of the criteria at this position of a service of the tenant that it was read for.
    pub fn is_of(&self, service: &UserServicePath, position: i32) -> Result<bool, StoreError> {
        let mut columns = Columns::of(&self.0);
        Ok(is_of(&mut columns, service)? && columns.next::<i32>()? == position)
    }

    /// The reference as the user sees it.
    pub fn reference(&self) -> Result<NumberListReference, StoreError> {
        let mut columns = Columns::of(&self.0).skip(5);
        let level = match (columns.next::<Option<&str>>()?, columns.next::<Option<&str>>()?) {
            (_, Some(_)) => Level::User,
            (Some(_), None) => Level::Group,
            (None, None) => Level::Tenant,
        };
        Ok(NumberListReference { level, name: value(columns.next()?)? })
    }
}

/// The references of the tenant's criteria to number lists after `place`, in the order of the criteria, and of each
/// criteria in their order. With the criteria themselves, each of them would ask for those that it has.
pub async fn references(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    place: Option<ReferencePlace>,
) -> Result<Page<ReferenceRow, ReferencePlace>, StoreError> {
    use references::Column::{GroupId, ListId, Place, Position, Service, TenantId, UserId};
    let list = references::Entity::belongs_to(number_lists::Entity)
        .from((TenantId, ListId))
        .to((number_lists::Column::TenantId, number_lists::Column::ListId));
    let key = [GroupId, UserId, Service, Position, Place];
    let query = references::Entity::find().select_only().columns(key).join(JoinType::InnerJoin, list.into());
    let query = query.filter(TenantId.eq(tenant.as_str()));
    let mut query = [number_lists::Column::GroupId, number_lists::Column::UserId, number_lists::Column::Name]
        .into_iter()
        .fold(query, |query, column| query.expr(Expr::col((number_lists::Entity, column))));
    if let Some(((service, position), place)) = place {
        let place = service.map(Expr::val).into_iter().chain([position, place].map(Expr::val));
        query = query.filter(is_after(key.map(|column| Expr::col((references::Entity, column))), place));
    }
    let query = key.into_iter().fold(query, QueryOrder::order_by_asc);
    let place = |columns: &mut Columns<'_>| Ok((criteria_place(columns)?, columns.next()?));
    Page::read(db, query, SMALL, ReferenceRow, place).await
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
