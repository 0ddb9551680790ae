//! Which periods are accepted.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    database::Kind,
    harness::{Answer, App, USER, both_databases},
};

async fn create(app: &App, name: &str, periods: Value) -> Answer {
    app.post(&format!("{USER}time_schedules/"), json!({ "name": name, "periods": periods })).await
}

fn with(period: &Value, members: Value) -> Value {
    let mut period = period.clone();
    for (name, value) in members.as_object().into_iter().flatten() {
        period[name] = value.clone();
    }
    period
}

/// One period of each type, with all members of its type.
fn each_type() -> [Value; 4] {
    [
        json!({ "name": "P", "active": true, "type": "Day of the week", "dayOfWeek": "Sunday" }),
        json!({ "name": "P", "active": false, "type": "Day of the month", "dayOfMonth": 31 }),
        json!({ "name": "P", "active": true, "type": "Date", "startDate": "2028-02-29", "stopDate": "2028-03-01" }),
        json!({
            "name": "P", "active": true, "type": "Recurrence", "startDate": "2026-01-01",
            "rule": "FREQ=YEARLY;BYEASTER=0", "exceptDates": ["2027-03-28", "2028-04-16"]
        }),
    ]
}

/// The members that a type requires, and those that it refuses.
const MEMBERS: [(&[&str], &[&str]); 4] = [
    (&["dayOfWeek"], &["dayOfMonth", "startDate", "stopDate", "rule", "exceptDates"]),
    (&["dayOfMonth"], &["dayOfWeek", "startDate", "stopDate", "rule", "exceptDates"]),
    (&["startDate"], &["dayOfWeek", "dayOfMonth", "rule", "exceptDates"]),
    (&["startDate", "rule"], &["dayOfWeek", "dayOfMonth", "stopDate"]),
];

fn right_value(member: &str) -> Value {
    match member {
        "dayOfWeek" => json!("Monday"),
        "dayOfMonth" => json!(1),
        "startDate" | "stopDate" => json!("2030-01-01"),
        "rule" => json!("FREQ=DAILY"),
        _ => json!(["2030-01-01"]),
    }
}

#[apply(both_databases)]
async fn each_type_is_stored_as_sent_with_and_without_times(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (at, period) in each_type().iter().enumerate() {
        let timed = with(period, json!({ "name": "Timed", "startTime": "09:00", "stopTime": "17:30" }));
        let schedule = create(&app, &at.to_string(), json!([period, timed])).await.expect(201);
        assert_eq!(schedule["periods"], json!([period, timed]));
    }
}

#[apply(both_databases)]
async fn each_type_is_refused_without_its_required_members(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (period, (required, _)) in each_type().iter().zip(MEMBERS) {
        for member in required {
            let mut period = period.clone();
            period.as_object_mut().expect("a period is an object").remove(*member);
            create(&app, "S", json!([period])).await.expect_faults(&[&format!("/periods/0/{member}")]);
        }
    }
    create(&app, "S", json!([{ "name": "P" }])).await.expect_faults(&["/periods/0/type"]);
    create(&app, "S", json!([{ "name": "P", "type": "Never" }])).await.expect_faults(&["/periods/0/type"]);
}

#[apply(both_databases)]
async fn each_type_is_refused_with_members_of_another(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (period, (_, foreign)) in each_type().iter().zip(MEMBERS) {
        for member in foreign {
            let period = with(period, json!({ *member: right_value(member) }));
            create(&app, "S", json!([period])).await.expect_faults(&[&format!("/periods/0/{member}")]);
        }
    }
}

#[apply(both_databases)]
async fn active_is_the_default(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let period = json!({ "name": "P", "type": "Date", "startDate": "2026-12-25" });
    let schedule = create(&app, "S", json!([period])).await.expect(201);
    assert_eq!(schedule["periods"], json!([with(&period, json!({ "active": true }))]));
}

#[apply(both_databases)]
async fn times_are_stored_with_two_digits(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let [period, ..] = each_type();
    for (at, (start, stop, kept)) in [
        ("9:00", "9:01", ["09:00", "09:01"]),
        ("0:00", "24:00", ["00:00", "24:00"]),
        ("23:59", "24:00", ["23:59", "24:00"]),
        ("22:00", "6:00", ["22:00", "06:00"]),
        ("9:00", "8:59", ["09:00", "08:59"]),
        ("9:00", "0:00", ["09:00", "00:00"]),
    ]
    .into_iter()
    .enumerate()
    {
        let timed = with(&period, json!({ "startTime": start, "stopTime": stop }));
        let schedule = create(&app, &at.to_string(), json!([timed])).await.expect(201);
        let times = [&schedule["periods"][0]["startTime"], &schedule["periods"][0]["stopTime"]];
        assert_eq!(times, kept);
    }
}

#[apply(both_databases)]
async fn wrong_times_are_refused(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for period in each_type() {
        for (times, place) in [
            (json!({ "startTime": "09:00", "stopTime": "09:00" }), "stopTime"),
            (json!({ "startTime": "9:00", "stopTime": "09:00" }), "stopTime"),
            (json!({ "startTime": "00:00", "stopTime": "0:00" }), "stopTime"),
            (json!({ "startTime": "24:00", "stopTime": "24:00" }), "startTime"),
            (json!({ "startTime": "24:00", "stopTime": "06:00" }), "startTime"),
            (json!({ "startTime": "09:00" }), "stopTime"),
            (json!({ "stopTime": "09:00" }), "startTime"),
            (json!({ "startTime": "09:00", "stopTime": "24:01" }), "stopTime"),
            (json!({ "startTime": "9", "stopTime": "10:00" }), "startTime"),
            (json!({ "startTime": "09:00:00", "stopTime": "10:00" }), "startTime"),
            (json!({ "startTime": 9, "stopTime": "10:00" }), "startTime"),
            (json!({ "startTime": "٠٩:٠٠", "stopTime": "10:00" }), "startTime"),
        ] {
            let timed = with(&period, times);
            create(&app, "S", json!([timed])).await.expect_faults(&[&format!("/periods/0/{place}")]);
        }
    }
}

#[apply(both_databases)]
async fn wrong_days_are_refused(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let [week, month, date, recurrence] = each_type();
    for (period, member, value) in [
        (&week, "dayOfWeek", json!("monday")),
        (&week, "dayOfWeek", json!(1)),
        (&month, "dayOfMonth", json!(0)),
        (&month, "dayOfMonth", json!(32)),
        (&month, "dayOfMonth", json!(1.5)),
        (&month, "dayOfMonth", json!("1")),
        (&date, "startDate", json!("2026-02-30")),
        (&date, "startDate", json!("2027-02-29")),
        (&date, "startDate", json!("2026-13-01")),
        (&date, "startDate", json!("2026-1-1")),
        (&date, "stopDate", json!("2028-02-28")),
        (&date, "stopDate", json!("2029-04-31")),
        (&recurrence, "startDate", json!("2026-00-01")),
        (&recurrence, "startDate", json!("2026-01-01T00:00:00Z")),
        (&recurrence, "exceptDates", json!("2027-03-28")),
    ] {
        let period = with(period, json!({ member: value }));
        create(&app, "S", json!([period])).await.expect_faults(&[&format!("/periods/0/{member}")]);
    }
    let twice = with(&recurrence, json!({ "exceptDates": ["2027-03-28", "2027-03-28"] }));
    create(&app, "S", json!([twice])).await.expect_faults(&["/periods/0/exceptDates/1"]);
    let period = with(&recurrence, json!({ "exceptDates": ["2027-03-28", "2027-02-29"] }));
    create(&app, "S", json!([period])).await.expect_faults(&["/periods/0/exceptDates/1"]);
}

#[apply(both_databases)]
async fn a_date_may_stop_on_the_day_it_starts(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let [_, _, date, _] = each_type();
    create(&app, "S", json!([with(&date, json!({ "stopDate": date["startDate"] }))])).await.expect(201);
}

#[apply(both_databases)]
async fn every_rule_that_the_rfc_allows_daily_or_slower_is_accepted(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let [.., recurrence] = each_type();
    let right = [
        "FREQ=YEARLY;BYEASTER=0",
        "FREQ=YEARLY;BYEASTER=-2",
        "FREQ=DAILY;INTERVAL=2",
        "FREQ=WEEKLY;BYDAY=MO,FR",
        "FREQ=MONTHLY;BYDAY=-1FR;COUNT=10",
        "FREQ=DAILY;UNTIL=20301231",
        "FREQ=DAILY;UNTIL=20301231T090000",
        "FREQ=DAILY;UNTIL=20301231T090000Z",
        "FREQ=MONTHLY;BYDAY=-5TU",
        "FREQ=YEARLY;BYDAY=-53TU",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=YEARLY;BYYEARDAY=-366",
        "FREQ=MONTHLY;BYMONTHDAY=31,-31",
        "FREQ=YEARLY;COUNT=202",
        "INTERVAL=2;FREQ=WEEKLY;WKST=SU",
        "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1",
    ];
    for (at, rule) in right.into_iter().enumerate() {
        let period = with(&recurrence, json!({ "rule": rule }));
        let schedule = create(&app, &at.to_string(), json!([period])).await.expect(201);
        assert_eq!(schedule["periods"][0]["rule"], rule);
        let small = with(&recurrence, json!({ "rule": rule.to_lowercase() }));
        let path = format!("{USER}time_schedules/{at}/");
        let schedule = app.put(&path, json!({ "periods": [small] })).await.expect(200);
        assert_eq!(schedule["periods"][0]["rule"], rule, "rules are stored in upper case");
    }
}

#[apply(both_databases)]
async fn every_other_rule_is_refused_and_the_error_says_what_would_be_right(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let [.., recurrence] = each_type();
    let wrong = [
        ("FREQ=HOURLY", "DAILY, WEEKLY, MONTHLY and YEARLY"),
        ("FREQ=MINUTELY", "DAILY"),
        ("FREQ=SECONDLY", "DAILY"),
        ("FREQ=DAILY;BYHOUR=9", "startTime"),
        ("FREQ=DAILY;BYMINUTE=0", "startTime"),
        ("FREQ=DAILY;BYSECOND=0", "startTime"),
        ("nonsense", "FREQ=YEARLY"),
        ("", "FREQ=YEARLY"),
        ("FREQ=", "DAILY"),
        ("FREQ=SOMETIMES", "DAILY"),
        ("BYDAY=MO", "FREQ is missing"),
        ("RRULE:FREQ=DAILY", "known parts are FREQ"),
        ("FREQ=DAILY\nDTSTART:20260101", "DAILY"),
        ("FREQ=DAILY;BYMONTH=13", "1 to 12"),
        ("FREQ=DAILY;COUNT=-1", "at least 1"),
        ("FREQ=DAILY;COUNT=0", "at least 1"),
        ("FREQ=DAILY;INTERVAL=0", "at least 1"),
        ("FREQ=DAILY;FREQ=DAILY", "once"),
        ("FREQ=MONTHLY;BYDAY=0MO", "1MO"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "1 to 31"),
        ("FREQ=MONTHLY;BYSETPOS=1", "needs another BY part"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20300101", "ends by one"),
        ("FREQ=DAILY;UNTIL=20301331", "20301231T090000Z"),
        ("FREQ=YEARLY;BYEASTER=0,1", "one number"),
        ("FREQ=DAILY;RSCALE=HEBREW", "is unknown"),
    ];
    for (rule, right) in wrong {
        let period = with(&recurrence, json!({ "rule": rule }));
        let answer = create(&app, "S", json!([period])).await;
        answer.expect_faults(&["/periods/0/rule"]);
        let detail = answer.json()["errors"][0]["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains(right), "{rule}: {detail}");
    }
}

#[apply(both_databases)]
async fn period_names_are_unique_in_the_schedule(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let [period, ..] = each_type();
    let periods = json!([period, with(&period, json!({ "name": "p" })), period, period]);
    create(&app, "S", periods).await.expect_faults(&["/periods/2/name", "/periods/3/name"]);
    for wrong in [json!(""), json!("a/b"), json!("a\u{0}b"), json!("a".repeat(41)), json!(1)] {
        let period = with(&period, json!({ "name": wrong }));
        create(&app, "S", json!([period])).await.expect_faults(&["/periods/0/name"]);
    }
}

#[apply(both_databases)]
async fn a_schedule_has_at_most_1000_periods(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let [period, ..] = each_type();
    let mut periods: Vec<_> = (0..=1000).map(|at| with(&period, json!({ "name": at.to_string() }))).collect();
    let answer = create(&app, "S", json!(periods)).await;
    answer.expect_faults(&["/periods"]);
    let detail = answer.json()["errors"][0]["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.contains("1001") && detail.contains("1000"), "{detail}");
    periods.pop();
    let schedule = create(&app, "S", json!(periods)).await.expect(201);
    assert_eq!(schedule["periods"], json!(periods));
}

#[apply(both_databases)]
async fn all_faults_of_all_periods_are_reported_at_once(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let [week, month, date, recurrence] = each_type();
    let periods = json!([
        with(&week, json!({ "dayOfWeek": "Someday", "startTime": "09:00" })),
        with(&month, json!({ "name": "M", "dayOfMonth": 32, "rule": "FREQ=DAILY" })),
        with(&date, json!({ "stopDate": "2028-01-01", "color": "red" })),
        with(&recurrence, json!({ "name": "R", "rule": "FREQ=HOURLY", "startTime": "9:00", "stopTime": "09:00" })),
        "Friday",
    ]);
    let places = [
        "/periods/0/dayOfWeek",
        "/periods/0/stopTime",
        "/periods/1/dayOfMonth",
        "/periods/1/rule",
        "/periods/2/name",
        "/periods/2/stopDate",
        "/periods/2/color",
        "/periods/3/rule",
        "/periods/3/stopTime",
        "/periods/4",
    ];
    create(&app, "S", periods.clone()).await.expect_faults(&places);
    create(&app, "S", json!([])).await.expect(201);
    app.put(&format!("{USER}time_schedules/S/"), json!({ "periods": periods })).await.expect_faults(&places);
}

#[apply(both_databases)]
async fn rules_that_cost_too_much_to_follow_are_refused_with_the_cost_and_the_budget(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let periods = |rule: &str, count: usize| -> Value {
        let period = |at: usize| {
            json!({
                "name": at.to_string(), "type": "Recurrence", "startDate": "2026-01-01", "rule": rule
            })
        };
        (0..count).map(period).collect()
    };
    // Holidays do not cost more than dates.
    for (at, rule) in ["FREQ=YEARLY", "FREQ=YEARLY;BYEASTER=1", "FREQ=WEEKLY;BYDAY=MO"].into_iter().enumerate() {
        create(&app, &at.to_string(), periods(rule, 1000)).await.expect(201);
    }
    for (at, rule) in ["FREQ=MONTHLY;BYDAY=-1FR;COUNT=40", "FREQ=YEARLY;COUNT=202"].into_iter().enumerate() {
        create(&app, &format!("hundred {at}"), periods(rule, 100)).await.expect(201);
    }
    for rule in
        ["FREQ=YEARLY;BYDAY=MO,1TU;BYSETPOS=366,-1", "FREQ=YEARLY;BYDAY=53MO;COUNT=200", "FREQ=DAILY;COUNT=500000"]
    {
        create(&app, "one", periods(rule, 1)).await.expect(201);
        app.delete(&format!("{USER}time_schedules/one/")).await.expect(200);
        let answer = create(&app, "many", periods(rule, 100)).await;
        let fault = &answer.expect_problem(400, "invalid_request")["errors"];
        assert_eq!(fault.as_array().map(Vec::len), Some(1), "{fault}");
        let pointer = fault[0]["pointer"].as_str().unwrap_or_default();
        assert!(pointer.starts_with("/periods/") && pointer.ends_with("/rule"), "{fault}");
        let detail = fault[0]["detail"].as_str().unwrap_or_default();
        assert!(detail.contains("a schedule may cost 1000"), "{detail}");
        let path = format!("{USER}time_schedules/0/");
        app.put(&path, json!({ "periods": periods(rule, 100) })).await.expect_faults(&[pointer]);
    }
}
