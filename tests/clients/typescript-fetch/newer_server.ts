// Values that the document does not know, through the client that openapi-generator makes for TypeScript.
import * as ca from "./client/index.js";

const configuration = new ca.Configuration({ basePath: process.env.CALL_ACCEPTANCE_URL });
const user = { tenantId: "foo", groupId: "foogroup", userId: "foouser" };

const decision = await new ca.DecisionsApi(configuration).userDecisionAsk({ ...user, decisionRequest: {} });
console.log(`decision: ${decision.reason} | ${decision.service} | ${decision.explanation?.[0].outcome}`);
const { services: [service] } = await new ca.UserServicesApi(configuration).userServicesList(user);
console.log(`service: ${service.name}`);
const schedules = new ca.TimeSchedulesApi(configuration);
const { periods: [period] } = await schedules.userTimeScheduleView({ ...user, name: "Every Friday" });
console.log(`period: ${period.type}`);
const token = await new ca.TokensApi(configuration).tokenView({ tokenId: "0".repeat(32) });
console.log(`token: ${token.role}`);
const events = await new ca.AuditEventsApi(configuration).auditEventsList({ tenantId: "foo" });
console.log(`event: ${events.auditEvents[0].actorKind}`);
try {
  await new ca.TenantsApi(configuration).tenantView({ tenantId: "foo" });
} catch (error) {
  if (!(error instanceof ca.ResponseError)) throw error;
  const problem = ca.ProblemFromJSON(await error.response.json());
  console.log(`problem: ${problem.status} | ${problem.code}`);
}
