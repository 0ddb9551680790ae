//! Unknown and repeated query parameters.

use crate::{
    database::Kind,
    harness::{App, CRITERIA, JSON, USER},
};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn an_unknown_parameter_is_refused() {
    let app = App::start(Kind::Sqlite).await;
    for (path, unknown) in [
        ("/api/v1/tenants/?page=2".to_owned(), "page"),
        ("/api/v1/tenants/?Limit=2".to_owned(), "Limit"),
        ("/api/v1/tenants?limit=2&page=2".to_owned(), "page"),
        ("/api/v1/tenants/?allLevels=true".to_owned(), "allLevels"),
        (format!("{USER}?x"), "x"),
        ("/health/live?x=1".to_owned(), "x"),
    ] {
        app.get(&path).await.expect_faults(&[unknown]);
    }
    let body = Some("{".to_owned());
    app.send(Method::POST, &format!("{CRITERIA}?x=1"), &[JSON], body).await.expect_faults(&["x"]);
    app.delete("/api/v1/tenants/foo/?cascad=true").await.expect_faults(&["cascad"]);
}

#[tokio::test]
async fn a_repeated_parameter_is_refused() {
    let app = App::start(Kind::Sqlite).await;
    app.get("/api/v1/tenants/?limit=1&limit=1").await.expect_faults(&["limit"]);
    app.delete("/api/v1/tenants/foo/?cascade=true&cascade=false").await.expect_faults(&["cascade"]);
    app.get("/api/v1/tenants/?limit=1&x=1&limit=2&y=2").await.expect_faults(&["limit", "x", "y"]);
}

#[tokio::test]
async fn all_unknown_parameters_are_reported_decoded() {
    let app = App::start(Kind::Sqlite).await;
    app.get("/api/v1/tenants/?%C3%A9t%C3%A9=1&a+b=2").await.expect_faults(&["été", "a b"]);
}

#[tokio::test]
async fn the_error_for_a_wrong_value_says_what_would_be_right() {
    let app = App::start(Kind::Sqlite).await;
    for (path, right) in [
        ("/api/v1/decisions/?calledNumber=%2B3225550100&at=2026-12-25T09:30:00+01:00", "%2B"),
        ("/api/v1/decisions/?calledNumber=%2B3225550100&presentation=hidden", "`allowed`, `restricted`, `unavailable`"),
        ("/api/v1/decisions/", "`calledNumber` is required"),
        ("/api/v1/tenants/foo/time_schedules/?allLevels=1", "`true` or `false`"),
    ] {
        let problem = app.get(path).await.expect_problem(400, "invalid_request");
        let detail = problem["errors"][0]["detail"].as_str().expect("a fault has a detail");
        assert!(detail.contains(right), "{path}: {detail}");
    }
}

#[tokio::test]
async fn errors_for_a_byte_order_mark_and_for_null_say_what_would_be_right() {
    let app = App::start(Kind::Sqlite).await;
    let marked = Some("\u{feff}{\"tenantId\": \"foo\"}".to_owned());
    let problem = app.send(Method::POST, "/api/v1/tenants/", &[JSON], marked).await;
    let problem = problem.expect_problem(400, "malformed_json");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("byte order mark")), "{problem}");
    let problem =
        app.post("/api/v1/tenants/", json!({ "tenantId": null })).await.expect_problem(400, "invalid_request");
    let detail = problem["errors"][0]["detail"].as_str().expect("a fault has a detail");
    assert!(detail.contains("leave the member out"), "{detail}");
}
