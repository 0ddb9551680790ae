//! Background deletions of tenants and groups that hold too much for one transaction.

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
    /// The status of a background deletion.
    DeletionStatus: SNAKE_CASE, {
        /// Some users are not deleted yet. Nothing new can be created in the tenant or group.
        Running = "running",
        /// Everything is deleted. The identifiers can be used again.
        Complete = "complete",
    }
}

/// A background deletion of a tenant or a group with everything in it.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct Deletion {
    /// The identifier of the deletion.
    pub deletion_id: DeletionId,
    /// The tenant that is deleted, or that contains the deleted group.
    pub tenant_id: TenantId,
    /// The group that is deleted; absent if the whole tenant is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    /// The status.
    pub status: DeletionStatus,
    /// Number of users deleted so far.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000")))]
    pub users_deleted: i64,
    /// Time of the request for the deletion.
    pub started_at: Instant,
    /// Time when the deletion was complete; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Instant>,
}

/// 200, or 202 if the deletion continues in the background; both with an empty object.
#[derive(ApiResponse)]
pub enum Removed {
    /// It is deleted.
    #[oai(status = 200)]
    Ok(JsonAnswer<Empty>),
    /// It holds much and is deleted in the background; `Location` is the address of the deletion.
    #[oai(status = 202)]
    Accepted(
        JsonAnswer<Empty>,
        /// Address of the deletion.
        #[oai(header = "Location")]
        String,
    ),
}

impl From<Option<Deletion>> for Removed {
    /// 202 for a background deletion, 200 without one.
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

/// The port for background deletions.
#[async_trait]
pub trait Deletions: Send + Sync {
    /// A deletion of the tenant or of one of its groups, even if the tenant no longer exists. It is kept for 7 days
    /// after it is complete.
    async fn view(&self, tenant: TenantId, deletion: DeletionId) -> Result<Deletion, Failure>;
}

/// The operations on deletions.
pub struct DeletionsApi(pub Arc<dyn Deletions>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Tenants")]
impl DeletionsApi {
    /// View a deletion
    ///
    /// Answers the status of a background deletion of a tenant or of one of its groups: `running` until everything is
    /// deleted, then `complete`. What is not yet deleted can still be read and works; creating something in it is
    /// refused with `being_deleted`. A deletion is kept for 7 days after it is complete. System administrators can view
    /// it even if the tenant no longer exists.
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
