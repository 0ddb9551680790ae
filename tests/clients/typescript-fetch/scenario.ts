// A user's criteria from first to last, through the client that openapi-generator makes for TypeScript.
import * as ca from "./client/index.js";

const { CALL_ACCEPTANCE_URL, CALL_ACCEPTANCE_TOKEN } = process.env;
const configuration = new ca.Configuration({
  basePath: CALL_ACCEPTANCE_URL,
  headers: { Authorization: `Bearer ${CALL_ACCEPTANCE_TOKEN}` },
});
const tenants = new ca.TenantsApi(configuration);
const criteria = new ca.SelectiveCallAcceptanceApi(configuration);
const decisions = new ca.DecisionsApi(configuration);
const tenantId = "acme";
const jane = { tenantId, groupId: "sales", userId: "jane" };

function show(step: string, seen: ca.Criteria) {
  const schedule = seen.timeSchedule;
  const when = schedule ? `${schedule.level}/${schedule.name}/${schedule.type}` : "any time";
  console.log(`${step}: ${seen.name} | ${seen.callsFrom} | ${when}`);
}

/** The problem that a call is answered with. */
async function problem(call: Promise<unknown>): Promise<ca.Problem> {
  const error = await call.then(() => undefined, (error: unknown) => error);
  if (error instanceof ca.ResponseError) return ca.ProblemFromJSON(await error.response.json());
  throw new Error("the call should have failed with a problem", { cause: error });
}

const tenant = await tenants.tenantCreate({
  tenantCreate: { tenantId, region: "BE", timeZone: "Europe/Brussels" },
});
console.log(`tenant: ${tenant.region} | ${tenant.timeZone}`);
const group = await new ca.GroupsApi(configuration).groupCreate({
  tenantId,
  groupCreate: { groupId: "sales", groupName: "Sales" },
});
console.log(`group: ${group.groupId} | ${group.groupName}`);
const user = await new ca.UsersApi(configuration).userCreate({
  tenantId,
  groupId: "sales",
  userCreate: { userId: "jane", firstName: "Jane", lastName: "Doe" },
});
console.log(`user: ${user.userId} | ${user.firstName} ${user.lastName}`);
const { services: [service] } = await new ca.UserServicesApi(configuration).userServicesAssign({
  ...jane,
  serviceSelectionList: { services: [{ name: "Selective Call Acceptance" }] },
});
console.log(`service: ${service.name} | ${service.assigned ? "assigned" : "not assigned"}`);
const friday: ca.Period = {
  name: "Friday",
  type: "Day of the week",
  dayOfWeek: ca.DayOfWeek.Friday,
  startTime: "9:00",
  stopTime: "17:00",
};
const schedule = await new ca.TimeSchedulesApi(configuration).userTimeScheduleCreate({
  ...jane,
  scheduleCreate: { name: "Fridays", periods: [friday] },
});
const [period] = schedule.periods;
console.log(`schedule: ${schedule.name} | ${period.dayOfWeek} | ${period.startTime} to ${period.stopTime}`);

const created = await criteria.criteriaCreate({
  ...jane,
  criteriaCreate: {
    name: "friends",
    fromDnCriteria: { selection: ca.Selection.SpecifiedOnly, phoneNumbers: new Set(["+3225126777", "0475*"]) },
    timeSchedule: { level: ca.Level.User, name: "Fridays" },
  },
});
show("created", created);
const viewed = await criteria.criteriaViewRaw({ ...jane, instanceName: "friends" });
show("viewed", await viewed.value());

// With If-Match a change is made only if nobody else made one since.
const ifMatch = viewed.raw.headers.get("ETag")!;
const anonymous = {
  ...jane,
  instanceName: "friends",
  criteriaUpdate: { fromDnCriteria: { includeAnonymousCallers: true } },
  ifMatch,
};
show("updated", await criteria.criteriaUpdate(anonymous));
const conflict = await problem(criteria.criteriaUpdate(anonymous));
console.log(`conflict: ${conflict.status} | ${conflict.code}`);

const newName = "family & friends";
show("renamed", await criteria.criteriaUpdate({ ...jane, instanceName: "friends", criteriaUpdate: { newName } }));
const change = (criteriaUpdate: ca.CriteriaUpdate) =>
  criteria.criteriaUpdate({ ...jane, instanceName: newName, criteriaUpdate });
const invalid = await problem(change({ timeSchedule: { level: ca.Level.User, name: "Mondays" } }));
const pointers = invalid.errors?.map((fault) => fault.pointer).join(", ");
console.log(`invalid: ${invalid.status} | ${invalid.code} | ${pointers}`);
show("cleared", await change({ timeSchedule: null }));

const friend = await decisions.userDecisionAsk({ ...jane, decisionRequest: { callingNumber: "+32475123456" } });
console.log(`accepted: ${friend.decision} | ${friend.reason} | ${friend.criteria}`);
const stranger = await decisions.userDecisionAsk({ ...jane, decisionRequest: { callingNumber: "+3225559999" } });
console.log(`refused: ${stranger.decision} | ${stranger.reason} | ${stranger.sipStatus} ${stranger.sipReason}`);

// The services beside it, and what the group and the tenant set for all their users.
await new ca.UserServicesApi(configuration).userServicesAssign({
  ...jane,
  serviceSelectionList: { services: [{ name: "Selective Call Rejection" }, { name: "Anonymous Call Rejection" }] },
});
await new ca.SelectiveCallRejectionApi(configuration).rejectionCriteriaCreate({
  ...jane,
  rejectionCriteriaCreate: {
    name: "sales calls",
    fromDnCriteria: { selection: ca.RejectionSelection.SpecifiedOnly, phoneNumbers: new Set(["+3278*"]) },
  },
});
await new ca.AnonymousCallRejectionApi(configuration).anonymousCallRejectionUpdate({
  ...jane,
  anonymousCallRejectionUpdate: { active: true },
});
const redirect: ca.TreatmentEntry = {
  service: "Selective Call Rejection",
  sipStatus: 302,
  sipReason: "Moved Temporarily",
  redirectTo: "tel:+3225550199",
};
await new ca.TreatmentsApi(configuration).groupTreatmentsUpdate({
  ...jane,
  treatmentsUpdate: { treatments: [redirect] },
});
const decide = (callingNumber: string) =>
  decisions.userDecisionAsk({ ...jane, decisionRequest: { callingNumber } });
const sales = await decide("+3278150000");
const treatment = `${sales.sipStatus} ${sales.sipReason} | ${sales.redirectTo}`;
console.log(`rejected: ${sales.decision} | ${sales.criteria} | ${treatment}`);
const hidden = await decide("anonymous");
console.log(`anonymous: ${hidden.decision} | ${hidden.reason} | ${hidden.sipStatus} ${hidden.sipReason}`);
await new ca.ProtectedCallersApi(configuration).tenantProtectedCallersUpdate({
  tenantId,
  protectedCallersUpdate: { callers: [{ pattern: "+3278150000", note: "Alarm line" }] },
});
const spared = await decide("+3278150000");
console.log(`protected: ${spared.decision} | ${spared.reason}`);

await criteria.criteriaDelete({ ...jane, instanceName: newName });
const left = await criteria.selectiveCallAcceptanceView(jane);
console.log(`deleted: ${left.criteria.length} left`);
const missing = await problem(criteria.criteriaView({ ...jane, instanceName: newName }));
console.log(`missing: ${missing.status} | ${missing.code}`);
await tenants.tenantDelete({ tenantId, cascade: true });
const gone = await problem(tenants.tenantView({ tenantId }));
console.log(`gone: ${gone.status} | ${gone.code}`);
