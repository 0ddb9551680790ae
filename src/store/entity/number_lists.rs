//! Table `number_lists`. The owner is as in `schedules`. `revision` rises with every change of the entries, and
//! `entry_count` is their number.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "number_lists")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub list_id: Uuid,
    pub group_id: Option<String>,
    pub user_id: Option<String>,
    pub name: String,
    pub description: Option<String>,
    pub entry_count: i64,
    pub revision: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
