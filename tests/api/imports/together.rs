//! Lines that are applied together end as each of them would alone.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{GROUP, TENANT, assert_ended, errors, import};
use crate::{
    database::Kind,
    harness::{App, both_databases},
};

/// The numbers of a linear congruential generator, by Knuth's MMIX.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn user_line(random: &mut Random) -> Value {
    let group = if random.below(12) == 0 { "nowhere" } else { "foogroup" };
    let mut line = json!({ "kind": "user", "groupId": group, "userId": format!("user{}", random.below(16)) });
    if random.below(2) == 0 {
        line["phoneNumber"] = format!("+322555100{}", random.below(10)).into();
    }
    line
}

fn service_line(random: &mut Random) -> Value {
    let service = ["Selective Call Acceptance", "Selective Call Rejection", "Anonymous Call Rejection"];
    let service = service[random.below(3) as usize];
    let mut line = json!({
        "kind": "service", "groupId": "foogroup", "userId": format!("user{}", random.below(18)), "service": service
    });
    if service == "Anonymous Call Rejection" {
        line["active"] = (random.below(2) == 0).into();
        return line;
    }
    let criteria = |random: &mut Random, name| {
        let mut criteria = super::criteria(name, &["+3225126777"]);
        match random.below(8) {
            0..=2 => criteria["timeSchedule"] = json!({ "level": "Group", "name": "Office" }),
            3 => criteria["holidaySchedule"] = json!({ "level": "Tenant", "name": "Missing" }),
            4..=5 => criteria["fromDnCriteria"]["numberLists"] = json!([{ "level": "Tenant", "name": "friends" }]),
            _ => {}
        }
        criteria
    };
    line["criteria"] = json!([criteria(random, "a"), criteria(random, "b")]);
    line
}

fn line(random: &mut Random) -> Value {
    match random.below(20) {
        0 => json!({ "kind": "user", "groupId": "foogroup" }),
        1 => json!({ "kind": "group", "groupId": "sales", "groupName": format!("{}", random.below(3)) }),
        2..=9 => user_line(random),
        _ => service_line(random),
    }
}

/// A tenant with a schedule and a number list.
async fn start(database: Kind) -> App {
    let app = App::start(database).await.with_user().await;
    app.post(&format!("{GROUP}time_schedules/"), json!({ "name": "Office" })).await.expect(201);
    app.post(&format!("{TENANT}number_lists/"), json!({ "name": "friends" })).await.expect(201);
    app
}

/// The lines of the tenant's export, without their order.
async fn exported(app: &App) -> Vec<String> {
    let answer = app.send(Method::GET, &format!("{TENANT}export/"), &[], None).await;
    let mut lines: Vec<_> = answer.expect_text().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[apply(both_databases)]
async fn lines_end_together_as_each_would_alone(#[case] database: Kind) {
    let random = &mut Random(7);
    let lines: Vec<Value> = (0..90).map(|_| line(random)).collect();
    let (together, alone) = (start(database).await, start(database).await);
    let whole = import(&together, "", &lines).await;
    let mut counts = [0; 4];
    let mut faults = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let one = import(&alone, "", std::slice::from_ref(line)).await;
        for (count, name) in counts.iter_mut().zip(["created", "changed", "unchanged", "failed"]) {
            *count += one["counts"][name].as_i64().expect("a count");
        }
        faults.extend(errors(&alone, &one).await.into_iter().map(|mut fault| {
            fault["line"] = (at + 1).into();
            fault
        }));
    }
    let [created, changed, unchanged, failed] = counts;
    assert!(counts.iter().all(|count| *count > 0), "the lines are of all kinds: {counts:?}");
    assert_ended(&whole, "succeeded_with_errors", [90, created, changed, unchanged, 0, failed]);
    assert_eq!(errors(&together, &whole).await, faults);
    assert_eq!(exported(&together).await, exported(&alone).await);
    let again = import(&together, "?mode=merge", &lines).await;
    assert_eq!(again["counts"]["read"], 90);
}

#[apply(both_databases)]
async fn a_fault_among_many_lines_stops_the_import_there(#[case] database: Kind) {
    let app = start(database).await;
    let user = |number| json!({ "kind": "user", "groupId": "foogroup", "userId": format!("user{number}") });
    let mut lines: Vec<Value> = (0..40).map(user).collect();
    lines[29]["groupId"] = "nowhere".into();
    let stopped = import(&app, "?onError=stop", &lines).await;
    assert_ended(&stopped, "failed", [30, 0, 0, 0, 0, 1]);
    assert_eq!(errors(&app, &stopped).await[0]["line"], 30);
    lines.remove(29);
    assert_ended(&import(&app, "?onError=stop", &lines).await, "succeeded", [39, 39, 0, 0, 0, 0]);
    assert_ended(&import(&app, "", &lines).await, "succeeded", [39, 0, 0, 39, 0, 0]);
}

#[apply(both_databases)]
async fn texts_with_the_signs_of_other_languages_come_as_they_are(#[case] database: Kind) {
    let app = start(database).await;
    let texts =
        ["NULL", "\"", "\\", "\\\"", "{", "}", ",", "{,}", "'", "''", "$1", "\\x41", "a, \"b\" \\c {d}", "null", "é"];
    let user = |(number, text): (usize, &&str)| {
        let id = format!("user{number}");
        json!({ "kind": "user", "groupId": "foogroup", "userId": id, "firstName": text, "lastName": texts[0] })
    };
    let service = |(number, text): (usize, &&str)| {
        let mut criteria = super::criteria(text, &["+3225126777"]);
        criteria["description"] = json!(text);
        json!({
            "kind": "service", "groupId": "foogroup", "userId": format!("user{number}"),
            "service": "Selective Call Acceptance", "criteria": [criteria]
        })
    };
    let with_place = || texts.iter().enumerate();
    let lines: Vec<_> = with_place().map(user).chain(with_place().map(service)).collect();
    assert_ended(&import(&app, "", &lines).await, "succeeded", [30, 30, 0, 0, 0, 0]);
    for (number, text) in with_place() {
        let user = app.get(&format!("{GROUP}users/user{number}/")).await.expect(200);
        assert_eq!((&user["firstName"], &user["lastName"]), (&json!(text), &json!("NULL")));
        let path = format!("{GROUP}users/user{number}/services/selective_call_acceptance/");
        let kept = app.get(&path).await.expect(200);
        assert_eq!((&kept["criteria"][0]["name"], &kept["criteria"][0]["description"]), (&json!(text), &json!(text)));
    }
    assert_ended(&import(&app, "", &lines).await, "succeeded", [30, 0, 0, 30, 0, 0]);
}
