//! Refusals in the audit: who was not let in, and who may not do what it asked for. They are recorded off the request,
//! and a bounded number of them, so that nobody fills the audit by being refused.

use std::num::NonZeroU32;

use call_acceptance_api::{
    access::Actor,
    resource::audit::Refused,
    value::{name::TenantId, owner::Owner},
};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{Mutex, mpsc};

use crate::{
    clock::Clock,
    store::{Connection, StoreError, audit, tenant},
    telemetry::Throttle,
};

/// How many refusals of a tenant are recorded a minute, and how many of one kind of all tenants.
const OF_A_TENANT: NonZeroU32 = NonZeroU32::new(10).expect("it is not zero");
const OF_ALL: NonZeroU32 = NonZeroU32::new(300).expect("it is not zero");
/// How many wait to be recorded, at most.
const MOST_WAITING: usize = 256;
/// How many tenants are counted before those that had no refusal for long are let go.
const MOST_COUNTED: usize = 10_000;

static NOT_RECORDED: Throttle = Throttle::new();

struct Refusal {
    by: Actor,
    owner: Owner,
    why: Refused,
}

/// Refusals on their way into the audit.
pub(super) struct Refusals {
    queue: mpsc::Sender<Refusal>,
    waiting: Mutex<mpsc::Receiver<Refusal>>,
    of_a_tenant: DefaultKeyedRateLimiter<TenantId>,
    /// Strangers, who can make up tenants, leave room for those who are known.
    unauthenticated: DefaultDirectRateLimiter,
    forbidden: DefaultDirectRateLimiter,
}

impl Default for Refusals {
    fn default() -> Self {
        let (queue, waiting) = mpsc::channel(MOST_WAITING);
        Self {
            queue,
            waiting: Mutex::new(waiting),
            of_a_tenant: RateLimiter::keyed(Quota::per_minute(OF_A_TENANT)),
            unauthenticated: RateLimiter::direct(Quota::per_minute(OF_ALL)),
            forbidden: RateLimiter::direct(Quota::per_minute(OF_ALL)),
        }
    }
}

impl Refusals {
    /// Whether one more of the tenant may be recorded now.
    fn admit(&self, tenant: &TenantId, why: Refused) -> bool {
        if self.of_a_tenant.len() > MOST_COUNTED {
            self.of_a_tenant.retain_recent();
        }
        let of_all = match why {
            Refused::Unauthenticated => &self.unauthenticated,
            Refused::Forbidden => &self.forbidden,
        };
        self.of_a_tenant.check_key(tenant).is_ok() && of_all.check().is_ok()
    }

    /// Notes that `by` was refused something of `owner`; of very many refusals, some are only counted.
    pub(super) fn note(&self, by: Actor, owner: Owner, why: Refused) {
        let admitted = self.admit(owner.tenant(), why);
        if !(admitted && self.queue.try_send(Refusal { by, owner, why }).is_ok()) {
            not_recorded();
        }
    }

    /// Writes refusals into the audit as they come.
    pub(super) async fn record(&self, db: &Connection, clock: &dyn Clock) {
        let mut waiting = self.waiting.lock().await;
        while let Some(refusal) = waiting.recv().await {
            if let Err(error) = refusal.record(db, clock).await {
                tracing::debug!(%error, "a refusal cannot be recorded");
                not_recorded();
            }
        }
    }
}

impl Refusal {
    /// Records it in the audit of its tenant, if there is such a tenant: anybody can make names up.
    async fn record(self, db: &Connection, clock: &dyn Clock) -> Result<(), StoreError> {
        let Self { by, owner, why } = self;
        if tenant::find(db, owner.tenant()).await?.is_none() {
            return Ok(());
        }
        audit::insert_refusal(db, &by, &owner, why, clock.new_id()).await
    }
}

fn not_recorded() {
    if let Some(count) = NOT_RECORDED.count() {
        tracing::warn!(
            count,
            "refusals are not recorded in the audit: there are too many, or the database does not answer"
        );
    }
}

/// How many refusals were not recorded since the start.
pub fn refusals_not_recorded() -> u64 {
    NOT_RECORDED.total()
}
