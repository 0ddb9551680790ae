//! The pages: one for trying the operations, one for reading about them, one for each problem code, one for trying a
//! user's rules. Their behaviour in a browser is tested in `tests/docs/`.

use call_acceptance_api::document;
use serde_json::Value;

use crate::{
    database::Kind,
    harness::{Answer, App},
};

/// A page that loads nothing from other hosts and runs no injected scripts.
async fn page(app: &App, path: &str) -> Answer {
    let answer = app.get(path).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; "), "{path}: {policy}");
    for part in policy.split("; ").filter(|part| !part.starts_with("style-src")) {
        assert!(!part.contains("unsafe") && !part.contains("http") && !part.contains('*'), "{path}: {policy}");
    }
    answer
}

#[tokio::test]
async fn the_pages_to_try_and_to_read_show_the_published_document() {
    let app = App::start(Kind::Sqlite).await;
    for (path, may_call) in [("/docs/", true), ("/reference/", false)] {
        let answer = page(&app, path).await;
        assert!(answer.text.contains(&document::json()), "{path}");
        assert!(answer.text.contains("<title>Selective Call Acceptance</title>"), "{path}");
        let policy = answer.header("content-security-policy");
        assert_eq!(policy.contains("connect-src 'self'"), may_call, "{path}: {policy}");
        assert!(policy.contains("script-src 'sha256-"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn every_code_of_the_document_has_a_page_of_its_own() {
    let app = App::start(Kind::Sqlite).await;
    let list = page(&app, "/problems/").await.text;
    let codes = document::DOCUMENT["components"]["schemas"]["ProblemCode"]["x-extensible-enum"].as_array();
    let codes: Vec<&str> = codes.into_iter().flatten().filter_map(Value::as_str).collect();
    assert_eq!(codes.len(), list.matches("<a href=\"/problems/").count(), "the list has each once");
    for code in codes {
        let path = format!("/problems/{code}");
        assert!(list.contains(&format!("<a href=\"{path}\">")), "{code}");
        let text = page(&app, &path).await.text;
        assert!(text.contains(&format!("<code>{code}</code>")) && !text.contains('`'), "{text}");
    }
}

#[tokio::test]
async fn the_type_of_a_problem_leads_to_its_page() {
    let app = App::start(Kind::Sqlite).await;
    let problem = app.get("/api/v1/tenants/none/").await.expect(404);
    let text = page(&app, problem["type"].as_str().expect("a type is text")).await.text;
    let title = problem["title"].as_str().expect("a title is text");
    assert!(text.contains(&format!("<h1>{title}</h1>")), "{text}");
    assert!(text.contains("404 Not Found"), "{text}");
    assert!(text.contains("<a href=\"/docs/#/Tenants/tenant_view\"><code>tenant_view</code></a>"), "{text}");
    assert!(!text.contains("tenants_list"), "it names no operation that cannot answer it");
}

#[tokio::test]
async fn an_unknown_code_has_no_page() {
    let app = App::start(Kind::Sqlite).await;
    for path in ["/problems/none", "/problems/Tenant_not_found", "/problems/tenant_not_found/more", "/reference/more"] {
        assert_eq!(app.get(path).await.expect(404)["code"], "route_not_found", "{path}");
    }
}

#[tokio::test]
async fn the_page_to_try_rules_consists_of_modules_and_makes_no_html_of_texts() {
    let app = App::start(Kind::Sqlite).await;
    let answer = page(&app, "/try/").await;
    let policy = answer.header("content-security-policy");
    for part in ["script-src 'self'", "connect-src 'self'", "style-src 'self'", "require-trusted-types-for 'script'"] {
        assert!(policy.split("; ").any(|given| given == part), "{policy}");
    }
    assert!(answer.text.contains("<script type=\"module\" src=\"main.js\"></script>"), "{}", answer.text);
    for (path, media_type) in [("/try/main.js", "text/javascript"), ("/try/style.css", "text/css")] {
        let answer = app.get(path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}");
        assert_eq!(answer.header("content-type"), format!("{media_type}; charset=utf-8"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
    for path in ["/try/none.js", "/try/index.html", "/try/main.js/more", "/try/..%2Fmain.js"] {
        assert_eq!(app.get(path).await.expect(404)["code"], "route_not_found", "{path}");
    }
}

#[tokio::test]
async fn the_root_and_paths_without_slash_lead_to_the_pages() {
    let app = App::start(Kind::Sqlite).await;
    for (path, page) in [
        ("/", "/docs/"),
        ("/docs", "/docs/"),
        ("/reference", "/reference/"),
        ("/problems", "/problems/"),
        ("/try", "/try/"),
    ] {
        let answer = app.get(path).await;
        assert!(answer.status.is_redirection(), "{path}: {}", answer.status);
        assert_eq!(answer.header("location"), page);
    }
}
