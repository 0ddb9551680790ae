//! Updating users.

use futures_util::future::join_all;
use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{OTHERS, USERS, astray, with_groups};
use crate::{
    database::Kind,
    harness::{App, USER, both_databases},
    tenants::NO_IDENTIFIERS,
};

async fn with_foouser(app: &App) -> Value {
    with_groups(app).await;
    let body = json!({
        "userId": "foouser",
        "firstName": "Foo",
        "lastName": "User",
        "emailAddress": "foo.user@example.com",
        "phoneNumber": "+3225550100",
        "extension": "100",
        "timeZone": "Europe/Brussels",
    });
    app.post(USERS, body).await.expect(201)
}

#[apply(both_databases)]
async fn update_changes_only_the_given_members(#[case] database: Kind) {
    let app = App::start(database).await;
    let mut user = with_foouser(&app).await;
    app.post(OTHERS, json!({ "userId": "foouser" })).await.expect(201);
    for (member, text) in [
        ("firstName", "Zoë"),
        ("lastName", "van Acker"),
        ("emailAddress", "a@b"),
        ("phoneNumber", "+3225550199"),
        ("extension", "0"),
        ("timeZone", "UTC"),
    ] {
        user[member] = text.into();
        assert_eq!(app.put(USER, json!({ member: text })).await.expect(200), user);
    }
    assert_eq!(app.get(USER).await.expect(200), user);
    assert_eq!(app.get(&format!("{OTHERS}foouser/")).await.expect(200), json!({ "userId": "foouser" }));
}

#[apply(both_databases)]
async fn update_clears_with_null(#[case] database: Kind) {
    let app = App::start(database).await;
    let mut user = with_foouser(&app).await;
    for member in ["firstName", "lastName", "emailAddress", "phoneNumber", "extension", "timeZone"] {
        user.as_object_mut().expect("a user is an object").remove(member);
        assert_eq!(app.put(USER, json!({ member: null })).await.expect(200), user);
    }
    assert_eq!(app.get(USER).await.expect(200), json!({ "userId": "foouser" }));
}

#[apply(both_databases)]
async fn update_with_nothing_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await;
    let user = with_foouser(&app).await;
    assert_eq!(app.put(USER, json!({})).await.expect(200), user);
    assert_eq!(app.get(USER).await.expect(200), user);
}

#[apply(both_databases)]
async fn update_with_the_response_of_view_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await;
    let user = with_foouser(&app).await;
    assert_eq!(app.put(USER, user.clone()).await.expect(200), user);
}

#[apply(both_databases)]
async fn update_ignores_an_identifier_in_the_body(#[case] database: Kind) {
    let app = App::start(database).await;
    let user = with_foouser(&app).await;
    for id in NO_IDENTIFIERS.into_iter().chain(["bar"]) {
        assert_eq!(app.put(USER, json!({ "userId": id })).await.expect(200), user);
    }
    assert_eq!(app.get(USERS).await.expect(200), json!({ "users": [user] }));
}

#[apply(both_databases)]
async fn update_to_a_taken_phone_number_answers_409_and_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await;
    with_foouser(&app).await;
    for users in [USERS, OTHERS] {
        let path = format!("{users}second/");
        app.post(users, json!({ "userId": "second", "firstName": "Second" })).await.expect(201);
        let taken = json!({ "firstName": "New", "phoneNumber": "+3225550100" });
        app.put(&path, taken).await.expect_problem(409, "phone_number_taken");
        assert_eq!(app.get(&path).await.expect(200), json!({ "userId": "second", "firstName": "Second" }));
    }
}

#[apply(both_databases)]
async fn a_phone_number_that_was_cleared_can_be_used_again(#[case] database: Kind) {
    let app = App::start(database).await;
    with_foouser(&app).await;
    app.post(OTHERS, json!({ "userId": "second" })).await.expect(201);
    app.put(USER, json!({ "phoneNumber": null })).await.expect(200);
    app.put(&format!("{OTHERS}second/"), json!({ "phoneNumber": "+3225550100" })).await.expect(200);
    app.put(USER, json!({ "phoneNumber": "+3225550100" })).await.expect_problem(409, "phone_number_taken");
}

#[apply(both_databases)]
async fn one_of_concurrent_updates_to_the_same_phone_number_wins(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    let paths: Vec<String> = (0..10).map(|number| format!("{USERS}{number}/")).collect();
    for number in 0..10 {
        app.post(USERS, json!({ "userId": number.to_string() })).await.expect(201);
    }
    let updates = paths.iter().map(|path| app.put(path, json!({ "phoneNumber": "+3225550100" })));
    let (won, lost): (Vec<_>, Vec<_>) = join_all(updates).await.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 9));
    for answer in lost {
        answer.expect_problem(409, "phone_number_taken");
    }
}

#[apply(both_databases)]
async fn concurrent_updates_of_different_members_are_all_kept(#[case] database: Kind) {
    let app = App::start(database).await;
    with_foouser(&app).await;
    let members = ["firstName", "lastName", "emailAddress", "phoneNumber", "extension", "timeZone"];
    let updates = join_all(members.map(|member| app.put(USER, json!({ member: null })))).await;
    updates.iter().for_each(|answer| drop(answer.expect(200)));
    assert_eq!(app.get(USER).await.expect(200), json!({ "userId": "foouser" }));
}

#[apply(both_databases)]
async fn update_reports_all_faults_at_once_and_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await;
    let user = with_foouser(&app).await;
    let body = json!({
        "userId": null,
        "firstName": "",
        "lastName": "a".repeat(81),
        "emailAddress": "",
        "phoneNumber": "+0",
        "extension": "",
        "timeZone": "",
        "groupId": "foogroup",
    });
    app.put(USER, body).await.expect_faults(&[
        "/userId",
        "/firstName",
        "/lastName",
        "/emailAddress",
        "/phoneNumber",
        "/extension",
        "/timeZone",
        "/groupId",
    ]);
    app.put(USER, json!({ "firstName": "New", "extension": "x" })).await.expect_faults(&["/extension"]);
    assert_eq!(app.get(USER).await.expect(200), user);
}

#[apply(both_databases)]
async fn update_refuses_values_of_another_type(#[case] database: Kind) {
    let app = App::start(database).await;
    let user = with_foouser(&app).await;
    for member in ["firstName", "lastName", "emailAddress", "phoneNumber", "extension", "timeZone"] {
        for value in [json!(100), json!(false), json!([]), json!({})] {
            app.put(USER, json!({ member: value })).await.expect_faults(&[&format!("/{member}")]);
        }
    }
    assert_eq!(app.get(USER).await.expect(200), user);
}

#[apply(both_databases)]
async fn update_names_the_missing_parent(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    app.post(OTHERS, json!({ "userId": "other" })).await.expect(201);
    for body in [json!({}), json!({ "firstName": "New" })] {
        for (users, missing) in astray() {
            app.put(&format!("{users}other/"), body.clone()).await.expect_problem(404, missing);
        }
        app.put(&format!("{USERS}other/"), body).await.expect_problem(404, "user_not_found");
    }
    app.put(&format!("{USERS}a%2Fb/"), json!({})).await.expect_faults(&["user_id"]);
    assert_eq!(app.get(USERS).await.expect(200), json!({ "users": [] }));
}
