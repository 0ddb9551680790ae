use std::env;

use call_acceptance_client::{
    Client, Error,
    types::{CriteriaUpdate, FromDnCriteriaUpdate, ScheduleSelection, Selection},
};
use reqwest::header::{AUTHORIZATION, HeaderMap};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bearer = format!("Bearer {}", env::var("CALL_ACCEPTANCE_TOKEN")?).parse()?;
    let http = reqwest::Client::builder().default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)])).build()?;
    let client = Client::new_with_client(&env::var("CALL_ACCEPTANCE_URL")?, http);

    let callers = FromDnCriteriaUpdate {
        selection: Some(Selection::SpecifiedOnly),
        phone_numbers: Some(vec!["0475*".parse()?]),
        ..Default::default()
    };
    // A selection of nothing is sent as null; a selection that is not given is left out.
    let no_schedule = Some(ScheduleSelection(None));
    let change = CriteriaUpdate { from_dn_criteria: Some(callers), time_schedule: no_schedule, ..Default::default() };
    let update = client.criteria_update().tenant_id("foo").group_id("foogroup").user_id("foouser");
    println!("{}", *update.instance_name("foocriteria").body(change).send().await?.calls_from);
    let view = client.criteria_view().tenant_id("foo").group_id("foogroup").user_id("foouser");
    match view.instance_name("family").send().await {
        Err(Error::ErrorResponse(problem)) => println!("{} {}", problem.status, *problem.code),
        answer => println!("{}", *answer?.name),
    }
    Ok(())
}
