//! Readiness of the server.

use async_trait::async_trait;
use call_acceptance_api::{
    resource::health::Readiness,
    wire::problem::{Failure, ProblemCode},
};

use super::server::Server;
use crate::rules::screening::NUMBERING_PLANS;

#[async_trait]
impl Readiness for Server {
    async fn ready(&self) -> Result<(), Failure> {
        if self.is_stopping() {
            let detail = "The server is stopping; send requests to another instance.";
            return Err(Failure::refused(ProblemCode::ServerStopping, detail));
        }
        Ok(self.readiness.check(&self.calls).await?)
    }

    fn numbering_plans(&self) -> &'static str {
        NUMBERING_PLANS
    }
}
