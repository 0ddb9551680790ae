//! Sets of integers stored as ranges, with lookup by binary search.

/// Disjoint ranges in rising order, each from its start until before its stop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::rules) struct Spans(Box<[(i64, i64)]>);

impl Spans {
    /// The union of `spans`, which may overlap; a span that stops before it starts is empty.
    pub(in crate::rules) fn of(mut spans: Vec<(i64, i64)>) -> Self {
        spans.retain(|(start, stop)| start < stop);
        spans.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
        for (start, stop) in spans {
            match joined.last_mut() {
                Some((_, end)) if start <= *end => *end = stop.max(*end),
                _ => joined.push((start, stop)),
            }
        }
        Self(joined.into())
    }

    /// Whether the set contains `at`.
    pub(in crate::rules) fn contain(&self, at: i64) -> bool {
        let behind = self.0.partition_point(|(start, _)| *start <= at);
        behind.checked_sub(1).is_some_and(|last| at < self.0[last].1)
    }

    /// Whether the set is empty.
    pub(in crate::rules) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges, in rising order.
    pub(in crate::rules) fn ranges(&self) -> &[(i64, i64)] {
        &self.0
    }

    /// The ranges that touch those from `start` until before `stop`.
    pub(in crate::rules) fn within(&self, start: i64, stop: i64) -> &[(i64, i64)] {
        let first = self.0.partition_point(|(_, end)| *end <= start);
        let behind = self.0.partition_point(|(begin, _)| *begin < stop);
        &self.0[first..behind.max(first)]
    }

    /// What is in both sets.
    pub(in crate::rules) fn intersection(&self, other: &Self) -> Self {
        let (mut mine, mut others, mut both) = (self.0.iter().peekable(), other.0.iter().peekable(), Vec::new());
        while let (Some((start, stop)), Some((from, until))) = (mine.peek(), others.peek()) {
            both.push((*start.max(from), *stop.min(until)));
            if stop <= until {
                mine.next()
            } else {
                others.next()
            };
        }
        Self::of(both)
    }

    /// Whether all that is in this set is in the other.
    pub(in crate::rules) fn is_within(&self, other: &Self) -> bool {
        let holder = |start: i64| other.0.partition_point(|(from, _)| *from <= start).checked_sub(1);
        self.0.iter().all(|(start, stop)| holder(*start).is_some_and(|at| *stop <= other.0[at].1))
    }

    /// How many integers are in the set.
    pub(in crate::rules) fn total(&self) -> i64 {
        self.0.iter().map(|(start, stop)| stop - start).sum()
    }

    /// Heap memory in bytes.
    pub(super) fn weight(&self) -> usize {
        size_of_val(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn spans_contain_what_is_in_one_of_them(spans in vec((0..50_i64, 0..50_i64), 0..8)) {
            let set = Spans::of(spans.clone());
            for at in -1..=51 {
                let expected = spans.iter().any(|(start, stop)| (*start..*stop).contains(&at));
                prop_assert_eq!(set.contain(at), expected, "{} in {:?}", at, spans);
            }
        }

        #[test]
        fn sets_are_compared_as_those_of_their_integers(
            one in vec((0..50_i64, 0..50_i64), 0..6),
            other in vec((0..50_i64, 0..50_i64), 0..6),
        ) {
            let (one, other) = (Spans::of(one), Spans::of(other));
            let both = one.intersection(&other);
            let of = |set: &Spans| (-1..=51).filter(|at| set.contain(*at)).collect::<Vec<_>>();
            let expected: Vec<i64> = of(&one).into_iter().filter(|at| other.contain(*at)).collect();
            prop_assert_eq!(of(&both), &*expected);
            prop_assert_eq!(both.total(), i64::try_from(expected.len()).expect("a small number"));
            prop_assert_eq!(one.is_within(&other), expected.len() == of(&one).len());
            let touching: Vec<_> = one.ranges().iter().filter(|(start, stop)| *start < 30 && *stop > 20).collect();
            prop_assert_eq!(one.within(20, 30).iter().collect::<Vec<_>>(), touching);
        }
    }
}
