//! A cached snapshot, or number list, with its lifetime. Times are measured since the start of the instance.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    ops::Deref,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// The end of a snapshot that is not outdated.
const NEVER: u64 = u64::MAX;
/// Pause between attempts to refresh a snapshot.
const AGAIN: Duration = Duration::from_secs(10);

/// A cached value.
pub struct Entry<T> {
    value: T,
    /// When it is too old to be used without loading it again, in milliseconds.
    aged: u64,
    /// When it is refreshed in the background, in milliseconds.
    refresh: AtomicU64,
    /// Until when it may be used although it is outdated, in milliseconds.
    until: AtomicU64,
}

impl<T> Entry<T> {
    /// The value of `key`, loaded at `now`. It is refreshed at `greatest_age`, or up to half of that earlier, so that
    /// what was loaded together is not refreshed together.
    pub(super) fn new(value: T, key: &impl Hash, now: Duration, greatest_age: Duration) -> Self {
        let spread = f64::from(RandomState::new().hash_one(key) as u32) / f64::from(u32::MAX);
        let refresh = now + greatest_age.mul_f64(0.5 + spread / 2.0);
        Self { value, aged: millis(now + greatest_age), refresh: millis(refresh).into(), until: NEVER.into() }
    }

    /// Whether it is neither outdated nor too old.
    pub(super) fn is_current(&self, now: Duration) -> bool {
        self.until.load(Ordering::Relaxed) == NEVER && millis(now) < self.aged
    }

    /// Whether a refresh is due; true only once, and again after a pause.
    pub(super) fn is_to_be_refreshed(&self, now: Duration) -> bool {
        let at = self.refresh.load(Ordering::Relaxed);
        let again = millis(now + AGAIN);
        millis(now) >= at && self.refresh.compare_exchange(at, again, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Marks it as outdated; it may be used until `until`. Only the first call has an effect.
    pub(super) fn outdate(&self, until: Duration) {
        self.until.fetch_min(millis(until), Ordering::Relaxed);
    }

    /// Whether it may be used if no newer one is available.
    pub(super) fn may_be_used(&self, now: Duration) -> bool {
        millis(now) < self.until.load(Ordering::Relaxed)
    }
}

impl<T> Deref for Entry<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(NEVER - 1).min(NEVER - 1)
}

#[cfg(test)]
mod tests {
    use super::{super::Snapshot, *};

    fn entry(greatest_age: u64) -> Entry<()> {
        Entry::new((), &"key", Duration::ZERO, seconds(greatest_age))
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_snapshot_is_refreshed_once_before_it_reaches_the_maximum_age() {
        for _ in 0..100 {
            let entry = entry(600);
            assert!(!entry.is_to_be_refreshed(seconds(299)));
            assert!(entry.is_to_be_refreshed(seconds(600)));
            assert!(!entry.is_to_be_refreshed(seconds(601)), "it is under way");
            assert!(entry.is_to_be_refreshed(seconds(610)), "it seems to have failed");
        }
        assert!(entry(600).is_current(seconds(599)));
        assert!(!entry(600).is_current(seconds(600)));
        assert!(entry(600).may_be_used(seconds(6000)), "nothing is known that would have changed it");
    }

    #[test]
    fn an_outdated_snapshot_may_be_used_until_the_staleness_after_the_first_change() {
        let entry = entry(600);
        entry.outdate(seconds(12));
        entry.outdate(seconds(14));
        assert!(!entry.is_current(seconds(10)));
        assert!(entry.may_be_used(seconds(11)));
        assert!(!entry.may_be_used(seconds(12)));
    }

    #[test]
    fn a_cached_snapshot_with_its_two_counts_of_references_is_no_larger_than_a_size_class_of_the_allocator() {
        assert!(size_of::<Entry<Snapshot>>() + 2 * size_of::<usize>() <= 192);
    }
}
