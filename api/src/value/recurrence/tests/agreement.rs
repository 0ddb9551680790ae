//! Property test: the compiled form agrees with the plain evaluator. Random rules favour the cases where mistakes are
//! likely.

use jiff::{ToSpan, civil, tz};
use proptest::{collection::vec, prelude::*, sample::select, strategy::Union};

use super::{super::*, plain};

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

/// `part` once in `often` cases, else nothing; always nothing if `often` is 0.
fn maybe(often: u32, part: impl Strategy<Value = String> + 'static) -> BoxedStrategy<String> {
    match often {
        0 => Just(String::new()).boxed(),
        1 => part.boxed(),
        _ => Union::new_weighted(vec![(1, part.boxed()), (often - 1, Just(String::new()).boxed())]).boxed(),
    }
}

fn nonzero(most: i32) -> impl Strategy<Value = i32> {
    (1..=most, any::<bool>()).prop_map(|(n, back)| if back { -n } else { n })
}

/// Any rule that RFC 5545 allows, without `UNTIL`.
fn rule() -> impl Strategy<Value = String> {
    let frequency = select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
    (frequency, any::<bool>()).prop_flat_map(|(frequency, by_week)| {
        let (yearly, weekly) = (frequency == "YEARLY", frequency == "WEEKLY");
        let by_week = yearly && by_week;
        let ordinal = prop_oneof![4 => nonzero(5), 1 + u32::from(yearly) => nonzero(53)];
        let ordinals = (ordinal, weekday()).prop_map(|(n, day)| format!("{n}{day}"));
        let by_day = match frequency {
            "MONTHLY" | "YEARLY" if !by_week => {
                list("BYDAY", prop_oneof![weekday().prop_map(str::to_owned), ordinals]).boxed()
            }
            _ => list("BYDAY", weekday()).boxed(),
        };
        let if_not = |not: bool, often: u32| if not { 0 } else { often };
        let parts = (
            maybe(2, (1..6).prop_map(|n| format!(";INTERVAL={n}"))),
            maybe(3, list("BYMONTH", 1..=12)),
            maybe(if_not(weekly, 4), list("BYMONTHDAY", nonzero(31))),
            maybe(if_not(!yearly, 6), list("BYYEARDAY", nonzero(366))),
            maybe(if_not(!by_week, 1), list("BYWEEKNO", nonzero(53))),
            maybe(2, by_day),
            maybe(15, nonzero(60).prop_map(|n| format!(";BYEASTER={n}"))),
            maybe(3, list("BYSETPOS", prop_oneof![4 => nonzero(5), 1 => nonzero(366)])),
            maybe(3, weekday().prop_map(|day| format!(";WKST={day}"))),
            maybe(4, (1..300).prop_map(|n| format!(";COUNT={n}"))),
        );
        parts.prop_map(move |(a, b, c, d, e, f, g, h, i, j)| {
            // `BYSETPOS` needs another part.
            let positions = if [&b, &c, &d, &e, &f, &g].iter().all(|part| part.is_empty()) { "" } else { h.as_str() };
            format!("FREQ={frequency}{a}{b}{c}{d}{e}{f}{g}{positions}{i}{j}")
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_make_the_days_of_the_plain_evaluator(rule in rule(), day in 0..4_000_i64) {
        let first = civil::date(2018, 1, 1) + day.days();
        let horizon = civil::date(first.year() + 4, 12, 31);
        let made = plain::made(&rule, first, horizon);
        let parsed = RecurrenceRule::parse(&rule).expect("a rule");
        let compiled = Recurrence::compile(&parsed, first, Times::WHOLE_DAY, &[], &tz::TimeZone::UTC);
        for date in (first - 400.days()).series(1.day()).take_while(|date| *date <= horizon) {
            let occurs = compiled.occurs_on(&Day::of(date));
            prop_assert_eq!(occurs, made.contains(&date), "{} from {} on {}", rule, first, date);
        }
        let days: Vec<_> = compiled.days(horizon.year()).collect();
        prop_assert_eq!(days, made.into_iter().collect::<Vec<_>>(), "{} from {}", rule, first);
    }
}
