//! Evaluates the `BY…` parts except `BYSETPOS`, for one day or for all days of a month at once.

use super::{
    day::{Day, easter},
    parse::{Frequency, Parts},
};

const EVERY_MONTH: u16 = 0b1_1111_1111_1110;

/// The conditions on a day. An empty set sets no condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conditions {
    /// Bit set of months, 1 to 12; never empty.
    pub months: u16,
    /// Bit set of days of the month, 1 to 31.
    pub month_days: u32,
    /// Bit set of days of the month, counted from the last one.
    pub month_days_from_end: u32,
    /// Bit set of days of the week, 0 to 6, without ordinal.
    pub weekdays: u8,
    pub ordinals: Option<Box<Ordinals>>,
    pub rare: Option<Box<Rare>>,
}

/// Days of the week with ordinals, within the month or the year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ordinals {
    pub in_month: bool,
    /// At index n, the bit set of days of the week that match as the (n + 1)-th of the month or year.
    pub from_start: [u8; 53],
    /// The same, counted from the last one.
    pub from_end: [u8; 53],
}

/// Conditions that few rules have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rare {
    pub year_days: Option<(Bits, Bits)>,
    /// Bit sets of weeks, 1 to 53, counted from the first one and from the last one.
    weeks: (u64, u64),
    week_start: u8,
    pub easter: Option<i16>,
}

/// A bit set of numbers from 0 to 383.
pub(super) type Bits = [u64; 6];

/// Whether the set contains `at`; false if `at` is out of range.
pub(super) fn has(bits: &Bits, at: i16) -> bool {
    usize::try_from(at).is_ok_and(|at| bits.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1))
}

/// 32 numbers of the set; `at` is the lowest bit.
fn from(bits: &Bits, at: i16) -> u32 {
    let at = at.unsigned_abs();
    let word = |at: u16| bits.get(usize::from(at)).copied().unwrap_or(0);
    let (low, shift) = (word(at / 64), at % 64);
    let high = word(at / 64 + 1).checked_shl(64 - u32::from(shift)).unwrap_or(0);
    (low >> shift | high) as u32
}

/// The positive `numbers`, and the absolute values of the negative ones.
pub(super) fn both_ends(numbers: &[i16]) -> (Bits, Bits) {
    let mut ends = ([0; 6], [0; 6]);
    for number in numbers {
        let bits = if *number > 0 { &mut ends.0 } else { &mut ends.1 };
        let at = usize::from(number.unsigned_abs());
        bits[at / 64] |= 1 << (at % 64);
    }
    ends
}

impl Conditions {
    /// The conditions of `parts`, completed from the `first` day where the rule leaves them open (RFC 5545, section
    /// 3.3.10).
    pub(super) fn of(parts: &Parts, first: &Day) -> Self {
        let (month_days, month_days_from_end) = both_ends(&parts.month_days);
        let months = parts.months.iter().fold(0, |bits, month| bits | 1 << month);
        let weekdays = parts.weekdays.iter().filter(|(ordinal, _)| *ordinal == 0);
        let mut conditions = Self {
            months: if months == 0 { EVERY_MONTH } else { months },
            month_days: month_days[0] as u32,
            month_days_from_end: month_days_from_end[0] as u32,
            weekdays: weekdays.fold(0, |bits, (_, weekday)| bits | 1 << weekday),
            ordinals: Ordinals::of(parts).map(Box::new),
            rare: Rare::of(parts).map(Box::new),
        };
        if !conditions.say_the_day() {
            conditions.complete(parts, first);
        }
        conditions
    }

    /// Whether any part selects days of the week, month or year.
    fn say_the_day(&self) -> bool {
        self.weekdays != 0
            || self.ordinals.is_some()
            || self.month_days | self.month_days_from_end != 0
            || self.rare.as_ref().is_some_and(|rare| rare.year_days.is_some() || rare.easter.is_some())
    }

    fn complete(&mut self, parts: &Parts, first: &Day) {
        match parts.frequency {
            Frequency::Daily => {}
            Frequency::Weekly => self.weekdays = 1 << first.weekday,
            Frequency::Yearly if !parts.weeks.is_empty() => self.weekdays = 1 << first.weekday,
            Frequency::Monthly | Frequency::Yearly => {
                self.month_days = 1 << first.of_month;
                if parts.frequency == Frequency::Yearly && parts.months.is_empty() {
                    self.months = 1 << first.month;
                }
            }
        }
    }

    /// Whether `day` meets the conditions.
    pub(super) fn hold(&self, day: &Day) -> bool {
        self.months >> day.month & 1 == 1
            && self.month_day_holds(day)
            && self.weekday_holds(day)
            && self.rare.as_ref().is_none_or(|rare| rare.hold(day))
    }

    fn month_day_holds(&self, day: &Day) -> bool {
        self.month_days | self.month_days_from_end == 0
            || self.month_days >> day.of_month & 1 == 1
            || self.month_days_from_end >> (day.month_length - day.of_month + 1) & 1 == 1
    }

    fn weekday_holds(&self, day: &Day) -> bool {
        match &self.ordinals {
            None => self.weekdays == 0 || self.weekdays >> day.weekday & 1 == 1,
            Some(ordinals) => (self.weekdays | ordinals.at(day)) >> day.weekday & 1 == 1,
        }
    }

    /// The matching days of the month that starts with `start`; the first day is the lowest bit.
    pub(super) fn month(&self, start: &Day) -> u32 {
        if self.months >> start.month & 1 == 0 {
            return 0;
        }
        let length = start.month_length;
        let mut days = u32::MAX >> (32 - length);
        if self.month_days | self.month_days_from_end != 0 {
            let from_end = (self.month_days_from_end >> 1).reverse_bits() >> (32 - length);
            days &= self.month_days >> 1 | from_end;
        }
        match &self.ordinals {
            None if self.weekdays == 0 => {}
            None => days &= every_week(self.weekdays, start.weekday),
            Some(ordinals) => days &= every_week(self.weekdays, start.weekday) | ordinals.month(start),
        }
        self.rare.as_ref().map_or(days, |rare| rare.month(start, days))
    }
}

/// The days of the week `weekdays` in a month that starts on the day of the week `first`.
fn every_week(weekdays: u8, first: u8) -> u32 {
    let weekdays = u64::from(weekdays);
    let week = (weekdays >> first | weekdays << (7 - first)) & 0x7f;
    (week * 0x1020_4081) as u32
}

/// The days of the week `weekdays` within the seven days from `start` + `at`, as bits from `start`.
fn seven_days(weekdays: u8, start: &Day, at: i32) -> u32 {
    let first = (i32::from(start.weekday) + at).rem_euclid(7) as u8;
    let days = every_week(weekdays, first) & 0x7f;
    if at < 0 { days >> -at } else { days << at }
}

/// The positions of the set bits, in rising order.
pub(super) fn places(mut bits: u32) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let place = (bits != 0).then(|| bits.trailing_zeros() as u8)?;
        bits &= bits - 1;
        Some(place)
    })
}

impl Ordinals {
    fn of(parts: &Parts) -> Option<Self> {
        let in_month = parts.frequency == Frequency::Monthly || !parts.months.is_empty();
        let mut ordinals = Self { in_month, from_start: [0; 53], from_end: [0; 53] };
        for (ordinal, weekday) in parts.weekdays.iter().filter(|(ordinal, _)| *ordinal != 0) {
            let end = if *ordinal > 0 { &mut ordinals.from_start } else { &mut ordinals.from_end };
            end[usize::from(ordinal.unsigned_abs()) - 1] |= 1 << weekday;
        }
        let any = ordinals.from_start.iter().chain(&ordinals.from_end).any(|weekdays| *weekdays != 0);
        any.then_some(ordinals)
    }

    /// The days of the week that match at the position of `day`.
    fn at(&self, day: &Day) -> u8 {
        let (of, length) = self.place(day);
        self.from_start[usize::from((of - 1) / 7)] | self.from_end[usize::from((length - of) / 7)]
    }

    /// The position of `day` within the month or year, from 1, and the length of the month or year.
    fn place(&self, day: &Day) -> (u16, u16) {
        match self.in_month {
            true => (day.of_month.into(), day.month_length.into()),
            false => (day.of_year.unsigned_abs(), day.year_length.unsigned_abs()),
        }
    }

    /// The matching days of the month that starts with `start`. Each run of seven days has the same ordinal.
    fn month(&self, start: &Day) -> u32 {
        let (of, length) = self.place(start);
        let last = i32::from(start.month_length);
        let mut days = 0;
        let starts = (-i32::from((of - 1) % 7)..last).step_by(7);
        for (at, weekdays) in starts.zip(&self.from_start[usize::from((of - 1) / 7)..]) {
            days |= seven_days(*weekdays, start, at);
        }
        let starts = (i32::from((length - of) % 7) - 6..last).step_by(7);
        for (at, weekdays) in starts.zip(self.from_end[..=usize::from((length - of) / 7)].iter().rev()) {
            days |= seven_days(*weekdays, start, at);
        }
        days
    }
}

impl Rare {
    fn of(parts: &Parts) -> Option<Self> {
        let week = |sign: i16| {
            let weeks = parts.weeks.iter().filter(move |week| week.signum() == sign);
            weeks.fold(0, |bits, week| bits | 1 << week.unsigned_abs())
        };
        let year_days = (!parts.year_days.is_empty()).then(|| both_ends(&parts.year_days));
        let rare = Self { year_days, weeks: (week(1), week(-1)), week_start: parts.week_start, easter: parts.easter };
        (rare.year_days.is_some() || !parts.weeks.is_empty() || parts.easter.is_some()).then_some(rare)
    }

    /// The offset from Easter Sunday in days, if the rule has no other condition.
    pub(super) fn easter_only(&self) -> Option<i16> {
        self.easter.filter(|_| self.year_days.is_none() && self.weeks == (0, 0))
    }

    /// Those of `days` that match. `days` are bits from `start`, the first day of a month.
    fn month(&self, start: &Day, mut days: u32) -> u32 {
        if let Some(offset) = self.easter {
            let at = easter(start.year) + offset - start.of_year;
            days &= u32::try_from(at).ok().and_then(|at| 1_u32.checked_shl(at)).unwrap_or(0);
        }
        if let Some((from_start, from_end)) = &self.year_days {
            let reversed = |at: i16| places(days).filter(move |place| has(from_end, at - i16::from(*place)));
            let from_end = reversed(start.year_length - start.of_year + 1).fold(0, |bits, at| bits | 1 << at);
            days &= from(from_start, start.of_year) | from_end;
        }
        if self.weeks != (0, 0) && days != 0 {
            days &= self.weeks_of(start);
        }
        days
    }

    /// The days of the month that starts with `start` in matching weeks, computed a week at a time.
    fn weeks_of(&self, start: &Day) -> u32 {
        let (mut days, mut at) = (0, 0);
        while let Some(day) = start.in_month(at) {
            let left = 7 - (day.weekday + 7 - self.week_start) % 7;
            if self.week_holds(&day) {
                days |= ((1 << left) - 1) << at;
            }
            at += left;
        }
        days
    }

    fn hold(&self, day: &Day) -> bool {
        let of_year = |(from_start, from_end): &(Bits, Bits)| {
            has(from_start, day.of_year) || has(from_end, day.year_length - day.of_year + 1)
        };
        self.year_days.as_ref().is_none_or(of_year)
            && self.week_holds(day)
            && self.easter.is_none_or(|offset| easter(day.year) + offset == day.of_year)
    }

    fn week_holds(&self, day: &Day) -> bool {
        if self.weeks == (0, 0) {
            return true;
        }
        let (week, weeks) = day.week(self.week_start);
        self.weeks.0 >> week & 1 == 1 || self.weeks.1 >> (weeks - week + 1) & 1 == 1
    }
}
