//! Table `criteria`. `position` is the creation order; `phone_numbers` is a JSON array, since it is always read whole.
//! `created_revision` is the revision that the service had then. The columns added after the first release are null if
//! not set.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "criteria")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub group_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub service: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub name: String,
    pub active: bool,
    pub do_not_perform_action: bool,
    pub any_caller: bool,
    pub include_anonymous_callers: bool,
    pub include_unavailable_callers: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub phone_numbers: Json,
    pub time_schedule_id: Option<Uuid>,
    pub holiday_schedule_id: Option<Uuid>,
    pub forwarded: Option<bool>,
    pub include_internal_callers: Option<bool>,
    pub description: Option<String>,
    pub valid_from: Option<i64>,
    pub valid_until: Option<i64>,
    pub created_revision: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
