//! The replica of the database (`--read-database-url`), and whether it can be used. `read` says for what.
//!
//! A replica is used while it is known to be at most [`MAX_LAG`] behind. How far it is behind is measured by positions
//! in the log: what the primary had written at some time is known, and how far the replica has applied it. So it needs
//! neither clocks that agree nor writes at all times, and a replica that gets nothing any more is noticed.

use std::{
    collections::VecDeque,
    fmt::Display,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::store::{
    ConnectError, Connection,
    replica::{MAX_LAG, Position, applied, connect_later, written},
};

/// How often the replica is looked at, and how long that may take.
const PROBE: Duration = Duration::from_secs(1);
/// How long the replica is left alone after a failure.
const RETRY: Duration = Duration::from_secs(5);

/// The replica, and what is known of it.
pub struct Replica {
    url: String,
    connections: u32,
    started: Instant,
    state: Mutex<State>,
}

struct State {
    db: Connection,
    /// The replica has what the primary had acknowledged then.
    applied: Option<Instant>,
    /// It is left alone until then.
    retry: Option<Instant>,
    /// Whether it was used when the log last said so.
    used: Option<bool>,
}

impl State {
    fn is_due(&self) -> bool {
        self.retry.is_none_or(|retry| retry <= Instant::now())
    }

    fn is_usable(&self) -> bool {
        self.is_due() && self.applied.is_some_and(|applied| applied.elapsed() <= MAX_LAG)
    }
}

impl Replica {
    /// The replica at `url`, which need not respond, with at most so many connections.
    ///
    /// # Errors
    /// If the URL cannot be read.
    pub fn of(url: &str, connections: u32) -> Result<Self, ConnectError> {
        let db = connect_later(url, connections)?;
        let state = Mutex::new(State { db, applied: None, retry: None, used: None });
        Ok(Self { url: url.to_owned(), connections, started: Instant::now(), state })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The replica, if it may be used now.
    pub(super) fn usable(&self) -> Option<Connection> {
        let state = self.state();
        state.is_usable().then(|| state.db.clone())
    }

    /// How far it is behind at most.
    pub(super) fn lag(&self) -> Duration {
        self.state().applied.unwrap_or(self.started).elapsed()
    }

    /// Leaves the replica alone for a while. Its connections may wait for ever: they are given up.
    pub(super) fn fail(&self, cause: &dyn Display) {
        let fresh = connect_later(&self.url, self.connections);
        let mut state = self.state();
        state.retry = Some(Instant::now() + RETRY);
        if let Ok(fresh) = fresh {
            state.db = fresh;
        }
        if state.used.replace(false) != Some(false) {
            tracing::warn!(%cause, "the replica is not used until it responds again");
        }
    }

    /// Notes that the replica has what was acknowledged at `applied`.
    fn note(&self, applied: Option<Instant>) {
        let mut state = self.state();
        state.applied = applied.or(state.applied);
        let usable = state.is_usable();
        match (state.used.replace(usable), usable) {
            (Some(false) | None, true) => tracing::info!("the replica is used for reads"),
            (Some(true), false) => tracing::warn!(limit = ?MAX_LAG, "the replica is not used, it is too far behind"),
            _ => {}
        }
    }

    /// Looks at the replica periodically.
    pub(super) async fn watch(&self, primary: &Connection) {
        let mut log = Log::default();
        let mut each = interval(PROBE);
        each.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            each.tick().await;
            self.probe(primary, &mut log).await;
        }
    }

    async fn probe(&self, primary: &Connection, log: &mut Log) {
        let now = Instant::now();
        if let Ok(Ok(position)) = timeout(PROBE, written(primary)).await {
            log.add(now, position);
        }
        let db = {
            let state = self.state();
            state.is_due().then(|| state.db.clone())
        };
        let Some(db) = db else { return };
        match timeout(PROBE, applied(&db)).await {
            Ok(Ok(Some(position))) => match log.time_of(&position) {
                Ok(time) => self.note(time),
                Err(other) => self.fail(&other),
            },
            Ok(Ok(None)) => self.fail(&"it is no standby"),
            Ok(Err(error)) => self.fail(&error),
            Err(_) => self.fail(&format!("no response within {PROBE:?}")),
        }
    }
}

/// How far the primary had written its log, and when.
#[derive(Debug, Default)]
struct Log {
    database: String,
    written: VecDeque<(Instant, i64)>,
}

impl Log {
    /// Longer ago than the limit, what was written does not matter.
    const MAX_LENGTH: usize = 2 * (MAX_LAG.as_secs() / PROBE.as_secs()) as usize;

    fn add(&mut self, at: Instant, position: Position) {
        if self.database != position.database {
            self.written.clear();
        }
        self.database = position.database;
        self.written.push_back((at, position.bytes));
        if self.written.len() > Self::MAX_LENGTH {
            self.written.pop_front();
        }
    }

    /// The latest known time at which nothing was acknowledged beyond this position.
    ///
    /// # Errors
    /// The position is in the log of another database.
    fn time_of(&self, position: &Position) -> Result<Option<Instant>, &'static str> {
        if !self.written.is_empty() && self.database != position.database {
            return Err("it is a copy of another database");
        }
        Ok(self.written.iter().rev().find(|(_, bytes)| *bytes <= position.bytes).map(|(at, _)| *at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(bytes: i64) -> Position {
        Position { database: "7/acceptance".to_owned(), bytes }
    }

    #[test]
    fn a_replica_is_as_old_as_the_newest_position_that_it_has_reached() {
        let mut log = Log::default();
        assert_eq!(log.time_of(&position(100)), Ok(None), "nothing is known of the primary");
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        for (second, bytes) in [(0, 100), (1, 200), (2, 200), (3, 300)] {
            log.add(at(second), position(bytes));
        }
        for (bytes, second) in [(99, None), (100, Some(0)), (250, Some(2)), (300, Some(3)), (999, Some(3))] {
            assert_eq!(log.time_of(&position(bytes)), Ok(second.map(at)), "{bytes}");
        }
        let other = Position { database: "8/acceptance".to_owned(), bytes: 300 };
        assert!(log.time_of(&other).is_err());
    }

    #[test]
    fn the_log_of_positions_is_bounded() {
        let mut log = Log::default();
        (0..1000).for_each(|bytes| log.add(Instant::now(), position(bytes)));
        assert_eq!(log.written.len(), Log::MAX_LENGTH);
    }
}
