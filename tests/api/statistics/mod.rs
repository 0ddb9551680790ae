//! Statistics of calls, and the list of refused ones.

mod bounds;
mod count;
mod crash;
mod deletion;
mod plan;
mod refused_calls;
mod retention;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    decisions::{DECISIONS, NUMBER},
    harness::{App, Running, client},
};

const STATISTICS: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/statistics/";
const OF_GROUP: &str = "/api/v1/tenants/foo/groups/foogroup/statistics/";
const OF_TENANT: &str = "/api/v1/tenants/foo/statistics/";
const REFUSED_CALLS: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/refused_calls/";
const FRIEND: &str = "+3225126777";
const STRANGER: &str = "+3225126778";
/// So long that nothing is written before the server stops.
const NEVER: Duration = Duration::from_secs(86_400);

/// The statistics at this path, when they have this many calls.
async fn once_counted(app: &App, path: &str, calls: i64) -> Value {
    let begun = Instant::now();
    loop {
        let statistics = app.get(path).await.expect(200);
        let counted = counted(&statistics);
        if counted == calls {
            return statistics;
        }
        assert!(counted < calls, "too many are counted: {statistics:#}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{calls} are never counted: {statistics:#}");
    }
}

/// How many calls are counted.
fn counted(statistics: &Value) -> i64 {
    let counted = statistics["accepted"].as_i64().zip(statistics["rejected"].as_i64());
    counted.map(|(accepted, rejected)| accepted + rejected).expect("both are numbers")
}

/// Asks another instance for the decision on a call from this number.
async fn ask(server: &Running, calling_number: &str) {
    ask_at(&server.url(), calling_number).await;
}

/// Asks the instance at this URL for the decision on a call from this number.
async fn ask_at(url: &str, calling_number: &str) {
    let call = json!({ "calledNumber": NUMBER, "callingNumber": calling_number });
    let sent = client().post(format!("{url}{DECISIONS}")).header("Content-Type", "application/json");
    let answer = sent.body(call.to_string()).send().await.expect("the server answers");
    let (status, body) = (answer.status(), answer.text().await.expect("a body is text"));
    assert_eq!(status, 200, "{body}");
}
