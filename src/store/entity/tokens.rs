//! Table `tokens`. `parent_id` is the token with which this one was created, if any. `tenant_id` is empty if the scope
//! is the whole system; `digest` is the SHA-256 digest of the secret in hexadecimal; instants are in microseconds since
//! 1970.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_id: String,
    pub group_id: Option<String>,
    pub user_id: Option<String>,
    pub role: String,
    pub read_only: bool,
    pub digest: String,
    pub description: Option<String>,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
    pub parent_id: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
