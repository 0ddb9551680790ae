//! Number lists, and their entries. A change of entries begins by locking the row of the list, which has their number.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::number_list::{
        MAX_ENTRIES, MAX_NUMBER_LISTS, NumberList, NumberListCreate, NumberListEntries, NumberListEntry,
        NumberListEntryCounts, NumberListPage, NumberListPath, NumberListReplacement, NumberListSummary,
        NumberListUpdate, NumberLists,
    },
    value::{
        name::NumberListName,
        owner::Owner,
        phone_number::{PhoneNumberPattern, QueriedPattern},
        time::Instant,
    },
    wire::{
        page::{NumberListCursor, PageQuery},
        problem::{Failure, ProblemCode},
    },
};
use serde::Serialize;
use uuid::Uuid;

use super::{
    deletion::check_creation,
    levels::page_of_levels,
    owner::check_owner,
    record::record,
    server::Server,
    write::{Unwritten, Written},
};
use crate::store::{
    self, ConnectionTrait, End, StoreError,
    audit::Record,
    feed::Change,
    number_list::{self as rows, KeptNumberList},
    number_list_entries::{self as entry_rows, EntryRows, Shrunk},
};

/// Maximum number of entries that an audit event names. A change of more is recorded by how many there are.
const RECORDED: usize = 1000;
/// Maximum number of expired entries that are deleted at once.
const EXPIRED: u64 = 10_000;
/// How long expired entries are kept, for questions about the past.
const EXPIRED_KEPT: Duration = Duration::from_hours(24);

fn taken(name: &NumberListName) -> String {
    format!("There is already a number list {:?} here.", name.as_str())
}

async fn no_list(db: &impl ConnectionTrait, path: &NumberListPath) -> Failure {
    match check_owner(db, &path.owner).await {
        Err(failure) => failure,
        Ok(()) => Failure::refused(
            ProblemCode::NumberListNotFound,
            format!("There is no number list {:?} here.", path.name.as_str()),
        ),
    }
}

async fn find(db: &impl ConnectionTrait, path: &NumberListPath) -> Result<KeptNumberList, Failure> {
    match rows::find(db, path).await? {
        Some(list) => Ok(list),
        None => Err(no_list(db, path).await),
    }
}

async fn lock(db: &impl ConnectionTrait, path: &NumberListPath) -> Result<KeptNumberList, Failure> {
    match rows::lock(db, path).await? {
        Some(list) => Ok(list),
        None => Err(no_list(db, path).await),
    }
}

fn list_record(
    path: &NumberListPath,
    before: Option<&NumberList>,
    after: Option<&NumberList>,
) -> Result<Record, Failure> {
    record(&path.owner, &path.segments(), before, after)
}

/// The record of a list that has lost entries, and what others must know of it.
pub(super) fn shrunk(shrunk: &Shrunk) -> Result<(Record, Change), Failure> {
    let Shrunk { path, before, left } = shrunk;
    let after = NumberList { entry_count: count(*left), ..before.list.clone() };
    let change = Change::NumberList(path.owner.clone(), before.key.id);
    Ok((list_record(path, Some(&before.list), Some(&after))?, change))
}

fn count(entries: usize) -> i32 {
    i32::try_from(entries).unwrap_or(i32::MAX)
}

/// Entries as the audit trail records them.
#[derive(Serialize)]
struct RecordedEntries<'a> {
    entries: Vec<&'a NumberListEntry>,
}

/// How many entries there are, as the audit trail records it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecordedCounts {
    entry_count: usize,
    #[serde(flatten)]
    counts: Option<NumberListReplacement>,
}

/// What changes in the entries of a list.
#[derive(Debug, Default, PartialEq, Eq)]
struct Difference {
    /// Entries that are new, or replace one of the same pattern.
    put: Vec<NumberListEntry>,
    /// Entries that are replaced or deleted.
    before: Vec<NumberListEntry>,
    /// The patterns of entries that are deleted.
    deleted: Vec<PhoneNumberPattern>,
    counts: NumberListReplacement,
}

impl Difference {
    /// What changes if `after` is put into a list that has `before`, with other entries; both have each pattern once.
    fn of<'a>(before: Vec<NumberListEntry>, after: impl IntoIterator<Item = &'a NumberListEntry>) -> Self {
        let mut difference = Self::default();
        let mut before: HashMap<PhoneNumberPattern, NumberListEntry> =
            before.into_iter().map(|entry| (entry.pattern.clone(), entry)).collect();
        for entry in after {
            match before.remove(&entry.pattern) {
                Some(old) if old == *entry => difference.counts.unchanged += 1,
                old => {
                    let counted = match &old {
                        Some(_) => &mut difference.counts.changed,
                        None => &mut difference.counts.created,
                    };
                    *counted += 1;
                    difference.before.extend(old);
                    difference.put.push(entry.clone());
                }
            }
        }
        difference
    }

    /// What changes if `after` takes the place of `before`.
    fn replacing(before: Vec<NumberListEntry>, after: &[NumberListEntry]) -> Self {
        let kept: std::collections::HashSet<_> = after.iter().map(|entry| &entry.pattern).collect();
        let deleted: Vec<_> = before.iter().filter(|entry| !kept.contains(&entry.pattern)).cloned().collect();
        let mut difference = Self::of(before, after);
        difference.delete(deleted);
        difference
    }

    /// Adds the deletion of these entries.
    fn delete(&mut self, entries: Vec<NumberListEntry>) {
        self.counts.deleted += count(entries.len());
        self.deleted.extend(entries.iter().map(|entry| entry.pattern.clone()));
        self.before.extend(entries);
    }

    /// The number of entries of a list that had `before`.
    fn count_after(&self, before: &NumberList) -> usize {
        let after = before.entry_count + self.counts.created - self.counts.deleted;
        usize::try_from(after).unwrap_or_default()
    }

    fn record(&self, path: &NumberListPath, before: &NumberList) -> Result<Record, Failure> {
        let [folder, name] = path.segments();
        let below = [folder, name, "entries"];
        if self.put.len() + self.before.len() > 2 * RECORDED {
            let entry_count = usize::try_from(before.entry_count).unwrap_or_default();
            let old = RecordedCounts { entry_count, counts: None };
            let new = RecordedCounts { entry_count: self.count_after(before), counts: Some(self.counts) };
            return record(&path.owner, &below, Some(&old), Some(&new));
        }
        let [before, after] =
            [&self.before, &self.put].map(|entries| RecordedEntries { entries: entries.iter().collect() });
        record(&path.owner, &below, Some(&before), Some(&after))
    }

    /// Carries the change out.
    async fn apply<T>(
        &self,
        db: &impl ConnectionTrait,
        path: &NumberListPath,
        list: &KeptNumberList,
        value: T,
    ) -> Result<Written<T>, Unwritten> {
        let after = self.count_after(&list.list);
        if after > MAX_ENTRIES {
            let detail = format!("A number list can have {MAX_ENTRIES} entries; this would result in {after}.");
            return Err(Failure::refused(ProblemCode::TooManyEntries, detail).into());
        }
        entry_rows::delete(db, &list.key, &self.deleted.iter().collect::<Vec<_>>()).await?;
        entry_rows::put(db, &list.key, &self.put.iter().collect::<Vec<_>>()).await.map_err(StoreError::or_retry)?;
        rows::note_entries(db, &list.key, after).await?;
        let record = self.record(path, &list.list)?;
        let change = Change::NumberList(path.owner.clone(), list.key.id);
        Ok(Written::new(value, [record]).concerning([change]))
    }
}

/// What changes if `after` takes the place of all entries of a list; worked out on a blocking thread, since there may
/// be very many.
async fn replacing(before: EntryRows, after: Arc<[NumberListEntry]>) -> Result<Difference, Failure> {
    let work = move || Ok(Difference::replacing(before.entries()?, &after));
    match tokio::task::spawn_blocking(work).await {
        Ok(difference) => difference.map_err(|error: StoreError| error.into()),
        Err(ended) => Err(Failure::Internal(Box::new(ended))),
    }
}

/// Creates a number list in a transaction, under a new key.
pub(super) async fn create_list(
    db: &impl ConnectionTrait,
    owner: &Owner,
    create: &NumberListCreate,
    id: Uuid,
) -> Result<Written<NumberList>, Unwritten> {
    if rows::count(db, owner).await? >= MAX_NUMBER_LISTS {
        let detail = format!("An owner can have {MAX_NUMBER_LISTS} number lists.");
        return Err(Failure::refused(ProblemCode::TooManyNumberLists, detail).into());
    }
    match rows::insert(db, owner, id, create.clone()).await {
        Ok(KeptNumberList { list, .. }) => {
            check_creation(db, owner).await?;
            let path = NumberListPath { owner: owner.clone(), name: list.name.clone() };
            let record = list_record(&path, None, Some(&list))?;
            Ok(Written::new(list, [record]))
        }
        Err(StoreError::Reference(_)) => Err(Unwritten::NoOwner(owner.clone())),
        Err(error) => Err(error.or_conflict(ProblemCode::NumberListExists, taken(&create.name)).into()),
    }
}

/// Updates a number list in a transaction.
pub(super) async fn update_list(
    db: &impl ConnectionTrait,
    path: &NumberListPath,
    update: &NumberListUpdate,
) -> Result<Written<NumberList>, Unwritten> {
    let before = lock(db, path).await?;
    if update.new_name.is_some() {
        rows::raise_revisions(db, &before.key).await?;
    }
    let taken = taken(update.new_name.as_ref().unwrap_or(&path.name));
    let updated = rows::update(db, &before.key, update.clone()).await;
    match updated.map_err(|error| error.or_conflict(ProblemCode::NumberListExists, taken))? {
        Some(after) => {
            let record = list_record(path, Some(&before.list), Some(&after.list))?;
            Ok(Written::new(after.list, [record]))
        }
        None => Err(no_list(db, path).await.into()),
    }
}

/// Deletes a number list in a transaction.
pub(super) async fn delete_list(db: &impl ConnectionTrait, path: &NumberListPath) -> Result<Written<()>, Unwritten> {
    let before = lock(db, path).await?;
    match rows::delete(db, &before.key).await {
        Ok(()) => {
            let change = Change::NumberList(path.owner.clone(), before.key.id);
            Ok(Written::new((), [list_record(path, Some(&before.list), None)?]).concerning([change]))
        }
        Err(StoreError::Reference(_)) => Err(Unwritten::NumberListInUse(path.name.clone(), before.key)),
        Err(error) => Err(error.into()),
    }
}

/// Adds entries in a transaction, and replaces those with the same patterns.
pub(super) async fn put_entries(
    db: &impl ConnectionTrait,
    path: &NumberListPath,
    entries: &[NumberListEntry],
) -> Result<Written<NumberListEntryCounts>, Unwritten> {
    let list = lock(db, path).await?;
    let patterns: Vec<_> = entries.iter().map(|entry| &entry.pattern).collect();
    let difference = Difference::of(entry_rows::among(db, &list.key, &patterns).await?, entries);
    let NumberListReplacement { created, changed, unchanged, deleted: _ } = difference.counts;
    let counts = NumberListEntryCounts { created, changed, unchanged };
    difference.apply(db, path, &list, counts).await
}

/// Deletes the entries with these patterns in a transaction, as far as they exist; how many there were.
pub(super) async fn delete_entries(
    db: &impl ConnectionTrait,
    path: &NumberListPath,
    patterns: &[PhoneNumberPattern],
) -> Result<Written<i32>, Unwritten> {
    let list = lock(db, path).await?;
    let mut difference = Difference::default();
    difference.delete(entry_rows::among(db, &list.key, &patterns.iter().collect::<Vec<_>>()).await?);
    let deleted = difference.counts.deleted;
    difference.apply(db, path, &list, deleted).await
}

#[async_trait]
impl NumberLists for Server {
    async fn list(
        &self,
        owner: Owner,
        all_levels: bool,
        page: PageQuery<NumberListCursor>,
    ) -> Result<NumberListPage, Failure> {
        let (owner, page) = (&owner, (page.limit, page.after.as_ref().map(NumberListCursor::as_str)));
        let read = self.read(|db| async move {
            let db = &db;
            let names = |here: Owner, start: Option<String>, room| async move {
                rows::names(db, &here, start.as_deref(), room).await
            };
            page_of_levels(db, owner, all_levels, page, names).await
        });
        let (lists, more) = read.await?;
        let number_lists: Vec<_> = lists.into_iter().map(|(name, level)| NumberListSummary { name, level }).collect();
        let cursor =
            |last: &NumberListSummary| NumberListCursor::parse(&format!("{}/{}", last.level.as_str(), last.name));
        let next = number_lists.last().filter(|_| more).map(cursor).transpose();
        Ok(NumberListPage { next: next.map_err(|error| Failure::Internal(error.into()))?, number_lists })
    }

    async fn create(&self, by: &Actor, owner: Owner, create: NumberListCreate) -> Result<NumberList, Failure> {
        let (owner, list, id) = (&owner, &create, self.clock.new_id());
        self.change(by, |tx| async move {
            let created = create_list(&tx, owner, list, id).await;
            self.done(tx, created).await
        })
        .await
    }

    async fn view(&self, path: NumberListPath) -> Result<NumberList, Failure> {
        Ok(find(&self.db, &path).await?.list)
    }

    async fn update(&self, by: &Actor, path: NumberListPath, update: NumberListUpdate) -> Result<NumberList, Failure> {
        let (path, update) = (&path, &update);
        self.change(by, |tx| async move {
            let updated = update_list(&tx, path, update).await;
            self.done(tx, updated).await
        })
        .await
    }

    async fn delete(&self, by: &Actor, path: NumberListPath) -> Result<(), Failure> {
        let path = &path;
        self.change(by, |tx| async move {
            let deleted = delete_list(&tx, path).await;
            self.done(tx, deleted).await
        })
        .await
    }

    async fn entries(
        &self,
        path: NumberListPath,
        pattern: Option<QueriedPattern>,
        page: PageQuery<QueriedPattern>,
    ) -> Result<NumberListEntries, Failure> {
        let (path, pattern, page) = (&path, &pattern, &page);
        self.read(|db| async move {
            let KeptNumberList { key, .. } = find(&db, path).await?;
            if let Some(pattern) = pattern {
                let found = entry_rows::find(&db, &key, pattern.as_str()).await?;
                let after = page.after.as_ref().is_some_and(|after| after.as_str() >= pattern.as_str());
                return Ok(NumberListEntries { entries: found.into_iter().filter(|_| !after).collect(), next: None });
            }
            let after = page.after.as_ref().map(QueriedPattern::as_str);
            let (entries, more) = entry_rows::page(&db, &key, after, page.limit.get()).await?;
            let next = entries.last().filter(|_| more).map(|last| last.pattern.clone());
            Ok(NumberListEntries { entries, next })
        })
        .await
    }

    async fn add_entries(
        &self,
        by: &Actor,
        path: NumberListPath,
        entries: Vec<NumberListEntry>,
    ) -> Result<NumberListEntryCounts, Failure> {
        let (path, entries) = (&path, &entries);
        self.change(by, |tx| async move {
            let added = put_entries(&tx, path, entries).await;
            self.done(tx, added).await
        })
        .await
    }

    async fn replace_entries(
        &self,
        by: &Actor,
        path: NumberListPath,
        entries: Vec<NumberListEntry>,
    ) -> Result<NumberListReplacement, Failure> {
        let (path, entries) = (&path, &Arc::from(entries));
        self.change(by, |tx| async move {
            let list = lock(&tx, path).await?;
            let before = entry_rows::all(&tx, &list.key).await?;
            let difference = replacing(before, Arc::clone(entries)).await?;
            let replaced = difference.apply(&tx, path, &list, difference.counts).await;
            self.done(tx, replaced).await
        })
        .await
    }

    async fn delete_entries(
        &self,
        by: &Actor,
        path: NumberListPath,
        patterns: Vec<PhoneNumberPattern>,
    ) -> Result<(), Failure> {
        let (path, patterns) = (&path, &patterns);
        self.change(by, |tx| async move {
            let deleted = delete_entries(&tx, path, patterns).await;
            self.done(tx, deleted.map(|written| written.with(()))).await
        })
        .await
    }
}

impl Server {
    /// Deletes entries that expired a day ago, some at a time. No decision depends on them any more.
    pub(super) async fn forget_expired_entries(&self) -> Result<(), Failure> {
        let end = &Instant::of(self.clock.now().saturating_sub(EXPIRED_KEPT).unwrap_or(jiff::Timestamp::MIN));
        loop {
            let deleted = store::transaction(&self.db, |tx| async move {
                let some = entry_rows::delete_expired(&tx, end, EXPIRED).await?.is_some();
                Ok((End::Commit(tx), some))
            });
            if !deleted.await.map_err(|aborted| aborted.failure)? {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(pattern: &str, note: Option<&str>) -> NumberListEntry {
        let pattern = PhoneNumberPattern::parse(pattern).expect("a pattern");
        let note = note.map(|note| note.to_owned().try_into().expect("a note"));
        NumberListEntry { pattern, note, expires_at: None }
    }

    #[test]
    fn a_replacement_writes_only_what_differs() {
        let before = vec![entry("1", None), entry("2", Some("old")), entry("3", None)];
        let after = [entry("4", None), entry("2", Some("new")), entry("1", None)];
        let difference = Difference::replacing(before, &after);
        assert_eq!(difference.put, [entry("4", None), entry("2", Some("new"))]);
        assert_eq!(difference.before, [entry("2", Some("old")), entry("3", None)]);
        assert_eq!(difference.deleted, [entry("3", None).pattern]);
        let counts = NumberListReplacement { created: 1, changed: 1, unchanged: 1, deleted: 1 };
        assert_eq!(difference.counts, counts);
    }
}
