//! API tokens: who may call the API, besides the access tokens of an OpenID provider.
//!
//! A token is written `ca_<id>_<secret>`. The secret is shown once, in the answer that creates the token, and the
//! server keeps a digest of it only.

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
    /// Identifier of a token. It is no secret.
    TokenId {
        meaning: "a token's identifier",
        rule: "32 hexadecimal digits in small letters",
        length: 32..=32,
        pattern: "^[0-9a-f]{32}$",
        example: "0193a0c03a527c408a3e7f2b9f6d1c55",
    }
}

/// A token, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// The identifier.
    pub token_id: TokenId,
    /// The token itself, to be sent as `Authorization: Bearer`; in the answer that creates it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 100, pattern = "^ca_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$"))]
    pub token: Option<String>,
    /// What whoever has it is.
    pub role: Role,
    /// The tenant that the role is for; absent for the whole system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// The group that the role is for; absent when it is not for one group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    /// The user that the role is for; absent when it is not for one user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Whether it may change nothing.
    pub read_only: bool,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Label>,
    /// When it was created.
    pub created_at: Instant,
    /// When it ends to be valid; absent when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// When it was used last, to the minute; absent when it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Instant>,
}

/// A token to create.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenCreate {
    /// What whoever has it is.
    pub role: Role,
    /// The tenant that the role is for: with `tenant_admin`, `group_admin` and `end_user`, and where `call_processing`
    /// is for one tenant.
    pub tenant_id: Option<TenantId>,
    /// The group that the role is for: with `group_admin` and `end_user`, and where `call_processing` is for one group.
    pub group_id: Option<GroupId>,
    /// The user that the role is for: with `end_user`, and where `call_processing` is for one user.
    pub user_id: Option<UserId>,
    /// Whether it may change nothing.
    #[oai(default)]
    pub read_only: bool,
    /// What it is for.
    pub description: Option<Label>,
    /// When it ends to be valid; never when left out. A token that makes another one must outlive it.
    pub expires_at: Option<Instant>,
}

impl TokenCreate {
    /// What the role is for; `None` when the members do not name a tenant, a group of a tenant or a user of a group.
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

/// The members that say what a role is for, from the outside in.
const SCOPE: [&str; 3] = ["tenantId", "groupId", "userId"];

impl Body for TokenCreate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        let Some(role) = body["role"].as_str().and_then(Role::parse) else { return };
        let needed = match role {
            Role::SystemAdmin => 0,
            Role::TenantAdmin => 1,
            Role::GroupAdmin => 2,
            Role::EndUser => 3,
            // For whatever it names, as long as it names what that is in.
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
                        format!("The role `{}` is for more than what `{name}` names; leave it out.", role.as_str());
                    faults.push(Fault::at(format!("/{name}"), detail));
                }
                _ => {}
            }
        }
    }
}

fn within(role: Role) -> &'static str {
    if role == Role::CallProcessing { " for a part of it" } else { "" }
}

/// A page of tokens in the order in which they were created.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct TokenList {
    /// The tokens of the page.
    #[oai(validator(max_items = 1000))]
    pub tokens: Vec<Token>,
    /// What to send as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<TokenId>,
}

/// The port: what the server does for tokens. A caller sees and makes tokens for its own scope and what is in it.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// A page of the tokens that were not revoked.
    async fn list(&self, by: &Actor, page: PageQuery<TokenId>) -> Result<TokenList, Failure>;
    /// A new token, with its secret.
    async fn create(&self, by: &Actor, token: TokenCreate) -> Result<Token, Failure>;
    /// One token.
    async fn view(&self, by: &Actor, token: TokenId) -> Result<Token, Failure>;
    /// Ends the token's validity, on this instance at once and on every other within 5 s.
    async fn revoke(&self, by: &Actor, token: TokenId) -> Result<(), Failure>;
}

/// The operations on tokens.
pub struct TokensApi(pub Arc<dyn Tokens>);

const TOKEN: u64 = codes(&[ProblemCode::TokenNotFound]);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Tokens")]
impl TokensApi {
    /// List the tokens
    ///
    /// Answers the tokens for the caller's scope and what is in it, in the order in which they were created, a page at
    /// a time.
    #[oai(path = "/tokens/", method = "get", operation_id = "tokens_list")]
    async fn tokens_list(
        &self,
        actor: Read<GROUP_ADMINS>,
        limit: Query<Option<Limit>>,
        /// Where the page starts: the `next` of the page before; the first page when left out.
        after: Query<Option<TokenId>>,
    ) -> Result<Found<TokenList>, Fails<0>> {
        let page = PageQuery { limit: limit.0.unwrap_or_default(), after: after.0 };
        Ok(Found::with(self.0.list(&actor.0, page).await?))
    }

    /// Create a token
    ///
    /// Creates a token for the caller's scope or a part of it. The member `token` of the answer is what to send as
    /// `Authorization: Bearer`; it is shown this once.
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
    /// Answers one token, without its secret.
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
    /// Ends the validity of a token: at once on the instance that is asked, within 5 seconds on every other.
    #[oai(path = "/tokens/:token_id/", method = "delete", operation_id = "token_revoke")]
    async fn token_revoke(&self, actor: Write<GROUP_ADMINS>, token_id: Path<TokenId>) -> Result<Deleted, Fails<TOKEN>> {
        Ok(self.0.revoke(&actor.0, token_id.0).await?.into())
    }
}
