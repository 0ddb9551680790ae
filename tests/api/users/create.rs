//! Creating users.

use futures_util::future::join_all;
use rstest_reuse::apply;
use serde_json::json;

use super::{OTHERS, USERS, astray, with_groups};
use crate::{
    database::Kind,
    harness::{App, USER, both_databases},
    tenants::NO_IDENTIFIERS,
};

#[apply(both_databases)]
async fn create_answers_201_with_its_place_and_the_user(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    let body = json!({
        "userId": "zoë van acker@example.com",
        "firstName": "Zoë",
        "lastName": "van Acker",
        "emailAddress": "zoë@example.com",
        "phoneNumber": "+3225550100",
        "extension": "0100",
        "timeZone": "Europe/Brussels",
    });
    let answer = app.post(USERS, body.clone()).await;
    assert_eq!(answer.expect(201), body);
    assert_eq!(answer.header("location"), format!("{USERS}zo%C3%AB%20van%20acker%40example.com/"));
    assert_eq!(app.get(answer.header("location")).await.expect(200), body);
}

#[apply(both_databases)]
async fn create_accepts_null_for_optional_members(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    let body = json!({
        "userId": "foouser", "firstName": null, "lastName": null, "emailAddress": null, "phoneNumber": null,
        "extension": null, "timeZone": null,
    });
    assert_eq!(app.post(USERS, body).await.expect(201), json!({ "userId": "foouser" }));
    app.post(USERS, json!({ "userId": "second", "phoneNumber": null })).await.expect(201);
}

#[apply(both_databases)]
async fn create_with_a_taken_identifier_answers_409_and_keeps_the_first(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    app.post(USERS, json!({ "userId": "foouser", "firstName": "First" })).await.expect(201);
    let second = json!({ "userId": "foouser", "firstName": "Second", "phoneNumber": "+3225550100" });
    app.post(USERS, second).await.expect_problem(409, "user_exists");
    assert_eq!(app.get(USER).await.expect(200), json!({ "userId": "foouser", "firstName": "First" }));
    app.post(USERS, json!({ "userId": "free", "phoneNumber": "+3225550100" })).await.expect(201);
}

#[apply(both_databases)]
async fn a_repeated_creation_fails_because_the_user_exists(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    let body = json!({ "userId": "foouser", "phoneNumber": "+3225550100" });
    app.post(USERS, body.clone()).await.expect(201);
    app.post(USERS, body).await.expect_problem(409, "user_exists");
}

#[apply(both_databases)]
async fn identifiers_are_unique_only_within_their_group_and_case(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    app.post("/api/v1/tenants/foo/groups/", json!({ "groupId": "second" })).await.expect(201);
    for users in [USERS, OTHERS, "/api/v1/tenants/foo/groups/second/users/"] {
        for id in ["foouser", "Foouser"] {
            app.post(users, json!({ "userId": id })).await.expect(201);
        }
    }
}

#[apply(both_databases)]
async fn a_phone_number_is_unique_in_the_whole_system(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    app.post(USERS, json!({ "userId": "a", "phoneNumber": "+3225550100", "extension": "100" })).await.expect(201);
    for users in [USERS, OTHERS] {
        let taken = json!({ "userId": "b", "phoneNumber": "+3225550100" });
        app.post(users, taken).await.expect_problem(409, "phone_number_taken");
        app.get(&format!("{users}b/")).await.expect_problem(404, "user_not_found");
    }
    app.post(USERS, json!({ "userId": "b", "extension": "100" })).await.expect(201);
    app.delete(&format!("{USERS}a/")).await.expect(200);
    app.post(OTHERS, json!({ "userId": "b", "phoneNumber": "+3225550100" })).await.expect(201);
}

#[apply(both_databases)]
async fn create_counts_characters_and_not_bytes(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    let body = json!({ "userId": "😀".repeat(161), "firstName": "é".repeat(80), "lastName": "語".repeat(80) });
    let answer = app.post(USERS, body.clone()).await;
    assert_eq!(answer.expect(201), body);
    assert_eq!(app.get(answer.header("location")).await.expect(200), body);
    let body = json!({ "userId": "😀".repeat(162), "firstName": "é".repeat(81), "lastName": "語".repeat(81) });
    app.post(USERS, body).await.expect_faults(&["/userId", "/firstName", "/lastName"]);
}

#[apply(both_databases)]
async fn create_refuses_invalid_identifiers(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    for id in NO_IDENTIFIERS {
        app.post(USERS, json!({ "userId": id })).await.expect_faults(&["/userId"]);
    }
    app.post(USERS, json!({ "firstName": "A" })).await.expect_faults(&["/userId"]);
}

#[apply(both_databases)]
async fn create_reports_all_faults_at_once(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    let body = json!({
        "userId": null,
        "firstName": "",
        "lastName": " a",
        "emailAddress": "nobody",
        "phoneNumber": "025550100",
        "extension": "1a",
        "timeZone": "Mars/Olympus",
        "groupId": "foogroup",
    });
    app.post(USERS, body).await.expect_faults(&[
        "/userId",
        "/firstName",
        "/lastName",
        "/emailAddress",
        "/phoneNumber",
        "/extension",
        "/timeZone",
        "/groupId",
    ]);
    assert_eq!(app.get(USERS).await.expect(200), json!({ "users": [] }));
}

#[apply(both_databases)]
async fn create_takes_and_refuses_values_at_their_limits(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    let longest = format!("a@{}", "b".repeat(252));
    let right = json!([
        { "phoneNumber": "+32", "extension": "0", "emailAddress": "a@b" },
        { "phoneNumber": "+123456789012345", "extension": "1".repeat(20), "emailAddress": longest },
    ]);
    for (number, body) in right.as_array().expect("a list").iter().enumerate() {
        let mut body = body.clone();
        body["userId"] = number.to_string().into();
        assert_eq!(app.post(USERS, body.clone()).await.expect(201), body);
    }
    for (member, text) in [
        ("phoneNumber", "+1234567890123456"),
        ("phoneNumber", "+3"),
        ("phoneNumber", "+0225550100"),
        ("phoneNumber", "3225550100"),
        ("phoneNumber", "+32 2 555"),
        ("phoneNumber", "tel:+3225550100"),
        ("phoneNumber", "+32255501٠٠"),
        ("phoneNumber", "+3225550100\n"),
        ("phoneNumber", ""),
        ("extension", ""),
        ("extension", "123456789012345678901"),
        ("extension", "+1"),
        ("extension", "١"),
        ("emailAddress", "a@"),
        ("emailAddress", "@b"),
        ("emailAddress", "a@b@c"),
        ("emailAddress", "a b@c"),
        ("emailAddress", &format!("{longest}b")),
        ("emailAddress", "a@b\u{0}"),
    ] {
        let answer = app.post(USERS, json!({ "userId": "foouser", member: text })).await;
        answer.expect_faults(&[&format!("/{member}")]);
    }
}

#[apply(both_databases)]
async fn create_names_the_missing_parent(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    for (users, missing) in astray() {
        app.post(users, json!({ "userId": "foouser" })).await.expect_problem(404, missing);
    }
    let users = "/api/v1/tenants/%20a/groups/b%2F/users/";
    app.post(users, json!({ "userId": "foouser" })).await.expect_faults(&["tenant_id"]);
    app.post("/api/v1/tenants/foo/groups/b%2F/users/", json!({ "userId": "a" })).await.expect_faults(&["group_id"]);
}

#[apply(both_databases)]
async fn one_of_concurrent_creations_wins(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    let creations = (0..20).map(|_| app.post(USERS, json!({ "userId": "foouser" })));
    let (won, lost): (Vec<_>, Vec<_>) = join_all(creations).await.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for answer in lost {
        answer.expect_problem(409, "user_exists");
    }
}

#[apply(both_databases)]
async fn one_of_concurrent_creations_with_the_same_phone_number_wins(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    let create = async |(users, number): (&str, usize)| {
        app.post(users, json!({ "userId": number.to_string(), "phoneNumber": "+3225550100" })).await
    };
    let creations = [USERS, OTHERS].into_iter().cycle().zip(0..20).map(create);
    let (won, lost): (Vec<_>, Vec<_>) = join_all(creations).await.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for answer in lost {
        answer.expect_problem(409, "phone_number_taken");
    }
    app.get(won[0].header("location")).await.expect(200);
}
