//! Random rules, periods, numbers and instants, which favour the cases where mistakes are likely.

use jiff::{SignedDuration, Timestamp, ToSpan, civil, tz};
use proptest::{collection::vec, option, prelude::*, sample::select, strategy::Union};

use super::{
    Period,
    plain::{Days, Number, Until, made},
};

/// Zones with offset changes of an hour, of half an hour, at midnight, of a whole day, and without any.
pub(in crate::rules) const ZONES: [&str; 6] =
    ["Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "UTC"];

pub(in crate::rules) fn zone(name: &str) -> tz::TimeZone {
    tz::TimeZone::get(name).expect("a time zone")
}

/// An instant: near an offset change of the zone, near local midnight, anywhere, or in the distant past or future.
pub(in crate::rules) fn instant(zone: tz::TimeZone) -> impl Strategy<Value = Timestamp> {
    let near = (0..4_u8, 0..4_000_i64, -14_400..14_400_i64, any::<bool>());
    near.prop_map(move |(kind, day, seconds, on_the_minute)| {
        let seconds = if on_the_minute { seconds / 900 * 900 } else { seconds };
        let date = civil::date(2018, 1, 1) + day.days();
        let midnight = zone.to_timestamp(date.to_datetime(civil::Time::midnight())).expect("a day");
        match kind {
            0 => {
                let change = zone.following(midnight).next().map_or(midnight, |change| change.timestamp());
                change + SignedDuration::from_secs(seconds)
            }
            1 => midnight + SignedDuration::from_secs(seconds / 7200),
            2 => midnight + SignedDuration::from_secs(seconds * 6),
            _ => {
                let years = if day % 2 == 0 { -110 } else { 290 };
                midnight + SignedDuration::from_hours(24 * 365 * years + seconds / 10)
            }
        }
    })
}

fn weekday() -> impl Strategy<Value = &'static str> {
    select(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
}

fn list<T: std::fmt::Display + std::fmt::Debug>(
    part: &'static str,
    of: impl Strategy<Value = T>,
) -> impl Strategy<Value = String> {
    vec(of, 1..4).prop_map(move |all| {
        let all: Vec<String> = all.iter().map(ToString::to_string).collect();
        format!(";{part}={}", all.join(","))
    })
}

/// `part` once in `often` cases, else nothing.
fn maybe(often: u32, part: impl Strategy<Value = String> + 'static) -> BoxedStrategy<String> {
    Union::new_weighted(vec![(1, part.boxed()), (often - 1, Just(String::new()).boxed())]).boxed()
}

fn ordinal(least: i32, most: i32) -> impl Strategy<Value = i32> {
    (least..most).prop_map(|n| if n < 0 { n } else { n + 1 })
}

fn nonzero(most: i32) -> impl Strategy<Value = i32> {
    (1..=most, any::<bool>()).prop_map(|(n, back)| if back { -n } else { n })
}

/// A rule without `UNTIL`, and whether its first day must be the first day of a week.
///
/// Excluded are rules for which the crate, the reference here, departs from RFC 5545 or fails: `BYDAY` with and without
/// ordinals at once, `BYWEEKNO` without `BYDAY` or with ordinals, weeks 52 and 53 and their counterparts from the end,
/// weekly `BYSETPOS` in a week that the first day cuts. See [`call_acceptance_api::value::recurrence`], whose own tests
/// cover the rest.
pub(super) fn rule() -> impl Strategy<Value = (String, bool)> {
    prop_oneof![8 => any_rule(), 1 => anniversary()]
}

/// A rule that occurs once a year.
fn anniversary() -> impl Strategy<Value = (String, bool)> {
    let days = prop_oneof![
        Just(String::new()),
        (1..=12, 1..=28).prop_map(|(month, day)| format!(";BYMONTH={month};BYMONTHDAY={day}")),
        (-60..61).prop_map(|days| format!(";BYEASTER={days}")),
    ];
    (days, maybe(3, (1..300).prop_map(|n| format!(";COUNT={n}"))))
        .prop_map(|(days, count)| (format!("FREQ=YEARLY{days}{count}"), false))
}

fn any_rule() -> impl Strategy<Value = (String, bool)> {
    let frequency = select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
    (frequency, any::<bool>()).prop_flat_map(|(frequency, by_week)| {
        let (yearly, weekly) = (frequency == "YEARLY", frequency == "WEEKLY");
        let by_week = yearly && by_week;
        // The crate divides by 7 and rounds, so it does not accept ordinals further from the end.
        let (least, most) = if yearly { (-52, 53) } else { (-4, 5) };
        let weekdays = list("BYDAY", weekday()).boxed();
        let ordinals =
            list("BYDAY", (ordinal(least, most), weekday()).prop_map(|(n, day)| format!("{n}{day}"))).boxed();
        let by_day = match frequency {
            _ if by_week => weekdays,
            "MONTHLY" | "YEARLY" => prop_oneof![maybe(2, weekdays), ordinals].boxed(),
            _ => maybe(2, weekdays),
        };
        let never = || Just(String::new()).boxed();
        let parts = (
            maybe(2, (1..6).prop_map(|n| format!(";INTERVAL={n}"))),
            maybe(3, list("BYMONTH", 1..=12)),
            if weekly { never() } else { maybe(4, list("BYMONTHDAY", nonzero(31))) },
            if yearly { maybe(6, list("BYYEARDAY", nonzero(366))) } else { never() },
            if by_week { list("BYWEEKNO", nonzero(51)).boxed() } else { never() },
            by_day,
            if weekly { never() } else { maybe(20, nonzero(60).prop_map(|n| format!(";BYEASTER={n}"))) },
            maybe(3, list("BYSETPOS", nonzero(5))),
            maybe(3, weekday().prop_map(|day| format!(";WKST={day}"))),
            maybe(4, (1..300).prop_map(|n| format!(";COUNT={n}"))),
        );
        parts.prop_map(move |(a, b, c, d, e, f, g, h, i, j)| {
            // `BYSETPOS` needs another part.
            let h = if [&b, &c, &d, &e, &f, &g].iter().all(|part| part.is_empty()) { String::new() } else { h };
            let cut = weekly && !h.is_empty();
            (format!("FREQ={frequency}{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}"), cut)
        })
    })
}

/// The first day of a rule.
pub(super) fn first(rule: &str, of_week: bool, day: i64) -> civil::Date {
    let date = civil::date(2018, 1, 1) + day.days();
    if !of_week {
        return date;
    }
    let start = rule.split_once("WKST=").map_or("Monday", |(_, start)| match &start[..2] {
        "TU" => "Tuesday",
        "WE" => "Wednesday",
        "TH" => "Thursday",
        "FR" => "Friday",
        "SA" => "Saturday",
        "SU" => "Sunday",
        _ => "Monday",
    });
    let mut days = date.series(1.day());
    days.find(|date| date.strftime("%A").to_string() == start).expect("every week has every day")
}

pub(super) fn until() -> impl Strategy<Value = Until> {
    (0..3_u8, 0..4_000_i64, 0..86_400_i64, any::<bool>()).prop_map(|(kind, day, seconds, on_the_hour)| {
        let date = civil::date(2019, 1, 1) + day.days();
        let time = date.to_datetime(civil::Time::midnight())
            + (if on_the_hour { seconds / 3600 * 3600 } else { seconds }).seconds();
        match kind {
            0 => Until::Day(date),
            1 => Until::Local(time),
            _ => Until::Utc(tz::TimeZone::UTC.to_timestamp(time).expect("an instant")),
        }
    })
}

/// A period, with its days up to 2029.
pub(in crate::rules) fn days() -> impl Strategy<Value = Days> {
    let times = prop_oneof![
        2 => Just(None),
        3 => (0..96_u16, 1..96_u16).prop_map(|(start, length)| {
            let stop = (start + length) * 15;
            Some((start * 15, if stop > 1440 { stop - 1440 } else { stop }))
        }),
    ];
    let recurrence = (rule(), option::weighted(0.3, until()), vec(0..4_000_i64, 0..5));
    let kind = prop_oneof![Just(0_u8), Just(1), Just(2), Just(3), Just(3)];
    (kind, times, 0..4_000_i64, 0..60_i64, recurrence, proptest::bool::weighted(0.9)).prop_map(
        |(kind, times, day, length, ((rule, of_week), until, except), active)| {
            // `UNTIL` and `COUNT` cannot be combined (RFC 5545, section 3.3.10).
            let until = until.filter(|_| !rule.contains("COUNT="));
            let (first, horizon) = (first(&rule, of_week, day), civil::date(2029, 12, 31));
            let clock = |minutes: u16| format!("{}:{:02}", minutes / 60, minutes % 60);
            let mut json = serde_json::json!({ "name": "period", "active": active });
            if let Some((start, stop)) = times {
                json["startTime"] = clock(start).into();
                json["stopTime"] = clock(stop).into();
            }
            let names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
            let (mut of_rule, mut last) = (Default::default(), None);
            match kind {
                0 => {
                    json["type"] = "Day of the week".into();
                    json["dayOfWeek"] = names[usize::try_from(day % 7).expect("a small number")].into();
                }
                1 => {
                    json["type"] = "Day of the month".into();
                    json["dayOfMonth"] = (day % 31 + 1).into();
                }
                2 => {
                    json["type"] = "Date".into();
                    json["startDate"] = first.to_string().into();
                    if length > 0 {
                        json["stopDate"] = (first + length.days()).to_string().into();
                    }
                }
                _ => {
                    let ends = until.as_ref().map(|until| format!(";UNTIL={}", until.text())).unwrap_or_default();
                    of_rule = made(&rule, first, horizon);
                    // Some exceptions that the rule generates, and some that it may not generate.
                    let skipped = usize::try_from(length).unwrap_or_default() % 4;
                    let some = of_rule.iter().copied().skip(skipped).step_by(5).take(2);
                    let days = except.iter().map(|day| civil::date(2018, 1, 1) + day.days());
                    let except = days.chain(some).map(|day| day.to_string());
                    json["type"] = "Recurrence".into();
                    json["startDate"] = first.to_string().into();
                    json["rule"] = format!("{rule}{ends}").into();
                    json["exceptDates"] = except.collect::<Vec<_>>().into();
                    last = until;
                }
            }
            let period: Period = serde_json::from_value(json).expect("a period");
            Days { period, made: of_rule, until: last }
        },
    )
}

/// `template` with `#` replaced by digits of `seed`.
fn filled(template: &str, mut seed: u128) -> String {
    let mut digit = || {
        let digit = char::from_digit(u32::try_from(seed % 10).unwrap_or_default(), 10).unwrap_or('0');
        seed /= 10;
        digit
    };
    template.chars().map(|c| if c == '#' { digit() } else { c }).collect()
}

/// A number and a text for it.
pub(in crate::rules) fn number() -> impl Strategy<Value = (Number, String)> {
    let international = vec![
        "322512####",
        "3247#######",
        "1650253####",
        "1613253####",
        "1200253####",
        "13102530###",
        "44207031####",
        "447912345###",
        "33631966###",
        "390236618###",
        "#",
        "1#",
        "32#",
        "########",
        "###############",
        "################",
        "##############################",
    ];
    let digits = vec![
        "02512####",
        "047#######",
        "1650253####",
        "650253####",
        "2512####",
        "322512####",
        "0207031####",
        "01144207031####",
        "01132512####",
        "44207031####",
        "207031####",
        "0631966###",
        "33631966###",
        "1##",
        "2###",
        "####",
        "0########",
        "##########",
        "##############################",
    ];
    let written = |digits: String, lead: &str, style: u8| match style {
        0 => format!("tel:{lead}{digits};ext=1"),
        1 => format!("\"<Caller>\" <sip:{lead}{digits}@example.com;user=phone>;tag=1"),
        2 => digits.chars().fold(lead.to_owned(), |text, digit| format!("{text}{digit} ")),
        _ => format!("{lead}{digits}"),
    };
    prop_oneof![
        (select(international), any::<u128>(), any::<bool>(), 0..6_u8).prop_map(
            move |(template, seed, plus, style)| {
                let digits = filled(template, seed);
                let text = written(digits.clone(), if plus { "+" } else { "00" }, style);
                (if plus { Number::Plus(digits) } else { Number::Digits(format!("00{digits}")) }, text)
            }
        ),
        (select(digits), any::<u128>(), 0..6_u8).prop_map(move |(template, seed, style)| {
            let digits = filled(template, seed);
            let text = written(digits.clone(), "", style);
            (Number::Digits(digits), text)
        }),
    ]
}

/// Instructions for making a pattern from a form of a number.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Sketch {
    form: prop::sample::Index,
    template: Option<(&'static str, u128)>,
    wild: Vec<usize>,
    length: Option<usize>,
    zeros: bool,
}

pub(in crate::rules) fn sketch() -> impl Strategy<Value = Sketch> {
    let templates = vec![
        "*", "+*", "?*", "+?*", "0#*", "+#*", "#", "?", "0?", "###", "+32#*", "00*", "00#*", "+1#####", "1??", "011*",
        "01144*", "011#####",
    ];
    let template = option::weighted(0.2, (select(templates), any::<u128>()));
    let length = option::weighted(0.4, 0..23_usize);
    let parts = (any::<prop::sample::Index>(), template, vec(0..24_usize, 0..3), length, any::<bool>());
    parts.prop_map(|(form, template, wild, length, zeros)| Sketch { form, template, wild, length, zeros })
}

impl Sketch {
    /// A pattern that often matches, or almost matches, the number with these forms.
    pub(in crate::rules) fn pattern(&self, forms: &[String]) -> String {
        let text = match self.template {
            Some((template, seed)) => filled(template, seed),
            None if forms.is_empty() => "1?*".to_owned(),
            None => self.near(&forms[self.form.index(forms.len())]),
        };
        let right = call_acceptance_api::value::phone_number::PhoneNumberPattern::parse(&text).is_ok();
        if right { text } else { "1?*".to_owned() }
    }

    fn near(&self, form: &str) -> String {
        let mut text: Vec<char> = form.chars().collect();
        for at in &self.wild {
            if let Some(digit) = text.get_mut(*at).filter(|digit| **digit != '+') {
                *digit = '?';
            }
        }
        if let Some(length) = self.length {
            text.truncate(length);
            text.push('*');
        }
        let text: String = text.into_iter().collect();
        match text.strip_prefix('+') {
            Some(rest) if self.zeros => format!("00{rest}"),
            _ => text,
        }
    }
}
