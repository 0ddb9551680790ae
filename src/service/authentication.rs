//! Authentication: by a token of this server, or by an access token of the OpenID provider.

use std::{borrow::Cow, sync::Arc, time::Duration};

use call_acceptance_api::{
    access::{ActorKind, Identity, Role, Scope, forbidden},
    resource::token::TokenId,
    wire::problem::{Failure, ProblemCode},
};
use tokio::time::timeout;

use super::{
    failure::shared,
    flights::LOAD,
    identities::{KnownToken, Looked},
    server::Server,
};
use crate::{
    identity::{
        oidc::{Claims, Rejection},
        token::{self, Digest},
    },
    store::token::{self as tokens, KeptToken},
};

/// Timeout of verifying an access token, including the fetch of keys.
const PATIENCE: Duration = Duration::from_secs(8);
/// Maximum length of a recorded subject, in characters.
const MAX_ACTOR: usize = 300;

/// The credentials of a request. They are secret and must not be logged.
pub enum Credentials<'r> {
    /// A token of this server.
    Token {
        /// Its identifier.
        id: TokenId,
        /// Its secret.
        secret: Cow<'r, str>,
    },
    /// A possible access token of the OpenID provider.
    AccessToken(&'r str),
}

impl<'r> Credentials<'r> {
    /// Parses a bearer token.
    pub fn of_bearer(token: &'r str) -> Self {
        match token::parse(token) {
            Some((id, secret)) => Self::Token { id, secret: Cow::Borrowed(secret) },
            None => Self::AccessToken(token),
        }
    }

    /// Parses a user name and a password as identifier and secret of a token; `None` if they are not.
    pub fn of_basic(id: &str, secret: &str) -> Option<Self> {
        let id = TokenId::parse(id.strip_prefix(token::PREFIX).unwrap_or(id)).ok()?;
        Some(Self::Token { id, secret: Cow::Owned(secret.to_owned()) })
    }
}

/// The error for invalid credentials. It does not reveal the reason.
pub fn invalid_credentials() -> Failure {
    let detail = "The token is not valid: it may be malformed, expired or revoked.";
    Failure::refused(ProblemCode::Unauthenticated, detail)
}

impl Server {
    /// The identity of these credentials, if it is cached.
    pub fn cached_identity(&self, credentials: &Credentials<'_>) -> Option<Arc<Identity>> {
        let now = self.clock.now();
        match credentials {
            Credentials::Token { id, secret } => self.identities.token(id)?.authenticate(secret, now),
            Credentials::AccessToken(text) => self.identities.subject(&Digest::of(text), now),
        }
    }

    /// The identity of these credentials; refused if they are not valid. With `at_call_time` the deadline of decisions
    /// applies.
    pub async fn authenticate(
        &self,
        credentials: &Credentials<'_>,
        at_call_time: bool,
    ) -> Result<Arc<Identity>, Failure> {
        match credentials {
            Credentials::Token { id, secret } => {
                let Looked { moment, kept } = match self.look_up(id, at_call_time).await {
                    Err(failure) => return self.doubted_identity(id, secret, at_call_time).ok_or(failure),
                    Ok(looked) => looked,
                };
                let Some(kept) = kept else {
                    self.identities.reject(id);
                    return Err(invalid_credentials());
                };
                let expires = kept.token.expires_at.as_ref().map(|expires| expires.timestamp());
                let digest = Digest::parse(&kept.digest);
                let digest = digest.ok_or_else(|| Failure::Internal("a token's digest is not one".into()))?;
                let known = Arc::new(KnownToken::new(identity(&kept), digest, expires));
                self.identities.insert(moment, id.clone(), known.clone());
                known.authenticate(secret, self.clock.now()).ok_or_else(invalid_credentials)
            }
            Credentials::AccessToken(text) => {
                let claims = self.claims(text, at_call_time).await?;
                let (expires, identity) = (claims.expires, Arc::new(subject(claims, self.system_call_processing)?));
                self.identities.insert_subject(Digest::of(text), identity.clone(), self.clock.now(), expires);
                Ok(identity)
            }
        }
    }

    /// The identity of a token that cannot be looked up, if a decision is asked for and the token was known before the
    /// outage.
    fn doubted_identity(&self, id: &TokenId, secret: &str, at_call_time: bool) -> Option<Arc<Identity>> {
        let known = if at_call_time { self.identities.doubted(id)? } else { return None };
        known.authenticate(secret, self.clock.now())
    }

    /// Loads the token, over a connection reserved for authentication.
    async fn look_up(&self, id: &TokenId, at_call_time: bool) -> Result<Looked, Failure> {
        let (db, identities, wanted) = (self.calls.clone(), self.identities.clone(), id.clone());
        let look = self.identities.loads.join(id.clone(), move |turn| async move {
            let _turn = turn;
            let moment = identities.moment();
            match timeout(LOAD, tokens::find(&db, &wanted)).await {
                Ok(Ok(kept)) => Ok(Looked { moment, kept }),
                Ok(Err(error)) => Err(shared(error.into())),
                Err(elapsed) => Err(shared(Failure::Unavailable(Box::new(elapsed)))),
            }
        });
        let looked = match at_call_time {
            true => self.snapshots.in_time(self.snapshots.deadline(), look).await?,
            false => look.await,
        };
        match looked {
            Some(looked) => Ok(looked?),
            None => Err(Failure::Internal("the lookup of a token ended without a result".into())),
        }
    }

    /// The claims of an access token, if there is a provider and the token is valid.
    async fn claims(&self, text: &str, at_call_time: bool) -> Result<Claims, Failure> {
        let verifier = self.verifier.as_ref().ok_or_else(invalid_credentials)?;
        let limit = if at_call_time { self.snapshots.deadline() } else { PATIENCE };
        match timeout(limit, verifier.verify(text)).await {
            Ok(Ok(claims)) => Ok(claims),
            Ok(Err(rejection @ Rejection::Invalid(_))) => {
                tracing::info!(%rejection, "an access token was refused");
                Err(invalid_credentials())
            }
            Ok(Err(Rejection::Unavailable)) | Err(_) => Err(Failure::refused(
                ProblemCode::ProviderUnavailable,
                "The OpenID provider does not respond, and its keys are not known yet; try again later.",
            )),
        }
    }
}

/// The identity of an access token: the first of its roles for which it has a scope. A role uses the claims of the
/// scope that it needs and ignores the others. Call processing for the whole system needs the setting, and does not
/// follow from a missing claim.
fn subject(claims: Claims, system_call_processing: bool) -> Result<Identity, Failure> {
    let Claims { subject, roles, tenant, group, user, read_only, expires: _ } = claims;
    let named =
        Scope::parse([tenant.as_deref(), group.as_deref(), user.as_deref()]).map_err(|_| invalid_credentials())?;
    let mut held = Role::ALL.into_iter().filter(|role| roles.iter().any(|held| held == role.as_str()));
    let open = |role, scope: &Scope| system_call_processing || role != Role::CallProcessing || *scope != Scope::System;
    let scope_of = |role| named.clone().for_role(role).filter(|scope| open(role, scope));
    let found = held.find_map(|role| Some((role, scope_of(role)?)));
    let (role, scope) = found.ok_or_else(forbidden)?;
    let actor = subject.chars().take(MAX_ACTOR).collect();
    Ok(Identity { kind: ActorKind::Subject, actor, role, scope, read_only })
}

fn identity(kept: &KeptToken) -> Identity {
    Identity {
        kind: ActorKind::Token,
        actor: kept.token.token_id.to_string(),
        role: kept.token.role,
        scope: kept.scope.clone(),
        read_only: kept.token.read_only,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn claims(roles: &[&str], tenant: Option<&str>) -> Claims {
        Claims {
            subject: "someone".to_owned(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            tenant: tenant.map(str::to_owned),
            group: None,
            user: None,
            read_only: false,
            expires: Timestamp::MAX,
        }
    }

    #[test]
    fn call_processing_has_the_whole_system_as_its_scope_only_if_configured() {
        let role = |tenant, configured| {
            subject(claims(&["call_processing"], tenant), configured).ok().map(|identity| identity.scope)
        };
        assert_eq!(role(None, false), None);
        assert_eq!(role(None, true), Some(Scope::System));
        assert!(matches!(role(Some("foo"), false), Some(Scope::Of(_))));
    }
}
