//! The contents of an owner: how much there is, its records for the audit trail, and its deletion in parts.

use std::collections::HashMap;

use call_acceptance_api::{
    access::Scope,
    resource::{
        group::Group,
        schedule::{Schedule, ScheduleFolder},
        user::User,
        user_service::UserServicePath,
    },
    value::owner::{GroupPath, Owner, UserPath},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, SimpleExpr},
};
use serde::Serialize;

use super::{
    audit::Record,
    column::value,
    criteria as of_criteria,
    entity::{criteria, groups, number_lists, refused_calls, schedules, statistics, tokens, user_services, users},
    error::StoreError,
    import, number_list, number_list_entries,
    ownership::below,
    policy, schedule,
};
use crate::rules::service::{KeptService, RecordedService};

/// How many criteria, schedules or number lists are deleted with their users at once, for each user that may be.
const ROWS: u64 = 10;
/// How many counts, refused calls and faults of imports, which are small, are deleted with their owner at once.
const COUNTS: u64 = 20_000;

/// Where a user stands among those of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The user's group.
    pub group: String,
    /// The user.
    pub user: String,
}

/// Users of an owner that follow on each other.
#[derive(Debug)]
pub struct Batch {
    owner: Owner,
    after: Option<Place>,
    /// The last of them.
    pub last: Place,
}

/// Whether the group and the user of a row stand behind one place, and not behind another.
///
/// PostgreSQL ends a scan for `(group, user) <= (…)` with the group, not with the user. In a group of very many users
/// each batch would read all that are left, so within a group only the users are compared.
fn between([group, user]: [SimpleExpr; 2], after: Option<&Place>, last: &Place) -> Condition {
    let all = Condition::all();
    match after {
        Some(after) if after.group == last.group => all
            .add(group.eq(last.group.as_str()))
            .add(user.clone().gt(after.user.as_str()))
            .add(user.lte(last.user.as_str())),
        _ => {
            let of = |place: &Place| Expr::tuple([Expr::val(place.group.as_str()), Expr::val(place.user.as_str())]);
            let columns = Expr::tuple([group, user]);
            all.add(columns.clone().lte(of(last))).add_option(after.map(|after| columns.gt(of(after))))
        }
    }
}

/// The rows of a table that are of the users of a batch.
macro_rules! within {
    ($table:ident, $batch:expr) => {
        below!($table, &$batch.owner).add($table::Column::UserId.is_not_null()).add(between(
            [Expr::col(($table::Entity, $table::Column::GroupId)), Expr::col(($table::Entity, $table::Column::UserId))],
            $batch.after.as_ref(),
            &$batch.last,
        ))
    };
}

/// Whether the owner holds more than `most` of anything, or many times that of what its users hold.
pub async fn is_large(db: &impl ConnectionTrait, owner: &Owner, most: u64) -> Result<bool, StoreError> {
    macro_rules! has_more_than {
        ($most:expr, $table:ident, $column:ident) => {{
            let rows = $table::Entity::find().select_only().column($table::Column::$column);
            let beyond = rows.filter(below!($table, owner)).offset($most).limit(1);
            beyond.into_tuple::<String>().one(db).await?.is_some()
        }};
    }
    Ok(has_more_groups_than(db, owner, most).await?
        || has_more_than!(most, users, UserId)
        || has_more_than!(most, tokens, TokenId)
        || has_more_than!(most * ROWS, schedules, Kind)
        || has_more_than!(most * ROWS, number_lists, Name)
        || has_more_than!(most * ROWS, criteria, Service)
        || has_more_than!(COUNTS, statistics, Reason)
        || has_more_than!(COUNTS, refused_calls, Reason)
        || import::has_more_errors_than(db, owner, COUNTS).await?
        || number_list_entries::count_within(db, owner).await?.unsigned_abs() > most * ROWS)
}

async fn has_more_groups_than(db: &impl ConnectionTrait, owner: &Owner, most: u64) -> Result<bool, StoreError> {
    let Owner::Tenant(tenant) = owner else { return Ok(false) };
    let groups = groups::Entity::find().select_only().column(groups::Column::GroupId);
    let beyond = groups.filter(groups::Column::TenantId.eq(tenant.as_str())).offset(most).limit(1);
    Ok(beyond.into_tuple::<String>().one(db).await?.is_some())
}

/// The users of the owner behind `after`, at most `most` of them, and fewer when they hold much. They and their
/// groups are locked until the end of the transaction, so that nothing is added. `None` when there is none.
pub async fn batch(
    db: &impl ConnectionTrait,
    owner: &Owner,
    after: Option<&Place>,
    most: u64,
) -> Result<Option<Batch>, StoreError> {
    use users::Column::{GroupId, UserId};
    let behind = after.map(|after| {
        Expr::tuple([Expr::col(GroupId), Expr::col(UserId)])
            .gt(Expr::tuple([Expr::val(after.group.as_str()), Expr::val(after.user.as_str())]))
    });
    let mut query = users::Entity::find().select_only().columns([GroupId, UserId]).filter(below!(users, owner));
    if let Some(behind) = behind {
        query = query.filter(behind);
    }
    let next = query.order_by_asc(GroupId).order_by_asc(UserId).limit(most);
    let next: Vec<(String, String)> = next.into_tuple().all(db).await?;
    let Some((group, user)) = next.last().cloned() else { return Ok(None) };
    let mut batch = Batch { owner: owner.clone(), after: after.cloned(), last: Place { group, user } };
    batch.shorten(db, next, most * ROWS).await?;
    batch.lock(db).await?;
    Ok(Some(batch))
}

impl Batch {
    /// Leaves out the users behind those that hold `most` rows together; the first one is never left out.
    async fn shorten(
        &mut self,
        db: &impl ConnectionTrait,
        users: Vec<(String, String)>,
        most: u64,
    ) -> Result<(), StoreError> {
        let mut rows: HashMap<(String, String), u64> = HashMap::new();
        macro_rules! count {
            ($table:ident) => {
                let columns = [$table::Column::GroupId, $table::Column::UserId];
                let counts = $table::Entity::find().select_only().columns(columns);
                let counts = counts.column_as($table::Column::TenantId.count(), "rows").filter(within!($table, self));
                let counts = counts.group_by($table::Column::GroupId).group_by($table::Column::UserId);
                let counts: Vec<(String, String, i64)> = counts.into_tuple().all(db).await?;
                for (group, user, count) in counts {
                    *rows.entry((group, user)).or_default() += u64::try_from(count).unwrap_or_default();
                }
            };
        }
        count!(criteria);
        count!(schedules);
        count!(number_lists);
        let mut held = 0;
        let fitting = users.into_iter().take_while(|user| {
            let first = held == 0;
            held += 1 + rows.get(user).copied().unwrap_or_default();
            first || held <= most
        });
        if let Some((group, user)) = fitting.last() {
            self.last = Place { group, user };
        }
        Ok(())
    }

    /// Locks the groups, so that no user is added to them, and then the users, who are all known then.
    async fn lock(&self, db: &impl ConnectionTrait) -> Result<(), StoreError> {
        if let Owner::Tenant(tenant) = &self.owner {
            let first = self.after.as_ref().map_or("", |after| after.group.as_str());
            let groups = groups::Entity::find()
                .filter(groups::Column::TenantId.eq(tenant.as_str()))
                .filter(groups::Column::GroupId.between(first, self.last.group.as_str()))
                .filter(groups::Column::GroupId.in_subquery(self.groups_with_users()));
            groups.order_by_asc(groups::Column::GroupId).lock_exclusive().all(db).await?;
        } else if let Owner::Group(path) = &self.owner {
            super::group::lock(db, path).await?;
        }
        Ok(())
    }

    fn groups_with_users(&self) -> sea_orm::sea_query::SelectStatement {
        use sea_orm::QueryTrait;
        let of_batch = users::Entity::find().select_only().column(users::Column::GroupId).filter(within!(users, self));
        of_batch.into_query()
    }

    /// A record of the removal of each user and of what it holds, and who they are.
    pub async fn removals(&self, db: &impl ConnectionTrait) -> Result<(Vec<Record>, Vec<UserPath>), StoreError> {
        let mut records = user_removals(db, within!(users, self)).await?;
        let users = records.iter().filter_map(|record| user_of(&record.scope)).collect();
        records.extend(service_removals(db, within!(user_services, self)).await?);
        records.extend(schedule_removals(db, within!(schedules, self)).await?);
        records.extend(number_list_removals(db, within!(number_lists, self)).await?);
        records.reverse();
        Ok((records, users))
    }

    /// Deletes the users and what they hold.
    pub async fn delete(&self, db: &impl ConnectionTrait) -> Result<(), StoreError> {
        criteria::Entity::delete_many().filter(within!(criteria, self)).exec(db).await?;
        schedules::Entity::delete_many().filter(within!(schedules, self)).exec(db).await?;
        number_lists::Entity::delete_many().filter(within!(number_lists, self)).exec(db).await?;
        user_services::Entity::delete_many().filter(within!(user_services, self)).exec(db).await?;
        users::Entity::delete_many().filter(within!(users, self)).exec(db).await?;
        statistics::Entity::delete_many().filter(within!(statistics, self)).exec(db).await?;
        refused_calls::Entity::delete_many().filter(within!(refused_calls, self)).exec(db).await?;
        Ok(())
    }
}

fn user_of(scope: &Scope) -> Option<UserPath> {
    match scope {
        Scope::Of(Owner::User(user)) => Some(user.clone()),
        Scope::Of(_) | Scope::System => None,
    }
}

/// Deletes at most `most` rows of a table within an owner; a record of the removal of each.
macro_rules! delete_some {
    ($db:expr, $table:ident, $key:ident in $column:ident, $owner:expr, $most:expr, $removal:path) => {{
        let rows = $table::Entity::find().filter(below!($table, $owner)).limit($most).lock_exclusive().all($db).await?;
        let keys: Vec<_> = rows.iter().map(|row| row.$key).collect();
        if !keys.is_empty() {
            let these = below!($table, $owner).add($table::Column::$column.is_in(keys));
            $table::Entity::delete_many().filter(these).exec($db).await?;
        }
        rows.into_iter().map($removal).collect()
    }};
}

/// Deletes at most `most` schedules of an owner that has no users; a record of the removal of each.
pub async fn delete_schedules(db: &impl ConnectionTrait, owner: &Owner, most: u64) -> Result<Vec<Record>, StoreError> {
    delete_some!(db, schedules, schedule_id in ScheduleId, owner, most, schedule_removal)
}

/// Deletes at most `most` number lists of an owner that has no users; a record of the removal of each.
pub async fn delete_number_lists(
    db: &impl ConnectionTrait,
    owner: &Owner,
    most: u64,
) -> Result<Vec<Record>, StoreError> {
    delete_some!(db, number_lists, list_id in ListId, owner, most, number_list::removal)
}

/// Deletes at most `most` groups of an owner that has neither users nor what they refer to; a record of the removal of
/// each. A group has none.
pub async fn delete_groups(db: &impl ConnectionTrait, owner: &Owner, most: u64) -> Result<Vec<Record>, StoreError> {
    let Owner::Tenant(tenant) = owner else { return Ok(Vec::new()) };
    let of_tenant = || Condition::all().add(groups::Column::TenantId.eq(tenant.as_str()));
    let rows = groups::Entity::find().filter(of_tenant()).limit(most).lock_exclusive().all(db).await?;
    let keys: Vec<_> = rows.iter().map(|row| row.group_id.clone()).collect();
    let mut records = policy::removals(db, tenant, Some(&keys)).await?;
    records.extend(rows.into_iter().map(group_removal).collect::<Result<Vec<_>, _>>()?);
    if !keys.is_empty() {
        let these = of_tenant().add(groups::Column::GroupId.is_in(keys));
        groups::Entity::delete_many().filter(these).exec(db).await?;
    }
    Ok(records)
}

/// Records of the deletion of everything below the owner: services and schedules before their users, users before their
/// groups. The rows are locked from the top down, so that nothing can be added.
pub async fn removals(db: &impl ConnectionTrait, owner: &Owner) -> Result<Vec<Record>, StoreError> {
    let mut records = Vec::new();
    if let Owner::Tenant(tenant) = owner {
        let held = groups::Entity::find().filter(groups::Column::TenantId.eq(tenant.as_str()));
        let rows = held.lock_exclusive().all(db).await?;
        records = rows.into_iter().map(group_removal).collect::<Result<Vec<_>, _>>()?;
    }
    if !matches!(owner, Owner::User(_)) {
        records.extend(user_removals(db, below!(users, owner)).await?);
    }
    records.extend(service_removals(db, below!(user_services, owner)).await?);
    records.extend(schedule_removals(db, below!(schedules, owner)).await?);
    records.extend(number_list_removals(db, below!(number_lists, owner)).await?);
    records.reverse();
    Ok(records)
}

fn group_removal(row: groups::Model) -> Result<Record, StoreError> {
    let tenant = value(row.tenant_id.clone())?;
    let kept = Group::try_from(row)?;
    let path = GroupPath { tenant, group: kept.group_id.clone() };
    removal(&Owner::Group(path), &[], &kept)
}

async fn user_removals(db: &impl ConnectionTrait, these: Condition) -> Result<Vec<Record>, StoreError> {
    let rows = users::Entity::find().filter(these).lock_exclusive().all(db).await?;
    let record = |row: users::Model| {
        let (tenant, group) = (value(row.tenant_id.clone())?, value(row.group_id.clone())?);
        let kept = User::try_from(row)?;
        removal(&Owner::User(UserPath { tenant, group, user: kept.user_id.clone() }), &[], &kept)
    };
    rows.into_iter().map(record).collect()
}

async fn service_removals(db: &impl ConnectionTrait, these: Condition) -> Result<Vec<Record>, StoreError> {
    user_services::Entity::find().filter(these.clone()).lock_exclusive().all(db).await?;
    let services = of_criteria::load_all(db, these).await?;
    let record = |(path, kept): (UserServicePath, KeptService)| {
        removal(&Owner::User(path.user.clone()), &path.segments(), &RecordedService::from(kept))
    };
    services.into_iter().map(record).collect()
}

async fn schedule_removals(db: &impl ConnectionTrait, these: Condition) -> Result<Vec<Record>, StoreError> {
    let rows = schedules::Entity::find().filter(these).lock_exclusive().all(db).await?;
    rows.into_iter().map(schedule_removal).collect()
}

async fn number_list_removals(db: &impl ConnectionTrait, these: Condition) -> Result<Vec<Record>, StoreError> {
    let rows = number_lists::Entity::find().filter(these).lock_exclusive().all(db).await?;
    rows.into_iter().map(number_list::removal).collect()
}

fn schedule_removal(row: schedules::Model) -> Result<Record, StoreError> {
    let folder: ScheduleFolder = schedule::folder(&row)?;
    let schedule = Schedule::try_from(row)?;
    let segments = folder.segments();
    let below = [segments.last().copied().unwrap_or_default(), schedule.name.as_str()];
    removal(&folder.owner, &below, &schedule)
}

fn removal(owner: &Owner, below: &[&str], thing: &impl Serialize) -> Result<Record, StoreError> {
    Ok(Record {
        scope: Scope::Of(owner.clone()),
        target: owner.path_of(below),
        before: Some(serde_json::to_string(thing).map_err(StoreError::corrupt)?),
        after: None,
    })
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::{PostgresQueryBuilder, Query};

    use super::*;

    #[test]
    fn a_batch_compares_users_alone_within_a_group_and_places_across_groups() {
        let place = |group: &str, user: &str| Place { group: group.to_owned(), user: user.to_owned() };
        let condition = |after: &Place, last: &Place| {
            let columns = [Expr::col(users::Column::GroupId), Expr::col(users::Column::UserId)];
            let query = Query::select().cond_where(between(columns, Some(after), last)).to_owned();
            query.to_string(PostgresQueryBuilder)
        };
        assert_eq!(
            condition(&place("g", "a"), &place("g", "b")),
            r#"SELECT  WHERE "group_id" = 'g' AND "user_id" > 'a' AND "user_id" <= 'b'"#
        );
        assert_eq!(
            condition(&place("g", "a"), &place("h", "b")),
            r#"SELECT  WHERE ("group_id", "user_id") <= ('h', 'b') AND ("group_id", "user_id") > ('g', 'a')"#
        );
    }
}
