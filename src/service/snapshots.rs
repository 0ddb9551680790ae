//! What decisions are made from, in memory: a compiled snapshot for each user that was asked for lately.
//!
//! A decision does not wait for the database when the user's snapshot is here. [`Snapshots::watch`] follows the feed of
//! changes and drops what changed; while the feed can be read, no snapshot is behind by more than the configured
//! staleness. When it cannot, snapshots are still used, and are known to be [stale](Snapshots::are_stale).

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use call_acceptance_api::{
    resource::user_service::ServiceName,
    value::{
        owner::{Owner, UserPath},
        phone_number::PhoneNumber,
    },
    wire::problem::Failure,
};
use quick_cache::{Weighter, sync::Cache};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};
use uuid::Uuid;

use super::identities::Identities;
use crate::{
    config::DecisionConfig,
    rules::{
        criteria::KeptCriteria,
        screening::{CompileError, Place, Screening},
    },
    store::{
        Connection,
        feed::{self, Bell, Change, Changes, Feed},
        snapshot::{self, Source},
    },
};

/// How long a load goes on for those who ask next, after whoever asked first has given up.
const LOAD: Duration = Duration::from_secs(5);
/// The least time from one reading of the feed to the next, so that many changes at once are read together.
const BREATH: Duration = Duration::from_millis(50);
/// A snapshot's memory beside its rules, roughly, in bytes.
const OVERHEAD: u64 = 512;
/// How late a revoked token may be known, however stale decisions may be.
const REVOCATION: Duration = Duration::from_secs(4);
/// How many changes made here are remembered at most; those beyond are dropped twice.
const MOST_OWN: usize = 100_000;
/// How many bytes of the memory there are for one number that is remembered.
const BYTES_PER_NUMBER: u64 = 1024;

/// A user as decisions see it.
pub struct Snapshot {
    /// The user.
    pub user: UserPath,
    /// The user's number.
    pub phone_number: Option<PhoneNumber>,
    /// The rules of each service that the user has.
    screenings: Vec<(ServiceName, Screening)>,
}

impl Snapshot {
    /// The rules of a service; `None` when the user does not have it.
    pub fn screening(&self, service: ServiceName) -> Option<&Screening> {
        self.screenings.iter().find(|(name, _)| *name == service).map(|(_, screening)| screening)
    }
}

#[derive(Clone)]
struct ByMemory;

impl Weighter<UserPath, Arc<Snapshot>> for ByMemory {
    fn weight(&self, _: &UserPath, snapshot: &Arc<Snapshot>) -> u64 {
        OVERHEAD + snapshot.screenings.iter().map(|(_, screening)| screening.weight()).sum::<u64>()
    }
}

/// The snapshots of one instance.
pub struct Snapshots {
    db: Connection,
    config: DecisionConfig,
    /// Told of the tokens that the feed tells of.
    identities: Arc<Identities>,
    users: Cache<UserPath, Arc<Snapshot>, ByMemory>,
    /// Who has a number, as last known; true only as far as the user's snapshot says so too.
    numbers: Cache<PhoneNumber, UserPath>,
    /// How often something was dropped; under its lock only, snapshots are put in and dropped.
    dropped: Mutex<u64>,
    started: Instant,
    /// Changes that were made here, and so are dropped already when the feed tells of them.
    own: Mutex<HashSet<Uuid>>,
    /// Milliseconds from `started` to the beginning of the last reading of the feed that succeeded.
    read_at: AtomicU64,
}

impl Snapshots {
    /// Snapshots of what is in the database `db`, none at first.
    pub fn of(db: Connection, config: DecisionConfig, identities: Arc<Identities>) -> Self {
        let numbers = usize::try_from(config.memory / BYTES_PER_NUMBER).unwrap_or(usize::MAX);
        Self {
            db,
            users: Cache::with_weighter(numbers, config.memory, ByMemory),
            numbers: Cache::new(numbers),
            config,
            identities,
            dropped: Mutex::new(0),
            own: Mutex::default(),
            started: Instant::now(),
            read_at: AtomicU64::new(0),
        }
    }

    /// How long a question may wait.
    pub fn deadline(&self) -> Duration {
        self.config.deadline
    }

    /// Whether the feed could not be read for longer than the configured staleness: the database does not answer.
    pub fn are_stale(&self) -> bool {
        let read_at = Duration::from_millis(self.read_at.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(read_at) > self.config.staleness
    }

    /// The user's snapshot, if it is in memory.
    pub fn get(&self, user: &UserPath) -> Option<Arc<Snapshot>> {
        self.users.get(user)
    }

    /// The snapshot of the user who has this number, if both are in memory.
    pub fn get_by_number(&self, number: &PhoneNumber) -> Option<Arc<Snapshot>> {
        let snapshot = self.users.get(&self.numbers.get(number)?)?;
        (snapshot.phone_number.as_ref() == Some(number)).then_some(snapshot)
    }

    /// The user's snapshot as it is in the database now; `None` when there is no such user.
    pub async fn load(self: &Arc<Self>, user: UserPath) -> Result<Option<Arc<Snapshot>>, Failure> {
        let snapshots = self.clone();
        self.in_time(async move { snapshots.load_user(&user).await }).await
    }

    /// The snapshot of the user who has this number as it is in the database now; `None` when nobody has it.
    pub async fn load_by_number(self: &Arc<Self>, number: PhoneNumber) -> Result<Option<Arc<Snapshot>>, Failure> {
        let snapshots = self.clone();
        let load = async move {
            let Some(user) = snapshot::user_of(&snapshots.db, &number).await? else { return Ok(None) };
            snapshots.numbers.insert(number, user.clone());
            snapshots.load_user(&user).await
        };
        self.in_time(load).await
    }

    /// The result of `load` if it comes before the deadline. The load goes on in any case, and fills the memory for the
    /// next question. While the database is known not to answer, nothing is tried.
    pub async fn in_time<T: Send + 'static>(
        &self,
        load: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        if self.are_stale() {
            return Err(Failure::Unavailable("the feed of changes cannot be read".into()));
        }
        let load = tokio::spawn(timeout(LOAD, load));
        match timeout(self.config.deadline, load).await {
            Ok(Ok(Ok(result))) => result,
            Ok(Ok(Err(elapsed))) => Err(Failure::Unavailable(Box::new(elapsed))),
            Ok(Err(ended)) => Err(Failure::Internal(Box::new(ended))),
            Err(_) => {
                let limit = self.config.deadline.as_millis();
                Err(Failure::Unavailable(format!("no snapshot of the user within {limit} ms").into()))
            }
        }
    }

    async fn load_user(&self, user: &UserPath) -> Result<Option<Arc<Snapshot>>, Failure> {
        let before = *self.dropped();
        let Some(source) = snapshot::load(&self.db, user).await? else { return Ok(None) };
        let path = user.clone();
        let compiled = tokio::task::spawn_blocking(move || compile(path, source)).await;
        let snapshot = Arc::new(compiled.map_err(|ended| Failure::Internal(Box::new(ended)))??);
        let dropped = self.dropped();
        if *dropped == before {
            self.users.insert(user.clone(), snapshot.clone());
        }
        Ok(Some(snapshot))
    }

    /// Drops the snapshots of the owner's users, since they changed.
    pub fn forget(&self, owner: &Owner) {
        let mut dropped = self.dropped();
        *dropped += 1;
        match owner {
            Owner::User(user) => {
                self.users.remove(user);
            }
            Owner::Group(group) => {
                self.users.retain(|user, _| user.tenant != group.tenant || user.group != group.group);
            }
            Owner::Tenant(tenant) => self.users.retain(|user, _| user.tenant != *tenant),
        }
    }

    /// The same after the change `id` of this instance; the feed will tell of it too.
    pub fn forget_own(&self, owner: &Owner, id: Uuid) {
        self.forget(owner);
        let mut own = self.own();
        if own.len() < MOST_OWN {
            own.insert(id);
        }
    }

    fn forget_all(&self) {
        self.own().clear();
        let mut dropped = self.dropped();
        *dropped += 1;
        self.users.clear();
    }

    fn own(&self) -> std::sync::MutexGuard<'_, HashSet<Uuid>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn dropped(&self) -> std::sync::MutexGuard<'_, u64> {
        self.dropped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the feed of changes for as long as the future is polled.
    pub async fn watch(&self) {
        let rung = Notify::new();
        tokio::join!(self.listen(&rung), self.follow(&rung), self.clean());
    }

    /// Half the staleness: a reading may then take as long as the wait for it.
    fn pace(&self) -> Duration {
        self.config.staleness.min(REVOCATION) / 2
    }

    async fn listen(&self, rung: &Notify) {
        loop {
            if let Err(error) = self.pass_on(rung).await {
                tracing::debug!(%error, "notifications of the database are not heard");
            }
            sleep(self.pace()).await;
        }
    }

    async fn pass_on(&self, rung: &Notify) -> Result<(), crate::store::StoreError> {
        let mut bell = Bell::of(&self.db).await?;
        loop {
            bell.ring().await?;
            rung.notify_one();
        }
    }

    async fn follow(&self, rung: &Notify) {
        let mut feed = Feed::of(&self.db);
        let mut known_stale = false;
        loop {
            let began = self.started.elapsed();
            match timeout(self.pace(), feed.read()).await {
                Ok(Ok(changes)) => {
                    self.apply(changes);
                    self.read_at.store(began.as_millis() as u64, Ordering::Relaxed);
                }
                Ok(Err(error)) => tracing::debug!(%error, "the feed of changes cannot be read"),
                Err(_) => tracing::debug!("the feed of changes cannot be read in time"),
            }
            if self.are_stale() != known_stale {
                known_stale = !known_stale;
                report(known_stale);
            }
            tokio::select! { () = rung.notified() => {}, () = sleep(self.pace()) => {} }
            sleep(BREATH.saturating_sub(self.started.elapsed().saturating_sub(began))).await;
        }
    }

    fn apply(&self, changes: Changes) {
        match changes {
            Changes::Of(changes) => changes.into_iter().for_each(|(id, change)| match change {
                Change::Users(owner) | Change::TimeZone(owner) | Change::Schedule(owner, _) => {
                    if !self.own().remove(&id) {
                        self.forget(&owner);
                    }
                }
                Change::Token(token) => self.identities.forget(&token),
            }),
            Changes::Unknown => {
                self.forget_all();
                self.identities.forget_all();
            }
        }
    }

    async fn clean(&self) {
        let mut each = interval(feed::KEPT / 4);
        each.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            each.tick().await;
            if let Err(error) = feed::forget(&self.db).await {
                tracing::debug!(%error, "old changes cannot be deleted");
            }
        }
    }
}

fn report(stale: bool) {
    match stale {
        true => tracing::warn!("the database does not answer: decisions are made from what was last known"),
        false => tracing::info!("the database answers: decisions are up to date"),
    }
}

fn compile(user: UserPath, source: Source) -> Result<Snapshot, Failure> {
    let Source { phone_number, region, time_zone, services, periods } = source;
    let place = Place { region, time_zone };
    let screening = |(service, criteria): (ServiceName, Vec<KeptCriteria>)| {
        Ok((service, Screening::compile(&place, &criteria, &periods)?))
    };
    let screenings = services.into_iter().map(screening).collect::<Result<_, CompileError>>();
    let screenings = screenings.map_err(|error| Failure::Internal(Box::new(error)))?;
    Ok(Snapshot { user, phone_number, screenings })
}
