//! Listing tenants.

use rstest_reuse::apply;
use serde_json::json;

use super::{ORDERED, expect_no_page, expect_pages, walk};
use crate::{
    database::Kind,
    harness::{App, both_databases},
};

const TENANTS: &str = "/api/v1/tenants/";
const NAMES: (&str, &str) = ("tenants", "tenantId");

#[apply(both_databases)]
async fn list_of_nothing_is_empty(#[case] database: Kind) {
    let app = App::start(database).await;
    assert_eq!(app.get(TENANTS).await.expect(200), json!({ "tenants": [] }));
}

#[apply(both_databases)]
async fn list_answers_whole_tenants(#[case] database: Kind) {
    let app = App::start(database).await;
    let full = json!({ "tenantId": "b", "name": "B", "region": "BE", "timeZone": "UTC" });
    let tenants = [json!({ "tenantId": "a" }), full];
    for tenant in &tenants {
        app.post(TENANTS, tenant.clone()).await.expect(201);
    }
    assert_eq!(app.get(TENANTS).await.expect(200), json!({ "tenants": tenants }));
}

#[apply(both_databases)]
async fn pages_hold_everything_once_in_the_order_of_code_points(#[case] database: Kind) {
    let app = App::start(database).await;
    for id in ORDERED.iter().rev() {
        app.post(TENANTS, json!({ "tenantId": id })).await.expect(201);
    }
    expect_pages(&app, TENANTS, NAMES).await;
}

#[apply(both_databases)]
async fn a_page_has_100_entries_by_default(#[case] database: Kind) {
    let app = App::start(database).await;
    let ids: Vec<String> = (0..101).map(|number| format!("{number:03}")).collect();
    for id in &ids {
        app.post(TENANTS, json!({ "tenantId": id })).await.expect(201);
    }
    let page = app.get(TENANTS).await.expect(200);
    assert_eq!(page["tenants"].as_array().map(Vec::len), Some(100));
    assert_eq!(page["next"], "099");
    let page = app.get("/api/v1/tenants/?after=099").await.expect(200);
    assert_eq!(page, json!({ "tenants": [{ "tenantId": "100" }] }));
}

#[apply(both_databases)]
async fn a_page_neither_repeats_nor_skips_when_others_write(#[case] database: Kind) {
    let app = App::start(database).await;
    for id in ["a", "c", "e"] {
        app.post(TENANTS, json!({ "tenantId": id })).await.expect(201);
    }
    let page = app.get("/api/v1/tenants/?limit=2").await.expect(200);
    assert_eq!(page["next"], "c");
    app.delete("/api/v1/tenants/c/").await.expect(200);
    app.post(TENANTS, json!({ "tenantId": "b" })).await.expect(201);
    let page = app.get("/api/v1/tenants/?limit=2&after=c").await.expect(200);
    assert_eq!(page, json!({ "tenants": [{ "tenantId": "e" }] }));
    assert_eq!(walk(&app, TENANTS, NAMES, 2).await, [vec!["a", "b"], vec!["e"]]);
}

#[apply(both_databases)]
async fn list_refuses_invalid_page_parameters(#[case] database: Kind) {
    let app = App::start(database).await;
    expect_no_page(&app, TENANTS).await;
}
