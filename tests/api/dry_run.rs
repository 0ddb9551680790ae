//! `dryRun=true`: the response of the write, and nothing changed. Nor do questions change anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    database::Kind,
    harness::{Answer, App, JSON, USER, both_databases},
};

/// The tags of writes without dry runs.
const WITHOUT: [&str; 4] = ["Tenants", "Groups", "Users", "Tokens"];
/// The tag of what goes on in the background; `imports` tries its dry runs.
const BACKGROUND: &str = "Imports and exports";

/// An operation as "Try it out" sends it: with the examples of the document.
struct Tried {
    id: String,
    method: Method,
    path: String,
    body: Option<(String, String)>,
    changes: bool,
    takes_dry_runs: bool,
    tag: String,
}

impl Tried {
    fn of(document: &Value, path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<&Value> = parameters.map(|parameter| resolved(document, parameter)).collect();
        let mut path = path.to_owned();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "path") {
            let example = parameter["example"].as_str().unwrap_or_default().replace(' ', "%20");
            path = path.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap_or_default()), &example);
        }
        let content = operation["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
        Self {
            id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
            method: method.to_uppercase().parse().expect("a key of a path is a method"),
            path,
            body: content.map(|(media_type, content)| (media_type.clone(), text(&content["example"]))),
            changes: operation["x-access"]["changes"] == true,
            takes_dry_runs: parameters.iter().any(|parameter| parameter["name"] == "dryRun"),
            tag: operation["tags"][0].as_str().unwrap_or_default().to_owned(),
        }
    }

    async fn send(&self, app: &App, query: &str) -> Answer {
        let headers: Vec<_> = self.body.iter().map(|(media_type, _)| (JSON.0, media_type.as_str())).collect();
        let body = self.body.as_ref().map(|(_, body)| body.clone());
        app.send(self.method.clone(), &format!("{}{query}", self.path), &headers, body).await
    }
}

fn resolved<'d>(document: &'d Value, part: &'d Value) -> &'d Value {
    match part["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).expect("a reference has its target"),
        None => part,
    }
}

fn text(example: &Value) -> String {
    example.as_str().map_or_else(|| example.to_string(), str::to_owned)
}

async fn operations(app: &App) -> Vec<Tried> {
    let document = app.get("/openapi.json").await.expect(200);
    let paths = document["paths"].as_object().expect("a document has paths").iter();
    let operations = paths.flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(move |(method, operation)| (path, method, operation))
    });
    operations.map(|(path, method, operation)| Tried::of(&document, path, method, operation)).collect()
}

/// A server with the demonstration data, which the examples of the document are about.
async fn with_demonstration_data(database: Kind) -> App {
    let app = App::start(database).await;
    let mut demo = Command::new(env!("CARGO_BIN_EXE_call-acceptance"));
    demo.arg("demo").env("DATABASE_URL", &app.database.url);
    assert!(demo.output().expect("the command runs").status.success());
    app
}

/// What the operations of this tag that read answer, and the audit trail.
async fn contents(app: &App, operations: &[Tried], tag: &str) -> BTreeMap<String, (u16, Option<String>, String)> {
    let mut contents = BTreeMap::new();
    let reads = |operation: &&Tried| {
        // Warnings depend on the time.
        let is_kept = operation.method == Method::GET && operation.id != "warnings_list";
        is_kept && [tag, "Audit events"].contains(&&*operation.tag)
    };
    for operation in operations.iter().filter(reads) {
        let answer = operation.send(app, "").await;
        let tag = answer.headers.get("etag").map(|tag| format!("{tag:?}"));
        // A problem names its request.
        let body = if answer.status.is_success() { answer.text } else { String::new() };
        contents.insert(operation.id.clone(), (answer.status.as_u16(), tag, body));
    }
    contents
}

#[apply(both_databases)]
async fn every_write_but_those_of_owners_and_tokens_can_be_tried(#[case] database: Kind) {
    let app = with_demonstration_data(database).await;
    let mut operations = operations(&app).await;
    for operation in &operations {
        let is_without = WITHOUT.contains(&&*operation.tag) || operation.id == "import_cancel";
        let expected = operation.changes && !is_without;
        assert_eq!(operation.takes_dry_runs, expected, "{} of {}", operation.id, operation.tag);
    }
    // What others need is deleted last.
    operations.sort_by_key(|operation| match operation.method == Method::DELETE {
        true => 1 + u8::from(!operation.path.ends_with("/entries/")),
        false => 0,
    });
    let mut unseen = Vec::new();
    let tried = operations.iter().filter(|operation| operation.takes_dry_runs && operation.tag != BACKGROUND);
    for operation in tried {
        let before = contents(&app, &operations, &operation.tag).await;
        let tried = operation.send(&app, "?dryRun=true").await;
        let after = contents(&app, &operations, &operation.tag).await;
        assert_eq!(after, before, "{} has changed something", operation.id);
        let done = operation.send(&app, "").await;
        assert_eq!((tried.status, tried.json()), (done.status, done.json()), "{}", operation.id);
        assert!(done.status.is_success(), "{}: {}", operation.id, done.text);
        for header in ["ETag", "Location"] {
            assert!(!tried.headers.contains_key(header), "the dry run of {} has {header}", operation.id);
        }
        if contents(&app, &operations, &operation.tag).await == before {
            unseen.push(&operation.id);
        }
    }
    let repeats = |id: &&String| id.ends_with("_update") || id.ends_with("_assign");
    assert!(unseen.iter().all(repeats), "only examples that repeat the data change nothing: {unseen:?}");
}

#[apply(both_databases)]
async fn operations_with_a_body_that_only_ask_change_nothing(#[case] database: Kind) {
    let app = with_demonstration_data(database).await;
    let operations = operations(&app).await;
    // Decisions are counted.
    let tags: BTreeSet<&str> =
        operations.iter().map(|operation| &*operation.tag).filter(|tag| *tag != "Statistics").collect();
    let asking = operations.iter().filter(|operation| operation.body.is_some() && !operation.changes);
    let mut asked = Vec::new();
    for operation in asking {
        let mut all = Vec::new();
        for _ in 0..2 {
            for tag in &tags {
                all.push(contents(&app, &operations, tag).await);
            }
            operation.send(&app, "").await.expect(200);
        }
        let (before, after) = all.split_at(tags.len());
        assert_eq!(before, after, "{} has changed something", operation.id);
        asked.push(&*operation.id);
    }
    assert_eq!(asked, ["decision_ask", "user_decision_ask", "services_preview"]);
}

#[apply(both_databases)]
async fn a_dry_run_of_an_update_changes_nothing(#[case] database: Kind) {
    let app = with_demonstration_data(database).await;
    let (group, user) = ("/api/v1/tenants/foo/groups/foogroup/", USER);
    for (path, body) in [
        (format!("{group}protected_callers/"), json!({ "callers": [] })),
        (format!("{group}treatments/"), json!({ "treatments": [] })),
        (format!("{user}services/anonymous_call_rejection/"), json!({ "active": false })),
        (format!("{user}services/anonymous_call_rejection/"), json!({ "active": true })),
        (format!("{user}time_schedules/Every%20Friday/"), json!({ "periods": [] })),
        (format!("{user}calendar_schedules/Every%20Easter/"), json!({ "periods": [] })),
        ("/api/v1/tenants/foo/treatments/".to_owned(), json!({ "treatments": [] })),
    ] {
        let before = app.get(&path).await.expect(200);
        let tried = app.put(&format!("{path}?dryRun=true"), body.clone()).await.expect(200);
        assert_eq!(app.get(&path).await.expect(200), before, "{path}");
        let done = app.put(&path, body).await.expect(200);
        assert_eq!(tried, done, "{path}");
        assert_eq!(app.get(&path).await.expect(200), done, "{path}");
    }
}

#[apply(both_databases)]
async fn a_dry_run_is_refused_as_the_write_is(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let criteria = format!("{USER}services/selective_call_acceptance/criteria/");
    let create = json!({ "name": "friends", "fromDnCriteria": { "selection": "Any" } });
    app.post(&criteria, create.clone()).await.expect(200);
    app.post(&format!("{criteria}?dryRun=true"), create.clone()).await.expect_problem(409, "criteria_exists");
    app.put(&format!("{criteria}friends/?dryRun=true"), json!({ "activ": true })).await.expect_faults(&["/activ"]);
    let stale = [JSON, ("If-Match", "\"1\"")];
    let answer = app.send(Method::DELETE, &format!("{criteria}friends/?dryRun=true"), &stale, None).await;
    answer.expect_problem(412, "revision_mismatch");
    let reader = app.token(json!({ "role": "system_admin", "readOnly": true })).await;
    let path = format!("{criteria}?dryRun=true");
    app.send_as(Some(&reader), Method::POST, &path, Some(create.clone())).await.expect_problem(403, "forbidden");
    app.post(&format!("{criteria}?dryRun=yes"), create.clone()).await.expect_faults(&["dryRun"]);
    app.post("/api/v1/tenants/?dryRun=true", json!({ "tenantId": "bar" })).await.expect_faults(&["dryRun"]);
    app.get("/api/v1/tenants/bar/").await.expect_problem(404, "tenant_not_found");
}
