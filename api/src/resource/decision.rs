//! Decisions: is this incoming call accepted, and why.
//!
//! A decision is flat, so that the JSON readers of SIP proxies cope with it, and is 200 whichever way it goes: a proxy
//! must be able to tell an answer from a failure.

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

/// Whether the caller shows its number (RFC 3323, RFC 3325).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Presentation {
    /// The caller shows its number.
    Allowed,
    /// The caller withheld its number.
    Restricted,
    /// The network does not have the number.
    Unavailable,
}

/// What becomes of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It goes on to the user.
    Accept,
    /// It is refused.
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
        /// Accepted: the service does nothing until a criteria is active.
        NoActiveCriteria = "no_active_criteria",
        /// Refused by a criteria with `doNotPerformAction`.
        DoNotAccept = "do_not_accept",
        /// Accepted by a criteria.
        CriteriaMatched = "criteria_matched",
        /// Refused: the call meets no criteria.
        NoCriteriaMatched = "no_criteria_matched",
    }
}

impl Reason {
    /// What becomes of a call for this reason.
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

    /// The service that decides for this reason; `None` when none does.
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
    /// What one criteria says of a call: the first of its parts that does not match, or that all do.
    Outcome: SNAKE_CASE, {
        /// The call meets the criteria.
        Matched = "matched",
        /// The criteria takes no part.
        Inactive = "inactive",
        /// The criteria is about other callers.
        NumberNotMatched = "number_not_matched",
        /// The criteria holds at other times.
        OutsideTimeSchedule = "outside_time_schedule",
        /// The criteria holds on other days.
        OutsideHolidaySchedule = "outside_holiday_schedule",
    }
}

/// What one criteria says of a call.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct CriteriaOutcome {
    /// The service whose criteria it is.
    pub service: ServiceName,
    /// The criteria's name.
    pub criteria: CriteriaName,
    /// Whether the criteria refuses the calls that it meets.
    pub do_not_perform_action: bool,
    /// What it says of the call.
    pub outcome: Outcome,
}

/// What becomes of an incoming call, and why.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Whether the call is accepted.
    pub decision: Verdict,
    /// Why.
    pub reason: Reason,
    /// The service that decided; absent when none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceName>,
    /// The criteria that decided; absent when none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criteria: Option<CriteriaName>,
    /// The status to refuse the call with (RFC 3261, section 21), 603 unless configured otherwise; absent when it is
    /// accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "300"), maximum(value = "699")))]
    pub sip_status: Option<i32>,
    /// The reason phrase to refuse the call with; absent when it is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 50))]
    pub sip_reason: Option<String>,
    /// True when the database does not answer and the decision is from what was last known; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<bool>,
    /// What each criteria of each service that was asked says of the call, in the order in which services are asked and
    /// criteria were created; with `explain=true` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_items = 400))]
    pub explanation: Option<Vec<CriteriaOutcome>>,
}

impl Decision {
    /// The decision for `reason`, with what follows from it.
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
    /// How urgent a call is, as its `Priority` header field says (RFC 3261, section 20.26).
    CallPriority {
        meaning: "the priority of a call",
        rule: "at most 64 characters, no control character; `psap-callback`, in letters of either case, is an \
            emergency service that calls back (RFC 7090)",
        length: 0..=64,
        pattern: r"^[^\x00-\x1F\x7F-\x9F]*$",
        example: "psap-callback",
    }
}

impl CallPriority {
    /// Whether an emergency service calls back somebody who called it.
    pub fn is_emergency_callback(&self) -> bool {
        self.as_str().trim().eq_ignore_ascii_case("psap-callback")
    }
}

/// A call to a user that is known. A member that is null is as if it were left out.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecisionRequest {
    /// The number of the caller; left out or empty when there is none.
    pub calling_number: Change<CallingNumber>,
    /// Whether the caller shows its number; `allowed` when left out and there is a number, else `unavailable`, unless
    /// `callingNumber` says that it is withheld.
    pub presentation: Change<Presentation>,
    /// The `Priority` header field of the call.
    pub priority: Change<CallPriority>,
    /// When the call comes in; now when left out.
    pub at: Change<Instant>,
}

impl Body for DecisionRequest {
    const PARSES_BY_SCHEMA: bool = true;
}

/// A call to a number. A member that is null is as if it were left out.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct CalledDecisionRequest {
    /// The number that is called.
    pub called_number: CalledNumber,
    /// The region whose national numbers and international prefix `calledNumber` may be written with; that of
    /// `--default-region` when left out.
    pub region: Change<Region>,
    /// The number of the caller; left out or empty when there is none.
    pub calling_number: Change<CallingNumber>,
    /// Whether the caller shows its number; `allowed` when left out and there is a number, else `unavailable`, unless
    /// `callingNumber` says that it is withheld.
    pub presentation: Change<Presentation>,
    /// The `Priority` header field of the call.
    pub priority: Change<CallPriority>,
    /// When the call comes in; now when left out.
    pub at: Change<Instant>,
}

impl Body for CalledDecisionRequest {
    const PARSES_BY_SCHEMA: bool = true;
}

/// A number that is called, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Called {
    /// The number, as the network brings it.
    pub number: CalledNumber,
    /// The region of the node, if it was said.
    pub region: Option<Region>,
}

/// A call that is decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The number of the caller, if there is one.
    pub calling_number: Option<CallingNumber>,
    /// Whether the caller shows its number, if that was said.
    pub presentation: Option<Presentation>,
    /// The priority of the call, if it has one.
    pub priority: Option<CallPriority>,
    /// When the call comes in; now when it was not said.
    pub at: Option<Instant>,
    /// Whether to tell what each criteria says.
    pub explain: bool,
}

/// The port: what the server does for decisions.
#[async_trait]
pub trait Decisions: Send + Sync {
    /// Decides on a call to the user; refused when the user does not have the service.
    async fn of_user(&self, user: UserPath, question: Question) -> Result<Decision, Failure>;
    /// Decides on a call to a number.
    async fn of_called_number(&self, by: &Actor, called: Called, question: Question) -> Result<Decision, Failure>;
}

/// The operations on decisions.
pub struct DecisionsApi(pub Arc<dyn Decisions>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Decisions")]
impl DecisionsApi {
    /// Decide on a call to a number
    ///
    /// For call-processing nodes: one question for each incoming call. Answers 200 both ways; anything else is no
    /// decision, and the node lets the call go on.
    #[oai(path = "/decisions/", method = "post", operation_id = "decision_ask")]
    async fn decision_ask(
        &self,
        actor: Read<CALL_PROCESSING>,
        /// Whether to tell what each criteria says of the call.
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

    /// Decide on a call to a number, by a URL alone
    ///
    /// The same as the POST, for nodes whose HTTP client knows GET only. A `+` that is not percent-encoded arrives as a
    /// space; where a number begins, also in a URI, it is taken for what it was.
    #[oai(path = "/decisions/", method = "get", operation_id = "decision_view")]
    async fn decision_view(
        &self,
        actor: Read<CALL_PROCESSING>,
        /// The number that is called.
        #[oai(name = "calledNumber")]
        called_number: Query<CalledNumber>,
        /// The region whose national numbers and international prefix `calledNumber` may be written with; that of
        /// `--default-region` when left out.
        region: Query<Option<Region>>,
        /// The number of the caller; left out or empty when there is none.
        #[oai(name = "callingNumber")]
        calling_number: Query<Option<CallingNumber>>,
        /// Whether the caller shows its number; `allowed` when left out and there is a number, else `unavailable`,
        /// unless `callingNumber` says that it is withheld.
        presentation: Query<Option<Presentation>>,
        /// The `Priority` header field of the call.
        priority: Query<Option<CallPriority>>,
        /// When the call comes in; now when left out.
        at: Query<Option<Instant>>,
        /// Whether to tell what each criteria says of the call.
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
    /// What would become of a call to this user, now or at any other time; with `explain=true`, why. Answers 200 both
    /// ways.
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
        /// Whether to tell what each criteria says of the call.
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
