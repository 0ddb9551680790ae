//! The demonstration data that the documentation's examples use.

use std::time::Duration;

use call_acceptance_api::{
    access::Actor,
    resource::{
        anonymous_call_rejection::{AnonymousCallRejectionUpdate, AnonymousCallRejections},
        criteria::{CriteriaServices, selective_call_acceptance, selective_call_rejection},
        decision::{Called, Decisions, Question},
        group::{GroupCreate, Groups},
        number_list::{NumberListCreate, NumberListEntriesUpdate, NumberListEntry, NumberListPath, NumberLists},
        protected_callers::{ProtectedCallers, ProtectedCallersUpdate},
        schedule::{ScheduleCreate, ScheduleFolder, ScheduleType, Schedules},
        tenant::{TenantCreate, Tenants},
        treatment::{Treatments, TreatmentsUpdate},
        user::{UserCreate, Users},
        user_service::{ServiceName, ServiceSelectionList, UserServicePath, UserServices},
    },
    value::{
        owner::{GroupPath, Owner, UserPath},
        phone_number::{CalledNumber, CallingNumber},
        text::NotValid,
    },
    wire::{
        payload::Body,
        problem::{Failure, ProblemCode},
    },
};
use serde_json::{Value, json};

use crate::{
    app::{self, StartError},
    clock::{Clock, SystemClock},
    config::{Config, DecisionConfig},
    service::Server,
};

/// Creates the demonstration data, unless it exists.
pub async fn create(config: &Config) -> Result<(), StartError> {
    // Without a server that runs, calls are decided as well: nothing follows the changes of others meanwhile.
    let patient = Duration::from_secs(3600);
    let decisions = DecisionConfig { deadline: patient, staleness: patient, ..config.decisions };
    let server = app::server(&Config { decisions, ..config.clone() }).await?;
    let by = Actor::command("demo", SystemClock.new_id().to_string());
    fill(&server, &by).await.map_err(|failure| StartError::Demo(failure.to_string()))?;
    server.finish().await;
    tracing::info!("the demonstration data exists: tenant foo, group foogroup, user foouser");
    Ok(())
}

async fn fill(server: &Server, by: &Actor) -> Result<(), Failure> {
    let tenant: TenantCreate = parse(json!({
        "tenantId": "foo", "name": "Foo Telecom", "region": "BE", "timeZone": "Europe/Brussels",
        "recordRefusedCalls": true
    }))?;
    let group: GroupCreate = parse(json!({ "groupId": "foogroup", "groupName": "Head office" }))?;
    let user: UserCreate = parse(json!({
        "userId": "foouser", "firstName": "Foo", "lastName": "User", "emailAddress": "foo.user@example.com",
        "phoneNumber": "+3225550100", "extension": "100"
    }))?;
    let in_tenant = GroupPath { tenant: tenant.tenant_id.clone(), group: group.group_id.clone() };
    let path = UserPath { tenant: tenant.tenant_id.clone(), group: group.group_id.clone(), user: user.user_id.clone() };
    let is_new = Tenants::view(server, path.tenant.clone()).await.is_err();
    unless_there(Tenants::create(server, by, tenant).await)?;
    unless_there(Groups::create(server, by, path.tenant.clone(), group).await)?;
    if Users::view(server, path.clone()).await.is_err() {
        Users::create(server, by, in_tenant.clone(), user).await?;
    }
    let friday = json!({ "name": "Every Friday", "periods": [
        {
            "name": "Friday", "type": "Day of the week", "dayOfWeek": "Friday", "startTime": "09:00",
            "stopTime": "17:00"
        }
    ] });
    let easter = json!({ "name": "Every Easter", "periods": [
        { "name": "Easter Sunday", "type": "Recurrence", "startDate": "2026-01-01", "rule": "FREQ=YEARLY;BYEASTER=0" }
    ] });
    let owners = [Owner::Tenant(path.tenant.clone()), Owner::Group(in_tenant), Owner::User(path.clone())];
    for owner in owners {
        for (kind, schedule) in [(ScheduleType::Time, &friday), (ScheduleType::Holiday, &easter)] {
            let folder = ScheduleFolder { owner: owner.clone(), kind };
            let schedule: ScheduleCreate = parse(schedule.clone())?;
            unless_there(Schedules::create(server, by, folder, schedule).await)?;
        }
    }
    create_number_lists(server, by, &path).await?;
    let services: ServiceSelectionList =
        parse(json!({ "services": ServiceName::ALL.map(|name| json!({ "name": name })) }))?;
    UserServices::assign(server, by, path.clone(), services).await?;
    fill_acceptance(server, by, path.clone()).await?;
    fill_rejection(server, by, path.clone()).await?;
    let active = AnonymousCallRejectionUpdate { active: Some(true) };
    AnonymousCallRejections::update(server, by, path.clone(), active, None).await?;
    set_policies(server, by, &path).await?;
    if is_new { place_calls(server, by).await } else { Ok(()) }
}

/// Calls to the user, for statistics and the list of refused calls.
async fn place_calls(server: &Server, by: &Actor) -> Result<(), Failure> {
    for (caller, calls) in
        [("+3225550199", 3), ("+3225126777", 5), ("anonymous", 2), ("+3290012345", 1), ("+33123456789", 1)]
    {
        for _ in 0..calls {
            let called = Called { number: text(CalledNumber::parse("+3225550100"))?, region: None };
            let question =
                Question { calling_number: Some(text(CallingNumber::parse(caller))?), ..Question::default() };
            server.of_called_number(by, called, question).await?;
        }
    }
    Ok(())
}

fn text<T>(parsed: Result<T, NotValid>) -> Result<T, Failure> {
    parsed.map_err(|error| Failure::Internal(error.into()))
}

/// A number list of each level.
async fn create_number_lists(server: &Server, by: &Actor, user: &UserPath) -> Result<(), Failure> {
    for owner in Owner::User(user.clone()).with_parents() {
        let description = "Reported by users, checked every month";
        let list: NumberListCreate = parse(json!({ "name": "Nuisance callers", "description": description }))?;
        let entries: NumberListEntriesUpdate = parse(json!({ "entries": [
            { "pattern": "+3225550666", "note": "Reported three times", "expiresAt": "2199-12-31T00:00:00Z" },
            { "pattern": "+3290*" }
        ] }))?;
        let path = NumberListPath { owner: owner.clone(), name: list.name.clone() };
        unless_there(NumberLists::create(server, by, owner, list).await)?;
        let entries = entries.entries.into_iter().map(NumberListEntry::from).collect();
        server.add_entries(by, path, entries).await?;
    }
    Ok(())
}

/// What applies to all users of the tenant and the group. Callers whom the user's criteria reject are redirected by the
/// group, whose treatment replaces the tenant's.
async fn set_policies(server: &Server, by: &Actor, user: &UserPath) -> Result<(), Failure> {
    let (tenant, group) = (Owner::Tenant(user.tenant.clone()), Owner::Group(user.parent()));
    for (owner, pattern, note) in [(&tenant, "+3225550199", "Voicemail"), (&group, "+3225550198", "Alarm line")] {
        let callers: ProtectedCallersUpdate = parse(json!({ "callers": [{ "pattern": pattern, "note": note }] }))?;
        ProtectedCallers::replace(server, by, owner.clone(), callers.into()).await?;
    }
    let of_tenant = json!([
        {
            "service": "Selective Call Rejection", "sipStatus": 403, "sipReason": "Forbidden", "q850Cause": 21,
            "announcement": "call_rejected"
        },
        { "service": "Anonymous Call Rejection", "announcement": "show_your_number" }
    ]);
    let of_group = json!([{
        "service": "Selective Call Rejection", "sipStatus": 302, "sipReason": "Moved Temporarily",
        "redirectTo": "tel:+3225550199"
    }]);
    for (owner, treatments) in [(tenant, of_tenant), (group, of_group)] {
        let treatments: TreatmentsUpdate = parse(json!({ "treatments": treatments }))?;
        Treatments::replace(server, by, owner, treatments.into()).await?;
    }
    Ok(())
}

async fn fill_acceptance(server: &Server, by: &Actor, user: UserPath) -> Result<(), Failure> {
    let criteria: selective_call_acceptance::CriteriaCreate = parse(json!({
        "name": "foocriteria",
        "timeSchedule": { "level": "User", "name": "Every Friday" },
        "holidaySchedule": { "level": "User", "name": "Every Easter" },
        "fromDnCriteria": { "selection": "Any", "includeUnavailableCallers": true, "phoneNumbers": ["+3225126777"] }
    }))?;
    let path = UserServicePath { user, service: ServiceName::SelectiveCallAcceptance };
    unless_there(server.criteria_create(by, path, criteria.into(), None).await)
}

/// What refuses no call that the examples are about.
async fn fill_rejection(server: &Server, by: &Actor, user: UserPath) -> Result<(), Failure> {
    let path = UserServicePath { user, service: ServiceName::SelectiveCallRejection };
    for criteria in [
        json!({
            "name": "Premium numbers", "description": "Nobody we know calls from these",
            "validUntil": "2199-12-31T00:00:00Z",
            "fromDnCriteria": {
                "selection": "Specified Only", "phoneNumbers": ["+3290*"],
                "numberLists": [{ "level": "Tenant", "name": "Nuisance callers" }]
            }
        }),
        json!({
            "name": "Colleagues", "doNotPerformAction": true,
            "fromDnCriteria": { "selection": "Specified Only", "includeInternalCallers": true }
        }),
    ] {
        let criteria: selective_call_rejection::RejectionCriteriaCreate = parse(criteria)?;
        unless_there(server.criteria_create(by, path.clone(), criteria.into(), None).await)?;
    }
    Ok(())
}

fn parse<T: Body>(body: Value) -> Result<T, Failure> {
    T::parse_from_json(Some(body)).map_err(|error| Failure::Internal(error.into_message().into()))
}

fn unless_there<T>(created: Result<T, Failure>) -> Result<(), Failure> {
    use ProblemCode::{CriteriaExists, GroupExists, NumberListExists, ScheduleExists, TenantExists};
    match created {
        Err(Failure::Refused(refusal))
            if [TenantExists, GroupExists, ScheduleExists, NumberListExists, CriteriaExists]
                .contains(&refusal.code) =>
        {
            Ok(())
        }
        other => other.map(|_| ()),
    }
}
