//! Deletions in the background: of tenants and groups that hold too much for one transaction.
//!
//! The request records the deletion as a job, revokes tokens and responds. A worker in every instance polls for jobs
//! and carries them out in steps, one transaction each: statistics and faults of imports, remaining tokens, entries of
//! number lists, users with what they hold, schedules, number lists, groups, and finally the owner. A step locks its
//! job, so that only one instance works on it, and commits its audit events and feed entries with the deletes. After a
//! crash the step in progress is rolled back, and another worker repeats it.
//!
//! A creation that started before the job was recorded may commit after it. When no users follow the last deleted one,
//! a step therefore searches from the start once more.

use std::time::Duration;

use async_trait::async_trait;
use call_acceptance_api::{
    access::{Actor, Identity, Role, Scope},
    resource::deletion::{Deletion, DeletionId, DeletionStatus, Deletions},
    value::{
        name::TenantId,
        owner::{Owner, UserPath},
        time::Instant,
    },
    wire::problem::{Failure, ProblemCode},
};
use tokio::time::{Instant as Moment, sleep, timeout};

use super::{change::Done, deletion::revocations, record::record, server::Server};
use crate::store::{
    self, End, StoreError, Transaction,
    audit::Record,
    contents,
    deletion::{self, KeptDeletion},
    feed::Change,
    group, import, number_list_entries, policy, statistics, tenant, token,
};

/// Polling interval for jobs that other instances have recorded.
const LOOK: Duration = Duration::from_secs(5);
/// Maximum number of tokens that are revoked by the request, and by each step.
const TOKENS: u64 = 1000;
/// Maximum number of schedules per step, each of which may have 1000 periods, and of number lists.
const SCHEDULES: u64 = 100;
/// How many entries of number lists are deleted at once, for each user that may be.
const ENTRIES: u64 = 20;
/// Retention of completed jobs.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// How a deletion begins.
pub(super) enum Begun {
    /// It goes on in the background.
    Background(Done<Option<Deletion>>),
    /// It is to be done in this transaction.
    Here(Transaction),
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Nothing: another instance has the lock, or the job is complete.
    None,
    /// A part of the deletion.
    Part,
    /// Nothing: the owner does not exist any more.
    Gone,
}

impl Server {
    /// Begins the deletion of an owner, which is locked: in the background when that goes on already, or when with
    /// `cascade` it holds much.
    pub(super) async fn begin_deletion(
        &self,
        tx: Transaction,
        by: &Actor,
        owner: &Owner,
        cascade: bool,
    ) -> Result<Begun, Failure> {
        if let Some(running) = deletion::covering(&tx, owner).await? {
            return Ok(Begun::Background(Done::new(tx, Some(running), [])));
        }
        if !(cascade && contents::is_large(&tx, owner, self.cascades.step).await?) {
            return Ok(Begun::Here(tx));
        }
        let deletion = self.new_deletion(owner)?;
        deletion::insert(&tx, &deletion, by).await?;
        let revoked = token::delete_some_within(&tx, &Scope::Of(owner.clone()), TOKENS).await?;
        let (mut records, revoked) = revocations(revoked)?;
        let tenant = Owner::Tenant(deletion.tenant_id.clone());
        let target = tenant.path_of(&["deletions", deletion.deletion_id.as_str()]);
        records.push(Record { target, ..record(owner, &[], None, Some(&deletion))? });
        let changes = revoked.into_iter().map(Change::Token);
        Ok(Begun::Background(Done::new(tx, Some(deletion), records).concerning(changes)))
    }

    fn new_deletion(&self, owner: &Owner) -> Result<Deletion, Failure> {
        let id = DeletionId::parse(&self.clock.new_id().simple().to_string());
        let group_id = match owner {
            Owner::Tenant(_) => None,
            Owner::Group(group) => Some(group.group.clone()),
            Owner::User(user) => Some(user.group.clone()),
        };
        Ok(Deletion {
            deletion_id: id.map_err(|error| Failure::Internal(error.into()))?,
            tenant_id: owner.tenant().clone(),
            group_id,
            status: DeletionStatus::Running,
            users_deleted: 0,
            started_at: Instant::of(self.clock.now()),
            finished_at: None,
        })
    }

    /// Wakes the worker if there is a deletion to carry out.
    pub(super) fn begun(&self, deletion: Option<Deletion>) -> Result<Option<Deletion>, Failure> {
        if deletion.is_some() {
            self.deletion_begun.notify_one();
        }
        Ok(deletion)
    }

    /// The worker: carries out recorded deletions, as long as the future is polled.
    pub(super) async fn carry_out_deletions(&self) {
        loop {
            if !self.step_each().await {
                // Either way it is time to look again.
                let _ = timeout(LOOK, self.deletion_begun.notified()).await;
            }
        }
    }

    /// A step of each deletion that is running; whether any was done.
    async fn step_each(&self) -> bool {
        let running = deletion::running(&self.db).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "deletions cannot be looked for");
            Vec::new()
        });
        let mut any = false;
        for kept in running {
            let begun = Moment::now();
            match Box::pin(self.step(&kept)).await {
                Ok(Step::None) => {}
                Ok(Step::Part | Step::Gone) => {
                    any = true;
                    // Leaves the database to other requests for as long as the step took.
                    sleep(self.cascades.rest.max(begun.elapsed())).await;
                }
                Err(error) => {
                    tracing::warn!(%error, deletion = %kept.deletion.deletion_id, "a deletion does not go on");
                }
            }
        }
        any
    }

    async fn step(&self, kept: &KeptDeletion) -> Result<Step, Failure> {
        if self.delete_counts(kept).await? {
            return Ok(Step::Part);
        }
        let by = actor(kept);
        let step = self.carry_out(&by, |tx| async move {
            match deletion::claim(&tx, kept).await? {
                Some(kept) => self.part(tx, kept).await,
                None => Ok(Done::new(tx, Step::None, [])),
            }
        });
        let step = step.await?;
        if step == Step::Gone {
            deletion::complete(&self.db, &kept.owner(), &Instant::of(self.clock.now())).await?;
        }
        Ok(step)
    }

    /// Deletes some statistics, refused calls and faults of imports, which are in no audit trail; whether there may be
    /// more. What is counted from now on goes with its user.
    async fn delete_counts(&self, kept: &KeptDeletion) -> Result<bool, Failure> {
        let deleted = store::transaction(&self.db, |tx| async move {
            let more = match deletion::claim(&tx, kept).await? {
                Some(kept) => {
                    let owner = kept.owner();
                    statistics::delete_some_below(&tx, &owner).await? || import::delete_some_errors(&tx, &owner).await?
                }
                None => false,
            };
            Ok((End::Commit(tx), more))
        });
        deleted.await.map_err(|aborted| aborted.failure)
    }

    /// Deletes the next part of what the deletion deletes.
    async fn part(&self, tx: Transaction, kept: KeptDeletion) -> Result<Done<Step>, Failure> {
        let (owner, most) = (kept.owner(), self.cascades.step);
        let revoked = token::delete_some_within(&tx, &Scope::Of(owner.clone()), TOKENS).await?;
        if !revoked.is_empty() {
            let (records, revoked) = revocations(revoked)?;
            return Ok(Done::new(tx, Step::Part, records).concerning(revoked.into_iter().map(Change::Token)));
        }
        if let Some(shrunk) = number_list_entries::delete_some_within(&tx, &owner, most * ENTRIES).await? {
            let (record, change) = super::number_list::shrunk(&shrunk)?;
            return Ok(Done::new(tx, Step::Part, [record]).concerning([change]));
        }
        if let Some((records, users)) = self.delete_users(&tx, &kept).await? {
            let users = users.into_iter().map(|user| Change::Users(Owner::User(user)));
            return Ok(Done::new(tx, Step::Part, records).concerning(users));
        }
        let mut records = contents::delete_schedules(&tx, &owner, SCHEDULES).await.map_err(StoreError::or_retry)?;
        if records.is_empty() {
            let deleted = contents::delete_number_lists(&tx, &owner, SCHEDULES).await;
            records = deleted.map_err(StoreError::or_retry)?;
        }
        if records.is_empty() {
            records = contents::delete_groups(&tx, &owner, most).await.map_err(StoreError::or_retry)?;
        }
        if records.is_empty() {
            return self.delete_owner(tx, &owner).await;
        }
        Ok(Done::new(tx, Step::Part, records))
    }

    /// Deletes some users with what they hold; `None` when there is none.
    async fn delete_users(
        &self,
        tx: &Transaction,
        kept: &KeptDeletion,
    ) -> Result<Option<(Vec<Record>, Vec<UserPath>)>, Failure> {
        let (owner, most) = (kept.owner(), self.cascades.step);
        let mut batch = contents::batch(tx, &owner, kept.last.as_ref(), most).await?;
        if batch.is_none() && kept.last.is_some() {
            batch = contents::batch(tx, &owner, None, most).await?;
        }
        let Some(batch) = batch else { return Ok(None) };
        let (records, users) = batch.removals(tx).await?;
        batch.delete(tx).await.map_err(StoreError::or_retry)?;
        deletion::advance(tx, kept, users.len() as i64, &batch.last).await?;
        Ok(Some((records, users)))
    }

    /// Deletes the empty owner, and completes the job.
    async fn delete_owner(&self, tx: Transaction, owner: &Owner) -> Result<Done<Step>, Failure> {
        let mut records = policy::removal(&tx, owner).await?;
        let own = match owner {
            Owner::Tenant(id) => {
                let before = tenant::lock(&tx, id).await?;
                tenant::delete(&tx, id).await.map_err(StoreError::or_retry)?;
                before.map(|before| record(owner, &[], Some(&before), None)).transpose()?
            }
            Owner::Group(path) => {
                let before = group::lock(&tx, path).await?;
                group::delete(&tx, path).await.map_err(StoreError::or_retry)?;
                before.map(|before| record(owner, &[], Some(&before), None)).transpose()?
            }
            Owner::User(_) => None,
        };
        let Some(own) = own else { return Ok(Done::new(tx, Step::Gone, [])) };
        statistics::delete_below(&tx, owner).await?;
        deletion::complete(&tx, owner, &Instant::of(self.clock.now())).await?;
        records.push(own);
        Ok(Done::new(tx, Step::Part, records).concerning([Change::Users(owner.clone())]))
    }

    /// Deletes jobs that were completed before the retention.
    pub(super) async fn forget_deletions(&self) -> Result<(), StoreError> {
        let end = self.clock.now().saturating_sub(KEPT).unwrap_or(jiff::Timestamp::MIN);
        deletion::forget(&self.db, &Instant::of(end)).await
    }
}

/// The actor who requested the deletion, for the audit trail. Its access was checked then.
fn actor(kept: &KeptDeletion) -> Actor {
    let identity = Identity {
        kind: kept.kind,
        actor: kept.actor.clone(),
        role: Role::SystemAdmin,
        scope: Scope::System,
        read_only: false,
    };
    let operation = match kept.owner() {
        Owner::Tenant(_) => "tenant_delete",
        Owner::Group(_) => "group_delete",
        Owner::User(_) => "user_delete",
    };
    Actor {
        identity: identity.into(),
        client_address: kept.client_address,
        request_id: kept.request_id.clone(),
        operation,
        dry_run: false,
    }
}

#[async_trait]
impl Deletions for Server {
    async fn view(&self, tenant: TenantId, id: DeletionId) -> Result<Deletion, Failure> {
        deletion::find(&self.db, &tenant, &id).await?.ok_or_else(|| {
            let detail = format!("The tenant {:?} has no deletion {:?}.", tenant.as_str(), id.as_str());
            Failure::refused(ProblemCode::DeletionNotFound, detail)
        })
    }
}
