//! Creating tenants.

use futures_util::future::join_all;
use rstest_reuse::apply;
use serde_json::json;

use super::NO_IDENTIFIERS;
use crate::{
    database::Kind,
    harness::{App, both_databases},
};

const TENANTS: &str = "/api/v1/tenants/";

#[apply(both_databases)]
async fn create_answers_201_with_its_place_and_the_tenant(#[case] database: Kind) {
    let app = App::start(database).await;
    let body = json!({ "tenantId": "a b", "name": "A", "region": "BE", "timeZone": "Europe/Brussels" });
    let answer = app.post(TENANTS, body.clone()).await;
    assert_eq!(answer.expect(201), body);
    assert_eq!(answer.header("location"), "/api/v1/tenants/a%20b/");
    assert_eq!(app.get(answer.header("location")).await.expect(200), body);
}

#[apply(both_databases)]
async fn the_place_of_a_tenant_is_percent_encoded_utf_8(#[case] database: Kind) {
    let app = App::start(database).await;
    for (id, encoded) in
        [("Zoë 東京", "Zo%C3%AB%20%E6%9D%B1%E4%BA%AC"), ("50%?#+&;", "50%25%3F%23%2B%26%3B"), ("a%2Fb", "a%252Fb")]
    {
        let answer = app.post(TENANTS, json!({ "tenantId": id })).await;
        answer.expect(201);
        assert_eq!(answer.header("location"), format!("/api/v1/tenants/{encoded}/"));
        assert_eq!(app.get(answer.header("location")).await.expect(200), json!({ "tenantId": id }));
    }
}

#[apply(both_databases)]
async fn create_accepts_null_for_optional_members(#[case] database: Kind) {
    let app = App::start(database).await;
    let body = json!({ "tenantId": "foo", "name": null, "region": null, "timeZone": null });
    assert_eq!(app.post(TENANTS, body).await.expect(201), json!({ "tenantId": "foo" }));
}

#[apply(both_databases)]
async fn create_with_a_taken_identifier_answers_409_and_keeps_the_first(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post(TENANTS, json!({ "tenantId": "foo", "name": "First" })).await.expect(201);
    app.post(TENANTS, json!({ "tenantId": "foo", "name": "Second" })).await.expect_problem(409, "tenant_exists");
    assert_eq!(app.get("/api/v1/tenants/foo/").await.expect(200)["name"], "First");
}

#[apply(both_databases)]
async fn identifiers_differ_by_case_and_by_accents(#[case] database: Kind) {
    let app = App::start(database).await;
    for id in ["foo", "Foo", "FOO", "\u{e9}", "e\u{30d}"] {
        app.post(TENANTS, json!({ "tenantId": id })).await.expect(201);
    }
    app.post(TENANTS, json!({ "tenantId": "Foo" })).await.expect_problem(409, "tenant_exists");
    app.get("/api/v1/tenants/fOO/").await.expect_problem(404, "tenant_not_found");
}

#[apply(both_databases)]
async fn create_counts_characters_and_not_bytes(#[case] database: Kind) {
    let app = App::start(database).await;
    let body = json!({ "tenantId": "😀".repeat(30), "name": "é".repeat(80) });
    let answer = app.post(TENANTS, body.clone()).await;
    assert_eq!(answer.expect(201), body);
    assert_eq!(app.get(answer.header("location")).await.expect(200), body);
    let body = json!({ "tenantId": "😀".repeat(31), "name": "é".repeat(81) });
    app.post(TENANTS, body).await.expect_faults(&["/tenantId", "/name"]);
}

#[apply(both_databases)]
async fn create_refuses_invalid_identifiers(#[case] database: Kind) {
    let app = App::start(database).await;
    for id in NO_IDENTIFIERS {
        app.post(TENANTS, json!({ "tenantId": id })).await.expect_faults(&["/tenantId"]);
    }
    app.post(TENANTS, json!({})).await.expect_faults(&["/tenantId"]);
    app.post(TENANTS, json!({ "tenantId": null })).await.expect_faults(&["/tenantId"]);
    assert_eq!(app.get(TENANTS).await.expect(200), json!({ "tenants": [] }));
}

#[apply(both_databases)]
async fn create_reports_all_faults_at_once(#[case] database: Kind) {
    let app = App::start(database).await;
    let body = json!({ "tenantId": 5, "name": "", "region": "be", "timeZone": "Mars/Olympus", "id": "a", "a/b": 1 });
    app.post(TENANTS, body).await.expect_faults(&["/tenantId", "/name", "/region", "/timeZone", "/id", "/a~1b"]);
    app.post(TENANTS, json!([])).await.expect_faults(&[""]);
}

#[apply(both_databases)]
async fn create_refuses_invalid_names_regions_and_time_zones(#[case] database: Kind) {
    let app = App::start(database).await;
    for (member, texts) in [
        ("name", [" a", "a ", "a\u{7}b", "\u{0}"]),
        ("region", ["BEL", "XX", "b", "32"]),
        ("timeZone", ["europe/brussels", "+02:00", "Europe/Brussels ", ""]),
    ] {
        for text in texts {
            let answer = app.post(TENANTS, json!({ "tenantId": "foo", member: text })).await;
            answer.expect_faults(&[&format!("/{member}")]);
        }
    }
}

#[apply(both_databases)]
async fn one_of_concurrent_creations_wins(#[case] database: Kind) {
    let app = App::start(database).await;
    let creations = (0..20).map(|_| app.post(TENANTS, json!({ "tenantId": "foo" })));
    let (won, lost): (Vec<_>, Vec<_>) = join_all(creations).await.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for answer in lost {
        answer.expect_problem(409, "tenant_exists");
    }
}

#[apply(both_databases)]
async fn create_refuses_query_parameters(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post("/api/v1/tenants/?cascade=true", json!({ "tenantId": "foo" })).await.expect_faults(&["cascade"]);
}
