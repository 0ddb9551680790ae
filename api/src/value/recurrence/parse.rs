//! Parses the text of a rule. Errors say what is wrong and what would be right.

use jiff::civil;

/// The `FREQ` of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// `DAILY`.
    Daily,
    /// `WEEKLY`.
    Weekly,
    /// `MONTHLY`.
    Monthly,
    /// `YEARLY`, by calendar year.
    Yearly,
}

/// The value of `UNTIL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// A day, included as a whole.
    Day(civil::Date),
    /// A local time in the schedule's time zone.
    Local(civil::DateTime),
    /// A time in UTC.
    Utc(civil::DateTime),
}

impl Until {
    /// The day as written.
    pub fn date(self) -> civil::Date {
        match self {
            Self::Day(date) => date,
            Self::Local(time) | Self::Utc(time) => time.date(),
        }
    }
}

/// The parts of a rule. A list is empty if the rule does not have the part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// `FREQ`.
    pub frequency: Frequency,
    /// `INTERVAL`, at least 1; larger values saturate.
    pub interval: u32,
    /// `COUNT`, at least 1; larger values saturate.
    pub count: Option<u32>,
    /// `UNTIL`; never together with `COUNT`.
    pub until: Option<Until>,
    /// `WKST`, 0 for Monday.
    pub week_start: u8,
    /// `BYMONTH`, 1 to 12.
    pub months: Vec<i16>,
    /// `BYMONTHDAY`, 1 to 31 and -31 to -1.
    pub month_days: Vec<i16>,
    /// `BYYEARDAY`, 1 to 366 and -366 to -1.
    pub year_days: Vec<i16>,
    /// `BYWEEKNO`, 1 to 53 and -53 to -1.
    pub weeks: Vec<i16>,
    /// `BYDAY`: the ordinal, 1 to 53 or -53 to -1, or 0 without ordinal; and the day of the week, 0 for Monday.
    pub weekdays: Vec<(i16, u8)>,
    /// `BYSETPOS`, 1 to 366 and -366 to -1.
    pub positions: Vec<i16>,
    /// `BYEASTER`, -366 to 366.
    pub easter: Option<i16>,
}

const FREQUENCIES: &str = "FREQ is one of DAILY, WEEKLY, MONTHLY and YEARLY";
const KNOWN: [&str; 12] = [
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "WKST",
    "BYMONTH",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYDAY",
    "BYSETPOS",
    "BYEASTER",
];

impl Parts {
    /// Parses `text`, in upper or lower case. The error says what is wrong and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.to_ascii_uppercase();
        let mut values = [None; KNOWN.len()];
        for part in text.split(';') {
            let (name, value) = part.split_once('=').ok_or_else(|| {
                format!(
                    "{} is not a part of a rule; a part is like `FREQ=YEARLY`, and parts are separated by `;`",
                    quoted(part)
                )
            })?;
            let place = KNOWN.iter().position(|known| *known == name).ok_or_else(|| unknown(name))?;
            if values[place].replace(value).is_some() {
                return Err(format!("{name} appears twice; it is allowed once"));
            }
        }
        let parts = Self::of(&values)?;
        parts.agree()?;
        Ok(parts)
    }

    fn of(values: &[Option<&str>; KNOWN.len()]) -> Result<Self, String> {
        let [
            frequency,
            interval,
            count,
            until,
            week_start,
            months,
            month_days,
            year_days,
            weeks,
            weekdays,
            positions,
            easter,
        ] = *values;
        let within = |name, value, most, digits| list(name, value, &range(most), |item| signed(item, most, digits));
        Ok(Self {
            frequency: self::frequency(frequency)?,
            interval: interval.map_or(Ok(1), |value| positive("INTERVAL", value))?,
            count: count.map(|value| positive("COUNT", value)).transpose()?,
            until: until.map(self::until).transpose()?,
            week_start: week_start.map_or(Ok(0), |value| {
                weekday(value).ok_or_else(|| wrong("WKST", value, "a day of the week, MO, TU, WE, TH, FR, SA or SU"))
            })?,
            months: list("BYMONTH", months, "1 to 12", |item| {
                signed(item, 12, 2).filter(|_| item.starts_with(|c: char| c.is_ascii_digit()))
            })?,
            month_days: within("BYMONTHDAY", month_days, 31, 2)?,
            year_days: within("BYYEARDAY", year_days, 366, 3)?,
            weeks: within("BYWEEKNO", weeks, 53, 2)?,
            weekdays: list("BYDAY", weekdays, WEEKDAYS, ordinal_weekday)?,
            positions: within("BYSETPOS", positions, 366, 3)?,
            easter: easter.map(self::easter).transpose()?,
        })
    }

    /// The rules about combinations of parts.
    fn agree(&self) -> Result<(), String> {
        let (yearly, monthly) = (self.frequency == Frequency::Yearly, self.frequency == Frequency::Monthly);
        let ordinals = self.weekdays.iter().any(|(ordinal, _)| *ordinal != 0);
        let alone = [&self.months, &self.month_days, &self.year_days, &self.weeks].iter().all(|list| list.is_empty())
            && self.weekdays.is_empty()
            && self.easter.is_none();
        let faults = [
            (
                self.count.is_some() && self.until.is_some(),
                "COUNT and UNTIL cannot be combined; a rule ends by one of them",
            ),
            (!self.weeks.is_empty() && !yearly, "BYWEEKNO needs FREQ=YEARLY"),
            (!self.year_days.is_empty() && !yearly, "BYYEARDAY needs FREQ=YEARLY"),
            (
                !self.month_days.is_empty() && self.frequency == Frequency::Weekly,
                "BYMONTHDAY cannot be combined with FREQ=WEEKLY; use FREQ=DAILY",
            ),
            (
                ordinals && !yearly && !monthly,
                "ordinals in BYDAY, like 2MO, need FREQ=MONTHLY or FREQ=YEARLY; every Monday is BYDAY=MO",
            ),
            (
                ordinals && !self.weeks.is_empty(),
                "ordinals in BYDAY, like 2MO, cannot be combined with BYWEEKNO; the Monday of the week is BYDAY=MO",
            ),
            (
                alone && !self.positions.is_empty(),
                "BYSETPOS needs another BY part whose days it selects from, like BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            ),
        ];
        faults.iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, right)| Err((*right).to_owned()))
    }
}

fn unknown(name: &str) -> String {
    match name {
        "BYHOUR" | "BYMINUTE" | "BYSECOND" => {
            format!("{name} is not supported; use `startTime` and `stopTime` of the period")
        }
        _ => format!("{} is unknown; known parts are {}", quoted(name), KNOWN.join(", ")),
    }
}

fn wrong(name: &str, value: &str, right: &str) -> String {
    format!("{} is not valid; {name} is {right}", quoted(&format!("{name}={value}")))
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

fn range(most: i16) -> String {
    format!("1 to {most}, or -1 to -{most} counted from the end")
}

fn frequency(value: Option<&str>) -> Result<Frequency, String> {
    match value {
        Some("DAILY") => Ok(Frequency::Daily),
        Some("WEEKLY") => Ok(Frequency::Weekly),
        Some("MONTHLY") => Ok(Frequency::Monthly),
        Some("YEARLY") => Ok(Frequency::Yearly),
        Some(other) => Err(format!("{} is not valid; {FREQUENCIES}", quoted(&format!("FREQ={other}")))),
        None => Err(format!("FREQ is missing; {FREQUENCIES}")),
    }
}

/// A number other than 0, with any number of digits.
fn positive(name: &str, value: &str) -> Result<u32, String> {
    let digits = !value.is_empty() && value.bytes().all(|digit| digit.is_ascii_digit());
    let number = digits.then(|| value.parse().unwrap_or(u32::MAX)).filter(|number| *number > 0);
    number.ok_or_else(|| wrong(name, value, "a whole number, at least 1"))
}

fn list<T>(name: &str, value: Option<&str>, right: &str, item: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    let parse = |text: &str| {
        let right = format!("a list of {right}, separated by `,`");
        item(text).ok_or_else(|| wrong(name, text, &right))
    };
    value.into_iter().flat_map(|value| value.split(',')).map(parse).collect()
}

/// A number from 1 to `most` with at most `digits` digits, with or without a sign.
fn signed(text: &str, most: i16, digits: usize) -> Option<i16> {
    let (sign, number) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => (1, text),
    };
    let right = (1..=digits).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit());
    let number: i16 = right.then(|| number.parse().ok()).flatten()?;
    (1..=most).contains(&number).then_some(sign * number)
}

const WEEKDAYS: &str =
    "days like MO and, with FREQ=MONTHLY or FREQ=YEARLY, ordinals: 1MO to 53MO, or -1MO to -53MO from the end";

fn weekday(text: &str) -> Option<u8> {
    let days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    days.iter().position(|day| *day == text).and_then(|place| u8::try_from(place).ok())
}

fn ordinal_weekday(text: &str) -> Option<(i16, u8)> {
    let (ordinal, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let ordinal = if ordinal.is_empty() { Some(0) } else { signed(ordinal, 53, 2) };
    ordinal.zip(weekday(day))
}

fn easter(value: &str) -> Result<i16, String> {
    let right = "one number, the days from Easter Sunday, -366 to 366";
    let zero = matches!(value.strip_prefix(['+', '-']).unwrap_or(value), "0" | "00" | "000");
    let number = if zero { Some(0) } else { signed(value, 366, 3) };
    number.ok_or_else(|| wrong("BYEASTER", value, right))
}

fn until(value: &str) -> Result<Until, String> {
    let parse = || {
        let (day, time) = match value.split_once('T') {
            Some((day, time)) => (day, Some(time)),
            None => (value, None),
        };
        let date = date(day)?;
        match time.map(|time| (time.strip_suffix('Z'), time)) {
            None => Some(Until::Day(date)),
            Some((Some(utc), _)) => Some(Until::Utc(date.to_datetime(clock(utc)?))),
            Some((None, local)) => Some(Until::Local(date.to_datetime(clock(local)?))),
        }
    };
    let right = "a day like 20301231, a local time like 20301231T090000, or one in UTC like 20301231T090000Z";
    parse().ok_or_else(|| wrong("UNTIL", value, right))
}

fn date(text: &str) -> Option<civil::Date> {
    let number = digits(text, 8)?;
    let part = |number: u32| i8::try_from(number % 100).ok();
    civil::Date::new(i16::try_from(number / 10_000).ok()?, part(number / 100)?, part(number)?).ok()
}

fn clock(text: &str) -> Option<civil::Time> {
    let number = digits(text, 6)?;
    let part = |number: u32| i8::try_from(number % 100).ok();
    // A leap second (RFC 5545, section 3.3.12) belongs to the same minute.
    let second = part(number)?;
    let second = if second == 60 { 59 } else { second };
    civil::Time::new(part(number / 10_000)?, part(number / 100)?, second, 0).ok()
}

fn digits(text: &str, count: usize) -> Option<u32> {
    let right = text.len() == count && text.bytes().all(|digit| digit.is_ascii_digit());
    right.then(|| text.parse().ok()).flatten()
}
