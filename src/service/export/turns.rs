//! Limits the exports in progress.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use call_acceptance_api::{
    value::name::TenantId,
    wire::problem::{Failure, ProblemCode, Refusal},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    config::ExportConfig,
    store::{self, Connection},
};

/// `Retry-After` of a refused export, in seconds.
const RETRY_AFTER: u32 = 10;

/// Limits the exports in progress: one of a tenant, and a few in all.
pub(in crate::service) struct ExportTurns {
    /// Has a connection for each.
    pub(super) db: Connection,
    pub(super) config: ExportConfig,
    permits: Arc<Semaphore>,
    tenants: Arc<Mutex<HashSet<TenantId>>>,
}

/// The permit for one export.
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
    tenants: Arc<Mutex<HashSet<TenantId>>>,
    /// The tenant that is exported.
    pub(super) tenant: TenantId,
}

fn locked(tenants: &Mutex<HashSet<TenantId>>) -> MutexGuard<'_, HashSet<TenantId>> {
    tenants.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Turn {
    fn drop(&mut self) {
        locked(&self.tenants).remove(&self.tenant);
    }
}

impl ExportTurns {
    /// No export is in progress.
    pub fn of(db: &Connection, config: ExportConfig) -> Self {
        let connections = u32::try_from(config.concurrent).unwrap_or(u32::MAX);
        Self {
            db: store::apart(db, connections),
            config,
            permits: Arc::new(Semaphore::new(config.concurrent)),
            tenants: Arc::default(),
        }
    }

    /// The permit for an export of `tenant`.
    ///
    /// # Errors
    /// `too_many_exports` if the tenant is being exported, or as many others as can be.
    pub(super) fn admit(&self, tenant: &TenantId) -> Result<Turn, Failure> {
        let permit = self.permits.clone().try_acquire_owned();
        let permit = permit.map_err(|_| refused("The server has the maximum of exports in progress".to_owned()))?;
        if !locked(&self.tenants).insert(tenant.clone()) {
            return Err(refused(format!("The tenant {:?} is being exported", tenant.as_str())));
        }
        Ok(Turn { _permit: permit, tenants: self.tenants.clone(), tenant: tenant.clone() })
    }
}

fn refused(why: String) -> Failure {
    let detail = format!("{why}; try again when that is done.");
    Failure::Refused(Refusal { retry_after: Some(RETRY_AFTER), ..Refusal::new(ProblemCode::TooManyExports, detail) })
}
