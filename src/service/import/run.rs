//! Applies the lines of a file.
//!
//! An import that goes on after faults applies some lines in each transaction, each line behind a savepoint, and writes
//! its counts and faults with them (`batch`); so they are true whenever the instance ends. One that stops at a fault,
//! or only tries, is a single transaction (`at_once`), since a line may need what lines before it create.

use std::sync::{Arc, Mutex, PoisonError, atomic::Ordering};

use call_acceptance_api::{
    access::Actor,
    resource::transfer::import::{
        ImportCounts, ImportForm, ImportMode, ImportOptions, ImportStatus, MAX_ERRORS, OnError,
    },
    value::time::Instant,
    wire::problem::Failure,
};
use tokio::time::{Instant as Moment, sleep};

use super::{
    jobs::{Job, Key, Progress},
    names::Names,
    part::{Part, Stored, status},
    source::{Batch, Source},
    spool::blocking,
    sweep::{Patterns, Stage, Sweep},
};
use crate::{
    service::{Server, change::Done},
    store::{self, StoreError, Transaction, import},
};

/// How an import has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Its end is stored.
    Stored(ImportStatus),
    /// It does not run any more: it was cancelled, or its tenant is gone.
    Cancelled,
}

/// An import that applies its lines.
pub(super) struct Run<'a> {
    pub(super) server: &'a Server,
    /// Who imports. That it may be only tried is in `is_tried`.
    pub(super) by: Actor,
    pub(super) is_tried: bool,
    pub(super) key: &'a Key,
    pub(super) options: ImportOptions,
    source: &'a Arc<Mutex<Source>>,
    pub(super) progress: &'a Progress,
}

impl<'a> Run<'a> {
    pub(super) fn of(server: &'a Server, job: &'a Job) -> Self {
        Self {
            server,
            by: job.by.clone().trying(false),
            is_tried: job.by.dry_run,
            key: &job.ticket.key,
            options: job.options,
            source: &job.source,
            progress: &job.ticket.progress,
        }
    }

    /// Applies all lines.
    ///
    /// # Errors
    /// The database does not answer, or an internal error; the end of the import is not stored.
    pub(super) async fn carry_out(&self) -> Result<End, Failure> {
        if self.is_tried || self.options.on_error == OnError::Stop {
            return self.at_once().await;
        }
        self.in_batches().await
    }

    pub(super) fn replaces(&self) -> bool {
        self.options.mode == ImportMode::Replace
    }

    pub(super) async fn with_source<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Source) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let source = self.source.clone();
        blocking(move || work(&mut source.lock().unwrap_or_else(PoisonError::into_inner))).await
    }

    pub(super) async fn next_batch(&self) -> Result<Option<Batch>, Failure> {
        self.with_source(Source::next_batch).await
    }

    pub(super) async fn rewind(&self) -> Result<(), Failure> {
        let with_names = self.replaces();
        self.progress.lines.store(0, Ordering::Relaxed);
        self.progress.applied.store(0, Ordering::Relaxed);
        self.with_source(move |source| source.rewind(with_names)).await
    }

    pub(super) fn note_progress(&self, batch: &Batch, counts: &ImportCounts) {
        self.progress.applied.store(batch.end, Ordering::Relaxed);
        self.progress.lines.store(counts.read.unsigned_abs(), Ordering::Relaxed);
    }

    fn now(&self) -> Instant {
        Instant::of(self.server.clock.now())
    }

    /// Writes the counts and the new faults of a part; what is stored then, or `None` if the import does not run any
    /// more.
    pub(super) async fn store(
        &self,
        tx: &Transaction,
        before: Stored,
        part: &mut Part,
        end: Option<ImportStatus>,
    ) -> Result<Option<Stored>, StoreError> {
        let ((tenant, id), counts) = (self.key, &part.counts);
        let is_running = match end {
            None => import::note(tx, tenant, id, counts).await?,
            Some(status) => import::finish(tx, tenant, id, status, counts, &self.now()).await?,
        };
        if !is_running {
            return Ok(None);
        }
        part.errors.truncate(MAX_ERRORS - before.errors.min(MAX_ERRORS));
        import::add_errors(tx, tenant, id, before.errors, &part.errors).await?;
        Ok(Some(Stored { counts: part.counts, errors: before.errors + part.errors.len() }))
    }

    async fn in_batches(&self) -> Result<End, Failure> {
        self.rewind().await?;
        let form = self.with_source(|source| Ok(source.form())).await?;
        let mut stored = Stored::default();
        let mut next = self.next_batch().await?;
        while let Some(batch) = next {
            // The next lines are parsed meanwhile.
            let (applied, read) = tokio::join!(self.batch(&batch.units, form, stored), self.next_batch());
            match applied? {
                Some(after) => stored = after,
                None => return Ok(End::Cancelled),
            }
            self.note_progress(&batch, &stored.counts);
            next = read?;
            if self.progress.is_cancelled() {
                return Ok(End::Cancelled);
            }
        }
        if self.with_source(|source| Ok(source.has_no_header())).await? {
            return self.finish(stored, ImportStatus::Failed).await;
        }
        match self.sweep_in_batches(stored).await? {
            Some(stored) => self.finish(stored, status(&stored.counts)).await,
            None => Ok(End::Cancelled),
        }
    }

    /// Leaves an embedded database, which has one writer at a time, to other requests for as long as a batch took.
    pub(super) async fn rest(&self, begun: Moment) {
        if store::is_embedded(&self.server.db) {
            sleep(begun.elapsed()).await;
        }
    }

    /// The change that a part is, unless the import does not run any more.
    pub(super) fn done<T>(&self, tx: Transaction, stored: Option<T>, part: Part) -> Done<Option<T>> {
        match stored {
            Some(_) => Done::new(tx, stored, part.records).concerning(part.changes.into_vec()).kept(),
            None => Done::new(tx, None, []),
        }
    }

    async fn finish(&self, stored: Stored, status: ImportStatus) -> Result<End, Failure> {
        let (tenant, id) = self.key;
        let is_stored = import::finish(&self.server.db, tenant, id, status, &stored.counts, &self.now()).await?;
        Ok(if is_stored { End::Stored(status) } else { End::Cancelled })
    }

    /// The names of the file, and whether it is a table with services; `None` if nothing is removed.
    pub(super) async fn names(&self) -> Result<Option<(Names, ImportForm, bool)>, Failure> {
        let all = self.with_source(|source| Ok((source.take_names(), source.form(), source.has_services()))).await?;
        let (Some(names), form, has_services) = all else { return Ok(None) };
        Ok((!names.is_uncertain()).then_some((names, form, has_services)))
    }

    pub(super) fn sweep<'s>(&'s self, names: &'s Names, form: ImportForm) -> Sweep<'s> {
        Sweep { server: self.server, tenant: &self.key.0, names, users_alone: form == ImportForm::Users }
    }

    /// The patterns that the file names for the list that is looked at next, unless they are known.
    pub(super) async fn patterns(
        &self,
        tx: &Transaction,
        sweep: &Sweep<'_>,
        stage: &Stage,
        known: Patterns,
    ) -> Result<Patterns, Failure> {
        let list = sweep.list_at(tx, stage).await?;
        if list == known.list {
            return Ok(known);
        }
        let offsets = list.as_ref().and_then(|list| sweep.names.entries(list)).unwrap_or_default().to_vec();
        let named = self.with_source(move |source| source.patterns(&offsets)).await?;
        Ok(Patterns { list, named })
    }

    async fn sweep_in_batches(&self, before: Stored) -> Result<Option<Stored>, Failure> {
        let Some((names, form, has_services)) = self.names().await? else { return Ok(Some(before)) };
        let sweep = &self.sweep(&names, form);
        let mut stored = before;
        let mut stage = first_stage(has_services);
        let mut patterns = Patterns::default();
        while !matches!(stage, Stage::End) {
            let begun = Moment::now();
            let known = &Mutex::new(Some(std::mem::take(&mut patterns)));
            let from = &stage;
            let stepped = self.server.carry_out(&self.by, |tx| async move {
                let of_before = known.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
                let patterns = self.patterns(&tx, sweep, from, of_before).await?;
                let (swept, stage) = sweep.step(&tx, from, &patterns).await?;
                let mut part = Part::after(stored.counts);
                part.sweep(swept);
                let after = self.store(&tx, stored, &mut part, None).await?;
                let Done { transaction, value, records, changes, is_kept } = self.done(tx, after, part);
                Ok(Done { transaction, value: value.map(|after| (after, stage, patterns)), records, changes, is_kept })
            });
            match stepped.await? {
                Some((after, next, of_list)) => (stored, stage, patterns) = (after, next, of_list),
                None => return Ok(None),
            }
            self.rest(begun).await;
            if self.progress.is_cancelled() {
                return Ok(None);
            }
        }
        Ok(Some(stored))
    }
}

/// Where removals begin.
pub(super) fn first_stage(has_services: bool) -> Stage {
    if has_services { Stage::Services(None) } else { Stage::Users(None) }
}
