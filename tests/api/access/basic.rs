//! Tokens by HTTP Basic, for clients that support nothing else.

use rstest_reuse::apply;

use crate::{
    database::{ADMIN, Kind},
    harness::{App, both_databases, stranger},
};

const TENANTS: &str = "/api/v1/tenants/";

async fn status(app: &App, user: &str, password: &str) -> u16 {
    let request = stranger().get(app.url(TENANTS)).basic_auth(user, Some(password));
    request.send().await.expect("the server answers").status().as_u16()
}

#[apply(both_databases)]
async fn identifier_and_secret_are_user_name_and_password(#[case] database: Kind) {
    let app = App::start(database).await;
    let token = ADMIN.text();
    let (id, secret) = token.strip_prefix("ca_").and_then(|rest| rest.split_once('_')).expect("ca_<id>_<secret>");
    assert_eq!(status(&app, id, secret).await, 200);
    assert_eq!(status(&app, id, &secret[1..]).await, 401);
    assert_eq!(status(&app, "somebody", secret).await, 401);
    let request = stranger().get(app.url(TENANTS)).header("Authorization", "Basic no base64");
    assert_eq!(request.send().await.expect("the server answers").status().as_u16(), 401);
}
