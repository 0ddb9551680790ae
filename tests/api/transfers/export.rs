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
    imports::{LINES, import_file},
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
    let parsed: Vec<_> = text.lines().map(|line| Line::parse(line.as_bytes(), &id, schemas)).collect();
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

/// The lines of a tenant that has more of each than a page: users, services, criteria and references to a number list.
fn many_users() -> Vec<Value> {
    let mut lines = vec![json!({ "kind": "number_list", "name": "callers" })];
    lines.extend([json!({ "kind": "group", "groupId": "g" }), json!({ "kind": "group", "groupId": "g1" })]);
    let users = (0..2100).map(|number| (if number % 3 == 0 { "g" } else { "g1" }, format!("u{number}")));
    let users: Vec<_> = users.collect();
    lines.extend(users.iter().map(|(group, user)| json!({ "kind": "user", "groupId": group, "userId": user })));
    lines.extend(users.iter().map(|(group, user)| {
        let callers =
            json!({ "selection": "Specified Only", "numberLists": [{ "level": "Tenant", "name": "callers" }] });
        let criteria = ["b", "a"].map(|name| json!({ "name": name, "fromDnCriteria": callers }));
        let service = "Selective Call Acceptance";
        json!({ "kind": "service", "groupId": group, "userId": user, "service": service, "criteria": criteria })
    }));
    lines
}

/// The users, and the services with the names of their criteria and of the number lists that these refer to.
fn essence(lines: &[Value]) -> Vec<String> {
    let of_users = lines.iter().filter(|line| ["user", "service"].iter().any(|kind| line["kind"] == *kind));
    let essence = |line: &Value| {
        let criteria = line["criteria"].as_array().into_iter().flatten();
        let criteria = criteria.map(|criteria| json!([criteria["name"], criteria["fromDnCriteria"]["numberLists"]]));
        json!([line["kind"], line["groupId"], line["userId"], criteria.collect::<Vec<_>>()])
    };
    sorted(of_users.map(essence).collect())
}

#[apply(both_databases)]
async fn an_export_of_several_pages_leaves_nothing_out(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    let sent = many_users();
    let file: String = sent.iter().map(|line| format!("{line}\n")).collect();
    let import = import_file(&app, "", LINES, &file).await;
    assert_eq!(
        (&import["status"], &import["counts"]["created"]),
        (&json!("succeeded"), &json!(sent.len())),
        "{import}"
    );
    assert_eq!(essence(&lines(app.get(EXPORT).await.expect_text())), essence(&sent));
}
