//! Limits the files of many things that are read at the same time. The server holds a file in memory as a whole, and
//! the limit on the changes of a token applies only when a file has been read.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use call_acceptance_api::wire::problem::{Failure, ProblemCode, Refusal};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// Maximum number of files at the same time, each of up to
/// [`MAX_FILE_BYTES`](call_acceptance_api::resource::number_list::MAX_FILE_BYTES).
const MOST: usize = 4;
/// Maximum wait for the files of other tenants.
const WAIT: Duration = Duration::from_secs(10);

/// The files in progress. A tenant may have one, so that it takes neither the memory nor the turns of others.
pub struct Files {
    turns: Semaphore,
    tenants: Mutex<HashSet<String>>,
}

/// The permit to read one file.
pub struct Turn<'a> {
    _permit: SemaphorePermit<'a>,
    _place: Place<'a>,
}

/// The place of a tenant among those that have a file in progress.
struct Place<'a> {
    files: &'a Files,
    tenant: String,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.files.tenants().remove(&self.tenant);
    }
}

impl Files {
    /// No file is in progress.
    pub fn new() -> Self {
        Self { turns: Semaphore::new(MOST), tenants: Mutex::default() }
    }

    /// The permit for a file of `tenant`, to be held until the request is answered.
    ///
    /// # Errors
    /// `too_many_writes` if the tenant has a file in progress, or if those of others take too long.
    pub async fn admit(&self, tenant: String) -> Result<Turn<'_>, Failure> {
        if !self.tenants().insert(tenant.clone()) {
            return Err(refusal("The tenant has a file in progress; send the next when that one is done."));
        }
        let place = Place { files: self, tenant };
        match timeout(WAIT, self.turns.acquire()).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit, _place: place }),
            Ok(Err(closed)) => Err(Failure::Internal(Box::new(closed))),
            Err(_) => Err(refusal("The server has the maximum of files in progress; try again when one is done.")),
        }
    }

    fn tenants(&self) -> MutexGuard<'_, HashSet<String>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(detail: &str) -> Failure {
    Failure::Refused(Refusal { retry_after: Some(1), ..Refusal::new(ProblemCode::TooManyWrites, detail) })
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn files_of_a_few_tenants_are_read_at_the_same_time_and_others_wait() {
        let files = Files::new();
        let mut turns = Vec::new();
        for tenant in 0..MOST {
            turns.push(files.admit(tenant.to_string()).now_or_never().expect("there is room").expect("it is admitted"));
        }
        assert!(files.admit("0".to_owned()).await.is_err(), "this tenant has one already");
        assert!(files.admit("late".to_owned()).await.is_err(), "nobody gave up a turn");
        let waiting = files.admit("late".to_owned());
        turns.pop();
        assert!(waiting.await.is_ok(), "a refused tenant has no file in progress");
    }
}
