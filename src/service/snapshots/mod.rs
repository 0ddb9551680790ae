//! Cache of the data that decisions need: a compiled snapshot for each recently called user.
//!
//! A decision with a cached snapshot does not wait for the database. [`Snapshots::watch`] follows the feed of changes,
//! which invalidates snapshots; while the feed can be read, no decision lags behind by more than the configured
//! staleness. While it cannot, snapshots remain in use, and decisions based on them are marked as stale.
//!
//! - `affected` finds the users that a change affects.
//! - `follow` reads the feed.
//! - `snapshot` is the cached data of a user, which `load_snapshot` compiles; `entry` adds its lifetime; `shared` has
//!   the parts of it that several users share; `lists` has the number lists beside snapshots, which are loaded and
//!   outdated as these are.

mod affected;
mod entry;
mod follow;
mod lists;
mod load_list;
mod load_snapshot;
mod shared;
mod snapshot;

use std::{
    collections::{HashSet, VecDeque},
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use call_acceptance_api::{
    value::{name::TenantId, owner::UserPath, phone_number::PhoneNumber},
    wire::problem::Failure,
};
use futures_util::future::try_join_all;
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter, sync::Cache};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};
use uuid::Uuid;

use self::{
    affected::Affected,
    lists::{CompiledList, Lists},
    shared::SharedParts,
    snapshot::{Number, UserKey},
};
pub use self::{entry::Entry, snapshot::Snapshot};
use super::{
    failure::{Shared, shared},
    flights::{Flights, LOAD},
    identities::Identities,
    metrics::{Load, Lookup, METRICS},
};
use crate::{
    config::DecisionConfig,
    rules::screening::NumberList,
    store::{Connection, feed::Change, number_list::NumberListKey, snapshot::Wanted},
};

/// Maximum number of own changes that are remembered. A forgotten one invalidates snapshots twice.
const MOST_OWN: usize = 100_000;
/// Number of recent changes that are remembered for loads in progress.
const RECENT: usize = 1000;
/// Bytes of the configured memory for each cached phone number.
const BYTES_PER_NUMBER: u64 = 1024;

#[derive(Clone)]
struct ByMemory;

impl Weighter<UserKey, Arc<Entry<Snapshot>>> for ByMemory {
    fn weight(&self, _: &UserKey, entry: &Arc<Entry<Snapshot>>) -> u64 {
        entry.weight()
    }
}

/// Counts evicted snapshots.
#[derive(Clone)]
struct CountEvictions;

impl Lifecycle<UserKey, Arc<Entry<Snapshot>>> for CountEvictions {
    type RequestState = ();

    fn on_evict(&self, (): &mut (), _: UserKey, _: Arc<Entry<Snapshot>>) {
        METRICS.evictions.inc();
    }
}

/// No response within the deadline.
#[derive(Debug, thiserror::Error)]
#[error("no response within {} ms", .0.as_millis())]
struct Late(Duration);

/// A cached or loaded value for a decision.
pub struct Found<T> {
    /// The value; `None` if there is no such user, or number list.
    pub value: Option<Arc<Entry<T>>>,
    /// Whether it may lag behind the database by more than the configured staleness.
    pub stale: bool,
}

/// When a value was asked for, and whether the feed could not be read for too long by then. Read once for both.
#[derive(Clone, Copy)]
struct Asked {
    at: Duration,
    stale: bool,
}

/// The result of a load.
type Loaded<T> = Result<Option<Arc<Entry<T>>>, Shared>;

/// Number lists, in the order of their keys; `None` for one that does not exist.
type NumberLists = Vec<Option<Arc<NumberList>>>;

/// What is cached: snapshots of users, and number lists.
trait Cached: Send + Sync + Sized + 'static {
    /// What it is loaded by.
    type Key: Clone + Eq + Hash + Send + Sync + 'static;

    /// The loads in progress.
    fn loads(snapshots: &Snapshots) -> &Arc<Flights<Self::Key, Loaded<Self>>>;

    /// Loads and caches it; `None` if it does not exist.
    fn load_now(
        snapshots: &Snapshots,
        key: &Self::Key,
        turn: OwnedSemaphorePermit,
    ) -> impl Future<Output = Result<Option<Arc<Entry<Self>>>, Failure>> + Send;

    /// Counts how it was found.
    fn count_lookup(_: Lookup) {}

    /// Counts a load that has ended.
    fn count_load(_: Load) {}
}

/// The recent changes, to detect loads that they overtake.
#[derive(Default)]
struct Recent {
    /// The number of forgotten changes.
    before: u64,
    affected: VecDeque<Arc<Affected>>,
}

impl Recent {
    /// Whether a change since the load that began at `begun` concerns what it has loaded, or may do so.
    fn has_overtaken(&self, begun: u64, concerns: impl Fn(&Affected) -> bool) -> bool {
        let Some(known) = begun.checked_sub(self.before) else { return true };
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        self.affected.iter().skip(known).any(|affected| concerns(affected))
    }
}

/// The snapshots of one instance.
pub struct Snapshots {
    db: Connection,
    config: DecisionConfig,
    /// The cached tokens, which the feed invalidates too.
    identities: Arc<Identities>,
    users: Cache<UserKey, Arc<Entry<Snapshot>>, ByMemory, DefaultHashBuilder, CountEvictions>,
    /// The last known user of a number; valid only if the user's snapshot has the same number.
    numbers: Cache<Number, UserKey>,
    /// What snapshots share.
    shared: Arc<SharedParts>,
    loads: Arc<Flights<Wanted, Loaded<Snapshot>>>,
    /// The number lists that snapshots refer to.
    lists: Lists,
    list_loads: Arc<Flights<NumberListKey, Loaded<CompiledList>>>,
    /// Its lock guards insertions and invalidations of snapshots and number lists.
    recent: Mutex<Recent>,
    started: Instant,
    /// Own changes, which need not be applied again when the feed reports them.
    own: Mutex<HashSet<Uuid>>,
    /// Milliseconds from `started` to the begin of the last successful poll of the feed.
    read_at: AtomicU64,
}

impl Snapshots {
    /// An empty cache of the data in `db`. The number of concurrent loads is limited by `turns`.
    pub fn of(db: Connection, config: DecisionConfig, identities: Arc<Identities>, turns: Arc<Semaphore>) -> Self {
        let numbers = usize::try_from(config.memory / BYTES_PER_NUMBER).unwrap_or(usize::MAX);
        let hash = DefaultHashBuilder::default();
        Self {
            db,
            users: Cache::with(numbers, config.memory, ByMemory, hash, CountEvictions),
            numbers: Cache::new(numbers),
            shared: Arc::default(),
            loads: Arc::new(Flights::of(turns.clone())),
            lists: Lists::of(config.memory / 2),
            list_loads: Arc::new(Flights::of(turns)),
            config,
            identities,
            recent: Mutex::default(),
            own: Mutex::default(),
            started: Instant::now(),
            read_at: AtomicU64::new(0),
        }
    }

    /// Maximum wait of a decision.
    pub fn deadline(&self) -> Duration {
        self.config.deadline
    }

    /// Whether the feed could not be read for longer than the configured staleness, so that the database is taken as
    /// unavailable.
    pub fn are_stale(&self) -> bool {
        self.asked().stale
    }

    /// Time since the begin of the last successful poll of the feed.
    pub fn lag(&self) -> Duration {
        self.lag_at(self.now())
    }

    fn lag_at(&self, now: Duration) -> Duration {
        now.saturating_sub(Duration::from_millis(self.read_at.load(Ordering::Relaxed)))
    }

    fn asked(&self) -> Asked {
        let at = self.now();
        Asked { at, stale: self.lag_at(at) > self.config.staleness }
    }

    /// The number of snapshots, and their approximate memory in bytes.
    pub fn size(&self) -> (i64, i64) {
        (self.users.len() as i64, self.users.weight() as i64)
    }

    /// The number of number lists in memory, and their approximate memory in bytes.
    pub fn size_of_lists(&self) -> (i64, i64) {
        let (lists, bytes) = self.lists.size();
        (lists as i64, bytes as i64)
    }

    /// The number of loads that wait for a connection.
    pub fn queued_loads(&self) -> i64 {
        self.loads.queued() as i64
    }

    /// The memory that snapshots may take, in bytes.
    pub fn max_bytes(&self) -> i64 {
        self.config.memory as i64
    }

    /// The snapshot of the user, within the deadline.
    pub async fn of_user(self: &Arc<Self>, user: UserPath) -> Result<Found<Snapshot>, Failure> {
        // Before the snapshot is taken: what is not stale now lags behind by at most the staleness.
        let asked = self.asked();
        let held = self.users.get(&user);
        self.find(held, Wanted::User(user), self.config.deadline, asked).await
    }

    /// The snapshot of the user with this number, within the deadline.
    pub async fn of_number(self: &Arc<Self>, number: PhoneNumber) -> Result<Found<Snapshot>, Failure> {
        let asked = self.asked();
        let held = Number::of(&number).and_then(|number| {
            let user = self.numbers.get(&number)?;
            self.users.get(&user).filter(|entry| entry.number == Some(number))
        });
        self.find(held, Wanted::Number(number), self.config.deadline, asked).await
    }

    /// The number lists of the tenant with these keys, within `limit`; and whether one may lag behind the database by
    /// more than the configured staleness.
    pub async fn lists_of(
        self: &Arc<Self>,
        tenant: &TenantId,
        ids: &[Uuid],
        limit: Duration,
    ) -> Result<(NumberLists, bool), Failure> {
        let asked = self.asked();
        let lists = ids.iter().map(|id| {
            let key = NumberListKey { tenant: tenant.clone(), id: *id };
            self.find::<CompiledList>(self.lists.get(&key), key, limit, asked)
        });
        let found = try_join_all(lists).await?;
        let stale = found.iter().any(|found| found.stale);
        Ok((found.into_iter().map(|found| found.value.map(|entry| entry.list.clone())).collect(), stale))
    }

    /// The cached value if it may be used, else a loaded one, within `limit`. An outdated one is used only if its
    /// successor is not loaded within half of that; after the configured staleness, only if it is not loaded within all
    /// of that, and it is then stale.
    async fn find<T: Cached>(
        self: &Arc<Self>,
        held: Option<Arc<Entry<T>>>,
        key: T::Key,
        limit: Duration,
        Asked { at, stale }: Asked,
    ) -> Result<Found<T>, Failure> {
        // In a box, so that decisions from memory do not take the memory of a load.
        let Some(entry) = held else { return Box::pin(self.loaded(key, limit, stale)).await };
        if !entry.is_current(at) {
            return Box::pin(self.reloaded(entry, key, limit, stale)).await;
        }
        if entry.is_to_be_refreshed(at) {
            self.refresh::<T>(key);
        }
        T::count_lookup(if stale { Lookup::Stale } else { Lookup::Memory });
        Ok(Found { value: Some(entry), stale })
    }

    /// The successor of an outdated value, or that if it may be used, see [`Self::find`].
    async fn reloaded<T: Cached>(
        self: &Arc<Self>,
        entry: Arc<Entry<T>>,
        key: T::Key,
        limit: Duration,
        stale: bool,
    ) -> Result<Found<T>, Failure> {
        let old = |stale, outcome| {
            T::count_lookup(outcome);
            Ok(Found { value: Some(entry.clone()), stale })
        };
        if stale {
            return old(true, Lookup::Stale);
        }
        let half = limit / 2;
        let mut loaded = self.load::<T>(key.clone(), half).await;
        if loaded.is_err() {
            if entry.may_be_used(self.now()) {
                return old(stale, Lookup::Outdated);
            }
            loaded = self.load(key, half).await;
        }
        match loaded {
            Ok(value) => {
                T::count_lookup(Lookup::Loaded);
                Ok(Found { value, stale })
            }
            // A decision that may be out of date is better than none.
            Err(_) => old(true, Lookup::Stale),
        }
    }

    /// A loaded value, within `limit`.
    async fn loaded<T: Cached>(
        self: &Arc<Self>,
        key: T::Key,
        limit: Duration,
        stale: bool,
    ) -> Result<Found<T>, Failure> {
        let loaded = self.load(key, limit).await;
        T::count_lookup(match &loaded {
            Ok(_) => Lookup::Loaded,
            Err(Failure::Unavailable(cause)) if cause.is::<Late>() => Lookup::Late,
            Err(Failure::Unavailable(_)) => Lookup::Unavailable,
            Err(Failure::Refused(_) | Failure::Internal(_)) => Lookup::Failed,
        });
        Ok(Found { value: loaded?, stale })
    }

    /// Loads a value in the background.
    fn refresh<T: Cached>(self: &Arc<Self>, key: T::Key) {
        let snapshots = self.clone();
        tokio::spawn(async move { snapshots.load::<T>(key, LOAD).await.map(drop) });
    }

    /// Loads a value within `limit`. Fails immediately while the database is known to be unavailable.
    async fn load<T: Cached>(self: &Arc<Self>, key: T::Key, limit: Duration) -> Result<Option<Arc<Entry<T>>>, Failure> {
        let (snapshots, wanted) = (self.clone(), key.clone());
        let load = T::loads(self).join(key, move |turn| async move {
            let loaded = timeout(LOAD, T::load_now(&snapshots, &wanted, turn)).await;
            let loaded = loaded.unwrap_or_else(|elapsed| Err(Failure::Unavailable(Box::new(elapsed))));
            T::count_load(match &loaded {
                Ok(Some(_)) => Load::Loaded,
                Ok(None) => Load::Absent,
                Err(_) => Load::Failed,
            });
            loaded.map_err(shared)
        });
        match self.in_time(limit, load).await? {
            Some(loaded) => loaded.map_err(Failure::from),
            None => Err(Failure::Internal("the load of a snapshot ended without a result".into())),
        }
    }

    /// The result of `work` within `limit`. Fails immediately while the database is known to be unavailable.
    pub async fn in_time<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Result<T, Failure> {
        if self.are_stale() {
            return Err(Failure::Unavailable("the feed of changes cannot be read".into()));
        }
        let late = |_| Failure::Unavailable(Box::new(Late(limit)));
        timeout(limit, work).await.map_err(late)
    }

    /// The number of changes so far, for [`Self::keep`].
    fn begin(&self) -> u64 {
        let recent = self.recent();
        recent.before + recent.affected.len() as u64
    }

    /// Caches a snapshot whose load began at `begun`, unless a change has overtaken it.
    fn keep(&self, snapshot: Snapshot, begun: u64) -> Arc<Entry<Snapshot>> {
        let user = snapshot.key();
        let entry = Arc::new(Entry::new(snapshot, &user, self.now(), self.config.greatest_age));
        let recent = self.recent();
        if !recent.has_overtaken(begun, |affected| affected.concerns(&entry)) {
            if let Some(number) = entry.number {
                self.numbers.insert(number, user.clone());
            }
            self.users.insert(user, entry.clone());
        }
        entry
    }

    /// Caches a number list whose load began at `begun`, unless a change has overtaken it.
    fn keep_list(&self, key: &NumberListKey, list: CompiledList, begun: u64) -> Arc<Entry<CompiledList>> {
        let entry = Arc::new(Entry::new(list, key, self.now(), self.config.greatest_age));
        let recent = self.recent();
        if !recent.has_overtaken(begun, |affected| affected.concerns_list(key)) {
            self.lists.insert(key.clone(), entry.clone());
        }
        entry
    }

    /// Marks the affected snapshots and number lists as outdated; they may be used until `until` while their successors
    /// are loaded.
    fn outdate(&self, affected: Affected, until: Duration) {
        if affected.is_empty() {
            return;
        }
        let mut recent = self.recent();
        match affected.named() {
            Some(users) => users.for_each(|user| self.outdate_one(&user, &affected, until)),
            None => {
                let concerned = self.users.iter().filter(|(_, entry)| affected.concerns(entry));
                concerned.for_each(|(_, entry)| entry.outdate(until));
            }
        }
        self.loads.detach(|wanted| affected.may_concern(wanted));
        self.lists.outdate(&affected, until);
        self.list_loads.detach(|list| affected.concerns_list(list));
        recent.affected.push_back(Arc::new(affected));
        while recent.affected.len() > RECENT {
            recent.affected.pop_front();
            recent.before += 1;
        }
    }

    fn outdate_one(&self, user: &UserPath, affected: &Affected, until: Duration) {
        let held = self.users.peek(user);
        held.filter(|entry| affected.concerns(entry)).into_iter().for_each(|entry| entry.outdate(until));
    }

    /// Outdates the snapshots of own committed changes. Remembers the changes by identifier, since the feed will report
    /// them too.
    pub fn note_own(&self, changes: &[(Uuid, Change)]) {
        self.note_uncertain(changes);
        let mut own = self.own();
        // Also removes changes that the feed reported before they were noted here.
        if own.len() > MOST_OWN {
            own.clear();
        }
        own.extend(changes.iter().map(|(id, _)| *id));
    }

    /// Outdates the snapshots of own changes that may or may not be committed. The commit may still be in progress, so
    /// the feed has to outdate the snapshots again.
    pub fn note_uncertain(&self, changes: &[(Uuid, Change)]) {
        self.outdate(Affected::by(changes.iter().map(|(_, change)| change)), self.now() + self.config.staleness);
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn own(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
