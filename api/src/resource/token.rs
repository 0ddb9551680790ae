//! API tokens, which authenticate API clients beside the access tokens of an OpenID provider.
//!
//! A token has the form `ca_<id>_<secret>`. The secret is shown once, in the response that creates the token; the
//! server stores only its digest.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    access::{Actor, GROUP_ADMINS, Read, Role, Scope, Write},
    resource::tags::Tag,
    value::{
        name::{GroupId, Label, TenantId, UserId},
        owner::{GroupPath, Owner, UserPath},
        text::text,
        time::Instant,
    },
    wire::{
        answer::{Created, Deleted, Found},
        page::{Limit, PageQuery},
        payload::{Body, JsonBody},
        problem::{BODY, Fails, Failure, Fault, ProblemCode, USER, codes},
    },
};

text! {
    /// Identifier of a token. It is not secret.
    TokenId {
        meaning: "a token's identifier",
        rule: "32 hexadecimal digits in lower case",
        length: 32..=32,
        pattern: "^[0-9a-f]{32}$",
        example: "0193a0c03a527c408a3e7f2b9f6d1c55",
    }
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// The identifier.
    pub token_id: TokenId,
    /// The token itself, for `Authorization: Bearer`; only in the response that creates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 100, pattern = "^ca_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$"))]
    pub token: Option<String>,
    /// The role that the token grants.
    pub role: Role,
    /// The tenant of the scope; absent for the whole system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// The group of the scope; absent if the scope is not within a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    /// The user of the scope; absent if the scope is not a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Whether the token may only read.
    pub read_only: bool,
    /// The purpose of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Label>,
    /// Time of creation.
    pub created_at: Instant,
    /// Time of expiry; absent if the token does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// Time of the last use, to the minute; absent if the token was never used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Instant>,
}

/// A token to create.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenCreate {
    /// The role that the token grants.
    pub role: Role,
    /// The tenant of the scope; required for `tenant_admin`, `group_admin` and `end_user`, optional for
    /// `call_processing`.
    pub tenant_id: Option<TenantId>,
    /// The group of the scope; required for `group_admin` and `end_user`, optional for `call_processing`.
    pub group_id: Option<GroupId>,
    /// The user of the scope; required for `end_user`, optional for `call_processing`.
    pub user_id: Option<UserId>,
    /// Whether the token may only read.
    #[oai(default)]
    pub read_only: bool,
    /// The purpose of the token.
    pub description: Option<Label>,
    /// Time of expiry; never if left out. It must not be after that of the token with which it is created.
    pub expires_at: Option<Instant>,
}

impl TokenCreate {
    /// The scope; `None` if the members do not name a tenant, a group of a tenant or a user of a group.
    pub fn scope(&self) -> Option<Scope> {
        Some(match (self.tenant_id.clone(), self.group_id.clone(), self.user_id.clone()) {
            (None, None, None) => Scope::System,
            (Some(tenant), None, None) => Scope::Of(Owner::Tenant(tenant)),
            (Some(tenant), Some(group), None) => Scope::Of(Owner::Group(GroupPath { tenant, group })),
            (Some(tenant), Some(group), Some(user)) => Scope::Of(Owner::User(UserPath { tenant, group, user })),
            _ => return None,
        })
    }
}

/// The members of the scope, outermost first.
const SCOPE: [&str; 3] = ["tenantId", "groupId", "userId"];

impl Body for TokenCreate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        let Some(role) = body["role"].as_str().and_then(Role::parse) else { return };
        let needed = match role {
            Role::SystemAdmin => 0,
            Role::TenantAdmin => 1,
            Role::GroupAdmin => 2,
            Role::EndUser => 3,
            // `call_processing` can have any scope, if the members above the innermost one are present.
            Role::CallProcessing => SCOPE.iter().rposition(|name| body.get(name).is_some()).map_or(0, |last| last + 1),
        };
        for (at, name) in SCOPE.into_iter().enumerate() {
            match (at < needed, body.get(name).is_some()) {
                (true, false) => {
                    let detail = format!("`{name}` is required with the role `{}`{}.", role.as_str(), within(role));
                    faults.push(Fault::at(format!("/{name}"), detail));
                }
                (false, true) => {
                    let detail =
                        format!("The scope of the role `{}` is wider than `{name}`; leave it out.", role.as_str());
                    faults.push(Fault::at(format!("/{name}"), detail));
                }
                _ => {}
            }
        }
    }
}

fn within(role: Role) -> &'static str {
    if role == Role::CallProcessing { " if a member below it is set" } else { "" }
}

/// A page of tokens in creation order.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct TokenList {
    /// The tokens of the page.
    #[oai(validator(max_items = 1000))]
    pub tokens: Vec<Token>,
    /// The value of `after` for the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<TokenId>,
}

/// The port of tokens. An actor can see and create tokens with its own scope or a scope within it.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// A page of the tokens that are not revoked.
    async fn list(&self, by: &Actor, page: PageQuery<TokenId>) -> Result<TokenList, Failure>;
    /// Creates a token and returns it with its secret.
    async fn create(&self, by: &Actor, token: TokenCreate) -> Result<Token, Failure>;
    /// One token.
    async fn view(&self, by: &Actor, token: TokenId) -> Result<Token, Failure>;
    /// Revokes the token, immediately on this instance and within 5 s on all others.
    async fn revoke(&self, by: &Actor, token: TokenId) -> Result<(), Failure>;
}

/// The operations on tokens.
pub struct TokensApi(pub Arc<dyn Tokens>);

const TOKEN: u64 = codes(&[ProblemCode::TokenNotFound]);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Tokens")]
impl TokensApi {
    /// List the tokens
    ///
    /// Returns the tokens within the actor's scope in pages, in creation order.
    #[oai(path = "/tokens/", method = "get", operation_id = "tokens_list")]
    async fn tokens_list(
        &self,
        actor: Read<GROUP_ADMINS>,
        limit: Query<Option<Limit>>,
        /// The start of the page: the `next` of the previous page. Leave out for the first page.
        after: Query<Option<TokenId>>,
    ) -> Result<Found<TokenList>, Fails<0>> {
        let page = PageQuery { limit: limit.0.unwrap_or_default(), after: after.0 };
        Ok(Found::with(self.0.list(&actor.0, page).await?))
    }

    /// Create a token
    ///
    /// Creates a token with the actor's scope or a scope within it. The member `token` of the response is the value for
    /// `Authorization: Bearer`; it is not shown again.
    #[oai(path = "/tokens/", method = "post", operation_id = "token_create")]
    async fn token_create(
        &self,
        actor: Write<GROUP_ADMINS>,
        body: JsonBody<TokenCreate>,
    ) -> Result<Created<Token>, Fails<{ BODY | USER }>> {
        let token = self.0.create(&actor.0, body.0).await?;
        Ok(Created::at(&["tokens", token.token_id.clone().as_str()], token))
    }

    /// View a token
    ///
    /// Returns one token, without its secret.
    #[oai(path = "/tokens/:token_id/", method = "get", operation_id = "token_view")]
    async fn token_view(
        &self,
        actor: Read<GROUP_ADMINS>,
        token_id: Path<TokenId>,
    ) -> Result<Found<Token>, Fails<TOKEN>> {
        Ok(Found::with(self.0.view(&actor.0, token_id.0).await?))
    }

    /// Revoke a token
    ///
    /// Ends the validity of a token: immediately on the instance that receives the request, within 5 seconds on all
    /// others.
    #[oai(path = "/tokens/:token_id/", method = "delete", operation_id = "token_revoke")]
    async fn token_revoke(&self, actor: Write<GROUP_ADMINS>, token_id: Path<TokenId>) -> Result<Deleted, Fails<TOKEN>> {
        Ok(self.0.revoke(&actor.0, token_id.0).await?.into())
    }
}
