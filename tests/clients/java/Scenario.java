import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.Collectors;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.*;
import org.openapitools.client.model.*;

/** A user's criteria from first to last, through the client that openapi-generator makes for Java. */
public class Scenario {
    static final String TENANT = "acme";
    static final ApiClient CLIENT = new ApiClient()
        .setRequestInterceptor(
            request -> request.header("Authorization", "Bearer " + System.getenv("CALL_ACCEPTANCE_TOKEN")));

    /** A change that clears the time schedule: what is null is left out, unless it says otherwise. */
    static class NoTimeSchedule extends CriteriaUpdate {
        @Override
        @JsonInclude(JsonInclude.Include.ALWAYS)
        public ScheduleSelection getTimeSchedule() {
            return null;
        }
    }

    interface Call {
        void run() throws ApiException;
    }

    /** The problem that a call is answered with. */
    static Problem problem(Call call) throws Exception {
        try {
            call.run();
        } catch (ApiException error) {
            return CLIENT.getObjectMapper().readValue(error.getResponseBody(), Problem.class);
        }
        throw new AssertionError("the call should have failed");
    }

    static void say(String format, Object... values) {
        System.out.println(format.formatted(values));
    }

    static void show(String step, Criteria seen) {
        ScheduleReference schedule = seen.getTimeSchedule();
        String when = schedule == null
            ? "any time"
            : "%s/%s/%s".formatted(schedule.getLevel(), schedule.getName(), schedule.getType());
        say("%s: %s | %s | %s", step, seen.getName(), seen.getCallsFrom(), when);
    }

    public static void main(String[] arguments) throws Exception {
        CLIENT.updateBaseUri(System.getenv("CALL_ACCEPTANCE_URL"));
        TenantsApi tenants = new TenantsApi(CLIENT);
        Tenant tenant = tenants.tenantCreate(
            new TenantCreate().tenantId(TENANT).region("BE").timeZone("Europe/Brussels"));
        say("tenant: %s | %s", tenant.getRegion(), tenant.getTimeZone());
        Group group = new GroupsApi(CLIENT).groupCreate(TENANT, new GroupCreate().groupId("sales").groupName("Sales"));
        say("group: %s | %s", group.getGroupId(), group.getGroupName());
        User user = new UsersApi(CLIENT).userCreate(
            TENANT, "sales", new UserCreate().userId("jane").firstName("Jane").lastName("Doe"));
        say("user: %s | %s %s", user.getUserId(), user.getFirstName(), user.getLastName());
        UserService service = new UserServicesApi(CLIENT).userServicesAssign(
            TENANT, "sales", "jane",
            new ServiceSelectionList().addServicesItem(
                new ServiceSelection().name("Selective Call Acceptance")), null)
            .getServices().get(0);
        say("service: %s | %s", service.getName(), service.getAssigned() ? "assigned" : "not assigned");
        Schedule schedule = new TimeSchedulesApi(CLIENT).userTimeScheduleCreate(
            TENANT, "sales", "jane",
            new ScheduleCreate().name("Fridays").addPeriodsItem(
                new Period()
                    .name("Friday")
                    .type("Day of the week")
                    .dayOfWeek(DayOfWeek.FRIDAY)
                    .startTime("9:00")
                    .stopTime("17:00")), null);
        Period period = schedule.getPeriods().get(0);
        say("schedule: %s | %s | %s to %s",
            schedule.getName(), period.getDayOfWeek(), period.getStartTime(), period.getStopTime());
        keepCriteria(new SelectiveCallAcceptanceApi(CLIENT));
        tenants.tenantDelete(TENANT, true);
        Problem gone = problem(() -> tenants.tenantView(TENANT));
        say("gone: %s | %s", gone.getStatus(), gone.getCode());
    }

    static void keepCriteria(SelectiveCallAcceptanceApi criteria) throws Exception {
        FromDnCriteriaCreate callers = new FromDnCriteriaCreate()
            .selection(Selection.SPECIFIED_ONLY)
            .phoneNumbers(new LinkedHashSet<>(List.of("+3225126777", "0475*")));
        ScheduleSelection fridays = new ScheduleSelection().level(Level.USER).name("Fridays");
        show("created", criteria.criteriaCreate(
            TENANT, "sales", "jane",
            new CriteriaCreate().name("friends").fromDnCriteria(callers).timeSchedule(fridays), null, null));
        var viewed = criteria.criteriaViewWithHttpInfo(TENANT, "sales", "jane", "friends", null);
        show("viewed", viewed.getData());

        // With If-Match a change is made only if nobody else made one since.
        String etag = viewed.getHeaders().get("etag").get(0);
        CriteriaUpdate anonymous =
            new CriteriaUpdate().fromDnCriteria(new FromDnCriteriaUpdate().includeAnonymousCallers(true));
        show("updated", criteria.criteriaUpdate(TENANT, "sales", "jane", "friends", anonymous, etag, null));
        Problem conflict =
            problem(() -> criteria.criteriaUpdate(TENANT, "sales", "jane", "friends", anonymous, etag, null));
        say("conflict: %s | %s", conflict.getStatus(), conflict.getCode());

        String name = "family & friends";
        show("renamed", criteria.criteriaUpdate(
            TENANT, "sales", "jane", "friends", new CriteriaUpdate().newName(name), null, null));
        CriteriaUpdate mondays =
            new CriteriaUpdate().timeSchedule(new ScheduleSelection().level(Level.USER).name("Mondays"));
        Problem invalid = problem(() -> criteria.criteriaUpdate(TENANT, "sales", "jane", name, mondays, null, null));
        say("invalid: %s | %s | %s", invalid.getStatus(), invalid.getCode(),
            invalid.getErrors().stream().map(Fault::getPointer).collect(Collectors.joining(", ")));
        show("cleared", criteria.criteriaUpdate(TENANT, "sales", "jane", name, new NoTimeSchedule(), null, null));

        Decision friend = decide("+32475123456");
        say("accepted: %s | %s | %s", friend.getDecision(), friend.getReason(), friend.getCriteria());
        Decision stranger = decide("+3225559999");
        say("refused: %s | %s | %s %s",
            stranger.getDecision(), stranger.getReason(), stranger.getSipStatus(), stranger.getSipReason());

        keepOtherServices();
        criteria.criteriaDelete(TENANT, "sales", "jane", name, null, null);
        int left = criteria.selectiveCallAcceptanceView(TENANT, "sales", "jane", null).getCriteria().size();
        say("deleted: %s left", left);
        Problem missing = problem(() -> criteria.criteriaView(TENANT, "sales", "jane", name, null));
        say("missing: %s | %s", missing.getStatus(), missing.getCode());
    }

    /** The services beside it, and what the group and the tenant set for all their users. */
    static void keepOtherServices() throws Exception {
        new UserServicesApi(CLIENT).userServicesAssign(
            TENANT, "sales", "jane",
            new ServiceSelectionList()
                .addServicesItem(new ServiceSelection().name("Selective Call Rejection"))
                .addServicesItem(new ServiceSelection().name("Anonymous Call Rejection")), null);
        RejectionFromDnCriteriaCreate sales = new RejectionFromDnCriteriaCreate()
            .selection(RejectionSelection.SPECIFIED_ONLY)
            .phoneNumbers(new LinkedHashSet<>(List.of("+3278*")));
        new SelectiveCallRejectionApi(CLIENT).rejectionCriteriaCreate(
            TENANT, "sales", "jane",
            new RejectionCriteriaCreate().name("sales calls").fromDnCriteria(sales), null, null);
        new AnonymousCallRejectionApi(CLIENT).anonymousCallRejectionUpdate(
            TENANT, "sales", "jane", new AnonymousCallRejectionUpdate().active(true), null, null);
        TreatmentEntry redirect = new TreatmentEntry()
            .service("Selective Call Rejection")
            .sipStatus(302)
            .sipReason("Moved Temporarily")
            .redirectTo("tel:+3225550199");
        new TreatmentsApi(CLIENT).groupTreatmentsUpdate(
            TENANT, "sales", new TreatmentsUpdate().addTreatmentsItem(redirect), null);
        Decision rejected = decide("+3278150000");
        say("rejected: %s | %s | %s %s | %s", rejected.getDecision(), rejected.getCriteria(),
            rejected.getSipStatus(), rejected.getSipReason(), rejected.getRedirectTo());
        Decision anonymous = decide("anonymous");
        say("anonymous: %s | %s | %s %s", anonymous.getDecision(), anonymous.getReason(),
            anonymous.getSipStatus(), anonymous.getSipReason());
        ProtectedCallerEntry alarm = new ProtectedCallerEntry().pattern("+3278150000").note("Alarm line");
        new ProtectedCallersApi(CLIENT).tenantProtectedCallersUpdate(
            TENANT, new ProtectedCallersUpdate().addCallersItem(alarm), null);
        Decision spared = decide("+3278150000");
        say("protected: %s | %s", spared.getDecision(), spared.getReason());
    }

    static Decision decide(String callingNumber) throws ApiException {
        return new DecisionsApi(CLIENT).userDecisionAsk(
            TENANT, "sales", "jane", new DecisionRequest().callingNumber(callingNumber), null);
    }
}
