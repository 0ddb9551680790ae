//! Tables of users.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{GROUP, TABLE, assert_ended, errors, import, import_file};
use crate::{
    database::Kind,
    harness::{App, USER, both_databases},
};

/// A table as a spreadsheet writes it.
const USERS: &str = "\u{feff}group_id;user_id;first_name;phone_number;services;accept_numbers;reject_numbers\r\n\
    foogroup;jane;\"Jane \"\"J\"\" Doe\";+3225550142;\"Anonymous Call Rejection\";+3225126777;\"+3290*;+3291*\"\r\n\
    \r\n\
    foogroup;john;;;;;\r\n";

#[apply(both_databases)]
async fn users_come_with_their_services_and_numbers(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    assert_ended(&import_file(&app, "", TABLE, USERS).await, "succeeded", [2, 2, 0, 0, 0, 0]);
    let jane = app.get(&format!("{GROUP}users/jane/")).await.expect(200);
    assert_eq!((&jane["firstName"], &jane["phoneNumber"]), (&json!("Jane \"J\" Doe"), &json!("+3225550142")));
    for (service, numbers) in [
        ("selective_call_acceptance", json!(["+3225126777"])),
        ("selective_call_rejection", json!(["+3290*", "+3291*"])),
    ] {
        let kept = app.get(&format!("{GROUP}users/jane/services/{service}/")).await.expect(200);
        let criteria = &kept["criteria"][0];
        assert_eq!((&criteria["name"], &criteria["fromDnCriteria"]["phoneNumbers"]), (&json!("imported"), &numbers));
    }
    let services = app.get(&format!("{GROUP}users/jane/services/")).await.expect(200);
    assert!(services["services"].as_array().expect("a list").iter().all(|service| service["assigned"] == true));
    assert_ended(&import_file(&app, "", TABLE, USERS).await, "succeeded", [2, 0, 0, 2, 0, 0]);
}

#[apply(both_databases)]
async fn a_faulty_cell_is_named_by_its_line_and_column(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let table = "user_id,group_id,phone_number,accept_numbers\njane,foogroup,12,\njohn,nowhere,,\nmary,foogroup,,+32x\n\
        ann,foogroup,,1\n";
    let ended = import_file(&app, "", TABLE, table).await;
    assert_ended(&ended, "succeeded_with_errors", [4, 1, 0, 0, 0, 3]);
    let found = errors(&app, &ended).await;
    let found: Vec<_> = found
        .iter()
        .map(|error| {
            let detail = error["detail"].as_str().unwrap_or_default();
            (error["line"].as_i64(), error["code"].as_str(), detail.split(':').next(), error.get("pointer"))
        })
        .collect();
    assert_eq!(found[0], (Some(2), Some("invalid_request"), Some("Column `phone_number`"), None));
    assert_eq!((found[1].0, found[1].1), (Some(3), Some("group_not_found")));
    assert_eq!((found[2].0, found[2].2), (Some(4), Some("Column `accept_numbers`, number 1")));
}

#[apply(both_databases)]
async fn a_header_that_cannot_be_read_fails_the_import(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for query in ["", "?onError=stop", "?dryRun=true", "?mode=replace"] {
        let ended = import_file(&app, query, TABLE, "group,user\nfoogroup,jane\nfoogroup,john\n").await;
        assert_ended(&ended, "failed", [1, 0, 0, 0, 0, 1]);
        let faults = errors(&app, &ended).await;
        assert_eq!((faults.len(), &faults[0]["line"]), (1, &json!(1)));
    }
    app.get(USER).await.expect(200);
}

#[apply(both_databases)]
async fn a_table_replaces_users_and_their_services_alone(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    app.post("/api/v1/tenants/foo/groups/", json!({ "groupId": "sales" })).await.expect(201);
    app.post(&format!("{GROUP}number_lists/"), json!({ "name": "Nuisance" })).await.expect(201);
    import(&app, "", &[json!({ "kind": "user", "groupId": "sales", "userId": "jane" })]).await;
    let kept = import_file(&app, "?mode=replace", TABLE, "group_id,user_id\nfoogroup,foouser\n").await;
    assert_ended(&kept, "succeeded", [1, 0, 0, 1, 1, 0]);
    app.get(&format!("{USER}services/selective_call_acceptance/")).await.expect(200);
    app.get("/api/v1/tenants/foo/groups/sales/users/jane/").await.expect_problem(404, "user_not_found");
    let table = "group_id,user_id,services\nfoogroup,foouser,Anonymous Call Rejection\n";
    let replaced = import_file(&app, "?mode=replace", TABLE, table).await;
    assert_ended(&replaced, "succeeded", [1, 1, 0, 0, 1, 0]);
    app.get(&format!("{USER}services/selective_call_acceptance/")).await.expect_problem(404, "service_not_assigned");
    app.get("/api/v1/tenants/foo/groups/sales/").await.expect(200);
    app.get(&format!("{GROUP}number_lists/Nuisance/")).await.expect(200);
    app.get(&format!("{USER}time_schedules/Every%20Friday/")).await.expect(200);
    let faulty = import_file(&app, "?mode=replace", TABLE, "group_id,user_id,extension\nfoogroup,foouser,x y\n").await;
    assert_eq!((&faulty["counts"]["deleted"], errors(&app, &faulty).await.len()), (&Value::from(0), 1));
    app.get(USER).await.expect(200);
}
