"""Values that the document does not know, through the client that openapi-generator makes for Python."""

import os

import call_acceptance as ca

client = ca.ApiClient(ca.Configuration(host=os.environ["CALL_ACCEPTANCE_URL"]))
user = ("foo", "foogroup", "foouser")

decision = ca.DecisionsApi(client).user_decision_ask(*user, ca.DecisionRequest())
print(f"decision: {decision.reason} | {decision.service} | {decision.explanation[0].outcome}")
print(f"service: {ca.UserServicesApi(client).user_services_list(*user).services[0].name}")
schedule = ca.TimeSchedulesApi(client).user_time_schedule_view(*user, "Every Friday")
print(f"period: {schedule.periods[0].type}")
print(f"token: {ca.TokensApi(client).token_view('0' * 32).role}")
print(f"event: {ca.AuditEventsApi(client).audit_events_list('foo').audit_events[0].actor_kind}")
try:
    ca.TenantsApi(client).tenant_view("foo")
except ca.ApiException as error:
    print(f"problem: {error.status} | {error.data.code}")
