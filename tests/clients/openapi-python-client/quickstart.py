import os

from call_acceptance import AuthenticatedClient
from call_acceptance.api.selective_call_acceptance import criteria_update, criteria_view
from call_acceptance.models import CriteriaUpdate, FromDnCriteriaUpdate, Problem, Selection

client = AuthenticatedClient(os.environ["CALL_ACCEPTANCE_URL"], os.environ["CALL_ACCEPTANCE_TOKEN"])
user = ("foo", "foogroup", "foouser")

# A member that is given as None is sent as null; one that is not given is left out.
callers = FromDnCriteriaUpdate(selection=Selection.SPECIFIED_ONLY, phone_numbers=["0475*"])
change = CriteriaUpdate(from_dn_criteria=callers, time_schedule=None)
print(criteria_update.sync(*user, "foocriteria", client=client, body=change).calls_from)
answer = criteria_view.sync(*user, "family", client=client)
if isinstance(answer, Problem):
    print(answer.status, answer.code)
