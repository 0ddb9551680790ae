//! Two instances on one database: decisions of the one follow changes of the other within the staleness.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{DECISIONS, NUMBER, create, with_number};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, Running, USER, client, config},
};

pub const FRIEND: &str = "+3225126777";
const STALENESS: Duration = Duration::from_secs(2);

/// A second instance, used for decisions only.
pub struct Other {
    pub server: Running,
    client: reqwest::Client,
}

impl Other {
    pub async fn beside(app: &App) -> Self {
        let mut configuration = config(&app.database.url);
        configuration.decisions.staleness = STALENESS;
        Self { server: Running::start(configuration).await, client: client() }
    }

    async fn decide(&self, number: &str) -> Value {
        let call = json!({ "calledNumber": number, "callingNumber": FRIEND });
        let url = format!("{}{DECISIONS}", self.server.url());
        let sent = self.client.post(url).header("Content-Type", "application/json").body(call.to_string());
        let text = sent.send().await.expect("the server answers").text().await.expect("the answer arrives whole");
        serde_json::from_str(&text).expect("the answer is JSON")
    }

    /// Waits until the decision has this reason. Another reason later than the staleness after `changed` is an error,
    /// unless the decision is stale or the status is 503.
    pub async fn follows(&self, changed: Instant, wanted: &str) {
        self.follows_for(NUMBER, changed, wanted).await;
    }

    /// The same for the user with this number.
    pub async fn follows_for(&self, number: &str, changed: Instant, wanted: &str) {
        loop {
            let late = changed.elapsed() > STALENESS;
            let decision = self.decide(number).await;
            if decision["reason"] == wanted {
                return;
            }
            let is_promised = decision["stale"] != true && decision["status"] != 503;
            assert!(!late || !is_promised, "{wanted} is not seen in time: {decision}");
            assert!(changed.elapsed() < Duration::from_secs(60), "{wanted} is never seen: {decision}");
        }
    }
}

async fn changes_are_followed(app: &App, other: &Other) {
    create(app, "friends", &[]).await;
    other.follows(Instant::now(), "no_criteria_matched").await;
    app.put(&format!("{CRITERIA}friends/"), json!({ "fromDnCriteria": { "phoneNumbers": ["025126777"] } }))
        .await
        .expect(200);
    other.follows(Instant::now(), "criteria_matched").await;
    app.put("/api/v1/tenants/foo/", json!({ "region": "FR" })).await.expect(200);
    other.follows(Instant::now(), "no_criteria_matched").await;
    app.put("/api/v1/tenants/foo/", json!({ "region": "BE" })).await.expect(200);
    other.follows(Instant::now(), "criteria_matched").await;
    app.delete(&format!("{CRITERIA}friends/")).await.expect(200);
    other.follows(Instant::now(), "no_active_criteria").await;
    app.put(USER, json!({ "phoneNumber": null })).await.expect(200);
    other.follows(Instant::now(), "unknown_called_number").await;
}

async fn follow(kind: Kind) {
    let app = with_number(App::start(kind).await).await;
    let other = Other::beside(&app).await;
    changes_are_followed(&app, &other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_instance_follows_within_the_staleness_on_sqlite() {
    follow(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_instance_follows_within_the_staleness_on_postgres() {
    follow(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_instance_follows_within_the_staleness_while_its_notifications_are_cut_off() {
    let app = with_number(App::start(Kind::Postgres).await).await;
    let other = Other::beside(&app).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let cutting = async {
        loop {
            app.database.execute(cut).await;
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = changes_are_followed(&app, &other) => {}
        () = cutting => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_a_change_overtakes_is_not_cached() {
    let app = with_number(App::start(Kind::Postgres).await).await;
    for round in 0..50 {
        let asked = async {
            for _ in 0..20 {
                super::decide(&app, FRIEND).await;
            }
        };
        let name = format!("round {round}");
        let changed = async {
            create(&app, &name, &[FRIEND]).await;
            let seen = super::decide(&app, FRIEND).await;
            app.delete(&format!("{CRITERIA}round%20{round}/")).await.expect(200);
            (seen, super::decide(&app, FRIEND).await)
        };
        let ((), (created, deleted)) = tokio::join!(asked, changed);
        assert_eq!(created["reason"], "criteria_matched", "{name}");
        assert_eq!(deleted["reason"], "no_active_criteria", "{name}");
    }
}
