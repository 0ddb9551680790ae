//! Lines of the log that many events could cause: the first is logged, the others are counted until the next line.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How often a line is logged at most.
const PAUSE: Duration = Duration::from_secs(10);

/// Events of one kind, of which not each is worth a line.
#[derive(Debug, Default)]
pub struct Throttle {
    total: AtomicU64,
    /// When a line was logged last, and how many events there were then.
    last: Mutex<Option<(Instant, u64)>>,
}

impl Throttle {
    /// One that counted nothing yet.
    pub const fn new() -> Self {
        Self { total: AtomicU64::new(0), last: Mutex::new(None) }
    }

    /// Counts an event. When it is time for a line: how many there were since the line before, this one included.
    pub fn count(&self) -> Option<u64> {
        let total = self.total.fetch_add(1, Ordering::Relaxed) + 1;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let told = match *last {
            Some((at, _)) if at.elapsed() < PAUSE => return None,
            Some((_, told)) => told,
            None => 0,
        };
        *last = Some((Instant::now(), total));
        Some(total.saturating_sub(told))
    }

    /// How many events there were.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_many_is_told_and_all_are_counted() {
        let throttle = Throttle::new();
        assert_eq!(throttle.count(), Some(1));
        assert_eq!((throttle.count(), throttle.count()), (None, None));
        assert_eq!(throttle.total(), 3);
        *throttle.last.lock().expect("no test panics with the lock") = None;
        assert_eq!(throttle.count(), Some(4));
    }
}
