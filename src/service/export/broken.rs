//! Why an export ends before its file is whole.

use call_acceptance_api::wire::problem::Failure;

/// Why the file of an export is not whole.
#[derive(Debug)]
pub(super) enum Broken {
    /// The reader is gone.
    Gone,
    /// The reader took no part for too long, or too long in all.
    Slow,
    /// The database or the server failed.
    Failed(Failure),
}

impl<T: Into<Failure>> From<T> for Broken {
    fn from(failure: T) -> Self {
        Self::Failed(failure.into())
    }
}
