// Values that the document does not know, through openapi-fetch and the types that openapi-typescript makes.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const client = createClient<paths>({ baseUrl: process.env.CALL_ACCEPTANCE_URL });
const USER = "/api/v1/tenants/{tenant_id}/groups/{group_id}/users/{user_id}/";
const foo = { tenant_id: "foo" };
const user = { ...foo, group_id: "foogroup", user_id: "foouser" };

const { data: decision } = await client.POST(`${USER}services/selective_call_acceptance/decision/`, {
  params: { path: user },
  body: {},
});
console.log(`decision: ${decision?.reason} | ${decision?.service} | ${decision?.explanation?.[0].outcome}`);
const { data: list } = await client.GET(`${USER}services/`, { params: { path: user } });
console.log(`service: ${list?.services[0].name}`);
const { data: schedule } = await client.GET(`${USER}time_schedules/{name}/`, {
  params: { path: { ...user, name: "Every Friday" } },
});
console.log(`period: ${schedule?.periods[0].type}`);
const { data: token } = await client.GET("/api/v1/tokens/{token_id}/", {
  params: { path: { token_id: "0".repeat(32) } },
});
console.log(`token: ${token?.role}`);
const { data: events } = await client.GET("/api/v1/tenants/{tenant_id}/audit_events/", { params: { path: foo } });
console.log(`event: ${events?.auditEvents[0].actorKind}`);
const { error: problem } = await client.GET("/api/v1/tenants/{tenant_id}/", { params: { path: foo } });
console.log(`problem: ${problem?.status} | ${problem?.code}`);
