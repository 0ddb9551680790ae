//! Decisions: whether an incoming call is accepted, and why.
//!
//! A decision is a flat object, which the JSON readers of SIP proxies can handle. Its status is 200 for both verdicts,
//! so that a proxy can tell a decision from a failure.

use std::sync::Arc;

use async_trait::async_trait;
use poem::{IntoResponse, Request, Response, http::header::ACCEPT};
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Payload,
    registry::{MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, Type},
};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Actor, CALL_ASKERS, CALL_PROCESSING, Read},
    resource::{tags::Tag, treatment::Treatment, user_service::ServiceName},
    value::{
        change::Change,
        name::{CriteriaName, GroupId, TenantId, UserId},
        open_enum::{SNAKE_CASE, open_enum},
        owner::UserPath,
        phone_number::{CalledNumber, CallingNumber, Region},
        sip::{Announcement, RedirectTarget, SipReason},
        text::text,
        time::Instant,
    },
    wire::{
        answer::Found,
        negotiation::prefers,
        payload::{Body, JsonAnswer, JsonBody, parse_object},
        problem::{BODY, Fails, Failure, SERVICE},
    },
};

/// The presentation of the caller's number (RFC 3323, RFC 3325).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize, Deserialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Presentation {
    /// The number is presented.
    Allowed,
    /// The caller withholds the number.
    Restricted,
    /// The network does not have the number.
    Unavailable,
}

impl TryFrom<String> for Presentation {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse_from_json(Some(text.into())).map_err(ParseError::into_message)
    }
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
        /// Accepted: the caller is a protected caller of the user's group or tenant.
        ProtectedCaller = "protected_caller",
        /// Refused by a criteria of Selective Call Rejection.
        RejectionCriteriaMatched = "rejection_criteria_matched",
        /// Accepted: Selective Call Rejection does not refuse the call, and the user does not have Selective Call
        /// Acceptance.
        NoRejectionCriteriaMatched = "no_rejection_criteria_matched",
        /// Refused by Anonymous Call Rejection: the caller withholds the number.
        AnonymousCallRejected = "anonymous_call_rejected",
        /// Accepted: the user has neither Selective Call Acceptance nor Selective Call Rejection.
        ServiceNotAssigned = "service_not_assigned",
        /// Accepted: Selective Call Acceptance is suspended.
        Suspended = "suspended",
        /// Accepted: the service has no active criteria in its validity and therefore does nothing.
        NoActiveCriteria = "no_active_criteria",
        /// Refused: the call matches a criteria with `doNotPerformAction`.
        DoNotAccept = "do_not_accept",
        /// Accepted: the call matches a criteria.
        CriteriaMatched = "criteria_matched",
        /// Accepted: the call matches no criteria, and no accepting criteria is in its validity and its schedules.
        NoCriteriaInEffect = "no_criteria_in_effect",
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
            | Self::ProtectedCaller
            | Self::NoRejectionCriteriaMatched
            | Self::ServiceNotAssigned
            | Self::Suspended
            | Self::NoActiveCriteria
            | Self::CriteriaMatched
            | Self::NoCriteriaInEffect => Verdict::Accept,
            Self::RejectionCriteriaMatched
            | Self::AnonymousCallRejected
            | Self::DoNotAccept
            | Self::NoCriteriaMatched => Verdict::Reject,
        }
    }

    /// The service that decides with this reason; `None` if no service decides.
    pub fn service(self) -> Option<ServiceName> {
        match self {
            Self::UnknownCalledNumber
            | Self::EmergencyCallback
            | Self::ProtectedCaller
            | Self::NoRejectionCriteriaMatched
            | Self::ServiceNotAssigned => None,
            Self::RejectionCriteriaMatched => Some(ServiceName::SelectiveCallRejection),
            Self::AnonymousCallRejected => Some(ServiceName::AnonymousCallRejection),
            Self::Suspended
            | Self::NoActiveCriteria
            | Self::DoNotAccept
            | Self::CriteriaMatched
            | Self::NoCriteriaInEffect
            | Self::NoCriteriaMatched => Some(ServiceName::SelectiveCallAcceptance),
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
        /// The call is outside the validity of the criteria.
        OutsideValidity = "outside_validity",
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
    /// The SIP status to refuse the call with (RFC 3261, section 21): that of the treatment of the group or the tenant,
    /// else 603, or 433 for Anonymous Call Rejection (RFC 5079); absent if the call is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "300"), maximum(value = "699")))]
    pub sip_status: Option<i32>,
    /// The SIP reason phrase to refuse the call with; absent if the call is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sip_reason: Option<SipReason>,
    /// The cause for the `Reason` header field (RFC 3326, ITU-T Q.850); absent if no treatment says one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "1"), maximum(value = "127")))]
    pub q850_cause: Option<i32>,
    /// The announcement that the switch plays; absent if no treatment says one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announcement: Option<Announcement>,
    /// Where the call is redirected to, with `sipStatus` 302; absent if no treatment says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_to: Option<RedirectTarget>,
    /// True if the decision is based on cached data that may be out of date, because the database is unavailable or too
    /// slow; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<bool>,
    /// The outcome of each criteria of each service that was evaluated, in the order of evaluation; only with
    /// `explain=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_items = 400))]
    pub explanation: Option<Vec<CriteriaOutcome>>,
}

impl Decision {
    /// The decision with `reason` and the members that follow from it. A refused caller gets the `treatment`, else what
    /// the service does by default.
    pub fn new(reason: Reason, criteria: Option<CriteriaName>, treatment: Option<&Treatment>) -> Self {
        let (decision, service) = (reason.verdict(), reason.service());
        let mut made = Self {
            decision,
            reason,
            service,
            criteria,
            sip_status: None,
            sip_reason: None,
            q850_cause: None,
            announcement: None,
            redirect_to: None,
            stale: None,
            explanation: None,
        };
        if let (Verdict::Reject, Some(service)) = (decision, service) {
            let treatment = treatment.unwrap_or_else(|| Treatment::default_of(service)).clone();
            made.sip_status = Some(treatment.sip_status);
            made.sip_reason = Some(treatment.sip_reason);
            made.q850_cause = treatment.q850_cause;
            made.announcement = treatment.announcement;
            made.redirect_to = treatment.redirect_to;
        }
        made
    }

    /// The decision as one line: `accept`, or `reject 603 Decline`.
    fn line(&self) -> String {
        match (self.decision, self.sip_status, &self.sip_reason) {
            (Verdict::Reject, Some(status), Some(reason)) => format!("reject {status} {reason}"),
            (Verdict::Reject, ..) => "reject".to_owned(),
            (Verdict::Accept, ..) => "accept".to_owned(),
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
#[derive(Debug, Clone, PartialEq, Eq, Object, Deserialize)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecisionRequest {
    /// The calling number; left out or empty if there is none.
    #[serde(default)]
    pub calling_number: Change<CallingNumber>,
    /// The presentation of the calling number. If left out: `restricted` if `callingNumber` says that the number is
    /// withheld, `allowed` if there is a number, else `unavailable`.
    #[serde(default)]
    pub presentation: Change<Presentation>,
    /// Whether the node knows that the caller is of the user's own organisation; false when left out.
    #[serde(default)]
    pub internal: Change<bool>,
    /// Whether the call was forwarded to the user (`Diversion`, `History-Info`); false when left out.
    #[serde(default)]
    pub forwarded: Change<bool>,
    /// The `Priority` header field of the call.
    #[serde(default)]
    pub priority: Change<CallPriority>,
    /// When the call comes in; by default now.
    #[serde(default)]
    pub at: Change<Instant>,
}

impl DecisionRequest {
    /// The question of this request.
    pub(super) fn question(self, explain: bool) -> Question {
        Question {
            calling_number: self.calling_number.initial(),
            presentation: self.presentation.initial(),
            internal: self.internal.initial().unwrap_or_default(),
            forwarded: self.forwarded.initial().unwrap_or_default(),
            priority: self.priority.initial(),
            at: self.at.initial(),
            explain,
        }
    }
}

impl Body for DecisionRequest {
    fn parse_valid(text: &[u8]) -> Option<Self> {
        parse_object(text)
    }
}

/// A call to a phone number. A null member is treated as left out.
#[derive(Debug, Clone, PartialEq, Eq, Object, Deserialize)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CalledDecisionRequest {
    /// The called number.
    pub called_number: CalledNumber,
    /// The region whose national numbers and international prefix `calledNumber` may use; by default that of
    /// `--default-region`.
    #[serde(default)]
    pub region: Change<Region>,
    /// The calling number; left out or empty if there is none.
    #[serde(default)]
    pub calling_number: Change<CallingNumber>,
    /// The presentation of the calling number. If left out: `restricted` if `callingNumber` says that the number is
    /// withheld, `allowed` if there is a number, else `unavailable`.
    #[serde(default)]
    pub presentation: Change<Presentation>,
    /// Whether the node knows that the caller is of the user's own organisation; false when left out.
    #[serde(default)]
    pub internal: Change<bool>,
    /// Whether the call was forwarded to the user (`Diversion`, `History-Info`); false when left out.
    #[serde(default)]
    pub forwarded: Change<bool>,
    /// The `Priority` header field of the call.
    #[serde(default)]
    pub priority: Change<CallPriority>,
    /// When the call comes in; by default now.
    #[serde(default)]
    pub at: Change<Instant>,
}

impl CalledDecisionRequest {
    /// Who is called, and the question of this request.
    fn called(self, explain: bool) -> (Called, Question) {
        let Self { called_number: number, region, calling_number, presentation, internal, forwarded, priority, at } =
            self;
        let question =
            DecisionRequest { calling_number, presentation, internal, forwarded, priority, at }.question(explain);
        (Called { number, region: region.initial() }, question)
    }
}

impl Body for CalledDecisionRequest {
    fn parse_valid(text: &[u8]) -> Option<Self> {
        parse_object(text)
    }
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// The calling number, if there is one.
    pub calling_number: Option<CallingNumber>,
    /// The presentation, if given.
    pub presentation: Option<Presentation>,
    /// Whether the caller is of the user's own organisation.
    pub internal: bool,
    /// Whether the call was forwarded to the user.
    pub forwarded: bool,
    /// The priority of the call, if it has one.
    pub priority: Option<CallPriority>,
    /// When the call comes in; `None` for now.
    pub at: Option<Instant>,
    /// Whether the decision includes an explanation.
    pub explain: bool,
}

/// A decision as JSON, or as one line of text where the request prefers that.
pub struct NegotiatedDecision {
    decision: Decision,
    as_text: bool,
}

impl Payload for NegotiatedDecision {
    // The text is for those who ask for it; generators of clients need not know of it.
    const CONTENT_TYPE: &'static str = JsonAnswer::<Decision>::CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        Decision::schema_ref()
    }

    fn register(registry: &mut Registry) {
        Decision::register(registry);
    }
}

impl IntoResponse for NegotiatedDecision {
    fn into_response(self) -> Response {
        match self.as_text {
            true => self.decision.line().with_content_type("text/plain; charset=utf-8").into_response(),
            false => JsonAnswer(self.decision).into_response(),
        }
    }
}

/// 200 with a decision.
#[derive(ApiResponse)]
pub enum FoundDecision {
    /// What was asked for.
    #[oai(status = 200)]
    Ok(NegotiatedDecision),
}

/// The port: what the server does for decisions.
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
        let (called, question) = body.0.called(explain.0);
        Ok(Found::with(self.0.of_called_number(&actor.0, called, question).await?))
    }

    /// Decide on a call to a phone number, by URL alone
    ///
    /// The same as the POST, for nodes whose HTTP client supports only GET. A `+` that is not percent-encoded is
    /// decoded as a space; it is restored where a number begins, also within a URI.
    ///
    /// With `Accept: text/plain` the response is one line of that media type, for dialplans without a JSON reader:
    /// `accept`, or `reject` with the status and the reason phrase, `reject 603 Decline`.
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
        /// Whether the node knows that the caller is of the user's own organisation.
        #[oai(default)]
        internal: Query<bool>,
        /// Whether the call was forwarded to the user (`Diversion`, `History-Info`).
        #[oai(default)]
        forwarded: Query<bool>,
        /// The `Priority` header field of the call.
        priority: Query<Option<CallPriority>>,
        /// When the call comes in; by default now.
        at: Query<Option<Instant>>,
        /// Whether the response includes the outcome of each criteria.
        #[oai(default)]
        explain: Query<bool>,
        request: &Request,
    ) -> Result<FoundDecision, Fails<0>> {
        let called = Called { number: called_number.0.with_plus(), region: region.0 };
        let question = Question {
            calling_number: calling_number.0.map(CallingNumber::with_plus),
            presentation: presentation.0,
            internal: internal.0,
            forwarded: forwarded.0,
            priority: priority.0,
            at: at.0,
            explain: explain.0,
        };
        let decision = self.0.of_called_number(&actor.0, called, question).await?;
        let as_text = prefers(request.header(ACCEPT), "text/plain", "application/json");
        Ok(FoundDecision::Ok(NegotiatedDecision { decision, as_text }))
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
        Ok(Found::with(self.0.of_user(user, body.0.question(explain.0)).await?))
    }
}
