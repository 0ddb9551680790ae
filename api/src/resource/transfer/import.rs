//! Imports: a file of lines, or a table of users, into a tenant.

use std::sync::Arc;

use async_trait::async_trait;
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiRequest, Enum, Object, OpenApi,
    param::{Path, Query},
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;
use tokio::io::AsyncRead;

use crate::{
    access::{Actor, Read, TENANT_ADMINS, Write},
    resource::tags::Tag,
    value::{
        name::TenantId,
        open_enum::{SNAKE_CASE, open_enum},
        text::text,
        time::Instant,
    },
    wire::{
        answer::{Accepted, Deleted, Found},
        page::{Limit, PageQuery},
        payload::is_media_type,
        problem::{Fails, Failure, ProblemCode, TENANT, codes},
        validation::BodySchemas,
    },
};

/// The maximum number of faults of an import that are kept.
pub const MAX_ERRORS: usize = 10_000;

text! {
    /// Identifier of an import.
    ImportId {
        meaning: "an import's identifier",
        rule: "32 hexadecimal digits in small letters",
        length: 32..=32,
        pattern: "^[0-9a-f]{32}$",
        example: "0193a0c03a527c408a3e7f2b9f6d1c55",
    }
}

text! {
    /// The start of a page of faults of an import: after the fault with this number.
    ImportErrorCursor {
        meaning: "a position in the faults of an import",
        rule: "the `next` of the previous page",
        length: 1..=10,
        pattern: "^[0-9]{1,10}$",
        example: "100",
    }
}

text! {
    /// The file of a tenant as lines of JSON.
    ImportLines {
        meaning: "the things of a tenant, each a JSON object on a line of its own, as the export writes them",
        rule: "objects with `kind`, the owner's `groupId` and `userId`, and the thing as GET returns it; what others \
            refer to comes before them",
        length: 0..=2147483647,
        pattern: r"^[\s\S]*$",
        example: "{\"kind\":\"group\",\"groupId\":\"sales\",\"groupName\":\"Sales\"}\n\
            {\"kind\":\"user\",\"groupId\":\"sales\",\"userId\":\"jane\",\"firstName\":\"Jane\"}\n",
    }
}

text! {
    /// A table of users as comma-separated values.
    ImportUsers {
        meaning: "users of existing groups as comma-separated values (RFC 4180)",
        rule: "a header line with `group_id` and `user_id`, and of `first_name`, `last_name`, `email_address`, \
            `phone_number`, `extension`, `time_zone`, `services`, `accept_numbers` and `reject_numbers` those that are \
            needed; then a line for each user. Services, numbers and patterns in a cell are separated by `;`",
        length: 0..=2147483647,
        pattern: r"^[\s\S]*$",
        example: "group_id,user_id,first_name,accept_numbers\r\nfoogroup,jane,Jane,+3225126777;+3290*\r\n",
    }
}

open_enum! {
    /// The status of an import.
    ImportStatus: SNAKE_CASE, {
        /// The body arrives, or lines of it are applied.
        Running = "running",
        /// All lines are applied.
        Succeeded = "succeeded",
        /// All lines are applied but the faulty ones.
        SucceededWithErrors = "succeeded_with_errors",
        /// The import ended early: with `onError=stop` at the first faulty line, and else since the body did not arrive
        /// or the server was stopped. The counts say what was done.
        Failed = "failed",
        /// The import was cancelled. The counts say what was done.
        Cancelled = "cancelled",
    }
}

/// What becomes of what a file does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum ImportMode {
    /// It stays as it is.
    #[default]
    Merge,
    /// It is removed.
    Replace,
}

/// What a faulty line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// It is left out, and the others are applied.
    #[default]
    Continue,
    /// Nothing is applied.
    Stop,
}

/// How a file is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportOptions {
    /// What becomes of what the file does not name.
    pub mode: ImportMode,
    /// What a faulty line does.
    pub on_error: OnError,
}

/// Counts of the lines of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Object, Serialize)]
pub struct ImportCounts {
    /// Lines that were read. Empty lines and the header of a table are none.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000")))]
    pub read: i64,
    /// Lines that created something.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000")))]
    pub created: i64,
    /// Lines that changed something.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000")))]
    pub changed: i64,
    /// Lines that changed nothing, since everything is as they say.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000")))]
    pub unchanged: i64,
    /// Things that were removed, since the file does not name them.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000")))]
    pub deleted: i64,
    /// Faulty lines.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000")))]
    pub failed: i64,
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct Import {
    /// The identifier.
    pub import_id: ImportId,
    /// The status.
    pub status: ImportStatus,
    /// What became of the lines so far.
    pub counts: ImportCounts,
    /// Bytes of the body that have arrived so far.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000000")))]
    pub bytes_read: i64,
    /// Time of the request.
    pub started_at: Instant,
    /// Time when it ended; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Instant>,
}

/// The last imports of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct ImportList {
    /// The last 100 imports, the newest first.
    #[oai(validator(max_items = 100))]
    pub imports: Vec<Import>,
}

/// A fault of a line.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct ImportError {
    /// Number of the line in the body, from 1.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000000000000")))]
    pub line: i64,
    /// The code of the problem with which a request is refused that asks for the same.
    pub code: ProblemCode,
    /// What is wrong and what would be right.
    #[oai(validator(max_length = 10000))]
    pub detail: String,
    /// JSON Pointer (RFC 6901) to the faulty value in the line; absent if the line as a whole is at fault, and in
    /// tables, where `detail` names the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 1000, pattern = "^(/[^/]*)*$"))]
    pub pointer: Option<String>,
}

/// A page of the faults of an import.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct ImportErrorList {
    /// The faults, in the order in which they were found.
    #[oai(validator(max_items = 1000))]
    pub errors: Vec<ImportError>,
    /// The value of `after` for the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<ImportErrorCursor>,
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportForm {
    /// The lines of a tenant's file.
    Lines,
    /// A table of users.
    Users,
}

/// A file as it arrives.
pub struct ImportFile {
    /// Its form.
    pub form: ImportForm,
    /// Its bytes.
    pub bytes: Box<dyn AsyncRead + Send + Unpin>,
    /// What its lines are validated with.
    pub schemas: &'static BodySchemas,
}

/// The body of an import.
#[derive(ApiRequest)]
pub enum ImportBody {
    /// The lines of a tenant's file.
    Lines(LinesBody),
    /// A table of users.
    Users(UsersBody),
}

impl ImportBody {
    fn into_file(self) -> ImportFile {
        match self {
            Self::Lines(LinesBody(file)) | Self::Users(UsersBody(file)) => file,
        }
    }
}

/// A body of `application/x-ndjson`.
pub struct LinesBody(ImportFile);

/// A body of `text/csv`.
pub struct UsersBody(ImportFile);

macro_rules! streamed_payload {
    ($body:ident: $media_type:literal, $schema:ident, $form:expr) => {
        impl Payload for $body {
            const CONTENT_TYPE: &'static str = $media_type;

            fn check_content_type(content_type: &str) -> bool {
                is_media_type(content_type, Self::CONTENT_TYPE)
            }

            fn schema_ref() -> MetaSchemaRef {
                $schema::schema_ref()
            }

            fn register(registry: &mut Registry) {
                $schema::register(registry);
            }
        }

        impl ParsePayload for $body {
            const IS_REQUIRED: bool = true;

            async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
                let schemas = BodySchemas::of(request)?;
                Ok(Self(ImportFile { form: $form, bytes: Box::new(body.take()?.into_async_read()), schemas }))
            }
        }
    };
}

streamed_payload!(LinesBody: "application/x-ndjson", ImportLines, ImportForm::Lines);
streamed_payload!(UsersBody: "text/csv", ImportUsers, ImportForm::Users);

/// The port of imports.
#[async_trait]
pub trait Imports: Send + Sync {
    /// The last imports of the tenant, the newest first.
    async fn list(&self, tenant: TenantId) -> Result<ImportList, Failure>;
    /// Imports the file, which has arrived when this returns; its lines may still be applied. Refused while another
    /// import of the tenant runs.
    async fn create(
        &self,
        by: &Actor,
        tenant: TenantId,
        options: ImportOptions,
        file: ImportFile,
    ) -> Result<Import, Failure>;
    /// One import.
    async fn view(&self, tenant: TenantId, import: ImportId) -> Result<Import, Failure>;
    /// A page of the faults of an import, of which the first [`MAX_ERRORS`] are kept.
    async fn errors(
        &self,
        tenant: TenantId,
        import: ImportId,
        page: PageQuery<ImportErrorCursor>,
    ) -> Result<ImportErrorList, Failure>;
    /// Cancels an import; one that has ended stays as it is.
    async fn cancel(&self, by: &Actor, tenant: TenantId, import: ImportId) -> Result<(), Failure>;
}

/// The import that a path names may not exist.
const NOT_FOUND: u64 = TENANT | codes(&[ProblemCode::ImportNotFound]);
/// What an import is refused for.
const REFUSED: u64 =
    TENANT | codes(&[ProblemCode::UnsupportedMediaType, ProblemCode::ImportRunning, ProblemCode::BeingDeleted]);

/// The operations on imports.
pub struct ImportsApi(pub Arc<dyn Imports>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Transfers")]
impl ImportsApi {
    /// List the imports of a tenant
    ///
    /// Returns the last 100 imports, the newest first.
    #[oai(path = "/tenants/:tenant_id/imports/", method = "get", operation_id = "imports_list")]
    async fn imports_list(
        &self,
        _actor: Read<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
    ) -> Result<Found<ImportList>, Fails<TENANT>> {
        Ok(Found::with(self.0.list(tenant_id.0).await?))
    }

    /// Import things into a tenant
    ///
    /// Applies the lines of a file, of any size. `application/x-ndjson` is what the export of a tenant writes: a JSON
    /// object on each line, with `kind`, the owner's `groupId` and `userId`, and the thing as GET returns it; what
    /// others refer to comes before them. The tenant of the path wins over that of the file. `text/csv` is a table of
    /// users of existing groups with their services and numbers. Both are UTF-8. Every line is held to the rules of
    /// the request that writes the same, and is applied as a whole or not at all.
    ///
    /// The response comes when the body has arrived; the import is listed from the start, and its lines are applied
    /// in the background. What was changed is in the audit trail, with this operation. Decisions and other requests
    /// go on meanwhile. A tenant has one import at a time.
    ///
    /// With `mode=replace` what the file does not name is removed, in the tenant and in each thing that a line names:
    /// members, criteria and entries; but nothing that a faulty line names, and nothing but that if a line cannot be
    /// read at all. The criteria of a service get the order of the line. A table replaces users and their services
    /// alone. The tenant itself and tokens are never removed.
    ///
    /// With `onError=stop` the lines are applied in one transaction, when all of them can be read; the first fault
    /// leaves nothing. Until it ends, other writes to the same things wait, and to anything on SQLite.
    #[oai(path = "/tenants/:tenant_id/imports/", method = "post", operation_id = "imports_create")]
    async fn imports_create(
        &self,
        actor: Write<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
        /// What becomes of what the file does not name: it stays (`merge`), or it is removed (`replace`).
        #[oai(default)]
        mode: Query<ImportMode>,
        /// What a faulty line does: it is left out (`continue`), or nothing is applied (`stop`).
        #[oai(name = "onError", default)]
        on_error: Query<OnError>,
        /// The import counts and names faults as without it, and changes nothing. It takes one transaction, as with
        /// `onError=stop`.
        #[oai(name = "dryRun", default)]
        dry_run: Query<bool>,
        body: ImportBody,
    ) -> Result<Accepted<Import>, Fails<REFUSED>> {
        let options = ImportOptions { mode: mode.0, on_error: on_error.0 };
        let by = actor.0.trying(dry_run.0);
        let import = self.0.create(&by, tenant_id.0.clone(), options, body.into_file()).await?;
        let segments = ["tenants", tenant_id.as_str(), "imports", import.import_id.as_str()];
        Ok(Accepted::at(&segments, import.clone()))
    }

    /// View an import
    ///
    /// Returns the status of an import, and the counts of its lines so far.
    #[oai(path = "/tenants/:tenant_id/imports/:import_id/", method = "get", operation_id = "import_view")]
    async fn import_view(
        &self,
        _actor: Read<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
        import_id: Path<ImportId>,
    ) -> Result<Found<Import>, Fails<NOT_FOUND>> {
        Ok(Found::with(self.0.view(tenant_id.0, import_id.0).await?))
    }

    /// List the faults of an import
    ///
    /// Returns the faults of its lines in pages, in the order in which they were found. The first 10,000 are kept.
    #[oai(path = "/tenants/:tenant_id/imports/:import_id/errors/", method = "get", operation_id = "import_errors_list")]
    async fn import_errors_list(
        &self,
        _actor: Read<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
        import_id: Path<ImportId>,
        limit: Query<Option<Limit>>,
        /// The start of the page: the `next` of the previous page. Leave out for the first page.
        after: Query<Option<ImportErrorCursor>>,
    ) -> Result<Found<ImportErrorList>, Fails<NOT_FOUND>> {
        let page = PageQuery { limit: limit.0.unwrap_or_default(), after: after.0 };
        Ok(Found::with(self.0.errors(tenant_id.0, import_id.0, page).await?))
    }

    /// Cancel an import
    ///
    /// Ends the import. What its lines have changed until then stays; with `onError=stop` and in a dry run nothing is
    /// changed. An import that has ended stays as it is.
    #[oai(path = "/tenants/:tenant_id/imports/:import_id/", method = "delete", operation_id = "import_cancel")]
    async fn import_cancel(
        &self,
        actor: Write<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
        import_id: Path<ImportId>,
    ) -> Result<Deleted, Fails<NOT_FOUND>> {
        Ok(self.0.cancel(&actor.0, tenant_id.0, import_id.0).await?.into())
    }
}
