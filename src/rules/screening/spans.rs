//! Sets of integers stored as ranges, with lookup by binary search.

/// Disjoint ranges in rising order, each from its start until before its stop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spans(Box<[(i64, i64)]>);

impl Spans {
    /// The union of `spans`, which may overlap; a span that stops before it starts is empty.
    pub(super) fn of(mut spans: Vec<(i64, i64)>) -> Self {
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
    pub(super) fn contain(&self, at: i64) -> bool {
        let behind = self.0.partition_point(|(start, _)| *start <= at);
        behind.checked_sub(1).is_some_and(|last| at < self.0[last].1)
    }

    /// Whether the set is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
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
    }
}
