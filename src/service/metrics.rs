//! Metrics of decisions, and of what is kept in memory for them.

use std::{array, sync::LazyLock};

use call_acceptance_api::resource::{
    decision::{Decision, Reason, Verdict},
    transfer::import::ImportStatus,
};

use super::refusals::refusals_not_recorded;
use crate::telemetry::metrics::{
    Gauge, IntCounter, IntGauge, counter, counter_vec, counters, gauge, gauge_vec, seconds, total,
};

/// The metrics of the service.
pub(super) static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::registered);

/// See [`METRICS`].
pub(super) struct Metrics {
    decisions: [IntCounter; Reason::ALL.len()],
    stale: IntCounter,
    lookups: [IntCounter; 7],
    loads: [IntCounter; 3],
    flushes: [IntCounter; 2],
    exports: [IntCounter; 3],
    imports: [IntCounter; ImportStatus::ALL.len()],
    /// Calls that were not counted, for want of memory.
    pub lost_calls: IntCounter,
    /// Refused calls that were not recorded, for want of memory.
    pub lost_refused_calls: IntCounter,
    /// Snapshots that were evicted.
    pub evictions: IntCounter,
    /// Snapshots in memory.
    pub snapshots: IntGauge,
    /// Their approximate memory.
    pub bytes: IntGauge,
    /// The memory that they may take.
    pub max_bytes: IntGauge,
    /// Number lists in memory.
    pub number_lists: IntGauge,
    /// Their approximate memory.
    pub number_list_bytes: IntGauge,
    /// Loads that wait for a connection.
    pub queued_loads: IntGauge,
    /// Time since the feed was read.
    pub feed_lag: Gauge,
    replica_reads: [IntCounter; 3],
    /// How far the replica is behind at most.
    pub replica_lag: Gauge,
    /// Connections in use, idle and at most, of the pool of requests and of that of decisions.
    pub connections: [[IntGauge; 3]; 2],
}

/// How a snapshot for a decision was found, in the order of the label's values.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lookup {
    /// In memory, and up to date.
    Memory,
    /// Loaded from the database within the deadline.
    Loaded,
    /// In memory and outdated: its successor could not be loaded in time.
    Outdated,
    /// In memory, and possibly outdated: the database is unavailable or too slow.
    Stale,
    /// Not found: the deadline has passed.
    Late,
    /// Not found: the database is unavailable.
    Unavailable,
    /// Not found: internal error.
    Failed,
}

/// Where a read was answered that may go to a replica, in the order of the label's values.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReplicaRead {
    /// By the replica.
    Answered,
    /// By the primary, since the replica failed or did not find it.
    Repeated,
    /// By the primary, since the replica was not used.
    Bypassed,
}

/// How an export ended, in the order of the label's values.
#[derive(Debug, Clone, Copy)]
pub(super) enum ExportEnd {
    /// The client has the whole file.
    Complete,
    /// The client hung up or was too slow.
    Abandoned,
    /// The database or the server failed.
    Failed,
}

/// How the load of a snapshot ended, in the order of the label's values.
#[derive(Debug, Clone, Copy)]
pub(super) enum Load {
    /// With a snapshot.
    Loaded,
    /// There is no such user.
    Absent,
    /// With an error.
    Failed,
}

impl Metrics {
    fn registered() -> Self {
        let decisions = counter_vec(
            "call_acceptance_decisions_total",
            "Decisions, by verdict and reason.",
            &["decision", "reason"],
        );
        let of_reason = |reason: Reason| decisions.with_label_values(&[verdict(reason), reason.as_str()]);
        total(
            "call_acceptance_refusals_not_recorded_total",
            "Refused requests that were not recorded in the audit.",
            refusals_not_recorded,
        );
        Self {
            decisions: Reason::ALL.map(of_reason),
            stale: counter(
                "call_acceptance_decisions_stale_total",
                "Decisions from memory that may be out of date: the database was unavailable or too slow.",
            ),
            lookups: counters(
                "call_acceptance_snapshot_lookups_total",
                "Lookups of users for decisions, by outcome.",
                "outcome",
                ["memory", "loaded", "outdated", "stale", "deadline_exceeded", "unavailable", "error"],
            ),
            loads: counters(
                "call_acceptance_snapshot_loads_total",
                "Loads of users from the database, by result.",
                "result",
                ["loaded", "absent", "failed"],
            ),
            exports: counters(
                "call_acceptance_exports_total",
                "Exports of tenants, by result.",
                "result",
                ["complete", "abandoned", "failed"],
            ),
            flushes: counters(
                "call_acceptance_statistics_flushes_total",
                "Attempts to write statistics to the database, by result.",
                "result",
                ["written", "failed"],
            ),
            imports: counters(
                "call_acceptance_imports_total",
                "Imports that have begun (`running`) or ended here, by status.",
                "status",
                ImportStatus::ALL.map(ImportStatus::as_str),
            ),
            lost_calls: counter(
                "call_acceptance_statistics_calls_lost_total",
                "Calls that are in no statistics, since too many counts wait to be written.",
            ),
            lost_refused_calls: counter(
                "call_acceptance_refused_calls_lost_total",
                "Refused calls that were not recorded, since too many wait to be written.",
            ),
            evictions: counter(
                "call_acceptance_snapshot_evictions_total",
                "Users that were evicted from memory to make room for others.",
            ),
            snapshots: gauge("call_acceptance_snapshots", "Users in memory for decisions."),
            bytes: gauge("call_acceptance_snapshots_bytes", "Approximate memory of the users in memory."),
            max_bytes: gauge("call_acceptance_snapshots_max_bytes", "Memory that users in memory may take."),
            number_lists: gauge("call_acceptance_number_lists", "Number lists in memory for decisions."),
            number_list_bytes: gauge(
                "call_acceptance_number_lists_bytes",
                "Approximate memory of the number lists in memory.",
            ),
            queued_loads: gauge(
                "call_acceptance_snapshot_loads_queued",
                "Loads of users that wait for a connection to the database.",
            ),
            feed_lag: seconds("call_acceptance_feed_lag_seconds", "Time since the feed of changes was last read."),
            replica_reads: counters(
                "call_acceptance_replica_reads_total",
                "Reads that may go to a replica, by who answered.",
                "outcome",
                ["replica", "repeated", "bypassed"],
            ),
            replica_lag: seconds(
                "call_acceptance_replica_lag_seconds",
                "How far the replica is behind at most; 0 without a replica.",
            ),
            connections: connections(),
        }
    }

    /// Counts a decision.
    pub fn count_decision(&self, decision: &Decision) {
        self.decisions[decision.reason as usize].inc();
        if decision.stale == Some(true) {
            self.stale.inc();
        }
    }

    /// Counts an export that has ended.
    pub fn count_export(&self, end: ExportEnd) {
        self.exports[end as usize].inc();
    }

    /// Counts the lookup of a snapshot.
    pub fn count_lookup(&self, outcome: Lookup) {
        self.lookups[outcome as usize].inc();
    }

    /// Counts an import that begins or has ended, if it has.
    pub fn count_import(&self, status: Option<ImportStatus>) {
        if let Some(status) = status {
            self.imports[status as usize].inc();
        }
    }

    /// Counts an attempt to write statistics.
    pub fn count_flush(&self, written: bool) {
        self.flushes[usize::from(!written)].inc();
    }

    /// Counts a read that may go to a replica.
    pub fn count_replica_read(&self, outcome: ReplicaRead) {
        self.replica_reads[outcome as usize].inc();
    }

    /// Counts the load of a snapshot.
    pub fn count_load(&self, result: Load) {
        self.loads[result as usize].inc();
    }
}

fn verdict(reason: Reason) -> &'static str {
    match reason.verdict() {
        Verdict::Accept => "accept",
        Verdict::Reject => "reject",
    }
}

fn connections() -> [[IntGauge; 3]; 2] {
    let open = gauge_vec(
        "call_acceptance_database_connections",
        "Connections to the database, by pool and state.",
        &["pool", "state"],
    );
    let max = gauge_vec(
        "call_acceptance_database_connections_max",
        "Maximum number of connections to the database, by pool.",
        &["pool"],
    );
    let pools = ["requests", "decisions"];
    array::from_fn(|pool| {
        let state = |state| open.with_label_values(&[pools[pool], state]);
        [state("in_use"), state("idle"), max.with_label_values(&[pools[pool]])]
    })
}
