//! Random writes compared with a plain model of the service in memory: responses and criteria are the same after each
//! write, and a dry run of it has the same response and changes nothing.

use std::env;

use proptest::{
    collection::{btree_set, vec},
    option,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Map, Value, json};

use crate::{
    database::Kind,
    harness::{Answer, App, JSON, SERVICE, USER, both_databases},
};

/// Sequences of writes in one run; `MODEL_SEQUENCES` says another number.
const SEQUENCES: u32 = 40;

#[derive(Debug, Clone)]
enum Write {
    Create(Value),
    Update(String, Value),
    Delete(String),
    UpdateService(Vec<Value>),
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(str::to_owned)
}

fn schedule(member: &'static str) -> impl Strategy<Value = Value> {
    let kind = if member == "timeSchedule" { "Time" } else { "Holiday" };
    prop_oneof![
        4 => Just(json!({})),
        1 => Just(json!({ member: null })),
        2 => prop::sample::select(vec!["S1", "S2"]).prop_map(move |name| json!({
            member: { "level": "User", "name": name, "type": kind }
        })),
    ]
}

fn flag(member: &'static str) -> impl Strategy<Value = Value> {
    option::of(any::<bool>()).prop_map(move |value| value.map_or(json!({}), |value| json!({ member: value })))
}

fn callers(selection: impl Strategy<Value = Option<bool>>) -> impl Strategy<Value = Value> {
    let numbers = option::of(btree_set(prop::sample::select(vec!["1", "2", "3", "4*", "+5?"]), 0..5));
    (selection, flag("includeAnonymousCallers"), flag("includeUnavailableCallers"), numbers).prop_map(
        |(any, private, unavailable, numbers)| {
            let selection =
                any.map_or(json!({}), |any| json!({ "selection": if any { "Any" } else { "Specified Only" } }));
            let numbers = numbers.map_or(json!({}), |numbers| json!({ "phoneNumbers": numbers }));
            joined([selection, private, unavailable, numbers])
        },
    )
}

/// The members that a create and an update have in common.
fn members() -> impl Strategy<Value = Value> {
    (flag("active"), flag("doNotPerformAction"), schedule("timeSchedule"), schedule("holidaySchedule"))
        .prop_map(|(a, b, c, d)| joined([a, b, c, d]))
}

fn update() -> impl Strategy<Value = Value> {
    let renamed =
        option::weighted(0.3, name()).prop_map(|name| name.map_or(json!({}), |name| json!({ "newName": name })));
    let callers = option::of(callers(option::of(any::<bool>())))
        .prop_map(|callers| callers.map_or(json!({}), |callers| json!({ "fromDnCriteria": callers })));
    (members(), renamed, callers).prop_map(|(a, b, c)| joined([a, b, c]))
}

fn create() -> impl Strategy<Value = Value> {
    (name(), members(), callers(any::<bool>().prop_map(Some)))
        .prop_map(|(name, members, callers)| joined([json!({ "name": name, "fromDnCriteria": callers }), members]))
}

fn entry() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => (name(), update()).prop_map(|(name, update)| joined([json!({ "name": name }), update])),
        3 => create(),
        1 => name().prop_map(|name| json!({ "name": name, "delete": true })),
    ]
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        3 => create().prop_map(Write::Create),
        3 => (name(), update()).prop_map(|(name, update)| Write::Update(name, update)),
        1 => name().prop_map(Write::Delete),
        4 => vec(entry(), 0..5).prop_map(Write::UpdateService),
    ]
}

fn joined<const N: usize>(objects: [Value; N]) -> Value {
    let mut all = Map::new();
    for object in objects {
        all.extend(object.as_object().cloned().unwrap_or_default());
    }
    all.into()
}

/// The criteria in the form of responses, in order.
type Model = Vec<Value>;

/// The statuses that the model allows for a write; the model changes if the only one is 200.
fn expected(model: &mut Model, write: &Write) -> Vec<u16> {
    let mut after = model.clone();
    let statuses = match write {
        Write::Create(body) if find(&after, &body["name"]).is_some() => vec![409],
        Write::Create(body) => {
            after.push(created(body));
            vec![200]
        }
        Write::Update(name, body) => match find(&after, &json!(name)) {
            None => vec![404],
            Some(at) => merge(&mut after, at, body),
        },
        Write::Delete(name) => match find(&after, &json!(name)) {
            None => vec![404],
            Some(at) => {
                after.remove(at);
                vec![200]
            }
        },
        Write::UpdateService(entries) => apply(&mut after, entries),
    };
    if statuses == [200] {
        *model = after;
    }
    statuses
}

fn apply(model: &mut Model, entries: &[Value]) -> Vec<u16> {
    let twice = entries
        .iter()
        .enumerate()
        .any(|(at, entry)| entries[..at].iter().any(|before| before["name"] == entry["name"]));
    if twice {
        return vec![400];
    }
    let (mut faulty, mut taken) = (false, false);
    for entry in entries {
        match find(model, &entry["name"]) {
            Some(at) if entry["delete"] == true => drop(model.remove(at)),
            None if entry["delete"] == true => {}
            Some(at) => taken |= merge(model, at, entry) == [409],
            None if entry["fromDnCriteria"]["selection"].is_null() || !entry["newName"].is_null() => faulty = true,
            None => model.push(created(entry)),
        }
    }
    match (faulty, taken) {
        (false, false) => vec![200],
        (true, false) => vec![400],
        (false, true) => vec![409],
        (true, true) => vec![400, 409],
    }
}

fn find(model: &Model, name: &Value) -> Option<usize> {
    model.iter().position(|criteria| criteria["name"] == *name)
}

fn created(body: &Value) -> Value {
    let mut model = vec![json!({
        "name": body["name"], "active": true, "doNotPerformAction": false,
        "fromDnCriteria": {
            "selection": "Any", "includeAnonymousCallers": false, "includeUnavailableCallers": false, "phoneNumbers": []
        }
    })];
    merge(&mut model, 0, body);
    model.remove(0)
}

fn merge(model: &mut Model, at: usize, body: &Value) -> Vec<u16> {
    let new_name = &body["newName"];
    let taken = !new_name.is_null() && find(model, new_name).is_some_and(|found| found != at);
    let criteria = &mut model[at];
    for (member, value) in body.as_object().into_iter().flatten() {
        match (member.as_str(), value) {
            ("name", _) => {}
            ("newName", value) => criteria["name"] = value.clone(),
            (_, Value::Null) => drop(criteria.as_object_mut().and_then(|criteria| criteria.remove(member))),
            ("fromDnCriteria", value) => {
                for (member, value) in value.as_object().into_iter().flatten() {
                    criteria["fromDnCriteria"][member] = value.clone();
                }
            }
            (_, value) => criteria[member] = value.clone(),
        }
    }
    criteria["callsFrom"] = calls_from(&criteria["fromDnCriteria"]).into();
    if taken { vec![409] } else { vec![200] }
}

fn calls_from(callers: &Value) -> String {
    if callers["selection"] == "Any" {
        return "All calls".to_owned();
    }
    let mut all: Vec<&str> =
        callers["phoneNumbers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if callers["includeAnonymousCallers"] == true {
        all.push("Private");
    }
    if callers["includeUnavailableCallers"] == true {
        all.push("Unavailable");
    }
    match all.len() {
        0..=3 => all.join(", "),
        _ => format!("{}, {}, {}...", all[0], all[1], all[2]),
    }
}

async fn send(app: &App, write: &Write, query: &str) -> Answer {
    let (method, path, body) = match write {
        Write::Create(body) => (Method::POST, format!("{SERVICE}criteria/{query}"), body.clone()),
        Write::Update(name, body) => (Method::PUT, format!("{SERVICE}criteria/{name}/{query}"), body.clone()),
        Write::Delete(name) => (Method::DELETE, format!("{SERVICE}criteria/{name}/{query}"), json!({})),
        Write::UpdateService(entries) => (Method::PUT, format!("{SERVICE}{query}"), json!({ "criteria": entries })),
    };
    app.send(method, &path, &[JSON], Some(body.to_string())).await
}

/// The body of a response; a problem without the request that it names.
fn without_request(answer: &Answer) -> Value {
    let mut body = answer.json();
    body.as_object_mut().and_then(|members| members.remove("instance"));
    body
}

#[expect(clippy::disallowed_methods, reason = "the test run says by its environment what it wants")]
fn sequences() -> u32 {
    env::var("MODEL_SEQUENCES").ok().and_then(|number| number.parse().ok()).unwrap_or(SEQUENCES)
}

/// Unassigns and assigns the service, so that a sequence starts without criteria.
async fn start_anew(app: &App) {
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    let path = format!("{USER}services/");
    app.send(Method::DELETE, &path, &[JSON], Some(services.to_string())).await.expect(200);
    app.post(&path, services).await.expect(200);
}

async fn play(app: &App, writes: &[Write]) -> Result<(), TestCaseError> {
    start_anew(app).await;
    let mut model = Model::new();
    for write in writes {
        let statuses = expected(&mut model, write);
        let before = app.get(SERVICE).await;
        let tried = send(app, write, "?dryRun=true").await;
        let after = app.get(SERVICE).await;
        prop_assert_eq!((&after.text, after.header("etag")), (&before.text, before.header("etag")), "{:?}", write);
        let answer = send(app, write, "").await;
        prop_assert_eq!(
            (tried.status, without_request(&tried)),
            (answer.status, without_request(&answer)),
            "dry run and {:?}",
            write
        );
        prop_assert!(
            statuses.contains(&answer.status.as_u16()),
            "expected {:?}, got {} for {:?}",
            statuses,
            answer.text,
            write
        );
        prop_assert_eq!(app.get(SERVICE).await.expect(200), json!({ "criteria": model }), "after {:?}", write);
    }
    Ok(())
}

#[apply(both_databases)]
async fn random_writes_have_the_responses_and_results_of_the_model(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in ["time_schedules", "calendar_schedules"] {
        for name in ["S1", "S2"] {
            app.post(&format!("{USER}{folder}/"), json!({ "name": name })).await.expect(201);
        }
    }
    let config = Config { cases: sequences(), failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let ran = tokio::task::block_in_place(|| {
        runner.run(&vec(write(), 1..20), |writes| tokio::runtime::Handle::current().block_on(play(&app, &writes)))
    });
    if let Err(error) = ran {
        panic!("{error}");
    }
}
