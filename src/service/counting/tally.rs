//! The counts of calls to one user that are not stored yet.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use call_acceptance_api::{
    resource::decision::Reason,
    value::{
        name::UserId,
        owner::{GroupPath, UserPath},
    },
};
use jiff::Timestamp;

use crate::{rules::criteria::CriteriaKey, store::statistics::Calls};

/// Seconds of an hour.
const HOUR: i64 = 3600;

/// Counts calls to one user. A snapshot has one, which outlives it until its counts are stored.
pub struct Tally {
    /// One for all users of the group in memory.
    group: Arc<GroupPath>,
    user: UserId,
    /// Few: one for each reason and criteria that decided since the last flush. Without spare room, as there are as
    /// many tallies as users in memory.
    counts: Mutex<Box<[Count]>>,
}

/// The calls of an hour that were decided alike.
struct Count {
    hour: i64,
    reason: Reason,
    criteria: Option<CriteriaKey>,
    calls: i64,
    last_at: i64,
}

/// What counting a call has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// It is one more of a count.
    More,
    /// It is the first of a new count.
    New,
    /// It is the first of the first count, after none.
    First,
    /// Nothing: there was no room for a new count.
    Lost,
}

impl Tally {
    /// Nothing counted for the user of the group.
    pub fn of(group: Arc<GroupPath>, user: UserId) -> Self {
        Self { group, user, counts: Mutex::default() }
    }

    /// The group of the user.
    pub fn group(&self) -> &GroupPath {
        &self.group
    }

    /// The user's identifier in the group.
    pub fn user_id(&self) -> &UserId {
        &self.user
    }

    /// The user.
    pub fn user(&self) -> UserPath {
        self.group.user(self.user.clone())
    }

    /// Counts a call; a new count is made only if `may_grow` says so.
    pub(super) fn count(
        &self,
        reason: Reason,
        criteria: Option<CriteriaKey>,
        at: Timestamp,
        may_grow: impl FnOnce() -> bool,
    ) -> Counted {
        let (hour, last_at) = (at.as_second().div_euclid(HOUR), at.as_microsecond());
        let mut counts = self.counts();
        let same = |count: &&mut Count| count.hour == hour && count.reason == reason && count.criteria == criteria;
        // The present hour is at the end.
        if let Some(count) = counts.iter_mut().rev().find(same) {
            count.calls += 1;
            count.last_at = count.last_at.max(last_at);
            return Counted::More;
        }
        if !may_grow() {
            return Counted::Lost;
        }
        let more = Count { hour, reason, criteria, calls: 1, last_at };
        *counts = mem::take(&mut *counts).into_iter().chain([more]).collect();
        if counts.len() == 1 { Counted::First } else { Counted::New }
    }

    /// Takes the counts, to be stored.
    pub(super) fn take(&self) -> Vec<Calls> {
        let calls = |count: Count| Calls {
            user: self.user(),
            hour: count.hour,
            reason: count.reason,
            criteria: count.criteria,
            count: count.calls,
            last_at: count.last_at,
        };
        mem::take(&mut *self.counts()).into_iter().map(calls).collect()
    }

    fn counts(&self) -> MutexGuard<'_, Box<[Count]>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use call_acceptance_api::value::name::{GroupId, TenantId};

    use super::*;

    fn tally() -> Tally {
        let (tenant, group) =
            (TenantId::parse("t").expect("an identifier"), GroupId::parse("g").expect("an identifier"));
        Tally::of(Arc::new(GroupPath { tenant, group }), UserId::parse("u").expect("an identifier"))
    }

    fn key(position: i32) -> Option<CriteriaKey> {
        Some(CriteriaKey { revision: 7, position })
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn calls_are_counted_by_hour_reason_and_criteria() {
        let tally = tally();
        let count = |reason, criteria, time| tally.count(reason, criteria, at(time), || true);
        assert_eq!(count(Reason::CriteriaMatched, key(0), "1970-01-01T01:00:00Z"), Counted::First);
        assert_eq!(count(Reason::CriteriaMatched, key(0), "1970-01-01T01:59:59Z"), Counted::More);
        assert_eq!(count(Reason::CriteriaMatched, key(1), "1970-01-01T01:00:00Z"), Counted::New);
        assert_eq!(count(Reason::CriteriaMatched, key(0), "1970-01-01T02:00:00Z"), Counted::New);
        assert_eq!(count(Reason::RejectionCriteriaMatched, key(0), "1970-01-01T01:00:00Z"), Counted::New);
        assert_eq!(tally.count(Reason::Suspended, None, at("1970-01-01T01:00:00Z"), || false), Counted::Lost);
        let taken = tally.take();
        let counts: Vec<_> = taken.iter().map(|calls| (calls.hour, calls.criteria, calls.count)).collect();
        assert_eq!(counts, [(1, key(0), 2), (1, key(1), 1), (2, key(0), 1), (1, key(0), 1)]);
        assert_eq!(taken[0].last_at, 7_199_000_000);
        assert_eq!(tally.take(), []);
        assert_eq!(count(Reason::Suspended, None, "1970-01-01T01:00:00Z"), Counted::First);
    }

    #[test]
    fn no_call_is_lost_or_counted_twice_when_many_threads_count_while_they_are_taken() {
        let (tally, now) = (&tally(), at("2026-11-26T16:00:00Z"));
        let total = std::thread::scope(|scope| {
            let one_more = || tally.count(Reason::DoNotAccept, key(0), now, || true) != Counted::Lost;
            let count = move || (0..10_000).all(|_| one_more());
            let counting: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            let mut total = 0;
            while !counting.iter().all(|thread| thread.is_finished()) {
                total += tally.take().iter().map(|calls| calls.count).sum::<i64>();
            }
            total + tally.take().iter().map(|calls| calls.count).sum::<i64>()
        });
        assert_eq!(total, 40_000);
    }
}
