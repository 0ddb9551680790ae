//! Time and identifiers, injected so that tests are reproducible. Nothing else asks the system for either.

use jiff::Timestamp;
use uuid::Uuid;

/// Where the time and new identifiers come from.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
    /// An identifier that was not there before.
    fn new_id(&self) -> Uuid;
}

/// The system's clock, and identifiers that rise with it (UUID version 7).
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}
