//! What an export has in it.

use call_acceptance_api::{
    document,
    resource::transfer::line::{Kind as LineKind, Line},
    value::name::TenantId,
};
use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{EXPORT, tenant};
use crate::{
    database::Kind,
    harness::{App, both_databases},
};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

fn sorted(lines: Vec<Value>) -> Vec<String> {
    let mut lines: Vec<_> = lines.into_iter().map(|line| line.to_string()).collect();
    lines.sort_unstable();
    lines
}

#[apply(both_databases)]
async fn an_export_has_everything_as_its_own_operation_answers_it(#[case] database: Kind) {
    let app = App::start(database).await;
    tenant::create(&app).await;
    let answer = app.get(EXPORT).await;
    let text = answer.expect_text();
    assert!(text.ends_with("}\n"));
    assert!(answer.headers.get("etag").is_none());
    let expected = sorted(tenant::lines(&app).await);
    let found = sorted(lines(text));
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());

    let schemas = document::body_schemas();
    let id = TenantId::parse("foo").expect("an identifier");
    let parsed: Vec<_> = text.lines().map(|line| Line::parse(line.as_bytes(), &id, &schemas)).collect();
    let kinds: Vec<_> = parsed.into_iter().map(|line| line.expect("an import takes it").kind()).collect();
    assert!(kinds.is_sorted(), "what refers to something comes after it");
    assert!(LineKind::ALL.iter().all(|kind| kinds.contains(kind)));
    assert_eq!(app.get(EXPORT).await.expect_text(), text, "the order is always the same");
}

#[apply(both_databases)]
async fn an_empty_tenant_is_one_line_and_an_unknown_one_is_not_found(#[case] database: Kind) {
    let app = App::start(database).await;
    app.get(EXPORT).await.expect_problem(404, "tenant_not_found");
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    assert_eq!(app.get(EXPORT).await.expect_text(), "{\"kind\":\"tenant\",\"tenantId\":\"foo\"}\n");
}
