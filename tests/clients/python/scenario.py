"""A user's criteria from first to last, through the client that openapi-generator makes for Python."""

import os
from collections.abc import Callable

import call_acceptance as ca

tenant = "acme"
client = ca.ApiClient(
    ca.Configuration(host=os.environ["CALL_ACCEPTANCE_URL"]),
    header_name="Authorization",
    header_value=f"Bearer {os.environ['CALL_ACCEPTANCE_TOKEN']}",
)
tenants = ca.TenantsApi(client)
criteria = ca.SelectiveCallAcceptanceApi(client)
decisions = ca.DecisionsApi(client)


def show(step: str, seen: ca.Criteria) -> None:
    schedule = seen.time_schedule
    when = f"{schedule.level.value}/{schedule.name}/{schedule.type.value}" if schedule else "any time"
    print(f"{step}: {seen.name} | {seen.calls_from} | {when}")


def problem(call: Callable[[], object]) -> ca.Problem:
    """The problem that a call is answered with."""
    try:
        call()
    except ca.ApiException as error:
        return error.data
    raise AssertionError("the call should have failed")


seen = tenants.tenant_create(ca.TenantCreate(tenant_id=tenant, region="BE", time_zone="Europe/Brussels"))
print(f"tenant: {seen.region} | {seen.time_zone}")
seen = ca.GroupsApi(client).group_create(tenant, ca.GroupCreate(group_id="sales", group_name="Sales"))
print(f"group: {seen.group_id} | {seen.group_name}")
jane = (tenant, "sales", "jane")
seen = ca.UsersApi(client).user_create(*jane[:2], ca.UserCreate(user_id="jane", first_name="Jane", last_name="Doe"))
print(f"user: {seen.user_id} | {seen.first_name} {seen.last_name}")
service = ca.ServiceSelection(name="Selective Call Acceptance")
seen = ca.UserServicesApi(client).user_services_assign(*jane, ca.ServiceSelectionList(services=[service])).services[0]
print(f"service: {seen.name} | {'assigned' if seen.assigned else 'not assigned'}")
friday = ca.Period(
    name="Friday",
    type="Day of the week",
    day_of_week=ca.DayOfWeek.FRIDAY,
    start_time="9:00",
    stop_time="17:00",
)
seen = ca.TimeSchedulesApi(client).user_time_schedule_create(*jane, ca.ScheduleCreate(name="Fridays", periods=[friday]))
period = seen.periods[0]
print(f"schedule: {seen.name} | {period.day_of_week.value} | {period.start_time} to {period.stop_time}")

callers = ca.FromDnCriteriaCreate(selection=ca.Selection.SPECIFIED_ONLY, phone_numbers=["+3225126777", "0475*"])
fridays = ca.ScheduleSelection(level=ca.Level.USER, name="Fridays")
seen = criteria.criteria_create(
    *jane, ca.CriteriaCreate(name="friends", from_dn_criteria=callers, time_schedule=fridays)
)
show("created", seen)
answer = criteria.criteria_view_with_http_info(*jane, "friends")
show("viewed", answer.data)

# With If-Match a change is made only if nobody else made one since.
etag = answer.headers["etag"]
anonymous = ca.CriteriaUpdate(from_dn_criteria=ca.FromDnCriteriaUpdate(include_anonymous_callers=True))
show("updated", criteria.criteria_update(*jane, "friends", anonymous, if_match=etag))
conflict = problem(lambda: criteria.criteria_update(*jane, "friends", anonymous, if_match=etag))
print(f"conflict: {conflict.status} | {conflict.code}")

rename = ca.CriteriaUpdate(new_name="family & friends")
show("renamed", criteria.criteria_update(*jane, "friends", rename))
name = rename.new_name
mondays = ca.CriteriaUpdate(time_schedule=ca.ScheduleSelection(level=ca.Level.USER, name="Mondays"))
invalid = problem(lambda: criteria.criteria_update(*jane, name, mondays))
print(f"invalid: {invalid.status} | {invalid.code} | {', '.join(fault.pointer for fault in invalid.errors)}")
# A member that is given as None is sent as null; one that is not given is left out.
show("cleared", criteria.criteria_update(*jane, name, ca.CriteriaUpdate(time_schedule=None)))

verdict = decisions.user_decision_ask(*jane, ca.DecisionRequest(calling_number="+32475123456"))
print(f"accepted: {verdict.decision.value} | {verdict.reason} | {verdict.criteria}")
verdict = decisions.user_decision_ask(*jane, ca.DecisionRequest(calling_number="+3225559999"))
print(f"refused: {verdict.decision.value} | {verdict.reason} | {verdict.sip_status} {verdict.sip_reason}")

# The services beside it, and what the group and the tenant set for all their users.
services = [ca.ServiceSelection(name=f"{kind} Call Rejection") for kind in ("Selective", "Anonymous")]
ca.UserServicesApi(client).user_services_assign(*jane, ca.ServiceSelectionList(services=services))
sales = ca.RejectionFromDnCriteriaCreate(selection=ca.RejectionSelection.SPECIFIED_ONLY, phone_numbers=["+3278*"])
sales = ca.RejectionCriteriaCreate(name="sales calls", from_dn_criteria=sales)
ca.SelectiveCallRejectionApi(client).rejection_criteria_create(*jane, sales)
switch = ca.AnonymousCallRejectionUpdate(active=True)
ca.AnonymousCallRejectionApi(client).anonymous_call_rejection_update(*jane, switch)
redirect = ca.TreatmentEntry(
    service="Selective Call Rejection",
    sip_status=302,
    sip_reason="Moved Temporarily",
    redirect_to="tel:+3225550199",
)
ca.TreatmentsApi(client).group_treatments_update(*jane[:2], ca.TreatmentsUpdate(treatments=[redirect]))
verdict = decisions.user_decision_ask(*jane, ca.DecisionRequest(calling_number="+3278150000"))
treatment = f"{verdict.sip_status} {verdict.sip_reason} | {verdict.redirect_to}"
print(f"rejected: {verdict.decision.value} | {verdict.criteria} | {treatment}")
verdict = decisions.user_decision_ask(*jane, ca.DecisionRequest(calling_number="anonymous"))
print(f"anonymous: {verdict.decision.value} | {verdict.reason} | {verdict.sip_status} {verdict.sip_reason}")
alarm = ca.ProtectedCallerEntry(pattern="+3278150000", note="Alarm line")
protected = ca.ProtectedCallersUpdate(callers=[alarm])
ca.ProtectedCallersApi(client).tenant_protected_callers_update(tenant, protected)
verdict = decisions.user_decision_ask(*jane, ca.DecisionRequest(calling_number="+3278150000"))
print(f"protected: {verdict.decision.value} | {verdict.reason}")

criteria.criteria_delete(*jane, name)
print(f"deleted: {len(criteria.selective_call_acceptance_view(*jane).criteria)} left")
missing = problem(lambda: criteria.criteria_view(*jane, name))
print(f"missing: {missing.status} | {missing.code}")
tenants.tenant_delete(tenant, cascade=True)
gone = problem(lambda: tenants.tenant_view(tenant))
print(f"gone: {gone.status} | {gone.code}")
