//! A failure shared by several waiters.

use std::{error::Error, fmt, sync::Arc};

use call_acceptance_api::wire::problem::Failure;

/// A failure that can be returned to several waiters.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<Failure>);

/// Makes a failure shareable.
pub(super) fn shared(failure: Failure) -> Shared {
    Shared(Arc::new(failure))
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Shared {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl From<Shared> for Failure {
    fn from(shared: Shared) -> Self {
        match &*shared.0 {
            Self::Refused(refusal) => Self::Refused(refusal.clone()),
            Self::Unavailable(_) => Self::Unavailable(Box::new(shared)),
            Self::Internal(_) => Self::Internal(Box::new(shared)),
        }
    }
}
