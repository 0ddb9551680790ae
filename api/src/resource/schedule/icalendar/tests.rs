//! Round trips of schedules, robustness against any input, and faults with their lines.

use jiff::{ToSpan as _, civil, tz};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

use super::{Reading, rule::LAST};
use crate::{
    document,
    resource::schedule::{
        Schedule, ScheduleFolder, ScheduleType,
        period::{self, DayOfWeek, Period, PeriodType},
    },
    value::{
        name::{GroupId, PeriodName, ScheduleName, TenantId, UserId},
        owner::{Owner, UserPath},
        recurrence::{Day, Recurrence, Times},
        time::{Date, TimeOfDay},
    },
    wire::problem::Fault,
};

/// Reads a calendar for an owner in UTC.
fn read(octets: &[u8]) -> Result<Vec<Period>, Vec<Fault>> {
    super::read(octets, &Reading::default()).map(|loaded| loaded.periods)
}

/// Writes a schedule for a user in UTC.
fn write(folder: &ScheduleFolder, schedule: &Schedule) -> String {
    super::write(folder, schedule, &tz::TimeZone::UTC)
}

fn folder() -> ScheduleFolder {
    let user = UserPath {
        tenant: TenantId::parse("foo").expect("a tenant's identifier"),
        group: GroupId::parse("foogroup").expect("a group's identifier"),
        user: UserId::parse("foouser").expect("a user's identifier"),
    };
    ScheduleFolder { owner: Owner::User(user), kind: ScheduleType::Holiday }
}

fn schedule(periods: Vec<Period>) -> Schedule {
    Schedule { name: ScheduleName::parse("Fériés; été, hiver").expect("a schedule's name"), periods }
}

fn written(period: &Value) -> String {
    let period = serde_json::from_value(period.clone()).expect("the test's period is one");
    write(&folder(), &schedule(vec![period]))
}

/// A calendar with an event of these lines; the first of them is line 4.
fn calendar(lines: &[&str]) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n{}\nEND:VEVENT\nEND:VCALENDAR\n", lines.join("\n"))
}

#[track_caller]
fn expect_period(lines: &[&str], expected: Value) {
    let periods = read(calendar(lines).as_bytes()).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!(json!(periods), json!([expected]));
}

#[track_caller]
fn expect_fault(text: &str, line: i32, detail: &str) {
    let faults = read(text.as_bytes()).expect_err(text);
    let [fault] = faults.as_slice() else { panic!("{text}: {faults:?}") };
    assert_eq!(fault.line, Some(line), "{text}: {fault:?}");
    assert!(fault.detail.contains(detail), "{text}: {fault:?}");
}

#[test]
fn days_and_times_become_dates() {
    let period = |members: Value| {
        let mut period = json!({ "name": "P", "active": true, "type": "Date", "startDate": "2027-12-25" });
        period
            .as_object_mut()
            .into_iter()
            .for_each(|period| period.extend(members.as_object().cloned().unwrap_or_default()));
        period
    };
    let one_day = period(json!({}));
    let until_26 = period(json!({ "stopDate": "2027-12-26" }));
    let times = |start: &str, stop: &str| period(json!({ "startTime": start, "stopTime": stop }));
    for (lines, expected) in [
        (vec!["DTSTART;VALUE=DATE:20271225"], &one_day),
        (vec!["DTSTART:20271225"], &one_day),
        (vec!["dtstart;value=date;TZID=Europe/Brussels:20271225", "dtend;value=date:20271226"], &one_day),
        (vec!["DTSTART;VALUE=DATE:20271225", "DTEND;VALUE=DATE:20271225"], &one_day),
        (vec!["DTSTART;VALUE=DATE:20271225", "DTEND;VALUE=DATE:20271227"], &until_26),
        (vec!["DTSTART;VALUE=DATE:20271225", "DURATION:P2D"], &until_26),
        (vec!["DTSTART;VALUE=DATE:20271225", "DURATION:+P1W"], &period(json!({ "stopDate": "2027-12-31" }))),
        (vec!["DTSTART:20271225T000000", "DTEND:20271226T000000"], &one_day),
        (vec!["DTSTART:20271225T000000", "DTEND:20271227T000000"], &until_26),
        (vec!["DTSTART:20271225T090000", "DTEND:20271225T173000"], &times("09:00", "17:30")),
        (vec!["DTSTART:20271225T090000", "DTEND:20271226T000000"], &times("09:00", "24:00")),
        (vec!["DTSTART:20271225T090000", "DURATION:PT8H30M"], &times("09:00", "17:30")),
        (vec!["DTSTART:20271225T000000", "DURATION:P1D"], &one_day),
    ] {
        let lines = [lines.as_slice(), &["SUMMARY:P"]].concat();
        expect_period(&lines, expected.clone());
    }
    let last = json!({ "name": "P", "active": true, "type": "Date", "startDate": "2199-12-31" });
    expect_period(&["DTSTART;VALUE=DATE:21991231", "DTEND;VALUE=DATE:22000101", "SUMMARY:P"], last);
}

#[test]
fn rules_become_recurrences() {
    expect_period(
        &[
            "SUMMARY;LANGUAGE=en:Founders\\, day",
            "DTSTART:20270105T090000",
            "DTEND:20270105T100000",
            "RRULE:freq=yearly;until=20300105",
            "EXDATE:20280105T090000,20290105T090000",
            "EXDATE;VALUE=DATE:20280105",
            "STATUS:CANCELLED",
        ],
        json!({
            "name": "Founders, day", "active": false, "type": "Recurrence", "startDate": "2027-01-05",
            "startTime": "09:00", "stopTime": "10:00", "rule": "FREQ=YEARLY;UNTIL=20300105",
            "exceptDates": ["2028-01-05", "2029-01-05"]
        }),
    );
}

#[test]
fn what_periods_cannot_express_is_refused_with_its_line() {
    const DAY: &str = "DTSTART;VALUE=DATE:20271225";
    const BRUSSELS: &str = "DTSTART;TZID=Europe/Brussels:20271225T090000";
    for (lines, line, detail) in [
        (vec!["SUMMARY:P"], 3, "no `DTSTART`"),
        (vec![DAY, "DTSTART;VALUE=DATE:20271226"], 5, "appears twice"),
        (vec![BRUSSELS, "DURATION:PT1H"], 4, "\"Europe/Brussels\""),
        (vec![BRUSSELS, "DURATION:PT1H", "RRULE:FREQ=YEARLY"], 4, "differ from those"),
        (vec!["DTSTART;TZID=Nowhere:20271225T090000", "DURATION:PT1H"], 4, "\"Nowhere\""),
        (vec!["DTSTART:2027-12-25"], 4, "not a date or time"),
        (vec!["DTSTART:20270229"], 4, "not a date or time"),
        (vec!["DTSTART:20271225T2500", "DTEND:20271225T260000"], 4, "not a date or time"),
        (vec![DAY, "DTEND:tomorrow"], 5, "not a date or time"),
        (vec![DAY, "DURATION:P1M"], 5, "`P1W`"),
        (vec![DAY, "DURATION:1 day"], 5, "`P1W`"),
        (vec!["DTSTART:19691231"], 4, "out of range"),
        (vec!["DTSTART:22000101"], 4, "out of range"),
        (vec!["DTSTART:21991231", "DTEND:22000102"], 5, "out of range"),
        (vec![DAY, "RRULE:FREQ=HOURLY"], 5, "DAILY, WEEKLY"),
        (vec![DAY, "RRULE:FREQ=DAILY;COUNT=x"], 5, "COUNT"),
        (vec![DAY, "RRULE:FREQ=DAILY;UNTIL=never"], 5, "UNTIL"),
        (vec![DAY, "RRULE:FREQ=YEARLY", "EXRULE:FREQ=YEARLY;INTERVAL=2"], 6, "`EXDATE`"),
        (vec![DAY, "RECURRENCE-ID;RANGE=THISANDFUTURE:20271225"], 5, "`UNTIL`"),
        (vec![DAY, "RRULE:FREQ=YEARLY", "EXDATE:never"], 6, "not a date or time"),
        (vec![DAY, "RDATE:never"], 5, "not a date or time"),
        (vec![DAY, "two"], 5, "not a property"),
        (vec![DAY, "BEGIN:VALARM", "END:VEVENT"], 6, "where `END:VALARM` is expected, which began on line 5"),
    ] {
        expect_fault(&calendar(&lines), line, detail);
    }
}

#[test]
fn malformed_calendars_are_refused_with_the_line() {
    const EVENT: &str = "BEGIN:VEVENT\nDTSTART:20271225\nEND:VEVENT\n";
    let within = |text: &str| format!("BEGIN:VCALENDAR\n{text}END:VCALENDAR\n");
    for (text, line, detail) in [
        (String::new(), 1, "does not start with"),
        ("\n\n{\"periods\":[]}".to_owned(), 3, "does not start with"),
        (EVENT.to_owned(), 1, "does not start with"),
        ("BEGIN:VCALENDAR\n".to_owned() + EVENT, 1, "has no `END:VCALENDAR`"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x\n".to_owned(), 2, "has no `END:VEVENT`"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x\nEND:VCALENDAR\n".to_owned(), 4, "which began on line 2"),
        (within("") + EVENT, 3, "outside of"),
        (within("") + "X:1", 3, "outside of"),
        (within("") + "END:VCALENDAR", 3, "has no `BEGIN:VCALENDAR`"),
        (within("CALSCALE:HEBREW\n"), 2, "GREGORIAN"),
        (within("BEGIN:VCALENDAR\nEND:VCALENDAR\n"), 2, "before the previous one"),
        (within(&EVENT.repeat(1204)), 3002, "results in 1204 periods, and a schedule can have 1000"),
    ] {
        expect_fault(&text, line, detail);
    }
    assert_eq!(read(within(&EVENT.repeat(1000)).as_bytes()).map(|periods| periods.len()), Ok(1000));
    let others = "VERSION:1.0\nBEGIN:VTODO\nDTSTART:x\nEND:VTODO\nBEGIN:VJOURNAL\nEND:VJOURNAL\nBEGIN:VFREEBUSY\nEND:VFREEBUSY\n";
    assert_eq!(read(within(others).as_bytes()), Ok(vec![]));
}

#[test]
fn all_faults_are_reported_in_line_order() {
    let wrong = ["DTSTART:never", "EXRULE:FREQ=DAILY", "RDATE:never", "STATUS:CONFIRMED", "noise"];
    let text = calendar(&wrong) + &calendar(&["DTSTART:20271225", "RRULE:FREQ=HOURLY"]);
    let faults = read(text.as_bytes()).expect_err("nothing in it is right");
    assert_eq!(faults.iter().filter_map(|fault| fault.line).collect::<Vec<_>>(), [4, 5, 6, 8, 15]);
    let text = calendar(&wrong[..4]) + &calendar(&["DTSTART:20271225", "RRULE:FREQ=HOURLY"]);
    let faults = read(text.as_bytes()).expect_err("nothing in it is right");
    assert_eq!(faults.iter().filter_map(|fault| fault.line).collect::<Vec<_>>(), [4, 5, 6, 14]);
}

/// The days of the periods of a calendar from 2024 to 2030, for an owner in `zone`.
fn days(text: &[u8], reading: &Reading) -> Vec<String> {
    let loaded = super::read(text, reading).unwrap_or_else(|faults| panic!("{faults:?}"));
    let all = civil::date(2024, 1, 1).series(1.day()).take_while(|day| day.year() <= 2030);
    let on = |day: &civil::Date| {
        loaded.periods.iter().any(|period| {
            let start = period.start_date.as_ref().map_or(civil::date(1970, 1, 1), day_of);
            match &period.rule {
                None => (start..=period.stop_date.as_ref().map_or(start, day_of)).contains(day),
                Some(rule) => {
                    let except: Vec<_> = period.except_dates.iter().flatten().map(day_of).collect();
                    Recurrence::compile(rule, start, Times::WHOLE_DAY, &except, &tz::TimeZone::UTC)
                        .occurs_on(&Day::of(*day))
                }
            }
        })
    };
    all.filter(on).map(|day| day.to_string()).collect()
}

#[test]
fn events_are_on_the_days_that_other_readers_show() {
    for (lines, expected) in [
        (vec!["DTSTART;VALUE=DATE:20271225", "DTEND;VALUE=DATE:20271224"], vec!["2027-12-24"]),
        (vec!["DTSTART;VALUE=DATE:20271225", "EXDATE;VALUE=DATE:20271225"], vec![]),
        // The first start counts whether or not the rule generates it.
        (
            vec!["DTSTART;VALUE=DATE:20271224", "RRULE:FREQ=YEARLY;BYMONTHDAY=25;BYMONTH=12;COUNT=1"],
            vec!["2027-12-24", "2027-12-25"],
        ),
        // Events of several lengths, with one excluded day.
        (
            vec![
                "DTSTART;VALUE=DATE:20261231",
                "DTEND;VALUE=DATE:20270102",
                "RRULE:FREQ=YEARLY;COUNT=3",
                "EXDATE:20271231",
            ],
            vec!["2026-12-31", "2027-01-01", "2028-12-31", "2029-01-01"],
        ),
        (
            vec!["DTSTART;VALUE=DATE:20270228", "DURATION:P2D", "RRULE:FREQ=YEARLY;UNTIL=20280301"],
            vec!["2027-02-28", "2027-03-01", "2028-02-28", "2028-02-29"],
        ),
        (
            vec![
                "DTSTART;VALUE=DATE:20271125",
                "DURATION:P2D",
                "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;UNTIL=20281231",
            ],
            vec!["2027-11-25", "2027-11-26", "2028-11-23", "2028-11-24"],
        ),
        (
            vec!["DTSTART;VALUE=DATE:20270531", "DURATION:P2D", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=2"],
            vec!["2027-05-31", "2027-06-01", "2028-05-29", "2028-05-30"],
        ),
        (
            vec!["DTSTART;VALUE=DATE:20270102", "DURATION:P2D", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=SA;COUNT=2"],
            vec!["2027-01-02", "2027-01-03", "2027-01-16", "2027-01-17"],
        ),
        (vec!["DTSTART;VALUE=DATE:19501225", "RRULE:FREQ=YEARLY;INTERVAL=20;COUNT=5"], vec!["2030-12-25"]),
        (
            vec!["DTSTART;TZID=America/New_York:20271224T000000", "RRULE:FREQ=DAILY;UNTIL=20271226T050000Z"],
            vec!["2027-12-24", "2027-12-25", "2027-12-26"],
        ),
    ] {
        assert_eq!(days(calendar(&lines).as_bytes(), &Reading::default()), expected, "{lines:?}");
    }
}

#[test]
fn parts_of_days_are_kept_if_the_local_times_of_their_zone_are_the_owners() {
    let brussels = Reading { zone: tz::TimeZone::get("Europe/Brussels").ok(), ..Reading::default() };
    let event =
        |zone: &str, rule: &str| calendar(&[&format!("DTSTART;TZID={zone}:20271225T090000"), "DURATION:PT1H", rule]);
    let described = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Here\n\
        BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n\
        BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\n\
        END:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=Here:20271225T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n";
    for right in [
        event("Europe/Brussels", "RRULE:FREQ=DAILY"),
        event("Europe/Paris", "RRULE:FREQ=DAILY"),
        event("Romance Standard Time", "RRULE:FREQ=DAILY"),
        event("/mozilla.org/20070129_1/Europe/Brussels", "RRULE:FREQ=DAILY"),
        event("Africa/Lagos", "SUMMARY:no daylight saving"),
        described.to_owned(),
    ] {
        let loaded = super::read(right.as_bytes(), &brussels).unwrap_or_else(|faults| panic!("{right}: {faults:?}"));
        let [period] = loaded.periods.as_slice() else { panic!("{right}: {loaded:?}") };
        assert_eq!(period.start_time.as_ref().map(TimeOfDay::minutes), Some(540), "{right}");
    }
    for wrong in
        [event("Africa/Lagos", "RRULE:FREQ=DAILY"), event("Europe/London", "SUMMARY:x"), event("Nowhere", "X:x")]
    {
        let faults = super::read(wrong.as_bytes(), &brussels).expect_err(&wrong);
        assert_eq!(faults.iter().filter_map(|fault| fault.line).collect::<Vec<_>>(), [4], "{wrong}");
    }
}

#[test]
fn events_that_periods_cannot_express_are_skipped_on_request() {
    let right = "BEGIN:VEVENT\nUID:a\nDTSTART:20271225\nRRULE:FREQ=YEARLY\nEND:VEVENT\n";
    let moved = "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20281225\nDTSTART:never\nEND:VEVENT\n";
    let wrong = "BEGIN:VEVENT\nUID:b\nDTSTART:20271226\nRRULE:FREQ=HOURLY\nEND:VEVENT\n";
    let text = format!("BEGIN:VCALENDAR\n{right}{moved}{wrong}END:VCALENDAR\n");
    let skip = Reading { skip: true, ..Reading::default() };
    let loaded = super::read(text.as_bytes(), &skip).expect("what is wrong is left out");
    assert_eq!(loaded.skipped.iter().filter_map(|fault| fault.line).collect::<Vec<_>>(), [10, 15]);
    // The instance that was moved where nobody knows does not come back.
    assert_eq!(days(text.as_bytes(), &skip), ["2027-12-25", "2029-12-25", "2030-12-25"]);
    assert!(super::read(format!("{text}noise").as_bytes(), &skip).is_err());
}

#[test]
fn events_with_an_excluded_text_are_left_out() {
    let event = |name: &str, more: &str| format!("BEGIN:VEVENT\nSUMMARY:{name}\nDTSTART:20271225\n{more}END:VEVENT\n");
    let events = [
        event("Christmas", "DESCRIPTION:Public holiday\n"),
        event("ÉTÉ", ""),
        event("A", "DESCRIPTION:Observance\\nTo hide\n"),
        event("B", "DESCRIPTION:a day\nof observance\n"),
        event("C", "CATEGORIES:Holiday,Observance\n"),
    ];
    let text = format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", events.concat());
    let names = |exclude: &[&str]| {
        let exclude = exclude.iter().map(ToString::to_string).collect();
        let loaded = super::read(text.as_bytes(), &Reading { exclude, ..Reading::default() }).expect("a calendar");
        loaded.periods.iter().map(|period| period.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&["oBServance"]), ["Christmas", "ÉTÉ"]);
    assert_eq!(names(&["observance", "été"]), ["Christmas"]);
    assert_eq!(names(&["tomorrow"]).len(), 5);
}

#[test]
fn more_exceptions_than_a_period_can_have_are_split_over_several_periods() {
    let except: Vec<String> = (0..1000)
        .map(|at| civil::date(2024, 1, 1) + (2 * at).days())
        .map(|day| day.to_string().replace('-', ""))
        .collect();
    let text =
        calendar(&["DTSTART:20240101", "RRULE:FREQ=DAILY;UNTIL=20301231", &format!("EXDATE:{}", except.join(","))]);
    assert_eq!(read(text.as_bytes()).map(|periods| periods.len()), Ok(3));
    assert_eq!(days(text.as_bytes(), &Reading::default()).len(), 2557 - 1000);
}

#[test]
fn rules_that_take_too_long_to_evaluate_are_refused_quickly() {
    let event = "BEGIN:VEVENT\nDTSTART:00010101\nRRULE:FREQ=YEARLY;COUNT=9999\nEND:VEVENT\n";
    let text = format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", event.repeat(15_000));
    let loaded =
        super::read(text.as_bytes(), &Reading { skip: true, ..Reading::default() }).expect("faults are left out");
    // Followed to their days, all of them would take a minute.
    assert!(loaded.periods.len() < 100 && loaded.skipped.len() > 14_900, "{}", loaded.periods.len());
    let rules = "RRULE:FREQ=DAILY\n".repeat(11);
    expect_fault(&calendar(&["DTSTART:20271225", rules.trim_end()]), 15, "10 rules");
}

#[test]
fn the_maximum_number_of_exceptions_in_a_body_is_read() {
    let days = "20271225,".repeat(84_000);
    let text = calendar(&["DTSTART:20271225", "RRULE:FREQ=DAILY", &format!("EXDATE:{days}")]);
    let periods = read(text.as_bytes()).expect("a calendar");
    assert_eq!(periods[0].except_dates.as_ref().map(Vec::len), Some(1));
}

#[test]
fn several_calendars_are_merged_and_other_components_are_ignored() {
    let event =
        |name: &str, within: &str| format!("BEGIN:VEVENT\nSUMMARY:{name}\nDTSTART:20271225\n{within}END:VEVENT\n");
    let alarm = "BEGIN:VALARM\nSUMMARY:alarm\nDTSTART:noise\nEND:VALARM\n";
    let zone =
        "BEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=HOURLY\nEND:STANDARD\nEND:VTIMEZONE\n";
    let one = format!("BEGIN:VCALENDAR\n{zone}{}END:VCALENDAR\n", event("A", alarm));
    let two = format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", event("B", ""));
    let periods = read(format!("{one}{two}").as_bytes()).expect("both are right");
    assert_eq!(periods.iter().map(|period| period.name.as_str()).collect::<Vec<_>>(), ["A", "B"]);
}

#[test]
fn names_are_made_to_fit_and_stay_unique() {
    let long = "A very long name of a public holiday that nobody can read";
    let summaries = ["Noël/Kerst", "Noël-Kerst", "Noël-Kerst", long, long, "", " \u{7}\u{feff}", "a\\nb"];
    let events = summaries.map(|summary| format!("BEGIN:VEVENT\nSUMMARY:{summary}\nDTSTART:20271225\nEND:VEVENT\n"));
    let text = format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", events.concat());
    let periods = read(text.as_bytes()).expect("names are made to fit");
    assert_eq!(
        periods.iter().map(|period| period.name.as_str()).collect::<Vec<_>>(),
        [
            "Noël-Kerst",
            "Noël-Kerst 2027-12-25",
            "Noël-Kerst 2027-12-25 2",
            "A very long name of a public holiday tha",
            "A very long name of a public 2027-12-25",
            "2027-12-25",
            "2027-12-25 2027-12-25",
            "a b",
        ]
    );
}

#[test]
fn deep_nesting_does_not_recurse() {
    let deep = "BEGIN:VCALENDAR\n".to_owned() + &"BEGIN:A\n".repeat(100_000);
    expect_fault(&deep, 100_001, "has no `END:A`");
}

#[test]
fn easter_is_written_as_days() {
    let easter = json!({
        "name": "Easter Sunday", "active": true, "type": "Recurrence", "startDate": "2026-01-01",
        "rule": "FREQ=YEARLY;BYEASTER=0",
        "exceptDates": ["2027-03-28"]
    });
    let text = written(&easter);
    let unfolded = text.replace("\r\n ", "");
    assert!(unfolded.contains("\r\nDTSTART;VALUE=DATE:20260405\r\n"), "{text}");
    assert!(unfolded.contains("\r\nDTEND;VALUE=DATE:20260406\r\n"), "{text}");
    assert!(unfolded.contains("\r\nRDATE;VALUE=DATE:20270328,20280416,"), "{text}");
    assert!(unfolded.contains("\r\nEXDATE;VALUE=DATE:20270328\r\n"), "{text}");
    assert!(unfolded.contains("\r\nX-CALL-ACCEPTANCE-RULE;VALUE=RECUR:FREQ=YEARLY;BYEASTER=0\r\n"), "{text}");
    assert!(!unfolded.contains("\r\nRRULE"), "{text}");
    assert_eq!(read(text.as_bytes()).map(|periods| json!(periods)), Ok(json!([easter])));
}

#[test]
fn an_event_starts_on_the_first_day_of_its_rule() {
    let christmas = json!({
        "name": "Christmas", "active": true, "type": "Recurrence", "startDate": "2026-01-01", "startTime": "09:00",
        "stopTime": "24:00", "rule": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;UNTIL=20301225T235959Z"
    });
    let text = written(&christmas);
    let unfolded = text.replace("\r\n ", "");
    assert!(unfolded.contains("\r\nDTSTART:20261225T090000\r\n"), "{text}");
    assert!(unfolded.contains("\r\nDTEND:20261226T000000\r\n"), "{text}");
    assert!(unfolded.contains("\r\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;UNTIL=20301225T235959\r\n"), "{text}");
    assert_eq!(read(text.as_bytes()).map(|periods| json!(periods)), Ok(json!([christmas])));
}

#[test]
fn written_texts_are_escaped_exactly_once() {
    let text = written(&json!({ "name": "a,b;c\\d:\"e\"", "active": true, "type": "Date", "startDate": "2027-12-25" }));
    let expected = r#"BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//call-acceptance//Selective Call Acceptance//EN
NAME;VALUE=TEXT:Fériés\; été\, hiver
X-WR-CALNAME:Fériés\; été\, hiver
BEGIN:VEVENT
DTEND;VALUE=DATE:20271226
DTSTAMP:19700101T000000Z
DTSTART;VALUE=DATE:20271225
SUMMARY:a\,b\;c\\d:"e"
UID:@
END:VEVENT
END:VCALENDAR
"#;
    let uid = text.lines().find_map(|line| line.strip_prefix("UID:")).expect("an event has a UID");
    assert_eq!(uid.parse::<uuid::Uuid>().map(|uid| uid.get_version_num()), Ok(5));
    assert_eq!(text, expected.replace('\n', "\r\n").replace('@', uid));
}

#[test]
fn a_rule_without_days_is_kept() {
    let never = json!({
        "name": "Never", "active": true, "type": "Recurrence", "startDate": "2026-01-01",
        "rule": "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"
    });
    assert_eq!(read(written(&never).as_bytes()).map(|periods| json!(periods)), Ok(json!([never])));
}

#[test]
fn other_programs_show_no_day_of_a_period_without_days() {
    let never = "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30";
    for (active, kind, rule) in
        [(true, "Recurrence", Some(never)), (false, "Recurrence", Some("FREQ=DAILY")), (false, "Date", None)]
    {
        let mut period = json!({ "name": "P", "active": active, "type": kind, "startDate": "2026-01-01" });
        rule.into_iter().for_each(|rule| {
            period["rule"] = rule.into();
            period["exceptDates"] = json!(["2026-02-02"]);
        });
        let text = written(&period);
        for line in ["DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=DAILY;COUNT=1", "EXDATE;VALUE=DATE:20260101"] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{text}");
        }
        assert_eq!(read(text.as_bytes()).map(|periods| json!(periods)), Ok(json!([period])));
    }
}

#[test]
fn the_last_day_of_a_written_rule_is_that_of_decisions() {
    let period = |times: bool, until: &str| {
        let mut period = json!({
            "name": "P", "active": true, "type": "Recurrence", "startDate": "2026-07-01",
            "rule": format!("FREQ=DAILY;UNTIL={until}")
        });
        if times {
            period["startTime"] = "09:00".into();
            period["stopTime"] = "17:00".into();
        }
        let period = serde_json::from_value(period).expect("the test's period is one");
        let zone = tz::TimeZone::get("Europe/Brussels").expect("a zone");
        super::write(&folder(), &schedule(vec![period]), &zone)
    };
    for (times, until, written) in [
        (false, "20260730T220000Z", "20260731"),
        (false, "20260731T000000Z", "20260731"),
        (false, "20260731T090000", "20260731"),
        (true, "20260731T060000Z", "20260730T235959"),
        (true, "20260731T070000Z", "20260731T235959"),
        (true, "20260731", "20260731T235959"),
    ] {
        let text = period(times, until);
        assert!(text.contains(&format!("\r\nRRULE:FREQ=DAILY;UNTIL={written}\r\n")), "{until}: {text}");
    }
}

#[test]
fn a_stop_on_the_next_day_is_written_and_read_as_one_period() {
    let night = json!({
        "name": "Night", "active": true, "type": "Date", "startDate": "2026-12-31", "startTime": "22:00",
        "stopTime": "06:00"
    });
    let text = written(&night);
    assert!(text.contains("\r\nDTEND:20270101T060000\r\n"), "{text}");
    assert_eq!(read(text.as_bytes()).map(|periods| json!(periods)), Ok(json!([night])));
}

fn date() -> impl Strategy<Value = civil::Date> {
    (0..84_006i32).prop_map(|days| civil::date(1970, 1, 1) + days.days())
}

fn dates() -> impl Strategy<Value = Value> {
    (date(), option::of(0..40i32)).prop_map(|(start, more)| {
        let stop = more.map(|more| (start + more.days()).min(civil::date(2199, 12, 31)));
        let mut period = json!({ "type": "Date", "startDate": start.to_string() });
        stop.into_iter().for_each(|stop| period["stopDate"] = stop.to_string().into());
        period
    })
}

const RULES: [&str; 11] = [
    "FREQ=YEARLY",
    "FREQ=YEARLY;BYEASTER=0",
    "FREQ=YEARLY;BYEASTER=-2;UNTIL=20501231",
    "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25",
    "FREQ=YEARLY;INTERVAL=3;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=MONTHLY;BYDAY=-1FR;COUNT=10",
    "FREQ=MONTHLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU",
    "FREQ=DAILY;INTERVAL=10;UNTIL=20300101T120000",
    "FREQ=DAILY;COUNT=3",
    "INTERVAL=2;FREQ=WEEKLY;UNTIL=20990101T000000Z",
];

fn recurrences() -> impl Strategy<Value = Value> {
    (select(RULES.as_slice()), date(), vec(date(), 0..5)).prop_map(|(rule, start, mut except)| {
        except.sort();
        except.dedup();
        let mut period = json!({ "type": "Recurrence", "startDate": start.to_string(), "rule": rule });
        if !except.is_empty() {
            period["exceptDates"] = except.iter().map(ToString::to_string).collect();
        }
        period
    })
}

fn periods() -> impl Strategy<Value = Period> {
    const WEEK: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let kinds = prop_oneof![
        dates(),
        recurrences(),
        select(WEEK.as_slice()).prop_map(|day| json!({ "type": "Day of the week", "dayOfWeek": day })),
        (1..=31).prop_map(|day| json!({ "type": "Day of the month", "dayOfMonth": day })),
    ];
    let times =
        option::of((0..1439u16, 1..=1440u16).prop_filter("the stop is another time", |(start, stop)| start != stop));
    let name =
        r#"[a-zA-Z0-9é😀,;:\\"' .-]{1,40}"#.prop_filter("a period's name", |name| PeriodName::parse(name).is_ok());
    (kinds, times, name, any::<bool>()).prop_map(|(mut period, times, name, active)| {
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        if let Some((start, stop)) = times {
            period["startTime"] = time(start).into();
            period["stopTime"] = time(stop).into();
        }
        period["name"] = name.into();
        period["active"] = active.into();
        serde_json::from_value(period).expect("the test's period is one")
    })
}

fn schedules() -> impl Strategy<Value = Schedule> {
    vec(periods(), 0..8).prop_map(|mut periods| {
        let mut names = std::collections::HashSet::new();
        periods.retain(|period| names.insert(period.name.clone()));
        schedule(periods)
    })
}

fn day_of(date: &Date) -> civil::Date {
    date.as_str().parse().expect("a date is a day")
}

/// The first days of a period, at most 50.
fn first_days(period: &Period) -> Vec<civil::Date> {
    let start = period.start_date.as_ref().map_or(civil::date(1970, 1, 1), day_of);
    let from = |start: civil::Date| start.series(1.day());
    match period.kind {
        PeriodType::DayOfTheWeek => {
            let wanted = period.day_of_week.map(|day| match day {
                DayOfWeek::Monday => civil::Weekday::Monday,
                DayOfWeek::Tuesday => civil::Weekday::Tuesday,
                DayOfWeek::Wednesday => civil::Weekday::Wednesday,
                DayOfWeek::Thursday => civil::Weekday::Thursday,
                DayOfWeek::Friday => civil::Weekday::Friday,
                DayOfWeek::Saturday => civil::Weekday::Saturday,
                DayOfWeek::Sunday => civil::Weekday::Sunday,
            });
            from(start).filter(|day| Some(day.weekday()) == wanted).take(50).collect()
        }
        PeriodType::DayOfTheMonth => {
            from(start).filter(|day| Some(i32::from(day.day())) == period.day_of_month).take(50).collect()
        }
        PeriodType::Date => {
            let stop = period.stop_date.as_ref().map_or(start, day_of);
            from(start).take_while(|day| *day <= stop).take(50).collect()
        }
        PeriodType::Recurrence => {
            let except: Vec<_> = period.except_dates.iter().flatten().map(day_of).collect();
            let rule = period.rule.as_ref().expect("a recurrence has a rule");
            let made = Recurrence::compile(rule, start, Times::WHOLE_DAY, &except, &tz::TimeZone::UTC);
            made.days(LAST.year()).take(50).collect()
        }
    }
}

/// The times of a period, with the whole day in a canonical form.
fn times(period: &Period) -> (String, String) {
    let (start, stop) = (period.start_time.as_ref(), period.stop_time.as_ref());
    (start.map_or("00:00", |time| time.as_str()).to_owned(), stop.map_or("24:00", |time| time.as_str()).to_owned())
}

/// The period in canonical form: no redundant last day, whole-day times, or exceptions outside of the rule.
fn plain(mut period: Period) -> Period {
    let (start, rule) = (period.start_date.as_ref().map(day_of), period.rule.as_ref());
    let made = start
        .zip(rule)
        .map(|(start, rule)| Recurrence::compile(rule, start, Times::WHOLE_DAY, &[], &tz::TimeZone::UTC));
    if let (Some(except), Some(made)) = (&mut period.except_dates, made) {
        except.retain(|day| made.occurs_on(&Day::of(day_of(day))));
    }
    period.except_dates = period.except_dates.filter(|except| !except.is_empty());
    period.stop_date = period.stop_date.filter(|stop| Some(stop) != period.start_date.as_ref());
    if times(&period) == ("00:00".to_owned(), "24:00".to_owned()) {
        (period.start_time, period.stop_time) = (None, None);
    }
    period
}

proptest! {
    // Rules are slow to evaluate without optimization.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_written_schedule_reads_back_unchanged(schedule in schedules()) {
        let text = write(&folder(), &schedule);
        let back = read(text.as_bytes()).unwrap_or_else(|faults| panic!("{faults:?}: {text}"));
        prop_assert_eq!(back.len(), schedule.periods.len());
        for (before, after) in schedule.periods.iter().zip(&back) {
            prop_assert_eq!((&before.name, before.active, times(before)), (&after.name, after.active, times(after)));
            prop_assert_eq!(first_days(before), first_days(after), "{}", text);
            let several_days_with_times = before.start_time.is_some() && before.stop_date > before.start_date;
            let ends = before.rule.as_ref().is_some_and(|rule| rule.until().is_some());
            let recurs = before.kind == PeriodType::Recurrence && !ends;
            if recurs || (before.kind == PeriodType::Date && !several_days_with_times) {
                prop_assert_eq!(plain(before.clone()), plain(after.clone()));
            }
        }
        prop_assert_eq!(write(&folder(), &schedule), text);
    }

    #[test]
    fn a_written_schedule_is_readable_by_the_library(schedule in schedules()) {
        use icalendar::{Calendar, Component as _};
        let text = write(&folder(), &schedule);
        prop_assert!(text.split_terminator("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])));
        let calendar: Calendar = text.parse().map_err(TestCaseError::fail)?;
        for name in ["NAME", "X-WR-CALNAME"] {
            prop_assert_eq!(calendar.property_value(name), Some(schedule.name.as_str()));
        }
        let events: Vec<_> = calendar.events().collect();
        prop_assert_eq!(events.len(), schedule.periods.len());
        let mut identifiers = std::collections::HashSet::new();
        for (event, period) in events.iter().zip(&schedule.periods) {
            prop_assert_eq!(event.get_summary(), Some(period.name.as_str()));
            prop_assert!(event.get_start().is_some() && event.get_end().is_some() && event.get_timestamp().is_some());
            prop_assert!(identifiers.insert(event.get_uid().map(str::to_owned)));
        }
    }

    #[test]
    fn reading_never_panics_and_results_in_valid_periods(
        schedule in schedules(),
        cuts in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(),
        "[\\x00-\\x7f]{0,3}|é|\u{feff}|RDATE:1\n|T000000|Z"), 1..4),
    ) {
        let mut text = write(&folder(), &schedule);
        for (from, length, put) in cuts {
            let characters: Vec<(usize, char)> = text.char_indices().collect();
            let Some((at, _)) = characters.get(from.index(characters.len().max(1))) else { continue };
            let end = characters.get(from.index(characters.len()) + length.index(12)).map_or(text.len(),
            |(end, _)| *end);
            text.replace_range(at..&end, &put);
        }
        if let Ok(periods) = read(text.as_bytes()) {
            let mut body = json!({ "periods": periods });
            let schemas = document::body_schemas();
            let mut faults = schemas.faults("ScheduleUpdate", &mut body).expect("the document has the schema");
            period::check_all(&body["periods"], "/periods", &mut faults);
            prop_assert_eq!(faults, vec![], "{}", text);
        }
    }

    #[test]
    fn any_properties_are_read_without_a_panic_and_within_the_limits(
        lines in vec(prop_oneof![
            "(DTSTART|DTEND|RDATE|EXDATE|RECURRENCE-ID)(;VALUE=DATE|;TZID=Europe/Paris)?:(19|20|21)[0-9]{2}(0[1-9]|1[0-2])[0-2][1-8](T[01][0-9]0000Z?)?",
            "RRULE:FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;COUNT=[1-9]{1,9}|;UNTIL=20[0-9]{2}1231)?(;INTERVAL=[1-9]{1,3})?(;BYDAY=-?[1-5]?(MO|SU))?(;BYMONTHDAY=-?[1-9])?(;BYMONTH=[1-9])?",
            "DURATION:-?P([0-9]{1,3}D|[0-9]W|T[0-9]{1,2}H)",
            "(UID:[ab]|SEQUENCE:[0-9]|STATUS:CANCELLED|END:VEVENT\nBEGIN:VEVENT|[A-Z;:=\", é]{0,20})",
        ], 0..40),
        skip in any::<bool>(),
    ) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        if let Ok(loaded) = super::read(calendar(&lines).as_bytes(), &Reading { skip, ..Reading::default() }) {
            prop_assert!(loaded.periods.len() <= 1000);
            let mut faults = Vec::new();
            period::check_all(&json!(loaded.periods), "/periods", &mut faults);
            prop_assert_eq!(faults, vec![]);
        }
    }

    #[test]
    fn any_octets_are_read_without_a_panic(text in vec(any::<u8>(), 0..200)) {
        let _ = read(&[b"BEGIN:VCALENDAR\n".as_slice(), &text].concat());
        let _ = read(&text);
    }
}
