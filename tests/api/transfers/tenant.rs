//! A tenant with everything that there can be, and the lines that its operations say it has.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::App;

pub const TENANT: &str = "/api/v1/tenants/foo/";
/// The groups, each with its users.
const GROUPS: [(&str, &[&str]); 3] = [("g", &["ann", "bob", "Noël \"B\""]), ("h", &["ann"]), ("empty", &[])];
const SERVICES: [(&str, &str); 3] = [
    ("Selective Call Acceptance", "selective_call_acceptance"),
    ("Selective Call Rejection", "selective_call_rejection"),
    ("Anonymous Call Rejection", "anonymous_call_rejection"),
];
const FOLDERS: [(&str, &str); 2] = [("Time", "time_schedules"), ("Holiday", "calendar_schedules")];

/// The path of what is below an owner; names are percent-encoded by the client.
fn owners() -> Vec<(Value, String)> {
    let mut owners = vec![(json!({}), TENANT.to_owned())];
    for (group, users) in GROUPS {
        let path = format!("{TENANT}groups/{group}/");
        owners.push((json!({ "groupId": group }), path.clone()));
        for user in users {
            owners.push((json!({ "groupId": group, "userId": user }), format!("{path}users/{user}/")));
        }
    }
    owners
}

fn is_user(owner: &Value) -> bool {
    owner.get("userId").is_some()
}

/// Creates the tenant, and another one that has nothing to do with it.
pub async fn create(app: &App) {
    for tenant in ["foo", "fo", "foo2"] {
        app.post("/api/v1/tenants/", json!({ "tenantId": tenant, "region": "BE" })).await.expect(201);
        app.post(&format!("/api/v1/tenants/{tenant}/groups/"), json!({ "groupId": "g" })).await.expect(201);
    }
    let update = json!({ "name": "Foo", "timeZone": "Europe/Brussels", "recordRefusedCalls": true });
    app.put(TENANT, update).await.expect(200);
    app.put(&format!("{TENANT}groups/g/"), json!({ "groupName": "G", "timeZone": "UTC" })).await.expect(200);
    for group in ["h", "empty"] {
        app.post(&format!("{TENANT}groups/"), json!({ "groupId": group })).await.expect(201);
    }
    for (at, (owner, path)) in owners().into_iter().enumerate() {
        match is_user(&owner) {
            true => create_user(app, &owner, &path, at).await,
            false => create_policies(app, &path).await,
        }
        create_schedules(app, &path).await;
        create_lists(app, &path).await;
    }
    for (owner, path) in owners().into_iter().filter(|(owner, _)| is_user(owner)) {
        create_services(app, &owner, &path).await;
    }
}

async fn create_user(app: &App, owner: &Value, path: &str, at: usize) {
    let users = path.trim_end_matches('/').rsplit_once('/').map(|(users, _)| format!("{users}/")).unwrap_or_default();
    let mut user = json!({ "userId": owner["userId"] });
    if at.is_multiple_of(2) {
        user["phoneNumber"] = format!("+32255501{at:02}").into();
        user["firstName"] = "First".into();
        user["lastName"] = "O'Neil, \"B\"".into();
        user["emailAddress"] = "a@b.example".into();
        user["extension"] = "101".into();
        user["timeZone"] = "Asia/Tokyo".into();
    }
    app.post(&users, user).await.expect(201);
}

async fn create_policies(app: &App, path: &str) {
    if path.ends_with("empty/") {
        return;
    }
    let callers = json!({ "callers": [{ "pattern": "+3225550199", "note": "Voicemail" }, { "pattern": "112" }] });
    app.put(&format!("{path}protected_callers/"), callers).await.expect(200);
    let treatments = json!({ "treatments": [
        { "service": "Anonymous Call Rejection", "sipStatus": 302, "redirectTo": "tel:+3225550199" },
        { "service": "Selective Call Rejection", "q850Cause": 21, "announcement": "busy" },
    ] });
    app.put(&format!("{path}treatments/"), treatments).await.expect(200);
}

async fn create_schedules(app: &App, path: &str) {
    let periods = json!([
        { "name": "Friday", "type": "Day of the week", "dayOfWeek": "Friday", "startTime": "8:30",
          "stopTime": "24:00" },
        { "name": "Easter", "active": false, "type": "Recurrence", "startDate": "2026-01-01",
          "rule": "FREQ=YEARLY;BYEASTER=0", "exceptDates": ["2027-03-28"] },
        { "name": "Days", "type": "Date", "startDate": "2026-12-24", "stopDate": "2026-12-31" },
        { "name": "First", "type": "Day of the month", "dayOfMonth": 1 },
    ]);
    for (_, folder) in FOLDERS {
        for (name, periods) in [("Same", &periods), ("None", &json!([]))] {
            app.post(&format!("{path}{folder}/"), json!({ "name": name, "periods": periods })).await.expect(201);
        }
    }
}

async fn create_lists(app: &App, path: &str) {
    let lists = format!("{path}number_lists/");
    app.post(&lists, json!({ "name": "None" })).await.expect(201);
    app.post(&lists, json!({ "name": "Same", "description": "Reported" })).await.expect(201);
    let entries = json!({ "entries": [
        { "pattern": "+3290*", "note": "Premium; \"numbers\"" },
        { "pattern": "100", "expiresAt": "2199-12-31T00:00:00Z" },
    ] });
    app.post(&format!("{lists}Same/entries/"), entries).await.expect(200);
    if path == TENANT {
        let numbers: String = (0..2500).map(|number| format!("+32{number:08}\n")).collect();
        let (path, csv) = (format!("{lists}Same/entries/"), [("Content-Type", "text/csv")]);
        app.send(Method::PUT, &path, &csv, Some(format!("pattern\n{numbers}"))).await.expect(200);
    }
}

async fn create_services(app: &App, owner: &Value, path: &str) {
    let services: Vec<_> = match owner["userId"].as_str() {
        Some("bob") => vec![json!({ "name": SERVICES[1].0 })],
        _ => SERVICES.map(|(name, _)| json!({ "name": name })).into(),
    };
    app.post(&format!("{path}services/"), json!({ "services": services })).await.expect(200);
    if owner["userId"] == "bob" {
        return;
    }
    // More than are read at once, in an order that is not that of names.
    let criteria: Vec<_> = (0..99).rev().map(criteria).collect();
    let update = json!({ "criteria": criteria, "outsideSchedules": "Accept" });
    app.put(&format!("{path}services/{}/", SERVICES[0].1), update).await.expect(200);
    let forwarded = json!({ "name": "f", "fromDnCriteria": { "selection": "Forwarded" }, "doNotPerformAction": true });
    let update = json!({ "criteria": [forwarded], "suspendedUntil": "2027-01-01T00:00:00+01:00" });
    app.put(&format!("{path}services/{}/", SERVICES[1].1), update).await.expect(200);
    app.put(&format!("{path}services/{}/", SERVICES[2].1), json!({ "active": true })).await.expect(200);
}

fn criteria(number: usize) -> Value {
    let level = ["User", "Group", "Tenant"][number % 3];
    let mut criteria = json!({
        "name": format!("Rule {number}"),
        "fromDnCriteria": { "selection": "Specified Only", "phoneNumbers": [format!("+32{number}*"), "?00"] },
    });
    if number.is_multiple_of(2) {
        criteria["description"] = "Until the end".into();
        criteria["validUntil"] = "2028-01-01T00:00:00Z".into();
        criteria["timeSchedule"] = json!({ "level": level, "name": "Same" });
        criteria["holidaySchedule"] = json!({ "level": level, "name": "None" });
        criteria["active"] = false.into();
    }
    if number.is_multiple_of(5) {
        let from = &mut criteria["fromDnCriteria"];
        from["numberLists"] = json!([{ "level": level, "name": "Same" }, { "level": "Tenant", "name": "None" }]);
        from["includeAnonymousCallers"] = true.into();
        from["includeInternalCallers"] = true.into();
    }
    criteria
}

/// A line of this kind: what says which thing it is, and the thing as it is answered.
fn line(kind: &str, place: &Value, thing: Value) -> Value {
    let mut line = json!({ "kind": kind });
    for (name, member) in place.as_object().into_iter().flatten().chain(thing.as_object().into_iter().flatten()) {
        line[name] = member.clone();
    }
    line
}

fn with(place: &Value, name: &str, value: &str) -> Value {
    let mut place = place.clone();
    place[name] = value.into();
    place
}

/// The lines of the tenant by what its operations answer, in any order.
pub async fn lines(app: &App) -> Vec<Value> {
    let mut lines = vec![line("tenant", &json!({}), app.get(TENANT).await.expect(200))];
    for (owner, path) in owners() {
        let get = async |below: &str| app.get(&format!("{path}{below}")).await.expect(200);
        if is_user(&owner) {
            lines.push(line("user", &owner, get("").await));
            for service in get("services/").await["services"].as_array().expect("a list") {
                let (name, segment) = SERVICES.into_iter().find(|(name, _)| service["name"] == *name).expect("known");
                if service["assigned"] == true {
                    lines.push(line(
                        "service",
                        &with(&owner, "service", name),
                        get(&format!("services/{segment}/")).await,
                    ));
                }
            }
        } else {
            if path != TENANT {
                lines.push(line("group", &json!({}), get("").await));
            }
            for (kind, list) in [("treatments", "treatments"), ("protected_callers", "callers")] {
                let found = get(&format!("{kind}/")).await;
                if found[list] != json!([]) {
                    lines.push(line(kind, &owner, found));
                }
            }
        }
        for (kind, folder) in FOLDERS {
            for schedule in get(&format!("{folder}/")).await["schedules"].as_array().expect("a list") {
                let name = schedule["name"].as_str().expect("a name");
                lines.push(line("schedule", &with(&owner, "type", kind), get(&format!("{folder}/{name}/")).await));
            }
        }
        for list in get("number_lists/").await["numberLists"].as_array().expect("a list") {
            let name = list["name"].as_str().expect("a name");
            lines.push(line("number_list", &owner, get(&format!("number_lists/{name}/")).await));
            let mut after = String::new();
            loop {
                let mut page = get(&format!("number_lists/{name}/entries/?limit=1000{after}")).await;
                let next = page.as_object_mut().and_then(|page| page.remove("next"));
                if page["entries"] != json!([]) {
                    lines.push(line("number_list_entries", &with(&owner, "name", name), page));
                }
                let Some(next) = next else { break };
                after = format!("&after={}", next.as_str().expect("a pattern").replace('+', "%2B"));
            }
        }
    }
    lines
}
