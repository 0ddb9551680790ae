//! Limits the concurrent changes of an actor, so that no client takes all connections and locks.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use call_acceptance_api::{
    access::{Actor, ActorKind},
    wire::problem::{Failure, ProblemCode, Refusal},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Maximum wait of a change for its predecessors; a client with slightly too many connections is only slowed down.
const WAIT: Duration = Duration::from_secs(1);
/// Maximum number of waiting changes of an actor, for each allowed concurrent one.
const QUEUE: usize = 16;
/// Number of actors from which idle ones are dropped.
const MANY: usize = 1000;

/// The changes in progress, by actor.
pub(super) struct Writers {
    most: NonZeroU32,
    turns: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Writers {
    /// No changes in progress; an actor may have `most`.
    pub fn of(most: NonZeroU32) -> Self {
        Self { most, turns: Mutex::default() }
    }

    /// The permit for a change by `by`, held until it is done; `None` for commands, which are not limited.
    ///
    /// # Errors
    /// `too_many_writes` if the predecessors take too long.
    pub async fn admit(&self, by: &Actor) -> Result<Option<OwnedSemaphorePermit>, Failure> {
        if by.identity.kind == ActorKind::Command {
            return Ok(None);
        }
        let turns = self.turns(by);
        // Each waiter has a clone, and the map has one.
        if Arc::strong_count(&turns) > (self.most.get() as usize).saturating_mul(QUEUE).saturating_add(2) {
            return Err(self.refusal());
        }
        match timeout(WAIT, turns.acquire_owned()).await {
            Ok(Ok(turn)) => Ok(Some(turn)),
            Ok(Err(closed)) => Err(Failure::Internal(Box::new(closed))),
            Err(_) => Err(self.refusal()),
        }
    }

    fn turns(&self, by: &Actor) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= MANY {
            turns.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        let key = format!("{} {}", by.identity.kind.as_str(), by.identity.actor);
        turns.entry(key).or_insert_with(|| Arc::new(Semaphore::new(self.most.get() as usize))).clone()
    }

    fn refusal(&self) -> Failure {
        let detail = format!(
            "This token has the maximum of {} changes in progress; send the next when one of them is done.",
            self.most
        );
        Failure::Refused(Refusal { retry_after: Some(1), ..Refusal::new(ProblemCode::TooManyWrites, detail) })
    }
}
