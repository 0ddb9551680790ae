//! Criteria that refer to schedules.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{OWNERS, TYPES};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, SERVICE, both_databases},
};

/// The member of a criteria that refers to schedules of each type, and the type's name there.
const MEMBERS: [(&str, &str); 2] = [("timeSchedule", "Time"), ("holidaySchedule", "Holiday")];

fn criteria(name: &str, member: &str, schedule: Value) -> Value {
    json!({ "name": name, "fromDnCriteria": { "selection": "Any" }, member: schedule })
}

/// Creates a schedule `S` in each of the six folders and a criteria that refers to each; gives the folders' paths,
/// with the name of the criteria and its member.
async fn refer(app: &App) -> Vec<(String, String, &'static str)> {
    let mut references = Vec::new();
    for (owner, level) in OWNERS {
        for (kind, (member, type_name)) in TYPES.into_iter().zip(MEMBERS) {
            let (folder, name) = (format!("{owner}{kind}/"), format!("{level}{type_name}"));
            app.post(&folder, json!({ "name": "S" })).await.expect(201);
            let body = criteria(&name, member, json!({ "level": level, "name": "S" }));
            let created = app.post(CRITERIA, body).await.expect(200);
            assert_eq!(created[member], json!({ "level": level, "name": "S", "type": type_name }));
            references.push((folder, name, member));
        }
    }
    references
}

#[apply(both_databases)]
async fn an_unknown_schedule_is_refused_at_its_place(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    for (level, name) in [("User", "None"), ("Group", "Every Friday"), ("Tenant", "Every Friday")] {
        let schedule = json!({ "level": level, "name": name });
        for (member, _) in MEMBERS {
            let body = criteria("C", member, schedule.clone());
            app.post(CRITERIA, body.clone()).await.expect_faults(&[&format!("/{member}")]);
            let list = json!({ "criteria": [body] });
            app.put(SERVICE, list).await.expect_faults(&[&format!("/criteria/0/{member}")]);
        }
    }
    // The name is there, but of the other type.
    for (member, name) in [("timeSchedule", "Every Easter"), ("holidaySchedule", "Every Friday")] {
        let body = criteria("C", member, json!({ "level": "User", "name": name }));
        app.post(CRITERIA, body).await.expect_faults(&[&format!("/{member}")]);
    }
}

#[apply(both_databases)]
async fn a_wrong_type_is_refused_at_the_type(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    for (member, name, wrong) in
        [("timeSchedule", "Every Friday", "Holiday"), ("holidaySchedule", "Every Easter", "Time")]
    {
        let schedule = json!({ "level": "User", "name": name, "type": wrong });
        app.post(CRITERIA, criteria("C", member, schedule)).await.expect_faults(&[&format!("/{member}/type")]);
    }
}

#[apply(both_databases)]
async fn a_rename_is_followed_by_the_criteria_and_changes_the_etag(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (folder, name, member) in refer(&app).await {
        let before = app.get(SERVICE).await;
        app.put(&format!("{folder}S/"), json!({ "newName": "Renamed" })).await.expect(200);
        let after = app.get(SERVICE).await;
        let list = after.expect(200);
        let found = list["criteria"].as_array().into_iter().flatten().find(|criteria| criteria["name"] == *name);
        assert_eq!(found.map(|criteria| &criteria[member]["name"]), Some(&json!("Renamed")), "{list}");
        let renamed = list.to_string().matches("\"Renamed\"").count();
        let left = list.to_string().matches("\"S\"").count();
        assert_eq!(renamed + left, 6, "no other criteria changes");
        assert_ne!(before.header("etag"), after.header("etag"), "{folder}");
    }
}

#[apply(both_databases)]
async fn a_refused_rename_keeps_the_etag(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (folder, ..) in refer(&app).await {
        let before = app.get(SERVICE).await;
        app.post(&folder, json!({ "name": "Taken" })).await.expect(201);
        app.put(&format!("{folder}S/"), json!({ "newName": "Taken" })).await.expect_problem(409, "schedule_exists");
        assert_eq!(before.header("etag"), app.get(SERVICE).await.header("etag"), "{folder}");
    }
}

#[apply(both_databases)]
async fn a_schedule_in_use_is_deleted_only_after_it_was_cleared(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (folder, name, member) in refer(&app).await {
        let path = format!("{folder}S/");
        let problem = app.delete(&path).await.expect_problem(409, "schedule_in_use");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(&format!("{name:?}")) && detail.contains("foogroup/foouser"), "{detail}");
        app.get(&path).await.expect(200);
        let cleared = app.put(&format!("{CRITERIA}{name}/"), json!({ member: null })).await.expect(200);
        assert_eq!(cleared.get(member), None);
        assert_eq!(app.delete(&path).await.expect(200), json!({}));
    }
}

#[apply(both_databases)]
async fn a_schedule_in_use_by_many_names_the_first_ten(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    let schedule = json!({ "level": "User", "name": "Every Friday" });
    let list: Vec<_> = (0..12).map(|at| criteria(&format!("C{at}"), "timeSchedule", schedule.clone())).collect();
    app.put(SERVICE, json!({ "criteria": list })).await.expect(200);
    let path = format!("{}time_schedules/Every%20Friday/", crate::harness::USER);
    let problem = app.delete(&path).await.expect_problem(409, "schedule_in_use");
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("\"C9\"") && !detail.contains("\"C10\"") && detail.contains("others"), "{detail}");
}

#[apply(both_databases)]
async fn a_criteria_that_is_deleted_uses_no_schedule(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (folder, name, _) in refer(&app).await {
        app.delete(&format!("{CRITERIA}{name}/")).await.expect(200);
        app.delete(&format!("{folder}S/")).await.expect(200);
    }
}
