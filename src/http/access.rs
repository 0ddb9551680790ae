//! Authenticates requests to the API and checks the access rules of their operations. An operation without a rule is
//! refused for everybody.

use std::{net::IpAddr, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use call_acceptance_api::{
    access::{Actor, ActorKind, Identity, Role, Rule, Scope, forbidden},
    resource::audit::Refused,
    value::owner::Owner,
    wire::problem::{Failure, ProblemCode, Refusal},
};
use poem::{Request, http::header};

use super::{attempts::Attempts, context::RequestContext, metrics::METRICS};
use crate::service::{Credentials, Server, invalid_credentials};

/// Authenticates and authorizes requests.
pub struct Gate {
    server: Arc<Server>,
    attempts: Attempts,
    /// The identity of all actors if authentication is off.
    anyone: Option<Arc<Identity>>,
}

impl Gate {
    /// A gate that authenticates actors with `server`; with `open`, authentication is off.
    pub fn new(server: Arc<Server>, attempts: Attempts, open: bool) -> Self {
        let anyone = Identity {
            kind: ActorKind::Anyone,
            actor: "anyone".to_owned(),
            role: Role::SystemAdmin,
            scope: Scope::System,
            read_only: false,
        };
        Self { server, attempts, anyone: open.then(|| anyone.into()) }
    }

    /// Authenticates the actor of a request to the API, and refuses the request if its operation is not open to the
    /// actor. `None` if the document has no such operation; the router then responds. Refusals are recorded in the
    /// audit trail of the tenant.
    pub async fn admit(&self, request: &Request, context: &RequestContext) -> Result<Option<Actor>, Failure> {
        let rule = context.operation.and_then(|operation| operation.access);
        let at_call_time = rule.is_some_and(|rule| rule.roles().any(|role| role == Role::CallProcessing));
        let identified = self.identify(request, context, at_call_time).await;
        if let Err(failure) = &identified {
            METRICS.count_authentication_failure(context.has_credentials, code(failure));
        }
        let Some(operation) = context.operation else {
            let identity = identified?;
            context.identity.get_or_init(|| identity);
            return Ok(None);
        };
        let actor = |identity| Actor {
            identity,
            client_address: Some(context.client_address),
            request_id: context.id.as_str().to_owned(),
            operation: operation.id,
            dry_run: false,
        };
        if identified.as_ref().is_err_and(is_unauthenticated)
            && let Some(stranger) = stranger(request)
        {
            self.note_refusal(actor(stranger.into()), context, Refused::Unauthenticated);
        }
        let identity = identified?;
        let actor = actor(context.identity.get_or_init(|| identity).clone());
        if !is_allowed(rule, &actor.identity, context) {
            self.note_refusal(actor, context, Refused::Forbidden);
            return Err(forbidden());
        }
        Ok(Some(actor))
    }

    /// Records a refusal for the tenant in the path, else for that of the actor.
    fn note_refusal(&self, actor: Actor, context: &RequestContext, why: Refused) {
        let named = Owner::parse(names(context).each_ref().map(Option::as_deref)).ok().flatten();
        let own = match &actor.identity.scope {
            Scope::Of(owner) => Some(owner.clone()),
            Scope::System => None,
        };
        if let Some(owner) = named.or(own) {
            self.server.note_refusal(actor, owner, why);
        }
    }

    async fn identify(
        &self,
        request: &Request,
        context: &RequestContext,
        at_call_time: bool,
    ) -> Result<Arc<Identity>, Failure> {
        if let Some(anyone) = &self.anyone {
            return Ok(anyone.clone());
        }
        let Some(header) = authorization(request) else { return Err(no_credentials()) };
        let address = context.client_address;
        let credentials = credentials(header);
        if let Some(identity) = credentials.as_ref().and_then(|credentials| self.server.cached_identity(credentials)) {
            return Ok(identity);
        }
        // In a box, so that requests whose identity is cached do not take its memory.
        Box::pin(self.authenticate(address, header, credentials.as_ref(), at_call_time)).await
    }

    /// Authenticates an actor who is not cached, unless too many attempts from the address have failed.
    async fn authenticate(
        &self,
        address: IpAddr,
        header: &str,
        credentials: Option<&Credentials<'_>>,
        at_call_time: bool,
    ) -> Result<Arc<Identity>, Failure> {
        self.attempts.admit(address, header).await?;
        let result = match credentials {
            Some(credentials) => self.server.authenticate(credentials, at_call_time).await,
            None => Err(invalid_credentials()),
        };
        if result.as_ref().is_err_and(is_unauthenticated) {
            self.attempts.failed(address, header)?;
        }
        result
    }
}

/// The problem of a refused request.
fn code(failure: &Failure) -> Option<ProblemCode> {
    match failure {
        Failure::Refused(Refusal { code, .. }) => Some(*code),
        Failure::Unavailable(_) | Failure::Internal(_) => None,
    }
}

fn is_unauthenticated(failure: &Failure) -> bool {
    code(failure) == Some(ProblemCode::Unauthenticated)
}

fn no_credentials() -> Failure {
    Failure::refused(
        ProblemCode::Unauthenticated,
        "Authentication is required: send `Authorization: Bearer` with a token.",
    )
}

fn authorization(request: &Request) -> Option<&str> {
    request.headers().get(header::AUTHORIZATION)?.to_str().ok()
}

/// Parses the credentials of an `Authorization` header (RFC 6750, section 2.1; RFC 7617).
fn credentials(header: &str) -> Option<Credentials<'_>> {
    let (scheme, text) = header.split_once(' ')?;
    let text = text.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Credentials::of_bearer(text));
    }
    let decoded = BASE64_STANDARD.decode(text).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Credentials::of_basic(id, secret)
}

/// The identity to record for invalid credentials; `None` for a request without credentials.
fn stranger(request: &Request) -> Option<Identity> {
    let (kind, actor) = match credentials(authorization(request)?) {
        Some(Credentials::Token { id, .. }) => (ActorKind::Token, id.to_string()),
        _ => (ActorKind::Anyone, "anyone".to_owned()),
    };
    Some(Identity { kind, actor, role: Role::EndUser, scope: Scope::System, read_only: true })
}

/// The names of tenant, group and user in the path.
fn names(context: &RequestContext) -> [Option<String>; 3] {
    ["tenant_id", "group_id", "user_id"].map(|parameter| context.name(parameter))
}

/// Whether the rule allows `identity` to call the operation on this path.
fn is_allowed(rule: Option<Rule>, identity: &Identity, context: &RequestContext) -> bool {
    let names = match identity.scope {
        // The whole system contains every path.
        Scope::System => [None, None, None],
        Scope::Of(_) => names(context),
    };
    rule.is_some_and(|rule| rule.allows(identity, names.each_ref().map(Option::as_deref)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_header_can_be_read_for_credentials(header in "((?i)bearer|basic|[a-z]{0,6})? ?[\\PC]{0,60}") {
            if let Some(Credentials::Token { id, secret }) = credentials(&header) {
                prop_assert!(header.len() > secret.len() && id.as_str().len() == 32);
            }
        }

        #[test]
        fn a_token_is_read_from_either_scheme(
            id in "[0-9a-f]{32}",
            secret in "[A-Za-z0-9_-]{1,60}",
            spaces in " {1,3}",
        ) {
            let basic = BASE64_STANDARD.encode(format!("ca_{id}:{secret}"));
            for header in [format!("bEARER{spaces}ca_{id}_{secret}"), format!("Basic{spaces}{basic} ")] {
                match credentials(&header) {
                    Some(Credentials::Token { id: read, secret: known }) => {
                        prop_assert_eq!((read.as_str(), &*known), (id.as_str(), secret.as_str()));
                    }
                    _ => prop_assert!(false, "{} is no token", header),
                }
            }
        }
    }
}
