//! When criteria are in effect, over the coming two years.
//!
//! Ranges are in microseconds since 1970. They are computed by walking the days once for each schedule.

use call_acceptance_api::{resource::user_service::ServiceName, value::recurrence::Day};
use jiff::{SignedDuration, Timestamp, tz};

use super::{
    reach::{Asked, State},
    rule::{Rule, Rules},
    set::RuleSet,
};
use crate::rules::screening::{schedule::Schedule, spans::Spans};

/// How far ahead schedules are looked at, in days: two years.
pub(super) const DAYS: i32 = 731;
/// Ranges of all schedules, beyond which nothing is said about times.
const MOST_RANGES: usize = 100_000;
/// Begins and ends of criteria, beyond which nothing is said about times.
const MOST_EDGES: usize = 200_000;

const MINUTE: i64 = 60_000_000;

/// When the criteria of a user are in effect.
pub(super) struct Calendar {
    /// The time that is looked at.
    pub(super) horizon: Spans,
    /// When each schedule applies.
    pub(super) schedules: Vec<Spans>,
    /// When each criteria is in its validity.
    valid: Vec<Spans>,
    /// When each criteria is in its validity and its schedules.
    pub(super) effect: Vec<Spans>,
}

/// A time in which nothing changes, in microseconds.
pub(super) struct Stretch {
    pub(super) start: i64,
    pub(super) stop: i64,
    pub(super) state: State,
}

impl Calendar {
    /// The two years from `at`. `None` for schedules of so many ranges that it would take long.
    pub(super) fn of(rules: &Rules<'_>, zone: &tz::TimeZone, at: Timestamp) -> Option<Self> {
        let end = at.checked_add(SignedDuration::from_hours(24 * i64::from(DAYS))).unwrap_or(Timestamp::MAX);
        let offsets = Offsets::of(zone, at, end);
        let mut left = MOST_RANGES;
        let mut windows = |schedule: &Schedule| {
            let found = offsets.windows(schedule, zone, left)?;
            left = left.checked_sub(found.ranges().len())?;
            Some(found)
        };
        let schedules = rules.schedules.iter().map(&mut windows).collect::<Option<Vec<_>>>()?;
        let horizon = Spans::of(vec![(at.as_microsecond(), end.as_microsecond())]);
        let valid = |rule: &Rule<'_>| Spans::of(vec![rule.validity()]).intersection(&horizon);
        let valid: Vec<_> = rules.all.iter().map(valid).collect();
        let mut edges = 0;
        let mut effect = Vec::with_capacity(valid.len());
        for (rule, valid) in rules.all.iter().zip(&valid) {
            let links = [rule.time, rule.holiday].into_iter().flatten();
            effect.push(links.fold(valid.clone(), |both, at| both.intersection(&schedules[at])));
            edges += effect.last().map_or(0, |spans| spans.ranges().len());
            if edges > MOST_EDGES {
                return None;
            }
        }
        Some(Self { horizon, schedules, valid, effect })
    }

    /// The stretches of time in which nothing changes, in order; no service is suspended.
    pub(super) fn stretches(&self, rules: &Rules<'_>) -> Vec<Stretch> {
        let (start, end) = self.horizon.ranges().first().copied().unwrap_or_default();
        let mut edges = self.edges(rules);
        edges.sort_unstable_by_key(|edge| edge.at);
        let (mut effect, mut valid) = (RuleSet::default(), 0_i32);
        let (mut stretches, mut from) = (Vec::new(), start);
        let mut edges = edges.into_iter().peekable();
        while from < end {
            while let Some(edge) = edges.next_if(|edge| edge.at <= from) {
                match edge.rule {
                    Some(rule) => effect.put(rule, edge.begins),
                    None => valid += if edge.begins { 1 } else { -1 },
                }
            }
            let stop = edges.peek().map_or(end, |edge| edge.at);
            let state = State { asked: Asked::ALL, effect, is_any_valid: valid > 0 };
            stretches.push(Stretch { start: from, stop, state });
            from = stop;
        }
        stretches
    }

    fn edges(&self, rules: &Rules<'_>) -> Vec<Edge> {
        let of = |rule: Option<usize>, spans: &Spans| -> Vec<Edge> {
            let both = |(start, stop): &(i64, i64)| {
                [Edge { at: *start, rule, begins: true }, Edge { at: *stop, rule, begins: false }]
            };
            spans.ranges().iter().flat_map(both).collect()
        };
        let effect = self.effect.iter().enumerate().flat_map(|(at, spans)| of(Some(at), spans));
        let of_acceptance = |rule: &Rule<'_>| rule.service == ServiceName::SelectiveCallAcceptance;
        let valid = rules.all.iter().zip(&self.valid).filter(|(rule, _)| of_acceptance(rule));
        effect.chain(valid.flat_map(|(_, spans)| of(None, spans))).collect()
    }
}

/// A begin or an end of the effect of a criteria, or of the validity of any.
struct Edge {
    at: i64,
    rule: Option<usize>,
    begins: bool,
}

/// The offsets of a zone from UTC, in order; each from an instant until another.
struct Offsets(Vec<(Timestamp, Timestamp, tz::Offset)>);

impl Offsets {
    fn of(zone: &tz::TimeZone, start: Timestamp, end: Timestamp) -> Self {
        let changes = zone.following(start).map(|change| change.timestamp()).take_while(|change| *change < end);
        let mut starts = vec![start];
        starts.extend(changes.filter(|change| *change > start));
        let stops = starts.iter().skip(1).copied().chain([end]);
        Self(starts.iter().zip(stops).map(|(from, until)| (*from, until, zone.to_offset(*from))).collect())
    }

    /// When the schedule applies, by the local times of its periods; `None` beyond `most` ranges.
    fn windows(&self, schedule: &Schedule, zone: &tz::TimeZone, most: usize) -> Option<Spans> {
        let (first, last) = (self.0.first()?.0, self.0.last()?.1);
        let first = Day::of(zone.to_datetime(first).date()).yesterday();
        let last = Day::of(zone.to_datetime(last).date()).number;
        let minutes = schedule.minutes(first, last, most)?;
        let of_offset = |(from, until, offset): &(Timestamp, Timestamp, tz::Offset)| {
            let (from, until) = (from.as_microsecond(), until.as_microsecond());
            let ahead = i64::from(offset.seconds()) * 1_000_000;
            let local = |instant: i64| (instant + ahead).div_euclid(MINUTE);
            let moved = move |(start, stop): &(i64, i64)| {
                ((start * MINUTE - ahead).max(from), (stop * MINUTE - ahead).min(until))
            };
            minutes.within(local(from), local(until) + 1).iter().map(moved).collect::<Vec<_>>()
        };
        Some(Spans::of(self.0.iter().flat_map(of_offset).collect()))
    }
}
