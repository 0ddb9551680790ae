//! Warnings about the services of users. They are worked out from the database at each request.

use async_trait::async_trait;
use call_acceptance_api::{
    resource::warning::{WarningList, Warnings},
    value::owner::{Owner, UserPath},
    wire::problem::Failure,
};

use super::{owner::not_found, server::Server};
use crate::{
    rules::{
        screening::{CompileError, Place},
        warnings::{Outlook, Subject},
    },
    store::{
        Connection,
        snapshot::{Source, Wanted, load},
    },
};

async fn source(db: &Connection, user: UserPath) -> Result<Source, Failure> {
    let wanted = Wanted::User(user);
    match load(db, &wanted).await? {
        Some(source) => Ok(source),
        None => {
            let Wanted::User(user) = wanted else { return Err(Failure::Internal("no user was looked for".into())) };
            Err(not_found(db, &Owner::User(user)).await)
        }
    }
}

impl Server {
    /// What decisions on calls to the user depend on.
    ///
    /// # Errors
    /// There is no such user.
    pub(super) async fn source(&self, user: UserPath) -> Result<Source, Failure> {
        source(&self.db, user).await
    }

    /// Runs `work` on a blocking thread, half of the processors at most.
    pub(super) async fn analyse<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, CompileError> + Send + 'static,
    ) -> Result<T, Failure> {
        let turn = self.analyses.clone().acquire_owned().await;
        let turn = turn.map_err(|closed| Failure::Internal(Box::new(closed)))?;
        let done = tokio::task::spawn_blocking(move || (work(), turn)).await;
        let (done, _) = done.map_err(|panicked| Failure::Internal(Box::new(panicked)))?;
        done.map_err(|corrupt| Failure::Internal(Box::new(corrupt)))
    }
}

#[async_trait]
impl Warnings for Server {
    async fn of_user(&self, user: UserPath) -> Result<WarningList, Failure> {
        let user = &user;
        let source = self.read(|db| async move { source(&db, user.clone()).await }).await?;
        let now = self.clock.now();
        let warnings = self.analyse(move || {
            let Source { region, time_zone, services, periods, phone_number, .. } = source;
            let place = Place { region, time_zone };
            let (services, periods) = (&services, &periods);
            let subject = Subject { place: &place, services, periods, own_number: phone_number.as_ref() };
            Ok(Outlook::compile(subject)?.warnings(now))
        });
        Ok(WarningList { warnings: warnings.await? })
    }
}
