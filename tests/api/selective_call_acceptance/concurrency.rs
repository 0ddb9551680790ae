//! Writers at the same time.

use futures_util::future::join_all;
use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use super::{any, create, names};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, JSON, SERVICE, both_databases},
};

#[apply(both_databases)]
async fn forty_concurrent_creations_of_twenty_names_make_twenty_criteria(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let creates = (0..40).map(|number| app.post(CRITERIA, any(&format!("c{}", number % 20))));
    let mut statuses: Vec<u16> = join_all(creates).await.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [[200; 20], [409; 20]].concat());
    assert_eq!(names(&app).await.len(), 20);
}

#[apply(both_databases)]
async fn one_of_concurrent_writers_of_a_revision_wins(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    create(&app, "a").await;
    let tag = app.get(SERVICE).await.header("etag").to_owned();
    let body = json!({ "newName": "b" }).to_string();
    let headers = [JSON, ("If-Match", tag.as_str())];
    let path = format!("{CRITERIA}a/");
    let writes = (0..10).map(|_| app.send(Method::PUT, &path, &headers, Some(body.clone())));
    let mut statuses: Vec<u16> = join_all(writes).await.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![412; 9]].concat());
}

#[apply(both_databases)]
async fn no_concurrent_write_is_lost(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let entries: Vec<_> = (0..20).map(|number| any(&format!("c{number}"))).collect();
    app.put(SERVICE, json!({ "criteria": entries })).await.expect(200);
    let deactivate = |number: usize| {
        let app = &app;
        async move {
            let entry = json!({ "criteria": [{ "name": format!("c{number}"), "active": false }] });
            app.put(SERVICE, entry).await.expect(200);
        }
    };
    join_all((0..20).map(deactivate)).await;
    let service = app.get(SERVICE).await.expect(200);
    assert!(
        service["criteria"]
            .as_array()
            .is_some_and(|criteria| criteria.iter().all(|criteria| criteria["active"] == false))
    );
}
