//! Tokens. The store has digests of secrets, never a secret.

use std::collections::HashSet;

use call_acceptance_api::{
    access::{Role, Scope},
    resource::token::{Token, TokenId, TokenList},
    value::{
        name::TenantId,
        owner::{GroupPath, Owner, UserPath},
    },
    wire::page::PageQuery,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockType},
};

use super::{
    audit::{instant, scope_columns},
    column::{cut, microseconds, optional, value},
    entity::tokens::{ActiveModel, Column, Entity, Model},
    error::StoreError,
};

/// A stored token.
#[derive(Debug, Clone)]
pub struct KeptToken {
    /// The token without its secret.
    pub token: Token,
    /// The scope of its role.
    pub scope: Scope,
    /// The SHA-256 digest of its secret, in hexadecimal.
    pub digest: String,
    /// The token with which it was created, if any.
    pub parent: Option<TokenId>,
}

impl TryFrom<Model> for KeptToken {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let Model {
            tenant_id,
            token_id,
            group_id,
            user_id,
            role,
            read_only,
            digest,
            description,
            created_at,
            expires_at,
            last_used_at,
            parent_id,
        } = row;
        let tenant_id: Option<TenantId> = optional((!tenant_id.is_empty()).then_some(tenant_id))?;
        let token = Token {
            token_id: value(token_id)?,
            token: None,
            role: Role::parse(&role).ok_or_else(|| StoreError::Internal("a token's role is none".into()))?,
            tenant_id: tenant_id.clone(),
            group_id: optional(group_id)?,
            user_id: optional(user_id)?,
            read_only,
            description: optional(description)?,
            created_at: instant(created_at)?,
            expires_at: expires_at.map(instant).transpose()?,
            last_used_at: last_used_at.map(instant).transpose()?,
        };
        let scope = match (tenant_id, token.group_id.clone(), token.user_id.clone()) {
            (None, ..) => Scope::System,
            (Some(tenant), None, _) => Scope::Of(Owner::Tenant(tenant)),
            (Some(tenant), Some(group), None) => Scope::Of(Owner::Group(GroupPath { tenant, group })),
            (Some(tenant), Some(group), Some(user)) => Scope::Of(Owner::User(UserPath { tenant, group, user })),
        };
        Ok(Self { token, scope, digest, parent: optional(parent_id)? })
    }
}

/// The tokens with `scope` or a scope within it.
fn within(scope: &Scope) -> Condition {
    let (tenant, group, user) = scope_columns(scope);
    let tenant = (*scope != Scope::System).then_some(tenant);
    Condition::all()
        .add_option(tenant.map(|tenant| Column::TenantId.eq(tenant)))
        .add_option(group.map(|group| Column::GroupId.eq(group)))
        .add_option(user.map(|user| Column::UserId.eq(user)))
}

/// A page of the tokens with `scope` or a scope within it.
pub async fn page(db: &impl ConnectionTrait, scope: &Scope, page: PageQuery<TokenId>) -> Result<TokenList, StoreError> {
    let limit = page.limit.get();
    let after = page.after.map(|after| Column::TokenId.gt(after.as_str()));
    let query = Entity::find().filter(within(scope).add_option(after)).order_by_asc(Column::TokenId).limit(limit + 1);
    let mut rows = query.all(db).await?;
    let more = cut(&mut rows, limit);
    let tokens =
        rows.into_iter().map(|row| Ok(KeptToken::try_from(row)?.token)).collect::<Result<Vec<_>, StoreError>>()?;
    let next = tokens.last().filter(|_| more).map(|token| token.token_id.clone());
    Ok(TokenList { tokens, next })
}

/// Inserts a token; fails with a reference error if its group or user does not exist.
pub async fn insert(db: &impl ConnectionTrait, kept: &KeptToken) -> Result<(), StoreError> {
    let KeptToken { token, scope, digest, parent } = kept;
    let (tenant_id, group_id, user_id) = scope_columns(scope);
    let row = ActiveModel {
        tenant_id: Set(tenant_id),
        token_id: Set(token.token_id.to_string()),
        group_id: Set(group_id),
        user_id: Set(user_id),
        role: Set(token.role.as_str().to_owned()),
        read_only: Set(token.read_only),
        digest: Set(digest.clone()),
        description: Set(token.description.clone().map(Into::into)),
        created_at: Set(microseconds(&token.created_at)),
        expires_at: Set(token.expires_at.as_ref().map(microseconds)),
        last_used_at: Set(None),
        parent_id: Set(parent.as_ref().map(TokenId::to_string)),
    };
    row.insert(db).await?;
    Ok(())
}

/// The token, if it exists, whatever its scope.
pub async fn find(db: &impl ConnectionTrait, token: &TokenId) -> Result<Option<KeptToken>, StoreError> {
    let row = Entity::find().filter(Column::TokenId.eq(token.as_str())).one(db).await?;
    row.map(KeptToken::try_from).transpose()
}

/// Which of `tokens` exist.
pub async fn there(db: &impl ConnectionTrait, tokens: &[TokenId]) -> Result<HashSet<TokenId>, StoreError> {
    let wanted = Column::TokenId.is_in(tokens.iter().map(TokenId::as_str));
    let rows: Vec<String> =
        Entity::find().select_only().column(Column::TokenId).filter(wanted).into_tuple().all(db).await?;
    rows.into_iter().map(value).collect()
}

/// The token, if it exists, locked against deletion until the end of the transaction.
pub async fn lock(db: &impl ConnectionTrait, token: &TokenId) -> Result<Option<KeptToken>, StoreError> {
    let query = Entity::find().filter(Column::TokenId.eq(token.as_str())).lock(LockType::Share);
    query.one(db).await?.map(KeptToken::try_from).transpose()
}

/// Deletes the token and all tokens created with it, directly or indirectly. Returns the deleted tokens, itself first;
/// empty if it did not exist.
pub async fn delete(db: &impl ConnectionTrait, token: &TokenId) -> Result<Vec<KeptToken>, StoreError> {
    let mut deleted: Vec<KeptToken> = Vec::new();
    let mut next = Condition::all().add(Column::TokenId.eq(token.as_str()));
    loop {
        let rows = Entity::delete_many().filter(next).exec_with_returning(db).await?;
        let generation = rows.into_iter().map(KeptToken::try_from).collect::<Result<Vec<_>, _>>()?;
        let parents: Vec<String> = generation.iter().map(|kept| kept.token.token_id.to_string()).collect();
        deleted.extend(generation);
        if parents.is_empty() {
            return Ok(deleted);
        }
        next = Condition::all().add(Column::ParentId.is_in(parents));
    }
}

/// Deletes at most `most` tokens for `scope` and its parts, those for more than a user first; which
/// they were.
pub async fn delete_some_within(
    db: &impl ConnectionTrait,
    scope: &Scope,
    most: u64,
) -> Result<Vec<KeptToken>, StoreError> {
    let mut deleted = Vec::new();
    for of_users in [false, true] {
        let these = match of_users {
            true => within(scope).add(Column::UserId.is_not_null()),
            false => within(scope).add(Column::UserId.is_null()),
        };
        let room = most.saturating_sub(deleted.len() as u64);
        let some = Entity::find().select_only().column(Column::TokenId).filter(these).limit(room);
        let ids: Vec<String> = some.into_tuple().all(db).await?;
        if !ids.is_empty() {
            let these = within(scope).add(Column::TokenId.is_in(ids));
            let rows = Entity::delete_many().filter(these).exec_with_returning(db).await?;
            for row in rows {
                deleted.push(KeptToken::try_from(row)?);
            }
        }
    }
    Ok(deleted)
}

/// Deletes the tokens with `scope` or a scope within it, and returns them.
pub async fn delete_within(db: &impl ConnectionTrait, scope: &Scope) -> Result<Vec<KeptToken>, StoreError> {
    let rows = Entity::delete_many().filter(within(scope)).exec_with_returning(db).await?;
    rows.into_iter().map(KeptToken::try_from).collect()
}

/// Stores that the token was used at `at`, in microseconds since 1970.
pub async fn note_use(db: &impl ConnectionTrait, token: &TokenId, at: i64) -> Result<(), StoreError> {
    let used = Entity::update_many().col_expr(Column::LastUsedAt, Expr::value(at));
    used.filter(Column::TokenId.eq(token.as_str())).exec(db).await?;
    Ok(())
}
