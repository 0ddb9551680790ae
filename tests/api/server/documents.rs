//! The published document.

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
    assert_eq!(operations, document::operations::all().len());
}
