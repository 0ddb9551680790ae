import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const { CALL_ACCEPTANCE_URL: baseUrl, CALL_ACCEPTANCE_TOKEN: token } = process.env;
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const USER = "/api/v1/tenants/{tenant_id}/groups/{group_id}/users/{user_id}/";
const CRITERIA = `${USER}services/selective_call_acceptance/criteria/{instance_name}/` as const;
const user = { tenant_id: "foo", group_id: "foogroup", user_id: "foouser" };

const { data } = await client.PUT(CRITERIA, {
  params: { path: { ...user, instance_name: "foocriteria" } },
  body: { fromDnCriteria: { selection: "Specified Only", phoneNumbers: ["0475*"] }, timeSchedule: null },
});
console.log(data?.callsFrom);
const { error } = await client.GET(CRITERIA, { params: { path: { ...user, instance_name: "family" } } });
console.log(error?.status, error?.code);
