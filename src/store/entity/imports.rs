//! Table `imports`. A tenant has at most one whose `status` is `running`; the instance that runs it sets `heartbeat_at`
//! by the database's clock. All instants are in microseconds since 1970.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "imports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: Uuid,
    pub status: String,
    pub lines_read: i64,
    pub created: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub deleted: i64,
    pub failed: i64,
    pub bytes_read: i64,
    pub started_at: i64,
    pub finished_at: Option<i64>,
    pub heartbeat_at: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
