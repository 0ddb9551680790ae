//! Calls to numbers that no user has: they are accepted without a question to any criteria, and many of them are how a
//! wrong set-up looks. So the log says that there are some, but not of each one.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// The least time from one line of the log to the next.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// The calls that the log has not told of yet.
#[derive(Debug, Default)]
pub struct UnknownNumbers(Mutex<Untold>);

#[derive(Debug, Default)]
struct Untold {
    calls: u64,
    told_at: Option<Timestamp>,
}

impl UnknownNumbers {
    /// Notes a call at `now`, and logs how many there were since the last line when that is a minute ago.
    pub fn note(&self, now: Timestamp) {
        if let Some(calls) = self.due(now) {
            tracing::warn!(
                calls,
                "called numbers belong to no user: the calls are accepted unscreened. Are the numbers those of the \
                users, \
                 and is the region of the node right?"
            );
        }
    }

    /// The number of calls since the last line, with that at `now`, when a line is due.
    fn due(&self, now: Timestamp) -> Option<u64> {
        let mut untold = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        untold.calls += 1;
        // A clock that was set back is no reason to be silent.
        let is_due = untold.told_at.is_none_or(|told_at| !(told_at..told_at + PAUSE).contains(&now));
        is_due.then(|| {
            untold.told_at = Some(now);
            std::mem::take(&mut untold.calls)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_of_unknown_numbers_at_most_once_a_minute() {
        let unknown = UnknownNumbers::default();
        let due = |second| unknown.due(Timestamp::from_second(second).expect("an instant"));
        assert_eq!(
            [1000, 1001, 1059, 1060, 1061, 1200, 100].map(due),
            [Some(1), None, None, Some(3), None, Some(2), Some(1)]
        );
    }
}
