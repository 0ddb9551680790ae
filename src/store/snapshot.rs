//! Loads the data for decisions on calls to a user, in one consistent statement. Each join goes from the user's own
//! rows by key, so that the cost does not depend on the size of the tenant.

use std::collections::HashMap;

use call_acceptance_api::{
    resource::{schedule::period::Period, user_service::ServiceName},
    value::{
        owner::{Level, UserPath},
        phone_number::{PhoneNumber, Region},
        time::TimeZone,
    },
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, RelationDef, Select, Statement, prelude::Uuid, sea_query::Expr, sqlx::types::Json,
};
use serde::de::DeserializeOwned;

use super::{
    column::{optional, value},
    criteria::{self, HOLIDAY, TIME, kept},
    entity::{criteria as criteria_entity, groups, tenants, user_services, users},
    error::StoreError,
    policy::{self, CALLERS, TREATMENTS},
    prepared::Prepared,
    row::Columns,
    user_service::{self, SettingsRow, service},
};
use crate::rules::{policy::KeptPolicy, service::KeptService};

/// The data of a user for decisions.
#[derive(Debug, Clone)]
pub struct Source {
    /// The user.
    pub user: UserPath,
    /// The user's number.
    pub phone_number: Option<PhoneNumber>,
    /// The region of the tenant, for national numbers.
    pub region: Option<Region>,
    /// The time zone of the user, else of the group, else of the tenant.
    pub time_zone: Option<TimeZone>,
    /// The level that the time zone comes from; the tenant if there is none.
    pub time_zone_of: Level,
    /// What the user's group sets for calls.
    pub group_policy: KeptPolicy,
    /// What the tenant sets for calls.
    pub tenant_policy: KeptPolicy,
    /// The services of the user, with their criteria in creation order.
    pub services: Vec<KeptService>,
    /// The revisions of their services when criteria were created, where that is known, by service and position.
    pub created: HashMap<(ServiceName, i32), i64>,
    /// Whether the tenant records refused calls.
    pub records_refused_calls: bool,
    /// The periods of the schedules that the criteria refer to, by schedule key.
    pub periods: HashMap<Uuid, Vec<Period>>,
}

/// The key by which a user is looked up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// The user with this path.
    User(UserPath),
    /// The user with this number.
    Number(PhoneNumber),
}

impl Wanted {
    fn condition(&self) -> Condition {
        match self {
            Self::User(user) => Condition::all()
                .add(users::Column::TenantId.eq(user.tenant.as_str()))
                .add(users::Column::GroupId.eq(user.group.as_str()))
                .add(users::Column::UserId.eq(user.user.as_str())),
            Self::Number(number) => Condition::all().add(users::Column::PhoneNumber.eq(number.as_str())),
        }
    }
}

/// The user in one consistent state, if it exists.
pub async fn load(db: &impl ConnectionTrait, wanted: &Wanted) -> Result<Option<Source>, StoreError> {
    let mut source = None;
    for row in &db.query_all_raw(statement(db.get_database_backend(), wanted)).await? {
        let mut columns = Columns::of(row);
        match &mut source {
            None => source.insert(Source::of_user(&mut columns)?),
            Some(source) => {
                columns = columns.skip(USER_COLUMNS);
                source
            }
        }
        .add(&mut columns)?;
    }
    Ok(source)
}

/// How many columns are those of the user, which all rows have.
const USER_COLUMNS: usize = 9;

impl Source {
    /// The user alone.
    fn of_user(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        let (tenant, group, user) = (value(columns.next()?)?, value(columns.next()?)?, value(columns.next()?)?);
        let phone_number = optional(columns.next()?)?;
        let region = optional(columns.next()?)?;
        let records_refused_calls = columns.next::<Option<_>>()?.unwrap_or_default();
        let mut time_zone: (Option<String>, Level) = (None, Level::Tenant);
        for level in [Level::User, Level::Group, Level::Tenant] {
            let of_level = columns.next()?;
            if time_zone.0.is_none() {
                time_zone = (of_level, level);
            }
        }
        Ok(Self {
            user: UserPath { tenant, group, user },
            phone_number,
            region,
            time_zone: optional(time_zone.0)?,
            time_zone_of: time_zone.1,
            group_policy: KeptPolicy::default(),
            tenant_policy: KeptPolicy::default(),
            services: Vec::new(),
            created: HashMap::new(),
            records_refused_calls,
            periods: HashMap::new(),
        })
    }

    /// Adds what follows in a row: a service with one of its criteria, if the user has any.
    fn add(&mut self, columns: &mut Columns<'_>) -> Result<(), StoreError> {
        let name = columns.next::<Option<&str>>()?.map(service).transpose()?;
        let settings = SettingsRow::next(columns)?.kept()?;
        let row = criteria::Row::next(columns)?;
        // They are in one of the rows.
        for policy in [&mut self.group_policy, &mut self.tenant_policy] {
            let [callers, treatments] = [json(columns)?, json(columns)?];
            if callers.is_some() || treatments.is_some() {
                *policy = policy::kept(callers, treatments)?;
            }
        }
        let Some(name) = name else { return Ok(()) };
        if self.services.last().is_none_or(|last| last.name != name) {
            self.services.push(KeptService { settings, ..KeptService::new(name) });
        }
        let created = row.created_revision;
        let Some(criteria) = kept(row)? else { return Ok(()) };
        self.created.extend(created.map(|revision| ((name, criteria.position), revision)));
        for link in [&criteria.time_schedule, &criteria.holiday_schedule] {
            if let (Some(periods), Some(link)) = (json(columns)?, link) {
                self.periods.insert(link.id, periods);
            }
        }
        if let Some(service) = self.services.last_mut() {
            service.criteria.push(criteria);
        }
        Ok(())
    }
}

/// The next column, deserialized directly.
fn json<'r, T: DeserializeOwned + 'r>(columns: &mut Columns<'r>) -> Result<Option<T>, StoreError> {
    Ok(columns.next::<Option<Json<T>>>()?.map(|Json(value)| value))
}

/// The statement of [`load`], for tests of its cost.
pub fn statement(backend: DbBackend, wanted: &Wanted) -> Statement {
    static BY_USER: Prepared = Prepared::new();
    static BY_NUMBER: Prepared = Prepared::new();
    match wanted {
        Wanted::User(UserPath { tenant, group, user }) => {
            let values = [tenant.as_str(), group.as_str(), user.as_str()];
            BY_USER.with(backend, values.map(Into::into), || selection(backend, wanted))
        }
        Wanted::Number(number) => BY_NUMBER.with(backend, [number.as_str().into()], || selection(backend, wanted)),
    }
}

fn selection(backend: DbBackend, wanted: &Wanted) -> Statement {
    let mut query = criteria::with_criteria(backend, place(), criteria::of_service());
    for (table, name) in [("groups", "group"), ("tenants", "tenant")] {
        for (column, suffix) in [(CALLERS, "callers"), (TREATMENTS, "treatments")] {
            // Only once, since they may be long.
            let once = format!("CASE WHEN ROW_NUMBER() OVER () = 1 THEN \"{table}\".\"{column}\" END");
            query = query.expr_as(Expr::cust(once), format!("{name}_{suffix}"));
        }
    }
    for (schedule, key, periods) in
        [(TIME, "time_schedule_id", "time_periods"), (HOLIDAY, "holiday_schedule_id", "holiday_periods")]
    {
        // Only once for all criteria with the same schedule, whose periods may be long.
        let first = format!(
            "CASE WHEN ROW_NUMBER() OVER (PARTITION BY \"criteria\".\"{key}\" \
             ORDER BY \"user_services\".\"service\", \"criteria\".\"position\") = 1 \
             THEN \"{schedule}\".\"periods\" END"
        );
        query = query.expr_as(Expr::cust(first), periods);
    }
    query
        .filter(wanted.condition())
        .order_by_asc(user_services::Column::Service)
        .order_by_asc(criteria_entity::Column::Position)
        .build(backend)
}

/// The user's region, time zone and services, in the order in which [`Source`] reads the columns.
fn place() -> Select<users::Entity> {
    use users::Column::{GroupId, TenantId, UserId};
    let group: RelationDef = users::Entity::belongs_to(groups::Entity)
        .from((TenantId, GroupId))
        .to((groups::Column::TenantId, groups::Column::GroupId))
        .into();
    let tenant: RelationDef =
        users::Entity::belongs_to(tenants::Entity).from(TenantId).to(tenants::Column::TenantId).into();
    let services: RelationDef = users::Entity::belongs_to(user_services::Entity)
        .from((TenantId, GroupId, UserId))
        .to((user_services::Column::TenantId, user_services::Column::GroupId, user_services::Column::UserId))
        .into();
    users::Entity::find()
        .select_only()
        .columns([TenantId, GroupId, UserId, users::Column::PhoneNumber])
        .column(tenants::Column::Region)
        .column(tenants::Column::RecordRefusedCalls)
        .column_as(users::Column::TimeZone, "user_zone")
        .column_as(groups::Column::TimeZone, "group_zone")
        .column_as(tenants::Column::TimeZone, "tenant_zone")
        .column(user_services::Column::Service)
        .columns(user_service::SETTINGS)
        .join(JoinType::InnerJoin, group)
        .join(JoinType::InnerJoin, tenant)
        .join(JoinType::LeftJoin, services)
}
