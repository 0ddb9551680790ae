//! Which idle connections are tested before they are used.
//!
//! A test costs a round trip, which doubles the time of a request with one statement. So a connection is tested if it
//! was idle for a while, and after a failure of the database: one that restarts closes all connections, and each of
//! them would fail a request.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Idle time after which a connection is tested in any case, since the database may have closed it.
const TEST_AFTER: Duration = Duration::from_secs(1);

/// The start of [`FAILED`].
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
/// When a statement last failed because the database was unavailable, in microseconds.
static FAILED: AtomicU64 = AtomicU64::new(0);

/// Has all connections tested that are idle now.
pub(super) fn distrust() {
    FAILED.store(microseconds(STARTED.elapsed()), Ordering::Relaxed);
}

/// Whether a connection that was not used for `idle` is to be tested.
pub(super) fn is_tested(idle: Duration) -> bool {
    let used = microseconds(STARTED.elapsed().saturating_sub(idle));
    idle >= TEST_AFTER || used <= FAILED.load(Ordering::Relaxed)
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
