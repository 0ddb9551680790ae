import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.*;
import org.openapitools.client.model.*;

/** Values that the document does not know, through the client that openapi-generator makes for Java. */
public class NewerServer {
    static void say(String format, Object... values) {
        System.out.println(format.formatted(values));
    }

    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.updateBaseUri(System.getenv("CALL_ACCEPTANCE_URL"));
        Decision decision =
            new DecisionsApi(client).userDecisionAsk("foo", "foogroup", "foouser", new DecisionRequest(), null);
        say("decision: %s | %s | %s",
            decision.getReason(), decision.getService(), decision.getExplanation().get(0).getOutcome());
        UserServiceList list = new UserServicesApi(client).userServicesList("foo", "foogroup", "foouser");
        say("service: %s", list.getServices().get(0).getName());
        Schedule schedule =
            new TimeSchedulesApi(client).userTimeScheduleView("foo", "foogroup", "foouser", "Every Friday");
        say("period: %s", schedule.getPeriods().get(0).getType());
        say("token: %s", new TokensApi(client).tokenView("0".repeat(32)).getRole());
        AuditEventList events =
            new AuditEventsApi(client).auditEventsList("foo", null, null, null, null, null, null, null);
        say("event: %s", events.getAuditEvents().get(0).getActorKind());
        try {
            new TenantsApi(client).tenantView("foo");
        } catch (ApiException error) {
            Problem problem = client.getObjectMapper().readValue(error.getResponseBody(), Problem.class);
            say("problem: %s | %s", problem.getStatus(), problem.getCode());
        }
    }
}
