//! Liveness and readiness, for load balancers and supervisors.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{Enum, Object, OpenApi};
use serde::Serialize;

use crate::{
    resource::tags::Tag,
    wire::{
        answer::Found,
        problem::{Fails, Failure, ProblemCode, codes},
    },
};

/// The state of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// The server is working.
    Ok,
}

/// The state of the server.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct Health {
    /// The state.
    pub status: HealthStatus,
    /// The server's version.
    #[oai(validator(max_length = 50, pattern = "^[0-9]+\\.[0-9]+\\.[0-9]+$"))]
    pub version: String,
    /// The release of libphonenumber whose numbering plans are used.
    #[oai(rename = "numberingPlans", validator(max_length = 50, pattern = "^[0-9]+\\.[0-9]+\\.[0-9]+$"))]
    #[serde(rename = "numberingPlans")]
    pub numbering_plans: String,
}

/// The port of readiness.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// Succeeds if the server can serve requests: its database responds, and it is not about to stop.
    async fn ready(&self) -> Result<(), Failure>;
    /// The release of libphonenumber whose numbering plans are used.
    fn numbering_plans(&self) -> &'static str;
}

/// The health operations.
pub struct HealthApi(pub Arc<dyn Readiness>);

impl HealthApi {
    fn ok(&self) -> Health {
        Health {
            status: HealthStatus::Ok,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            numbering_plans: self.0.numbering_plans().to_owned(),
        }
    }
}

#[OpenApi(tag = "Tag::Health")]
impl HealthApi {
    /// Check whether the server is alive
    ///
    /// Responds as long as the process is running. A supervisor restarts the server when there is no response.
    #[oai(path = "/health/live", method = "get", operation_id = "health_live")]
    async fn health_live(&self) -> Result<Found<Health>, Fails<0>> {
        Ok(Found::with(self.ok()))
    }

    /// Check whether the server is ready
    ///
    /// The status is 200 if the database responds and the server is not about to stop. With 503 a load balancer sends
    /// requests elsewhere.
    #[oai(path = "/health/ready", method = "get", operation_id = "health_ready")]
    async fn health_ready(&self) -> Result<Found<Health>, Fails<{ codes(&[ProblemCode::ServerStopping]) }>> {
        self.0.ready().await?;
        Ok(Found::with(self.ok()))
    }
}
