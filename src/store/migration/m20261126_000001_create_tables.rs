//! Creates the tables. Every key starts with `tenant_id`, so that the tables can be distributed by tenant.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DatabaseBackend},
};

use super::table::{drop, flag, index, integer, key, refer, table, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        for table in [
            tenants(backend),
            groups(backend),
            users(backend),
            user_services(backend),
            schedules(backend),
            criteria(backend),
        ] {
            manager.create_table(table).await?;
        }
        // An expression index, which the builder does not support: names are unique for an owner and a type.
        let names = "CREATE UNIQUE INDEX schedules_name ON schedules (tenant_id, COALESCE(group_id, ''), \
            COALESCE(user_id, ''), kind, name)";
        manager.get_connection().execute_unprepared(names).await?;
        for index in [
            index("users_phone_number", "users", &["phone_number"]).unique().to_owned(),
            index("criteria_name", "criteria", &["tenant_id", "group_id", "user_id", "service", "name"])
                .unique()
                .to_owned(),
            // For the foreign keys to owners, when an owner is deleted.
            index("schedules_owner", "schedules", &USER),
            index("criteria_time_schedule", "criteria", &["tenant_id", "time_schedule_id"]),
            index("criteria_holiday_schedule", "criteria", &["tenant_id", "holiday_schedule_id"]),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["criteria", "schedules", "user_services", "users", "groups", "tenants"] {
            manager.drop_table(drop(table)).await?;
        }
        Ok(())
    }
}

const GROUP: [&str; 2] = ["tenant_id", "group_id"];
const USER: [&str; 3] = ["tenant_id", "group_id", "user_id"];
const SERVICE: [&str; 4] = ["tenant_id", "group_id", "user_id", "service"];

fn tenants(backend: DatabaseBackend) -> TableCreateStatement {
    let columns =
        vec![key(backend, "tenant_id"), text(backend, "name"), text(backend, "region"), text(backend, "time_zone")];
    table("tenants", columns, &["tenant_id"])
}

fn groups(backend: DatabaseBackend) -> TableCreateStatement {
    let columns = vec![
        key(backend, "tenant_id"),
        key(backend, "group_id"),
        text(backend, "group_name"),
        text(backend, "time_zone"),
    ];
    let mut groups = table("groups", columns, &GROUP);
    refer(&mut groups, "groups_tenant", &["tenant_id"], "tenants", &["tenant_id"]);
    groups
}

fn users(backend: DatabaseBackend) -> TableCreateStatement {
    let mut columns: Vec<_> = USER.map(|name| key(backend, name)).into();
    columns.extend(
        ["first_name", "last_name", "email_address", "phone_number", "extension", "time_zone"]
            .map(|name| text(backend, name)),
    );
    let mut users = table("users", columns, &USER);
    refer(&mut users, "users_group", &GROUP, "groups", &GROUP);
    users
}

fn user_services(backend: DatabaseBackend) -> TableCreateStatement {
    let mut columns: Vec<_> = USER.map(|name| key(backend, name)).into();
    columns.push(key(backend, "service"));
    columns.push(integer("revision").not_null().to_owned());
    let mut services = table("user_services", columns, &SERVICE);
    refer(&mut services, "user_services_user", &USER, "users", &USER);
    services
}

fn schedules(backend: DatabaseBackend) -> TableCreateStatement {
    let columns = vec![
        key(backend, "tenant_id"),
        ColumnDef::new(Alias::new("schedule_id")).uuid().not_null().to_owned(),
        text(backend, "group_id"),
        text(backend, "user_id"),
        key(backend, "kind"),
        key(backend, "name"),
        ColumnDef::new(Alias::new("periods")).json_binary().not_null().to_owned(),
    ];
    let mut schedules = table("schedules", columns, &["tenant_id", "schedule_id"]);
    refer(&mut schedules, "schedules_tenant", &["tenant_id"], "tenants", &["tenant_id"]);
    refer(&mut schedules, "schedules_group", &GROUP, "groups", &GROUP);
    refer(&mut schedules, "schedules_user", &USER, "users", &USER);
    schedules
}

fn criteria(backend: DatabaseBackend) -> TableCreateStatement {
    let mut columns: Vec<_> = SERVICE.map(|name| key(backend, name)).into();
    columns.push(ColumnDef::new(Alias::new("position")).integer().not_null().to_owned());
    columns.push(key(backend, "name"));
    columns.extend(
        ["active", "do_not_perform_action", "any_caller", "include_anonymous_callers", "include_unavailable_callers"]
            .map(flag),
    );
    columns.push(ColumnDef::new(Alias::new("phone_numbers")).json_binary().not_null().to_owned());
    columns.extend(
        ["time_schedule_id", "holiday_schedule_id"].map(|name| ColumnDef::new(Alias::new(name)).uuid().to_owned()),
    );
    let mut criteria = table("criteria", columns, &["tenant_id", "group_id", "user_id", "service", "position"]);
    let schedule = ["tenant_id", "schedule_id"];
    refer(&mut criteria, "criteria_service", &SERVICE, "user_services", &SERVICE);
    refer(&mut criteria, "criteria_time_schedule", &["tenant_id", "time_schedule_id"], "schedules", &schedule);
    refer(&mut criteria, "criteria_holiday_schedule", &["tenant_id", "holiday_schedule_id"], "schedules", &schedule);
    criteria
}
