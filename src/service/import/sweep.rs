//! Removes what a file does not name, in bounded steps, each within a transaction that others have begun.

use std::collections::HashSet;

use call_acceptance_api::{
    resource::{
        number_list::NumberListPath, protected_callers::ProtectedCallerList, treatment::TreatmentList,
        user_service::UserServicePath,
    },
    value::{
        name::TenantId,
        owner::{GroupPath, Owner, UserPath},
        phone_number::PhoneNumberPattern,
    },
    wire::problem::Failure,
};
use uuid::Uuid;

use super::names::{Name, Names};
use crate::{
    service::{
        Server,
        number_list::{delete_entries, delete_list},
        policy::{replace_callers, replace_treatments},
        schedule::delete_schedule,
        user_service::take,
        write::{Unwritten, Written},
    },
    store::{self, Transaction, audit::Record, feed::Change, group, import, number_list_entries, policy},
};

/// How many things are looked at in a step.
const LOOKED_AT: u64 = 500;
/// How many users or groups are removed in a step, each with all that it has.
const USERS: usize = 20;
/// How many entries of a number list are looked at in a step.
const ENTRIES: u64 = 1000;

/// Where the removal is. What others hold or refer to is removed before them; each stage knows what it looked at last.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    Services(Option<UserServicePath>),
    /// Entries of the number lists behind the first place, of the list there behind the second.
    Entries(Option<Uuid>, Option<PhoneNumberPattern>),
    Users(Option<UserPath>),
    Schedules(Option<Uuid>),
    NumberLists(Option<Uuid>),
    Policies(Option<GroupPath>),
    Groups(Option<GroupPath>),
    End,
}

/// The patterns that the file names for the number list that is looked at.
#[derive(Default)]
pub(super) struct Patterns {
    pub(super) list: Option<NumberListPath>,
    pub(super) named: HashSet<String>,
}

/// What a step has done.
#[derive(Default)]
pub(super) struct Swept {
    pub(super) deleted: i64,
    pub(super) records: Vec<Record>,
    pub(super) changes: Vec<Change>,
}

impl Swept {
    /// Adds what was written; each record of something that is gone counts as one thing.
    fn add<T>(&mut self, written: Written<T>) {
        let Written { value: _, records, changes } = written;
        let gone = records.iter().filter(|record| record.after.is_none() && record.before.is_some());
        self.deleted += i64::try_from(gone.count()).unwrap_or(i64::MAX);
        self.records.extend(records);
        self.changes.extend(changes);
    }
}

/// Removes what `names` do not contain.
pub(super) struct Sweep<'a> {
    pub(super) server: &'a Server,
    pub(super) tenant: &'a TenantId,
    pub(super) names: &'a Names,
    /// Whether the file is a table, which replaces users and their services alone.
    pub(super) users_alone: bool,
}

impl Sweep<'_> {
    /// The stage behind one that is done.
    fn next(&self, stage: &Stage) -> Stage {
        match stage {
            Stage::Services(_) if self.users_alone => Stage::Users(None),
            Stage::Services(_) => Stage::Entries(None, None),
            Stage::Entries(..) => Stage::Users(None),
            Stage::Users(_) if self.users_alone => Stage::End,
            Stage::Users(_) => Stage::Schedules(None),
            Stage::Schedules(_) => Stage::NumberLists(None),
            Stage::NumberLists(_) => Stage::Policies(None),
            Stage::Policies(_) => Stage::Groups(None),
            Stage::Groups(_) | Stage::End => Stage::End,
        }
    }

    /// The next step: what it has done, and the stage after it.
    pub(super) async fn step(
        &self,
        tx: &Transaction,
        stage: &Stage,
        patterns: &Patterns,
    ) -> Result<(Swept, Stage), Failure> {
        let mut swept = Swept::default();
        let stage = match stage {
            Stage::Services(after) => self.services(tx, after.as_ref(), &mut swept).await?.map(Stage::Services),
            Stage::Entries(list, after) => {
                let next = self.entries(tx, *list, after.as_ref(), patterns, &mut swept).await?;
                next.map(|(list, after)| Stage::Entries(list, after))
            }
            Stage::Users(after) => self.users(tx, after.as_ref(), &mut swept).await?.map(Stage::Users),
            Stage::Schedules(after) => self.schedules(tx, *after, &mut swept).await?.map(Stage::Schedules),
            Stage::NumberLists(after) => self.number_lists(tx, *after, &mut swept).await?.map(Stage::NumberLists),
            Stage::Policies(after) => self.policies(tx, after.as_ref(), &mut swept).await?.map(Stage::Policies),
            Stage::Groups(after) => self.groups(tx, after.as_ref(), &mut swept).await?.map(Stage::Groups),
            Stage::End => None,
        }
        .unwrap_or_else(|| self.next(stage));
        Ok((swept, stage))
    }

    async fn services(
        &self,
        tx: &Transaction,
        after: Option<&UserServicePath>,
        swept: &mut Swept,
    ) -> Result<Option<Option<UserServicePath>>, Failure> {
        let services = import::services(tx, self.tenant, after, LOOKED_AT).await?;
        for path in &services {
            // The service of a user who is not named goes with the user.
            let is_named = self.names.contain(&Name::Service(path.clone()));
            if is_named || !self.names.contain(&Name::User(path.user.clone())) {
                continue;
            }
            if let Some(record) = take(tx, path).await? {
                let change = Change::Users(Owner::User(path.user.clone()));
                swept.add(Written::new((), [record]).concerning([change]));
            }
        }
        Ok(services.last().cloned().map(Some))
    }

    /// The number list whose entries are looked at next, with its place in the order.
    pub(super) async fn list_at(&self, tx: &Transaction, stage: &Stage) -> Result<Option<NumberListPath>, Failure> {
        let Stage::Entries(before, _) = stage else { return Ok(None) };
        let next = import::number_lists(tx, self.tenant, *before, 1).await?;
        Ok(next.into_iter().next().map(|(_, path)| path))
    }

    async fn entries(
        &self,
        tx: &Transaction,
        before: Option<Uuid>,
        after: Option<&PhoneNumberPattern>,
        patterns: &Patterns,
        swept: &mut Swept,
    ) -> Result<Option<(Option<Uuid>, Option<PhoneNumberPattern>)>, Failure> {
        let Some((key, path)) = import::number_lists(tx, self.tenant, before, 1).await?.into_iter().next() else {
            return Ok(None);
        };
        let behind = Some((Some(key.id), None));
        if self.names.entries(&path).is_none() || patterns.list.as_ref() != Some(&path) {
            return Ok(behind);
        }
        let after = after.map(PhoneNumberPattern::as_str);
        let (entries, more) = number_list_entries::page(tx, &key, after, ENTRIES).await?;
        let last = entries.last().map(|entry| entry.pattern.clone());
        let unnamed = entries.into_iter().map(|entry| entry.pattern);
        let unnamed: Vec<_> = unnamed.filter(|pattern| !patterns.named.contains(pattern.as_str())).collect();
        if !unnamed.is_empty() {
            match delete_entries(tx, &path, &unnamed).await {
                Ok(written) => {
                    swept.deleted += i64::from(written.value);
                    swept.add(written);
                }
                Err(unwritten) => return Err(unwritten.explained(tx).await),
            }
        }
        Ok(if more { Some((before, last)) } else { behind })
    }

    async fn users(
        &self,
        tx: &Transaction,
        after: Option<&UserPath>,
        swept: &mut Swept,
    ) -> Result<Option<Option<UserPath>>, Failure> {
        let users = import::users(tx, self.tenant, after, LOOKED_AT).await?;
        let (unnamed, last) = self.first_unnamed(users, Name::User);
        for path in unnamed {
            self.remove(tx, self.server.delete_user(tx, &path, true).await, swept).await?;
        }
        Ok(last.map(Some))
    }

    async fn schedules(
        &self,
        tx: &Transaction,
        after: Option<Uuid>,
        swept: &mut Swept,
    ) -> Result<Option<Option<Uuid>>, Failure> {
        let schedules = import::schedules(tx, self.tenant, after, LOOKED_AT).await?;
        let last = schedules.last().map(|(id, ..)| *id);
        for (_, folder, name) in schedules {
            if !self.names.contain(&Name::Schedule(folder.clone(), name.clone())) {
                let savepoint = store::savepoint(tx).await?;
                let deleted = delete_schedule(&savepoint, &folder, &name).await;
                self.end(tx, savepoint, deleted, swept).await?;
            }
        }
        Ok(last.map(Some))
    }

    async fn number_lists(
        &self,
        tx: &Transaction,
        after: Option<Uuid>,
        swept: &mut Swept,
    ) -> Result<Option<Option<Uuid>>, Failure> {
        let lists = import::number_lists(tx, self.tenant, after, LOOKED_AT).await?;
        let last = lists.last().map(|(key, _)| key.id);
        for (_, path) in lists {
            if !self.names.contain(&Name::NumberList(path.clone())) {
                let savepoint = store::savepoint(tx).await?;
                let deleted = delete_list(&savepoint, &path).await;
                self.end(tx, savepoint, deleted, swept).await?;
            }
        }
        Ok(last.map(Some))
    }

    async fn policies(
        &self,
        tx: &Transaction,
        after: Option<&GroupPath>,
        swept: &mut Swept,
    ) -> Result<Option<Option<GroupPath>>, Failure> {
        let groups = import::groups(tx, self.tenant, after, LOOKED_AT).await?;
        let tenant = after.is_none().then(|| Owner::Tenant(self.tenant.clone()));
        for owner in tenant.into_iter().chain(groups.iter().cloned().map(Owner::Group)) {
            let Some(kept) = policy::find(tx, &owner).await? else { continue };
            if !kept.callers.is_empty() && !self.names.contain(&Name::ProtectedCallers(owner.clone())) {
                let replaced = replace_callers(tx, &owner, &ProtectedCallerList::default()).await;
                self.remove(tx, replaced.map(|written| written.with(())), swept).await?;
            }
            if !kept.treatments.is_empty() && !self.names.contain(&Name::Treatments(owner.clone())) {
                let replaced = replace_treatments(tx, &owner, &TreatmentList::default()).await;
                self.remove(tx, replaced.map(|written| written.with(())), swept).await?;
            }
        }
        Ok(groups.last().cloned().map(Some))
    }

    async fn groups(
        &self,
        tx: &Transaction,
        after: Option<&GroupPath>,
        swept: &mut Swept,
    ) -> Result<Option<Option<GroupPath>>, Failure> {
        let groups = import::groups(tx, self.tenant, after, LOOKED_AT).await?;
        let (unnamed, last) = self.first_unnamed(groups, Name::Group);
        for path in unnamed {
            if let Some(before) = group::lock(tx, &path).await? {
                self.remove(tx, self.server.delete_group(tx, &path, &before, true).await, swept).await?;
            }
        }
        Ok(last.map(Some))
    }

    /// The owners that a step removes, and the last one that it looks at.
    fn first_unnamed<P: Clone>(&self, paths: Vec<P>, name: impl Fn(P) -> Name) -> (Vec<P>, Option<P>) {
        let mut unnamed = Vec::new();
        let mut last = None;
        for path in paths {
            if unnamed.len() >= USERS {
                break;
            }
            if !self.names.contain(&name(path.clone())) {
                unnamed.push(path.clone());
            }
            last = Some(path);
        }
        (unnamed, last)
    }

    async fn remove(
        &self,
        tx: &Transaction,
        removed: Result<Written<()>, Unwritten>,
        swept: &mut Swept,
    ) -> Result<(), Failure> {
        match removed {
            Ok(written) => swept.add(written),
            Err(unwritten) => match unwritten.explained(tx).await {
                // It is gone already.
                Failure::Refused(_) => {}
                failure => return Err(failure),
            },
        }
        Ok(())
    }

    /// Ends a removal. What is still referred to, by something that a faulty line names, stays.
    async fn end(
        &self,
        tx: &Transaction,
        savepoint: Transaction,
        removed: Result<Written<()>, Unwritten>,
        swept: &mut Swept,
    ) -> Result<(), Failure> {
        match &removed {
            Ok(_) => store::release(savepoint).await?,
            Err(_) => store::rollback(savepoint).await?,
        }
        self.remove(tx, removed, swept).await
    }
}
