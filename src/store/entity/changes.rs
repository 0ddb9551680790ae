//! Table `changes`: what was changed lately that decisions must see. `changed_at` is in microseconds since 1970 by the
//! database's clock. A token is concerned where there is a `token_id`; else users are: whose, is in `group_id` and `user_id`
//! as in `schedules`.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub change_id: Uuid,
    pub group_id: Option<String>,
    pub user_id: Option<String>,
    pub changed_at: i64,
    pub token_id: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
