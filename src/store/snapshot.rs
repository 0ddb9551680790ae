//! What decisions on calls to a user are made from, read at one moment.

use std::collections::HashMap;

use call_acceptance_api::{
    resource::{
        schedule::period::Period,
        user_service::{ServiceName, UserServicePath},
    },
    value::{
        owner::UserPath,
        phone_number::{PhoneNumber, Region},
        time::TimeZone,
    },
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect,
    RelationDef,
    prelude::{Json, Uuid},
    sea_query::Query,
};

use super::{
    column::{optional, value},
    criteria,
    entity::{criteria as criteria_entity, groups, schedules, tenants, users},
    error::StoreError,
    transaction::reading,
};
use crate::rules::criteria::KeptCriteria;
use sea_orm::DatabaseConnection as Connection;

/// A user as decisions see it.
#[derive(Debug, Clone)]
pub struct Source {
    /// The user's number.
    pub phone_number: Option<PhoneNumber>,
    /// The region whose national numbers the user's tenant writes.
    pub region: Option<Region>,
    /// The user's time zone, else its group's, else its tenant's.
    pub time_zone: Option<TimeZone>,
    /// The services that the user has, each with its criteria in the order of creation.
    pub services: Vec<(ServiceName, Vec<KeptCriteria>)>,
    /// The periods of the schedules that the criteria refer to, by the schedules' keys.
    pub periods: HashMap<Uuid, Vec<Period>>,
}

/// The user as it is at one moment, if it is there.
pub async fn load(db: &Connection, user: &UserPath) -> Result<Option<Source>, StoreError> {
    reading(db, |tx| async move {
        let Some(row) = place(&tx, user).await? else { return Ok((tx, None)) };
        let mut services = Vec::new();
        for service in ServiceName::ALL {
            let path = UserServicePath { user: user.clone(), service };
            if let Some(criteria) = criteria::load(&tx, &path, None).await? {
                services.push((service, criteria.value));
            }
        }
        let refers = |kept: &KeptCriteria| kept.time_schedule.is_some() || kept.holiday_schedule.is_some();
        let periods = match services.iter().flat_map(|(_, criteria)| criteria).any(refers) {
            true => periods(&tx, user).await?,
            false => HashMap::new(),
        };
        let source = Source {
            phone_number: optional(row.phone_number)?,
            region: optional(row.region)?,
            time_zone: optional(row.user_zone.or(row.group_zone).or(row.tenant_zone))?,
            services,
            periods,
        };
        Ok((tx, Some(source)))
    })
    .await
}

/// The user who has this number.
pub async fn user_of(db: &impl ConnectionTrait, number: &PhoneNumber) -> Result<Option<UserPath>, StoreError> {
    let key: Option<(String, String, String)> = users::Entity::find()
        .select_only()
        .columns([users::Column::TenantId, users::Column::GroupId, users::Column::UserId])
        .filter(users::Column::PhoneNumber.eq(number.as_str()))
        .into_tuple()
        .one(db)
        .await?;
    let path =
        |(tenant, group, user)| Ok(UserPath { tenant: value(tenant)?, group: value(group)?, user: value(user)? });
    key.map(path).transpose()
}

#[derive(FromQueryResult)]
struct Place {
    phone_number: Option<String>,
    region: Option<String>,
    user_zone: Option<String>,
    group_zone: Option<String>,
    tenant_zone: Option<String>,
}

async fn place(db: &impl ConnectionTrait, user: &UserPath) -> Result<Option<Place>, StoreError> {
    use users::Column::{GroupId, TenantId, UserId};
    let group: RelationDef = users::Entity::belongs_to(groups::Entity)
        .from((TenantId, GroupId))
        .to((groups::Column::TenantId, groups::Column::GroupId))
        .into();
    let tenant: RelationDef =
        users::Entity::belongs_to(tenants::Entity).from(TenantId).to(tenants::Column::TenantId).into();
    let query = users::Entity::find()
        .select_only()
        .column(users::Column::PhoneNumber)
        .column(tenants::Column::Region)
        .column_as(users::Column::TimeZone, "user_zone")
        .column_as(groups::Column::TimeZone, "group_zone")
        .column_as(tenants::Column::TimeZone, "tenant_zone")
        .join(JoinType::InnerJoin, group)
        .join(JoinType::InnerJoin, tenant)
        .filter(TenantId.eq(user.tenant.as_str()))
        .filter(GroupId.eq(user.group.as_str()))
        .filter(UserId.eq(user.user.as_str()));
    Ok(query.into_model().one(db).await?)
}

/// The periods of all schedules that the user's criteria refer to.
async fn periods(db: &impl ConnectionTrait, user: &UserPath) -> Result<HashMap<Uuid, Vec<Period>>, StoreError> {
    use criteria_entity::Column;
    let referred = |column: Column| {
        Query::select()
            .column(column)
            .from(criteria_entity::Entity)
            .and_where(Column::TenantId.eq(user.tenant.as_str()))
            .and_where(Column::GroupId.eq(user.group.as_str()))
            .and_where(Column::UserId.eq(user.user.as_str()))
            .and_where(column.is_not_null())
            .take()
    };
    let in_use = Condition::any()
        .add(schedules::Column::ScheduleId.in_subquery(referred(Column::TimeScheduleId)))
        .add(schedules::Column::ScheduleId.in_subquery(referred(Column::HolidayScheduleId)));
    let rows: Vec<(Uuid, Json)> = schedules::Entity::find()
        .select_only()
        .columns([schedules::Column::ScheduleId, schedules::Column::Periods])
        .filter(schedules::Column::TenantId.eq(user.tenant.as_str()))
        .filter(in_use)
        .into_tuple()
        .all(db)
        .await?;
    let parsed = |(id, periods)| Ok((id, serde_json::from_value(periods).map_err(StoreError::corrupt)?));
    rows.into_iter().map(parsed).collect()
}
