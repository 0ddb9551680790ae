//! The published document and the page that shows it.

use call_acceptance_api::document;

use crate::{database::Kind, harness::App};

#[tokio::test]
async fn the_document_is_served_as_json() {
    let app = App::start(Kind::Sqlite).await;
    let answer = app.get("/openapi.json").await;
    assert_eq!(answer.expect(200), *document::DOCUMENT);
    assert_eq!(answer.text, document::json());
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn the_document_is_served_as_yaml() {
    let app = App::start(Kind::Sqlite).await;
    let answer = app.get("/openapi.yaml").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/yaml"));
    assert_eq!(answer.text, document::yaml());
    assert!(
        answer.text.starts_with(
            "openapi: \"3.0.3\"
"
        ),
        "{:.100}",
        answer.text
    );
    let operations = answer.text.lines().filter(|line| line.trim_start().starts_with("operationId: ")).count();
    assert_eq!(operations, document::operations().count());
}

#[tokio::test]
async fn the_page_has_the_document_in_it_and_may_talk_to_this_server_alone() {
    let app = App::start(Kind::Sqlite).await;
    let answer = app.get("/docs/").await;
    assert_eq!(answer.status.as_u16(), 200);
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.text.contains(&document::json()), "the page shows the published document");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"), "{policy}");
    assert!(
        !answer.text.contains("src=\"http") && !answer.text.contains("href=\"http"),
        "it loads nothing from outside"
    );
}

#[tokio::test]
async fn the_root_and_the_path_without_slash_lead_to_the_page() {
    let app = App::start(Kind::Sqlite).await;
    for path in ["/", "/docs"] {
        let answer = app.get(path).await;
        assert!(answer.status.is_redirection(), "{path}: {}", answer.status);
        assert_eq!(answer.header("location"), "/docs/");
    }
}
