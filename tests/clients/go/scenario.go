// A user's criteria from first to last, through the client that openapi-generator makes for Go.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	ca "example.com/portal/callacceptance"
)

// good is the answer to a call that succeeds.
func good[T any, R any](answer T, _ R, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return answer
}

// problem is what a call is answered with that fails.
func problem[T any, R any](_ T, _ R, err error) ca.Problem {
	var failure *ca.GenericOpenAPIError
	if !errors.As(err, &failure) {
		log.Fatalf("the call should have failed with a problem: %v", err)
	}
	return failure.Model().(ca.Problem)
}

func show(step string, seen *ca.Criteria) {
	when := "any time"
	if schedule, set := seen.GetTimeScheduleOk(); set {
		when = fmt.Sprintf("%s/%s/%s", schedule.Level, schedule.Name, schedule.Type)
	}
	fmt.Printf("%s: %s | %s | %s\n", step, seen.Name, seen.CallsFrom, when)
}

func main() {
	ctx := context.Background()
	tenantID := "acme"
	configuration := ca.NewConfiguration()
	configuration.Servers = ca.ServerConfigurations{{URL: os.Getenv("CALL_ACCEPTANCE_URL")}}
	configuration.AddDefaultHeader("Authorization", "Bearer "+os.Getenv("CALL_ACCEPTANCE_TOKEN"))
	client := ca.NewAPIClient(configuration)

	newTenant := ca.NewTenantCreate(tenantID)
	newTenant.SetRegion("BE")
	newTenant.SetTimeZone("Europe/Brussels")
	tenant := good(client.TenantsAPI.TenantCreate(ctx).TenantCreate(*newTenant).Execute())
	fmt.Printf("tenant: %s | %s\n", tenant.GetRegion(), tenant.GetTimeZone())
	newGroup := ca.NewGroupCreate("sales")
	newGroup.SetGroupName("Sales")
	group := good(client.GroupsAPI.GroupCreate(ctx, tenantID).GroupCreate(*newGroup).Execute())
	fmt.Printf("group: %s | %s\n", group.GroupId, group.GetGroupName())
	newUser := ca.NewUserCreate("jane")
	newUser.SetFirstName("Jane")
	newUser.SetLastName("Doe")
	user := good(client.UsersAPI.UserCreate(ctx, tenantID, "sales").UserCreate(*newUser).Execute())
	fmt.Printf("user: %s | %s %s\n", user.UserId, user.GetFirstName(), user.GetLastName())
	selected := ca.NewServiceSelectionList([]ca.ServiceSelection{*ca.NewServiceSelection("Selective Call Acceptance")})
	service := good(client.UserServicesAPI.UserServicesAssign(ctx, tenantID, "sales", "jane").
		ServiceSelectionList(*selected).Execute()).Services[0]
	assigned := map[bool]string{true: "assigned", false: "not assigned"}
	fmt.Printf("service: %s | %s\n", service.Name, assigned[service.Assigned])
	friday := ca.NewPeriod("Friday", "Day of the week")
	friday.SetDayOfWeek(ca.DAYOFWEEK_FRIDAY)
	friday.SetStartTime("9:00")
	friday.SetStopTime("17:00")
	newSchedule := ca.NewScheduleCreate("Fridays")
	newSchedule.SetPeriods([]ca.Period{*friday})
	schedule := good(client.TimeSchedulesAPI.UserTimeScheduleCreate(ctx, tenantID, "sales", "jane").
		ScheduleCreate(*newSchedule).Execute())
	period := schedule.Periods[0]
	fmt.Printf("schedule: %s | %s | %s to %s\n",
		schedule.Name, period.GetDayOfWeek(), period.GetStartTime(), period.GetStopTime())

	criteria := client.SelectiveCallAcceptanceAPI
	update := func(name string, change *ca.CriteriaUpdate) ca.ApiCriteriaUpdateRequest {
		return criteria.CriteriaUpdate(ctx, tenantID, "sales", "jane", name).CriteriaUpdate(*change)
	}
	callers := ca.NewFromDnCriteriaCreate(ca.SELECTION_SPECIFIED_ONLY)
	callers.SetPhoneNumbers([]string{"+3225126777", "0475*"})
	friends := ca.NewCriteriaCreate("friends", *callers)
	friends.SetTimeSchedule(*ca.NewScheduleSelection(ca.LEVEL_USER, "Fridays"))
	show("created", good(criteria.CriteriaCreate(ctx, tenantID, "sales", "jane").CriteriaCreate(*friends).Execute()))
	viewed, answer, err := criteria.CriteriaView(ctx, tenantID, "sales", "jane", "friends").Execute()
	show("viewed", good(viewed, answer, err))

	// With If-Match a change is made only if nobody else made one since.
	etag := answer.Header.Get("ETag")
	anonymous := ca.NewCriteriaUpdate()
	anonymous.SetFromDnCriteria(ca.FromDnCriteriaUpdate{IncludeAnonymousCallers: ca.PtrBool(true)})
	show("updated", good(update("friends", anonymous).IfMatch(etag).Execute()))
	conflict := problem(update("friends", anonymous).IfMatch(etag).Execute())
	fmt.Printf("conflict: %d | %s\n", conflict.Status, conflict.Code)

	name := "family & friends"
	rename := ca.NewCriteriaUpdate()
	rename.SetNewName(name)
	show("renamed", good(update("friends", rename).Execute()))
	mondays := ca.NewCriteriaUpdate()
	mondays.SetTimeSchedule(*ca.NewScheduleSelection(ca.LEVEL_USER, "Mondays"))
	invalid := problem(update(name, mondays).Execute())
	fmt.Printf("invalid: %d | %s | %s\n", invalid.Status, invalid.Code, invalid.Errors[0].GetPointer())
	clear := ca.NewCriteriaUpdate()
	clear.SetTimeScheduleNil()
	show("cleared", good(update(name, clear).Execute()))

	decide := func(callingNumber string) *ca.Decision {
		call := ca.DecisionRequest{}
		call.SetCallingNumber(callingNumber)
		return good(client.DecisionsAPI.UserDecisionAsk(ctx, tenantID, "sales", "jane").DecisionRequest(call).Execute())
	}
	verdict := decide("+32475123456")
	fmt.Printf("accepted: %s | %s | %s\n", verdict.Decision, verdict.Reason, verdict.GetCriteria())
	verdict = decide("+3225559999")
	status, phrase := verdict.GetSipStatus(), verdict.GetSipReason()
	fmt.Printf("refused: %s | %s | %d %s\n", verdict.Decision, verdict.Reason, status, phrase)

	// The services beside it, and what the group and the tenant set for all their users.
	for _, kind := range []string{"Selective", "Anonymous"} {
		selected := ca.NewServiceSelectionList([]ca.ServiceSelection{*ca.NewServiceSelection(kind + " Call Rejection")})
		good(client.UserServicesAPI.UserServicesAssign(ctx, tenantID, "sales", "jane").
			ServiceSelectionList(*selected).Execute())
	}
	rejected := ca.NewRejectionFromDnCriteriaCreate(ca.REJECTIONSELECTION_SPECIFIED_ONLY)
	rejected.SetPhoneNumbers([]string{"+3278*"})
	good(client.SelectiveCallRejectionAPI.RejectionCriteriaCreate(ctx, tenantID, "sales", "jane").
		RejectionCriteriaCreate(*ca.NewRejectionCriteriaCreate("sales calls", *rejected)).Execute())
	active := ca.AnonymousCallRejectionUpdate{Active: ca.PtrBool(true)}
	good(client.AnonymousCallRejectionAPI.AnonymousCallRejectionUpdate(ctx, tenantID, "sales", "jane").
		AnonymousCallRejectionUpdate(active).Execute())
	redirect := ca.NewTreatmentEntry("Selective Call Rejection")
	redirect.SetSipStatus(302)
	redirect.SetSipReason("Moved Temporarily")
	redirect.SetRedirectTo("tel:+3225550199")
	good(client.TreatmentsAPI.GroupTreatmentsUpdate(ctx, tenantID, "sales").
		TreatmentsUpdate(*ca.NewTreatmentsUpdate([]ca.TreatmentEntry{*redirect})).Execute())
	verdict = decide("+3278150000")
	status, phrase = verdict.GetSipStatus(), verdict.GetSipReason()
	fmt.Printf("rejected: %s | %s | %d %s | %s\n",
		verdict.Decision, verdict.GetCriteria(), status, phrase, verdict.GetRedirectTo())
	verdict = decide("anonymous")
	status, phrase = verdict.GetSipStatus(), verdict.GetSipReason()
	fmt.Printf("anonymous: %s | %s | %d %s\n", verdict.Decision, verdict.Reason, status, phrase)
	alarm := ca.NewProtectedCallerEntry("+3278150000")
	alarm.SetNote("Alarm line")
	good(client.ProtectedCallersAPI.TenantProtectedCallersUpdate(ctx, tenantID).
		ProtectedCallersUpdate(*ca.NewProtectedCallersUpdate([]ca.ProtectedCallerEntry{*alarm})).Execute())
	verdict = decide("+3278150000")
	fmt.Printf("protected: %s | %s\n", verdict.Decision, verdict.Reason)

	good(criteria.CriteriaDelete(ctx, tenantID, "sales", "jane", name).Execute())
	left := good(criteria.SelectiveCallAcceptanceView(ctx, tenantID, "sales", "jane").Execute())
	fmt.Printf("deleted: %d left\n", len(left.Criteria))
	missing := problem(criteria.CriteriaView(ctx, tenantID, "sales", "jane", name).Execute())
	fmt.Printf("missing: %d | %s\n", missing.Status, missing.Code)
	good(client.TenantsAPI.TenantDelete(ctx, tenantID).Cascade(true).Execute())
	gone := problem(client.TenantsAPI.TenantView(ctx, tenantID).Execute())
	fmt.Printf("gone: %d | %s\n", gone.Status, gone.Code)
}
