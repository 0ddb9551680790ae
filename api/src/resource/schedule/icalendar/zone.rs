//! The time zones of a calendar. A schedule uses its user's local time, so a part of a day in another zone can be kept
//! only if the local times of both zones are the same.

use std::collections::HashMap;

use jiff::{Timestamp, civil, tz};

use super::{
    component::{Calendar, Component, Described},
    rule::{Budget, Exhausted},
    windows,
};

/// Maximum number of zones per calendar that are evaluated; each takes some hundred microseconds.
const MAX_ZONES: usize = 100;
/// Cost of comparing two zones, in days.
const COST_OF_A_ZONE: usize = 20_000;
/// Zones are compared up to this day; afterwards their rules are assumed to stay the same.
const LAST_COMPARED: civil::Date = civil::date(2100, 1, 1);

/// The clock that a time refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Clock {
    /// The local time of the reader.
    Local,
    /// The zone at this index of [`Zones`].
    Zone(usize),
}

/// The time zones of a calendar's times.
pub(super) struct Zones<'a> {
    owner: &'a tz::TimeZone,
    described: HashMap<&'a str, &'a Described>,
    /// The zone of `X-WR-TIMEZONE`, in which times in UTC are displayed.
    shown_in: Option<usize>,
    places: HashMap<String, usize>,
    zones: Vec<Zone>,
}

struct Zone {
    id: String,
    /// `None` if the zone is unknown.
    zone: Option<tz::TimeZone>,
    /// Instants in Unix seconds from which the zone agrees with the owner's or not.
    agreement: Option<Vec<(i64, bool)>>,
}

impl<'a> Zones<'a> {
    /// The zones of `calendar`; the schedule's owner is in the zone `owner`.
    pub(super) fn of(calendar: &'a Calendar, owner: &'a tz::TimeZone) -> Self {
        let described = calendar.zones.iter().map(|zone| (zone.id.as_str(), zone)).collect();
        let utc = Zone { id: "UTC".to_owned(), zone: Some(tz::TimeZone::UTC), agreement: None };
        let places = HashMap::from([("UTC".to_owned(), 0)]);
        let mut zones = Self { owner, described, shown_in: None, places, zones: vec![utc] };
        zones.shown_in = calendar.shown_in.as_deref().and_then(|id| match zones.clock(id) {
            Clock::Zone(place) => zones.zones[place].zone.is_some().then_some(place),
            Clock::Local => None,
        });
        zones
    }

    /// The clock of the zone with this `TZID`.
    pub(super) fn clock(&mut self, id: &str) -> Clock {
        if let Some(place) = self.places.get(id) {
            return Clock::Zone(*place);
        }
        let zone = if self.zones.len() <= MAX_ZONES { self.find(id) } else { None };
        self.zones.push(Zone { id: id.to_owned(), zone, agreement: None });
        self.places.insert(id.to_owned(), self.zones.len() - 1);
        Clock::Zone(self.zones.len() - 1)
    }

    fn find(&self, id: &str) -> Option<tz::TimeZone> {
        let known = |id: &str| tz::TimeZone::get(id).ok();
        let plain = id.trim_matches('/');
        // Some programs write `/vendor/version/Europe/Brussels`.
        let suffixes = plain.match_indices('/').take(8).map(|(at, _)| &plain[at + 1..]);
        known(plain)
            .or_else(|| known(windows::to_iana(plain)?))
            .or_else(|| described(self.described.get(id)?))
            .or_else(|| suffixes.filter(|id| id.contains('/')).find_map(known))
    }

    /// The name of the clock's zone.
    pub(super) fn name(&self, clock: Clock) -> &str {
        match clock {
            Clock::Local => "local time",
            Clock::Zone(place) => &self.zones[place].id,
        }
    }

    /// Converts a time in UTC to the zone in which the calendar displays it (`X-WR-TIMEZONE`).
    pub(super) fn shown(&self, utc: civil::DateTime) -> (civil::DateTime, Clock) {
        let clock = Clock::Zone(self.shown_in.unwrap_or(0));
        self.on(clock, utc, Clock::Zone(0)).map_or((utc, Clock::Zone(0)), |time| (time, clock))
    }

    /// The time on `clock` when the clock `other` shows `time`; `None` if one of them is local or unknown.
    pub(super) fn on(&self, clock: Clock, time: civil::DateTime, other: Clock) -> Option<civil::DateTime> {
        if clock == other {
            return Some(time);
        }
        let zone = |clock| match clock {
            Clock::Local => None,
            Clock::Zone(place) => self.zones[place].zone.as_ref(),
        };
        Some(zone(clock)?.to_datetime(zone(other)?.to_timestamp(time).ok()?))
    }

    /// The owner's local time at a time in UTC.
    pub(super) fn at_owner(&self, utc: civil::DateTime) -> civil::DateTime {
        tz::TimeZone::UTC.to_timestamp(utc).map_or(utc, |instant| self.owner.to_datetime(instant))
    }

    /// Whether `clock` agrees with the owner's zone on all days from `first` to `last`.
    pub(super) fn agree(
        &mut self,
        clock: Clock,
        first: civil::Date,
        last: civil::Date,
        budget: &mut Budget,
    ) -> Result<bool, Exhausted> {
        let Clock::Zone(place) = clock else { return Ok(true) };
        let owner = self.owner;
        let Zone { zone: Some(zone), agreement, .. } = &mut self.zones[place] else { return Ok(false) };
        if agreement.is_none() {
            budget.spend(COST_OF_A_ZONE)?;
        }
        let agreement = agreement.get_or_insert_with(|| self::agreement(zone, owner));
        let second = |day: civil::Date| {
            zone.to_timestamp(day.to_datetime(civil::Time::midnight())).map_or(i64::MAX, jiff::Timestamp::as_second)
        };
        let (first, last) = (second(first), second(last.tomorrow().unwrap_or(last)));
        let from = agreement.partition_point(|(from, _)| *from <= first).saturating_sub(1);
        Ok(agreement[from..].iter().take_while(|(from, _)| *from < last).all(|(_, same)| *same))
    }
}

/// The instants since 1970 from which two zones agree or not.
fn agreement(one: &tz::TimeZone, other: &tz::TimeZone) -> Vec<(i64, bool)> {
    let last = LAST_COMPARED.to_datetime(civil::Time::midnight());
    let last = tz::TimeZone::UTC.to_timestamp(last).unwrap_or(Timestamp::MAX);
    let changes = |zone: &tz::TimeZone| {
        let changes = zone.following(Timestamp::UNIX_EPOCH).map(|change| change.timestamp());
        changes.take_while(|instant| *instant < last).collect::<Vec<_>>()
    };
    let mut instants = [vec![Timestamp::UNIX_EPOCH], changes(one), changes(other)].concat();
    instants.sort_unstable();
    let same = |instant: &Timestamp| (instant.as_second(), one.to_offset(*instant) == other.to_offset(*instant));
    instants.iter().map(same).collect()
}

/// The zone that a calendar defines, if it has the same rules every year.
fn described(zone: &Described) -> Option<tz::TimeZone> {
    let latest = |daylight: bool| {
        let of_kind = zone.observances.iter().filter(|observance| is_daylight(observance) == Some(daylight));
        of_kind.max_by_key(|observance| observance.first("DTSTART").map(|line| line.value().to_owned()))
    };
    let standard = latest(false)?;
    let offset = offset(standard)?;
    let text = match latest(true).filter(|daylight| daylight.first("RRULE").is_some()) {
        None if standard.first("RRULE").is_none() => format!("<STD>{offset}"),
        None => return None,
        Some(daylight) => {
            let (start, end) = (yearly(daylight)?, yearly(standard)?);
            format!("<STD>{offset}<DST>{},{start},{end}", self::offset(daylight)?)
        }
    };
    tz::TimeZone::posix(&text).ok()
}

/// Whether an observance is daylight saving time: its offset is greater than the one before.
fn is_daylight(observance: &Component) -> Option<bool> {
    let [from, to] =
        ["TZOFFSETFROM", "TZOFFSETTO"].map(|name| observance.first(name).and_then(|line| minutes(line.value())));
    Some(to? > from?)
}

/// Parses an offset like `+0130` into minutes.
fn minutes(text: &str) -> Option<i32> {
    let text = text.trim();
    let (sign, digits) = (if text.starts_with('-') { -1 } else { 1 }, text.trim_start_matches(['+', '-']));
    let right = matches!(digits.len(), 4 | 6) && digits.bytes().all(|digit| digit.is_ascii_digit());
    let number = |at: usize| digits.get(at..at + 2).and_then(|digits| digits.parse::<i32>().ok());
    right.then(|| Some(sign * (number(0)? * 60 + number(2)?))).flatten()
}

/// `TZOFFSETTO` as a POSIX offset, which is added to local time to get UTC.
fn offset(observance: &Component) -> Option<String> {
    let minutes = minutes(observance.first("TZOFFSETTO")?.value())?;
    let sign = if minutes > 0 { "-" } else { "" };
    Some(format!("{sign}{}:{:02}", minutes.abs() / 60, minutes.abs() % 60))
}

/// The yearly start of an observance as a POSIX rule: `M10.5.0/3:00` is the last Sunday of October at 3:00.
fn yearly(observance: &Component) -> Option<String> {
    let rule = observance.first("RRULE")?.word();
    let part = |name: &str| rule.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    if part("FREQ")? != "YEARLY" || part("UNTIL").is_some() || part("INTERVAL").is_some_and(|interval| interval != "1")
    {
        return None;
    }
    let month: u8 = part("BYMONTH")?.parse().ok()?;
    let (week, weekday) = part("BYDAY")?.split_at_checked(part("BYDAY")?.len().checked_sub(2)?)?;
    let weekday = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"].iter().position(|day| *day == weekday)?;
    let week = match week.trim_start_matches('+') {
        "-1" => 5,
        week => week.parse::<u8>().ok().filter(|week| (1..=4).contains(week))?,
    };
    let (hour, minute) = {
        let start = observance.first("DTSTART")?.word();
        let time = start.split_once('T')?.1.to_owned();
        (time.get(0..2)?.parse::<u8>().ok()?, time.get(2..4)?.parse::<u8>().ok()?)
    };
    Some(format!("M{month}.{week}.{weekday}/{hour}:{minute:02}"))
}
