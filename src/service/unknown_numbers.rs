//! Calls to numbers without a user. They are accepted without screening, and many of them indicate a wrong
//! configuration, so they are logged, at a limited rate.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Minimum time between log lines.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// The calls since the last log line.
#[derive(Debug, Default)]
pub struct UnknownNumbers(Mutex<Unlogged>);

#[derive(Debug, Default)]
struct Unlogged {
    calls: u64,
    logged_at: Option<Timestamp>,
}

impl UnknownNumbers {
    /// Counts a call at `now`, and logs the number of calls if the last line is a minute old.
    pub fn note(&self, now: Timestamp) {
        if let Some(calls) = self.due(now) {
            tracing::warn!(
                calls,
                "called numbers belong to no user: the calls are accepted unscreened. Check the phone numbers of the \
                 users and the region of the node."
            );
        }
    }

    /// The number of calls since the last line, including this one, if a line is due.
    fn due(&self, now: Timestamp) -> Option<u64> {
        let mut unlogged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unlogged.calls += 1;
        // If the clock was set back, a line is due.
        let is_due = unlogged.logged_at.is_none_or(|logged_at| !(logged_at..logged_at + PAUSE).contains(&now));
        is_due.then(|| {
            unlogged.logged_at = Some(now);
            std::mem::take(&mut unlogged.calls)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_numbers_are_logged_at_most_once_a_minute() {
        let unknown = UnknownNumbers::default();
        let due = |second| unknown.due(Timestamp::from_second(second).expect("an instant"));
        assert_eq!(
            [1000, 1001, 1059, 1060, 1061, 1200, 100].map(due),
            [Some(1), None, None, Some(3), None, Some(2), Some(1)]
        );
    }
}
