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
    criteria::{change_settings, load, lock, written},
    server::Server,
    write::{Unwritten, Written},
};
use crate::{rules::service::KeptService, store::ConnectionTrait};

fn of(user: UserPath) -> UserServicePath {
    UserServicePath { user, service: ServiceName::AnonymousCallRejection }
}

/// Sets the switch in a transaction; `None` leaves it.
pub(super) async fn switch(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    active: Option<bool>,
    if_match: Option<&EntityTags>,
) -> Result<Written<Versioned<AnonymousCallRejection>>, Unwritten> {
    let revision = lock(db, path, if_match).await?;
    let before = load(db, path).await?.value.settings;
    let after = before.switched(active);
    let value = AnonymousCallRejection { active: after.active };
    let record = change_settings(db, path, before, after).await?;
    Ok(written(path, revision, value, Vec::from_iter(record)))
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
            let switched = switch(&tx, path, active, if_match).await;
            self.done(tx, switched).await
        })
        .await
    }
}
