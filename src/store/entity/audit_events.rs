//! Table `audit_events`. `recorded_at` is in microseconds since 1970 by the database's clock, which all instances
//! share, so that events are in order of time. `bytes` is the length of `before` and `after` as text.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: Uuid,
    pub recorded_at: i64,
    pub actor_kind: String,
    pub actor: String,
    pub request_id: String,
    pub client_address: Option<String>,
    pub operation: String,
    pub refused: Option<String>,
    pub target: String,
    pub group_id: Option<String>,
    pub user_id: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub before: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub after: Option<Json>,
    pub bytes: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
