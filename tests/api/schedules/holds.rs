//! When a schedule applies, observed through decisions.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    database::Kind,
    harness::{App, CRITERIA, USER, both_databases},
};

const DECISION: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/selective_call_acceptance/decision/";
const SCHEDULE: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/time_schedules/S/";

/// A server whose user is in Brussels and accepts calls while the schedule applies.
async fn with_schedule(app: App) -> App {
    let app = app.with_user().await;
    app.put(USER, json!({ "timeZone": "Europe/Brussels" })).await.expect(200);
    app.post(&format!("{USER}time_schedules/"), json!({ "name": "S" })).await.expect(201);
    let schedule = json!({ "level": "User", "name": "S" });
    let criteria = json!({ "name": "c", "fromDnCriteria": { "selection": "Any" }, "timeSchedule": schedule });
    app.post(CRITERIA, criteria).await.expect(200);
    app
}

/// Asserts at which instants a schedule with this period applies.
async fn expect(app: &App, mut period: Value, instants: &[(&str, bool)]) {
    period["name"] = "P".into();
    app.put(SCHEDULE, json!({ "periods": [period] })).await.expect(200);
    for (at, holds) in instants {
        let answer = app.post(DECISION, json!({ "callingNumber": "+3225550199", "at": at })).await.expect(200);
        let reason = if *holds { "criteria_matched" } else { "no_criteria_matched" };
        assert_eq!(answer["reason"], reason, "{at}: {period}");
    }
}

/// The period recurring by `rule` from `start` on.
fn recurring(start: &str, rule: &str) -> Value {
    json!({ "type": "Recurrence", "startDate": start, "rule": rule })
}

/// Noon in Brussels on each of the days, in winter.
async fn expect_days(app: &App, period: Value, days: &[(&str, bool)]) {
    let instants: Vec<_> = days.iter().map(|(day, holds)| (format!("{day}T12:00:00+01:00"), *holds)).collect();
    let instants: Vec<_> = instants.iter().map(|(at, holds)| (at.as_str(), *holds)).collect();
    expect(app, period, &instants).await;
}

#[apply(both_databases)]
async fn a_stop_before_the_start_is_on_the_next_day(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_schedule(app).await;
    let night = |mut period: Value| {
        period["startTime"] = "22:00".into();
        period["stopTime"] = "6:00".into();
        period
    };
    // 2026-11-27 is a Friday.
    let friday_night = [
        ("2026-11-27T05:59:59+01:00", false),
        ("2026-11-27T21:59:59+01:00", false),
        ("2026-11-27T22:00:00+01:00", true),
        ("2026-11-28T00:00:00+01:00", true),
        ("2026-11-28T05:59:59+01:00", true),
        ("2026-11-28T06:00:00+01:00", false),
        ("2026-11-28T22:00:00+01:00", false),
    ];
    for period in [
        json!({ "type": "Day of the week", "dayOfWeek": "Friday" }),
        json!({ "type": "Day of the month", "dayOfMonth": 27 }),
        json!({ "type": "Date", "startDate": "2026-11-27" }),
        recurring("2026-11-27", "FREQ=YEARLY"),
        recurring("2026-11-01", "FREQ=WEEKLY;BYDAY=FR;UNTIL=20261127"),
        recurring("2026-11-01", "FREQ=MONTHLY;BYDAY=-1FR"),
    ] {
        expect(&app, night(period), &friday_night).await;
    }
    // Excluding Saturday does not affect the part of Friday's night on Saturday.
    let mut daily = recurring("2026-11-26", "FREQ=DAILY");
    daily["exceptDates"] = json!(["2026-11-28"]);
    let nights = [
        ("2026-11-28T05:59:59+01:00", true),
        ("2026-11-28T23:00:00+01:00", false),
        ("2026-11-29T01:00:00+01:00", false),
    ];
    expect(&app, night(daily), &nights).await;
    // From the last day of one month to the first of the next.
    let last = night(json!({ "type": "Day of the month", "dayOfMonth": 31 }));
    let nights = [("2027-01-01T05:00:00+01:00", true), ("2026-12-01T05:00:00+01:00", false)];
    expect(&app, last, &nights).await;
}

#[apply(both_databases)]
async fn a_date_may_hold_for_part_of_each_of_its_days(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_schedule(app).await;
    let days = json!({
        "type": "Date", "startDate": "2026-11-24", "stopDate": "2026-11-26",
        "startTime": "9:00", "stopTime": "24:00"
    });
    let instants = [
        ("2026-11-23T12:00:00+01:00", false),
        ("2026-11-24T08:59:59+01:00", false),
        ("2026-11-24T09:00:00+01:00", true),
        ("2026-11-25T03:00:00+01:00", false),
        ("2026-11-26T23:59:59+01:00", true),
        ("2026-11-27T00:00:00+01:00", false),
    ];
    expect(&app, days, &instants).await;
}

#[apply(both_databases)]
async fn the_start_counts_only_if_the_rule_makes_it(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_schedule(app).await;
    // 2026-01-01 is a Thursday.
    let mondays = recurring("2026-01-01", "FREQ=WEEKLY;BYDAY=MO");
    expect_days(&app, mondays, &[("2026-01-01", false), ("2026-01-05", true)]).await;
    let second_week = recurring("2026-01-01", "FREQ=YEARLY;BYWEEKNO=2");
    expect_days(&app, second_week, &[("2026-01-05", false), ("2026-01-08", true)]).await;
}

#[apply(both_databases)]
async fn until_is_a_day_a_local_time_or_utc(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_schedule(app).await;
    let days = |last: bool| [("2026-01-29", true), ("2026-01-30", last), ("2026-01-31", false)];
    for (until, times, last) in [
        ("20260130", Some(["23:00", "23:30"]), true),
        ("20260130T090000", Some(["9:00", "17:00"]), true),
        ("20260130T085959", Some(["9:00", "17:00"]), false),
        ("20260130T080000Z", Some(["9:00", "17:00"]), true),
        ("20260130T075959Z", Some(["9:00", "17:00"]), false),
        ("20260130T000000Z", None, true),
        ("20260129T230000Z", None, true),
        ("20260129T225959Z", None, false),
    ] {
        let mut period = recurring("2026-01-01", &format!("FREQ=DAILY;UNTIL={until}"));
        let minute = times.map_or("12:00:00", |[start, _]| if start == "23:00" { "23:00:00" } else { "12:00:00" });
        if let Some([start, stop]) = times {
            period["startTime"] = start.into();
            period["stopTime"] = stop.into();
        }
        let instants = days(last).map(|(day, holds)| (format!("{day}T{minute}+01:00"), holds));
        let instants: Vec<_> = instants.iter().map(|(at, holds)| (at.as_str(), *holds)).collect();
        expect(&app, period, &instants).await;
    }
}

#[apply(both_databases)]
async fn the_last_of_a_count_is_right_beyond_the_last_date_that_can_be_written(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_schedule(app).await;
    let days = [
        ("1999-01-01", false),
        ("2000-01-01", true),
        ("2199-01-01", true),
        ("2201-01-01", true),
        ("2202-01-01", false),
    ];
    expect_days(&app, recurring("2000-01-01", "FREQ=YEARLY;COUNT=202"), &days).await;
}

#[apply(both_databases)]
async fn ordinals_count_from_both_ends(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_schedule(app).await;
    // 2025 begins on a Wednesday and has 53 of them; the 53rd Wednesday from the end is the first.
    let wednesday = recurring("2024-01-01", "FREQ=YEARLY;BYDAY=-53WE");
    let days = [("2025-01-01", true), ("2025-01-08", false), ("2026-01-07", false)];
    expect_days(&app, wednesday, &days).await;
    // December 2025 has five Tuesdays.
    let tuesday = recurring("2024-01-01", "freq=monthly;byday=-5tu");
    let days = [("2025-12-02", true), ("2025-12-09", false), ("2026-01-06", false)];
    expect_days(&app, tuesday, &days).await;
}

#[apply(both_databases)]
async fn a_local_time_that_does_not_exist_starts_at_the_next_and_one_that_exists_twice_counts_both(
    #[case] database: Kind,
) {
    let app = App::start(database).await;
    let app = with_schedule(app).await;
    // Clocks go from 2:00 to 3:00 on 2026-03-29, and from 3:00 to 2:00 on 2026-10-25, both at 1:00 UTC.
    let of = |day: &str, start: &str, stop: &str| {
        json!({
            "type": "Date", "startDate": day, "startTime": start, "stopTime": stop
        })
    };
    let spring = [
        ("2026-03-29T00:59:59Z", false),
        ("2026-03-29T01:00:00Z", true),
        ("2026-03-29T01:29:59Z", true),
        ("2026-03-29T01:30:00Z", false),
    ];
    expect(&app, of("2026-03-29", "2:30", "3:30"), &spring).await;
    let night = [("2026-03-29T00:59:59Z", true), ("2026-03-29T01:00:00Z", false)];
    expect(&app, of("2026-03-28", "22:00", "2:30"), &night).await;
    let autumn = [
        ("2026-10-25T00:14:59Z", false),
        ("2026-10-25T00:15:00Z", true),
        ("2026-10-25T00:45:00Z", false),
        ("2026-10-25T01:15:00Z", true),
        ("2026-10-25T01:45:00Z", false),
    ];
    expect(&app, of("2026-10-25", "2:15", "2:45"), &autumn).await;
    expect(&app, of("2026-10-24", "22:00", "2:45"), &[autumn[1], autumn[2], autumn[3], autumn[4]]).await;
}
