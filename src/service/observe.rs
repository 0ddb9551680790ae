//! What a scrape of the metrics reads from the running server.

use std::sync::LazyLock;

use super::{metrics::METRICS, server::Server};
use crate::{
    rules::screening::NUMBERING_PLANS,
    store::{self, metrics::PoolState},
    telemetry::metrics::{IntGauge, gauge_vec},
};

static BUILD: LazyLock<IntGauge> = LazyLock::new(|| {
    let labels = ["version", "numbering_plans"];
    let build = gauge_vec("call_acceptance_build_info", "Always 1; its labels say what is running.", &labels);
    build.with_label_values(&[env!("CARGO_PKG_VERSION"), NUMBERING_PLANS])
});

impl Server {
    /// Sets the gauges to the present state, before a scrape.
    pub fn observe(&self) {
        BUILD.set(1);
        LazyLock::force(&store::metrics::METRICS);
        let (number, bytes) = self.snapshots.size();
        METRICS.snapshots.set(number);
        METRICS.bytes.set(bytes);
        METRICS.max_bytes.set(self.snapshots.max_bytes());
        let (lists, bytes) = self.snapshots.size_of_lists();
        METRICS.number_lists.set(lists);
        METRICS.number_list_bytes.set(bytes);
        METRICS.queued_loads.set(self.snapshots.queued_loads());
        METRICS.feed_lag.set(self.snapshots.lag().as_secs_f64());
        METRICS.replica_lag.set(self.replica.as_ref().map_or(0.0, |replica| replica.lag().as_secs_f64()));
        // An embedded database has one pool, which is that of requests.
        let pools = [Some(&self.db), (!store::is_embedded(&self.db)).then_some(&self.calls)];
        for (pool, [in_use, idle, max]) in pools.into_iter().zip(&METRICS.connections) {
            let Some(state) = pool.map(PoolState::of) else { continue };
            in_use.set(state.in_use.into());
            idle.set(state.idle.into());
            max.set(state.max.into());
        }
    }
}
