//! Tokens over the API and from the command line.

use std::process::Command;

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    database::Kind,
    harness::{App, both_databases},
};

const TOKENS: &str = "/api/v1/tokens/";
const TENANTS: &str = "/api/v1/tenants/";

fn end_user() -> Value {
    json!({ "role": "end_user", "tenantId": "foo", "groupId": "foogroup", "userId": "foouser" })
}

async fn command(app: &App, arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_call-acceptance"));
    command.arg("token").args(arguments).args(["--log", "warn", "--database-url", &app.database.url]);
    let output = tokio::task::block_in_place(|| command.output()).expect("the command runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the command writes UTF-8");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[apply(both_databases)]
async fn a_token_is_shown_once_and_has_the_permissions_of_its_role(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let mut create = end_user();
    create["description"] = "The self-care portal".into();
    create["expiresAt"] = "2999-12-31T00:00:00+02:00".into();
    let created = app.post(TOKENS, create).await;
    let token = created.expect(201);
    let text = token["token"].as_str().expect("a new token is shown").to_owned();
    assert_eq!(token["expiresAt"], "2999-12-30T22:00:00Z");
    assert_eq!(token["readOnly"], false);
    let id = token["tokenId"].as_str().expect("a token has an identifier");
    assert!(text.starts_with(&format!("ca_{id}_")), "{text}");
    let place = created.header("location").to_owned();
    assert_eq!(place, format!("{TOKENS}{id}/"));
    let mut shown = token.clone();
    shown.as_object_mut().expect("a token is an object").remove("token");
    assert_eq!(app.get(&place).await.expect(200), shown);
    let listed = app.get(TOKENS).await.expect(200);
    assert_eq!(listed["tokens"].as_array().expect("a list of tokens").last(), Some(&shown));
    app.send_as(Some(&text), Method::GET, crate::harness::SERVICE, None).await.expect(200);
    app.send_as(Some(&text), Method::GET, TENANTS, None).await.expect_problem(403, "forbidden");
}

#[apply(both_databases)]
async fn a_role_needs_the_scope_that_it_is_for(#[case] database: Kind) {
    let app = App::start(database).await;
    for (create, places) in [
        (json!({ "role": "end_user" }), &["/tenantId", "/groupId", "/userId"][..]),
        (json!({ "role": "group_admin", "tenantId": "foo", "userId": "x" }), &["/groupId", "/userId"]),
        (json!({ "role": "tenant_admin", "tenantId": "foo", "groupId": "x" }), &["/groupId"]),
        (json!({ "role": "system_admin", "tenantId": "foo" }), &["/tenantId"]),
        (json!({ "role": "call_processing", "groupId": "x" }), &["/tenantId"]),
        (json!({ "role": "admin" }), &["/role"]),
        (json!({ "role": "system_admin", "expiresAt": "2001-01-01T00:00:00Z" }), &["/expiresAt"]),
    ] {
        app.post(TOKENS, create).await.expect_faults(places);
    }
}

#[apply(both_databases)]
async fn a_token_needs_an_existing_scope(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (member, value, code) in
        [("userId", "x", "user_not_found"), ("groupId", "x", "group_not_found"), ("tenantId", "x", "tenant_not_found")]
    {
        let mut create = end_user();
        create[member] = value.into();
        app.post(TOKENS, create).await.expect_problem(404, code);
    }
    app.post(TOKENS, json!({ "role": "tenant_admin", "tenantId": "x" })).await.expect_problem(404, "tenant_not_found");
}

#[apply(both_databases)]
async fn administrators_make_and_see_tokens_of_their_own_scope_only(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.post("/api/v1/tenants/foo/groups/", json!({ "groupId": "other" })).await.expect(201);
    let admin = app.token(json!({ "role": "group_admin", "tenantId": "foo", "groupId": "foogroup" })).await;
    let above = app.post(TOKENS, json!({ "role": "tenant_admin", "tenantId": "foo" })).await.expect(201);
    let beside = json!({ "role": "group_admin", "tenantId": "foo", "groupId": "other" });
    let beside_id = app.post(TOKENS, beside.clone()).await.expect(201)["tokenId"].clone();
    let own = app.send_as(Some(&admin), Method::POST, TOKENS, Some(end_user())).await.expect(201);
    for create in [beside, json!({ "role": "system_admin" }), json!({ "role": "tenant_admin", "tenantId": "foo" })] {
        app.send_as(Some(&admin), Method::POST, TOKENS, Some(create)).await.expect_problem(403, "forbidden");
    }
    for id in [&above["tokenId"], &beside_id, &json!("0".repeat(32))] {
        let path = format!("{TOKENS}{}/", id.as_str().expect("an identifier"));
        app.send_as(Some(&admin), Method::GET, &path, None).await.expect_problem(403, "forbidden");
        app.send_as(Some(&admin), Method::DELETE, &path, None).await.expect_problem(403, "forbidden");
    }
    let listed = app.send_as(Some(&admin), Method::GET, TOKENS, None).await.expect(200);
    let ids = listed["tokens"].as_array().expect("a list").iter().map(|token| token["tokenId"].clone());
    assert!(ids.eq([admin.split('_').nth(1).expect("an identifier").into(), own["tokenId"].clone()]), "{listed}");
    app.get(&format!("{TOKENS}{}/", "0".repeat(32))).await.expect_problem(404, "token_not_found");
}

#[apply(both_databases)]
async fn tokens_are_deleted_with_the_owner_of_their_scope(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let mut tokens = vec![app.token(end_user()).await];
    tokens.push(app.token(json!({ "role": "group_admin", "tenantId": "foo", "groupId": "foogroup" })).await);
    tokens.push(app.token(json!({ "role": "tenant_admin", "tenantId": "foo" })).await);
    for token in &tokens {
        let status = app.send_as(Some(token), Method::GET, "/api/v1/tenants/foo/time_schedules/", None).await;
        status.expect(200);
    }
    app.delete("/api/v1/tenants/foo/?cascade=true").await.expect(200);
    let app = app.with_user().await;
    for token in &tokens {
        let answer = app.send_as(Some(token), Method::GET, "/api/v1/tenants/foo/time_schedules/", None).await;
        answer.expect_problem(401, "unauthenticated");
    }
}

#[apply(both_databases)]
async fn the_command_creates_lists_and_revokes_tokens(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let (ok, token, log) = command(
        &app,
        &[
            "create",
            "--role",
            "end_user",
            "--tenant",
            "foo",
            "--group",
            "foogroup",
            "--user",
            "foouser",
            "--read-only",
            "--expires",
            "90d",
            "--description",
            "A portal",
        ],
    )
    .await;
    assert!(ok && token.lines().count() == 1 && token.starts_with("ca_"), "{token} {log}");
    let token = token.trim();
    app.send_as(Some(token), Method::GET, crate::harness::SERVICE, None).await.expect(200);
    let (ok, list, _) = command(&app, &["list"]).await;
    let id = token.split('_').nth(1).expect("ca_<id>_<secret>");
    let line = list.lines().find(|line| line.starts_with(id)).expect("the token is listed");
    assert!(ok && line.contains("end_user, read-only  foo/foogroup/foouser") && line.ends_with("A portal"), "{line}");
    assert!(!list.contains(token.rsplit('_').next().expect("a secret")), "{list}");
    let (ok, printed, _) = command(&app, &["revoke", id]).await;
    assert!(ok && printed.is_empty());
    let (ok, _, told) = command(&app, &["revoke", id]).await;
    assert!(!ok && told.contains("There is no token"), "{told}");
}

#[apply(both_databases)]
async fn the_command_says_what_a_role_needs(#[case] database: Kind) {
    let app = App::start(database).await;
    for (arguments, part) in [
        (&["create", "--role", "end_user", "--tenant", "foo"][..], "--tenant, --group and --user"),
        (&["create", "--role", "tenant_admin"], "--tenant alone"),
        (&["create", "--role", "boss"], "system_admin, tenant_admin"),
        (&["create", "--role", "system_admin", "--expires", "soon"], "like 90d or 12h"),
        (&["create", "--role", "tenant_admin", "--tenant", "nowhere"], "There is no tenant"),
    ] {
        let (ok, printed, told) = command(&app, arguments).await;
        assert!(!ok && printed.is_empty() && told.contains(part), "{arguments:?}: {told}");
    }
}
