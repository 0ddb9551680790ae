//! Decisions on incoming calls, from the snapshots in memory where they are there.

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::{
        decision::{Decision, Decisions, Question, Reason},
        user_service::{ServiceName, UserServicePath},
    },
    value::{
        owner::{Owner, UserPath},
        phone_number::CalledNumber,
    },
    wire::problem::Failure,
};

use super::{
    owner::{not_assigned, not_found},
    server::Server,
    snapshots::Found,
};
use crate::rules::screening::{self, Call, Screening};

/// The service whose criteria decide.
const ACCEPTANCE: ServiceName = ServiceName::SelectiveCallAcceptance;

#[async_trait]
impl Decisions for Server {
    async fn of_user(&self, user: UserPath, question: Question) -> Result<Decision, Failure> {
        let Found { snapshot, stale } = self.snapshots.of_user(user.clone()).await?;
        let Some(snapshot) = snapshot else {
            let owner = Owner::User(user);
            let missing = self.snapshots.in_time(self.snapshots.deadline(), not_found(&self.calls, &owner));
            return Err(missing.await?);
        };
        let screening = snapshot
            .screening(ACCEPTANCE)
            .ok_or_else(|| not_assigned(&UserServicePath { user, service: ACCEPTANCE }))?;
        Ok(marked(stale, self.decide(screening, &question)))
    }

    async fn of_called_number(
        &self,
        by: &Actor,
        called_number: CalledNumber,
        question: Question,
    ) -> Result<Decision, Failure> {
        let unknown = Decision::new(Reason::UnknownCalledNumber, None);
        let Some(number) = screening::called_numbers(called_number.as_str(), None).into_iter().next() else {
            return Ok(unknown);
        };
        let Found { snapshot, stale } = self.snapshots.of_number(number).await?;
        // To whom it is not open, a user is as unknown as one who is not there.
        let known = snapshot.filter(|snapshot| by.identity.scope.meets(snapshot.user.names()));
        let Some(snapshot) = known else { return Ok(unknown) };
        Ok(marked(
            stale,
            match snapshot.screening(ACCEPTANCE) {
                Some(screening) => self.decide(screening, &question),
                None => Decision::new(Reason::ServiceNotAssigned, None),
            },
        ))
    }
}

impl Server {
    fn decide(&self, screening: &Screening, question: &Question) -> Decision {
        let call = Call {
            calling_number: question.calling_number.as_ref().map(|number| number.as_str()),
            presentation: question.presentation,
            at: question.at.as_ref().map_or_else(|| self.clock.now(), |at| at.timestamp()),
        };
        let ruling = screening.decide(&call);
        let explanation = question.explain.then(|| screening.explain(&call));
        Decision { explanation, ..Decision::new(ruling.reason, ruling.criteria.cloned()) }
    }
}

fn marked(stale: bool, decision: Decision) -> Decision {
    Decision { stale: stale.then_some(true), ..decision }
}
