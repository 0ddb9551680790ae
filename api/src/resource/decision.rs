//! Decisions: whether an incoming call is accepted, and why.
//!
//! A decision is a flat object, which the JSON readers of SIP proxies can handle. Its status is 200 for both verdicts,
//! so that a proxy can tell a decision from a failure.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    access::{Actor, CALL_ASKERS, CALL_PROCESSING, Read},
    resource::{tags::Tag, user_service::ServiceName},
    value::{
        change::Change,
        name::{CriteriaName, GroupId, TenantId, UserId},
        open_enum::{SNAKE_CASE, open_enum},
        owner::UserPath,
        phone_number::{CalledNumber, CallingNumber, Region},
        text::text,
        time::Instant,
    },
    wire::{
        answer::Found,
        payload::{Body, JsonBody},
        problem::{BODY, Fails, Failure, SERVICE},
    },
};

/// The presentation of the caller's number (RFC 3323, RFC 3325).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Presentation {
    /// The number is presented.
    Allowed,
    /// The caller withholds the number.
    Restricted,
    /// The network does not have the number.
    Unavailable,
}

/// Whether the call is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The call is connected to the user.
    Accept,
    /// The call is refused.
    Reject,
}

open_enum! {
    /// Why a call is accepted or refused.
    Reason: SNAKE_CASE, {
        /// Accepted: no user has the called number.
        UnknownCalledNumber = "unknown_called_number",
        /// Accepted: an emergency service calls back (RFC 7090).
        EmergencyCallback = "emergency_callback",
        /// Accepted: the user does not have the service.
        ServiceNotAssigned = "service_not_assigned",
        /// Accepted: the service has no active criteria and therefore does nothing.
        NoActiveCriteria = "no_active_criteria",
        /// Refused: the call matches a criteria with `doNotPerformAction`.
        DoNotAccept = "do_not_accept",
        /// Accepted: the call matches a criteria.
        CriteriaMatched = "criteria_matched",
        /// Refused: the call matches no criteria.
        NoCriteriaMatched = "no_criteria_matched",
    }
}

impl Reason {
    /// The verdict of this reason.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::UnknownCalledNumber
            | Self::EmergencyCallback
            | Self::ServiceNotAssigned
            | Self::NoActiveCriteria
            | Self::CriteriaMatched => Verdict::Accept,
            Self::DoNotAccept | Self::NoCriteriaMatched => Verdict::Reject,
        }
    }

    /// The service that decides with this reason; `None` if no service decides.
    pub fn service(self) -> Option<ServiceName> {
        match self {
            Self::UnknownCalledNumber | Self::EmergencyCallback | Self::ServiceNotAssigned => None,
            Self::NoActiveCriteria | Self::DoNotAccept | Self::CriteriaMatched | Self::NoCriteriaMatched => {
                Some(ServiceName::SelectiveCallAcceptance)
            }
        }
    }
}

open_enum! {
    /// The outcome of one criteria for a call: the first of its parts that does not match, or that all match.
    Outcome: SNAKE_CASE, {
        /// The call matches the criteria.
        Matched = "matched",
        /// The criteria is not active.
        Inactive = "inactive",
        /// The criteria does not match the caller.
        NumberNotMatched = "number_not_matched",
        /// The call is outside the time schedule of the criteria.
        OutsideTimeSchedule = "outside_time_schedule",
        /// The day is not in the holiday schedule of the criteria.
        OutsideHolidaySchedule = "outside_holiday_schedule",
    }
}

/// The outcome of one criteria for a call.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct CriteriaOutcome {
    /// The service of the criteria.
    pub service: ServiceName,
    /// The criteria's name.
    pub criteria: CriteriaName,
    /// Whether the criteria refuses the calls that it matches.
    pub do_not_perform_action: bool,
    /// The outcome.
    pub outcome: Outcome,
}

/// The decision on an incoming call.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Whether the call is accepted.
    pub decision: Verdict,
    /// The reason of the decision.
    pub reason: Reason,
    /// The service that decided; absent if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceName>,
    /// The criteria that decided; absent if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criteria: Option<CriteriaName>,
    /// The SIP status to refuse the call with (RFC 3261, section 21), by default 603; absent if the call is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "300"), maximum(value = "699")))]
    pub sip_status: Option<i32>,
    /// The SIP reason phrase to refuse the call with; absent if the call is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 50))]
    pub sip_reason: Option<String>,
    /// True if the database is unavailable and the decision is based on cached data; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<bool>,
    /// The outcome of each criteria of each service that was evaluated, in the order of evaluation; only with
    /// `explain=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_items = 400))]
    pub explanation: Option<Vec<CriteriaOutcome>>,
}

impl Decision {
    /// The decision with `reason` and the members that follow from it.
    pub fn new(reason: Reason, criteria: Option<CriteriaName>) -> Self {
        let decision = reason.verdict();
        let refused = decision == Verdict::Reject;
        Self {
            decision,
            reason,
            service: reason.service(),
            criteria,
            sip_status: refused.then_some(603),
            sip_reason: refused.then(|| "Decline".to_owned()),
            stale: None,
            explanation: None,
        }
    }
}

text! {
    /// The urgency of a call: its `Priority` header field (RFC 3261, section 20.26).
    CallPriority {
        meaning: "the priority of a call",
        rule: "at most 64 characters, no control characters; `psap-callback`, in upper or lower case, marks the \
            callback of an emergency service (RFC 7090)",
        length: 0..=64,
        pattern: r"^[^\x00-\x1F\x7F-\x9F]*$",
        example: "psap-callback",
    }
}

impl CallPriority {
    /// Whether the call is the callback of an emergency service.
    pub fn is_emergency_callback(&self) -> bool {
        self.as_str().trim().eq_ignore_ascii_case("psap-callback")
    }
}

/// A call to a given user. A null member is treated as left out.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecisionRequest {
    /// The calling number; left out or empty if there is none.
    pub calling_number: Change<CallingNumber>,
    /// The presentation of the calling number. If left out: `restricted` if `callingNumber` says that the number is
    /// withheld, `allowed` if there is a number, else `unavailable`.
    pub presentation: Change<Presentation>,
    /// The `Priority` header field of the call.
    pub priority: Change<CallPriority>,
    /// When the call comes in; by default now.
    pub at: Change<Instant>,
}

impl Body for DecisionRequest {
    const PARSES_BY_SCHEMA: bool = true;
}

/// A call to a phone number. A null member is treated as left out.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct CalledDecisionRequest {
    /// The called number.
    pub called_number: CalledNumber,
    /// The region whose national numbers and international prefix `calledNumber` may use; by default that of
    /// `--default-region`.
    pub region: Change<Region>,
    /// The calling number; left out or empty if there is none.
    pub calling_number: Change<CallingNumber>,
    /// The presentation of the calling number. If left out: `restricted` if `callingNumber` says that the number is
    /// withheld, `allowed` if there is a number, else `unavailable`.
    pub presentation: Change<Presentation>,
    /// The `Priority` header field of the call.
    pub priority: Change<CallPriority>,
    /// When the call comes in; by default now.
    pub at: Change<Instant>,
}

impl Body for CalledDecisionRequest {
    const PARSES_BY_SCHEMA: bool = true;
}

/// A called number and its region.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Called {
    /// The number in the form that the network delivers.
    pub number: CalledNumber,
    /// The region of the node, if given.
    pub region: Option<Region>,
}

/// A call to decide on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The calling number, if there is one.
    pub calling_number: Option<CallingNumber>,
    /// The presentation, if given.
    pub presentation: Option<Presentation>,
    /// The priority of the call, if it has one.
    pub priority: Option<CallPriority>,
    /// When the call comes in; `None` for now.
    pub at: Option<Instant>,
    /// Whether the decision includes an explanation.
    pub explain: bool,
}

/// The port of decisions.
#[async_trait]
pub trait Decisions: Send + Sync {
    /// Decides on a call to the user; refused if the user does not have the service.
    async fn of_user(&self, user: UserPath, question: Question) -> Result<Decision, Failure>;
    /// Decides on a call to a phone number.
    async fn of_called_number(&self, by: &Actor, called: Called, question: Question) -> Result<Decision, Failure>;
}

/// The operations on decisions.
pub struct DecisionsApi(pub Arc<dyn Decisions>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Decisions")]
impl DecisionsApi {
    /// Decide on a call to a phone number
    ///
    /// For call-processing nodes: one request for each incoming call. The status is 200 for both verdicts. Any other
    /// status is not a decision, and the node should let the call through.
    #[oai(path = "/decisions/", method = "post", operation_id = "decision_ask")]
    async fn decision_ask(
        &self,
        actor: Read<CALL_PROCESSING>,
        /// Whether the response includes the outcome of each criteria.
        #[oai(default)]
        explain: Query<bool>,
        body: JsonBody<CalledDecisionRequest>,
    ) -> Result<Found<Decision>, Fails<BODY>> {
        let body = body.0;
        let called = Called { number: body.called_number, region: body.region.initial() };
        let question = Question {
            calling_number: body.calling_number.initial(),
            presentation: body.presentation.initial(),
            priority: body.priority.initial(),
            at: body.at.initial(),
            explain: explain.0,
        };
        Ok(Found::with(self.0.of_called_number(&actor.0, called, question).await?))
    }

    /// Decide on a call to a phone number, by URL alone
    ///
    /// The same as the POST, for nodes whose HTTP client supports only GET. A `+` that is not percent-encoded is
    /// decoded as a space; it is restored where a number begins, also within a URI.
    #[oai(path = "/decisions/", method = "get", operation_id = "decision_view")]
    async fn decision_view(
        &self,
        actor: Read<CALL_PROCESSING>,
        /// The called number.
        #[oai(name = "calledNumber")]
        called_number: Query<CalledNumber>,
        /// The region whose national numbers and international prefix `calledNumber` may use; by default that of
        /// `--default-region`.
        region: Query<Option<Region>>,
        /// The calling number; left out or empty if there is none.
        #[oai(name = "callingNumber")]
        calling_number: Query<Option<CallingNumber>>,
        /// The presentation of the calling number. If left out: `restricted` if `callingNumber` says that the number is
        /// withheld, `allowed` if there is a number, else `unavailable`.
        presentation: Query<Option<Presentation>>,
        /// The `Priority` header field of the call.
        priority: Query<Option<CallPriority>>,
        /// When the call comes in; by default now.
        at: Query<Option<Instant>>,
        /// Whether the response includes the outcome of each criteria.
        #[oai(default)]
        explain: Query<bool>,
    ) -> Result<Found<Decision>, Fails<0>> {
        let called = Called { number: called_number.0.with_plus(), region: region.0 };
        let question = Question {
            calling_number: calling_number.0.map(CallingNumber::with_plus),
            presentation: presentation.0,
            priority: priority.0,
            at: at.0,
            explain: explain.0,
        };
        Ok(Found::with(self.0.of_called_number(&actor.0, called, question).await?))
    }

    /// Decide on a call to a user
    ///
    /// Returns the decision on a call to this user, now or at any other time; with `explain=true`, also the outcome of
    /// each criteria. The status is 200 for both verdicts.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/selective_call_acceptance/decision/",
        method = "post",
        operation_id = "user_decision_ask"
    )]
    async fn user_decision_ask(
        &self,
        _actor: Read<CALL_ASKERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        /// Whether the response includes the outcome of each criteria.
        #[oai(default)]
        explain: Query<bool>,
        body: JsonBody<DecisionRequest>,
    ) -> Result<Found<Decision>, Fails<{ BODY | SERVICE }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        let body = body.0;
        let question = Question {
            calling_number: body.calling_number.initial(),
            presentation: body.presentation.initial(),
            priority: body.priority.initial(),
            at: body.at.initial(),
            explain: explain.0,
        };
        Ok(Found::with(self.0.of_user(user, question).await?))
    }
}
