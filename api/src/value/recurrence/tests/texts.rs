//! Which texts are valid rules, and the errors for the others.

use jiff::{civil, tz};
use proptest::prelude::*;

use super::super::*;

#[test]
fn every_rule_that_the_rfc_allows_is_accepted() {
    let right = [
        "FREQ=YEARLY;BYEASTER=0",
        "FREQ=WEEKLY;BYDAY=MO,FR",
        "FREQ=DAILY;UNTIL=20301231",
        "FREQ=DAILY;UNTIL=20301231T000000Z",
        "FREQ=DAILY;UNTIL=20300331T023000",
        "FREQ=DAILY;UNTIL=20161231T235960Z",
        "FREQ=MONTHLY;BYDAY=2MO,-1FR",
        "INTERVAL=2;FREQ=MONTHLY",
        "FREQ=MONTHLY;BYDAY=-5TU",
        "FREQ=YEARLY;BYDAY=-53TU",
        "FREQ=YEARLY;BYDAY=+53TU,53WE",
        "FREQ=MONTHLY;BYDAY=53MO",
        "FREQ=YEARLY;BYMONTHDAY=-31,+1,01",
        "FREQ=DAILY;BYMONTHDAY=13;BYDAY=FR",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=YEARLY;BYWEEKNO=-53;BYMONTH=1,12",
        "FREQ=YEARLY;BYYEARDAY=366,-366,001",
        "FREQ=DAILY;BYMONTH=01;BYSETPOS=-1",
        "FREQ=WEEKLY;BYDAY=MO;WKST=SU;BYSETPOS=+366",
        "FREQ=DAILY;COUNT=99999999999999999999",
        "FREQ=DAILY;INTERVAL=99999999999999999999",
        "FREQ=WEEKLY;BYEASTER=-366",
        "freq=yearly;byday=1mo;ByMonth=3",
    ];
    for rule in right {
        assert!(RecurrenceRule::parse(rule).is_ok(), "{rule}");
    }
    assert_eq!(
        RecurrenceRule::parse("freq=daily;until=20300101t000000z").map(String::from),
        Ok("FREQ=DAILY;UNTIL=20300101T000000Z".to_owned())
    );
    let longest =
        format!("FREQ=YEARLY;BYYEARDAY={}", (1..=366).map(|day| day.to_string()).collect::<Vec<_>>().join(","));
    assert!(RecurrenceRule::parse(&longest).is_ok());
}

#[test]
fn every_other_rule_is_refused_and_the_error_says_what_would_be_right() {
    let wrong = [
        ("FREQ=HOURLY", "FREQ is one of DAILY, WEEKLY, MONTHLY and YEARLY"),
        ("FREQ=SECONDLY", "FREQ is one of"),
        ("FREQ=NEVER", "FREQ is one of"),
        ("BYDAY=MO;INTERVAL=1", "FREQ is missing"),
        ("FREQ=DAILY;BYHOUR=3", "`startTime` and `stopTime`"),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH is a list of 1 to 12"),
        ("FREQ=DAILY;BYMONTH=+1", "BYMONTH is a list of 1 to 12"),
        ("FREQ=YEARLY;BYDAY=0MO", "1MO to 53MO"),
        ("FREQ=YEARLY;BYDAY=54MO", "1MO to 53MO"),
        ("FREQ=MONTHLY;BYDAY=-0MO", "1MO to 53MO"),
        ("FREQ=WEEKLY;BYDAY=MO,", "separated by `,`"),
        ("FREQ=WEEKLY;BYDAY=XX", "days like MO"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "1 to 31, or -1 to -31 counted from the end"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "1 to 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=001", "1 to 31"),
        ("FREQ=YEARLY;BYYEARDAY=367", "1 to 366"),
        ("FREQ=YEARLY;BYWEEKNO=54", "1 to 53"),
        ("FREQ=YEARLY;BYMONTH=1;BYSETPOS=0", "1 to 366"),
        ("FREQ=DAILY;INTERVAL=0", "at least 1"),
        ("FREQ=DAILY;INTERVAL=-1", "at least 1"),
        ("FREQ=DAILY;COUNT=0", "at least 1"),
        ("FREQ=DAILY;COUNT=x", "at least 1"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS needs another BY part"),
        ("FREQ=DAILY;UNTIL=20301301", "a day like 20301231"),
        ("FREQ=DAILY;UNTIL=20301231Z", "a day like 20301231"),
        ("FREQ=DAILY;UNTIL=20301231T250000", "a day like 20301231"),
        ("FREQ=DAILY;UNTIL=2030", "a day like 20301231"),
        ("FREQ=DAILY;UNTIL=20301231;UNTIL=20301231", "UNTIL appears twice"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ appears twice"),
        ("FREQ=DAILY;UNTIL=20301231;COUNT=3", "a rule ends by one of them"),
        ("FREQ=WEEKLY;BYDAY=2MO", "every Monday is BYDAY=MO"),
        ("FREQ=DAILY;BYDAY=2MO", "need FREQ=MONTHLY or FREQ=YEARLY"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=2MO", "the Monday of the week is BYDAY=MO"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY cannot be combined with FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY needs FREQ=YEARLY"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO needs FREQ=YEARLY"),
        ("FREQ=DAILY;WKST=1", "a day of the week"),
        ("FREQ=YEARLY;BYEASTER=1,2", "one number"),
        ("FREQ=YEARLY;BYEASTER=367", "one number"),
        ("FREQ=YEARLY;BYEASTER=--0", "one number"),
        ("FREQ=DAILY;X-PART=1", "`X-PART` is unknown"),
        ("FREQ=DAILY;", "is not a part of a rule"),
        ("RRULE:FREQ=DAILY", "is unknown"),
        ("FREQ=DAILY BYDAY=MO", "FREQ is one of"),
    ];
    for (rule, right) in wrong {
        let said = RecurrenceRule::parse(rule).expect_err(rule).to_string();
        assert!(said.contains(right), "{said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsing_never_panics(
        text in prop_oneof![
            any::<String>(),
            concat!(
                "(?i:FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)",
                "(;(COUNT|INTERVAL|UNTIL|BY(DAY|MONTH|MONTHDAY|YEARDAY|WEEKNO|SETPOS|EASTER)|WKST)=[-+A-Z0-9,]{0,12}){0,4})",
            ),
        ],
        day in 0..84_006_i32,
    ) {
        let Ok(rule) = RecurrenceRule::parse(&text) else { return Ok(()) };
        let first = civil::date(1970, 1, 1) + jiff::Span::new().days(day);
        // The computation stops at the budget, whatever the rule is.
        let cost = cost::of(&rule, first, true, 0, cost::BUDGET);
        prop_assert!(cost >= cost::SIMPLE);
        if cost <= cost::BUDGET {
            let compiled = Recurrence::compile(&rule, first, Times::WHOLE_DAY, &[], &tz::TimeZone::UTC);
            let made = compiled.days(first.year() + 3).all(|date| compiled.occurs_on(&Day::of(date)));
            prop_assert!(made, "{}", text);
        }
    }
}
