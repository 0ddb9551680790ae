//! Refused calls: the calls to a user that were refused lately, while the tenant records them (`recordRefusedCalls`).

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    access::{END_USERS, Read},
    resource::{decision::Reason, tags::Tag, user_service::ServiceName},
    value::{
        name::{CriteriaName, GroupId, TenantId, UserId},
        owner::UserPath,
        text::text,
        time::Instant,
    },
    wire::{
        answer::Found,
        page::{Limit, PageQuery},
        problem::{Fails, Failure, USER},
    },
};

text! {
    /// The number of a caller as it was read.
    CallerNumber {
        meaning: "a caller's number",
        rule: "E.164 with `+` where the number has that form, else the digits as they came",
        length: 1..=512,
        pattern: r"^\+?[0-9]+$",
        example: "+3225126777",
    }
}

text! {
    /// The start of a page of refused calls: before the call with this position.
    RefusedCallCursor {
        meaning: "a position in a list of refused calls",
        rule: "the `next` of the previous page",
        length: 34..=49,
        pattern: "^[0-9]{1,16}-[0-9a-f]{32}$",
        example: "1764000000000000-0193a0c03a527c408a3e7f2b9f6d1c55",
    }
}

/// A call that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct RefusedCall {
    /// When the call came in.
    pub at: Instant,
    /// The caller's number; absent if the caller withheld it, or if the network had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calling_number: Option<CallerNumber>,
    /// Why the call was refused.
    pub reason: Reason,
    /// The service that refused the call.
    pub service: ServiceName,
    /// The criteria that refused the call, by its name at that time; absent if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criteria: Option<CriteriaName>,
}

/// A page of refused calls, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct RefusedCallList {
    /// The calls of the page.
    #[oai(validator(max_items = 1000))]
    pub calls: Vec<RefusedCall>,
    /// The value of `after` for the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<RefusedCallCursor>,
}

/// The port of refused calls.
#[async_trait]
pub trait RefusedCalls: Send + Sync {
    /// A page of the refused calls to the user; empty while the tenant does not record them.
    async fn list(&self, user: UserPath, page: PageQuery<RefusedCallCursor>) -> Result<RefusedCallList, Failure>;
}

/// The operations on refused calls.
pub struct RefusedCallsApi(pub Arc<dyn RefusedCalls>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Statistics")]
impl RefusedCallsApi {
    /// List the refused calls of a user
    ///
    /// Returns the calls to the user that were refused in the last 30 days in pages, the newest first, while the tenant
    /// has `recordRefusedCalls`; else the list is empty. Recorded are the questions that statistics count, and they
    /// appear within some 10 seconds. If there are very many at once, some are only counted.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/refused_calls/",
        method = "get",
        operation_id = "refused_calls_list"
    )]
    async fn refused_calls_list(
        &self,
        _actor: Read<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        limit: Query<Option<Limit>>,
        /// The start of the page: the `next` of the previous page. Leave out for the first page.
        after: Query<Option<RefusedCallCursor>>,
    ) -> Result<Found<RefusedCallList>, Fails<USER>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        let page = PageQuery { limit: limit.0.unwrap_or_default(), after: after.0 };
        Ok(Found::with(self.0.list(user, page).await?))
    }
}
