//! Random concurrent writes through two instances: replaying their audit events results in what the API shows.

use std::{collections::BTreeMap, sync::Arc};

use proptest::{
    prelude::Rng,
    test_runner::{RngAlgorithm, TestRng},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::EVENTS;
use crate::{
    database::Kind,
    harness::{Answer, App, JSON, Running, client, config},
};

const TENANT: &str = "/api/v1/tenants/foo/";
const SERVICE: &str = "services/selective_call_acceptance/";
const WRITERS: u8 = 4;
const WRITES: usize = 250;

/// A client that sends random writes through either instance.
struct Writer {
    random: TestRng,
    urls: Arc<[String; 2]>,
    client: reqwest::Client,
}

impl Writer {
    fn below(&mut self, most: usize) -> usize {
        self.random.next_u32() as usize % most
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn group(&mut self) -> String {
        format!("{TENANT}groups/{}/", self.pick(&["g1", "g2"]))
    }

    fn user(&mut self) -> String {
        format!("{}users/{}/", self.group(), self.pick(&["u1", "u2", "u3"]))
    }

    fn schedules(&mut self) -> String {
        let owner = match self.below(4) {
            0 => TENANT.to_owned(),
            1 => self.group(),
            _ => self.user(),
        };
        format!("{owner}{}/", self.pick(&["time_schedules", "calendar_schedules"]))
    }

    fn callers(&mut self) -> Value {
        match self.below(3) {
            0 => json!({ "selection": "Any" }),
            1 => json!({ "selection": "Specified Only", "phoneNumbers": ["+3225126777"] }),
            _ => json!({ "selection": "Specified Only", "includeAnonymousCallers": true }),
        }
    }

    fn criteria(&mut self) -> Value {
        let mut criteria = json!({ "active": self.below(2) == 0, "fromDnCriteria": self.callers() });
        for member in ["timeSchedule", "holidaySchedule"] {
            match self.below(3) {
                0 => criteria[member] = Value::Null,
                1 => {
                    let (level, name) = (self.pick(&["User", "Group", "Tenant"]), self.pick(&["s1", "s2", "a b"]));
                    criteria[member] = json!({ "level": level, "name": name });
                }
                _ => {}
            }
        }
        criteria
    }

    fn change(&mut self) -> (Method, String, Value) {
        let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
        let id = |path: &str| path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        let new_name = self.pick(&["s1", "s2", "a b"]);
        match self.below(34) {
            0 => (Method::PUT, TENANT.to_owned(), json!({ "name": self.pick(&["One", "Two"]) })),
            1 => (Method::DELETE, format!("{}?cascade=true", self.group()), Value::Null),
            2 | 3 => (Method::POST, format!("{TENANT}groups/"), json!({ "groupId": id(&self.group()) })),
            4 => (Method::PUT, self.group(), json!({ "groupName": self.pick(&["One", "Two"]) })),
            5 => (Method::DELETE, format!("{}?cascade=true", self.user()), Value::Null),
            6..=8 => (Method::POST, format!("{}users/", self.group()), json!({ "userId": id(&self.user()) })),
            9 => (Method::PUT, self.user(), json!({ "firstName": self.pick(&["One", "Two"]) })),
            10..=12 => (Method::POST, format!("{}services/", self.user()), services),
            13 => (Method::DELETE, format!("{}services/", self.user()), services),
            14..=17 => (Method::POST, self.schedules(), json!({ "name": new_name })),
            18 => (Method::DELETE, format!("{}{}/", self.schedules(), self.pick(&["s1", "s2", "a%20b"])), Value::Null),
            19 | 20 => {
                let path = format!("{}{}/", self.schedules(), self.pick(&["s1", "s2", "a%20b"]));
                (Method::PUT, path, json!({ "newName": new_name, "periods": [friday()] }))
            }
            21..=24 => {
                let mut criteria = self.criteria();
                criteria["name"] = self.pick(&["c1", "c2", "c 3"]).into();
                (Method::POST, format!("{}{SERVICE}criteria/", self.user()), criteria)
            }
            25 | 26 => {
                let mut criteria = self.criteria();
                criteria["newName"] = self.pick(&["c1", "c2", "c 3"]).into();
                (
                    Method::PUT,
                    format!("{}{SERVICE}criteria/{}/", self.user(), self.pick(&["c1", "c2", "c%203"])),
                    criteria,
                )
            }
            30 | 31 => {
                let owner = if self.below(3) == 0 { TENANT.to_owned() } else { self.group() };
                let callers = ["+3225550199", "+3225550198"].map(|pattern| json!({ "pattern": pattern }));
                let kept = self.below(3);
                (Method::PUT, format!("{owner}protected_callers/"), json!({ "callers": callers[..kept] }))
            }
            32 | 33 => {
                let owner = if self.below(3) == 0 { TENANT.to_owned() } else { self.group() };
                let treatment = json!({ "service": "Selective Call Acceptance", "q850Cause": self.pick(&[17, 21]) });
                let treatments = if self.below(3) == 0 { json!([]) } else { json!([treatment]) };
                (Method::PUT, format!("{owner}treatments/"), json!({ "treatments": treatments }))
            }
            27 => {
                let path = format!("{}{SERVICE}criteria/{}/", self.user(), self.pick(&["c1", "c2", "c%203"]));
                (Method::DELETE, path, Value::Null)
            }
            _ => {
                let mut one = self.criteria();
                one["name"] = "c1".into();
                let changes = json!({ "criteria": [one, { "name": "c2", "delete": true }] });
                (Method::PUT, format!("{}{SERVICE}", self.user()), changes)
            }
        }
    }

    /// Sends writes; returns the number of changes.
    async fn run(mut self) -> usize {
        let mut done = 0;
        for _ in 0..WRITES {
            let (method, path, body) = self.change();
            let url = format!("{}{path}", self.urls[self.random.next_u32() as usize % 2]);
            let mut request = self.client.request(method.clone(), url);
            if !body.is_null() {
                request = request.header(JSON.0, JSON.1).body(body.to_string());
            }
            let answer = Answer::of(request.send().await.expect("the server answers")).await;
            let status = answer.status.as_u16();
            assert!([200, 201, 400, 404, 409].contains(&status), "{method} {path} {body}: {status} {}", answer.text);
            done += usize::from(answer.status.is_success());
        }
        done
    }
}

fn friday() -> Value {
    json!({
        "name": "Friday", "type": "Day of the week", "dayOfWeek": "Friday", "startTime": "09:00", "stopTime": "17:00"
    })
}

/// Resources by path; the criteria of a user are in the user's service.
type State = BTreeMap<String, Value>;

/// Changes the members that differ. `before` must be the current state.
fn alter(thing: &mut Value, before: &Value, after: &Value) {
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    for (name, old) in members(before) {
        match (old.is_object() && after[&name].is_object(), after.get(&name)) {
            (true, Some(new)) => alter(&mut thing[&name], &old, new),
            _ => {
                let known = thing.as_object_mut().expect("a thing is an object").remove(&name);
                assert_eq!(known.as_ref(), Some(&old), "{name}");
            }
        }
    }
    for (name, new) in members(after) {
        if !(new.is_object() && before[&name].is_object()) {
            thing[&name] = new;
        }
    }
}

/// Replays an event.
fn play(state: &mut State, event: &Value) {
    let target = event["target"].as_str().expect("an event has a target");
    let (before, after) = (&event["before"], &event["after"]);
    if let Some((service, name)) = target.split_once("criteria/") {
        let criteria = state.get_mut(service).expect("the service is there")["criteria"].as_array_mut();
        let criteria = criteria.expect("a service has criteria");
        let name = name.trim_end_matches('/').replace("%20", " ");
        let at = criteria.iter().position(|known| known["name"] == name.as_str());
        match (at, before.is_null(), after.is_null()) {
            (Some(at), false, true) => assert_eq!(&criteria.remove(at), before, "{event:#}"),
            (Some(at), false, false) => alter(&mut criteria[at], before, after),
            (None, true, false) => criteria.push(after.clone()),
            _ => panic!("{event:#}"),
        }
        return;
    }
    let known = state.remove(target);
    let Some(mut thing) = known else {
        assert!(before.is_null(), "{event:#}");
        state.insert(target.to_owned(), after.clone());
        return;
    };
    if after.is_null() {
        assert_eq!(&thing, before, "{event:#}");
        return;
    }
    alter(&mut thing, before, after);
    let mut place = target.to_owned();
    if target.contains("_schedules/") && before["name"] != after["name"] {
        let (folder, _) = target.trim_end_matches('/').rsplit_once('/').expect("a path has a folder");
        let name = after["name"].as_str().expect("a schedule has a name");
        place = format!("{folder}/{}/", name.replace(' ', "%20"));
        rename_references(state, folder, &before["name"], &after["name"]);
    }
    state.insert(place, thing);
}

/// Criteria follow the renaming of a schedule.
fn rename_references(state: &mut State, folder: &str, from: &Value, to: &Value) {
    let (owner, kind) = folder.rsplit_once('/').expect("a folder has an owner");
    let level = if owner.contains("/users/") {
        "User"
    } else if owner.contains("/groups/") {
        "Group"
    } else {
        "Tenant"
    };
    let member = if kind == "time_schedules" { "timeSchedule" } else { "holidaySchedule" };
    let owned = state.iter_mut().filter(|(path, _)| path.starts_with(&format!("{owner}/")) && path.ends_with(SERVICE));
    for criteria in owned.flat_map(|(_, service)| service["criteria"].as_array_mut().into_iter().flatten()) {
        if criteria[member]["level"] == level && criteria[member]["name"] == *from {
            criteria[member]["name"] = to.clone();
        }
    }
}

async fn replayed(app: &App) -> State {
    let (mut state, mut after) = (State::new(), String::new());
    loop {
        let page = app.get(&format!("{EVENTS}?limit=1000{after}")).await.expect(200);
        page["auditEvents"].as_array().expect("a list of events").iter().for_each(|event| play(&mut state, event));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return state,
        }
    }
}

/// The names in a list, percent-encoded.
async fn names(app: &App, path: &str, list: &str, member: &str) -> Vec<String> {
    let answer = app.get(path).await.expect(200);
    let items = answer[list].as_array().expect("a list").clone();
    items.iter().filter_map(|item| Some(item[member].as_str()?.replace(' ', "%20"))).collect()
}

async fn show(app: &App, state: &mut State, path: String) {
    let shown = app.get(&path).await.expect(200);
    state.insert(path, shown);
}

async fn show_schedules(app: &App, state: &mut State, owner: &str) {
    for kind in ["time_schedules", "calendar_schedules"] {
        for name in names(app, &format!("{owner}{kind}/"), "schedules", "name").await {
            show(app, state, format!("{owner}{kind}/{name}/")).await;
        }
    }
}

/// What applies to all users of the owner. Empty lists are recorded as ones that are not there.
async fn show_policies(app: &App, state: &mut State, owner: &str) {
    for list in ["callers", "treatments"] {
        let path = format!("{owner}{}/", if list == "callers" { "protected_callers" } else { list });
        let shown = app.get(&path).await.expect(200);
        if shown[list] != json!([]) {
            state.insert(path, shown);
        }
    }
}

/// All resources of the tenant, as the API shows them.
async fn shown(app: &App) -> State {
    let mut state = State::new();
    show(app, &mut state, TENANT.to_owned()).await;
    show_schedules(app, &mut state, TENANT).await;
    show_policies(app, &mut state, TENANT).await;
    for group in names(app, &format!("{TENANT}groups/"), "groups", "groupId").await {
        let group = format!("{TENANT}groups/{group}/");
        show(app, &mut state, group.clone()).await;
        show_schedules(app, &mut state, &group).await;
        show_policies(app, &mut state, &group).await;
        for user in names(app, &format!("{group}users/"), "users", "userId").await {
            let user = format!("{group}users/{user}/");
            show(app, &mut state, user.clone()).await;
            show_schedules(app, &mut state, &user).await;
            let services = app.get(&format!("{user}services/")).await.expect(200);
            if services["services"][0]["assigned"] == true {
                show(app, &mut state, format!("{user}{SERVICE}")).await;
            }
        }
    }
    state
}

async fn a_thousand_writes(kind: Kind) {
    let app = App::start(kind).await;
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    let other = Running::start(config(&app.database.url)).await;
    let urls = Arc::new([app.server.url(), other.url()]);
    let writers: Vec<_> = (0..WRITERS)
        .map(|seed| {
            let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed + 1; 32]);
            tokio::spawn(Writer { random, urls: urls.clone(), client: client() }.run())
        })
        .collect();
    let mut done = 0;
    for writer in writers {
        done += writer.await.expect("every write is answered");
    }
    assert!(done > 200, "only {done} writes changed something");
    assert_eq!(replayed(&app).await, shown(&app).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replaying_the_audit_of_a_thousand_writes_through_two_instances_results_in_the_current_state_on_sqlite() {
    a_thousand_writes(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replaying_the_audit_of_a_thousand_writes_through_two_instances_results_in_the_current_state_on_postgres() {
    a_thousand_writes(Kind::Postgres).await;
}
