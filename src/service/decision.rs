//! Decisions on incoming calls, from cached snapshots if possible.

use std::sync::Arc;

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::{
        decision::{CallPriority, Called, Decision, Decisions, Question, Reason, Verdict},
        user_service::{ServiceName, UserServicePath},
    },
    value::owner::{Owner, UserPath},
    wire::problem::Failure,
};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    metrics::METRICS,
    owner::{not_assigned, not_found},
    server::Server,
    snapshots::{Entry, Found, Snapshot},
};
use crate::{
    rules::screening::{Call, NumberList, Ruling, Screening},
    store::refused_call::Refused,
};

#[async_trait]
impl Decisions for Server {
    async fn of_user(&self, user: UserPath, question: Question) -> Result<Decision, Failure> {
        let began = Instant::now();
        let Found { value, stale } = self.snapshots.of_user(user.clone()).await?;
        let Some(snapshot) = value else {
            let owner = Owner::User(user);
            let missing = self.snapshots.in_time(self.snapshots.deadline(), not_found(&self.calls, &owner));
            return Err(missing.await?);
        };
        // The path is that of this service.
        let service = ServiceName::SelectiveCallAcceptance;
        if !snapshot.screening.has(service) {
            return Err(not_assigned(&UserServicePath { user, service }));
        }
        self.decide(&snapshot, stale, &question, began, false).await
    }

    async fn of_called_number(&self, by: &Actor, called: Called, question: Question) -> Result<Decision, Failure> {
        let began = Instant::now();
        let Found { value, stale } = self.called(by, called).await?;
        match value {
            Some(snapshot) => self.decide(&snapshot, stale, &question, began, question.at.is_none()).await,
            None => {
                self.unknown_numbers.note(self.clock.now());
                let explanation = question.explain.then(Vec::new);
                let decision = Decision { explanation, ..Decision::new(Reason::UnknownCalledNumber, None, None) };
                Ok(counted(false, decision))
            }
        }
    }
}

impl Server {
    /// The snapshot of the called user. Users outside of the actor's scope are treated as unknown.
    async fn called(&self, by: &Actor, called: Called) -> Result<Found<Snapshot>, Failure> {
        let region = called.region.or_else(|| self.default_region.clone());
        let numbers = self.called_numbers.read(Called { region, ..called });
        for number in numbers.iter() {
            let found = self.snapshots.of_number(number.clone()).await?;
            let is_open = |snapshot: &Arc<Entry<Snapshot>>| by.identity.scope.meets(snapshot.names());
            if found.value.as_ref().is_some_and(is_open) {
                return Ok(found);
            }
        }
        Ok(Found { value: None, stale: false })
    }

    /// The decision on a call to the user of a snapshot, which may be stale, within the deadline since `began`; it is
    /// counted for statistics if `counts`.
    async fn decide(
        &self,
        snapshot: &Snapshot,
        stale: bool,
        question: &Question,
        began: Instant,
        counts: bool,
    ) -> Result<Decision, Failure> {
        let keys = snapshot.screening.number_lists();
        let (lists, stale_lists) = match keys {
            [] => (Vec::new(), false),
            keys => {
                let limit = self.snapshots.deadline().saturating_sub(began.elapsed());
                self.snapshots.lists_of(snapshot.tenant(), keys, limit).await?
            }
        };
        let call = call(question, self.clock.now());
        let ruling = snapshot.screening.decide(&call, &lists);
        if counts {
            self.note_call(snapshot, &call, &ruling);
        }
        let decision = decision(&snapshot.screening, &lists, &call, ruling, question.explain);
        Ok(counted(stale || stale_lists, decision))
    }

    /// Counts a call that was decided so, and records it if it was refused and the tenant wants that.
    fn note_call(&self, snapshot: &Snapshot, call: &Call<'_>, ruling: &Ruling) {
        self.counting.count(&snapshot.tally, call, ruling);
        if snapshot.records_refused_calls && ruling.reason.verdict() == Verdict::Reject {
            self.counting.record(Refused {
                user: snapshot.tally.user(),
                id: self.clock.new_id(),
                at: call.at.as_microsecond(),
                calling_number: snapshot.screening.caller_number(call),
                reason: ruling.reason,
                criteria: ruling.criteria.clone(),
            });
        }
    }
}

/// The call that is asked about, which comes in `now` if the question does not say when.
pub(super) fn call(question: &Question, now: Timestamp) -> Call<'_> {
    Call {
        calling_number: question.calling_number.as_ref().map(|number| number.as_str()),
        presentation: question.presentation,
        internal: question.internal,
        forwarded: question.forwarded,
        is_emergency_callback: question.priority.as_ref().is_some_and(CallPriority::is_emergency_callback),
        at: question.at.as_ref().map_or(now, |at| at.timestamp()),
    }
}

/// The decision on a call to a user with this screening, by the ruling on it.
pub(super) fn decision(
    screening: &Screening,
    lists: &[Option<Arc<NumberList>>],
    call: &Call<'_>,
    ruling: Ruling,
    explain: bool,
) -> Decision {
    let explanation = explain.then(|| screening.explain(call, lists));
    let treatment = ruling.reason.service().and_then(|service| screening.treatment(service));
    Decision { explanation, ..Decision::new(ruling.reason, ruling.criteria, treatment) }
}

/// The decision, marked if it may be stale, when the metrics have counted it.
fn counted(stale: bool, decision: Decision) -> Decision {
    let decision = Decision { stale: stale.then_some(true), ..decision };
    METRICS.count_decision(&decision);
    decision
}
