//! Every operation of the document, called by every kind of actor, with the status that follows from the published
//! access rule.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use call_acceptance_api::{
    access::{Role, Rule},
    document::operations::{self, Operation},
};
use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    database::Kind,
    harness::{App, both_databases, stranger},
};

/// The scopes of the tokens of a role: the first includes what the paths name, the others do not.
const PLACES: [[&str; 3]; 4] = [
    ["foo", "foogroup", "foouser"],
    ["other", "foogroup", "foouser"],
    ["foo", "other", "foouser"],
    ["foo", "foogroup", "other"],
];

/// An actor, and its expected permissions.
struct Somebody {
    name: String,
    token: Option<String>,
    /// Its role and scope; `None` if it is not authenticated.
    identity: Option<Known>,
}

struct Known {
    role: Role,
    /// Tenant, group and user of the scope.
    scope: Vec<&'static str>,
    read_only: bool,
}

fn depth(role: Role) -> usize {
    match role {
        Role::SystemAdmin | Role::CallProcessing => 0,
        Role::TenantAdmin => 1,
        Role::GroupAdmin => 2,
        Role::EndUser => 3,
    }
}

/// Creates the tenants, groups and users of the scopes.
async fn populate(app: &App) {
    for tenant in ["foo", "other"] {
        app.post("/api/v1/tenants/", json!({ "tenantId": tenant })).await.expect(201);
        for group in ["foogroup", "other"] {
            let groups = format!("/api/v1/tenants/{tenant}/groups/");
            app.post(&groups, json!({ "groupId": group })).await.expect(201);
            for user in ["foouser", "other"] {
                let users = format!("{groups}{group}/users/");
                app.post(&users, json!({ "userId": user })).await.expect(201);
                // A resource with contents is not deleted by an authorized actor either.
                let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
                app.post(&format!("{users}{user}/services/"), services).await.expect(200);
            }
        }
    }
}

async fn create(app: &App, role: Role, scope: &[&str], read_only: bool) -> String {
    let mut token = json!({ "role": role.as_str(), "readOnly": read_only });
    for (name, value) in ["tenantId", "groupId", "userId"].into_iter().zip(scope) {
        token[name] = (*value).into();
    }
    app.token(token).await
}

/// A forged token with an administrator's claims.
fn forged(algorithm: &str, signature: &str) -> String {
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims =
        json!({ "iss": "https://issuer.example.com", "sub": "me", "role": "system_admin", "exp": 4_000_000_000_i64 });
    format!("{}.{}.{signature}", part(json!({ "alg": algorithm, "typ": "JWT" })), part(claims))
}

async fn strangers(app: &App) -> Vec<Somebody> {
    let expired = create(app, Role::SystemAdmin, &[], false).await;
    let id = |token: &str| token.split('_').nth(1).expect("ca_<id>_<secret>").to_owned();
    app.database.execute(&format!("UPDATE tokens SET expires_at = 1 WHERE token_id = '{}'", id(&expired))).await;
    let revoked = create(app, Role::SystemAdmin, &[], false).await;
    app.send_as(Some(&revoked), Method::GET, "/api/v1/tenants/", None).await.expect(200);
    app.delete(&format!("/api/v1/tokens/{}/", id(&revoked))).await.expect(200);
    let mut wrong_secret = create(app, Role::SystemAdmin, &[], false).await;
    wrong_secret.pop();
    let unknown = format!("ca_{}_{}", "0".repeat(32), "x".repeat(43));
    let tokens = [
        ("no token", None),
        ("garbage", Some("garbage".to_owned())),
        ("an unknown token", Some(unknown)),
        ("a wrong secret", Some(wrong_secret)),
        ("an expired token", Some(expired)),
        ("a revoked token", Some(revoked)),
        ("a forged JWT", Some(forged("HS256", "c2lnbmF0dXJl"))),
        ("a JWT without a signature", Some(forged("none", ""))),
    ];
    tokens.map(|(name, token)| Somebody { name: name.to_owned(), token, identity: None }).into()
}

async fn everybody(app: &App) -> Vec<Somebody> {
    let mut everybody = strangers(app).await;
    for role in Role::ALL {
        for read_only in [false, true] {
            let mut scopes: Vec<Vec<&'static str>> =
                PLACES.map(|place| place[..depth(role)].to_vec()).into_iter().collect();
            if role == Role::CallProcessing {
                scopes = (0..=3).flat_map(|depth| PLACES.map(|place| place[..depth].to_vec())).collect();
            }
            scopes.sort();
            scopes.dedup();
            for scope in scopes {
                let token = create(app, role, &scope, read_only).await;
                let read_only_too = if read_only { ", read-only" } else { "" };
                everybody.push(Somebody {
                    name: format!("{} of {}{read_only_too}", role.as_str(), scope.join("/")),
                    token: Some(token),
                    identity: Some(Known { role, scope, read_only }),
                });
            }
        }
    }
    everybody
}

/// Whether the rule allows an actor: it has one of the roles, is not read-only if something is changed, and has no
/// other tenant, group or user than the path. A token of a path belongs to the user of its scope.
fn lets(rule: &Value, path: &str, known: &Known) -> bool {
    let path = if path.contains("/tokens/0") { "/foo/foogroup/foouser/" } else { path };
    let role = rule["roles"].as_array().expect("a rule has roles").contains(&known.role.as_str().into());
    let changes = rule["changes"].as_bool().expect("a rule says whether something is changed");
    let named = [("/foo/", 0), ("/foogroup/", 1), ("/foouser/", 2)].into_iter();
    let elsewhere = named
        .filter(|(name, _)| path.contains(name))
        .any(|(name, at)| known.scope.get(at).is_some_and(|own| format!("/{own}/") != name));
    role && !elsewhere && !(changes && known.read_only)
}

/// The path with names of existing resources; a new token of the first user if it names a token.
async fn path(app: &App, operation: &Operation) -> String {
    let mut path = operation.path.to_owned();
    for (name, value) in [
        ("{tenant_id}", "foo"),
        ("{group_id}", "foogroup"),
        ("{user_id}", "foouser"),
        ("{deletion_id}", "0193a0c03a527c408a3e7f2b9f6d1c55"),
        ("{import_id}", "0193a0c03a527c408a3e7f2b9f6d1c55"),
        ("{name}", "none"),
        ("{instance_name}", "none"),
    ] {
        path = path.replace(name, value);
    }
    if path.contains("{token_id}") {
        let token = create(app, Role::EndUser, &PLACES[0], false).await;
        path = path.replace("{token_id}", token.split('_').nth(1).expect("ca_<id>_<secret>"));
    }
    path
}

#[apply(both_databases)]
async fn every_actor_gets_the_status_that_follows_from_the_access_rule(#[case] database: Kind) {
    let app = App::start(database).await;
    populate(&app).await;
    let everybody = everybody(&app).await;
    let mut wrong = Vec::new();
    for operation in operations::all().iter().filter(|operation| operation.path.starts_with("/api/")) {
        let rule = operation.access.map(Rule::to_json);
        let rule = rule.unwrap_or_else(|| panic!("{} has no rule of access", operation.id));
        for somebody in &everybody {
            let path = path(&app, operation).await;
            // An invalid body: an authorized actor gets an error, and nothing is changed.
            let body = operation.body.map(|_| json!({ "unknown": true }));
            let answer = app.send_as(somebody.token.as_deref(), operation.method.clone(), &path, body).await;
            let status = answer.status.as_u16();
            let right = match &somebody.identity {
                None => status == 401 && answer.header("www-authenticate").starts_with("Bearer realm="),
                Some(known) if lets(&rule, &path, known) => ![401, 403, 429, 500].contains(&status),
                Some(_) => status == 403 && answer.json()["code"] == "forbidden",
            };
            if !right {
                wrong.push(format!("{} by {}: {status}", operation.id, somebody.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong.join("\n"));
}

#[apply(both_databases)]
async fn requests_out_of_scope_get_the_same_response_whether_or_not_the_resource_exists(#[case] database: Kind) {
    let app = App::start(database).await;
    populate(&app).await;
    let token = create(&app, Role::GroupAdmin, &["foo", "foogroup"], false).await;
    let mut told = Vec::new();
    for path in
        ["foo/groups/other/", "foo/groups/nowhere/", "other/groups/foogroup/", "nowhere/groups/foogroup/users/x/"]
    {
        let path = format!("/api/v1/tenants/{path}");
        let mut problem = app.send_as(Some(&token), Method::GET, &path, None).await.expect_problem(403, "forbidden");
        problem["instance"].take();
        told.push(problem);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
}

#[apply(both_databases)]
async fn a_path_written_otherwise_does_not_get_past_the_check(#[case] database: Kind) {
    let app = App::start(database).await;
    populate(&app).await;
    let token = create(&app, Role::EndUser, &PLACES[0], false).await;
    for path in [
        "/%61pi/v1/tenants/",
        "//api/v1/tenants/",
        "/api//v1/tenants/",
        "/api/v1/tenants//",
        "/API/v1/tenants/",
        "/api/v1/tenants/foo/../other/",
        "/api/v1/tenants/foo%2Fgroups/",
        "/api/v1/./tenants/",
        "/api/v1/tenants/other/groups/foogroup/users/foouser",
        "/api/v1/tenants/%6Fther/groups/foogroup/users/foouser/",
    ] {
        for token in [None, Some(&token)] {
            let request =
                token.into_iter().fold(stranger().get(app.url(path)), |request, token| request.bearer_auth(token));
            let status = request.send().await.expect("the server answers").status().as_u16();
            assert!([401, 403, 404].contains(&status), "{path} answers {status}");
        }
    }
    let own = "/api/v1/tenants/%66oo/groups/foogroup/users/foouser";
    app.send_as(Some(&token), Method::GET, own, None).await.expect(200);
}
