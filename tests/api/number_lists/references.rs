//! Criteria that refer to number lists.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{LIST, OWNERS, TENANT, with_list};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, SERVICE, USER, both_databases},
};

fn criteria(name: &str, lists: &Value) -> Value {
    json!({ "name": name, "fromDnCriteria": { "selection": "Specified Only", "numberLists": lists } })
}

fn of(level: &str, name: &str) -> Value {
    json!({ "level": level, "name": name })
}

#[apply(both_databases)]
async fn criteria_name_lists_of_all_levels_in_order(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (owner, level) in OWNERS {
        app.post(&format!("{owner}number_lists/"), json!({ "name": format!("of {level}") })).await.expect(201);
    }
    let lists = json!([of("Tenant", "of Tenant"), of("User", "of User"), of("Group", "of Group")]);
    let created = app.post(CRITERIA, criteria("C", &lists)).await.expect(200);
    assert_eq!(created["fromDnCriteria"]["numberLists"], lists);
    assert_eq!(created["callsFrom"], "of Tenant, of User, of Group");
    let path = format!("{CRITERIA}C/");
    assert_eq!(app.get(&path).await.expect(200), created);
    assert_eq!(app.get(SERVICE).await.expect(200)["criteria"][0], created);
    let update = json!({ "active": false, "fromDnCriteria": { "phoneNumbers": ["1"] } });
    let updated = app.put(&path, update).await.expect(200);
    assert_eq!(updated["fromDnCriteria"]["numberLists"], lists, "what is left out stays");
    assert_eq!(updated["callsFrom"], "1, of Tenant, of User...");
    let fewer = json!([of("Group", "of Group")]);
    let updated = app.put(&path, json!({ "fromDnCriteria": { "numberLists": fewer } })).await.expect(200);
    assert_eq!(updated["fromDnCriteria"]["numberLists"], fewer);
    let change = json!({ "criteria": [{ "name": "C", "fromDnCriteria": { "numberLists": null } }] });
    let service = app.put(SERVICE, change).await.expect(200);
    assert_eq!(service["criteria"][0]["fromDnCriteria"].get("numberLists"), None);
    let change = json!({ "criteria": [{ "name": "C", "fromDnCriteria": { "numberLists": lists } }] });
    let service = app.put(SERVICE, change).await.expect(200);
    assert_eq!(service["criteria"][0]["fromDnCriteria"]["numberLists"], lists);
    assert_eq!(app.get(SERVICE).await.expect(200), service);
}

#[apply(both_databases)]
async fn a_list_that_is_not_there_is_refused_at_its_place(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &[]).await;
    let lists = json!([of("Tenant", "L"), of("Group", "L"), of("Tenant", "M")]);
    let places = ["/fromDnCriteria/numberLists/1", "/fromDnCriteria/numberLists/2"];
    app.post(CRITERIA, criteria("C", &lists)).await.expect_faults(&places);
    let list = json!({ "criteria": [criteria("C", &lists)] });
    app.put(SERVICE, list)
        .await
        .expect_faults(&places.map(|place| format!("/criteria/0{place}")).each_ref().map(String::as_str));
    let twice = json!([of("Tenant", "L"), of("Tenant", "L")]);
    app.post(CRITERIA, criteria("C", &twice)).await.expect_faults(&["/fromDnCriteria/numberLists/1"]);
    let many: Vec<_> = (0..11).map(|number| of("Tenant", &number.to_string())).collect();
    app.post(CRITERIA, criteria("C", &many.into())).await.expect_faults(&["/fromDnCriteria/numberLists"]);
}

#[apply(both_databases)]
async fn a_rename_is_followed_and_changes_the_etag(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &["1"]).await;
    app.post(CRITERIA, criteria("C", &json!([of("Tenant", "L")]))).await.expect(200);
    let before = app.get(SERVICE).await;
    app.put(LIST, json!({ "description": "x" })).await.expect(200);
    assert_eq!(before.header("etag"), app.get(SERVICE).await.header("etag"));
    app.put(LIST, json!({ "newName": "M" })).await.expect(200);
    let after = app.get(SERVICE).await;
    assert_eq!(after.expect(200)["criteria"][0]["fromDnCriteria"]["numberLists"], json!([of("Tenant", "M")]));
    assert_ne!(before.header("etag"), after.header("etag"));
}

#[apply(both_databases)]
async fn a_list_in_use_is_deleted_only_after_it_was_cleared(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &["1"]).await;
    app.post(CRITERIA, criteria("C", &json!([of("Tenant", "L")]))).await.expect(200);
    let problem = app.delete(LIST).await.expect_problem(409, "number_list_in_use");
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("\"C\" of foogroup/foouser"), "{detail}");
    app.put(&format!("{CRITERIA}C/"), json!({ "fromDnCriteria": { "numberLists": [] } })).await.expect(200);
    app.delete(LIST).await.expect(200);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM number_list_entries").await, 0);
}

#[apply(both_databases)]
async fn a_criteria_that_goes_uses_no_list(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &[]).await;
    let lists = json!([of("Tenant", "L")]);
    app.post(CRITERIA, criteria("C", &lists)).await.expect(200);
    app.delete(&format!("{CRITERIA}C/")).await.expect(200);
    app.delete(LIST).await.expect(200);
    let app = with_list(app, &[]).await;
    app.post(CRITERIA, criteria("C", &lists)).await.expect(200);
    app.delete(&format!("{USER}?cascade=true")).await.expect(200);
    app.delete(&format!("{TENANT}number_lists/L/")).await.expect(200);
}
