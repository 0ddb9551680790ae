"""Values that the document does not know, through the client that openapi-python-client makes."""

import os

from call_acceptance import Client
from call_acceptance.api.audit_events import audit_events_list
from call_acceptance.api.decisions import user_decision_ask
from call_acceptance.api.tenants import tenant_view
from call_acceptance.api.time_schedules import user_time_schedule_view
from call_acceptance.api.tokens import token_view
from call_acceptance.api.user_services import user_services_list
from call_acceptance.models import DecisionRequest

client = Client(os.environ["CALL_ACCEPTANCE_URL"])
user = ("foo", "foogroup", "foouser")

decision = user_decision_ask.sync(*user, client=client, body=DecisionRequest())
print(f"decision: {decision.reason} | {decision.service} | {decision.explanation[0].outcome}")
print(f"service: {user_services_list.sync(*user, client=client).services[0].name}")
print(f"period: {user_time_schedule_view.sync(*user, 'Every Friday', client=client).periods[0].type_}")
print(f"token: {token_view.sync('0' * 32, client=client).role}")
print(f"event: {audit_events_list.sync('foo', client=client).audit_events[0].actor_kind}")
problem = tenant_view.sync("foo", client=client)
print(f"problem: {problem.status} | {problem.code}")
