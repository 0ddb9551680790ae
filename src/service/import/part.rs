//! What some lines of an import have done, until it is stored.

use std::collections::HashSet;

use call_acceptance_api::{
    resource::transfer::import::{ImportCounts, ImportError, ImportStatus, MAX_ERRORS},
    value::owner::Owner,
};

use super::{
    line::{Applied, Outcome},
    sweep::Swept,
};
use crate::store::{audit::Record, feed::Change};

/// With changes that concern more owners than this, all users of the tenant are taken as concerned.
const MOST_OWNERS: usize = 1000;

/// What changes invalidate, each once.
#[derive(Default)]
pub(super) struct Changes {
    users: HashSet<Owner>,
    others: Vec<Change>,
}

impl Changes {
    pub(super) fn add(&mut self, change: Change) {
        match change {
            Change::Users(owner) => {
                if self.users.len() >= MOST_OWNERS {
                    let tenant = Owner::Tenant(owner.tenant().clone());
                    self.users = HashSet::from([tenant]);
                }
                let is_known = owner.with_parents().any(|owner| self.users.contains(&owner));
                if !is_known {
                    self.users.insert(owner);
                }
            }
            other if self.others.last() == Some(&other) => {}
            other => self.others.push(other),
        }
    }

    pub(super) fn into_vec(self) -> Vec<Change> {
        self.users.into_iter().map(Change::Users).chain(self.others).collect()
    }
}

/// What some lines have done.
#[derive(Default)]
pub(super) struct Part {
    pub(super) counts: ImportCounts,
    pub(super) errors: Vec<ImportError>,
    pub(super) records: Vec<Record>,
    pub(super) changes: Changes,
}

impl Part {
    pub(super) fn after(counts: ImportCounts) -> Self {
        Self { counts, ..Self::default() }
    }

    pub(super) fn add(&mut self, applied: Applied) {
        let Applied { outcome, deleted, records, changes } = applied;
        let count = match outcome {
            Outcome::Created => &mut self.counts.created,
            Outcome::Changed => &mut self.counts.changed,
            Outcome::Unchanged => &mut self.counts.unchanged,
        };
        *count += 1;
        self.counts.deleted += deleted;
        self.records.extend(records);
        changes.into_iter().for_each(|change| self.changes.add(change));
    }

    pub(super) fn fail(&mut self, errors: impl IntoIterator<Item = ImportError>) {
        self.counts.failed += 1;
        let room = MAX_ERRORS.saturating_sub(self.errors.len());
        self.errors.extend(errors.into_iter().take(room));
    }

    pub(super) fn sweep(&mut self, swept: Swept) {
        self.counts.deleted += swept.deleted;
        self.records.extend(swept.records);
        swept.changes.into_iter().for_each(|change| self.changes.add(change));
    }
}

/// What of an import is stored: its counts, and how many faults.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stored {
    pub(super) counts: ImportCounts,
    pub(super) errors: usize,
}

/// The end of an import whose lines are all applied.
pub(super) fn status(counts: &ImportCounts) -> ImportStatus {
    if counts.failed > 0 { ImportStatus::SucceededWithErrors } else { ImportStatus::Succeeded }
}
