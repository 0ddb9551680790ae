//! Writes inside a transaction that somebody else began: what an operation does in a transaction of its own, and an
//! import for each of its lines.
//!
//! To let an operation be a line of an import, its work is a function over a connection that returns [`Written`], or
//! [`Unwritten`] if it fails.

use call_acceptance_api::{
    resource::schedule::ScheduleFolder,
    value::{
        name::{NumberListName, ScheduleName},
        owner::{Owner, UserPath},
    },
    wire::problem::{Failure, ProblemCode},
};
use uuid::Uuid;

use super::{change::Done, owner::not_found, server::Server};
use crate::store::{
    ConnectionTrait, Constraint, StoreError, Transaction,
    audit::Record,
    feed::Change,
    number_list::{self, NumberListKey},
    schedule, user,
};

/// What a write has done in its transaction.
pub(super) struct Written<T> {
    /// The result.
    pub(super) value: T,
    /// As [`Done::records`].
    pub(super) records: Vec<Record>,
    /// As [`Done::changes`].
    pub(super) changes: Vec<Change>,
}

impl<T> Written<T> {
    /// A write that affects no decision.
    pub(super) fn new(value: T, records: impl Into<Vec<Record>>) -> Self {
        Self { value, records: records.into(), changes: Vec::new() }
    }

    /// The same with another result.
    pub(super) fn with<U>(self, value: U) -> Written<U> {
        Written { value, records: self.records, changes: self.changes }
    }

    /// A write that affects decisions on calls to some users.
    pub(super) fn concerning(self, changes: impl IntoIterator<Item = Change>) -> Self {
        Self { changes: changes.into_iter().collect(), ..self }
    }
}

/// Why a write failed. PostgreSQL refuses all statements after one that failed, so what has to be read to explain it is
/// read when the transaction, or the part of it since its savepoint, is rolled back.
pub(super) enum Unwritten {
    /// The failure.
    Failed(Failure),
    /// The owner, or one of its parents, does not exist.
    NoOwner(Owner),
    /// The identifier or the phone number of a new user is taken.
    UserTaken(UserPath, StoreError),
    /// Criteria refer to the schedule.
    ScheduleInUse(ScheduleFolder, ScheduleName, Uuid),
    /// Criteria refer to the number list.
    NumberListInUse(NumberListName, NumberListKey),
}

impl From<Failure> for Unwritten {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<StoreError> for Unwritten {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Unwritten {
    /// The failure, explained by what `db` has.
    pub(super) async fn explained(self, db: &impl ConnectionTrait) -> Failure {
        match self {
            Self::Failed(failure) => failure,
            Self::NoOwner(owner) => not_found(db, &owner).await,
            // If both are taken, it depends on the database which constraint is reported.
            Self::UserTaken(path, error) => match user::find(db, &path).await {
                Ok(Some(_)) => Failure::refused(ProblemCode::UserExists, user_exists(&path)),
                Ok(None) => taken(error, &path),
                Err(error) => error.into(),
            },
            Self::ScheduleInUse(folder, name, id) => match schedule::references(db, &folder, id, NAMED + 1).await {
                Ok(users) => Failure::refused(ProblemCode::ScheduleInUse, in_use("schedule", name.as_str(), &users)),
                Err(error) => error.into(),
            },
            Self::NumberListInUse(name, key) => match number_list::references(db, &key, NAMED + 1).await {
                Ok(users) => {
                    Failure::refused(ProblemCode::NumberListInUse, in_use("number list", name.as_str(), &users))
                }
                Err(error) => error.into(),
            },
        }
    }
}

/// Why several writes, which are one statement, failed.
pub(super) enum ManyUnwritten {
    /// One of them is refused. Which one, and why, is seen when each is tried alone.
    Refused,
    /// The failure.
    Failed(Failure),
}

impl From<Failure> for ManyUnwritten {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(_) => Self::Refused,
            failure => Self::Failed(failure),
        }
    }
}

impl From<StoreError> for ManyUnwritten {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(_) | StoreError::Reference(_) => Self::Refused,
            error => Self::Failed(error.into()),
        }
    }
}

/// Maximum number of criteria named in the error when the deletion of what they refer to is refused.
const NAMED: u64 = 10;

/// The error for a thing that criteria refer to, each by its group, user and name.
fn in_use(thing: &str, name: &str, references: &[(String, String, String)]) -> String {
    let named =
        references.iter().take(NAMED as usize).map(|(group, user, criteria)| format!("{criteria:?} of {group}/{user}"));
    let more = if references.len() as u64 > NAMED { " and others" } else { "" };
    format!("The {thing} {name:?} is in use by the criteria {}{more}.", named.collect::<Vec<_>>().join(", "))
}

fn user_exists(user: &UserPath) -> String {
    format!("The group already has a user {:?}.", user.user.as_str())
}

/// The error for a user whose identifier or phone number is taken, depending on the constraint.
pub(super) fn taken(error: StoreError, user: &UserPath) -> Failure {
    let by_number = matches!(&error, StoreError::Taken(Constraint::PhoneNumber));
    match by_number {
        true => error.or_conflict(
            ProblemCode::PhoneNumberTaken,
            "Another user has this phone number; it is unique in the whole system.",
        ),
        false => error.or_conflict(ProblemCode::UserExists, user_exists(user)),
    }
}

impl Server {
    /// The change that a write is, in a transaction of its own.
    ///
    /// # Errors
    /// If the write failed; the transaction is then rolled back.
    pub(super) async fn done<T>(
        &self,
        transaction: Transaction,
        written: Result<Written<T>, Unwritten>,
    ) -> Result<Done<T>, Failure> {
        match written {
            Ok(Written { value, records, changes }) => Ok(Done::new(transaction, value, records).concerning(changes)),
            Err(Unwritten::Failed(failure)) => Err(failure),
            Err(other) => Err(other.explained(self.outside(transaction).await?).await),
        }
    }
}
