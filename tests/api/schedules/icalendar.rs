//! Calendar schedules as iCalendar.

use call_acceptance_api::document::operations;
use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{OWNERS, expect_no_owner, friday};
use crate::{
    database::Kind,
    harness::{Answer, App, CRITERIA, JSON, SERVICE, USER, both_databases, client},
};

/// Public holidays of Belgium from 2026 to 2029, in the style of published files: folded, with CRLF.
const HOLIDAYS: &str = include_str!("belgian_public_holidays.ics");
const CALENDAR: (&str, &str) = ("Content-Type", "text/calendar");

/// A calendar with an event of these lines; the first of them is line 4.
fn calendar(lines: &[&str]) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        lines.join("\r\n")
    )
}

/// The paths of the calendar schedules of each owner.
fn folders() -> impl Iterator<Item = String> {
    OWNERS.iter().map(|(owner, _)| format!("{owner}calendar_schedules/"))
}

async fn put(app: &App, schedule: &str, text: impl Into<String>) -> Answer {
    app.send(Method::PUT, &format!("{schedule}icalendar/"), &[CALENDAR], Some(text.into())).await
}

/// Creates an empty calendar schedule of the user, and gives its path.
async fn create(app: &App, name: &str) -> String {
    app.post(&format!("{USER}calendar_schedules/"), json!({ "name": name })).await.expect(201);
    format!("{USER}calendar_schedules/{name}/")
}

/// Published files, with the days on which their events are.
const FIELD: &[(&str, &[&str])] = &[
    ("i01_allday_seconds_235959.ics", &["2026-12-25"]),
    ("i02_allday_2359.ics", &["2026-12-25"]),
    ("i03_date_then_datetime_end.ics", &["2026-12-25"]),
    (
        "i04_value_date_with_time.ics",
        &[
            "2026-12-27",
            "2026-12-28",
            "2026-12-29",
            "2026-12-30",
            "2026-12-31",
            "2027-01-01",
            "2027-01-02",
            "2027-01-03",
            "2027-01-04",
        ],
    ),
    ("i05_end_equals_start.ics", &["2026-12-25"]),
    ("i06_outlook_tzid_allday.ics", &["2026-12-25"]),
    ("i08_utc_midnight.ics", &["2026-12-25"]),
    ("i09_rdate_moving_feast.ics", &["2026-04-06", "2027-03-29", "2028-04-17"]),
    ("i10_multiday_yearly.ics", &["2025-12-25", "2025-12-26", "2026-12-25", "2026-12-26", "2030-12-26", "2099-12-26"]),
    ("i11_recurrence_id_moved.ics", &["2024-04-27", "2025-04-26", "2026-04-27", "2050-04-27"]),
    ("i13_google_observance.ics", &["2026-03-29", "2026-05-10", "2026-12-25"]),
    ("i14_raw_newline_description.ics", &["2026-05-01"]),
    ("i15_until_utc_date_mix.ics", &["2026-07-03", "2026-07-10", "2026-07-17", "2026-07-24", "2026-07-31"]),
    ("i17_exdate_list_and_param.ics", &["2026-01-02", "2026-01-30"]),
    ("i18_exdate_utc_on_allday.ics", &["2026-01-02", "2026-01-16", "2026-08-07", "2030-01-04"]),
    ("i34_lowercase.ics", &["2026-12-25"]),
    ("i43_fold.ics", &["2026-12-25"]),
];
/// Days without events.
const NO_HOLIDAYS: &[&str] = &[
    "2024-12-25",
    "2025-04-27",
    "2025-12-24",
    "2025-12-27",
    "2026-01-09",
    "2026-01-10",
    "2026-12-24",
    "2026-12-26",
    "2027-01-05",
    "2027-04-06",
    "2027-05-01",
    "2026-08-07",
];

/// Loads a published file into the schedule.
async fn load(app: &App, schedule: &str, name: &str, query: &str) -> Value {
    let file = format!("{}/tests/api/schedules/icalendar/{name}", env!("CARGO_MANIFEST_DIR"));
    let body = std::fs::read(file).expect("the file is there");
    let request =
        client().put(app.url(&format!("{schedule}icalendar/{query}"))).header(CALENDAR.0, CALENDAR.1).body(body);
    let answer = Answer::of(request.send().await.expect("the server answers")).await;
    answer.expect(200)
}

/// Those of the days, and of some others, on which the criteria accepts.
async fn holidays(app: &App, days: &[&str]) -> Vec<String> {
    holidays_at(app, days, "12:00:00", "Europe/Brussels").await
}

async fn holidays_at(app: &App, days: &[&str], time: &str, zone: &str) -> Vec<String> {
    let mut all: Vec<String> = days.iter().chain(NO_HOLIDAYS).map(|day| (*day).to_owned()).collect();
    all.sort();
    all.dedup();
    let mut holidays = Vec::new();
    for day in all {
        let local: jiff::civil::DateTime = format!("{day}T{time}").parse().expect("a time");
        let zone = jiff::tz::TimeZone::get(zone).expect("a zone");
        let at = zone.to_timestamp(local).expect("an instant").to_string();
        let decision = app.post(&format!("{SERVICE}decision/"), json!({ "at": at })).await.expect(200);
        if decision["decision"] == "accept" {
            holidays.push(day);
        }
    }
    holidays
}

/// Asserts an invalid request with faults on exactly these lines, in order.
#[track_caller]
fn expect_lines(answer: &Answer, lines: &[i64]) -> Value {
    let problem = answer.expect_problem(400, "invalid_request");
    let faults = problem["errors"].as_array().expect("an invalid request has errors").iter();
    assert_eq!(faults.filter_map(|fault| fault["line"].as_i64()).collect::<Vec<_>>(), lines, "{problem:#}");
    problem
}

#[apply(both_databases)]
async fn a_file_of_public_holidays_is_loaded(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        app.post(&folder, json!({ "name": "Holidays", "periods": [friday()] })).await.expect(201);
        let path = format!("{folder}Holidays/");
        let schedule = put(&app, &path, HOLIDAYS).await.expect(200);
        assert_eq!(app.get(&path).await.expect(200), schedule);
        let periods = schedule["periods"].as_array().expect("a schedule has periods");
        assert_eq!(periods.len(), 48);
        let day = |name: &str, date: &str| json!({ "name": name, "active": true, "type": "Date", "startDate": date });
        assert_eq!(periods[0], day("Jour de l'An - Nieuwjaar", "2026-01-01"));
        assert_eq!(periods[8], day("Assomption - Onze-Lieve-Vrouw-Hemelvaart", "2026-08-15"));
        assert_eq!(periods[10], day("Armistice de 1918 - Wapenstilstand van 1", "2026-11-11"));
        assert_eq!(periods[22], day("Armistice de 1918 - Wapenstil 2027-11-11", "2027-11-11"));
        assert_eq!(periods[47], day("Noël - Kerstmis 2029-12-25", "2029-12-25"));
    }
}

#[apply(both_databases)]
async fn a_calendar_that_was_read_results_in_the_same_schedule_when_written_to_another_one(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let periods = json!([
        {
            "name": "Noël, Kerst; \\ \"x\"", "active": true, "type": "Date", "startDate": "2027-12-25",
            "stopDate": "2027-12-26"
        },
        {
            "name": "Afternoon", "active": false, "type": "Date", "startDate": "2199-12-31", "startTime": "13:00",
            "stopTime": "24:00"
        },
        { "name": "Easter Monday", "active": true, "type": "Recurrence", "startDate": "2026-01-01",
          "rule": "FREQ=YEARLY;BYEASTER=1", "exceptDates": ["2027-03-29"] },
        { "name": "Christmas Eve", "active": true, "type": "Recurrence", "startDate": "2026-01-01",
        "startTime": "12:00",
          "stopTime": "24:00", "rule": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24;UNTIL=20351231" },
    ]);
    for folder in folders() {
        for name in ["A", "B"] {
            app.post(&folder, json!({ "name": name, "periods": [] })).await.expect(201);
        }
        app.put(&format!("{folder}A/"), json!({ "periods": periods })).await.expect(200);
        let answer = app.get(&format!("{folder}A/icalendar/")).await;
        let text = answer.expect_text();
        assert!(text.contains("\r\nX-WR-CALNAME:A\r\n"), "{text}");
        for line in ["DTSTART;VALUE=DATE:20271225", "DTEND;VALUE=DATE:20271227"] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{text}");
        }
        let copied = put(&app, &format!("{folder}B/"), text).await.expect(200);
        assert_eq!(copied, json!({ "name": "B", "periods": periods }));
    }
}

#[apply(both_databases)]
async fn days_of_the_week_and_of_the_month_become_rules(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let path = create(&app, "S").await;
    let month = json!({
        "name": "Month", "type": "Day of the month", "dayOfMonth": 31, "startTime": "9:00", "stopTime": "10:00"
    });
    app.put(&path, json!({ "periods": [friday(), month] })).await.expect(200);
    let text = app.get(&format!("{path}icalendar")).await.expect_text().to_owned();
    assert_eq!(
        put(&app, &path, text).await.expect(200)["periods"],
        json!([
            {
                "name": "Friday", "active": true, "type": "Recurrence", "startDate": "1970-01-02",
                "rule": "FREQ=WEEKLY;BYDAY=FR"
            },
            { "name": "Month", "active": true, "type": "Recurrence", "startDate": "1970-01-31", "startTime": "09:00",
              "stopTime": "10:00", "rule": "FREQ=MONTHLY;BYMONTHDAY=31" },
        ])
    );
}

#[apply(both_databases)]
async fn identifiers_stay_and_are_never_those_of_another_period(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let mut seen = std::collections::HashSet::new();
    for folder in folders() {
        for name in ["A", "B"] {
            app.post(&folder, json!({ "name": name, "periods": [friday()] })).await.expect(201);
            let identifiers = || async {
                let text = app.get(&format!("{folder}{name}/icalendar/")).await.text;
                text.lines().find_map(|line| line.strip_prefix("UID:").map(str::to_owned)).expect("an event has a UID")
            };
            let before = identifiers().await;
            app.put(
                &format!("{folder}{name}/"),
                json!({ "periods": [{ "name": "Friday", "type": "Date", "startDate": "2027-01-01" }] }),
            )
            .await
            .expect(200);
            assert_eq!(identifiers().await, before);
            assert!(seen.insert(before), "{folder}{name}");
        }
    }
}

#[apply(both_databases)]
async fn the_files_of_the_field_are_on_their_days(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let path = create(&app, "S").await;
    let criteria = json!({
        "name": "holidays", "fromDnCriteria": { "selection": "Any" },
        "holidaySchedule": { "level": "User", "name": "S" }
    });
    app.post(CRITERIA, criteria).await.expect(200);
    for (name, right) in FIELD {
        load(&app, &path, name, "").await;
        assert_eq!(holidays(&app, right).await, *right, "{name}");
    }
    load(&app, &path, "i13_google_observance.ics", "?exclude=OBSERVANCE&exclude=x").await;
    assert_eq!(holidays(&app, &["2026-03-29", "2026-05-10", "2026-12-25"]).await, ["2026-12-25"]);
    let many = load(&app, &path, "i41_201_events.ics", "").await;
    let days = many["periods"].as_array().into_iter().flatten().map(|period| period["startDate"].clone());
    assert_eq!(days.collect::<std::collections::HashSet<_>>().len(), 201);
}

#[apply(both_databases)]
async fn whole_days_are_days_wherever_the_user_is(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let path = create(&app, "S").await;
    let criteria = json!({
        "name": "holidays", "fromDnCriteria": { "selection": "Any" },
        "holidaySchedule": { "level": "User", "name": "S" }
    });
    app.post(CRITERIA, criteria).await.expect(200);
    for zone in ["America/New_York", "Asia/Tokyo"] {
        app.put(USER, json!({ "timeZone": zone })).await.expect(200);
        for name in ["i06_outlook_tzid_allday.ics", "i08_utc_midnight.ics", "i15_until_utc_date_mix.ics"] {
            let right = FIELD.iter().find(|(file, _)| *file == name).expect("a file of the field").1;
            load(&app, &path, name, "").await;
            for hour in ["00:00:00", "23:59:59"] {
                assert_eq!(holidays_at(&app, right, hour, zone).await, right, "{name} {zone}");
            }
        }
    }
}

#[apply(both_databases)]
async fn parts_of_days_are_kept_in_the_zone_of_the_owner_only(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let path = create(&app, "S").await;
    let text = calendar(&["DTSTART;TZID=Europe/Paris:20271225T090000", "DTEND:20271225T090000Z"]);
    let schedule = put(&app, &path, text.clone()).await.expect(200);
    assert_eq!(
        (&schedule["periods"][0]["startTime"], &schedule["periods"][0]["stopTime"]),
        (&json!("09:00"), &json!("10:00"))
    );
    app.put(USER, json!({ "timeZone": "Asia/Tokyo" })).await.expect(200);
    expect_lines(&put(&app, &path, text).await, &[4]);
}

#[apply(both_databases)]
async fn what_periods_cannot_express_is_refused_with_its_line_and_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let path = create(&app, "S").await;
    let before = put(&app, &path, calendar(&["DTSTART;VALUE=DATE:20271225"])).await.expect(200);
    for (lines, faults) in [
        (vec!["DTSTART:20271225T090000Z", "DTEND:20271225T100000Z"], vec![4]),
        (vec!["DTSTART;VALUE=DATE:20271225", "RRULE:FREQ=YEARLY;", " BYHOUR=9"], vec![5]),
        (vec!["DTSTART;VALUE=DATE:20271225", "DESCRIPTION:a", " long one", "RDATE;VALUE=DATE:2028"], vec![7]),
        (vec!["DTSTART;VALUE=DATE:20271225", "EXRULE:FREQ=DAILY", "RECURRENCE-ID:2027"], vec![5, 6]),
        (vec!["SUMMARY:no day"], vec![3]),
        (vec!["DTSTART;VALUE=DATE:22000101"], vec![4]),
        (vec!["DTSTART;VALUE=DATE:20271225", "no property"], vec![5]),
        (vec!["BEGIN:VALARM"], vec![5]),
    ] {
        expect_lines(&put(&app, &path, calendar(&lines)).await, &faults);
    }
    let all = format!("{}{}", calendar(&["DTSTART:x"]), calendar(&["DTSTART:y"]));
    let problem = expect_lines(&put(&app, &path, all.clone()).await, &[4, 10]);
    assert_eq!(problem["detail"], "2 faults were found; `errors` lists them.");
    for wrong in ["", "{\"periods\":[]}", "BEGIN:VCARD\nEND:VCARD\n"] {
        expect_lines(&put(&app, &path, wrong).await, &[1]);
    }
    assert_eq!(app.get(&path).await.expect(200), before);
    let skipped =
        app.send(Method::PUT, &format!("{path}icalendar/?skip=true"), &[CALENDAR], Some(all)).await.expect(200);
    assert_eq!(skipped["periods"], json!([]));
    let lines = skipped["skipped"].as_array().into_iter().flatten().map(|event| event["line"].clone());
    assert_eq!(lines.collect::<Vec<_>>(), [json!(4), json!(10)]);
}

#[apply(both_databases)]
async fn a_text_to_leave_events_out_by_can_stand_ten_times(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let path = format!("{}icalendar/?{}", create(&app, "S").await, "exclude=a&".repeat(11));
    let text = Some(calendar(&["DTSTART:20271225"]));
    app.send(Method::PUT, &path, &[CALENDAR], text.clone()).await.expect_faults(&["exclude"]);
    let ten = path.replacen("exclude=a&", "", 1);
    app.send(Method::PUT, ten.trim_end_matches('&'), &[CALENDAR], text.clone()).await.expect(200);
    let twice = format!("{}skip=true&skip=true", path.replace("exclude=a&", ""));
    app.send(Method::PUT, &twice, &[CALENDAR], text).await.expect_faults(&["skip"]);
}

#[apply(both_databases)]
async fn a_calendar_without_events_empties_the_schedule(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let path = create(&app, "S").await;
    put(&app, &path, HOLIDAYS).await.expect(200);
    let empty = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//x//EN\nEND:VCALENDAR";
    assert_eq!(put(&app, &path, empty).await.expect(200), json!({ "name": "S", "periods": [] }));
}

#[apply(both_databases)]
async fn at_most_100_faults_are_reported_and_1000_periods_accepted(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let path = create(&app, "S").await;
    let events = |count: usize, day: &str| {
        let event = format!("BEGIN:VEVENT\nDTSTART:{day}\nEND:VEVENT\n");
        format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", event.repeat(count))
    };
    let problem = put(&app, &path, events(150, "never")).await.expect_problem(400, "invalid_request");
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(100));
    let problem = expect_lines(&put(&app, &path, events(1001, "20271225")).await, &[3002]);
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("results in 1001 periods")), "{problem}");
    let schedule = put(&app, &path, events(1000, "20271225")).await.expect(200);
    assert_eq!(schedule["periods"].as_array().map(Vec::len), Some(1000));
}

#[apply(both_databases)]
async fn the_media_type_is_known_in_whatever_writing_and_another_answers_415(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let path = format!("{}icalendar/", create(&app, "S").await);
    let send = |content_type: &'static str| {
        let text = calendar(&["DTSTART;VALUE=DATE:20271225"]);
        let (app, path) = (&app, &path);
        async move { app.send(Method::PUT, path, &[("Content-Type", content_type)], Some(text)).await }
    };
    for right in [
        "text/calendar",
        "Text/Calendar; charset=utf-8",
        "text/calendar;method=PUBLISH;component=VEVENT",
        "\"text/calendar\"",
    ] {
        send(right).await.expect(200);
    }
    for wrong in ["application/json", "text/plain", "text/calendars", "text", ""] {
        let problem = send(wrong).await.expect_problem(415, "unsupported_media_type");
        assert_eq!(problem["detail"], "The body must be sent as `Content-Type: text/calendar`.");
    }
    let json = app.send(Method::PUT, path.trim_end_matches("icalendar/"), &[CALENDAR], Some("{}".to_owned())).await;
    assert_eq!(
        json.expect_problem(415, "unsupported_media_type")["detail"],
        "The body must be sent as `Content-Type: application/json`."
    );
}

#[apply(both_databases)]
async fn a_body_in_latin_1_is_read_and_one_that_is_too_long_is_refused(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let path = create(&app, "S").await;
    let latin_1 = calendar(&["DTSTART:20271225", "SUMMARY:No@l"]).replace('@', "\u{eb}");
    let latin_1: Vec<u8> =
        latin_1.chars().map(|character| u8::try_from(u32::from(character)).expect("Latin-1")).collect();
    let request = client().put(app.url(&format!("{path}icalendar/"))).header(CALENDAR.0, CALENDAR.1).body(latin_1);
    let schedule: Value = request.send().await.expect("the server answers").json().await.expect("JSON");
    assert_eq!(schedule["periods"][0]["name"], "Noël", "{schedule}");
    let text = calendar(&["DTSTART;VALUE=DATE:20271225"]);
    let padded = |length: usize| format!("{text}{}", "\n".repeat(length - text.len()));
    put(&app, &path, padded(1 << 20)).await.expect(200);
    put(&app, &path, padded((1 << 20) + 1)).await.expect_problem(413, "body_too_large");
}

#[apply(both_databases)]
async fn a_schedule_that_is_not_there_is_not_found_and_not_created(#[case] database: Kind) {
    let app = App::start(database).await;
    for (folder, code) in folders().zip(["tenant_not_found"; 3]) {
        expect_no_owner(&app, &folder, code).await;
        app.get(&format!("{folder}S/icalendar/")).await.expect_problem(404, code);
        put(&app, &format!("{folder}S/"), HOLIDAYS).await.expect_problem(404, code);
    }
    let app = app.with_user().await;
    for folder in folders() {
        app.get(&format!("{folder}S/icalendar/")).await.expect_problem(404, "schedule_not_found");
        put(&app, &format!("{folder}S/"), HOLIDAYS).await.expect_problem(404, "schedule_not_found");
        app.get(&format!("{folder}S/")).await.expect_problem(404, "schedule_not_found");
    }
    let time_schedules = format!("{USER}time_schedules/");
    app.post(&time_schedules, json!({ "name": "S" })).await.expect(201);
    app.get(&format!("{time_schedules}S/icalendar/")).await.expect_problem(404, "route_not_found");
}

#[apply(both_databases)]
async fn the_examples_of_the_document_have_the_documented_responses(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    let operation = operations::all()
        .iter()
        .find(|operation| operation.id == "user_calendar_schedule_icalendar_replace")
        .expect("the document has the operation");
    let path = operation.path.replace("{tenant_id}", "foo").replace("{group_id}", "foogroup");
    let path = path.replace("{user_id}", "foouser").replace("{name}", "Every%20Easter");
    let sent = operation.object()["requestBody"]["content"]["text/calendar"]["example"]
        .as_str()
        .expect("the body has an example");
    let answered = operation.answer("200").expect("it answers 200");
    let answered = &answered["content"]["application/json"]["example"];
    assert_eq!(app.send(Method::PUT, &path, &[CALENDAR], Some(sent.to_owned())).await.expect(200), *answered);
    assert_eq!(app.send(Method::PUT, &path, &[JSON], Some(sent.to_owned())).await.status, 415);
}
