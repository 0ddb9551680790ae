//! The port of all services with criteria.

use async_trait::async_trait;
use bytes::Bytes;

use super::shape::{Criteria, CriteriaChange, Service, ServiceUpdate};
use crate::{
    access::Actor,
    resource::user_service::UserServicePath,
    value::name::CriteriaName,
    wire::{
        precondition::{EntityTags, Versioned},
        problem::Failure,
    },
};

/// Serializes a service as its operations answer it.
pub type Render = fn(Service) -> Result<Bytes, Failure>;

/// The port for the criteria of a user's service, whichever it is. A write with an `if_match` that does not name the
/// current revision is refused and changes nothing.
#[async_trait]
pub trait CriteriaServices: Send + Sync {
    /// The service with its criteria in creation order, serialized by `render`, which is always the same for a service.
    async fn service_view(&self, service: UserServicePath, render: Render) -> Result<Versioned<Bytes>, Failure>;
    /// Applies `update`, all of it or nothing, and returns the service.
    async fn service_update(
        &self,
        by: &Actor,
        service: UserServicePath,
        update: ServiceUpdate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Service>, Failure>;
    /// One criteria.
    async fn criteria_view(&self, service: UserServicePath, name: CriteriaName)
    -> Result<Versioned<Criteria>, Failure>;
    /// Creates a criteria; refused if the name is taken.
    async fn criteria_create(
        &self,
        by: &Actor,
        service: UserServicePath,
        create: CriteriaChange,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Criteria>, Failure>;
    /// Updates the criteria that `update` names; refused if the new name is taken.
    async fn criteria_update(
        &self,
        by: &Actor,
        service: UserServicePath,
        update: CriteriaChange,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Criteria>, Failure>;
    /// Deletes one criteria.
    async fn criteria_delete(
        &self,
        by: &Actor,
        service: UserServicePath,
        name: CriteriaName,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<()>, Failure>;
}
