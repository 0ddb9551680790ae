//! How long counts and refused calls are kept.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use call_acceptance::clock::{Clock, SystemClock};
use jiff::{SignedDuration, Timestamp};
use rstest_reuse::apply;
use serde_json::json;
use uuid::Uuid;

use super::{FRIEND, REFUSED_CALLS, STATISTICS, STRANGER, once_counted};
use crate::{
    database::Kind,
    decisions::{create, decide, with_number},
    harness::{App, Running, both_databases, config},
};

/// A clock that is so many days ahead.
struct Ahead(i64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_hours(24 * self.0)
    }

    fn new_id(&self) -> Uuid {
        SystemClock.new_id()
    }
}

#[apply(both_databases)]
async fn counts_are_kept_60_days_by_the_hour_and_400_by_the_day_and_refused_calls_30(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    app.put("/api/v1/tenants/foo/", json!({ "recordRefusedCalls": true })).await.expect(200);
    create(&app, "friends", &[FRIEND]).await;
    decide(&app, STRANGER).await;
    once_counted(&app, STATISTICS, 1).await;
    while app.get(REFUSED_CALLS).await.expect(200)["calls"] == json!([]) {}
    let left = async || {
        let mut left = [0; 3];
        for (left, rows) in left.iter_mut().zip([
            "statistics WHERE bucket = 'hour'",
            "statistics WHERE bucket = 'day'",
            "refused_calls WHERE 1 = 1",
        ]) {
            *left = app.database.number(&format!("SELECT COUNT(*) FROM {rows}")).await;
        }
        left
    };
    // One of the user, one of the group and one of the tenant.
    for (days, expected) in
        [(29, [3, 3, 1]), (31, [3, 3, 0]), (59, [3, 3, 0]), (62, [0, 3, 0]), (399, [0, 3, 0]), (402, [0, 0, 0])]
    {
        // An instance deletes what is old when it starts.
        let _later = Running::start_with(config(&app.database.url), Arc::new(Ahead(days))).await;
        let begun = Instant::now();
        while left().await != expected {
            assert!(begun.elapsed() < Duration::from_secs(60), "after {days} days: {:?}", left().await);
        }
    }
}
