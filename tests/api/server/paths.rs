//! Notations of paths.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use crate::{
    database::Kind,
    harness::{App, CRITERIA, SERVICE, USER, both_databases},
};

fn without_slash(path: &str) -> String {
    path.replace("/?", "?").trim_end_matches('/').to_owned()
}

#[apply(both_databases)]
async fn the_slash_at_the_end_makes_no_difference(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    let criteria = |name: &str| json!({ "name": name, "fromDnCriteria": { "selection": "Any" } });
    app.post(CRITERIA, criteria("C")).await.expect(200);
    let one_criteria = format!("{CRITERIA}C/");
    let requests = [
        (Method::GET, SERVICE.to_owned(), None),
        (Method::GET, one_criteria.clone(), None),
        (Method::GET, "/api/v1/tenants/?limit=1".to_owned(), None),
        (Method::GET, format!("{USER}time_schedules/?allLevels=true"), None),
        (Method::GET, "/api/v1/tenants/none/".to_owned(), None),
        (Method::GET, "/health/live/".to_owned(), None),
        (Method::PUT, SERVICE.to_owned(), Some(json!({ "criteria": [{ "name": "None", "delete": true }] }))),
        (Method::PUT, one_criteria.clone(), Some(json!({ "active": false }))),
        (Method::PUT, "/api/v1/tenants/foo/".to_owned(), Some(json!({ "name": "Foo" }))),
        (Method::POST, CRITERIA.to_owned(), Some(criteria("C"))),
        (Method::POST, "/api/v1/tenants/".to_owned(), Some(json!({ "tenantId": 1 }))),
        (Method::DELETE, "/api/v1/tenants/foo/".to_owned(), None),
    ];
    for (method, path, body) in requests {
        let mut answers = Vec::new();
        for path in [path.clone(), without_slash(&path)] {
            // One identifier, so that problems can be compared.
            let headers = [crate::harness::JSON, ("X-Request-Id", "same")];
            let body = body.as_ref().map(ToString::to_string);
            answers.push(app.send(method.clone(), &path, &headers, body).await);
        }
        assert_eq!((answers[0].status, &answers[0].text), (answers[1].status, &answers[1].text), "{method} {path}");
        assert!(!answers[0].status.is_redirection());
    }
    for (name, path) in [("A", CRITERIA.to_owned()), ("B", without_slash(CRITERIA))] {
        let created = app.post(&path, criteria(name)).await;
        created.expect(200);
        assert_eq!(created.header("location"), format!("{CRITERIA}{name}/"));
    }
    app.delete(&format!("{CRITERIA}A/")).await.expect(200);
    app.delete(&format!("{CRITERIA}B")).await.expect(200);
    app.delete(&format!("{CRITERIA}B/")).await.expect_problem(404, "criteria_not_found");
}

#[apply(both_databases)]
async fn head_answers_like_get_without_a_body(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for path in [
        SERVICE,
        USER,
        "/api/v1/tenants/?limit=1",
        "/api/v1/tenants/none/",
        "/health/live",
        "/openapi.json",
        "/docs/",
        "/try/",
        "/try/api.js",
        "/none",
    ] {
        let get = app.get(path).await;
        let head = app.send(Method::HEAD, path, &[], None).await;
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "etag"] {
            assert_eq!(head.headers.get(name), get.headers.get(name), "{name} of {path}");
        }
    }
}

#[apply(both_databases)]
async fn identifiers_are_percent_encoded_utf_8(#[case] database: Kind) {
    let app = App::start(database).await;
    for (id, encoded) in [
        ("Société générale", "Soci%C3%A9t%C3%A9%20g%C3%A9n%C3%A9rale"),
        ("日本", "%E6%97%A5%E6%9C%AC"),
        ("100%25?#&+;=", "100%2525%3F%23%26%2B%3B%3D"),
        ("a+b", "a+b"),
        ("a@b:c", "a@b:c"),
        ("x.y~z", "%78.y~z"),
    ] {
        let created = app.post("/api/v1/tenants/", json!({ "tenantId": id })).await;
        created.expect(201);
        assert_eq!(app.get(&format!("/api/v1/tenants/{encoded}/")).await.expect(200)["tenantId"], id);
        assert_eq!(app.get(created.header("location")).await.expect(200)["tenantId"], id);
        app.delete(&format!("/api/v1/tenants/{encoded}")).await.expect(200);
    }
}

#[tokio::test]
async fn invalid_identifiers_in_a_path_are_refused() {
    let app = App::start(Kind::Sqlite).await;
    for wrong in ["a%2Fb", "%20a", "a%20", &"a".repeat(31)] {
        app.get(&format!("/api/v1/tenants/{wrong}/")).await.expect_faults(&["tenant_id"]);
        app.get(&format!("/api/v1/tenants/foo/groups/{wrong}")).await.expect_faults(&["group_id"]);
    }
}

#[tokio::test]
async fn a_path_that_is_not_utf_8_is_refused() {
    let app = App::start(Kind::Sqlite).await;
    for wrong in ["%FF", "a%C3", "%ED%A0%80"] {
        app.get(&format!("/api/v1/tenants/{wrong}/")).await.expect_faults(&["path"]);
        app.delete(&format!("/api/v1/tenants/foo/groups/{wrong}")).await.expect_faults(&["path"]);
    }
    // A `%` that starts no encoding stands for itself.
    for odd in ["%", "%zz", "a%4"] {
        app.get(&format!("/api/v1/tenants/{odd}/")).await.expect_problem(404, "tenant_not_found");
    }
}
