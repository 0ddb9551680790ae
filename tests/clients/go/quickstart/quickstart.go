package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	ca "example.com/portal/callacceptance"
)

func main() {
	configuration := ca.NewConfiguration()
	configuration.Servers = ca.ServerConfigurations{{URL: os.Getenv("CALL_ACCEPTANCE_URL")}}
	configuration.AddDefaultHeader("Authorization", "Bearer "+os.Getenv("CALL_ACCEPTANCE_TOKEN"))
	criteria := ca.NewAPIClient(configuration).SelectiveCallAcceptanceAPI
	ctx := context.Background()

	callers := ca.FromDnCriteriaUpdate{Selection: ca.SELECTION_SPECIFIED_ONLY.Ptr(), PhoneNumbers: []string{"0475*"}}
	change := ca.CriteriaUpdate{FromDnCriteria: &callers}
	change.SetTimeScheduleNil()
	update := criteria.CriteriaUpdate(ctx, "foo", "foogroup", "foouser", "foocriteria").CriteriaUpdate(change)
	changed, _, err := update.Execute()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(changed.CallsFrom)
	_, _, err = criteria.CriteriaView(ctx, "foo", "foogroup", "foouser", "family").Execute()
	var failure *ca.GenericOpenAPIError
	if errors.As(err, &failure) {
		problem := failure.Model().(ca.Problem)
		fmt.Println(problem.Status, problem.Code)
	}
}
