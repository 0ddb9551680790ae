//! Imports of whole tenants. A request takes its body into a file (`spool`) and hands it over (`jobs`); a background
//! task (`run`) reads it in batches (`source`), applies the lines and removes what it does not name (`names`, `sweep`).
//! Lines are applied in batches (`batch`) or all at once (`at_once`): users and services together (`together`), others
//! one by one (`line`, `service_line`); `part` is what they did.
//!
//! The row of an import has a heartbeat by the database's clock. An instance that finds one without ends it as failed;
//! whoever still works on it writes nothing more, since it no longer runs.

mod at_once;
mod batch;
pub(super) mod jobs;
mod line;
mod names;
mod part;
mod run;
mod service_line;
mod source;
mod spool;
mod sweep;
mod together;

use std::{
    fs::File,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::transfer::import::{
        Import, ImportCounts, ImportErrorCursor, ImportErrorList, ImportFile, ImportForm, ImportId, ImportList,
        ImportOptions, ImportStatus, Imports,
    },
    value::{name::TenantId, owner::Owner, time::Instant},
    wire::{
        page::PageQuery,
        problem::{Failure, ProblemCode},
        validation::BodySchemas,
    },
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{MissedTickBehavior, interval};

use self::{
    jobs::{Job, Progress, Ticket},
    run::{End, Run},
    source::Source,
};
use super::{
    change::Done, deletion::check_creation, metrics::METRICS, owner::check_owner, record::record, server::Server,
    write::Unwritten,
};
use crate::store::{StoreError, import};

/// How many imports an instance applies at a time; others wait.
const AT_ONCE: usize = 2;
/// Interval of heartbeats, and of looking for imports without one.
const BEAT: Duration = Duration::from_secs(5);

fn not_found(tenant: &TenantId, id: &ImportId) -> Failure {
    let detail = format!("The tenant {:?} has no import {:?}.", tenant.as_str(), id.as_str());
    Failure::refused(ProblemCode::ImportNotFound, detail)
}

#[async_trait]
impl Imports for Server {
    async fn list(&self, tenant: TenantId) -> Result<ImportList, Failure> {
        let imports = import::last(&self.db, &tenant).await?;
        if imports.is_empty() {
            check_owner(&self.db, &Owner::Tenant(tenant)).await?;
        }
        Ok(ImportList { imports })
    }

    async fn create(
        &self,
        by: &Actor,
        tenant: TenantId,
        options: ImportOptions,
        file: ImportFile,
    ) -> Result<Import, Failure> {
        let ImportFile { form, bytes, schemas } = file;
        let ticket = self.begin_import(by, &tenant).await?;
        let id = ticket.key.1.clone();
        match spool::spool(bytes, &ticket.progress, self.upload_idle).await? {
            None => ticket.end(),
            Some(spooled) => {
                let arrived = ticket.progress.arrived.load(Ordering::Relaxed);
                import::beat(&self.db, &tenant, &id, arrived).await?;
                let source = Source::new(spooled, form, tenant.clone(), schemas);
                self.imports.add(Job { by: by.clone(), ticket, options, source: Arc::new(Mutex::new(source)) });
            }
        }
        Imports::view(self, tenant, id).await
    }

    async fn view(&self, tenant: TenantId, id: ImportId) -> Result<Import, Failure> {
        match import::find(&self.db, &tenant, &id).await? {
            Some(import) => Ok(import),
            None => {
                check_owner(&self.db, &Owner::Tenant(tenant.clone())).await?;
                Err(not_found(&tenant, &id))
            }
        }
    }

    async fn errors(
        &self,
        tenant: TenantId,
        id: ImportId,
        page: PageQuery<ImportErrorCursor>,
    ) -> Result<ImportErrorList, Failure> {
        let errors = import::errors(&self.db, &tenant, &id, page).await?;
        if errors.errors.is_empty() {
            Imports::view(self, tenant, id).await?;
        }
        Ok(errors)
    }

    async fn cancel(&self, by: &Actor, tenant: TenantId, id: ImportId) -> Result<(), Failure> {
        let before = Imports::view(self, tenant.clone(), id.clone()).await?;
        // First, so that what it has locked becomes free.
        if let Some(progress) = self.imports.progress(&(tenant.clone(), id.clone())) {
            progress.cancel();
        }
        let (tenant, id, before) = (&tenant, &id, &before);
        let at = Instant::of(self.clock.now());
        let at = &at;
        self.change(by, |tx| async move {
            let ended = import::end(&tx, tenant, id, ImportStatus::Cancelled, at).await?;
            let after = Import { status: ImportStatus::Cancelled, finished_at: Some(at.clone()), ..before.clone() };
            let after = if ended { &after } else { before };
            let record = record(&Owner::Tenant(tenant.clone()), &["imports", id.as_str()], Some(before), Some(after))?;
            METRICS.count_import(ended.then_some(ImportStatus::Cancelled));
            Ok(Done::new(tx, (), [record]))
        })
        .await
    }
}

impl Server {
    /// Records an import that begins.
    async fn begin_import(&self, by: &Actor, tenant: &TenantId) -> Result<Ticket, Failure> {
        let permit = self.imports.admit()?;
        let id = ImportId::parse(&self.clock.new_id().simple().to_string());
        let import = &Import {
            import_id: id.map_err(|error| Failure::Internal(error.into()))?,
            status: ImportStatus::Running,
            counts: ImportCounts::default(),
            bytes_read: 0,
            started_at: Instant::of(self.clock.now()),
            finished_at: None,
        };
        let owner = &Owner::Tenant(tenant.clone());
        // One that changes nothing is there as well, and is not audited.
        let recorder = by.clone().trying(false);
        let begun = self.change(&recorder, |tx| async move {
            import::fail_dead(&tx, &import.started_at).await?;
            let inserted = match import::insert(&tx, tenant, import).await {
                Ok(()) => {
                    check_creation(&tx, owner).await?;
                    import::forget_old(&tx, tenant).await?;
                    return Ok(Done::new(tx, (), []).kept());
                }
                Err(StoreError::Reference(_)) => Unwritten::NoOwner(owner.clone()),
                Err(error) => {
                    let detail = format!(
                        "Another import of the tenant {:?} is running; wait until it has ended, or cancel it.",
                        tenant.as_str()
                    );
                    error.or_conflict(ProblemCode::ImportRunning, detail).into()
                }
            };
            self.done(tx, Err(inserted)).await
        });
        begun.await?;
        METRICS.count_import(Some(ImportStatus::Running));
        Ok(self.imports.begin((tenant.clone(), import.import_id.clone()), permit))
    }

    /// The worker: applies imports whose bodies have arrived, and keeps them alive, as long as the future is polled.
    pub(super) async fn carry_out_imports(&self) {
        tokio::join!(self.run_imports(), self.beat_imports());
    }

    async fn run_imports(&self) {
        let mut queue = self.imports.queue.lock().await;
        let mut running = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(job) = queue.recv(), if running.len() < AT_ONCE => running.push(Box::pin(self.run_import(job))),
                Some(()) = running.next(), if !running.is_empty() => {}
            }
        }
    }

    async fn run_import(&self, job: Job) {
        let ended = Run::of(self, &job).carry_out().await;
        match ended {
            Ok(end) => {
                if let End::Stored(status) = end {
                    METRICS.count_import(Some(status));
                }
                job.ticket.end();
            }
            Err(error) => {
                tracing::error!(%error, import = %job.ticket.key.1, "an import failed");
            }
        }
    }

    /// Beats for the imports of this instance, and ends those that have none.
    async fn beat_imports(&self) {
        let mut each = interval(BEAT);
        each.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! { _ = each.tick() => self.beat().await, () = self.imports.changed() => {} }
            self.end_abandoned().await;
        }
    }

    async fn beat(&self) {
        for ((tenant, id), progress) in self.imports.running() {
            let arrived = progress.arrived.load(Ordering::Relaxed);
            match import::beat(&self.db, &tenant, &id, arrived).await {
                Ok(true) => {}
                Ok(false) => progress.cancel(),
                Err(error) => tracing::debug!(%error, "the heartbeat of an import cannot be stored"),
            }
        }
        match import::fail_dead(&self.db, &Instant::of(self.clock.now())).await {
            Ok(failed) => (0..failed).for_each(|_| METRICS.count_import(Some(ImportStatus::Failed))),
            Err(error) => tracing::debug!(%error, "imports cannot be looked for"),
        }
    }

    /// Ends the imports of this instance that nobody applies any more as failed.
    pub(super) async fn end_abandoned(&self) {
        for key in self.imports.take_abandoned() {
            let at = Instant::of(self.clock.now());
            match import::end(&self.db, &key.0, &key.1, ImportStatus::Failed, &at).await {
                Ok(ended) => METRICS.count_import(ended.then_some(ImportStatus::Failed)),
                Err(error) => {
                    tracing::debug!(%error, "the end of an import cannot be stored");
                    self.imports.put_back(key);
                }
            }
        }
    }

    /// Imports a file of this machine, as a command does; `show` is told each `pause` how far it is.
    ///
    /// # Errors
    /// The tenant does not exist or has an import that runs, or the database does not answer.
    pub async fn import_file(
        &self,
        by: &Actor,
        tenant: TenantId,
        options: ImportOptions,
        file: (File, ImportForm, &'static BodySchemas),
        (pause, show): (Duration, impl Fn(&Progress)),
    ) -> Result<Import, Failure> {
        let (file, form, schemas) = file;
        let ticket = self.begin_import(by, &tenant).await?;
        let (id, progress) = (ticket.key.1.clone(), ticket.progress.clone());
        let length = file.metadata().map(|data| data.len()).unwrap_or_default();
        progress.arrived.store(i64::try_from(length).unwrap_or(i64::MAX), Ordering::Relaxed);
        let source = Source::new(file, form, tenant.clone(), schemas);
        let job = Job { by: by.clone(), ticket, options, source: Arc::new(Mutex::new(source)) };
        let follow = async {
            let mut each = interval(pause);
            // The first is at once.
            each.tick().await;
            loop {
                each.tick().await;
                show(&progress);
            }
        };
        tokio::select! {
            () = self.run_import(job) => {}
            () = self.beat_imports() => {}
            () = follow => {}
        }
        self.end_abandoned().await;
        Imports::view(self, tenant, id).await
    }
}
