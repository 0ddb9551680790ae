//! The entries of number lists. Many are written and deleted by one statement, whose only parameter for them is a JSON
//! array: its text is the same for any number, and the number is not limited by that of parameters.

use call_acceptance_api::{
    resource::number_list::{NumberListEntry, NumberListPath},
    value::{owner::Owner, phone_number::PhoneNumberPattern, time::Instant},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, FromQueryResult, QueryFilter,
    QueryOrder, QueryResult, QuerySelect, Statement, Value,
    prelude::Uuid,
    sea_query::{LockBehavior, LockType},
};
use serde_json::json;

use super::{
    audit::instant,
    column::{cut, microseconds, optional, value},
    entity::{
        number_list_entries::{Column, Entity},
        number_lists,
    },
    error::StoreError,
    number_list::{KeptNumberList, NumberListKey, note_entries, owner},
    ownership::below,
};

/// Maximum number of entries that one statement writes or deletes.
const AT_ONCE: usize = 2000;

/// An entry as it is stored.
#[derive(Debug, FromQueryResult)]
struct Row {
    pattern: String,
    note: Option<String>,
    expires_at: Option<i64>,
}

impl Row {
    fn entry(self) -> Result<NumberListEntry, StoreError> {
        let expires_at = self.expires_at.map(instant).transpose()?;
        Ok(NumberListEntry { pattern: value(self.pattern)?, note: optional(self.note)?, expires_at })
    }
}

fn of(list: &NumberListKey) -> Condition {
    Condition::all().add(Column::TenantId.eq(list.tenant.as_str())).add(Column::ListId.eq(list.id))
}

/// At most `limit` entries of the list after `after`, sorted by pattern; and whether more follow.
pub async fn page(
    db: &impl ConnectionTrait,
    list: &NumberListKey,
    after: Option<&str>,
    limit: u64,
) -> Result<(Vec<NumberListEntry>, bool), StoreError> {
    let behind = Condition::all().add_option(after.map(|after| Column::Pattern.gt(after)));
    let query = Entity::find().filter(of(list)).filter(behind).order_by_asc(Column::Pattern).limit(limit + 1);
    let mut rows = query.into_model::<Row>().all(db).await?;
    let more = cut(&mut rows, limit);
    Ok((rows.into_iter().map(Row::entry).collect::<Result<_, _>>()?, more))
}

/// The rows of all entries of a list. To parse them takes a while.
pub struct EntryRows(Vec<QueryResult>);

impl EntryRows {
    /// The entries.
    pub fn entries(&self) -> Result<Vec<NumberListEntry>, StoreError> {
        self.0.iter().map(|row| Row::from_query_result(row, "")?.entry()).collect()
    }
}

/// All entries of the list.
pub async fn all(db: &impl ConnectionTrait, list: &NumberListKey) -> Result<EntryRows, StoreError> {
    let sql = "SELECT pattern, note, expires_at FROM number_list_entries WHERE tenant_id = $1 AND list_id = $2";
    Ok(EntryRows(db.query_all_raw(about(db.get_database_backend(), sql, list)).await?))
}

fn about(backend: DbBackend, sql: &str, list: &NumberListKey) -> Statement {
    let values: [Value; 2] = [list.tenant.as_str().into(), list.id.into()];
    Statement::from_sql_and_values(backend, sql, values)
}

/// The entry with this pattern, if it exists.
pub async fn find(
    db: &impl ConnectionTrait,
    list: &NumberListKey,
    pattern: &str,
) -> Result<Option<NumberListEntry>, StoreError> {
    let query = Entity::find().filter(of(list)).filter(Column::Pattern.eq(pattern));
    query.into_model::<Row>().one(db).await?.map(Row::entry).transpose()
}

/// A statement about a list, with a JSON array as its third parameter.
fn statement(backend: DbBackend, sql: &str, list: &NumberListKey, array: &serde_json::Value) -> Statement {
    let values: [Value; 3] = [list.tenant.as_str().into(), list.id.into(), array.to_string().into()];
    Statement::from_sql_and_values(backend, sql, values)
}

/// The entries with these patterns, sorted by pattern.
pub async fn among(
    db: &impl ConnectionTrait,
    list: &NumberListKey,
    patterns: &[&PhoneNumberPattern],
) -> Result<Vec<NumberListEntry>, StoreError> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Sqlite => {
            "SELECT pattern, note, expires_at FROM number_list_entries \
             WHERE tenant_id = $1 AND list_id = $2 AND pattern IN (SELECT value FROM json_each($3)) ORDER BY pattern"
        }
        // While a list is new PostgreSQL does not know how long it is, and would read all of it: so each is looked up.
        _ => {
            "SELECT e.pattern, e.note, e.expires_at \
             FROM (SELECT DISTINCT value FROM json_array_elements_text(CAST($3 AS json))) AS wanted \
             CROSS JOIN LATERAL (SELECT pattern, note, expires_at FROM number_list_entries \
                 WHERE tenant_id = $1 AND list_id = $2 AND pattern = wanted.value LIMIT 1) AS e ORDER BY e.pattern"
        }
    };
    let rows = Row::find_by_statement(statement(backend, sql, list, &json!(patterns))).all(db).await?;
    rows.into_iter().map(Row::entry).collect()
}

/// Writes entries, in place of those with the same patterns.
pub async fn put(
    db: &impl ConnectionTrait,
    list: &NumberListKey,
    entries: &[&NumberListEntry],
) -> Result<(), StoreError> {
    let backend = db.get_database_backend();
    let source = match backend {
        DbBackend::Sqlite => {
            "e.value ->> 'p', e.value ->> 'n', CAST(e.value ->> 'e' AS INTEGER) FROM json_each($3) AS e WHERE true"
        }
        _ => "e.p, e.n, e.e FROM json_to_recordset(CAST($3 AS json)) AS e (p text, n text, e bigint)",
    };
    let sql = format!(
        "INSERT INTO number_list_entries (tenant_id, list_id, pattern, note, expires_at) SELECT $1, $2, {source} \
         ON CONFLICT (tenant_id, list_id, pattern) DO UPDATE SET note = excluded.note, expires_at = excluded.expires_at"
    );
    let row = |entry: &&NumberListEntry| {
        let expires_at = entry.expires_at.as_ref().map(microseconds);
        json!({ "p": entry.pattern, "n": entry.note, "e": expires_at })
    };
    for entries in entries.chunks(AT_ONCE) {
        let array = entries.iter().map(row).collect();
        db.execute_raw(statement(backend, &sql, list, &array)).await?;
    }
    Ok(())
}

/// Deletes the entries with these patterns.
pub async fn delete(
    db: &impl ConnectionTrait,
    list: &NumberListKey,
    patterns: &[&PhoneNumberPattern],
) -> Result<(), StoreError> {
    let backend = db.get_database_backend();
    let texts = match backend {
        DbBackend::Sqlite => "json_each($3)",
        _ => "json_array_elements_text(CAST($3 AS json))",
    };
    let sql = format!(
        "DELETE FROM number_list_entries \
         WHERE tenant_id = $1 AND list_id = $2 AND pattern IN (SELECT value FROM {texts})"
    );
    for patterns in patterns.chunks(AT_ONCE) {
        db.execute_raw(statement(backend, &sql, list, &json!(patterns))).await?;
    }
    Ok(())
}

/// The rows of a list and its entries, as decisions need them. To parse them takes a while.
pub struct ListRows(Vec<QueryResult>);

/// The entries of a list, each with the instant from which it matches nothing, in microseconds since 1970.
pub type Patterns = Vec<(PhoneNumberPattern, Option<i64>)>;

impl ListRows {
    /// The revision of the list, and its entries; `None` if there is no such list.
    pub fn patterns(&self) -> Result<Option<(i64, Patterns)>, StoreError> {
        let Some(first) = self.0.first() else { return Ok(None) };
        let mut entries = Vec::with_capacity(self.0.len());
        for row in &self.0 {
            // A list without entries has a row without a pattern.
            if let Some(pattern) = row.try_get_by_index::<Option<String>>(1)? {
                entries.push((value(pattern)?, row.try_get_by_index(2)?));
            }
        }
        Ok(Some((first.try_get_by_index(0)?, entries)))
    }
}

/// The list with its entries, in one consistent statement.
pub async fn load(db: &impl ConnectionTrait, list: &NumberListKey) -> Result<ListRows, StoreError> {
    let sql = "SELECT l.revision, e.pattern, e.expires_at FROM number_lists AS l LEFT JOIN number_list_entries AS e \
               ON e.tenant_id = l.tenant_id AND e.list_id = l.list_id WHERE l.tenant_id = $1 AND l.list_id = $2";
    Ok(ListRows(db.query_all_raw(about(db.get_database_backend(), sql, list)).await?))
}

/// A list that has lost entries.
pub struct Shrunk {
    /// The owner and the name of the list.
    pub path: NumberListPath,
    /// The list with as many entries as it had before.
    pub before: KeptNumberList,
    /// How many entries are left.
    pub left: usize,
}

/// Deletes at most `most` entries of one list of the owner, or of what is below it; `None` if there are no entries.
pub async fn delete_some_within(
    db: &impl ConnectionTrait,
    within: &Owner,
    most: u64,
) -> Result<Option<Shrunk>, StoreError> {
    let lists = number_lists::Entity::find().filter(below!(number_lists, within));
    let query = lists.filter(number_lists::Column::EntryCount.gt(0)).lock(LockType::NoKeyUpdate);
    let Some(row) = query.one(db).await? else { return Ok(None) };
    shrink(db, row, None, most).await.map(Some)
}

/// Deletes at most `most` entries that expired before `end`, of one list that no other transaction has locked; `None`
/// if there are none. Names no tenant.
pub async fn delete_expired(db: &impl ConnectionTrait, end: &Instant, most: u64) -> Result<Option<Shrunk>, StoreError> {
    let end = microseconds(end);
    let first: Option<(String, Uuid)> = Entity::find()
        .select_only()
        .columns([Column::TenantId, Column::ListId])
        .filter(Column::ExpiresAt.lt(end))
        .order_by_asc(Column::ExpiresAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    let Some((tenant, id)) = first else { return Ok(None) };
    let key = NumberListKey { tenant: value(tenant)?, id };
    let query = number_lists::Entity::find().filter(super::number_list::key(&key));
    let row = query.lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked).one(db).await?;
    match row {
        Some(row) => shrink(db, row, Some(end), most).await.map(Some),
        None => Ok(None),
    }
}

/// Deletes at most `most` entries of a locked list, of those that expired before `end` if that is given.
async fn shrink(
    db: &impl ConnectionTrait,
    row: number_lists::Model,
    end: Option<i64>,
    most: u64,
) -> Result<Shrunk, StoreError> {
    let owner = owner(&row)?;
    let before = KeptNumberList::try_from(row)?;
    let expired = Condition::all().add_option(end.map(|end| Column::ExpiresAt.lt(end)));
    let query = Entity::find().select_only().column(Column::Pattern).filter(of(&before.key)).filter(expired);
    let patterns: Vec<String> = query.order_by_asc(Column::Pattern).limit(most).into_tuple().all(db).await?;
    let patterns = patterns.into_iter().map(value).collect::<Result<Vec<PhoneNumberPattern>, _>>()?;
    delete(db, &before.key, &patterns.iter().collect::<Vec<_>>()).await?;
    let left = usize::try_from(before.list.entry_count).unwrap_or_default().saturating_sub(patterns.len());
    // With none found there are none, whatever the count says.
    let left = if end.is_none() && patterns.is_empty() { 0 } else { left };
    note_entries(db, &before.key, left).await?;
    let path = NumberListPath { owner, name: before.list.name.clone() };
    Ok(Shrunk { path, before, left })
}

/// How many entries the owner, and what is below it, have in number lists.
pub async fn count_within(db: &impl ConnectionTrait, within: &Owner) -> Result<i64, StoreError> {
    let sum = number_lists::Column::EntryCount.sum();
    let sum = sum.cast_as(sea_orm::sea_query::Alias::new("bigint"));
    let query = number_lists::Entity::find().select_only().column_as(sum, "entries");
    let sum: Option<Option<i64>> = query.filter(below!(number_lists, within)).into_tuple().one(db).await?;
    Ok(sum.flatten().unwrap_or_default())
}
