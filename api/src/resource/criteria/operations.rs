//! The macro that generates the six operations of a service with criteria.

use crate::wire::problem::{ProblemCode, SERVICE, codes};

pub(super) const CRITERIA: u64 = SERVICE | codes(&[ProblemCode::CriteriaNotFound]);
pub(super) const PRECONDITION: u64 = codes(&[ProblemCode::RevisionMismatch]);
pub(super) const TAKEN: u64 = codes(&[ProblemCode::CriteriaExists]);
pub(super) const FULL: u64 = codes(&[ProblemCode::TooManyCriteria]);

/// Generates the six operations of a service with criteria. `schemas` are those of one criteria: in responses, to
/// create and to update; `service` has those of the whole service: in responses and to update.
macro_rules! criteria_api {
    (
        $(#[$doc:meta])* $api:ident: $service:expr, $tag:literal,
        schemas: $criteria:ident $create:ident $update_one:ident,
        service: $view:ident $update:ident $service_path:literal,
        service_view: $service_view:ident $service_view_id:literal $service_view_doc:literal,
        service_update: $service_update:ident $service_update_id:literal $service_update_doc:literal,
        criteria: $criteria_path:literal $collection_path:literal,
        criteria_view: $criteria_view:ident $criteria_view_id:literal $criteria_view_doc:literal,
        criteria_create: $criteria_create:ident $criteria_create_id:literal $criteria_create_doc:literal,
        criteria_update: $criteria_update:ident $criteria_update_id:literal $criteria_update_doc:literal,
        criteria_delete: $criteria_delete:ident $criteria_delete_id:literal $criteria_delete_doc:literal $(,)?
    ) => {
        use std::sync::Arc;

        use poem_openapi::{
            OpenApi,
            param::{Header, Path, Query},
        };

        use super::{
            operations::{CRITERIA, FULL, PRECONDITION, TAKEN},
            port::CriteriaServices,
        };
        use crate::{
            access::{END_USERS, Read, Write},
            resource::{tags::Tag, user_service::UserServicePath},
            value::{
                name::{GroupId, TenantId, UserId},
                owner::{Owner, UserPath},
            },
            wire::{
                answer::{CreatedVersion, DeletedVersion, FoundVersion, UpdatedVersion},
                payload::{JsonBody, json_text},
                precondition::EntityTags,
                problem::{BODY, Fails, SERVICE},
            },
        };

        $(#[$doc])*
        pub struct $api(pub Arc<dyn CriteriaServices>);

        fn service_of(tenant: TenantId, group: GroupId, user: UserId) -> UserServicePath {
            UserServicePath { user: UserPath { tenant, group, user }, service: $service }
        }

        #[OpenApi(prefix_path = "/api/v1", tag = $tag)]
        impl $api {
            #[doc = $service_view_doc]
            ///
            /// Returns all criteria of the user in creation order.
            #[oai(path = $service_path, method = "get", operation_id = $service_view_id)]
            async fn $service_view(
                &self,
                _actor: Read<END_USERS>,
                tenant_id: Path<TenantId>,
                group_id: Path<GroupId>,
                user_id: Path<UserId>,
                /// The response is 304 if one of these entity tags is the current revision.
                #[oai(name = "If-None-Match")]
                if_none_match: Header<Option<EntityTags>>,
            ) -> Result<FoundVersion<$view>, Fails<SERVICE>> {
                let service = service_of(tenant_id.0, group_id.0, user_id.0);
                let found = self.0.service_view(service, |service| json_text(&$view::from(service))).await?;
                Ok(FoundVersion::unless_known(found, if_none_match.0))
            }

            #[doc = $service_update_doc]
            ///
            /// Applies a list of changes in order, all or none. An entry updates the criteria that it names, creates it
            /// if it does not exist (`fromDnCriteria` is then required), or deletes it with `"delete": true`; deleting
            /// a criteria that does not exist is no error. Criteria that no entry names are unchanged. If one entry is
            /// invalid, nothing changes. The list may be left out if another member is given.
            #[oai(path = $service_path, method = "put", operation_id = $service_update_id)]
            async fn $service_update(
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
                body: JsonBody<$update>,
            ) -> Result<UpdatedVersion<$view>, Fails<{ BODY | SERVICE | TAKEN | FULL | PRECONDITION }>> {
                let service = service_of(tenant_id.0, group_id.0, user_id.0);
                let by = actor.0.trying(dry_run.0);
                let updated = self.0.service_update(&by, service, body.0.into(), if_match.0).await?;
                Ok(UpdatedVersion::with(updated.map($view::from), dry_run.0))
            }

            #[doc = $criteria_view_doc]
            ///
            /// Returns one criteria of the user.
            #[oai(path = $criteria_path, method = "get", operation_id = $criteria_view_id)]
            async fn $criteria_view(
                &self,
                _actor: Read<END_USERS>,
                tenant_id: Path<TenantId>,
                group_id: Path<GroupId>,
                user_id: Path<UserId>,
                instance_name: Path<CriteriaName>,
                /// The response is 304 if one of these entity tags is the current revision.
                #[oai(name = "If-None-Match")]
                if_none_match: Header<Option<EntityTags>>,
            ) -> Result<FoundVersion<$criteria>, Fails<CRITERIA>> {
                let service = service_of(tenant_id.0, group_id.0, user_id.0);
                let found = self.0.criteria_view(service, instance_name.0).await?;
                let found = found.try_map(|criteria| json_text(&$criteria::from(criteria)))?;
                Ok(FoundVersion::unless_known(found, if_none_match.0))
            }

            #[doc = $criteria_create_doc]
            ///
            /// Appends a criteria to those of the user. A user can have 100.
            #[oai(path = $collection_path, method = "post", operation_id = $criteria_create_id)]
            async fn $criteria_create(
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
                body: JsonBody<$create>,
            ) -> Result<CreatedVersion<$criteria>, Fails<{ BODY | SERVICE | TAKEN | FULL | PRECONDITION }>> {
                let service = service_of(tenant_id.0, group_id.0, user_id.0);
                let by = actor.0.trying(dry_run.0);
                let created = self.0.criteria_create(&by, service.clone(), body.0.into(), if_match.0).await?;
                let (owner, below) = (Owner::User(service.user.clone()), service.segments());
                let place = owner.path_of(&[below[0], below[1], "criteria", created.value.name.as_str()]);
                Ok(CreatedVersion::at(place, created.map($criteria::from), dry_run.0))
            }

            #[doc = $criteria_update_doc]
            ///
            /// Merges the body into the criteria: members left out are unchanged, `null` clears what can be absent,
            /// `phoneNumbers` replaces the whole list, `newName` renames.
            #[oai(path = $criteria_path, method = "put", operation_id = $criteria_update_id)]
            async fn $criteria_update(
                &self,
                actor: Write<END_USERS>,
                tenant_id: Path<TenantId>,
                group_id: Path<GroupId>,
                user_id: Path<UserId>,
                instance_name: Path<CriteriaName>,
                /// The write is performed only if one of these entity tags is the current revision.
                #[oai(name = "If-Match")]
                if_match: Header<Option<EntityTags>>,
                /// Answers as without it, and changes nothing; without `ETag` and `Location`.
                #[oai(name = "dryRun", default)]
                dry_run: Query<bool>,
                body: JsonBody<$update_one>,
            ) -> Result<UpdatedVersion<$criteria>, Fails<{ BODY | CRITERIA | TAKEN | PRECONDITION }>> {
                let service = service_of(tenant_id.0, group_id.0, user_id.0);
                let by = actor.0.trying(dry_run.0);
                let updated = self.0.criteria_update(&by, service, body.0.of(instance_name.0), if_match.0).await?;
                Ok(UpdatedVersion::with(updated.map($criteria::from), dry_run.0))
            }

            #[doc = $criteria_delete_doc]
            ///
            /// Deletes the criteria. A body is ignored.
            #[oai(path = $criteria_path, method = "delete", operation_id = $criteria_delete_id)]
            async fn $criteria_delete(
                &self,
                actor: Write<END_USERS>,
                tenant_id: Path<TenantId>,
                group_id: Path<GroupId>,
                user_id: Path<UserId>,
                instance_name: Path<CriteriaName>,
                /// The write is performed only if one of these entity tags is the current revision.
                #[oai(name = "If-Match")]
                if_match: Header<Option<EntityTags>>,
                /// Answers as without it, and changes nothing; without `ETag` and `Location`.
                #[oai(name = "dryRun", default)]
                dry_run: Query<bool>,
            ) -> Result<DeletedVersion, Fails<{ CRITERIA | PRECONDITION }>> {
                let service = service_of(tenant_id.0, group_id.0, user_id.0);
                let by = actor.0.trying(dry_run.0);
                let deleted = self.0.criteria_delete(&by, service, instance_name.0, if_match.0).await?;
                Ok(DeletedVersion::with(deleted, dry_run.0))
            }
        }
    };
}
pub(super) use criteria_api;
