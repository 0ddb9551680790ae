//! Days that rules generate, and positions of days.

use jiff::{ToSpan, civil, tz};

use super::super::*;

/// From `start` to the end of the day.
fn times(start: u16) -> Times {
    Times { start, stop: 1440 }
}

fn compiled(rule: &str, first: civil::Date, start: u16, except: Vec<civil::Date>, zone: &str) -> Recurrence {
    let rule = RecurrenceRule::parse(rule).expect("a rule");
    let zone = tz::TimeZone::get(zone).expect("a time zone");
    Recurrence::compile(&rule, first, times(start), &except, &zone)
}

/// The days that `recurrence` makes from 2020 to 2035.
fn days(recurrence: &Recurrence) -> Vec<String> {
    let days = civil::date(2020, 1, 1).series(1.day()).take_while(|date| date.year() <= 2035);
    days.filter(|date| recurrence.occurs_on(&Day::of(*date))).map(|date| date.to_string()).collect()
}

/// The first days of `rule` from `first`.
fn made<const N: usize>(rule: &str, first: civil::Date) -> [String; N] {
    let days = days(&compiled(rule, first, 0, vec![], "UTC"));
    days.into_iter().take(N).collect::<Vec<_>>().try_into().expect("as many days")
}

#[test]
fn easter_is_computed_correctly() {
    let sundays = ["2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25", "2285-03-22", "1970-03-29"];
    for sunday in sundays {
        let date: civil::Date = sunday.parse().expect("a date");
        assert_eq!(easter(date.year()), date.day_of_year(), "{sunday}");
    }
    let first = civil::date(2026, 1, 1);
    assert_eq!(made("FREQ=YEARLY;BYEASTER=0", first), ["2026-04-05", "2027-03-28"]);
    assert_eq!(made("FREQ=YEARLY;BYEASTER=39", first), ["2026-05-14", "2027-05-06"]);
    assert_eq!(made("FREQ=YEARLY;BYEASTER=-2", first), ["2026-04-03", "2027-03-26"]);
}

#[test]
fn weeks_are_those_of_iso_8601() {
    for date in civil::date(1970, 1, 1).series(1.day()).take_while(|date| date.year() < 2400) {
        let iso = date.iso_week_date();
        let (week, weeks) = Day::of(date).week(0);
        assert_eq!((week, weeks), (iso.week().into(), if iso.in_long_year() { 53 } else { 52 }), "{date}");
    }
}

#[test]
fn days_follow_one_another() {
    let mut day = Day::of(civil::date(1970, 1, 1));
    for date in civil::date(1970, 1, 1).series(1.day()).take_while(|date| date.year() < 2200) {
        assert_eq!(day, Day::of(date));
        assert_eq!(day.date(), Some(date));
        assert_eq!(day.yesterday(), Day::of(date - 1.day()));
        assert_eq!(day.month_start(), Day::of(date.first_of_month()));
        assert_eq!(day.next_month(), Day::of(date.last_of_month() + 1.day()));
        assert_eq!(day.in_month(9), (date.day() + 9 <= date.days_in_month()).then(|| Day::of(date + 9.days())));
        day = day.tomorrow();
    }
    for year in [-1, 0, 1, 4, 1900, 2000, 9999] {
        assert_eq!(Day::new_year(year), Day::of(civil::date(year, 1, 1)));
        assert_eq!(number_of(civil::date(year, 1, 1)), (civil::date(year, 1, 1) - civil::date(1970, 1, 1)).get_days());
    }
}

#[test]
fn the_first_day_counts_only_if_the_rule_makes_it() {
    assert_eq!(made("FREQ=WEEKLY;BYDAY=MO", civil::date(2026, 1, 1)), ["2026-01-05"]);
    assert_eq!(made("FREQ=WEEKLY", civil::date(2026, 1, 1)), ["2026-01-01", "2026-01-08"]);
    assert_eq!(made("FREQ=MONTHLY", civil::date(2026, 1, 31)), ["2026-01-31", "2026-03-31"]);
    assert_eq!(made("FREQ=YEARLY", civil::date(2024, 2, 29)), ["2024-02-29", "2028-02-29"]);
}

#[test]
fn weeks_of_an_interval_begin_on_the_day_that_the_rule_says() {
    let first = civil::date(2026, 1, 6);
    let rule = |start| format!("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST={start}");
    assert_eq!(made(&rule("MO"), first), ["2026-01-06", "2026-01-11", "2026-01-20"]);
    assert_eq!(made(&rule("SU"), first), ["2026-01-06", "2026-01-18", "2026-01-20"]);
}

#[test]
fn positions_count_in_the_period() {
    let first = civil::date(2026, 1, 1);
    let last_workday = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1";
    assert_eq!(made(last_workday, first), ["2026-01-30", "2026-02-27", "2026-03-31"]);
    assert_eq!(made("FREQ=YEARLY;BYDAY=SU;BYSETPOS=2,-1", first), ["2026-01-11", "2026-12-27", "2027-01-10"]);
}

#[test]
fn positions_count_from_the_start_of_the_week_also_before_the_first_day() {
    // 2026-01-07 is a Wednesday. Tuesday is the second matching day of its week; Thursday would be if counting began on
    // the first day.
    let rule = "FREQ=WEEKLY;BYDAY=MO,TU,TH;BYSETPOS=2";
    assert_eq!(made(rule, civil::date(2026, 1, 7)), ["2026-01-13", "2026-01-20"]);
}

#[test]
fn days_with_and_without_ordinals_can_be_combined() {
    let rule = "FREQ=MONTHLY;BYDAY=MO,1TU";
    let expected = ["2026-01-05", "2026-01-06", "2026-01-12", "2026-01-19", "2026-01-26", "2026-02-02", "2026-02-03"];
    assert_eq!(made(rule, civil::date(2026, 1, 1)), expected);
}

#[test]
fn ordinals_count_in_the_year_or_in_the_months_that_are_named() {
    let first = civil::date(2026, 1, 1);
    assert_eq!(made("FREQ=YEARLY;BYDAY=20MO", first), ["2026-05-18", "2027-05-17"]);
    assert_eq!(made("FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3,10", first), ["2026-03-29", "2026-10-25"]);
}

#[test]
fn a_week_number_without_a_day_takes_the_weekday_of_the_first_day() {
    assert_eq!(made("FREQ=YEARLY;BYWEEKNO=20", civil::date(2026, 1, 1)), ["2026-05-14", "2027-05-20"]);
}

#[test]
fn the_last_week_of_a_year_may_end_in_the_next_and_the_first_begin_in_the_one_before() {
    let first = civil::date(2020, 1, 1);
    assert_eq!(made("FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU", first), ["2021-01-03", "2027-01-03", "2033-01-02"]);
    assert_eq!(made("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", first), ["2021-01-04", "2022-01-03"]);
    assert_eq!(made("FREQ=YEARLY;BYWEEKNO=-52;BYDAY=MO", civil::date(2024, 6, 1)), ["2024-12-30"]);
}

#[test]
fn until_is_compared_with_the_start_of_the_period_in_its_zone() {
    let first = civil::date(2026, 3, 26);
    let last = |until: &str, start: u16, zone: &str| {
        days(&compiled(&format!("FREQ=DAILY;UNTIL={until}"), first, start, vec![], zone)).pop()
    };
    let day = |day: &str| Some(format!("2026-03-{day}"));
    assert_eq!(last("20260329", 1439, "Europe/Brussels"), day("29"));
    assert_eq!(last("20260329T090000", 540, "Europe/Brussels"), day("29"));
    assert_eq!(last("20260329T085959", 540, "Europe/Brussels"), day("28"));
    // Noon in Brussels is 11:00 UTC in winter and 10:00 in summer, which begins on the 29th.
    assert_eq!(last("20260328T105959Z", 720, "Europe/Brussels"), day("27"));
    assert_eq!(last("20260328T110000Z", 720, "Europe/Brussels"), day("28"));
    assert_eq!(last("20260329T100000Z", 720, "Europe/Brussels"), day("29"));
    assert_eq!(last("20260327T230000Z", 0, "Europe/Brussels"), day("28"));
    assert_eq!(last("20260327T230000Z", 0, "America/New_York"), day("27"));
    assert_eq!(last("20200101", 0, "UTC"), None);
}

#[test]
fn until_as_an_instant_lets_a_whole_day_count_by_the_later_of_its_two_days() {
    let last = |until: &str, zone: &str| {
        days(&compiled(&format!("FREQ=DAILY;UNTIL={until}"), civil::date(2026, 7, 1), 0, vec![], zone)).pop()
    };
    for zone in ["UTC", "America/New_York", "Pacific/Kiritimati", "Europe/Brussels"] {
        assert!(last("20260731T000000Z", zone).is_some_and(|last| last == "2026-07-31"), "{zone}");
    }
    assert_eq!(last("20260730T220000Z", "Europe/Brussels"), Some("2026-07-31".to_owned()));
    assert_eq!(last("20260730T215959Z", "Europe/Brussels"), Some("2026-07-30".to_owned()));
}

#[test]
fn until_in_the_hour_that_comes_twice_lets_the_first_of_them_count() {
    // Clocks in Brussels go from 3:00 to 2:00 at 1:00 UTC on 2026-10-25: 2:30 is at 0:30 and at 1:30 UTC.
    let last = |until: &str| {
        let rule = format!("FREQ=DAILY;UNTIL={until}");
        days(&compiled(&rule, civil::date(2026, 10, 1), 150, vec![], "Europe/Brussels")).pop()
    };
    assert_eq!(last("20261025T011500Z"), Some("2026-10-25".to_owned()));
    assert_eq!(last("20261025T003000Z"), Some("2026-10-25".to_owned()));
    assert_eq!(last("20261025T002959Z"), Some("2026-10-24".to_owned()));
}

#[test]
fn count_includes_excepted_days() {
    let except = vec![civil::date(2026, 1, 2), civil::date(2026, 1, 1)];
    let counted = compiled("FREQ=DAILY;COUNT=3", civil::date(2026, 1, 1), 0, except, "UTC");
    assert_eq!(days(&counted), ["2026-01-03"]);
}

#[test]
fn count_is_right_however_far_it_goes() {
    let occurs = |rule: &str, first: civil::Date, date: civil::Date| {
        compiled(rule, first, 0, vec![], "UTC").occurs_on(&Day::of(date))
    };
    let first = civil::date(2000, 1, 1);
    for (year, expected) in [(2000, true), (2199, true), (2201, true), (2202, false)] {
        assert_eq!(occurs("FREQ=YEARLY;COUNT=202", first, civil::date(year, 1, 1)), expected, "{year}");
    }
    let daily = "FREQ=DAILY;COUNT=100000";
    let last = first + 99_999.days();
    assert!(occurs(daily, first, last) && !occurs(daily, first, last + 1.day()));
    assert!(occurs("FREQ=DAILY;COUNT=4000000000", first, civil::date(9000, 1, 1)));
    assert!(occurs("FREQ=YEARLY;INTERVAL=1000;COUNT=3", first, civil::date(4000, 1, 1)));
    assert!(!occurs("FREQ=YEARLY;INTERVAL=1000;COUNT=2", first, civil::date(4000, 1, 1)));
    let first = civil::date(2025, 6, 1);
    for (rule, last) in [
        ("BYMONTH=12;BYMONTHDAY=25", civil::date(2027, 12, 25)),
        ("BYMONTH=1;BYMONTHDAY=1", civil::date(2028, 1, 1)),
        ("BYEASTER=0", civil::date(2028, 4, 16)),
        ("BYEASTER=60", civil::date(2027, 5, 27)),
    ] {
        let recurrence = compiled(&format!("FREQ=YEARLY;{rule};COUNT=3"), first, 0, vec![], "UTC");
        let last_made = days(&recurrence).pop();
        assert_eq!(last_made, Some(last.to_string()), "{rule}");
    }
    assert!(!occurs("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1", first, civil::date(2000, 3, 1)));
}

#[test]
fn a_count_that_takes_longer_to_follow_costs_more() {
    let first = civil::date(2000, 1, 1);
    let cost = |rule: &str| cost::of(&RecurrenceRule::parse(rule).expect("a rule"), first, true, 0, cost::BUDGET);
    for rule in [
        "FREQ=DAILY",
        "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25",
        "FREQ=YEARLY;BYEASTER=-2;COUNT=99",
        "FREQ=WEEKLY;BYDAY=MO",
    ] {
        assert_eq!(cost(rule), cost::SIMPLE, "{rule}");
    }
    let dearer = [
        "FREQ=DAILY;COUNT=10",
        "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
        "FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYDAY=FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYWEEKNO=1,2,3;BYDAY=FR;BYSETPOS=-1",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
    ];
    assert!(dearer.is_sorted_by_key(|rule| cost(rule)), "{:?}", dearer.map(cost));
    assert!(dearer.iter().all(|rule| cost(rule) > cost::SIMPLE));
}

#[test]
fn a_rule_without_end_answers_for_distant_days_in_constant_time() {
    let weekly = compiled("FREQ=WEEKLY;INTERVAL=2", civil::date(2026, 1, 1), 0, vec![], "UTC");
    assert!(weekly.occurs_on(&Day::of(civil::date(2026, 1, 1) + (14 * 100_000).days())));
    assert!(!weekly.occurs_on(&Day::of(civil::date(2026, 1, 1) + (14 * 100_000 + 7).days())));
    assert!(!weekly.occurs_on(&Day::of(civil::date(1900, 1, 4))));
}
