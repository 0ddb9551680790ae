//! Warnings through HTTP: for each code a case that has it and a neighbour that has not.

use call_acceptance_api::resource::warning::WarningCode;
use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    database::Kind,
    harness::{App, JSON, SERVICE, USER, both_databases},
};

pub const WARNINGS: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/warnings/";
const NAMES: [&str; 3] = ["Selective Call Acceptance", "Selective Call Rejection", "Anonymous Call Rejection"];
const OWN_NUMBER: &str = "+3225550100";

/// What the user keeps: criteria of acceptance, criteria of rejection, and members of acceptance.
#[derive(Default, Clone)]
struct Kept {
    acceptance: Vec<Value>,
    rejection: Vec<Value>,
    members: Option<Value>,
}

/// A warning, what has it, and what has not.
struct Case {
    code: WarningCode,
    /// The criteria that it names.
    criteria: Option<&'static str>,
    has: Kept,
    has_not: Kept,
}

fn accepting(criteria: impl Into<Vec<Value>>) -> Kept {
    Kept { acceptance: criteria.into(), ..Kept::default() }
}

/// A criteria for all callers.
fn any(name: &str) -> Value {
    json!({ "name": name, "fromDnCriteria": { "selection": "Any" } })
}

/// A criteria for the callers with these numbers.
fn from(name: &str, numbers: &[&str]) -> Value {
    json!({ "name": name, "fromDnCriteria": { "selection": "Specified Only", "phoneNumbers": numbers } })
}

/// The criteria with other members too.
fn with(mut criteria: Value, members: Value) -> Value {
    for (name, value) in members.as_object().expect("members") {
        match (criteria.get_mut(name), value) {
            (Some(Value::Object(inner)), Value::Object(more)) => inner.extend(more.clone()),
            _ => criteria[name] = value.clone(),
        }
    }
    criteria
}

fn refusing(criteria: Value) -> Value {
    with(criteria, json!({ "doNotPerformAction": true }))
}

fn time(name: &str) -> Value {
    json!({ "timeSchedule": { "level": "User", "name": name } })
}

fn holiday(name: &str) -> Value {
    json!({ "holidaySchedule": { "level": "User", "name": name } })
}

async fn create_schedules(app: &App) {
    let weekly = |day: &str, start: &str, stop: &str| {
        let times = json!({ "startTime": start, "stopTime": stop });
        with(json!({ "name": day, "type": "Day of the week", "dayOfWeek": day }), times)
    };
    let office = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"].map(|day| weekly(day, "9:00", "17:00"));
    let christmas =
        json!({ "name": "Christmas", "type": "Recurrence", "startDate": "2020-12-25", "rule": "FREQ=YEARLY" });
    let over = json!({ "name": "2020", "type": "Date", "startDate": "2020-12-25" });
    for (kind, name, periods) in [
        ("time", "Office", json!(office)),
        ("time", "Nothing", json!([])),
        ("calendar", "Christmas", json!([christmas])),
        ("calendar", "2020", json!([over])),
        ("calendar", "Sundays", json!([weekly("Sunday", "0:00", "24:00")])),
        ("calendar", "Fridays", json!([weekly("Friday", "0:00", "24:00")])),
    ] {
        let schedule = json!({ "name": name, "periods": periods });
        app.post(&format!("{USER}{kind}_schedules/"), schedule).await.expect(201);
    }
    app.post(&format!("{USER}number_lists/"), json!({ "name": "Friends" })).await.expect(201);
}

/// The warnings about a user who keeps this.
async fn warnings(app: &App, kept: &Kept) -> Vec<Value> {
    let services = json!({ "services": NAMES.map(|name| json!({ "name": name })) });
    let path = format!("{USER}services/");
    app.send(Method::DELETE, &path, &[JSON], Some(services.to_string())).await.expect(200);
    app.post(&path, services).await.expect(200);
    let mut update = kept.members.clone().unwrap_or(json!({}));
    update["criteria"] = kept.acceptance.clone().into();
    app.put(SERVICE, update).await.expect(200);
    let rejection = SERVICE.replace("acceptance", "rejection");
    app.put(&rejection, json!({ "criteria": kept.rejection })).await.expect(200);
    app.get(WARNINGS).await.expect(200)["warnings"].as_array().expect("a list").clone()
}

fn cases() -> Vec<Case> {
    use WarningCode::*;
    let friends = || from("friends", &["+3225126777", "+3225126778"]);
    let case = |code, criteria, has, has_not| Case { code, criteria, has, has_not };
    let members = |kept: Kept, members| Kept { members: Some(members), ..kept };
    vec![
        case(BlocksEveryone, None, accepting([refusing(friends())]), accepting([refusing(friends()), any("all")])),
        case(
            BlocksEveryone,
            Some("closed"),
            accepting([any("all"), refusing(any("closed"))]),
            accepting([any("all"), refusing(from("closed", &["+32*"]))]),
        ),
        case(
            BlocksEveryoneAtTimes,
            None,
            accepting([with(any("office"), time("Office"))]),
            members(accepting([with(any("office"), time("Office"))]), json!({ "outsideSchedules": "Accept" })),
        ),
        case(AcceptsEveryone, None, accepting([any("all")]), accepting([with(any("all"), time("Office"))])),
        case(AcceptsEveryone, None, Kept::default(), accepting([friends()])),
        case(
            NeverMatchesNoCallers,
            Some("nobody"),
            accepting([any("all"), from("nobody", &[])]),
            accepting([
                any("all"),
                with(from("nobody", &[]), json!({ "fromDnCriteria": { "includeAnonymousCallers": true } })),
            ]),
        ),
        case(
            NeverMatchesNoCallers,
            Some("nobody"),
            accepting([any("all"), from("nobody", &[])]),
            accepting([
                any("all"),
                with(
                    from("nobody", &[]),
                    json!({ "fromDnCriteria": { "numberLists": [{ "level": "User", "name": "Friends" }] } }),
                ),
            ]),
        ),
        case(
            NeverMatchesSchedules,
            Some("office"),
            accepting([with(with(any("office"), time("Office")), holiday("Sundays"))]),
            accepting([with(with(any("office"), time("Office")), holiday("Fridays"))]),
        ),
        case(
            NeverMatchesSchedules,
            Some("never"),
            accepting([with(any("never"), time("Nothing"))]),
            accepting([with(any("never"), time("Office"))]),
        ),
        case(
            SchedulesPast,
            Some("closed"),
            accepting([refusing(with(any("closed"), holiday("2020")))]),
            accepting([refusing(with(any("closed"), holiday("Christmas")))]),
        ),
        case(
            HolidayNarrows,
            Some("office"),
            accepting([with(with(any("office"), time("Office")), holiday("Christmas"))]),
            accepting([with(with(any("office"), time("Office")), holiday("Fridays"))]),
        ),
        case(
            Shadowed,
            Some("friends"),
            accepting([friends(), refusing(from("Belgium", &["+32*"])), any("all")]),
            accepting([friends(), refusing(with(from("Belgium", &["+32*"]), time("Office"))), any("all")]),
        ),
        case(
            Shadowed,
            Some("friends"),
            Kept { acceptance: vec![friends()], rejection: vec![any("all")], members: None },
            Kept { acceptance: vec![friends()], rejection: vec![any("all"), refusing(friends())], members: None },
        ),
        case(
            DuplicateCaller,
            Some("friends"),
            accepting([from("friends", &["+3225126777", "025126777"])]),
            accepting([from("friends", &["+3225126777", "025126778"])]),
        ),
        case(
            OwnNumberListed,
            Some("me"),
            accepting([from("me", &["025550100"])]),
            accepting([from("me", &["025550101", "+32255501*"])]),
        ),
        case(
            InternalCallersRefused,
            None,
            accepting([friends()]),
            accepting([with(friends(), json!({ "fromDnCriteria": { "includeInternalCallers": true } }))]),
        ),
        case(
            WithheldRefused,
            None,
            accepting([friends()]),
            accepting([with(friends(), json!({ "fromDnCriteria": { "includeAnonymousCallers": true } }))]),
        ),
        case(
            PatternNeverMatches,
            Some("friends"),
            accepting([from("friends", &["3225126???"])]),
            accepting([from("friends", &["+3225126???", "025126???"])]),
        ),
        case(
            PatternNeverMatches,
            Some("friends"),
            accepting([from("friends", &["+0*"])]),
            accepting([from("friends", &["+32*", "10?"])]),
        ),
    ]
}

async fn with_everything(app: App) -> App {
    let app = app.with_user().await;
    app.put(USER, json!({ "phoneNumber": OWN_NUMBER })).await.expect(200);
    create_schedules(&app).await;
    app
}

#[apply(both_databases)]
async fn each_warning_is_of_the_case_and_not_of_its_neighbour(#[case] database: Kind) {
    let app = with_everything(App::start(database).await).await;
    let mut seen = Vec::new();
    for Case { code, criteria, has, has_not } in cases() {
        let about = |warning: &&Value| warning["code"] == code.as_str() && warning["criteria"].as_str() == criteria;
        let found = warnings(&app, &has).await;
        let warning = found.iter().find(about).unwrap_or_else(|| panic!("{code:?} is not among {found:#?}"));
        let severity = serde_json::to_value(code.severity()).expect("a severity is JSON");
        assert_eq!(warning["severity"], severity);
        assert_eq!(warning.get("from").is_some(), code == WarningCode::BlocksEveryoneAtTimes, "{warning}");
        assert_eq!(warning.get("other").is_some(), code == WarningCode::Shadowed, "{warning}");
        let found = warnings(&app, &has_not).await;
        assert!(!found.iter().any(|warning| warning["code"] == code.as_str()), "{code:?} is among {found:#?}");
        seen.push(code);
    }
    let unseen: Vec<_> = WarningCode::ALL.into_iter().filter(|code| !seen.contains(code)).collect();
    assert!(unseen.is_empty(), "no case has {unseen:?}");
}

#[apply(both_databases)]
async fn suspended_services_and_inactive_criteria_do_not_matter(#[case] database: Kind) {
    let app = with_everything(App::start(database).await).await;
    let closed = refusing(any("closed"));
    let open = warnings(&app, &accepting([closed.clone()])).await;
    let suspended = Kept { members: Some(json!({ "suspendedUntil": "2199-01-01T00:00:00Z" })), ..accepting([closed]) };
    assert_eq!(warnings(&app, &suspended).await, open);
    assert_eq!(open[0]["code"], "blocks_everyone");
    let inactive = with(refusing(any("closed")), json!({ "active": false }));
    let nothing = warnings(&app, &Kept::default()).await;
    assert_eq!(warnings(&app, &accepting([inactive])).await, nothing);
}

#[apply(both_databases)]
async fn a_user_without_services_has_no_warnings_and_a_missing_one_is_404(#[case] database: Kind) {
    let app = App::start(database).await;
    app.get(WARNINGS).await.expect_problem(404, "tenant_not_found");
    let app = app.with_user().await;
    let path = format!("{USER}services/");
    let services = json!({ "services": [{ "name": NAMES[0] }] });
    app.send(Method::DELETE, &path, &[JSON], Some(services.to_string())).await.expect(200);
    assert_eq!(app.get(WARNINGS).await.expect(200), json!({ "warnings": [] }));
    app.get(&WARNINGS.replace("foouser", "nobody")).await.expect_problem(404, "user_not_found");
}
