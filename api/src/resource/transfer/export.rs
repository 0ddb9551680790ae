//! The export of a tenant.

use std::{io, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use poem::{Body, IntoResponse, Response};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::Path,
    payload::Payload,
    registry::{MetaSchemaRef, Registry},
    types::Type,
};

use crate::{
    access::{Actor, Read, TENANT_ADMINS},
    resource::tags::Tag,
    value::{name::TenantId, text::text},
    wire::problem::{Fails, Failure, ProblemCode, TENANT, codes},
};

text! {
    /// A tenant with all that it holds, as lines of JSON.
    TenantLines {
        meaning: "a tenant with all that it holds, each thing a JSON object on a line of its own",
        rule: "objects with `kind`, the owner's `groupId` and `userId`, and the members of the thing",
        length: 0..=2147483647,
        pattern: r"^[\s\S]*$",
        example: "{\"kind\":\"tenant\",\"tenantId\":\"foo\",\"region\":\"BE\",\"timeZone\":\"Europe/Brussels\"}\n\
            {\"kind\":\"group\",\"groupId\":\"foogroup\"}\n\
            {\"kind\":\"user\",\"groupId\":\"foogroup\",\"userId\":\"foouser\",\"phoneNumber\":\"+3225550100\"}\n\
            {\"kind\":\"schedule\",\"groupId\":\"foogroup\",\"userId\":\"foouser\",\"type\":\"Time\",\
            \"name\":\"Every Friday\",\"periods\":[{\"name\":\"Friday\",\"active\":true,\"type\":\"Day of the week\",\
            \"dayOfWeek\":\"Friday\",\"startTime\":\"8:30\",\"stopTime\":\"17:30\"}]}\n\
            {\"kind\":\"number_list\",\"name\":\"Nuisance callers\",\"entryCount\":1}\n\
            {\"kind\":\"number_list_entries\",\"name\":\"Nuisance callers\",\"entries\":[{\"pattern\":\"+3290*\"}]}\n\
            {\"kind\":\"service\",\"groupId\":\"foogroup\",\"userId\":\"foouser\",\
            \"service\":\"Anonymous Call Rejection\",\"active\":true}\n",
    }
}

/// The lines of a tenant's file, as they are read. An error ends it: what came before is not the whole tenant.
pub type TenantFile = BoxStream<'static, io::Result<Bytes>>;

/// A response with lines of JSON, sent as they are read.
pub struct LinesAnswer(TenantFile);

impl Payload for LinesAnswer {
    const CONTENT_TYPE: &'static str = "application/x-ndjson";

    fn schema_ref() -> MetaSchemaRef {
        TenantLines::schema_ref()
    }

    fn register(registry: &mut Registry) {
        TenantLines::register(registry);
    }
}

impl IntoResponse for LinesAnswer {
    fn into_response(self) -> Response {
        Body::from_bytes_stream(self.0).with_content_type(Self::CONTENT_TYPE).into_response()
    }
}

/// 200 with a whole tenant.
#[derive(ApiResponse)]
pub enum Exported {
    /// The tenant with all that it holds. The connection breaks if the file cannot be completed.
    #[oai(status = 200)]
    Ok(LinesAnswer),
}

/// The port of exports.
#[async_trait]
pub trait Exports: Send + Sync {
    /// The tenant with all that it holds, from one moment.
    ///
    /// # Errors
    /// There is no such tenant, or there are too many exports in progress.
    async fn export(&self, by: &Actor, tenant: TenantId) -> Result<TenantFile, Failure>;
}

/// There are as many exports as there can be.
const TOO_MANY: u64 = codes(&[ProblemCode::TooManyExports]);

/// The operation on whole tenants.
pub struct ExportsApi(pub Arc<dyn Exports>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Transfers")]
impl ExportsApi {
    /// Export a tenant
    ///
    /// Returns the tenant with all that it holds, as it was at one moment: one JSON object a line, parents before
    /// what is below them. Tokens, audit events, statistics and refused calls are not in it.
    ///
    /// A line has `kind`, `groupId` and `userId` as far as the thing is below a group or a user, and the members of
    /// the thing as its own operation returns them. The kinds, in their order in the file: `tenant`; `group`;
    /// `treatments` and `protected_callers` of the tenant and of groups that have some; `user`; `schedule`, with its
    /// `type` (`Time` or `Holiday`); `number_list`; `number_list_entries`, with the `name` of the number list and at
    /// most 1000 `entries`; and `service`, with the name of the `service`, for each that is assigned to a user, its
    /// criteria in creation order.
    ///
    /// The response has no length and is sent as it is read. If the connection breaks before its end, the file is
    /// not whole. Clients that take too long to read it are disconnected. A tenant can be exported once at a time.
    #[oai(path = "/tenants/:tenant_id/export/", method = "get", operation_id = "tenant_export")]
    async fn tenant_export(
        &self,
        actor: Read<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
    ) -> Result<Exported, Fails<{ TENANT | TOO_MANY }>> {
        Ok(Exported::Ok(LinesAnswer(self.0.export(&actor.0, tenant_id.0).await?)))
    }
}
