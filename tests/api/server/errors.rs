//! All errors have the same form, including those of the framework.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    database::Kind,
    harness::{Answer, App, CRITERIA, JSON, USER, both_databases},
};

const TENANTS: &str = "/api/v1/tenants/";

/// Asserts the status and the code, and that the answer is a whole problem.
#[track_caller]
fn expect_whole_problem(answer: &Answer, status: u16, code: &str) -> Value {
    let problem = answer.expect_problem(status, code);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(problem["instance"], answer.header("x-request-id"));
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], format!("/problems/{code}"));
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
    assert_eq!(problem.get("errors").is_some(), code == "invalid_request", "{problem}");
    let internal = [
        "serde",
        "poem",
        "sqlx",
        "sea_orm",
        "::",
        "param0",
        "String",
        "Option",
        "Vec",
        "struct",
        "SELECT",
        "INSERT",
        "constraint",
        "input type",
        "panic",
    ];
    for word in internal {
        assert!(!answer.text.contains(word), "{word}: {problem}");
    }
    problem
}

async fn post_text(app: &App, path: &str, body: impl Into<String>) -> Answer {
    app.send(Method::POST, path, &[JSON], Some(body.into())).await
}

#[tokio::test]
async fn an_unknown_route_answers_404() {
    let app = App::start(Kind::Sqlite).await;
    for path in ["/none", "/api", "/api/", "/api/v1/", "/api/v2/tenants/", "/health/", "/docs/none", "/openapi.xml"] {
        expect_whole_problem(&app.get(path).await, 404, "route_not_found");
    }
    expect_whole_problem(&app.post("/none", json!({})).await, 404, "route_not_found");
}

#[tokio::test]
async fn an_empty_segment_of_the_path_answers_404() {
    let app = App::start(Kind::Sqlite).await;
    for path in ["//", "/api//v1/tenants/", "/health//live", "//openapi.json"] {
        expect_whole_problem(&app.get(path).await, 404, "route_not_found");
    }
    // With a method that the document does not have, so that the harness expects nothing of the response.
    for path in ["/api/v1/tenants//", "/api/v1/tenants//groups/", "/api/v1/tenants/foo/groups//"] {
        expect_whole_problem(&app.send(Method::PATCH, path, &[], None).await, 404, "route_not_found");
    }
}

#[tokio::test]
async fn a_wrong_method_returns_405_and_names_the_supported_ones() {
    let app = App::start(Kind::Sqlite).await;
    for (method, path, right) in [
        (Method::PATCH, TENANTS, "GET, HEAD, POST"),
        (Method::DELETE, "/api/v1/tenants", "GET, HEAD, POST"),
        (Method::POST, "/api/v1/tenants/foo/", "DELETE, GET, HEAD, PUT"),
        (Method::GET, CRITERIA, "POST"),
        (Method::POST, "/health/live", "GET, HEAD"),
        (Method::POST, "/openapi.json", "GET, HEAD"),
        (Method::PUT, "/docs/", "GET, HEAD"),
        (Method::DELETE, "/", "GET, HEAD"),
    ] {
        let answer = app.send(method.clone(), path, &[], None).await;
        expect_whole_problem(&answer, 405, "method_not_allowed");
        let mut allowed: Vec<_> = answer.header("allow").split(", ").collect();
        allowed.sort_unstable();
        assert_eq!(allowed.join(", "), right, "{method} {path}");
    }
}

#[tokio::test]
async fn another_content_type_answers_415() {
    let app = App::start(Kind::Sqlite).await;
    let body = json!({ "tenantId": "foo" }).to_string();
    expect_whole_problem(
        &app.send(Method::POST, TENANTS, &[], Some(body.clone())).await,
        415,
        "unsupported_media_type",
    );
    for wrong in
        ["text/plain", "application/xml", "application/jsonp", "application", "application/x-www-form-urlencoded", ""]
    {
        let answer = app.send(Method::POST, TENANTS, &[("Content-Type", wrong)], Some(body.clone())).await;
        expect_whole_problem(&answer, 415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn the_media_type_of_json_is_case_insensitive() {
    let app = App::start(Kind::Sqlite).await;
    let right = [
        "application/json",
        "\"application/json\"",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON",
    ];
    for (at, content_type) in right.into_iter().enumerate() {
        let body = json!({ "tenantId": at.to_string() }).to_string();
        app.send(Method::POST, TENANTS, &[("Content-Type", content_type)], Some(body)).await.expect(201);
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_answers_400() {
    let app = App::start(Kind::Sqlite).await;
    let deep = "[".repeat(100_000);
    let deep_in_a_name = format!("{{\"tenantId\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
    for body in [
        "",
        " ",
        "{",
        "{\"tenantId\":\"foo\"",
        "{\"tenantId\":foo}",
        "{} {}",
        "tenantId=foo",
        "{\"tenantId\":\"\u{0}\"}",
        &deep,
        &deep_in_a_name,
    ] {
        expect_whole_problem(&post_text(&app, TENANTS, body).await, 400, "malformed_json");
    }
    let empty = app.send(Method::POST, TENANTS, &[JSON], None).await;
    expect_whole_problem(&empty, 400, "malformed_json");
}

#[tokio::test]
async fn json_that_is_not_an_object_returns_400() {
    let app = App::start(Kind::Sqlite).await;
    for body in ["[]", "null", "1", "\"foo\"", "true", "[{\"tenantId\":\"foo\"}]"] {
        let problem = expect_whole_problem(&post_text(&app, TENANTS, body).await, 400, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], "", "{problem}");
    }
}

#[tokio::test]
async fn a_body_of_1_mib_is_read_and_a_longer_one_answers_413() {
    let app = App::start(Kind::Sqlite).await;
    let body = json!({ "tenantId": "foo" }).to_string();
    let padded = |length: usize| format!("{body}{}", " ".repeat(length - body.len()));
    post_text(&app, TENANTS, padded(1 << 20)).await.expect(201);
    expect_whole_problem(&post_text(&app, TENANTS, padded((1 << 20) + 1)).await, 413, "body_too_large");
}

#[apply(both_databases)]
async fn control_characters_in_a_text_are_refused(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for wrong in ["a\u{0}b", "\u{0}", "a\nb", "a\tb", "a\u{1b}b", "a\u{7f}b", "a\u{85}b"] {
        for (path, member) in [
            (TENANTS, "tenantId"),
            ("/api/v1/tenants/foo/groups/", "groupId"),
            ("/api/v1/tenants/foo/groups/foogroup/users/", "userId"),
        ] {
            app.post(path, json!({ member: wrong })).await.expect_faults(&[&format!("/{member}")]);
        }
        for (path, member) in [
            ("/api/v1/tenants/foo/", "name"),
            ("/api/v1/tenants/foo/groups/foogroup/", "groupName"),
            (USER, "firstName"),
        ] {
            let answer = app.put(path, json!({ member: wrong })).await;
            answer.expect_faults(&[&format!("/{member}")]);
            expect_whole_problem(&answer, 400, "invalid_request");
        }
    }
    for wrong in ["%00", "a%00", "a%0Ab", "a%7F"] {
        let answer = app.get(&format!("/api/v1/tenants/{wrong}/")).await;
        answer.expect_faults(&["tenant_id"]);
        expect_whole_problem(&answer, 400, "invalid_request");
    }
}

#[apply(both_databases)]
async fn errors_of_operations_are_complete_problems(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    let service = format!("{USER}services/selective_call_acceptance/");
    for (answer, status, code) in [
        (app.get("/api/v1/tenants/none/").await, 404, "tenant_not_found"),
        (app.get("/api/v1/tenants/foo/groups/none/").await, 404, "group_not_found"),
        (app.get("/api/v1/tenants/foo/groups/foogroup/users/none/").await, 404, "user_not_found"),
        (app.get(&format!("{CRITERIA}none/")).await, 404, "criteria_not_found"),
        (app.post(TENANTS, json!({ "tenantId": "foo" })).await, 409, "tenant_exists"),
        (app.delete("/api/v1/tenants/foo/").await, 409, "tenant_in_use"),
        (app.post(&format!("{USER}time_schedules/"), json!({ "name": "Every Friday" })).await, 409, "schedule_exists"),
        (app.get("/api/v1/tenants/?limit=x").await, 400, "invalid_request"),
        (app.post(TENANTS, json!({ "tenantId": 1, "x": {} })).await, 400, "invalid_request"),
        (app.post(CRITERIA, json!({ "name": "C", "fromDnCriteria": [] })).await, 400, "invalid_request"),
        (
            app.send(Method::PUT, &service, &[JSON, ("If-Match", "\"x\"")], Some("{\"criteria\":[]}".to_owned())).await,
            412,
            "revision_mismatch",
        ),
    ] {
        expect_whole_problem(&answer, status, code);
    }
}

#[tokio::test]
async fn a_duplicate_member_is_refused() {
    let app = App::start(Kind::Sqlite).await;
    let body = r#"{"tenantId":"a","tenantId":"b"}"#.to_owned();
    let answer = app.send(Method::POST, TENANTS, &[JSON], Some(body)).await;
    let problem = expect_whole_problem(&answer, 400, "malformed_json");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("the same member twice")), "{problem}");
    assert_eq!(app.get(TENANTS).await.expect(200), json!({ "tenants": [] }));
}

#[tokio::test]
async fn faults_of_long_names_are_within_the_documented_lengths() {
    let app = App::start(Kind::Sqlite).await;
    let long = "é".repeat(5000);
    app.post(TENANTS, json!({ "tenantId": "a", long.as_str(): 1 })).await.expect_problem(400, "invalid_request");
    app.get(&format!("{TENANTS}?{}=1", "x".repeat(5000))).await.expect_problem(400, "invalid_request");
}
