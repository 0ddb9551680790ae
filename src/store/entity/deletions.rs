//! Table `deletions`: deletions of tenants, and of the groups that `group_id` names, in the background. Who asked for
//! one is in `actor_kind`, `actor`, `request_id` and `client_address`, as in `audit_events`; up to which user it has
//! come is in `last_group_id` and `last_user_id`; instants are in microseconds since 1970.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deletions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub deletion_id: Uuid,
    pub group_id: Option<String>,
    pub status: String,
    pub actor_kind: String,
    pub actor: String,
    pub request_id: String,
    pub client_address: Option<String>,
    pub started_at: i64,
    pub finished_at: Option<i64>,
    pub users_deleted: i64,
    pub last_group_id: Option<String>,
    pub last_user_id: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
