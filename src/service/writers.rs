//! How many changes whoever sends them may have under way at once, so that one client leaves connections and locks to
//! the others.

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

/// How long a change waits for those before it; a client with a few connections too many is only slowed down.
const WAIT: Duration = Duration::from_secs(1);
/// How many changes of one actor wait at most, for each that may be under way.
const QUEUE: usize = 16;
/// From how many actors on those that change nothing any longer are forgotten.
const MANY: usize = 1000;

/// The changes that are under way, by who sends them.
pub(super) struct Writers {
    most: NonZeroU32,
    turns: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Writers {
    /// None are under way at first; an actor may have `most` of them.
    pub fn of(most: NonZeroU32) -> Self {
        Self { most, turns: Mutex::default() }
    }

    /// The turn of a change by `by`, held until it is done; none for commands, which have the server for themselves.
    ///
    /// # Errors
    /// `too_many_writes`, when those before it take too long.
    pub async fn admit(&self, by: &Actor) -> Result<Option<OwnedSemaphorePermit>, Failure> {
        if by.identity.kind == ActorKind::Command {
            return Ok(None);
        }
        let turns = self.turns(by);
        // Whoever waits has a clone; the map has one too.
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
            "As many changes of this token are under way as may be at once, {}; send the next when one is answered.",
            self.most
        );
        Failure::Refused(Refusal { retry_after: Some(1), ..Refusal::new(ProblemCode::TooManyWrites, detail) })
    }
}
