//! Table `statistics`: calls by owner, interval, reason and the criteria that decided. The counts of a group have no
//! user, those of a tenant neither group nor user: the columns are empty then. `criteria_position` is -1, and
//! `criteria_revision` 0, where no criteria decided, and in the counts of groups and tenants.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "statistics")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub group_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub started_at: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub reason: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub criteria_revision: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub criteria_position: i32,
    pub calls: i64,
    pub last_at: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
