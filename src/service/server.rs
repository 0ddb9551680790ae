//! The struct behind the ports.

use std::{sync::Arc, time::Duration};

use call_acceptance_api::wire::problem::Failure;

use super::{identities::Identities, snapshots::Snapshots};
use crate::{
    clock::Clock,
    config::Config,
    identity::oidc::Verifier,
    store::{self, Connection, Transaction},
};

/// The server behind the contract.
pub struct Server {
    pub(super) db: Connection,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) identities: Arc<Identities>,
    pub(super) verifier: Option<Verifier>,
    pub(super) audit_retention: Duration,
}

impl Server {
    /// A server over the database `db`, which takes time and identifiers from `clock`.
    pub fn new(db: Connection, clock: Arc<dyn Clock>, config: &Config) -> Self {
        let identities = Arc::new(Identities::default());
        let snapshots = Arc::new(Snapshots::of(db.clone(), config.decisions, identities.clone()));
        let verifier = config.oidc.clone().map(|oidc| Verifier::new(oidc, clock.clone()));
        Self { db, clock, snapshots, identities, verifier, audit_retention: config.audit_retention }
    }

    /// The database outside `transaction`, which is given up and holds its connection no more: whoever has one must not wait
    /// for another.
    pub(super) async fn outside(&self, transaction: Transaction) -> Result<&Connection, Failure> {
        store::give_up(transaction).await?;
        Ok(&self.db)
    }
}
