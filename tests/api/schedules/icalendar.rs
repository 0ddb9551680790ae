//! Calendar schedules as iCalendar.

use call_acceptance_api::document::operations;
use reqwest::Method;
use serde_json::{Value, json};

use super::{OWNERS, expect_no_owner, friday};
use crate::harness::{Answer, App, JSON, USER, both, client};

/// Public holidays of Belgium from 2026 to 2029, made in the way of published files: folded, with CRLF.
const HOLIDAYS: &str = include_str!("belgian_public_holidays.ics");
const CALENDAR: (&str, &str) = ("Content-Type", "text/calendar");

/// A calendar with one event of these lines, the first of which is line 4.
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

/// Asserts an invalid request with faults on just these lines, in order.
#[track_caller]
fn expect_lines(answer: &Answer, lines: &[i64]) -> Value {
    let problem = answer.expect_problem(400, "invalid_request");
    let faults = problem["errors"].as_array().expect("an invalid request has errors").iter();
    assert_eq!(faults.filter_map(|fault| fault["line"].as_i64()).collect::<Vec<_>>(), lines, "{problem:#}");
    problem
}

both! {
    async fn a_file_of_public_holidays_is_loaded(app: App) {
        let app = app.with_user().await;
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

    async fn what_is_answered_says_the_same_when_it_is_sent_to_another_schedule(app: App) {
        let app = app.with_user().await;
        let periods = json!([
            { "name": "Noël, Kerst; \\ \"x\"", "active": true, "type": "Date", "startDate": "2027-12-25", "stopDate": "2027-12-26" },
            { "name": "Afternoon", "active": false, "type": "Date", "startDate": "2199-12-31", "startTime": "13:00", "stopTime": "24:00" },
            { "name": "Easter Monday", "active": true, "type": "Recurrence", "startDate": "2026-01-01",
              "rule": "FREQ=YEARLY;BYEASTER=1", "exceptDates": ["2027-03-29"] },
            { "name": "Christmas Eve", "active": true, "type": "Recurrence", "startDate": "2026-01-01", "startTime": "12:00",
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

    async fn days_of_the_week_and_of_the_month_become_rules(app: App) {
        let app = app.with_user().await;
        let path = create(&app, "S").await;
        let month = json!({ "name": "Month", "type": "Day of the month", "dayOfMonth": 31, "startTime": "9:00", "stopTime": "10:00" });
        app.put(&path, json!({ "periods": [friday(), month] })).await.expect(200);
        let text = app.get(&format!("{path}icalendar")).await.expect_text().to_owned();
        assert_eq!(put(&app, &path, text).await.expect(200)["periods"], json!([
            { "name": "Friday", "active": true, "type": "Recurrence", "startDate": "1970-01-02", "rule": "FREQ=WEEKLY;BYDAY=FR" },
            { "name": "Month", "active": true, "type": "Recurrence", "startDate": "1970-01-31", "startTime": "09:00",
              "stopTime": "10:00", "rule": "FREQ=MONTHLY;BYMONTHDAY=31" },
        ]));
    }

    async fn identifiers_stay_and_are_never_those_of_another_period(app: App) {
        let app = app.with_user().await;
        let mut seen = std::collections::HashSet::new();
        for folder in folders() {
            for name in ["A", "B"] {
                app.post(&folder, json!({ "name": name, "periods": [friday()] })).await.expect(201);
                let identifiers = || async {
                    let text = app.get(&format!("{folder}{name}/icalendar/")).await.text;
                    text.lines().find_map(|line| line.strip_prefix("UID:").map(str::to_owned)).expect("an event has a UID")
                };
                let before = identifiers().await;
                app.put(&format!("{folder}{name}/"), json!({ "periods": [{ "name": "Friday", "type": "Date", "startDate": "2027-01-01" }] })).await.expect(200);
                assert_eq!(identifiers().await, before);
                assert!(seen.insert(before), "{folder}{name}");
            }
        }
    }

    async fn what_a_period_cannot_say_is_refused_with_its_line_and_changes_nothing(app: App) {
        let app = app.with_user().await;
        let path = create(&app, "S").await;
        let before = put(&app, &path, calendar(&["DTSTART;VALUE=DATE:20271225"])).await.expect(200);
        for (lines, faults) in [
            (vec!["DTSTART:20271225T090000Z"], vec![4]),
            (vec!["DTSTART;TZID=Europe/Brussels:20271225T090000", "DTEND;TZID=Europe/Brussels:20271225T100000"], vec![4]),
            (vec!["DTSTART:20271225T220000", "DTEND:20271226T060000"], vec![5]),
            (vec!["DTSTART;VALUE=DATE:20271225", "DTEND;VALUE=DATE:20271227", "RRULE:FREQ=YEARLY"], vec![5]),
            (vec!["DTSTART;VALUE=DATE:20271225", "RRULE:FREQ=YEARLY;", " BYHOUR=9"], vec![5]),
            (vec!["DTSTART;VALUE=DATE:20271225", "RRULE:FREQ=YEARLY", "RRULE:FREQ=DAILY"], vec![6]),
            (vec!["DTSTART;VALUE=DATE:20271225", "DESCRIPTION:a", " long one", "RDATE;VALUE=DATE:20281225"], vec![7]),
            (vec!["DTSTART;VALUE=DATE:20271225", "EXRULE:FREQ=DAILY", "RECURRENCE-ID:20271225"], vec![5, 6]),
            (vec!["SUMMARY:no day"], vec![3]),
            (vec!["DTSTART;VALUE=DATE:22000101"], vec![4]),
            (vec!["DTSTART;VALUE=DATE:20271225", "no property"], vec![5]),
            (vec!["BEGIN:VALARM"], vec![5]),
        ] {
            expect_lines(&put(&app, &path, calendar(&lines)).await, &faults);
        }
        let all = format!("{}{}", calendar(&["DTSTART:x"]), "BEGIN:VCALENDAR\nBEGIN:VTODO\nEND:VTODO\nEND:VCALENDAR\n");
        let problem = expect_lines(&put(&app, &path, all).await, &[4, 8]);
        assert_eq!(problem["detail"], "2 faults were found; `errors` lists them.");
        for wrong in ["", "{\"periods\":[]}", "BEGIN:VCARD\nEND:VCARD\n"] {
            expect_lines(&put(&app, &path, wrong).await, &[1]);
        }
        assert_eq!(app.get(&path).await.expect(200), before);
    }

    async fn a_calendar_without_events_empties_the_schedule(app: App) {
        let app = app.with_user().await;
        let path = create(&app, "S").await;
        put(&app, &path, HOLIDAYS).await.expect(200);
        let empty = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//x//EN\nEND:VCALENDAR";
        assert_eq!(put(&app, &path, empty).await.expect(200), json!({ "name": "S", "periods": [] }));
    }

    async fn at_most_100_faults_and_200_events_are_taken(app: App) {
        let app = app.with_user().await;
        let path = create(&app, "S").await;
        let events = |count: usize, day: &str| {
            let event = format!("BEGIN:VEVENT\nDTSTART:{day}\nEND:VEVENT\n");
            format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", event.repeat(count))
        };
        let problem = put(&app, &path, events(150, "never")).await.expect_problem(400, "invalid_request");
        assert_eq!(problem["errors"].as_array().map(Vec::len), Some(100));
        expect_lines(&put(&app, &path, events(201, "20271225")).await, &[602]);
        let schedule = put(&app, &path, events(200, "20271225")).await.expect(200);
        assert_eq!(schedule["periods"].as_array().map(Vec::len), Some(200));
    }

    async fn the_media_type_is_known_in_whatever_writing_and_another_answers_415(app: App) {
        let app = app.with_user().await;
        let path = format!("{}icalendar/", create(&app, "S").await);
        let send = |content_type: &'static str| {
            let text = calendar(&["DTSTART;VALUE=DATE:20271225"]);
            let (app, path) = (&app, &path);
            async move { app.send(Method::PUT, path, &[("Content-Type", content_type)], Some(text)).await }
        };
        for right in ["text/calendar", "Text/Calendar; charset=utf-8", "text/calendar;method=PUBLISH;component=VEVENT", "\"text/calendar\""] {
            send(right).await.expect(200);
        }
        for wrong in ["application/json", "text/plain", "text/calendars", "text", ""] {
            let problem = send(wrong).await.expect_problem(415, "unsupported_media_type");
            assert_eq!(problem["detail"], "The body must be sent as `Content-Type: text/calendar`.");
        }
        let json = app.send(Method::PUT, path.trim_end_matches("icalendar/"), &[CALENDAR], Some("{}".to_owned())).await;
        assert_eq!(json.expect_problem(415, "unsupported_media_type")["detail"], "The body must be sent as `Content-Type: application/json`.");
    }

    async fn a_body_that_is_not_utf_8_or_too_long_is_refused(app: App) {
        let app = app.with_user().await;
        let path = create(&app, "S").await;
        let latin_1 = [b"BEGIN:VCALENDAR\r\nX-WR-CALNAME:No".as_slice(), b"\xebl\r\nEND:VCALENDAR\r\n"].concat();
        let request = client().put(app.url(&format!("{path}icalendar/"))).header(CALENDAR.0, CALENDAR.1).body(latin_1);
        let response = request.send().await.expect("the server answers");
        assert_eq!(response.status(), 400);
        let problem: Value = response.json().await.expect("a problem is JSON");
        assert_eq!((&problem["code"], &problem["errors"][0]["line"]), (&json!("invalid_request"), &json!(2)), "{problem}");
        let text = calendar(&["DTSTART;VALUE=DATE:20271225"]);
        let padded = |length: usize| format!("{text}{}", "\n".repeat(length - text.len()));
        put(&app, &path, padded(1 << 20)).await.expect(200);
        put(&app, &path, padded((1 << 20) + 1)).await.expect_problem(413, "body_too_large");
    }

    async fn a_schedule_that_is_not_there_is_not_found_and_not_created(app: App) {
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

    async fn the_examples_of_the_document_are_answered_as_it_says(app: App) {
        let app = app.with_schedules().await;
        let operation = operations::all()
            .iter()
            .find(|operation| operation.id == "user_calendar_schedule_icalendar_replace")
            .expect("the document has the operation");
        let path = operation.path.replace("{tenant_id}", "foo").replace("{group_id}", "foogroup");
        let path = path.replace("{user_id}", "foouser").replace("{name}", "Every%20Easter");
        let sent = operation.object()["requestBody"]["content"]["text/calendar"]["example"].as_str().expect("the body has an example");
        let answered = operation.answer("200").expect("it answers 200");
        let answered = &answered["content"]["application/json"]["example"];
        assert_eq!(app.send(Method::PUT, &path, &[CALENDAR], Some(sent.to_owned())).await.expect(200), *answered);
        assert_eq!(app.send(Method::PUT, &path, &[JSON], Some(sent.to_owned())).await.status, 415);
    }
}
