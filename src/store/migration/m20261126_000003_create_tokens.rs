//! Creates the table of tokens. `tenant_id` is empty for tokens with the whole system as scope; no tenant has that
//! name. Authentication knows only a token's identifier, which is therefore unique in the system.

use sea_orm_migration::prelude::*;

use super::table::{drop, flag, index, integer, key, refer, table, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

const GROUP: [&str; 2] = ["tenant_id", "group_id"];
const USER: [&str; 3] = ["tenant_id", "group_id", "user_id"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let columns = vec![
            key(backend, "tenant_id"),
            key(backend, "token_id"),
            text(backend, "group_id"),
            text(backend, "user_id"),
            key(backend, "role"),
            flag("read_only"),
            key(backend, "digest"),
            text(backend, "description"),
            integer("created_at").not_null().to_owned(),
            integer("expires_at"),
            integer("last_used_at"),
            text(backend, "parent_id"),
        ];
        let mut tokens = table("tokens", columns, &["tenant_id", "token_id"]);
        refer(&mut tokens, "tokens_group", &GROUP, "groups", &GROUP);
        refer(&mut tokens, "tokens_user", &USER, "users", &USER);
        manager.create_table(tokens).await?;
        manager.create_index(index("tokens_token_id", "tokens", &["token_id"]).unique().to_owned()).await?;
        manager.create_index(index("tokens_parent", "tokens", &["parent_id"])).await?;
        // For the foreign keys to groups and users, when one is deleted.
        manager.create_index(index("tokens_owner", "tokens", &USER)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(drop("tokens")).await
    }
}
