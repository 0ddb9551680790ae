//! Applies the lines of a batch: together where they are fit for it (`together`), else one by one.

use std::time::Duration;

use call_acceptance_api::{
    resource::transfer::{
        import::{ImportForm, OnError},
        line::Line,
    },
    wire::problem::Failure,
};
use tokio::time::{Instant as Moment, sleep};
use uuid::Uuid;

use super::{
    line::{Applied, Context, Outcome},
    part::{Part, Stored},
    run::Run,
    source::{Unit, errors},
    together::is_fit,
};
use crate::{
    service::write::{ManyUnwritten, Unwritten},
    store::{self, Transaction},
};

/// How often a line is tried again while the database does not answer, and the pause before.
const TRIES: usize = 10;
const PAUSE: Duration = Duration::from_secs(1);
/// After so long a transaction begins no further piece, so that others need not wait for it.
const LONGEST: Duration = Duration::from_millis(200);
/// Maximum number of units that are applied together.
const PIECE: usize = 1000;
/// Maximum number of units that are applied one by one before it is seen how long that took.
const FEW: usize = 16;
/// Fewer units than these are not applied together.
const LEAST: usize = 4;
/// Into how many parts units are divided of which some are at fault.
const PARTS: usize = 8;

impl Run<'_> {
    /// Applies some lines in transactions that are none of them long. If one fails as a whole, each line is tried
    /// alone. `None` if the import does not run any more.
    pub(super) async fn batch(
        &self,
        units: &[Unit],
        form: ImportForm,
        before: Stored,
    ) -> Result<Option<Stored>, Failure> {
        let (mut stored, mut rest) = (before, units);
        while !rest.is_empty() {
            let begun = Moment::now();
            match self.transaction(rest, form, stored).await {
                Ok(Some((after, done))) => (stored, rest) = (after, &rest[done..]),
                Ok(None) => return Ok(None),
                Err(error) => {
                    tracing::debug!(%error, "lines of an import are applied one by one");
                    return self.one_by_one(rest, form, stored).await;
                }
            }
            self.rest(begun).await;
        }
        Ok(Some(stored))
    }

    async fn one_by_one(&self, units: &[Unit], form: ImportForm, before: Stored) -> Result<Option<Stored>, Failure> {
        let mut stored = before;
        for unit in units {
            let mut tries = 1;
            loop {
                match self.transaction(std::slice::from_ref(unit), form, stored).await {
                    Ok(Some((after, _))) => {
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

    /// Applies the first of the units in a transaction: what is stored then, and how many these are.
    async fn transaction(
        &self,
        units: &[Unit],
        form: ImportForm,
        before: Stored,
    ) -> Result<Option<(Stored, usize)>, Failure> {
        let applied = self.server.carry_out(&self.by, |tx| async move {
            let mut part = Part::after(before.counts);
            let done = self.units(&tx, units, form, &mut part).await?;
            let stored = self.store(&tx, before, &mut part, None).await?;
            Ok(self.done(tx, stored.map(|stored| (stored, done)), part))
        });
        applied.await
    }

    /// Applies units from the first on, as many as can be in the time of a transaction, and one at least; how many. An
    /// import that stops at a fault ends behind it.
    pub(super) async fn units(
        &self,
        tx: &Transaction,
        units: &[Unit],
        form: ImportForm,
        part: &mut Part,
    ) -> Result<usize, Failure> {
        let begun = Moment::now();
        let mut rest = units;
        while !rest.is_empty() && !self.is_stopped(part) {
            let piece = next_piece(rest);
            self.piece(tx, piece, form, part).await?;
            rest = &rest[piece.len()..];
            if begun.elapsed() >= LONGEST {
                break;
            }
        }
        Ok(units.len() - rest.len())
    }

    /// Whether the import ends here, at a fault.
    pub(super) fn is_stopped(&self, part: &Part) -> bool {
        self.options.on_error == OnError::Stop && part.counts.failed > 0
    }

    /// Applies the units of a piece. If they cannot be applied together, parts of them are tried, and at last each
    /// alone.
    async fn piece(&self, tx: &Transaction, piece: &[Unit], form: ImportForm, part: &mut Part) -> Result<(), Failure> {
        let mut waiting = vec![piece];
        while let Some(units) = waiting.pop() {
            let Some(applied) = self.together(tx, units).await? else {
                let length = units.len().div_ceil(PARTS).max(LEAST);
                waiting.extend(units.chunks(length).rev());
                continue;
            };
            for (unit, applied) in units.iter().zip(applied) {
                match applied {
                    Some(applied) => {
                        part.counts.read += 1;
                        part.add(applied);
                    }
                    None => self.unit(tx, unit, form, part).await?,
                }
                if self.is_stopped(part) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Applies units together, as far as they are fit for it; `None` if that cannot be.
    async fn together(&self, tx: &Transaction, units: &[Unit]) -> Result<Option<Vec<Option<Applied>>>, Failure> {
        let mut all: Vec<Option<Applied>> = units.iter().map(|_| None).collect();
        let fit = |(_, unit): &(usize, &Unit)| unit.parsed.is_ok() && unit.is_fit();
        let (places, lines): (Vec<_>, Vec<_>) = units
            .iter()
            .enumerate()
            .filter(fit)
            .filter_map(|(place, unit)| Some((place, unit.parsed.as_deref().ok()?)))
            .unzip();
        if units.len() <= LEAST || lines.is_empty() {
            return Ok(Some(all));
        }
        let savepoint = store::savepoint(tx).await?;
        let new_id = || self.server.clock.new_id();
        let applied = match self.context(&new_id).apply_together(&savepoint, &lines).await {
            Ok(applied) => applied,
            Err(ManyUnwritten::Failed(failure)) => return Err(failure),
            Err(ManyUnwritten::Refused) => {
                store::rollback(savepoint).await?;
                return Ok(None);
            }
        };
        store::release(savepoint).await?;
        places.into_iter().zip(applied).for_each(|(place, applied)| all[place] = applied);
        Ok(Some(all))
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

    async fn lines(&self, tx: &Transaction, lines: &[Line]) -> Result<Applied, Unwritten> {
        let new_id = || self.server.clock.new_id();
        let context = self.context(&new_id);
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

    fn context<'a>(&'a self, new_id: &'a (dyn Fn() -> Uuid + Sync)) -> Context<'a> {
        let first_revision = self.server.first_revision();
        Context { tenant: &self.key.0, mode: self.options.mode, new_id, first_revision }
    }
}

/// The first of some units, of which none has to be applied alone, or each.
fn next_piece(units: &[Unit]) -> &[Unit] {
    let is_fit = units.first().is_some_and(Unit::is_fit);
    let most = if is_fit { PIECE } else { FEW };
    let length = units.iter().take(most).take_while(|unit| unit.is_fit() == is_fit).count();
    &units[..length]
}

impl Unit {
    /// Whether it may be applied together with others. A faulty one is in nobody's way.
    fn is_fit(&self) -> bool {
        self.parsed.as_ref().map_or(true, |lines| lines.iter().all(is_fit))
    }
}
