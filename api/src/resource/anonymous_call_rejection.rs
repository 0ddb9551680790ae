//! Anonymous Call Rejection: calls whose caller withholds the number are refused.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{
    Object, OpenApi,
    param::{Header, Path, Query},
};
use serde::Serialize;

use crate::{
    access::{Actor, END_USERS, Read, Write},
    resource::tags::Tag,
    value::{
        name::{GroupId, TenantId, UserId},
        owner::UserPath,
    },
    wire::{
        answer::{FoundVersion, UpdatedVersion},
        payload::{Body, JsonBody, json_text},
        precondition::{EntityTags, Versioned},
        problem::{BODY, Fails, Failure, ProblemCode, SERVICE, codes},
    },
};

/// The service of a user: a switch.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct AnonymousCallRejection {
    /// Whether calls whose caller withholds the number are refused, unless they come from inside.
    pub active: bool,
}

/// A change of a user's service: what is left out stays.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields)]
pub struct AnonymousCallRejectionUpdate {
    /// Whether calls whose caller withholds the number are refused, unless they come from inside.
    pub active: Option<bool>,
}

impl Body for AnonymousCallRejectionUpdate {}

/// The port: what the server does for the users' switches. A write with `if_match` that does not name the present
/// revision is refused and changes nothing.
#[async_trait]
pub trait AnonymousCallRejections: Send + Sync {
    /// The user's switch.
    async fn view(&self, user: UserPath) -> Result<Versioned<AnonymousCallRejection>, Failure>;
    /// The switch as it is after `update`.
    async fn update(
        &self,
        by: &Actor,
        user: UserPath,
        update: AnonymousCallRejectionUpdate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<AnonymousCallRejection>, Failure>;
}

const PRECONDITION: u64 = codes(&[ProblemCode::RevisionMismatch]);

/// The operations on a user's Anonymous Call Rejection.
pub struct AnonymousCallRejectionApi(pub Arc<dyn AnonymousCallRejections>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::AnonymousCallRejection")]
impl AnonymousCallRejectionApi {
    /// View a user's Anonymous Call Rejection
    ///
    /// Answers whether it is active.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/anonymous_call_rejection/",
        method = "get",
        operation_id = "anonymous_call_rejection_view"
    )]
    async fn anonymous_call_rejection_view(
        &self,
        _actor: Read<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        /// The response is 304 if one of these entity tags is the current revision.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<EntityTags>>,
    ) -> Result<FoundVersion<AnonymousCallRejection>, Fails<SERVICE>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        let found = self.0.view(user).await?.try_map(|service| json_text(&service))?;
        Ok(FoundVersion::unless_known(found, if_none_match.0))
    }

    /// Update a user's Anonymous Call Rejection
    ///
    /// While it is active, calls whose caller withholds the number are refused with 433 (RFC 5079). Callers whose
    /// number the network does not have, and those of the user's own organisation, are not.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/anonymous_call_rejection/",
        method = "put",
        operation_id = "anonymous_call_rejection_update"
    )]
    async fn anonymous_call_rejection_update(
        &self,
        actor: Write<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        /// The write is performed only if one of these entity tags is the current revision.
        #[oai(name = "If-Match")]
        if_match: Header<Option<EntityTags>>,
        /// Answers as without it, and changes nothing; without `ETag` and `Location`.
        #[oai(name = "dryRun", default)]
        dry_run: Query<bool>,
        body: JsonBody<AnonymousCallRejectionUpdate>,
    ) -> Result<UpdatedVersion<AnonymousCallRejection>, Fails<{ BODY | SERVICE | PRECONDITION }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        let by = actor.0.trying(dry_run.0);
        Ok(UpdatedVersion::with(self.0.update(&by, user, body.0, if_match.0).await?, dry_run.0))
    }
}
