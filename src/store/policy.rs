//! What a tenant or a group sets for the calls of all its users: JSON columns of its own row, since they are always
//! read whole, and go with it. The entities leave them out, so that lists of tenants and groups do not read them.

use call_acceptance_api::{
    access::Scope,
    resource::{
        protected_callers::{ProtectedCaller, ProtectedCallerList},
        treatment::{Treatment, TreatmentList},
    },
    value::{
        name::{GroupId, TenantId},
        owner::{GroupPath, Owner},
    },
};
use sea_orm::{
    Condition, ConnectionTrait, FromQueryResult,
    prelude::Json,
    sea_query::{Alias, DynIden, Expr, ExprTrait, IntoIden, LockType, Order, Query, SelectStatement},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    audit::Record,
    column::value,
    entity::{groups, tenants},
    error::StoreError,
};
use crate::rules::policy::KeptPolicy;

/// The column of the protected callers.
pub(super) const CALLERS: &str = "protected_callers";
/// The column of the treatments.
pub(super) const TREATMENTS: &str = "treatments";

/// The columns of a policy.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    protected_callers: Option<Json>,
    treatments: Option<Json>,
}

impl Row {
    /// The policy of the row.
    pub(super) fn kept(self) -> Result<KeptPolicy, StoreError> {
        kept(self.protected_callers, self.treatments)
    }
}

/// The policy of these columns.
pub(super) fn kept(callers: Option<Json>, treatments: Option<Json>) -> Result<KeptPolicy, StoreError> {
    Ok(KeptPolicy { callers: list(callers)?, treatments: list(treatments)? })
}

fn list<T: DeserializeOwned>(column: Option<Json>) -> Result<Vec<T>, StoreError> {
    column.map_or_else(|| Ok(Vec::new()), |column| serde_json::from_value(column).map_err(StoreError::corrupt))
}

/// The column of a list; null if it is empty.
fn column<T: Serialize>(list: &[T]) -> Result<Option<Json>, StoreError> {
    let written = (!list.is_empty()).then(|| serde_json::to_value(list));
    written.transpose().map_err(StoreError::corrupt)
}

/// The table and the key of the owner's row; `None` of a user, who has no policy.
fn place(owner: &Owner) -> Option<(DynIden, Condition)> {
    match owner {
        Owner::Tenant(tenant) => Some((tenants::Entity.into_iden(), of_tenant(tenant))),
        Owner::Group(GroupPath { tenant, group }) => {
            let key = of_tenant(tenant).add(Expr::col(Alias::new("group_id")).eq(group.as_str()));
            Some((groups::Entity.into_iden(), key))
        }
        Owner::User(_) => None,
    }
}

fn of_tenant(tenant: &TenantId) -> Condition {
    Condition::all().add(Expr::col(Alias::new("tenant_id")).eq(tenant.as_str()))
}

async fn one(db: &impl ConnectionTrait, owner: &Owner, lock: bool) -> Result<Option<KeptPolicy>, StoreError> {
    let Some((table, key)) = place(owner) else { return Ok(None) };
    let mut select = Query::select();
    select.columns([CALLERS, TREATMENTS].map(Alias::new)).from(table).cond_where(key);
    if lock {
        select.lock(LockType::NoKeyUpdate);
    }
    let row = Row::find_by_statement(db.get_database_backend().build(&select)).one(db).await?;
    row.map(Row::kept).transpose()
}

/// The policy of a tenant or a group, if that exists.
pub async fn find(db: &impl ConnectionTrait, owner: &Owner) -> Result<Option<KeptPolicy>, StoreError> {
    one(db, owner, false).await
}

/// The policy of a tenant or a group, if that exists, locked until the end of the transaction.
pub async fn lock(db: &impl ConnectionTrait, owner: &Owner) -> Result<Option<KeptPolicy>, StoreError> {
    one(db, owner, true).await
}

/// Replaces the protected callers of a tenant or a group.
pub async fn write_callers(
    db: &impl ConnectionTrait,
    owner: &Owner,
    callers: &[ProtectedCaller],
) -> Result<(), StoreError> {
    write(db, owner, CALLERS, column(callers)?).await
}

/// Replaces the treatments of a tenant or a group.
pub async fn write_treatments(
    db: &impl ConnectionTrait,
    owner: &Owner,
    treatments: &[Treatment],
) -> Result<(), StoreError> {
    write(db, owner, TREATMENTS, column(treatments)?).await
}

async fn write(
    db: &impl ConnectionTrait,
    owner: &Owner,
    column: &'static str,
    value: Option<Json>,
) -> Result<(), StoreError> {
    let Some((table, key)) = place(owner) else { return Ok(()) };
    let mut update = Query::update();
    update.table(table).value(Alias::new(column), value).cond_where(key);
    db.execute(&update).await?;
    Ok(())
}

/// Records of the removal of a policy with its tenant or group.
pub async fn removal(db: &impl ConnectionTrait, owner: &Owner) -> Result<Vec<Record>, StoreError> {
    find(db, owner).await?.map_or_else(|| Ok(Vec::new()), |kept| records(owner, kept))
}

#[derive(FromQueryResult)]
struct GroupRow {
    group_id: String,
    #[sea_orm(nested)]
    policy: Row,
}

/// The policies of the tenant's groups after `after` that have one, at most `limit`, in the order of the groups.
pub async fn page(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    after: Option<&GroupId>,
    limit: u64,
) -> Result<Vec<(GroupPath, KeptPolicy)>, StoreError> {
    let after = after.map(|after| Expr::col(Alias::new("group_id")).gt(after.as_str()));
    let mut select = of_groups(tenant);
    select.cond_where(Condition::all().add_option(after)).order_by(Alias::new("group_id"), Order::Asc).limit(limit);
    let rows = GroupRow::find_by_statement(db.get_database_backend().build(&select)).all(db).await?;
    let policy = |row: GroupRow| {
        let group = GroupPath { tenant: tenant.clone(), group: value(row.group_id)? };
        Ok((group, row.policy.kept()?))
    };
    rows.into_iter().map(policy).collect()
}

/// The columns of [`GroupRow`] for the groups of the tenant that have a policy.
fn of_groups(tenant: &TenantId) -> SelectStatement {
    let set = [CALLERS, TREATMENTS].map(|column| Expr::col(Alias::new(column)).is_not_null());
    let mut select = Query::select();
    select
        .columns(["group_id", CALLERS, TREATMENTS].map(Alias::new))
        .from(groups::Entity)
        .cond_where(of_tenant(tenant))
        .cond_where(set.into_iter().fold(Condition::any(), Condition::add));
    select
}

/// Records of the removal of the policies of a tenant's groups: of all, or of those that are named.
pub async fn removals(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    groups: Option<&[String]>,
) -> Result<Vec<Record>, StoreError> {
    let mut select = of_groups(tenant);
    if let Some(groups) = groups {
        select.and_where(Expr::col(Alias::new("group_id")).is_in(groups));
    }
    let rows = GroupRow::find_by_statement(db.get_database_backend().build(&select)).all(db).await?;
    let mut removed = Vec::new();
    for row in rows {
        let owner = Owner::Group(GroupPath { tenant: tenant.clone(), group: value(row.group_id)? });
        removed.extend(records(&owner, row.policy.kept()?)?);
    }
    Ok(removed)
}

fn records(owner: &Owner, kept: KeptPolicy) -> Result<Vec<Record>, StoreError> {
    let KeptPolicy { callers, treatments } = kept;
    let mut records = Vec::new();
    if !callers.is_empty() {
        records.push(record(owner, CALLERS, &ProtectedCallerList { callers })?);
    }
    if !treatments.is_empty() {
        records.push(record(owner, TREATMENTS, &TreatmentList { treatments })?);
    }
    Ok(records)
}

fn record(owner: &Owner, segment: &str, list: &impl Serialize) -> Result<Record, StoreError> {
    Ok(Record {
        scope: Scope::Of(owner.clone()),
        target: owner.path_of(&[segment]),
        before: Some(serde_json::to_string(list).map_err(StoreError::corrupt)?),
        after: None,
    })
}
