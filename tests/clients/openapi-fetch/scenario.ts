// A user's criteria from first to last, through openapi-fetch and the types that openapi-typescript makes.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];

const { CALL_ACCEPTANCE_URL, CALL_ACCEPTANCE_TOKEN } = process.env;
const client = createClient<paths>({
  baseUrl: CALL_ACCEPTANCE_URL,
  headers: { Authorization: `Bearer ${CALL_ACCEPTANCE_TOKEN}` },
});
const TENANT = "/api/v1/tenants/{tenant_id}/";
const USER = `${TENANT}groups/{group_id}/users/{user_id}/` as const;
const SERVICE = `${USER}services/selective_call_acceptance/` as const;
const CRITERIA = `${SERVICE}criteria/{instance_name}/` as const;
const acme = { tenant_id: "acme" };
const sales = { ...acme, group_id: "sales" };
const jane = { ...sales, user_id: "jane" };

/** The data of an answer, which is no problem. */
async function good<Data>(call: Promise<{ data?: Data; error?: unknown }>): Promise<Data> {
  const { data, error } = await call;
  if (data === undefined) throw new Error("the call should have succeeded", { cause: error });
  return data;
}

/** The problem that a call is answered with. */
async function problem(call: Promise<{ error?: Schemas["Problem"] }>): Promise<Schemas["Problem"]> {
  const { error } = await call;
  if (error === undefined) throw new Error("the call should have failed");
  return error;
}

function show(step: string, seen: Schemas["Criteria"]) {
  const schedule = seen.timeSchedule;
  const when = schedule ? `${schedule.level}/${schedule.name}/${schedule.type}` : "any time";
  console.log(`${step}: ${seen.name} | ${seen.callsFrom} | ${when}`);
}

const tenant = await good(client.POST("/api/v1/tenants/", {
  body: { tenantId: acme.tenant_id, region: "BE", timeZone: "Europe/Brussels" },
}));
console.log(`tenant: ${tenant.region} | ${tenant.timeZone}`);
const group = await good(client.POST(`${TENANT}groups/`, {
  params: { path: acme },
  body: { groupId: "sales", groupName: "Sales" },
}));
console.log(`group: ${group.groupId} | ${group.groupName}`);
const user = await good(client.POST(`${TENANT}groups/{group_id}/users/`, {
  params: { path: sales },
  body: { userId: "jane", firstName: "Jane", lastName: "Doe" },
}));
console.log(`user: ${user.userId} | ${user.firstName} ${user.lastName}`);
const { services: [service] } = await good(client.POST(`${USER}services/`, {
  params: { path: jane },
  body: { services: [{ name: "Selective Call Acceptance" }] },
}));
console.log(`service: ${service.name} | ${service.assigned ? "assigned" : "not assigned"}`);
const schedule = await good(client.POST(`${USER}time_schedules/`, {
  params: { path: jane },
  body: {
    name: "Fridays",
    periods: [
      { name: "Friday", type: "Day of the week", dayOfWeek: "Friday", startTime: "9:00", stopTime: "17:00" },
    ],
  },
}));
const [period] = schedule.periods;
console.log(`schedule: ${schedule.name} | ${period.dayOfWeek} | ${period.startTime} to ${period.stopTime}`);

const created = await good(client.POST(`${SERVICE}criteria/`, {
  params: { path: jane },
  body: {
    name: "friends",
    fromDnCriteria: { selection: "Specified Only", phoneNumbers: ["+3225126777", "0475*"] },
    timeSchedule: { level: "User", name: "Fridays" },
  },
}));
show("created", created);
const viewed = client.GET(CRITERIA, { params: { path: { ...jane, instance_name: "friends" } } });
show("viewed", await good(viewed));

// With If-Match a change is made only if nobody else made one since.
const etag = (await viewed).response.headers.get("ETag")!;
const includeAnonymous = () => client.PUT(CRITERIA, {
  params: { path: { ...jane, instance_name: "friends" }, header: { "If-Match": etag } },
  body: { fromDnCriteria: { includeAnonymousCallers: true } },
});
show("updated", await good(includeAnonymous()));
const conflict = await problem(includeAnonymous());
console.log(`conflict: ${conflict.status} | ${conflict.code}`);

const change = (instance_name: string, body: Schemas["CriteriaUpdate"]) =>
  client.PUT(CRITERIA, { params: { path: { ...jane, instance_name } }, body });
const newName = "family & friends";
show("renamed", await good(change("friends", { newName })));
const invalid = await problem(change(newName, { timeSchedule: { level: "User", name: "Mondays" } }));
const pointers = invalid.errors?.map((fault) => fault.pointer).join(", ");
console.log(`invalid: ${invalid.status} | ${invalid.code} | ${pointers}`);
show("cleared", await good(change(newName, { timeSchedule: null })));

const decide = (callingNumber: string) =>
  good(client.POST(`${SERVICE}decision/`, { params: { path: jane }, body: { callingNumber } }));
const friend = await decide("+32475123456");
console.log(`accepted: ${friend.decision} | ${friend.reason} | ${friend.criteria}`);
const stranger = await decide("+3225559999");
console.log(`refused: ${stranger.decision} | ${stranger.reason} | ${stranger.sipStatus} ${stranger.sipReason}`);

// The services beside it, and what the group and the tenant set for all their users.
await good(client.POST(`${USER}services/`, {
  params: { path: jane },
  body: { services: [{ name: "Selective Call Rejection" }, { name: "Anonymous Call Rejection" }] },
}));
await good(client.POST(`${USER}services/selective_call_rejection/criteria/`, {
  params: { path: jane },
  body: { name: "sales calls", fromDnCriteria: { selection: "Specified Only", phoneNumbers: ["+3278*"] } },
}));
await good(client.PUT(`${USER}services/anonymous_call_rejection/`, {
  params: { path: jane },
  body: { active: true },
}));
const redirect: Schemas["TreatmentEntry"] = {
  service: "Selective Call Rejection",
  sipStatus: 302,
  sipReason: "Moved Temporarily",
  redirectTo: "tel:+3225550199",
};
await good(client.PUT(`${TENANT}groups/{group_id}/treatments/`, {
  params: { path: sales },
  body: { treatments: [redirect] },
}));
const advertiser = await decide("+3278150000");
const treatment = `${advertiser.sipStatus} ${advertiser.sipReason} | ${advertiser.redirectTo}`;
console.log(`rejected: ${advertiser.decision} | ${advertiser.criteria} | ${treatment}`);
const hidden = await decide("anonymous");
console.log(`anonymous: ${hidden.decision} | ${hidden.reason} | ${hidden.sipStatus} ${hidden.sipReason}`);
await good(client.PUT(`${TENANT}protected_callers/`, {
  params: { path: acme },
  body: { callers: [{ pattern: "+3278150000", note: "Alarm line" }] },
}));
const spared = await decide("+3278150000");
console.log(`protected: ${spared.decision} | ${spared.reason}`);

await good(client.DELETE(CRITERIA, { params: { path: { ...jane, instance_name: newName } } }));
const left = await good(client.GET(SERVICE, { params: { path: jane } }));
console.log(`deleted: ${left.criteria.length} left`);
const missing = await problem(client.GET(CRITERIA, { params: { path: { ...jane, instance_name: newName } } }));
console.log(`missing: ${missing.status} | ${missing.code}`);
await good(client.DELETE(TENANT, {
  params: { path: acme, query: { cascade: true } },
}));
const gone = await problem(client.GET(TENANT, { params: { path: acme } }));
console.log(`gone: ${gone.status} | ${gone.code}`);
