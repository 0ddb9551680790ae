//! Rate limit for log lines: the first event is logged, further ones are counted until the next line.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Minimum time between lines.
const PAUSE: Duration = Duration::from_secs(10);

/// Limits the log lines of one kind of event.
#[derive(Debug, Default)]
pub struct Throttle {
    total: AtomicU64,
    /// Time of the last line, and the number of events at that time.
    last: Mutex<Option<(Instant, u64)>>,
}

impl Throttle {
    /// A throttle without events.
    pub const fn new() -> Self {
        Self { total: AtomicU64::new(0), last: Mutex::new(None) }
    }

    /// Counts an event. If a line is due, returns the number of events since the previous line, including this one.
    pub fn count(&self) -> Option<u64> {
        let total = self.total.fetch_add(1, Ordering::Relaxed) + 1;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let logged = match *last {
            Some((at, _)) if at.elapsed() < PAUSE => return None,
            Some((_, logged)) => logged,
            None => 0,
        };
        *last = Some((Instant::now(), total));
        Some(total.saturating_sub(logged))
    }

    /// The total number of events.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_event_is_logged_and_all_are_counted() {
        let throttle = Throttle::new();
        assert_eq!(throttle.count(), Some(1));
        assert_eq!((throttle.count(), throttle.count()), (None, None));
        assert_eq!(throttle.total(), 3);
        *throttle.last.lock().expect("no test panics with the lock") = None;
        assert_eq!(throttle.count(), Some(4));
    }
}
