import * as ca from "./client/index.js";

const { CALL_ACCEPTANCE_URL: basePath, CALL_ACCEPTANCE_TOKEN: token } = process.env;
const configuration = new ca.Configuration({ basePath, headers: { Authorization: `Bearer ${token}` } });
const criteria = new ca.SelectiveCallAcceptanceApi(configuration);
const user = { tenantId: "foo", groupId: "foogroup", userId: "foouser" };

const fromDnCriteria = { selection: ca.Selection.SpecifiedOnly, phoneNumbers: new Set(["0475*"]) };
const change = { instanceName: "foocriteria", criteriaUpdate: { fromDnCriteria, timeSchedule: null } };
console.log((await criteria.criteriaUpdate({ ...user, ...change })).callsFrom);
try {
  await criteria.criteriaView({ ...user, instanceName: "family" });
} catch (error) {
  if (!(error instanceof ca.ResponseError)) throw error;
  const problem = ca.ProblemFromJSON(await error.response.json());
  console.log(problem.status, problem.code);
}
