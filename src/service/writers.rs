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
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};

/// Maximum wait of a change for its predecessors; a client with slightly too many connections is only slowed down.
const WAIT: Duration = Duration::from_secs(1);
/// Maximum number of waiting changes of an actor, for each allowed concurrent one.
const QUEUE: usize = 16;
/// Number of actors from which idle ones are dropped.
const MANY: usize = 1000;

/// The permit of one change. If the change is given up, for example because its client disconnects, the database may
/// still execute a statement of it on its connection. So the permit is held until that statement is cancelled;
/// otherwise a client could occupy all connections by sending changes and disconnecting.
pub(super) struct Turn {
    permit: Option<OwnedSemaphorePermit>,
    time_to_cancel: Duration,
}

impl Turn {
    /// Releases the permit: the change is done.
    pub fn end(mut self) {
        self.permit.take();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (Some(permit), Ok(runtime)) = (self.permit.take(), Handle::try_current()) else { return };
        let time_to_cancel = self.time_to_cancel;
        runtime.spawn(async move {
            sleep(time_to_cancel).await;
            drop(permit);
        });
    }
}

/// The changes in progress, by actor.
pub(super) struct Writers {
    most: NonZeroU32,
    /// Maximum time for which the database still executes a statement of a change that was given up.
    time_to_cancel: Duration,
    turns: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Writers {
    /// Allows an actor `most` concurrent changes. One that is given up counts for `time_to_cancel` longer.
    pub fn of(most: NonZeroU32, time_to_cancel: Duration) -> Self {
        Self { most, time_to_cancel, turns: Mutex::default() }
    }

    /// The permit for a change by `by`, held until it is done; `None` for commands, which are not limited.
    ///
    /// # Errors
    /// `too_many_writes` if its predecessors take too long.
    pub async fn admit(&self, by: &Actor) -> Result<Option<Turn>, Failure> {
        if by.identity.kind == ActorKind::Command {
            return Ok(None);
        }
        let turns = self.turns(by);
        // Each waiter has a clone, and the map has one.
        if Arc::strong_count(&turns) > (self.most.get() as usize).saturating_mul(QUEUE).saturating_add(2) {
            return Err(self.refusal());
        }
        match timeout(WAIT, turns.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Some(Turn { permit: Some(permit), time_to_cancel: self.time_to_cancel })),
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

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_change_that_was_given_up_counts_until_its_statement_is_cancelled() {
        let time_to_cancel = Duration::from_millis(500);
        let writers = Writers::of(NonZeroU32::MIN, time_to_cancel);
        let mut by = Actor::command("test", "request");
        Arc::make_mut(&mut by.identity).kind = ActorKind::Token;
        let admit = async || writers.admit(&by).await.expect("a permit is free in time").expect("a token is limited");

        let started = Instant::now();
        admit().await.end();
        drop(admit().await);
        assert_eq!(started.elapsed(), Duration::ZERO);
        let turn = admit().await;
        assert!(started.elapsed() >= time_to_cancel);
        assert!(writers.admit(&by).await.is_err(), "the change goes on");
        turn.end();
    }
}
