//! Adding, finding and deleting entries of number lists.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{ENTRIES, LIST, OWNERS, count, entries, patterns, with_list};
use crate::{
    audit_events::events,
    database::Kind,
    harness::{Answer, App, JSON, both_databases},
};

async fn delete(app: &App, patterns: &[&str]) -> Answer {
    app.send(Method::DELETE, ENTRIES, &[JSON], Some(json!({ "patterns": patterns }).to_string())).await
}

#[apply(both_databases)]
async fn entries_are_added_replaced_and_counted(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (owner, _) in OWNERS {
        app.post(&format!("{owner}number_lists/"), json!({ "name": "L" })).await.expect(201);
        let path = format!("{owner}number_lists/L/entries/");
        let expires = "2027-01-01T01:00:00+01:00";
        let sent = json!({ "entries": [
            { "pattern": "+3290*", "note": "x" }, { "pattern": "1?3", "expiresAt": expires }, { "pattern": "100" }
        ] });
        let counts = app.post(&path, sent.clone()).await.expect(200);
        assert_eq!(counts, json!({ "created": 3, "changed": 0, "unchanged": 0 }));
        let counts = app.post(&path, sent).await.expect(200);
        assert_eq!(counts, json!({ "created": 0, "changed": 0, "unchanged": 3 }));
        let again = json!({ "entries": [{ "pattern": "+3290*" }, { "pattern": "200", "note": null }] });
        let counts = app.post(&path, again).await.expect(200);
        assert_eq!(counts, json!({ "created": 1, "changed": 1, "unchanged": 0 }));
        let kept = json!({ "entries": [
            { "pattern": "+3290*" }, { "pattern": "100" }, { "pattern": "1?3", "expiresAt": "2027-01-01T00:00:00Z" },
            { "pattern": "200" }
        ] });
        assert_eq!(app.get(&path).await.expect(200), kept, "an entry is replaced whole");
        assert_eq!(app.get(&format!("{owner}number_lists/L/")).await.expect(200)["entryCount"], 4);
    }
}

#[apply(both_databases)]
async fn entries_are_listed_in_pages_and_found_by_their_pattern(#[case] database: Kind) {
    let all = ["*", "+3290*", "+3291", "0", "1?"];
    let app = with_list(App::start(database).await.with_user().await, &["1?", "0", "+3291", "+3290*", "*"]).await;
    assert_eq!(patterns(&app.get(ENTRIES).await.expect(200)), all);
    let mut listed = Vec::new();
    let mut after = String::new();
    loop {
        let page = app.get(&format!("{ENTRIES}?limit=2{after}")).await.expect(200);
        listed.extend(patterns(&page));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={}", next.replace('?', "%3F"));
    }
    assert_eq!(listed, all, "a plus that was not encoded counts as one");
    for (query, found) in [("%2B3290*", "+3290*"), ("+3291", "+3291"), ("1%3F", "1?")] {
        let page = app.get(&format!("{ENTRIES}?pattern={query}")).await.expect(200);
        assert_eq!(page, json!({ "entries": [{ "pattern": found }] }));
    }
    assert_eq!(app.get(&format!("{ENTRIES}?pattern=3")).await.expect(200), json!({ "entries": [] }));
    app.get(&format!("{ENTRIES}?pattern=x")).await.expect_faults(&["pattern"]);
}

#[apply(both_databases)]
async fn entries_are_deleted_by_their_patterns(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &["1", "2", "3"]).await;
    assert_eq!(delete(&app, &["1", "3", "9", "1"]).await.expect(200), json!({}));
    assert_eq!(delete(&app, &["1", "3"]).await.expect(200), json!({}));
    assert_eq!(patterns(&app.get(ENTRIES).await.expect(200)), ["2"]);
    assert_eq!(count(&app).await, 1);
}

#[apply(both_databases)]
async fn bad_bodies_are_refused_and_change_nothing(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &["1"]).await;
    let long = "x".repeat(201);
    for (body, places) in [
        (entries(&[]), vec!["/entries"]),
        (json!({}), vec!["/entries"]),
        (entries(&["2", "x", "2"]), vec!["/entries/1/pattern", "/entries/2/pattern"]),
        (json!({ "entries": [{ "pattern": "2", "note": long }] }), vec!["/entries/0/note"]),
        (json!({ "entries": [{ "pattern": "2", "expiresAt": "today" }] }), vec!["/entries/0/expiresAt"]),
    ] {
        app.post(ENTRIES, body).await.expect_faults(&places);
    }
    let many: Vec<String> = (0..1001).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    app.post(ENTRIES, entries(&many)).await.expect_faults(&["/entries"]);
    delete(&app, &many).await.expect_faults(&["/patterns"]);
    delete(&app, &[]).await.expect_faults(&["/patterns"]);
    assert_eq!(app.post(ENTRIES, entries(&many[1..])).await.expect(200)["created"], 999);
    assert_eq!(count(&app).await, 1000);
}

#[apply(both_databases)]
async fn a_list_has_at_most_two_hundred_thousand(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &["1"]).await;
    app.database.execute("UPDATE number_lists SET entry_count = 199999").await;
    app.post(ENTRIES, entries(&["2", "3"])).await.expect_problem(400, "too_many_entries");
    app.post(ENTRIES, entries(&["1", "2"])).await.expect(200);
    app.post(ENTRIES, entries(&["3"])).await.expect_problem(400, "too_many_entries");
    app.post(ENTRIES, json!({ "entries": [{ "pattern": "2", "note": "x" }] })).await.expect(200);
}

#[apply(both_databases)]
async fn what_changes_is_recorded_and_what_does_not_is_not(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &["1", "2"]).await;
    let changed = json!({ "entries": [{ "pattern": "1", "note": "x" }, { "pattern": "2" }, { "pattern": "3" }] });
    app.post(ENTRIES, changed.clone()).await.expect(200);
    app.post(ENTRIES, changed).await.expect(200);
    delete(&app, &["2", "9"]).await.expect(200);
    let recorded = events(&app, "").await;
    let recorded: Vec<&Value> =
        recorded.iter().filter(|event| event["target"].as_str().is_some_and(|target| target == ENTRIES)).collect();
    let of = |event: &Value| (event["before"]["entries"].clone(), event["after"]["entries"].clone());
    assert_eq!(
        recorded.into_iter().map(of).collect::<Vec<_>>(),
        [
            (json!([]), json!([{ "pattern": "1" }, { "pattern": "2" }])),
            (json!([{ "pattern": "1" }]), json!([{ "pattern": "1", "note": "x" }, { "pattern": "3" }])),
            (json!([{ "pattern": "2" }]), json!([])),
        ]
    );
    assert_eq!(app.get(LIST).await.expect(200)["entryCount"], 2);
}
