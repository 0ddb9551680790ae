//! Evaluates a rule for whole years, and finds the last day of a rule with `COUNT`.

use jiff::civil;

use super::{
    conditions::Bits,
    day::{Day, easter, number_of},
    parse::Frequency,
    positions::Positions,
    rule::{Anniversary, Recurrence},
};

/// The last year that is evaluated; instants end with it.
const LAST_YEAR: i16 = 9998;
/// Days of the neighbouring years that are stored with a year, for the weeks that it shares with them.
const MARGIN: i32 = 7;

impl Recurrence {
    /// The days of `year` that the rule generates, ignoring its first and last day. The index of a bit is
    /// [`Day::of_year`].
    pub(super) fn year(&self, year: i16) -> Bits {
        let start = Day::new_year(year);
        let mut days = self.left(&start);
        match (self.every, self.positions.as_deref()) {
            (Frequency::Weekly, positions) => days = self.in_weeks(&start, days, positions),
            (Frequency::Yearly, Some(positions)) => days = positions.pick(days),
            _ => {}
        }
        between(shifted(days, MARGIN - 1), 1, start.year_length.into())
    }

    /// The days of the year that starts with `start` after the conditions, the interval, and `BYSETPOS` of days and
    /// months. The lowest bit is the day [`MARGIN`] days before the year.
    fn left(&self, start: &Day) -> Bits {
        let mut days = [0; 6];
        if self.every == Frequency::Yearly && !self.is_in_interval(self.period(start)) {
            return days;
        }
        let weekly = self.every == Frequency::Weekly && self.positions.is_some();
        let mut month = if weekly { start.yesterday().month_start() } else { *start };
        for _ in 0..if weekly { 14 } else { 12 } {
            place(&mut days, self.month(&month), month.number - start.number + MARGIN);
            month = month.next_month();
        }
        days
    }

    fn month(&self, start: &Day) -> u32 {
        let days = match self.every {
            Frequency::Monthly if !self.is_in_interval(self.period(start)) => 0,
            _ => self.conditions.month(start),
        };
        match (self.every, self.positions.as_deref()) {
            (Frequency::Daily, Some(positions)) if !positions.name(0, 1) => 0,
            (Frequency::Daily, _) if self.interval > 1 => days & self.days_in_interval(start),
            (Frequency::Monthly, Some(positions)) => positions.pick([days.into()])[0] as u32,
            _ => days,
        }
    }

    /// The days of the month that starts with `start` that lie in the interval.
    fn days_in_interval(&self, start: &Day) -> u32 {
        let first = self.until_in_interval(start.number);
        let days = (first..i32::from(start.month_length)).step_by(self.interval.unsigned_abs() as usize);
        days.fold(0, |bits, at| bits | 1 << at)
    }

    /// The number of periods from `period` to the next one in the interval.
    fn until_in_interval(&self, period: i32) -> i32 {
        (self.first_period - period).rem_euclid(self.interval)
    }

    /// Those of `days` (as in [`Self::left`]) in weeks of the interval, with `BYSETPOS` of weeks applied.
    fn in_weeks(&self, start: &Day, days: Bits, positions: Option<&Positions>) -> Bits {
        if self.interval == 1 && positions.is_none() {
            return days;
        }
        let mut counted = [0; 6];
        let first = MARGIN - i32::from((start.weekday + 7 - self.week_start) % 7);
        let first = first.saturating_add(self.until_in_interval(self.period(start)).saturating_mul(7));
        let weeks = (first..MARGIN + i32::from(start.year_length)).step_by(7 * self.interval.unsigned_abs() as usize);
        for at in weeks {
            let week = shifted(days, at)[0] & 0x7f;
            let picked = positions.map_or(week, |positions| positions.pick([week])[0]);
            place(&mut counted, picked as u32, at);
        }
        counted
    }

    /// The last day of a rule that generates one day a year, computed without evaluating the years between.
    fn last_anniversary(&self, count: u32) -> Option<i32> {
        let of_year = |year: i16| match self.anniversary()? {
            Anniversary::Date(2, 29) => None,
            Anniversary::Date(month, day) => {
                let date = civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
                Some(number_of(date))
            }
            // Easter Sunday is between 22 March and 25 April, so these days are in the same year.
            Anniversary::Easter(days @ -80..=250) => {
                Some(Day::new_year(year).number + i32::from(easter(year) + days) - 1)
            }
            Anniversary::Easter(_) => None,
        };
        let first = self.first.year + i16::from(of_year(self.first.year)? < self.first.number);
        let last = i64::from(first) + i64::from(count) - 1;
        i16::try_from(last).ok().filter(|last| *last <= LAST_YEAR).map_or(Some(i32::MAX), of_year)
    }

    /// The last of the first `count` days of the rule as [`Day::number`], and the number of years evaluated to find it,
    /// at most `most`.
    pub(super) fn last_of(&self, count: u32, most: i32) -> (i32, i32) {
        if let Some(last) = self.last_anniversary(count) {
            return (last, 0);
        }
        let step =
            if self.every == Frequency::Yearly { usize::try_from(self.interval).unwrap_or(usize::MAX) } else { 1 };
        let (mut left, mut looks) = (count, 0);
        for year in (self.first.year..=LAST_YEAR).step_by(step) {
            if looks == most {
                break;
            }
            looks += 1;
            let start = Day::new_year(year).number;
            let days = between(self.year(year), self.first.number - start + 1, i32::MAX);
            let made = days.iter().map(|word| word.count_ones()).sum();
            if left <= made {
                return (start - 1 + nth(days, left), looks);
            }
            left -= made;
        }
        (i32::MAX, looks)
    }
}

/// Adds `bits` from the index `at`; bits out of range are dropped.
fn place(days: &mut Bits, bits: u32, at: i32) {
    let (bits, at) = match u32::try_from(at) {
        Ok(at) => (u64::from(bits), at),
        Err(_) => (u64::from(bits).checked_shr(at.unsigned_abs()).unwrap_or(0), 0),
    };
    let (word, shift) = ((at / 64) as usize, at % 64);
    let (low, high) = (bits << shift, bits.checked_shr(64 - shift).unwrap_or(0));
    for (word, bits) in [(word, low), (word + 1, high)] {
        if let Some(word) = days.get_mut(word) {
            *word |= bits;
        }
    }
}

/// `days` shifted so that the bit at `by` moves to 0.
fn shifted(days: Bits, by: i32) -> Bits {
    let (words, shift) = ((by / 64) as usize, (by % 64) as u32);
    let word = |at: usize| days.get(at).copied().unwrap_or(0);
    std::array::from_fn(|at| {
        let high = word(at + words + 1).checked_shl(64 - shift).unwrap_or(0);
        word(at + words) >> shift | high
    })
}

/// Those of `days` from `first` to `last`, both inclusive.
fn between(mut days: Bits, first: i32, last: i32) -> Bits {
    for (at, word) in (0..).step_by(64).zip(days.iter_mut()) {
        let below = |end: i32| u64::MAX.checked_shl(end.saturating_sub(at).clamp(0, 64).unsigned_abs()).unwrap_or(0);
        *word &= below(first) & !below(last.saturating_add(1));
    }
    days
}

/// The index of the `n`-th set bit, from 1. The set must have as many.
fn nth(days: Bits, n: u32) -> i32 {
    let set = (0..384).filter(|at| days[at / 64] >> (at % 64) & 1 == 1);
    set.skip(n as usize - 1).map(|at| at as i32).next().unwrap_or_default()
}
