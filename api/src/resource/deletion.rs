//! Deletions that go on in the background: of tenants and groups that hold too much for one transaction.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;

use crate::{
    access::{Read, TENANT_ADMINS},
    resource::tags::Tag,
    value::{
        name::{GroupId, TenantId},
        open_enum::{SNAKE_CASE, open_enum},
        owner::path,
        text::text,
        time::Instant,
    },
    wire::{
        answer::{Empty, Found},
        payload::JsonAnswer,
        problem::{Fails, Failure, ProblemCode, codes},
    },
};

text! {
    /// Identifier of a deletion.
    DeletionId {
        meaning: "a deletion's identifier",
        rule: "32 hexadecimal digits in small letters",
        length: 32..=32,
        pattern: "^[0-9a-f]{32}$",
        example: "0193a0c03a527c408a3e7f2b9f6d1c55",
    }
}

open_enum! {
    /// How far a deletion is.
    DeletionStatus: SNAKE_CASE, {
        /// What is not yet deleted is still there; nothing is created in it any more.
        Running = "running",
        /// All is gone, and identifiers may be used again.
        Complete = "complete",
    }
}

/// A deletion of a tenant or a group with all that it holds, which goes on in the background.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct Deletion {
    /// The identifier.
    pub deletion_id: DeletionId,
    /// The tenant that is deleted, or whose group is.
    pub tenant_id: TenantId,
    /// The group that is deleted; absent when the tenant is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    /// How far it is.
    pub status: DeletionStatus,
    /// How many users are gone already.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000")))]
    pub users_deleted: i64,
    /// When it was asked for.
    pub started_at: Instant,
    /// When all was gone; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Instant>,
}

/// 200, or 202 while the deletion goes on in the background; both with an empty object.
#[derive(ApiResponse)]
pub enum Removed {
    /// It is no longer there.
    #[oai(status = 200)]
    Ok(JsonAnswer<Empty>),
    /// It holds much, and is deleted in the background; `Location` tells how far that is.
    #[oai(status = 202)]
    Accepted(
        JsonAnswer<Empty>,
        /// Where the deletion is.
        #[oai(header = "Location")]
        String,
    ),
}

impl From<Option<Deletion>> for Removed {
    /// The answer when this goes on.
    fn from(deletion: Option<Deletion>) -> Self {
        match deletion {
            Some(it) => {
                let segments = ["tenants", it.tenant_id.as_str(), "deletions", it.deletion_id.as_str()];
                Self::Accepted(JsonAnswer(Empty {}), path(&segments))
            }
            None => Self::Ok(JsonAnswer(Empty {})),
        }
    }
}

/// The port: what the server does for deletions that go on in the background.
#[async_trait]
pub trait Deletions: Send + Sync {
    /// One deletion of the tenant or of a group of it, also when the tenant is gone; for 7 days after it is complete.
    async fn view(&self, tenant: TenantId, deletion: DeletionId) -> Result<Deletion, Failure>;
}

/// The operations on deletions.
pub struct DeletionsApi(pub Arc<dyn Deletions>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Tenants")]
impl DeletionsApi {
    /// View a deletion
    ///
    /// Answers how far the deletion of a tenant or of a group of it is: `running` until all is gone, then `complete`.
    /// What is not yet deleted is visible and works; creating something in it is refused with `being_deleted`. A
    /// deletion is to be seen for 7 days after it is complete, by system administrators also when the tenant is gone.
    #[oai(path = "/tenants/:tenant_id/deletions/:deletion_id/", method = "get", operation_id = "deletion_view")]
    async fn deletion_view(
        &self,
        _actor: Read<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
        deletion_id: Path<DeletionId>,
    ) -> Result<Found<Deletion>, Fails<{ codes(&[ProblemCode::DeletionNotFound]) }>> {
        Ok(Found::with(self.0.view(tenant_id.0, deletion_id.0).await?))
    }
}
