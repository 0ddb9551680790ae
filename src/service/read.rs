//! Where reads go: to the primary, or to a replica (`--read-database-url`), so that the primary has more time for the
//! rest.
//!
//! [`Server::read`] is the one place that decides. It serves the lists, but that of tokens, and the statistics. What is
//! asked for by its name, what has an entity tag, authentication, decisions and changes stay with the primary, since
//! who has just written something reads it there. To let a further read go to a replica, put it into [`Server::read`].

use std::{future::Future, time::Duration};

use call_acceptance_api::wire::problem::Failure;
use tokio::time::timeout;

use super::{
    metrics::{METRICS, ReplicaRead},
    server::Server,
};
use crate::store::Connection;

/// How long a read may take before the primary is asked.
const READ: Duration = Duration::from_secs(2);

impl Server {
    /// Answers a read that may be some seconds old: from the replica while it can be used, else from the primary, which
    /// also says whether there really is no such thing.
    pub(super) async fn read<T, F>(&self, read: impl Fn(Connection) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let Some(replica) = &self.replica else { return read(self.db.clone()).await };
        let Some(db) = replica.usable() else {
            METRICS.count_replica_read(ReplicaRead::Bypassed);
            return read(self.db.clone()).await;
        };
        match timeout(READ, read(db)).await {
            Ok(Ok(found)) => {
                METRICS.count_replica_read(ReplicaRead::Answered);
                return Ok(found);
            }
            Ok(Err(Failure::Refused(_))) => {}
            Ok(Err(Failure::Unavailable(cause) | Failure::Internal(cause))) => replica.fail(&cause),
            Err(_) => replica.fail(&format!("no response within {READ:?}")),
        }
        METRICS.count_replica_read(ReplicaRead::Repeated);
        read(self.db.clone()).await
    }

    /// Looks at the replica periodically, if there is one.
    pub(super) async fn watch_replica(&self) {
        match &self.replica {
            Some(replica) => replica.watch(&self.calls).await,
            None => std::future::pending().await,
        }
    }
}
