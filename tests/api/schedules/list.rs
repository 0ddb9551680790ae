//! Listing schedules.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{GROUP, OWNERS, TENANT, TYPES, folders};
use crate::{
    database::Kind,
    harness::{App, USER, both_databases},
};

fn query(parameters: &[(&str, &str)]) -> String {
    let url = reqwest::Url::parse_with_params("http://server/", parameters).expect("parameters make a query");
    format!("?{}", url.query().unwrap_or_default())
}

/// What a page lists, each as `level/name`.
fn entries(list: &Value) -> Vec<String> {
    let schedules = list["schedules"].as_array().expect("a list has its schedules").iter();
    let text = |value: &Value| value.as_str().expect("an entry's members are texts").to_owned();
    schedules.map(|entry| format!("{}/{}", text(&entry["level"]), text(&entry["name"]))).collect()
}

/// What all pages together list. Every page but the last is full and names its last entry as `next`.
async fn pages(app: &App, folder: &str, all_levels: bool, limit: usize) -> Vec<String> {
    let (all_levels, limit_text) = (all_levels.to_string(), limit.to_string());
    let mut all: Vec<String> = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let mut parameters = vec![("allLevels", all_levels.as_str()), ("limit", limit_text.as_str())];
        parameters.extend(next.as_deref().map(|next| ("after", next)));
        let list = app.get(&format!("{folder}{}", query(&parameters))).await.expect(200);
        let page = entries(&list);
        assert!(!page.is_empty(), "a page that was announced has something on it");
        all.extend(page.iter().cloned());
        let Some(cursor) = list["next"].as_str() else { return all };
        assert_eq!((page.len(), page.last().map(String::as_str)), (limit, Some(cursor)), "{list}");
        next = Some(cursor.to_owned());
    }
}

async fn create(app: &App, folder: &str, names: &[&str]) {
    for name in names {
        app.post(folder, json!({ "name": name })).await.expect(201);
    }
}

#[apply(both_databases)]
async fn list_answers_names_in_order_with_their_level(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (owner, level) in OWNERS {
        for kind in TYPES {
            let folder = format!("{owner}{kind}/");
            assert_eq!(app.get(&folder).await.expect(200), json!({ "schedules": [] }));
            create(&app, &folder, &["b", "é", "a", "B", "a b"]).await;
            let names = ["B", "a", "a b", "b", "é"];
            let entries: Vec<_> = names.iter().map(|name| json!({ "name": name, "level": level })).collect();
            assert_eq!(app.get(&folder).await.expect(200), json!({ "schedules": entries }));
        }
    }
}

#[apply(both_databases)]
async fn pages_together_list_everything_once(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        create(&app, &folder, &["d", "a", "é & co+", "c", "b"]).await;
        let all = entries(&app.get(&folder).await.expect(200));
        assert_eq!(all.len(), 5);
        for limit in 1..=6 {
            assert_eq!(pages(&app, &folder, false, limit).await, all, "{folder} by {limit}");
        }
    }
}

#[apply(both_databases)]
async fn all_levels_adds_those_of_the_parents_behind_the_own(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for kind in TYPES {
        create(&app, &format!("{USER}{kind}/"), &["b", "z"]).await;
        create(&app, &format!("{GROUP}{kind}/"), &["a", "b", "c"]).await;
        create(&app, &format!("{TENANT}{kind}/"), &["a", "b"]).await;
    }
    app.post("/api/v1/tenants/foo/groups/", json!({ "groupId": "other" })).await.expect(201);
    create(&app, "/api/v1/tenants/foo/groups/other/time_schedules/", &["hidden"]).await;
    let all = ["User/b", "User/z", "Group/a", "Group/b", "Group/c", "Tenant/a", "Tenant/b"];
    for kind in TYPES {
        for (owner, own, above) in [(USER, 0..2, 7), (GROUP, 2..5, 7), (TENANT, 5..7, 7)] {
            let folder = format!("{owner}{kind}/");
            for limit in 1..=8 {
                assert_eq!(pages(&app, &folder, true, limit).await, all[own.start..above], "{folder} by {limit}");
                assert_eq!(pages(&app, &folder, false, limit).await, all[own.clone()], "{folder} by {limit}");
            }
        }
    }
}

#[apply(both_databases)]
async fn all_levels_passes_levels_without_schedules(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let folder = format!("{USER}time_schedules/");
    assert_eq!(app.get(&format!("{folder}?allLevels=true")).await.expect(200), json!({ "schedules": [] }));
    create(&app, &format!("{TENANT}time_schedules/"), &["a", "b"]).await;
    assert_eq!(pages(&app, &folder, true, 1).await, ["Tenant/a", "Tenant/b"]);
}

#[apply(both_databases)]
async fn a_page_starts_behind_a_schedule_that_is_gone(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let folder = format!("{USER}time_schedules/");
    create(&app, &folder, &["a", "b", "c"]).await;
    app.delete(&format!("{folder}b/")).await.expect(200);
    assert_eq!(entries(&app.get(&format!("{folder}?after=User/b")).await.expect(200)), ["User/c"]);
    assert_eq!(app.get(&format!("{folder}?after=User/c")).await.expect(200), json!({ "schedules": [] }));
}

#[apply(both_databases)]
async fn a_place_at_a_level_that_is_not_listed_is_refused(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for kind in TYPES {
        for (owner, query) in [
            (USER, "after=Group/a"),
            (USER, "after=Tenant/a&allLevels=false"),
            (GROUP, "after=User/a&allLevels=true"),
            (TENANT, "after=Group/a&allLevels=true"),
        ] {
            app.get(&format!("{owner}{kind}/?{query}")).await.expect_faults(&["after"]);
        }
    }
    app.get("/api/v1/tenants/none/time_schedules/?after=User/a").await.expect_problem(404, "tenant_not_found");
}

#[apply(both_databases)]
async fn bad_parameters_are_refused(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        for after in ["x", "", "User/", "/x", "user/x", "Nobody/x", "User/a/b", "User/a%00"] {
            app.get(&format!("{folder}?after={after}")).await.expect_faults(&["after"]);
        }
        for limit in ["0", "1001", "-1", "x", "", "1.5"] {
            app.get(&format!("{folder}?limit={limit}")).await.expect_faults(&["limit"]);
        }
        for all_levels in ["yes", "1", ""] {
            app.get(&format!("{folder}?allLevels={all_levels}")).await.expect_faults(&["allLevels"]);
        }
        app.get(&format!("{folder}?limit=1000&allLevels=false")).await.expect(200);
    }
}
