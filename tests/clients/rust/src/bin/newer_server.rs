//! Values that the document does not know, through the client that progenitor makes for Rust.

use std::env;

use call_acceptance_client::{Client, Error, types::DecisionRequest};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::new(&env::var("CALL_ACCEPTANCE_URL")?);

    let ask = client.user_decision_ask().tenant_id("foo").group_id("foogroup").user_id("foouser");
    let decision = ask.body(DecisionRequest::default()).send().await?;
    let service = decision.service.as_deref().map_or("", String::as_str);
    println!("decision: {} | {service} | {}", *decision.reason, *decision.explanation[0].outcome);
    let list = client.user_services_list().tenant_id("foo").group_id("foogroup").user_id("foouser").send().await?;
    println!("service: {}", *list.services[0].name);
    let view = client.user_time_schedule_view().tenant_id("foo").group_id("foogroup").user_id("foouser");
    println!("period: {}", *view.name("Every Friday").send().await?.periods[0].type_);
    println!("token: {}", *client.token_view().token_id("0".repeat(32)).send().await?.role);
    println!("event: {}", *client.audit_events_list().tenant_id("foo").send().await?.audit_events[0].actor_kind);
    if let Err(Error::ErrorResponse(problem)) = client.tenant_view().tenant_id("foo").send().await {
        println!("problem: {} | {}", problem.status, *problem.code);
    }
    Ok(())
}
