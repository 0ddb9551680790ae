"""A user's criteria from first to last, through the client that openapi-python-client makes."""

import os
from typing import TypeVar

from call_acceptance import AuthenticatedClient
from call_acceptance.api.anonymous_call_rejection import anonymous_call_rejection_update
from call_acceptance.api.decisions import user_decision_ask
from call_acceptance.api.groups import group_create
from call_acceptance.api.protected_callers import tenant_protected_callers_update
from call_acceptance.api.selective_call_acceptance import (
    criteria_create,
    criteria_delete,
    criteria_update,
    criteria_view,
    selective_call_acceptance_view,
)
from call_acceptance.api.selective_call_rejection import rejection_criteria_create
from call_acceptance.api.tenants import tenant_create, tenant_delete, tenant_view
from call_acceptance.api.time_schedules import user_time_schedule_create
from call_acceptance.api.treatments import group_treatments_update
from call_acceptance.api.user_services import user_services_assign
from call_acceptance.api.users import user_create
from call_acceptance.models import (
    AnonymousCallRejectionUpdate,
    Criteria,
    CriteriaCreate,
    CriteriaUpdate,
    DayOfWeek,
    DecisionRequest,
    FromDnCriteriaCreate,
    FromDnCriteriaUpdate,
    GroupCreate,
    Level,
    Period,
    Problem,
    ProtectedCallerEntry,
    ProtectedCallersUpdate,
    RejectionCriteriaCreate,
    RejectionFromDnCriteriaCreate,
    RejectionSelection,
    ScheduleCreate,
    ScheduleSelectionValue,
    Selection,
    ServiceSelection,
    ServiceSelectionList,
    TenantCreate,
    TreatmentEntry,
    TreatmentsUpdate,
    UserCreate,
)

Answer = TypeVar("Answer")
tenant = "acme"
client = AuthenticatedClient(os.environ["CALL_ACCEPTANCE_URL"], token=os.environ["CALL_ACCEPTANCE_TOKEN"])


def good(answer: Answer | Problem | None) -> Answer:
    """The answer, which is no problem."""
    if answer is None or isinstance(answer, Problem):
        raise AssertionError(f"the call should have succeeded: {answer}")
    return answer


def problem(answer: object) -> Problem:
    """The problem that a call is answered with."""
    if not isinstance(answer, Problem):
        raise AssertionError("the call should have failed")
    return answer


def show(step: str, seen: Criteria) -> None:
    schedule = seen.time_schedule
    when = f"{schedule.level}/{schedule.name}/{schedule.type_}" if schedule else "any time"
    print(f"{step}: {seen.name} | {seen.calls_from} | {when}")


new_tenant = TenantCreate(tenant_id=tenant, region="BE", time_zone="Europe/Brussels")
seen = good(tenant_create.sync(client=client, body=new_tenant))
print(f"tenant: {seen.region} | {seen.time_zone}")
seen = good(group_create.sync(tenant, client=client, body=GroupCreate(group_id="sales", group_name="Sales")))
print(f"group: {seen.group_id} | {seen.group_name}")
new_user = UserCreate(user_id="jane", first_name="Jane", last_name="Doe")
seen = good(user_create.sync(tenant, "sales", client=client, body=new_user))
print(f"user: {seen.user_id} | {seen.first_name} {seen.last_name}")
jane = (tenant, "sales", "jane")
services = ServiceSelectionList(services=[ServiceSelection(name="Selective Call Acceptance")])
seen = good(user_services_assign.sync(*jane, client=client, body=services)).services[0]
print(f"service: {seen.name} | {'assigned' if seen.assigned else 'not assigned'}")
friday = Period(
    name="Friday",
    type_="Day of the week",
    day_of_week=DayOfWeek.FRIDAY,
    start_time="9:00",
    stop_time="17:00",
)
new_schedule = ScheduleCreate(name="Fridays", periods=[friday])
seen = good(user_time_schedule_create.sync(*jane, client=client, body=new_schedule))
period = seen.periods[0]
print(f"schedule: {seen.name} | {period.day_of_week} | {period.start_time} to {period.stop_time}")

callers = FromDnCriteriaCreate(selection=Selection.SPECIFIED_ONLY, phone_numbers=["+3225126777", "0475*"])
fridays = ScheduleSelectionValue(level=Level.USER, name="Fridays")
friends = CriteriaCreate(name="friends", from_dn_criteria=callers, time_schedule=fridays)
show("created", good(criteria_create.sync(*jane, client=client, body=friends)))
answer = criteria_view.sync_detailed(*jane, "friends", client=client)
show("viewed", good(answer.parsed))

# With If-Match a change is made only if nobody else made one since.
etag = answer.headers["ETag"]
anonymous = CriteriaUpdate(from_dn_criteria=FromDnCriteriaUpdate(include_anonymous_callers=True))
show("updated", good(criteria_update.sync(*jane, "friends", client=client, body=anonymous, if_match=etag)))
conflict = problem(criteria_update.sync(*jane, "friends", client=client, body=anonymous, if_match=etag))
print(f"conflict: {conflict.status} | {conflict.code}")

name = "family & friends"
show("renamed", good(criteria_update.sync(*jane, "friends", client=client, body=CriteriaUpdate(new_name=name))))
mondays = CriteriaUpdate(time_schedule=ScheduleSelectionValue(level=Level.USER, name="Mondays"))
invalid = problem(criteria_update.sync(*jane, name, client=client, body=mondays))
print(f"invalid: {invalid.status} | {invalid.code} | {', '.join(fault.pointer for fault in invalid.errors)}")
# A member that is given as None is sent as null; one that is not given is left out.
show("cleared", good(criteria_update.sync(*jane, name, client=client, body=CriteriaUpdate(time_schedule=None))))

verdict = good(user_decision_ask.sync(*jane, client=client, body=DecisionRequest(calling_number="+32475123456")))
print(f"accepted: {verdict.decision} | {verdict.reason} | {verdict.criteria}")
verdict = good(user_decision_ask.sync(*jane, client=client, body=DecisionRequest(calling_number="+3225559999")))
print(f"refused: {verdict.decision} | {verdict.reason} | {verdict.sip_status} {verdict.sip_reason}")

# The services beside it, and what the group and the tenant set for all their users.
services = [ServiceSelection(name=f"{kind} Call Rejection") for kind in ("Selective", "Anonymous")]
good(user_services_assign.sync(*jane, client=client, body=ServiceSelectionList(services=services)))
sales = RejectionFromDnCriteriaCreate(selection=RejectionSelection.SPECIFIED_ONLY, phone_numbers=["+3278*"])
sales = RejectionCriteriaCreate(name="sales calls", from_dn_criteria=sales)
good(rejection_criteria_create.sync(*jane, client=client, body=sales))
switch = AnonymousCallRejectionUpdate(active=True)
good(anonymous_call_rejection_update.sync(*jane, client=client, body=switch))
redirect = TreatmentEntry(
    service="Selective Call Rejection",
    sip_status=302,
    sip_reason="Moved Temporarily",
    redirect_to="tel:+3225550199",
)
treatments = TreatmentsUpdate(treatments=[redirect])
good(group_treatments_update.sync(*jane[:2], client=client, body=treatments))
verdict = good(user_decision_ask.sync(*jane, client=client, body=DecisionRequest(calling_number="+3278150000")))
treatment = f"{verdict.sip_status} {verdict.sip_reason} | {verdict.redirect_to}"
print(f"rejected: {verdict.decision} | {verdict.criteria} | {treatment}")
verdict = good(user_decision_ask.sync(*jane, client=client, body=DecisionRequest(calling_number="anonymous")))
print(f"anonymous: {verdict.decision} | {verdict.reason} | {verdict.sip_status} {verdict.sip_reason}")
alarm = ProtectedCallerEntry(pattern="+3278150000", note="Alarm line")
protected = ProtectedCallersUpdate(callers=[alarm])
good(tenant_protected_callers_update.sync(tenant, client=client, body=protected))
verdict = good(user_decision_ask.sync(*jane, client=client, body=DecisionRequest(calling_number="+3278150000")))
print(f"protected: {verdict.decision} | {verdict.reason}")

good(criteria_delete.sync(*jane, name, client=client))
print(f"deleted: {len(good(selective_call_acceptance_view.sync(*jane, client=client)).criteria)} left")
missing = problem(criteria_view.sync(*jane, name, client=client))
print(f"missing: {missing.status} | {missing.code}")
good(tenant_delete.sync(tenant, client=client, cascade=True))
gone = problem(tenant_view.sync(tenant, client=client))
print(f"gone: {gone.status} | {gone.code}")
