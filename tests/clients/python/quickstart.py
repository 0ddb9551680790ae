import os

import call_acceptance as ca

configuration = ca.Configuration(host=os.environ["CALL_ACCEPTANCE_URL"])
client = ca.ApiClient(configuration, "Authorization", f"Bearer {os.environ['CALL_ACCEPTANCE_TOKEN']}")
criteria = ca.SelectiveCallAcceptanceApi(client)
user = ("foo", "foogroup", "foouser")

# A member that is given as None is sent as null; one that is not given is left out.
callers = ca.FromDnCriteriaUpdate(selection=ca.Selection.SPECIFIED_ONLY, phone_numbers=["0475*"])
change = ca.CriteriaUpdate(from_dn_criteria=callers, time_schedule=None)
print(criteria.criteria_update(*user, "foocriteria", change).calls_from)
try:
    criteria.criteria_view(*user, "family")
except ca.ApiException as error:
    print(error.status, error.data.code)
