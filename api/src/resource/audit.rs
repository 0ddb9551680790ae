//! The audit trail: which actor changed what and when. Each change writes its own event.

use std::{borrow::Cow, sync::Arc};

use async_trait::async_trait;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    access::{ActorKind, Read, TENANT_ADMINS},
    resource::tags::Tag,
    value::{
        name::{GroupId, TenantId, UserId},
        open_enum::{SNAKE_CASE, open_enum},
        text::text,
        time::Instant,
    },
    wire::{
        answer::Found,
        page::{Limit, PageQuery},
        problem::{Fails, Failure},
    },
};

text! {
    /// Identifier of an event.
    AuditEventId {
        meaning: "an event's identifier",
        rule: "32 hexadecimal digits in lower case",
        length: 32..=32,
        pattern: "^[0-9a-f]{32}$",
        example: "0193a0c03a527c408a3e7f2b9f6d1c55",
    }
}

text! {
    /// The start of a page of events: after the event with this position.
    AuditCursor {
        meaning: "a position in a list of events",
        rule: "the `next` of the previous page",
        length: 34..=49,
        pattern: "^[0-9]{1,16}-[0-9a-f]{32}$",
        example: "1764000000000000-0193a0c03a527c408a3e7f2b9f6d1c55",
    }
}

text! {
    /// The operation of a change: an operationId, or a command on the server's machine.
    OperationName {
        meaning: "an operation",
        rule: "an operationId, like `criteria_update`, or a command of the server, like `demo`",
        length: 1..=64,
        pattern: "^[a-z_]+$",
        example: "criteria_update",
    }
}

/// A resource before or after a change, in the form of the API's responses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Recorded(pub Value);

impl Type for Recorded {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "Recorded".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference("Recorded".to_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>("Recorded".to_owned(), |_| MetaSchema {
            description: Some(
                "A resource before or after a change, in the form of the API's responses; \
                 of an updated resource, the members that differ.",
            ),
            additional_properties: Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::ANY)))),
            ..MetaSchema::new("object")
        });
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Recorded {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        value.filter(Value::is_object).map(Self).ok_or_else(ParseError::expected_input)
    }
}

impl ToJSON for Recorded {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.clone())
    }
}

open_enum! {
    /// Why a recorded request was refused.
    Refused: SNAKE_CASE, {
        /// The credentials were invalid; the actor is the token that they name, if any.
        Unauthenticated = "unauthenticated",
        /// The actor is not allowed to do it.
        Forbidden = "forbidden",
    }
}

/// One change of one resource, or a refused request.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// The identifier.
    pub event_id: AuditEventId,
    /// Time of the change, by the database's clock.
    pub at: Instant,
    /// How the actor was authenticated.
    pub actor_kind: ActorKind,
    /// The actor: the identifier of a token, the subject of an access token, or the command.
    #[oai(validator(max_length = 300))]
    pub actor: String,
    /// Identifier of the request, as in `X-Request-Id` and in the server's log.
    #[oai(validator(max_length = 128, pattern = "^[A-Za-z0-9._:/+=@-]+$"))]
    pub request_id: String,
    /// Address of the client; absent for a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 45, pattern = "^[0-9a-f.:]+$"))]
    pub client_address: Option<String>,
    /// The operation.
    pub operation: OperationName,
    /// Why the request was refused: `unauthenticated` or `forbidden`; absent for a change. If there are very many
    /// refusals, some are only counted in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// Path of the changed or requested resource; of a renamed one, the old path.
    #[oai(validator(max_length = 8192, pattern = "^/[A-Za-z0-9._~%/-]+/$"))]
    pub target: String,
    /// The group of the resource; absent if it belongs to the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    /// The user of the resource; absent if it does not belong to a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The resource before the change; absent if it was created. Of an updated resource, the members that differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Recorded>,
    /// The resource after the change; absent if it was deleted. Of an updated resource, the members that differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Recorded>,
}

/// A page of events, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct AuditEventList {
    /// The events of the page.
    #[oai(validator(max_items = 1000))]
    pub audit_events: Vec<AuditEvent>,
    /// The value of `after` for the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<AuditCursor>,
}

/// Filter of events. An event must meet all conditions that are set.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// The resource is in this group.
    pub group: Option<GroupId>,
    /// The resource belongs to this user.
    pub user: Option<UserId>,
    /// The operation.
    pub operation: Option<OperationName>,
    /// The earliest time, inclusive.
    pub from: Option<Instant>,
    /// The latest time, exclusive.
    pub until: Option<Instant>,
}

/// The port of the audit trail.
#[async_trait]
pub trait AuditEvents: Send + Sync {
    /// A page of the tenant's events, also of a deleted tenant.
    async fn list(
        &self,
        tenant: TenantId,
        filter: AuditFilter,
        page: PageQuery<AuditCursor>,
    ) -> Result<AuditEventList, Failure>;
}

/// The operations on the audit trail.
pub struct AuditEventsApi(pub Arc<dyn AuditEvents>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::AuditEvents")]
impl AuditEventsApi {
    /// List the audit events of a tenant
    ///
    /// Returns the changes in the tenant in pages, oldest first: the actor, the time, the client's address, the
    /// request, the operation, and the resource before and after; of an updated resource, only the members that differ.
    /// A list of changes of criteria produces one event for each criteria. Requests that were refused for invalid
    /// credentials or missing permissions are events with `refused`. A page is cut at 4 MiB and may therefore have
    /// fewer events than `limit`. A deletion with `cascade=true` produces one event for each deleted resource. Events
    /// outlive their resources; they are kept for the configured retention, by default 400 days.
    #[oai(path = "/tenants/:tenant_id/audit_events/", method = "get", operation_id = "audit_events_list")]
    async fn audit_events_list(
        &self,
        _actor: Read<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
        /// Only changes in this group.
        #[oai(name = "groupId")]
        group_id: Query<Option<GroupId>>,
        /// Only changes of this user and of what belongs to the user.
        #[oai(name = "userId")]
        user_id: Query<Option<UserId>>,
        /// Only changes by this operation.
        operation: Query<Option<OperationName>>,
        /// Only changes at or after this instant.
        from: Query<Option<Instant>>,
        /// Only changes before this instant.
        until: Query<Option<Instant>>,
        limit: Query<Option<Limit>>,
        /// The start of the page: the `next` of the previous page. Leave out for the first page.
        after: Query<Option<AuditCursor>>,
    ) -> Result<Found<AuditEventList>, Fails<0>> {
        let filter =
            AuditFilter { group: group_id.0, user: user_id.0, operation: operation.0, from: from.0, until: until.0 };
        let page = PageQuery { limit: limit.0.unwrap_or_default(), after: after.0 };
        Ok(Found::with(self.0.list(tenant_id.0, filter, page).await?))
    }
}
