//! Table `changes`: recent changes that affect decisions or tokens. `position` orders them: on PostgreSQL the
//! identifier of the transaction, on SQLite a rising number. `changed_at` is in microseconds since 1970 by the
//! database's clock, and only used to delete old rows. `kind` is the kind of change: a token, or users, whose owner is
//! in `group_id` and `user_id` as in `schedules`. The first row, at position 0, is a sentinel without a change.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub change_id: Uuid,
    pub position: i64,
    pub changed_at: i64,
    pub kind: String,
    pub group_id: Option<String>,
    pub user_id: Option<String>,
    pub schedule_id: Option<Uuid>,
    pub token_id: Option<String>,
    pub number_list_id: Option<Uuid>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
