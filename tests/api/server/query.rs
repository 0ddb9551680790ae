//! Query parameters that are not known, and those that stand twice.

use crate::{
    database::Kind,
    harness::{App, CRITERIA, JSON, USER},
};
use reqwest::Method;

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
async fn all_unknown_parameters_are_told_as_they_were_meant() {
    let app = App::start(Kind::Sqlite).await;
    app.get("/api/v1/tenants/?%C3%A9t%C3%A9=1&a+b=2").await.expect_faults(&["été", "a b"]);
}
