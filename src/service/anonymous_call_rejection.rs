//! The users' switches that refuse callers who withhold their number.

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::{
        anonymous_call_rejection::{AnonymousCallRejection, AnonymousCallRejectionUpdate, AnonymousCallRejections},
        user_service::{ServiceName, UserServicePath},
    },
    value::owner::UserPath,
    wire::{
        precondition::{EntityTags, Versioned},
        problem::Failure,
    },
};

use super::{
    criteria::{change_settings, done, load, lock},
    server::Server,
};
use crate::rules::service::KeptService;

fn of(user: UserPath) -> UserServicePath {
    UserServicePath { user, service: ServiceName::AnonymousCallRejection }
}

#[async_trait]
impl AnonymousCallRejections for Server {
    async fn view(&self, user: UserPath) -> Result<Versioned<AnonymousCallRejection>, Failure> {
        let shown = |kept: KeptService| AnonymousCallRejection { active: kept.settings.active };
        Ok(load(&self.db, &of(user)).await?.map(shown))
    }

    async fn update(
        &self,
        by: &Actor,
        user: UserPath,
        update: AnonymousCallRejectionUpdate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<AnonymousCallRejection>, Failure> {
        let (path, active, if_match) = (&of(user), update.active, if_match.as_ref());
        self.change(by, |tx| async move {
            let revision = lock(&tx, path, if_match).await?;
            let before = load(&tx, path).await?.value.settings;
            let after = before.switched(active);
            let value = AnonymousCallRejection { active: after.active };
            let record = change_settings(&tx, path, before, after).await?;
            Ok(done(tx, path, revision, value, Vec::from_iter(record)))
        })
        .await
    }
}
