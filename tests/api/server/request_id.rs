//! The identifier of a request.

use reqwest::{Method, header::HeaderValue};

use crate::{
    database::Kind,
    harness::{App, client},
};

const HEADER: &str = "X-Request-Id";

#[tokio::test]
async fn a_well_formed_identifier_is_used() {
    let app = App::start(Kind::Sqlite).await;
    for id in ["a", "0191-ab_cd.ef:12/34+56=@x", &"x".repeat(128)] {
        let found = app.send(Method::GET, "/api/v1/tenants/", &[(HEADER, id)], None).await;
        assert_eq!(found.header(HEADER), id);
        let missing = app.send(Method::GET, "/api/v1/tenants/none/", &[(HEADER, id)], None).await;
        assert_eq!(missing.header(HEADER), id);
        assert_eq!(missing.expect(404)["instance"], id);
    }
}

#[tokio::test]
async fn other_identifiers_are_replaced() {
    let app = App::start(Kind::Sqlite).await;
    let long = "x".repeat(129);
    for id in ["", " ", "a b", "a,b", "a\"b", "<script>", "a\tb", "é", &long] {
        let id = HeaderValue::from_bytes(id.as_bytes()).expect("the value can be sent");
        let answer = client().get(app.url("/none")).header(HEADER, &id).send().await.expect("the server answers");
        let made = answer.headers()[HEADER].clone();
        let made = made.to_str().expect("an identifier is ASCII");
        assert!(
            made.len() == 36 && made.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'),
            "{id:?}: {made}"
        );
        let problem: serde_json::Value = answer.json().await.expect("a problem is JSON");
        assert_eq!(problem["instance"], made);
    }
}

#[tokio::test]
async fn without_one_each_request_gets_its_own() {
    let app = App::start(Kind::Sqlite).await;
    let (first, second) = (app.get("/health/live").await, app.get("/health/live").await);
    assert_ne!(first.header(HEADER), second.header(HEADER));
}
