//! Deleting tenants.

use futures_util::future::{join, join_all};
use rstest_reuse::apply;
use serde_json::json;

use crate::{
    database::Kind,
    harness::{App, both_databases},
};

const FOO: &str = "/api/v1/tenants/foo/";

#[apply(both_databases)]
async fn delete_answers_200_with_an_empty_object(#[case] database: Kind) {
    let app = App::start(database).await;
    for id in ["foo", "Foo"] {
        app.post("/api/v1/tenants/", json!({ "tenantId": id })).await.expect(201);
    }
    assert_eq!(app.delete(FOO).await.expect(200), json!({}));
    app.get(FOO).await.expect_problem(404, "tenant_not_found");
    app.get("/api/v1/tenants/Foo/").await.expect(200);
}

#[apply(both_databases)]
async fn the_second_delete_answers_404(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    app.delete(FOO).await.expect(200);
    app.delete(FOO).await.expect_problem(404, "tenant_not_found");
    app.delete("/api/v1/tenants/foo/?cascade=true").await.expect_problem(404, "tenant_not_found");
}

#[apply(both_databases)]
async fn delete_of_a_tenant_with_a_group_or_a_schedule_answers_409(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    for (collection, body, held) in [
        ("groups", json!({ "groupId": "a" }), "a"),
        ("time_schedules", json!({ "name": "b" }), "b"),
        ("calendar_schedules", json!({ "name": "c" }), "c"),
    ] {
        app.post(&format!("{FOO}{collection}/"), body).await.expect(201);
        app.delete(FOO).await.expect_problem(409, "tenant_in_use");
        app.delete("/api/v1/tenants/foo/?cascade=false").await.expect_problem(409, "tenant_in_use");
        let held = format!("{FOO}{collection}/{held}/");
        app.get(&held).await.expect(200);
        app.delete(&held).await.expect(200);
    }
    app.delete(FOO).await.expect(200);
}

#[apply(both_databases)]
async fn delete_with_cascade_deletes_all_below(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    app.put(crate::harness::USER, json!({ "phoneNumber": "+3225550100" })).await.expect(200);
    for schedules in ["", "groups/foogroup/"] {
        app.post(&format!("{FOO}{schedules}time_schedules/"), json!({ "name": "Days" })).await.expect(201);
    }
    for (name, level) in [("a", "User"), ("b", "Group"), ("c", "Tenant")] {
        let schedule = if level == "User" { "Every Friday" } else { "Days" };
        let criteria = json!({
            "name": name,
            "fromDnCriteria": { "selection": "Any" },
            "timeSchedule": { "level": level, "name": schedule },
        });
        app.post(crate::harness::CRITERIA, criteria).await.expect(200);
    }
    assert_eq!(app.delete("/api/v1/tenants/foo/?cascade=true").await.expect(200), json!({}));
    app.get(FOO).await.expect_problem(404, "tenant_not_found");
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    assert_eq!(app.get(&format!("{FOO}groups/")).await.expect(200), json!({ "groups": [] }));
    assert_eq!(app.get(&format!("{FOO}time_schedules/")).await.expect(200), json!({ "schedules": [] }));
    app.post(&format!("{FOO}groups/"), json!({ "groupId": "g" })).await.expect(201);
    let user = json!({ "userId": "u", "phoneNumber": "+3225550100" });
    app.post(&format!("{FOO}groups/g/users/"), user).await.expect(201);
}

#[apply(both_databases)]
async fn delete_with_cascade_leaves_other_tenants_alone(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    app.post("/api/v1/tenants/", json!({ "tenantId": "bar" })).await.expect(201);
    app.post("/api/v1/tenants/bar/groups/", json!({ "groupId": "foogroup" })).await.expect(201);
    app.post("/api/v1/tenants/bar/groups/foogroup/users/", json!({ "userId": "foouser" })).await.expect(201);
    app.delete("/api/v1/tenants/bar/?cascade=true").await.expect(200);
    let services = app.get(&format!("{}services/", crate::harness::USER)).await.expect(200);
    assert_eq!(services["services"][0]["assigned"], true);
    app.get(&format!("{}time_schedules/Every%20Friday/", crate::harness::USER)).await.expect(200);
}

#[apply(both_databases)]
async fn delete_with_cascade_and_creations_at_once_leave_nothing_half_done(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    app.post(&format!("{FOO}groups/"), json!({ "groupId": "g" })).await.expect(201);
    let users = format!("{FOO}groups/g/users/");
    let creations = join_all((0..4).map(|number| app.post(&users, json!({ "userId": number.to_string() }))));
    let (created, deleted) = join(creations, app.delete("/api/v1/tenants/foo/?cascade=true")).await;
    for answer in created {
        assert!(matches!(answer.status.as_u16(), 201 | 404), "{}", answer.text);
    }
    deleted.expect(200);
    app.get(FOO).await.expect_problem(404, "tenant_not_found");
}

#[apply(both_databases)]
async fn delete_refuses_a_cascade_that_is_not_a_boolean(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    for query in ["cascade=maybe", "cascade=", "cascade=1", "cascade=true&cascade=true"] {
        app.delete(&format!("{FOO}?{query}")).await.expect_faults(&["cascade"]);
    }
    app.delete(&format!("{FOO}?force=true")).await.expect_faults(&["force"]);
    app.delete("/api/v1/tenants/a%2Fb/").await.expect_faults(&["tenant_id"]);
    app.get(FOO).await.expect(200);
}
