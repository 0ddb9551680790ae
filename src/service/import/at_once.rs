//! An import in one transaction: one that stops at a fault, or only tries.

use std::sync::{Mutex, PoisonError};

use call_acceptance_api::{
    resource::transfer::import::{ImportCounts, ImportForm, ImportStatus, OnError},
    wire::problem::Failure,
};

use super::{
    part::{Changes, Part, Stored, status},
    run::{End, Run, first_stage},
    source::Unit,
    sweep::{Patterns, Stage},
};
use crate::{
    service::change::Done,
    store::{self, Transaction, journal},
};

impl Run<'_> {
    /// Applies all lines in one transaction, or none.
    pub(super) async fn at_once(&self) -> Result<End, Failure> {
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
        let mut next = self.next_batch().await?;
        while let Some(batch) = next {
            if self.progress.is_cancelled() {
                return Ok(None);
            }
            // The next lines are parsed meanwhile.
            let (applied, read) = tokio::join!(self.whole_batch(tx, &batch.units, form, part), self.next_batch());
            applied?;
            if self.is_stopped(part) {
                let ImportCounts { read, failed, .. } = part.counts;
                part.counts = ImportCounts { read, failed, ..ImportCounts::default() };
                return Ok(Some(ImportStatus::Failed));
            }
            self.note_progress(&batch, &part.counts);
            next = read?;
        }
        if self.with_source(|source| Ok(source.has_no_header())).await? {
            return Ok(Some(ImportStatus::Failed));
        }
        if !self.sweep_at_once(tx, part).await? {
            return Ok(None);
        }
        Ok(Some(status(&part.counts)))
    }

    /// Applies the lines of a batch, up to a fault at which the import stops.
    async fn whole_batch(
        &self,
        tx: &Transaction,
        units: &[Unit],
        form: ImportForm,
        part: &mut Part,
    ) -> Result<(), Failure> {
        let mut rest = units;
        while !rest.is_empty() && !self.is_stopped(part) {
            rest = &rest[self.units(tx, rest, form, part).await?..];
            self.record(tx, part).await?;
        }
        Ok(())
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
