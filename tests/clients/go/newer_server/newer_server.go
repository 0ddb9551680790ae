// Values that the document does not know, through the client that openapi-generator makes for Go.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	ca "example.com/portal/callacceptance"
)

// good is the answer to a call that succeeds.
func good[T any, R any](answer T, _ R, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return answer
}

func main() {
	ctx := context.Background()
	configuration := ca.NewConfiguration()
	configuration.Servers = ca.ServerConfigurations{{URL: os.Getenv("CALL_ACCEPTANCE_URL")}}
	client := ca.NewAPIClient(configuration)

	ask := client.DecisionsAPI.UserDecisionAsk(ctx, "foo", "foogroup", "foouser")
	decision := good(ask.DecisionRequest(ca.DecisionRequest{}).Execute())
	fmt.Printf("decision: %s | %s | %s\n", decision.Reason, decision.GetService(), decision.Explanation[0].Outcome)
	list := good(client.UserServicesAPI.UserServicesList(ctx, "foo", "foogroup", "foouser").Execute())
	fmt.Printf("service: %s\n", list.Services[0].Name)
	view := client.TimeSchedulesAPI.UserTimeScheduleView(ctx, "foo", "foogroup", "foouser", "Every Friday")
	fmt.Printf("period: %s\n", good(view.Execute()).Periods[0].Type)
	fmt.Printf("token: %s\n", good(client.TokensAPI.TokenView(ctx, strings.Repeat("0", 32)).Execute()).Role)
	events := good(client.AuditEventsAPI.AuditEventsList(ctx, "foo").Execute())
	fmt.Printf("event: %s\n", events.AuditEvents[0].ActorKind)
	_, _, err := client.TenantsAPI.TenantView(ctx, "foo").Execute()
	var failure *ca.GenericOpenAPIError
	if errors.As(err, &failure) {
		problem := failure.Model().(ca.Problem)
		fmt.Printf("problem: %d | %s\n", problem.Status, problem.Code)
	}
}
