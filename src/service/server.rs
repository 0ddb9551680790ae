//! The struct behind the ports.

use std::{
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use call_acceptance_api::{value::phone_number::Region, wire::problem::Failure};

use tokio::sync::{Notify, Semaphore};

use super::{
    called_numbers::CalledNumbers, counting::Counting, export::turns::ExportTurns, identities::Identities,
    import::jobs::Jobs, refusals::Refusals, replica::Replica, snapshots::Snapshots, unknown_numbers::UnknownNumbers,
    views::Views, writers::Writers,
};
use crate::{
    clock::Clock,
    config::{CascadeConfig, Config},
    identity::oidc::Verifier,
    store::{self, Connection, Readiness, Transaction},
};

/// Implements the ports.
pub struct Server {
    /// The connection pool of requests.
    pub(super) db: Connection,
    /// The replica for reads that may be old, if there is one.
    pub(super) replica: Option<Replica>,
    /// The connection pool of decisions, authentication and readiness, which do not wait for other requests.
    pub(super) calls: Connection,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) called_numbers: CalledNumbers,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) views: Views,
    pub(super) identities: Arc<Identities>,
    pub(super) verifier: Option<Verifier>,
    pub(super) readiness: Readiness,
    /// Whether the server was told to stop.
    stopping: AtomicBool,
    pub(super) writers: Writers,
    /// How much of a large deletion is done at once.
    pub(super) cascades: CascadeConfig,
    /// Wakes what carries deletions out.
    pub(super) deletion_begun: Notify,
    /// Whether access tokens of the provider may have the role of call processing with the whole system as their scope.
    pub(super) system_call_processing: bool,
    pub(super) audit_retention: Duration,
    pub(super) greatest_age: Duration,
    pub(super) default_region: Option<Region>,
    pub(super) unknown_numbers: UnknownNumbers,
    /// Limits how many analyses run at a time: half of the processors, so that the others serve requests.
    pub(super) analyses: Arc<Semaphore>,
    pub(super) refusals: Refusals,
    /// The imports of this instance.
    pub(super) imports: Jobs,
    /// Nothing of the body of an import may arrive for so long.
    pub(super) upload_idle: Duration,
    pub(super) counting: Arc<Counting>,
    pub(super) exports: ExportTurns,
}

impl Server {
    /// A server with the database `db` and the source of time and identifiers `clock`.
    pub fn new(db: Connection, clock: Arc<dyn Clock>, config: &Config) -> Self {
        let decisions = config.decisions;
        let calls = store::beside(&db, decisions.connections);
        // As many permits as connections: more loads would only wait for connections.
        let turns = Arc::new(Semaphore::new(decisions.connections as usize));
        let identities = Arc::new(Identities::of(turns.clone()));
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let snapshots = Arc::new(Snapshots::of(calls.clone(), decisions, identities.clone(), turns));
        Self {
            called_numbers: CalledNumbers::new(),
            snapshots,
            views: Views::of(decisions.memory / 4, decisions.greatest_age),
            identities,
            verifier: config.oidc.clone().map(|oidc| Verifier::new(oidc, clock.clone())),
            readiness: Readiness::of(&db),
            stopping: AtomicBool::new(false),
            writers: Writers::of(config.concurrent_writes, store::time_to_cancel(&db, config.database_limits)),
            cascades: config.cascades,
            deletion_begun: Notify::new(),
            system_call_processing: config.oidc.as_ref().is_some_and(|oidc| oidc.system_call_processing),
            audit_retention: config.audit_retention,
            greatest_age: decisions.greatest_age,
            default_region: config.default_region.clone(),
            unknown_numbers: UnknownNumbers::default(),
            analyses: Arc::new(Semaphore::new((processors / 2).max(1))),
            refusals: Refusals::default(),
            imports: Jobs::new(),
            upload_idle: config.request_timeout,
            counting: Arc::new(Counting::of(db.clone(), config.statistics)),
            exports: ExportTurns::of(&db, config.exports),
            db,
            replica: None,
            calls,
            clock,
        }
    }

    /// The server with a replica for reads that may be old.
    pub fn with_replica(self, replica: Option<Replica>) -> Self {
        Self { replica, ..self }
    }

    /// The server is stopping: it is no longer ready, and serves all the same.
    pub fn begin_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the server is stopping.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// The database outside of `transaction`, which is rolled back first: a request must not wait for a second
    /// connection while it holds one.
    pub(super) async fn outside(&self, transaction: Transaction) -> Result<&Connection, Failure> {
        store::rollback(transaction).await?;
        Ok(&self.db)
    }
}
