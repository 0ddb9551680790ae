//! Statistics of users, groups and tenants.

use std::collections::HashMap;

use async_trait::async_trait;
use call_acceptance_api::{
    resource::{
        decision::{Reason, Verdict},
        statistics::{
            CallStatistics, CriteriaCount, Interval, MAX_ENTRIES, ReasonCount, SeriesEntry, Statistics, StatisticsQuery,
        },
        user_service::ServiceName,
    },
    value::{owner::Owner, time::Instant},
    wire::problem::{Failure, Fault},
};
use jiff::Timestamp;

use super::{owner::check_owner, server::Server};
use crate::{
    rules::criteria::CriteriaKey,
    store::statistics::{self, IntervalCount, Present, Wanted},
};

/// The default length of what is read, in microseconds.
const DEFAULT: i64 = 30 * Interval::Day.microseconds();

/// The whole intervals that statistics are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Period {
    interval: Interval,
    /// The start of the first one, in microseconds since 1970.
    from: i64,
    /// The end of the last one.
    to: i64,
}

impl Period {
    /// The intervals of the query at `now`.
    ///
    /// # Errors
    /// `from` is not before `to`, or there are too many intervals.
    fn of(query: &StatisticsQuery, now: Timestamp) -> Result<Self, Failure> {
        let microsecond = |instant: &Instant| instant.timestamp().as_microsecond();
        let to = query.to.as_ref().map_or(now.as_microsecond(), microsecond);
        let from = query.from.as_ref().map_or(to.saturating_sub(DEFAULT), microsecond);
        let fault = |detail: String| Failure::invalid(vec![Fault::of_parameter("from", detail)]);
        if from >= to {
            return Err(fault("`from` must be before `to`, which is now unless it is given.".to_owned()));
        }
        let length = query.interval.microseconds();
        let (from, to) = (from - from.rem_euclid(length), to + (-to).rem_euclid(length));
        let entries = (to - from) / length;
        if entries > MAX_ENTRIES {
            let detail = format!(
                "From `from` to `to` the series would have {entries} entries; it has at most {MAX_ENTRIES}. Choose a \
                 `from` that is nearer to `to`, or the interval `day`."
            );
            return Err(fault(detail));
        }
        Ok(Self { interval: query.interval, from, to })
    }

    /// An entry without calls for each interval.
    fn series(self) -> Vec<SeriesEntry> {
        let length = self.interval.microseconds();
        let starts = (0..(self.to - self.from) / length).map(|at| self.from + at * length);
        let entry = |start| SeriesEntry { start: instant(start), accepted: 0, rejected: 0 };
        starts.map(entry).collect()
    }
}

fn instant(microseconds: i64) -> Instant {
    Instant::of(Timestamp::from_microsecond(microseconds).unwrap_or_default())
}

/// The statistics of what was counted in the period.
fn summary(period: Period, counts: &[IntervalCount], criteria: Vec<CriteriaCount>) -> Statistics {
    let (mut series, mut by_reason) = (period.series(), [0; Reason::ALL.len()]);
    let (mut accepted, mut rejected) = (0, 0);
    for IntervalCount { started_at, reason, calls } in counts {
        let place = usize::try_from((started_at - period.from) / period.interval.microseconds()).ok();
        let Some(entry) = place.and_then(|place| series.get_mut(place)) else { continue };
        by_reason[*reason as usize] += calls;
        let (total, of_entry) = match reason.verdict() {
            Verdict::Accept => (&mut accepted, &mut entry.accepted),
            Verdict::Reject => (&mut rejected, &mut entry.rejected),
        };
        *total += calls;
        *of_entry += calls;
    }
    let reasons = Reason::ALL.into_iter().zip(by_reason).filter(|(_, count)| *count > 0);
    let reasons = reasons.map(|(reason, count)| ReasonCount { reason, count }).collect();
    Statistics { accepted, rejected, reasons, criteria, series }
}

/// What each of the `present` criteria has decided, also if it is nothing.
fn criteria_counts(present: Vec<Present>, counts: &[statistics::CriteriaCount]) -> Vec<CriteriaCount> {
    // A criteria has two reasons if what it does was changed.
    let mut decided: HashMap<(ServiceName, CriteriaKey), (i64, i64)> = HashMap::new();
    for count in counts {
        if let Some(service) = count.reason.service() {
            let (matched, last) = decided.entry((service, count.criteria)).or_insert((0, i64::MIN));
            (*matched, *last) = (*matched + count.calls, Ord::max(*last, count.last_at));
        }
    }
    let count = |Present { service, key, name }: Present| {
        let (matched, last_at) = decided.get(&(service, key)).copied().unzip();
        let last_matched_at = last_at.map(instant);
        CriteriaCount { service, criteria: name, matched: matched.unwrap_or_default(), last_matched_at }
    };
    present.into_iter().map(count).collect()
}

#[async_trait]
impl CallStatistics for Server {
    async fn view(&self, owner: Owner, query: StatisticsQuery) -> Result<Statistics, Failure> {
        let period = Period::of(&query, self.clock.now())?;
        let wanted = &Wanted { owner: &owner, interval: period.interval, from: period.from, to: period.to };
        let read = self.read(|db| async move {
            check_owner(&db, wanted.owner).await?;
            let present = match wanted.owner {
                Owner::User(user) => statistics::present(&db, user).await?,
                Owner::Group(_) | Owner::Tenant(_) => Vec::new(),
            };
            Ok((present, statistics::read(&db, wanted).await?))
        });
        let (mut present, counted) = read.await?;
        // Sorting is stable: those of a service stay in the order of their creation.
        present.sort_by_key(|criteria| ServiceName::ALL.into_iter().position(|service| service == criteria.service));
        Ok(summary(period, &counted.by_interval, criteria_counts(present, &counted.by_criteria)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(from: &str, to: &str, interval: Interval) -> StatisticsQuery {
        let instant = |text: &str| (!text.is_empty()).then(|| Instant::parse(text).expect("an instant"));
        StatisticsQuery { from: instant(from), to: instant(to), interval }
    }

    fn starts(query: &StatisticsQuery) -> Option<(usize, String, String)> {
        let now = "2026-11-26T16:05:00Z".parse().expect("an instant");
        let series = Period::of(query, now).ok()?.series();
        let [first, last] = [series.first(), series.last()].map(|entry| entry.expect("an entry").start.to_string());
        Some((series.len(), first, last))
    }

    #[test]
    fn a_series_is_of_whole_intervals() {
        for (from, to, interval, entries, first, last) in [
            ("", "", Interval::Day, 31, "2026-10-27T00:00:00Z", "2026-11-26T00:00:00Z"),
            ("", "2026-03-03T00:00:00Z", Interval::Day, 30, "2026-02-01T00:00:00Z", "2026-03-02T00:00:00Z"),
            ("2026-11-26T14:00:00Z", "", Interval::Hour, 3, "2026-11-26T14:00:00Z", "2026-11-26T16:00:00Z"),
            (
                "2026-03-29T00:30:00+01:00",
                "2026-03-29T00:00:00Z",
                Interval::Hour,
                1,
                "2026-03-28T23:00:00Z",
                "2026-03-28T23:00:00Z",
            ),
            (
                "1969-12-31T23:59:59Z",
                "1970-01-01T00:00:01Z",
                Interval::Day,
                2,
                "1969-12-31T00:00:00Z",
                "1970-01-01T00:00:00Z",
            ),
        ] {
            let expected = Some((entries, first.to_owned(), last.to_owned()));
            assert_eq!(starts(&query(from, to, interval)), expected, "{from} {to}");
        }
    }

    #[test]
    fn a_series_is_neither_empty_nor_too_long() {
        for (from, to, interval) in [
            ("2026-11-26T16:05:00Z", "", Interval::Day),
            ("2026-11-27T00:00:00Z", "2026-11-26T00:00:00Z", Interval::Hour),
            ("0001-01-01T00:00:00Z", "9998-12-31T23:59:59Z", Interval::Hour),
            ("2026-01-01T00:00:00Z", "2026-03-04T12:00:01Z", Interval::Hour),
        ] {
            assert_eq!(starts(&query(from, to, interval)), None, "{from} {to}");
        }
        let longest = query("2026-01-01T00:00:00Z", "2026-03-04T12:00:00Z", Interval::Hour);
        assert_eq!(starts(&longest).map(|(entries, ..)| entries), Some(1500));
    }
}
