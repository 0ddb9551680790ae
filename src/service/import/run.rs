//! Applies the lines of a file.
//!
//! An import that goes on after faults applies some lines in each transaction, each line behind a savepoint, and writes
//! its counts and faults with them; so they are true whenever the instance ends. One that stops at a fault, or only
//! tries, is a single transaction, since a line may need what lines before it create.

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};

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
    line::{Applied, Context, Outcome},
    names::Names,
    part::{Changes, Part, Stored, status},
    source::{Batch, Source, Unit, errors},
    spool::blocking,
    sweep::{Patterns, Stage, Sweep},
};
use crate::{
    service::{Server, change::Done, write::Unwritten},
    store::{self, StoreError, Transaction, import, journal},
};

/// How often a batch is tried again while the database does not answer, and the pause before.
const TRIES: usize = 10;
const PAUSE: Duration = Duration::from_secs(1);

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
    server: &'a Server,
    /// Who imports. That it may be only tried is in `is_tried`.
    by: Actor,
    is_tried: bool,
    key: &'a Key,
    options: ImportOptions,
    source: &'a Arc<Mutex<Source>>,
    progress: &'a Progress,
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

    fn replaces(&self) -> bool {
        self.options.mode == ImportMode::Replace
    }

    async fn with_source<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Source) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let source = self.source.clone();
        blocking(move || work(&mut source.lock().unwrap_or_else(PoisonError::into_inner))).await
    }

    async fn next_batch(&self) -> Result<Option<Batch>, Failure> {
        self.with_source(Source::next_batch).await
    }

    async fn rewind(&self) -> Result<(), Failure> {
        let with_names = self.replaces();
        self.progress.lines.store(0, Ordering::Relaxed);
        self.progress.applied.store(0, Ordering::Relaxed);
        self.with_source(move |source| source.rewind(with_names)).await
    }

    fn note_progress(&self, batch: &Batch, counts: &ImportCounts) {
        self.progress.applied.store(batch.end, Ordering::Relaxed);
        self.progress.lines.store(counts.read.unsigned_abs(), Ordering::Relaxed);
    }

    fn now(&self) -> Instant {
        Instant::of(self.server.clock.now())
    }

    /// Applies a line behind a savepoint.
    ///
    /// # Errors
    /// What is no fault of the line.
    async fn unit(&self, tx: &Transaction, unit: &Unit, form: ImportForm, part: &mut Part) -> Result<(), Failure> {
        part.counts.read += 1;
        let lines = match &unit.parsed {
            Ok(lines) => lines,
            Err(errors) => {
                part.fail(errors.clone());
                return Ok(());
            }
        };
        let savepoint = store::savepoint(tx).await?;
        let applied = self.lines(&savepoint, lines).await;
        match &applied {
            Ok(applied) if applied.outcome != Outcome::Unchanged => store::release(savepoint).await?,
            // Nothing has changed, so no revision is raised either.
            _ => store::rollback(savepoint).await?,
        }
        match applied {
            Ok(applied) => part.add(applied),
            Err(unwritten) => match unwritten.explained(tx).await {
                Failure::Refused(refusal) => part.fail(errors(unit.number, refusal, form)),
                failure => return Err(failure),
            },
        }
        Ok(())
    }

    async fn lines(
        &self,
        tx: &Transaction,
        lines: &[call_acceptance_api::resource::transfer::line::Line],
    ) -> Result<Applied, Unwritten> {
        let new_id = || self.server.clock.new_id();
        let context = Context {
            tenant: &self.key.0,
            mode: self.options.mode,
            new_id: &new_id,
            first_revision: self.server.first_revision(),
        };
        let mut all: Option<Applied> = None;
        for line in lines {
            let applied = context.apply(tx, line).await?;
            all = Some(match all {
                Some(all) => all.and(applied),
                None => applied,
            });
        }
        all.ok_or_else(|| Failure::Internal("a line says nothing".into()).into())
    }

    /// Writes the counts and the new faults of a part; what is stored then, or `None` if the import does not run any
    /// more.
    async fn store(
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
        while let Some(batch) = self.next_batch().await? {
            let begun = Moment::now();
            match self.batch(&batch.units, form, stored).await? {
                Some(after) => stored = after,
                None => return Ok(End::Cancelled),
            }
            self.note_progress(&batch, &stored.counts);
            self.rest(begun).await;
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
    async fn rest(&self, begun: Moment) {
        if store::is_embedded(&self.server.db) {
            sleep(begun.elapsed()).await;
        }
    }

    /// Applies some lines in one transaction. If that fails as a whole, it is tried again and then each line alone.
    async fn batch(&self, units: &[Unit], form: ImportForm, before: Stored) -> Result<Option<Stored>, Failure> {
        match self.transaction(units, form, before).await {
            Ok(stored) => return Ok(stored),
            Err(error) => tracing::debug!(%error, "lines of an import are applied one by one"),
        }
        let mut stored = before;
        for unit in units {
            let mut tries = 1;
            loop {
                match self.transaction(std::slice::from_ref(unit), form, stored).await {
                    Ok(Some(after)) => {
                        stored = after;
                        break;
                    }
                    Ok(None) => return Ok(None),
                    Err(failure) if tries >= TRIES => return Err(failure),
                    Err(error) => tracing::debug!(%error, tries, "a line of an import is tried again"),
                }
                tries += 1;
                sleep(PAUSE).await;
            }
        }
        Ok(Some(stored))
    }

    async fn transaction(&self, units: &[Unit], form: ImportForm, before: Stored) -> Result<Option<Stored>, Failure> {
        let applied = self.server.carry_out(&self.by, |tx| async move {
            let mut part = Part::after(before.counts);
            for unit in units {
                self.unit(&tx, unit, form, &mut part).await?;
            }
            let stored = self.store(&tx, before, &mut part, None).await?;
            Ok(self.done(tx, stored, part))
        });
        applied.await
    }

    /// The change that a part is, unless the import does not run any more.
    fn done(&self, tx: Transaction, stored: Option<Stored>, part: Part) -> Done<Option<Stored>> {
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
    async fn names(&self) -> Result<Option<(Names, ImportForm, bool)>, Failure> {
        let all = self.with_source(|source| Ok((source.take_names(), source.form(), source.has_services()))).await?;
        let (Some(names), form, has_services) = all else { return Ok(None) };
        Ok((!names.is_uncertain()).then_some((names, form, has_services)))
    }

    fn sweep<'s>(&'s self, names: &'s Names, form: ImportForm) -> Sweep<'s> {
        Sweep { server: self.server, tenant: &self.key.0, names, users_alone: form == ImportForm::Users }
    }

    /// The patterns that the file names for the list that is looked at next, unless they are known.
    async fn patterns(
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

    /// Applies all lines in one transaction, or none.
    async fn at_once(&self) -> Result<End, Failure> {
        if let Some(end) = self.check().await? {
            return Ok(end);
        }
        let end = self.server.carry_out(&self.by, |tx| async move {
            let savepoint = store::savepoint(&tx).await?;
            let mut part = Part::default();
            let Some(status) = self.all(&savepoint, &mut part).await? else {
                return Ok(Done::new(tx, End::Cancelled, []));
            };
            let is_applied = status != ImportStatus::Failed && !self.is_tried;
            if is_applied {
                store::release(savepoint).await?;
            } else {
                store::rollback(savepoint).await?;
                part.changes = Changes::default();
            }
            part.records.clear();
            match self.store(&tx, Stored::default(), &mut part, Some(status)).await? {
                Some(_) => {
                    let changes = part.changes.into_vec();
                    Ok(Done::new(tx, End::Stored(status), []).concerning(changes).kept())
                }
                None => Ok(Done::new(tx, End::Cancelled, [])),
            }
        });
        end.await
    }

    /// With `onError=stop` all lines are parsed first: if some cannot be, all of them are named, and nothing is tried.
    async fn check(&self) -> Result<Option<End>, Failure> {
        if self.options.on_error != OnError::Stop {
            return Ok(None);
        }
        self.rewind().await?;
        let mut part = Part::default();
        while let Some(batch) = self.next_batch().await? {
            for unit in batch.units {
                part.counts.read += 1;
                if let Err(errors) = unit.parsed {
                    part.fail(errors);
                }
            }
            if self.progress.is_cancelled() {
                return Ok(Some(End::Cancelled));
            }
        }
        if part.counts.failed == 0 {
            return Ok(None);
        }
        let (part, status) = (&Mutex::new(part), ImportStatus::Failed);
        let end = self.server.carry_out(&self.by, |tx| async move {
            let mut copy = {
                let part = part.lock().unwrap_or_else(PoisonError::into_inner);
                Part { counts: part.counts, errors: part.errors.clone(), ..Part::default() }
            };
            let stored = self.store(&tx, Stored::default(), &mut copy, Some(status)).await?;
            Ok(self.done(tx, stored, copy))
        });
        Ok(Some(if end.await?.is_some() { End::Stored(status) } else { End::Cancelled }))
    }

    /// Applies all lines in the transaction, and removes the rest: how that ends, or `None` if the import is cancelled.
    async fn all(&self, tx: &Transaction, part: &mut Part) -> Result<Option<ImportStatus>, Failure> {
        self.rewind().await?;
        let form = self.with_source(|source| Ok(source.form())).await?;
        while let Some(batch) = self.next_batch().await? {
            if self.progress.is_cancelled() {
                return Ok(None);
            }
            for unit in &batch.units {
                self.unit(tx, unit, form, part).await?;
                if part.counts.failed > 0 && self.options.on_error == OnError::Stop {
                    let ImportCounts { read, failed, .. } = part.counts;
                    part.counts = ImportCounts { read, failed, ..ImportCounts::default() };
                    return Ok(Some(ImportStatus::Failed));
                }
            }
            self.record(tx, part).await?;
            self.note_progress(&batch, &part.counts);
        }
        if self.with_source(|source| Ok(source.has_no_header())).await? {
            return Ok(Some(ImportStatus::Failed));
        }
        if !self.sweep_at_once(tx, part).await? {
            return Ok(None);
        }
        Ok(Some(status(&part.counts)))
    }

    /// Whether all that the file does not name is removed; not if the import is cancelled.
    async fn sweep_at_once(&self, tx: &Transaction, part: &mut Part) -> Result<bool, Failure> {
        let Some((names, form, has_services)) = self.names().await? else { return Ok(true) };
        let sweep = self.sweep(&names, form);
        let mut stage = first_stage(has_services);
        let mut patterns = Patterns::default();
        while !matches!(stage, Stage::End) {
            if self.progress.is_cancelled() {
                return Ok(false);
            }
            patterns = self.patterns(tx, &sweep, &stage, patterns).await?;
            let (swept, next) = sweep.step(tx, &stage, &patterns).await?;
            part.sweep(swept);
            self.record(tx, part).await?;
            stage = next;
        }
        Ok(true)
    }

    /// Writes the audit events of a part, so that they need not be kept in memory.
    async fn record(&self, tx: &Transaction, part: &mut Part) -> Result<(), Failure> {
        let mut records = std::mem::take(&mut part.records);
        records.retain(|record| record.before != record.after);
        if !self.is_tried && !records.is_empty() {
            journal::insert(tx, &self.by, &records, &[], || self.server.clock.new_id()).await?;
        }
        Ok(())
    }
}

/// Where removals begin.
fn first_stage(has_services: bool) -> Stage {
    if has_services { Stage::Services(None) } else { Stage::Users(None) }
}
