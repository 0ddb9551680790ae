//! The port of all services with criteria.

use async_trait::async_trait;

use super::shape::{Criteria, CriteriaChange, CriteriaCreate, CriteriaUpdate};
use crate::{
    access::Actor,
    resource::user_service::UserServicePath,
    value::name::CriteriaName,
    wire::{
        precondition::{EntityTags, Versioned},
        problem::Failure,
    },
};

/// The port for the criteria of a user's service, whichever it is. A write with an `if_match` that does not name the
/// current revision is refused and changes nothing.
#[async_trait]
pub trait CriteriaServices: Send + Sync {
    /// The criteria of the service in creation order.
    async fn service_view(&self, service: UserServicePath) -> Result<Versioned<Vec<Criteria>>, Failure>;
    /// Applies `changes` in order, all or none, and returns the criteria of the service.
    async fn service_update(
        &self,
        by: &Actor,
        service: UserServicePath,
        changes: Vec<CriteriaChange>,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Vec<Criteria>>, Failure>;
    /// One criteria.
    async fn criteria_view(&self, service: UserServicePath, name: CriteriaName)
    -> Result<Versioned<Criteria>, Failure>;
    /// Creates a criteria; refused if the name is taken.
    async fn criteria_create(
        &self,
        by: &Actor,
        service: UserServicePath,
        criteria: CriteriaCreate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Criteria>, Failure>;
    /// Updates the criteria; refused if the new name is taken.
    async fn criteria_update(
        &self,
        by: &Actor,
        service: UserServicePath,
        name: CriteriaName,
        update: CriteriaUpdate,
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
