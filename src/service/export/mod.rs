//! Exports of tenants.
//!
//! An export is a task of its own, which reads one state of the database page by page (`pages`) and hands the file out
//! in parts (`parts`), as fast as its reader takes them. It has a connection apart from those of requests, which it
//! gives back at the latest when the reader was too slow for its time.

mod ahead;
mod broken;
mod pages;
mod parts;
pub(super) mod turns;

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::{
        tenant::Tenant,
        transfer::export::{Exports, TenantFile},
    },
    value::{
        name::TenantId,
        owner::{Level, Owner},
    },
    wire::problem::Failure,
};
use tokio::time::timeout;

use self::{
    broken::Broken,
    parts::{Parts, parts},
    turns::Turn,
};
use super::{
    metrics::{ExportEnd, METRICS},
    owner::missing_owner,
    server::Server,
};
use crate::{
    config::ExportConfig,
    store::{Transaction, export, tenant},
};

#[async_trait]
impl Exports for Server {
    async fn export(&self, by: &Actor, tenant: TenantId) -> Result<TenantFile, Failure> {
        let turn = self.exports.admit(&tenant)?;
        let transaction = export::begin(&self.exports.db).await?;
        let found = tenant::find(&transaction, &tenant).await?;
        let found = found.ok_or_else(|| missing_owner(&Owner::Tenant(tenant.clone()), Level::Tenant))?;
        let (parts, file) = parts(self.exports.config.part_timeout);
        let export = Export { transaction: Arc::new(transaction), turn, request_id: by.request_id.clone(), parts };
        tokio::spawn(export.run(self.exports.config, found));
        Ok(file)
    }
}

/// An export in progress.
struct Export {
    transaction: Arc<Transaction>,
    turn: Turn,
    request_id: String,
    parts: Parts,
}

impl Export {
    async fn run(mut self, config: ExportConfig, tenant: Tenant) {
        let started = Instant::now();
        let written = pages::write(&self.transaction, &self.turn.tenant, tenant, &mut self.parts);
        let end = timeout(config.timeout, written).await.unwrap_or(Err(Broken::Slow));
        // It only read; the last reader that still has it rolls it back.
        drop(self.transaction);
        let (tenant, request_id) = (self.turn.tenant.clone(), self.request_id);
        // Before the reader sees the end, so that it can ask for the next export.
        drop(self.turn);
        METRICS.count_export(match end {
            Ok(()) => ExportEnd::Complete,
            Err(Broken::Gone | Broken::Slow) => ExportEnd::Abandoned,
            Err(Broken::Failed(_)) => ExportEnd::Failed,
        });
        let (lines, bytes, duration_ms) = (self.parts.lines, self.parts.bytes, started.elapsed().as_millis());
        match end {
            Ok(()) => {
                tracing::info!(%tenant, lines, bytes, duration_ms, %request_id, "exported a tenant");
                self.parts.complete().await;
            }
            Err(broken) => {
                let cause = match broken {
                    Broken::Gone => "its reader is gone".to_owned(),
                    Broken::Slow => "its reader is too slow".to_owned(),
                    Broken::Failed(failure) => failure.to_string(),
                };
                tracing::warn!(%tenant, lines, bytes, duration_ms, %request_id, cause, "an export was broken off");
            }
        }
    }
}
