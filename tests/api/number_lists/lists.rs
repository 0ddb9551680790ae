//! Creating, viewing, listing, renaming and deleting number lists.

use rstest_reuse::apply;
use serde_json::json;

use super::{GROUP, LIST, OWNERS, TENANT, with_list};
use crate::{
    audit_events::events,
    database::Kind,
    harness::{App, USER, both_databases},
};

#[apply(both_databases)]
async fn a_list_of_each_level_is_created_viewed_updated_and_deleted(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (owner, level) in OWNERS {
        let folder = format!("{owner}number_lists/");
        assert_eq!(app.get(&folder).await.expect(200), json!({ "numberLists": [] }));
        let created = app.post(&folder, json!({ "name": "A b", "description": "x" })).await;
        assert_eq!(created.expect(201), json!({ "name": "A b", "description": "x", "entryCount": 0 }));
        let path = format!("{folder}A%20b/");
        assert_eq!(created.header("location"), path);
        assert_eq!(app.get(&path).await.expect(200), created.json());
        let listed = json!({ "numberLists": [{ "name": "A b", "level": level }] });
        assert_eq!(app.get(&folder).await.expect(200), listed);
        let update = json!({ "name": "ignored", "newName": "C", "description": null });
        assert_eq!(app.put(&path, update).await.expect(200), json!({ "name": "C", "entryCount": 0 }));
        app.get(&path).await.expect_problem(404, "number_list_not_found");
        assert_eq!(app.delete(&format!("{folder}C/")).await.expect(200), json!({}));
        app.delete(&format!("{folder}C/")).await.expect_problem(404, "number_list_not_found");
    }
    let recorded: Vec<_> = events(&app, "&operation=tenant_number_list_update").await;
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0]["target"], "/api/v1/tenants/foo/number_lists/A%20b/");
    assert_eq!(
        (&recorded[0]["before"], &recorded[0]["after"]),
        (&json!({ "name": "A b", "description": "x" }), &json!({ "name": "C" }))
    );
}

#[apply(both_databases)]
async fn a_name_is_taken_once_by_an_owner(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (owner, _) in OWNERS {
        let folder = format!("{owner}number_lists/");
        app.post(&folder, json!({ "name": "A" })).await.expect(201);
        app.post(&folder, json!({ "name": "A" })).await.expect_problem(409, "number_list_exists");
        app.post(&folder, json!({ "name": "B" })).await.expect(201);
        app.put(&format!("{folder}B/"), json!({ "newName": "A" })).await.expect_problem(409, "number_list_exists");
        app.put(&format!("{folder}A/"), json!({ "newName": "A" })).await.expect(200);
    }
}

#[apply(both_databases)]
async fn what_is_missing_is_named(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (owner, code) in [
        ("/api/v1/tenants/none/", "tenant_not_found"),
        ("/api/v1/tenants/foo/groups/none/", "group_not_found"),
        ("/api/v1/tenants/foo/groups/foogroup/users/none/", "user_not_found"),
        (TENANT, "number_list_not_found"),
    ] {
        let list = format!("{owner}number_lists/none/");
        app.get(&list).await.expect_problem(404, code);
        app.put(&list, json!({})).await.expect_problem(404, code);
        app.delete(&list).await.expect_problem(404, code);
        app.get(&format!("{list}entries/")).await.expect_problem(404, code);
        if owner != TENANT {
            app.get(&format!("{owner}number_lists/")).await.expect_problem(404, code);
            app.post(&format!("{owner}number_lists/"), json!({ "name": "A" })).await.expect_problem(404, code);
        }
    }
}

#[apply(both_databases)]
async fn all_levels_adds_those_of_the_parents_in_pages(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (owner, names) in [(USER, ["b", "z"].as_slice()), (GROUP, &["a", "b"]), (TENANT, &["é"])] {
        for name in names {
            app.post(&format!("{owner}number_lists/"), json!({ "name": name })).await.expect(201);
        }
    }
    let mut listed = Vec::new();
    let mut after = String::new();
    loop {
        let page = app.get(&format!("{USER}number_lists/?allLevels=true&limit=2{after}")).await.expect(200);
        for list in page["numberLists"].as_array().expect("a page has lists") {
            listed.push(format!("{}/{}", list["level"], list["name"]).replace('"', ""));
        }
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(listed, ["User/b", "User/z", "Group/a", "Group/b", "Tenant/é"]);
    app.get(&format!("{GROUP}number_lists/?after=User/b")).await.expect_faults(&["after"]);
}

#[apply(both_databases)]
async fn an_owner_can_have_a_thousand(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &[]).await;
    let id = match database {
        Kind::Sqlite => "randomblob(16)",
        Kind::Postgres => "gen_random_uuid()",
    };
    let numbers = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 999)";
    let insert = format!(
        "{numbers} INSERT INTO number_lists (tenant_id, list_id, name, entry_count, revision) \
         SELECT 'foo', {id}, CAST(n AS text), 0, 0 FROM n"
    );
    let insert = match database {
        Kind::Sqlite => insert,
        Kind::Postgres => insert.replace(numbers, "").replace("FROM n", "FROM generate_series(1, 999) AS n"),
    };
    app.database.execute(&insert).await;
    let folder = format!("{TENANT}number_lists/");
    app.post(&folder, json!({ "name": "more" })).await.expect_problem(400, "too_many_number_lists");
    app.delete(LIST).await.expect(200);
    app.post(&folder, json!({ "name": "more" })).await.expect(201);
}
