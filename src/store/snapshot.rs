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
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, RelationDef, Select, Statement,
    prelude::{Json, Uuid},
    sea_query::Expr,
};

use super::{
    column::{optional, value},
    criteria::{self, HOLIDAY, TIME, kept},
    entity::{criteria as criteria_entity, groups, tenants, user_services, users},
    error::StoreError,
    policy::{self, CALLERS, TREATMENTS},
    prepared::Prepared,
    user_service::{self, service},
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
    let rows = Row::find_by_statement(statement(db.get_database_backend(), wanted)).all(db).await?;
    let mut rows = rows.into_iter();
    let Some(mut first) = rows.next() else { return Ok(None) };
    let (time_zone, time_zone_of) = match (first.user_zone.take(), first.group_zone.take(), first.tenant_zone.take()) {
        (zone @ Some(_), ..) => (zone, Level::User),
        (None, zone @ Some(_), _) => (zone, Level::Group),
        (None, None, zone) => (zone, Level::Tenant),
    };
    let mut source = Source {
        user: UserPath {
            tenant: value(std::mem::take(&mut first.tenant_id))?,
            group: value(std::mem::take(&mut first.group_id))?,
            user: value(std::mem::take(&mut first.user_id))?,
        },
        phone_number: optional(first.phone_number.take())?,
        region: optional(first.region.take())?,
        time_zone: optional(time_zone)?,
        time_zone_of,
        group_policy: KeptPolicy::default(),
        tenant_policy: KeptPolicy::default(),
        services: Vec::new(),
        created: HashMap::new(),
        records_refused_calls: first.record_refused_calls.unwrap_or_default(),
        periods: HashMap::new(),
    };
    for row in std::iter::once(first).chain(rows) {
        source.add(row)?;
    }
    Ok(Some(source))
}

impl Source {
    fn add(&mut self, row: Row) -> Result<(), StoreError> {
        // They are in one of the rows.
        for (policy, callers, treatments) in [
            (&mut self.group_policy, row.group_callers, row.group_treatments),
            (&mut self.tenant_policy, row.tenant_callers, row.tenant_treatments),
        ] {
            if callers.is_some() || treatments.is_some() {
                *policy = policy::kept(callers, treatments)?;
            }
        }
        let Some(name) = row.service.as_deref().map(service).transpose()? else { return Ok(()) };
        if self.services.last().is_none_or(|last| last.name != name) {
            self.services.push(KeptService { settings: row.settings.kept()?, ..KeptService::new(name) });
        }
        let created = row.criteria.created_revision;
        let Some(criteria) = kept(row.criteria)? else { return Ok(()) };
        self.created.extend(created.map(|revision| ((name, criteria.position), revision)));
        let links = [(&criteria.time_schedule, row.time_periods), (&criteria.holiday_schedule, row.holiday_periods)];
        for (link, periods) in links {
            if let (Some(link), Some(periods)) = (link, periods) {
                self.periods.insert(link.id, serde_json::from_value(periods).map_err(StoreError::corrupt)?);
            }
        }
        if let Some(service) = self.services.last_mut() {
            service.criteria.push(criteria);
        }
        Ok(())
    }
}

/// A row for each criteria of each service, or a single one without criteria.
#[derive(FromQueryResult)]
struct Row {
    tenant_id: String,
    group_id: String,
    user_id: String,
    phone_number: Option<String>,
    region: Option<String>,
    record_refused_calls: Option<bool>,
    user_zone: Option<String>,
    group_zone: Option<String>,
    tenant_zone: Option<String>,
    group_callers: Option<Json>,
    group_treatments: Option<Json>,
    tenant_callers: Option<Json>,
    tenant_treatments: Option<Json>,
    service: Option<String>,
    #[sea_orm(nested)]
    settings: user_service::SettingsRow,
    #[sea_orm(nested)]
    criteria: criteria::Row,
    time_periods: Option<Json>,
    holiday_periods: Option<Json>,
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

/// The user's region, time zone and services.
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
