//! Whether the server lives and is ready; for load balancers and supervisors.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{Enum, Object, OpenApi};
use serde::Serialize;

use crate::{
    resource::tags::Tag,
    wire::{
        answer::Found,
        problem::{Fails, Failure},
    },
};

/// How the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// It can do its work.
    Ok,
}

/// How the server is.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct Health {
    /// How the server is.
    pub status: HealthStatus,
    /// The server's version.
    #[oai(validator(max_length = 50, pattern = "^[0-9]+\\.[0-9]+\\.[0-9]+$"))]
    pub version: String,
    /// The release of libphonenumber whose numbering plans numbers are read by.
    #[oai(rename = "numberingPlans", validator(max_length = 50, pattern = "^[0-9]+\\.[0-9]+\\.[0-9]+$"))]
    #[serde(rename = "numberingPlans")]
    pub numbering_plans: String,
}

/// The port: what the server needs to be ready.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// Whether the server can answer requests: its database answers.
    async fn ready(&self) -> Result<(), Failure>;
    /// The release of libphonenumber whose numbering plans numbers are read by.
    fn numbering_plans(&self) -> &'static str;
}

/// The operations on the server's health.
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
    /// Ask whether the server lives
    ///
    /// Answers as long as the process can. A supervisor restarts the server when it does not.
    #[oai(path = "/health/live", method = "get", operation_id = "health_live")]
    async fn health_live(&self) -> Result<Found<Health>, Fails<0>> {
        Ok(Found::with(self.ok()))
    }

    /// Ask whether the server is ready
    ///
    /// Answers 200 when the database answers. A load balancer sends requests elsewhere while it is 503.
    #[oai(path = "/health/ready", method = "get", operation_id = "health_ready")]
    async fn health_ready(&self) -> Result<Found<Health>, Fails<0>> {
        self.0.ready().await?;
        Ok(Found::with(self.ok()))
    }
}
