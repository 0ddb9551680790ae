//! Tokens with the actor's scope or a scope within it.

use async_trait::async_trait;
use call_acceptance_api::{
    access::{Actor, ActorKind, Scope, forbidden},
    resource::token::{Token, TokenCreate, TokenId, TokenList, Tokens},
    value::{
        owner::{Level, Owner},
        time::Instant,
    },
    wire::{
        page::PageQuery,
        problem::{Failure, Fault, ProblemCode},
    },
};

use super::{
    authentication::invalid_credentials,
    change::Done,
    deletion::check_token,
    owner::{missing_owner, not_found},
    record::token_record,
    server::Server,
};
use crate::{
    identity::token::{self, Digest},
    store::{
        StoreError, Transaction,
        feed::Change,
        group, tenant,
        token::{self as rows, KeptToken},
    },
};

/// The error for a token that was not found in the actor's scope. It does not reveal tokens outside of it.
fn no_token(by: &Actor, id: &TokenId) -> Failure {
    match by.identity.scope {
        Scope::System => Failure::refused(ProblemCode::TokenNotFound, format!("There is no token {:?}.", id.as_str())),
        Scope::Of(_) => forbidden(),
    }
}

fn within(by: &Actor, kept: Option<KeptToken>, id: &TokenId) -> Result<KeptToken, Failure> {
    kept.filter(|kept| by.identity.scope.holds(&kept.scope)).ok_or_else(|| no_token(by, id))
}

/// The token that authenticated the request, if it was one of this server.
fn parent(by: &Actor) -> Result<Option<TokenId>, Failure> {
    let token = by.identity.kind == ActorKind::Token;
    let id = token.then(|| TokenId::parse(&by.identity.actor)).transpose();
    id.map_err(|error| Failure::Internal(error.into()))
}

/// Refuses a token that would outlive the token with which it is created.
fn check_end(parent: &Token, token: &Token) -> Result<(), Failure> {
    let Some(end) = &parent.expires_at else { return Ok(()) };
    match &token.expires_at {
        Some(expires) if expires.timestamp() <= end.timestamp() => Ok(()),
        _ => {
            let detail = format!("A token must not outlive the one that creates it: `expiresAt` can be at most {end}.");
            Err(Failure::invalid(vec![Fault::at("/expiresAt", detail)]))
        }
    }
}

/// Keeps the owner's tenant and group, which a token refers to, from being deleted until the end of the transaction.
async fn hold(tx: &Transaction, owner: &Owner) -> Result<(), Failure> {
    if !tenant::hold(tx, owner.tenant()).await? {
        return Err(missing_owner(owner, Level::Tenant));
    }
    if let Some(Owner::Group(group)) = owner.at_level(Level::Group)
        && !group::hold(tx, &group).await?
    {
        return Err(missing_owner(owner, Level::Group));
    }
    Ok(())
}

impl Server {
    fn new_token(&self, by: &Actor, create: TokenCreate, scope: Scope, secret: &str) -> Result<KeptToken, Failure> {
        let TokenCreate { role, tenant_id, group_id, user_id, read_only, description, expires_at } = create;
        let id = TokenId::parse(&self.clock.new_id().simple().to_string());
        let token = Token {
            token_id: id.map_err(|error| Failure::Internal(error.into()))?,
            token: None,
            role,
            tenant_id,
            group_id,
            user_id,
            read_only,
            description,
            created_at: Instant::of(self.clock.now()),
            expires_at: expires_at.map(|expires| Instant::of(expires.timestamp())),
            last_used_at: None,
        };
        Ok(KeptToken { token, scope, digest: Digest::of(secret).to_string(), parent: parent(by)? })
    }

    /// The scope of a new token, if the actor may grant it.
    fn scope_of(&self, by: &Actor, create: &TokenCreate) -> Result<Scope, Failure> {
        let right = create.scope().filter(|scope| create.role.fits(scope));
        let scope = right.ok_or_else(|| {
            let detail =
                "The scope of a token is the system, a tenant, a group of a tenant or a user of a group, by its role.";
            Failure::invalid(vec![Fault::at("/role", detail)])
        })?;
        if !by.identity.scope.holds(&scope) {
            return Err(forbidden());
        }
        if create.expires_at.as_ref().is_some_and(|expires| expires.timestamp() <= self.clock.now()) {
            let detail =
                "`expiresAt` is in the past; it must be in the future, or left out for a token that does not expire.";
            return Err(Failure::invalid(vec![Fault::at("/expiresAt", detail)]));
        }
        Ok(scope)
    }
}

#[async_trait]
impl Tokens for Server {
    async fn list(&self, by: &Actor, page: PageQuery<TokenId>) -> Result<TokenList, Failure> {
        Ok(rows::page(&self.db, &by.identity.scope, page).await?)
    }

    async fn create(&self, by: &Actor, create: TokenCreate) -> Result<Token, Failure> {
        let scope = self.scope_of(by, &create)?;
        let secret = token::new_secret().map_err(|error| Failure::Internal(error.to_string().into()))?;
        let kept = &self.new_token(by, create, scope, &secret)?;
        self.change(by, |tx| async move {
            if let Some(parent) = &kept.parent {
                let parent = rows::lock(&tx, parent).await?.ok_or_else(invalid_credentials)?;
                check_end(&parent.token, &kept.token)?;
            }
            if let Scope::Of(owner) = &kept.scope {
                hold(&tx, owner).await?;
                check_token(&tx, owner).await?;
            }
            match (rows::insert(&tx, kept).await, &kept.scope) {
                (Ok(()), _) => Ok(Done::new(tx, (), [token_record(kept, None, Some(&kept.token))?])),
                (Err(StoreError::Reference(_)), Scope::Of(owner)) => {
                    Err(not_found(self.outside(tx).await?, owner).await)
                }
                (Err(error), _) => Err(error.into()),
            }
        })
        .await?;
        Ok(Token { token: Some(token::written(&kept.token.token_id, &secret)), ..kept.token.clone() })
    }

    async fn view(&self, by: &Actor, token: TokenId) -> Result<Token, Failure> {
        Ok(within(by, rows::find(&self.db, &token).await?, &token)?.token)
    }

    async fn revoke(&self, by: &Actor, token: TokenId) -> Result<(), Failure> {
        let token = &token;
        self.change(by, |tx| async move {
            let revoked = rows::delete(&tx, token).await?;
            within(by, revoked.first().cloned(), token)?;
            let records = revoked.iter().map(|kept| token_record(kept, Some(&kept.token), None));
            let records = records.collect::<Result<Vec<_>, _>>()?;
            let changes = revoked.into_iter().map(|kept| Change::Token(kept.token.token_id));
            Ok(Done::new(tx, (), records).concerning(changes))
        })
        .await
    }
}
