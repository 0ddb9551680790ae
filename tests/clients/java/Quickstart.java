import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Set;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.SelectiveCallAcceptanceApi;
import org.openapitools.client.model.*;

public class Quickstart {
    /** A change that clears the time schedule: what is null is left out, unless it says otherwise. */
    static class NoTimeSchedule extends CriteriaUpdate {
        @Override
        @JsonInclude(JsonInclude.Include.ALWAYS)
        public ScheduleSelection getTimeSchedule() {
            return null;
        }
    }

    public static void main(String[] arguments) throws Exception {
        String bearer = "Bearer " + System.getenv("CALL_ACCEPTANCE_TOKEN");
        ApiClient client = new ApiClient().setRequestInterceptor(request -> request.header("Authorization", bearer));
        client.updateBaseUri(System.getenv("CALL_ACCEPTANCE_URL"));
        SelectiveCallAcceptanceApi criteria = new SelectiveCallAcceptanceApi(client);

        FromDnCriteriaUpdate callers =
            new FromDnCriteriaUpdate().selection(Selection.SPECIFIED_ONLY).phoneNumbers(Set.of("0475*"));
        CriteriaUpdate change = new NoTimeSchedule().fromDnCriteria(callers);
        System.out.println(
            criteria.criteriaUpdate("foo", "foogroup", "foouser", "foocriteria", change, null, null).getCallsFrom());
        try {
            criteria.criteriaView("foo", "foogroup", "foouser", "family", null);
        } catch (ApiException error) {
            Problem problem = client.getObjectMapper().readValue(error.getResponseBody(), Problem.class);
            System.out.println(problem.getStatus() + " " + problem.getCode());
        }
    }
}
