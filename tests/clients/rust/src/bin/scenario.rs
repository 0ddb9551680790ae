//! A user's criteria from first to last, through the client that progenitor makes for Rust.

use std::{env, error::Error};

use call_acceptance_client::{
    Client, Error as CallError,
    types::{
        AnonymousCallRejectionUpdate, Criteria, CriteriaCreate, CriteriaUpdate, DayOfWeek, DecisionRequest,
        FromDnCriteriaCreate, FromDnCriteriaUpdate, GroupCreate, Level, Period, Problem, ProtectedCallerEntry,
        ProtectedCallersUpdate, RejectionCriteriaCreate, RejectionFromDnCriteriaCreate, RejectionSelection,
        ScheduleCreate, ScheduleSelection, ScheduleSelectionValue, Selection, ServiceSelection, ServiceSelectionList,
        TenantCreate, TimeOfDay, TreatmentEntry, TreatmentsUpdate, UserCreate,
    },
};
use progenitor_client::ResponseValue;
use reqwest::header::{AUTHORIZATION, ETAG, HeaderMap};

type Failure = Box<dyn Error>;

/// The problem that a call is answered with.
fn problem<T>(answer: Result<ResponseValue<T>, CallError<Problem>>) -> Result<Problem, Failure> {
    match answer {
        Err(CallError::ErrorResponse(problem)) => Ok(problem.into_inner()),
        Err(other) => Err(other.into()),
        Ok(_) => Err("the call should have failed".into()),
    }
}

fn show(step: &str, seen: &Criteria) {
    let when = match &seen.time_schedule {
        Some(schedule) => format!("{}/{}/{}", schedule.level, *schedule.name, schedule.type_),
        None => "any time".to_owned(),
    };
    println!("{step}: {} | {} | {when}", *seen.name, *seen.calls_from);
}

/// What is absent is an empty text.
fn text(value: Option<&String>) -> &str {
    value.map_or("", String::as_str)
}

fn of_user(schedule: &str) -> Result<ScheduleSelection, Failure> {
    Ok(Some(ScheduleSelectionValue { level: Level::User, name: schedule.parse()?, type_: None }).into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let tenant = "acme";
    let bearer = format!("Bearer {}", env::var("CALL_ACCEPTANCE_TOKEN")?).parse()?;
    let http = reqwest::Client::builder().default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)])).build()?;
    let client = Client::new_with_client(&env::var("CALL_ACCEPTANCE_URL")?, http);

    set_up(&client, tenant).await?;
    keep_criteria(&client, tenant).await?;
    client.tenant_delete().tenant_id(tenant).cascade(true).send().await?;
    let gone = problem(client.tenant_view().tenant_id(tenant).send().await)?;
    println!("gone: {} | {}", gone.status, *gone.code);
    Ok(())
}

async fn set_up(client: &Client, tenant: &str) -> Result<(), Failure> {
    // Members may be added to requests: builders leave them out.
    let body = TenantCreate::builder()
        .tenant_id(tenant)
        .region(Some("BE".parse()?))
        .time_zone(Some("Europe/Brussels".parse()?));
    let seen = client.tenant_create().body(body).send().await?;
    println!("tenant: {} | {}", text(seen.region.as_deref()), text(seen.time_zone.as_deref()));
    let body = GroupCreate::builder().group_id("sales").group_name(Some("Sales".parse()?));
    let seen = client.group_create().tenant_id(tenant).body(body).send().await?;
    println!("group: {} | {}", *seen.group_id, text(seen.group_name.as_deref()));
    let body = UserCreate::builder().user_id("jane").first_name(Some("Jane".parse()?)).last_name(Some("Doe".parse()?));
    let seen = client.user_create().tenant_id(tenant).group_id("sales").body(body).send().await?;
    let (first, last) = (text(seen.first_name.as_deref()), text(seen.last_name.as_deref()));
    println!("user: {} | {first} {last}", *seen.user_id);
    let body = ServiceSelectionList { services: vec![ServiceSelection { name: "Selective Call Acceptance".parse()? }] };
    let seen =
        client.user_services_assign().tenant_id(tenant).group_id("sales").user_id("jane").body(body).send().await?;
    let service = &seen.services[0];
    println!("service: {} | {}", *service.name, if service.assigned { "assigned" } else { "not assigned" });
    let friday = Period::builder()
        .name("Friday")
        .type_("Day of the week")
        .day_of_week(DayOfWeek::Friday)
        .start_time("9:00".parse::<TimeOfDay>()?)
        .stop_time("17:00".parse::<TimeOfDay>()?)
        .try_into()?;
    let body = ScheduleCreate { name: "Fridays".parse()?, periods: vec![friday] };
    let call = client.user_time_schedule_create().tenant_id(tenant).group_id("sales").user_id("jane");
    let seen = call.body(body).send().await?;
    let period = &seen.periods[0];
    let day = period.day_of_week.ok_or("no day of the week")?;
    let (start, stop) = (text(period.start_time.as_deref()), text(period.stop_time.as_deref()));
    println!("schedule: {} | {day} | {start} to {stop}", *seen.name);
    Ok(())
}

async fn keep_criteria(client: &Client, tenant: &str) -> Result<(), Failure> {
    let view = |name| client.criteria_view().tenant_id(tenant).group_id("sales").user_id("jane").instance_name(name);
    let update =
        |name| client.criteria_update().tenant_id(tenant).group_id("sales").user_id("jane").instance_name(name);

    let callers = FromDnCriteriaCreate::builder()
        .selection(Selection::SpecifiedOnly)
        .phone_numbers(vec!["+3225126777".parse()?, "0475*".parse()?]);
    let schedule = of_user("Fridays")?;
    let body = CriteriaCreate::builder().name("friends").time_schedule(schedule).from_dn_criteria(callers);
    let call = client.criteria_create().tenant_id(tenant).group_id("sales").user_id("jane");
    show("created", &*call.body(body).send().await?);
    let viewed = view("friends").send().await?;
    show("viewed", &viewed);

    // With If-Match a change is made only if nobody else made one since.
    let etag = viewed.headers()[ETAG].to_str()?;
    let anonymous = FromDnCriteriaUpdate { include_anonymous_callers: Some(true), ..Default::default() };
    let anonymous = CriteriaUpdate { from_dn_criteria: Some(anonymous), ..Default::default() };
    show("updated", &*update("friends").if_match(etag).body(anonymous.clone()).send().await?);
    let conflict = problem(update("friends").if_match(etag).body(anonymous).send().await)?;
    println!("conflict: {} | {}", conflict.status, *conflict.code);

    let name = "family & friends";
    let rename = CriteriaUpdate { new_name: Some(name.parse()?), ..Default::default() };
    show("renamed", &*update("friends").body(rename).send().await?);
    let mondays = CriteriaUpdate { time_schedule: Some(of_user("Mondays")?), ..Default::default() };
    let invalid = problem(update(name).body(mondays).send().await)?;
    let pointers: Vec<_> = invalid.errors.iter().map(|fault| text(fault.pointer.as_deref())).collect();
    println!("invalid: {} | {} | {}", invalid.status, *invalid.code, pointers.join(", "));
    // A selection of nothing is sent as null; a selection that is not given is left out.
    let clear = CriteriaUpdate { time_schedule: Some(ScheduleSelection(None)), ..Default::default() };
    show("cleared", &*update(name).body(clear).send().await?);

    let decide = |number: &str| {
        let call = client.user_decision_ask().tenant_id(tenant).group_id("sales").user_id("jane");
        let asked = DecisionRequest { calling_number: Some(number.parse()?), ..Default::default() };
        Ok::<_, Failure>(call.body(asked).send())
    };
    let friend = decide("+32475123456")?.await?;
    println!("accepted: {} | {} | {}", friend.decision, *friend.reason, text(friend.criteria.as_deref()));
    let stranger = decide("+3225559999")?.await?;
    let (status, reason) = (stranger.sip_status.unwrap_or_default(), text(stranger.sip_reason.as_deref()));
    println!("refused: {} | {} | {status} {reason}", stranger.decision, *stranger.reason);

    keep_other_services(client, tenant).await?;
    let call = client.criteria_delete().tenant_id(tenant).group_id("sales").user_id("jane");
    call.instance_name(name).send().await?;
    let call = client.selective_call_acceptance_view().tenant_id(tenant).group_id("sales").user_id("jane");
    println!("deleted: {} left", call.send().await?.criteria.len());
    let missing = problem(view(name).send().await)?;
    println!("missing: {} | {}", missing.status, *missing.code);
    Ok(())
}

/// The services beside it, and what the group and the tenant set for all their users.
async fn keep_other_services(client: &Client, tenant: &str) -> Result<(), Failure> {
    let services = ["Selective Call Rejection", "Anonymous Call Rejection"];
    let services = services.map(|name| Ok::<_, Failure>(ServiceSelection { name: name.parse()? }));
    let body = ServiceSelectionList { services: services.into_iter().collect::<Result<_, _>>()? };
    let call = client.user_services_assign().tenant_id(tenant).group_id("sales").user_id("jane");
    call.body(body).send().await?;
    let sales = RejectionFromDnCriteriaCreate::builder()
        .selection(RejectionSelection::SpecifiedOnly)
        .phone_numbers(vec!["+3278*".parse()?]);
    let call = client.rejection_criteria_create().tenant_id(tenant).group_id("sales").user_id("jane");
    call.body(RejectionCriteriaCreate::builder().name("sales calls").from_dn_criteria(sales)).send().await?;
    let call = client.anonymous_call_rejection_update().tenant_id(tenant).group_id("sales").user_id("jane");
    call.body(AnonymousCallRejectionUpdate { active: Some(true) }).send().await?;
    let redirect = TreatmentEntry {
        service: "Selective Call Rejection".parse()?,
        sip_status: 302.try_into().ok(),
        sip_reason: Some("Moved Temporarily".parse()?),
        q850_cause: None,
        announcement: None,
        redirect_to: Some("tel:+3225550199".parse()?),
    };
    let body = TreatmentsUpdate { treatments: vec![redirect] };
    client.group_treatments_update().tenant_id(tenant).group_id("sales").body(body).send().await?;

    let decide = |number: &str| {
        let call = client.user_decision_ask().tenant_id(tenant).group_id("sales").user_id("jane");
        let asked = DecisionRequest { calling_number: Some(number.parse()?), ..Default::default() };
        Ok::<_, Failure>(call.body(asked).send())
    };
    let seen = decide("+3278150000")?.await?;
    let (status, reason) = (seen.sip_status.unwrap_or_default(), text(seen.sip_reason.as_deref()));
    let (criteria, target) = (text(seen.criteria.as_deref()), text(seen.redirect_to.as_deref()));
    println!("rejected: {} | {criteria} | {status} {reason} | {target}", seen.decision);
    let seen = decide("anonymous")?.await?;
    let (status, reason) = (seen.sip_status.unwrap_or_default(), text(seen.sip_reason.as_deref()));
    println!("anonymous: {} | {} | {status} {reason}", seen.decision, *seen.reason);
    let alarm = ProtectedCallerEntry { pattern: "+3278150000".parse()?, note: Some("Alarm line".parse()?) };
    let body = ProtectedCallersUpdate { callers: vec![alarm] };
    client.tenant_protected_callers_update().tenant_id(tenant).body(body).send().await?;
    let seen = decide("+3278150000")?.await?;
    println!("protected: {} | {}", seen.decision, *seen.reason);
    Ok(())
}
