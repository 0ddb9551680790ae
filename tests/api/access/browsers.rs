//! Header fields for browsers: CORS for configured origins only, and the security of the documentation pages.

use reqwest::Method;

use crate::{
    database::{Kind, TestDatabase},
    harness::{App, Running, SERVICE, client, config},
};

const TENANTS: &str = "/api/v1/tenants/";
const PORTAL: &str = "https://portal.example.com";

async fn preflight(app: &App, origin: &str) -> reqwest::Response {
    let request = client().request(Method::OPTIONS, app.url(TENANTS)).header("Origin", origin);
    let request = request.header("Access-Control-Request-Method", "GET");
    let request = request.header("Access-Control-Request-Headers", "authorization,content-type,if-match");
    request.send().await.expect("the server answers")
}

#[tokio::test]
async fn other_origins_are_not_allowed_unless_configured() {
    let app = App::start(Kind::Sqlite).await;
    let answer = preflight(&app, PORTAL).await;
    assert!(answer.headers().keys().all(|name| !name.as_str().starts_with("access-control-")), "{answer:?}");
    let answer = app.send(Method::GET, TENANTS, &[("Origin", PORTAL)], None).await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn only_configured_origins_are_allowed() {
    let database = TestDatabase::create(Kind::Sqlite).await;
    let mut configuration = config(&database.url);
    configuration.cors_origins = vec![PORTAL.to_owned()];
    let app = App::on(database, Running::start(configuration).await);
    let answer = preflight(&app, PORTAL).await;
    assert!(answer.status().is_success(), "{answer:?}");
    assert_eq!(answer.headers()["access-control-allow-origin"], PORTAL);
    let answer = app.send(Method::GET, TENANTS, &[("Origin", PORTAL)], None).await;
    answer.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), PORTAL);
    assert!(answer.header("access-control-expose-headers").to_lowercase().contains("etag"));
    let other = preflight(&app, "https://elsewhere.example.com").await;
    assert!(!other.headers().contains_key("access-control-allow-origin"), "{other:?}");
    // A cache must not give one origin what was answered to another.
    for answer in [app.get(TENANTS).await, app.send(Method::GET, TENANTS, &[("Origin", PORTAL)], None).await] {
        assert_eq!(answer.header("vary"), "Origin");
    }
}

#[tokio::test]
async fn pages_forbid_framing_sniffing_and_referrers() {
    let app = App::start(Kind::Sqlite).await;
    let page = client().get(app.url("/docs/")).send().await.expect("the server answers");
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer")]
    {
        assert_eq!(page.headers()[name], value);
    }
    assert!(
        page.headers()["content-security-policy"].to_str().is_ok_and(|policy| policy.contains("default-src 'none'"))
    );
    let answer = app.get(TENANTS).await;
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn no_answer_of_the_api_is_kept_by_a_cache() {
    let app = App::start(Kind::Sqlite).await.with_user().await;
    let token = serde_json::json!({ "role": "system_admin" });
    for answer in [
        app.get(SERVICE).await,
        app.get(TENANTS).await,
        app.get("/api/v1/tenants/none/").await,
        app.get("/health/live").await,
        app.post("/api/v1/tokens/", token).await,
        app.put(SERVICE, serde_json::json!({ "criteria": [] })).await,
    ] {
        assert_eq!(answer.header("cache-control"), "no-store", "{}", answer.text);
    }
}
