//! The clock and the source of identifiers, injected so that tests are reproducible. No other code asks the system for
//! either.

use jiff::Timestamp;
use uuid::Uuid;

/// Source of the current time and of new identifiers.
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
    /// A new unique identifier.
    fn new_id(&self) -> Uuid;
}

/// The system's clock, with identifiers in order of time (UUID version 7).
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
