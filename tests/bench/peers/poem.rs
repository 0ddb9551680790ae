//! The peer on poem and sqlx, written by hand: the service of a user, read whole from the database for each request and
//! behind the same check; and a handler that answers a constant and nothing else, which shows what HTTP alone costs.

use std::{collections::HashMap, env, sync::Arc};

use poem::{
    EndpointExt, Route, Server,
    endpoint::make_sync,
    handler,
    http::{HeaderMap, StatusCode, header},
    listener::TcpListener,
    web::{Data, Path},
};
use sea_orm::sqlx::{
    self, FromRow, PgPool, Row as _,
    postgres::{PgPoolOptions, PgRow},
    types::Json,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const STATEMENT: &str = include_str!("service.sql");

type Digests = HashMap<String, [u8; 32]>;

struct Row {
    name: Option<String>,
    active: Option<bool>,
    do_not_perform_action: Option<bool>,
    any_caller: Option<bool>,
    include_anonymous_callers: Option<bool>,
    include_unavailable_callers: Option<bool>,
    phone_numbers: Option<Json<Vec<String>>>,
    group_id: Option<String>,
    user_id: Option<String>,
    schedule: Option<String>,
    revision: i64,
}

#[derive(Serialize)]
struct Service {
    criteria: Vec<Criteria>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Criteria {
    name: String,
    active: bool,
    calls_from: String,
    do_not_perform_action: bool,
    from_dn_criteria: Callers,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_schedule: Option<Schedule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Callers {
    selection: &'static str,
    include_anonymous_callers: bool,
    include_unavailable_callers: bool,
    phone_numbers: Vec<String>,
}

#[derive(Serialize)]
struct Schedule {
    level: &'static str,
    name: String,
    r#type: &'static str,
}

impl<'r> FromRow<'r, PgRow> for Row {
    fn from_row(row: &'r PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            name: row.try_get(0)?,
            active: row.try_get(1)?,
            do_not_perform_action: row.try_get(2)?,
            any_caller: row.try_get(3)?,
            include_anonymous_callers: row.try_get(4)?,
            include_unavailable_callers: row.try_get(5)?,
            phone_numbers: row.try_get(6)?,
            group_id: row.try_get(7)?,
            user_id: row.try_get(8)?,
            schedule: row.try_get(9)?,
            revision: row.try_get(10)?,
        })
    }
}

impl Row {
    fn criteria(self) -> Option<Criteria> {
        let Json(phone_numbers) = self.phone_numbers?;
        let callers = Callers {
            selection: if self.any_caller? { "Any" } else { "Specified Only" },
            include_anonymous_callers: self.include_anonymous_callers?,
            include_unavailable_callers: self.include_unavailable_callers?,
            phone_numbers,
        };
        let level = match (self.group_id, self.user_id) {
            (_, Some(_)) => "User",
            (Some(_), None) => "Group",
            (None, None) => "Tenant",
        };
        Some(Criteria {
            name: self.name?,
            active: self.active?,
            calls_from: callers.summary(),
            do_not_perform_action: self.do_not_perform_action?,
            from_dn_criteria: callers,
            time_schedule: self.schedule.map(|name| Schedule { level, name, r#type: "Time" }),
        })
    }
}

impl Callers {
    fn summary(&self) -> String {
        if self.selection == "Any" {
            return "All calls".to_owned();
        }
        let flags = [(self.include_anonymous_callers, "Private"), (self.include_unavailable_callers, "Unavailable")];
        let flags = flags.into_iter().filter(|(holds, _)| *holds).map(|(_, name)| name);
        let callers: Vec<&str> = self.phone_numbers.iter().map(String::as_str).chain(flags).collect();
        let more = if callers.len() > 3 { "..." } else { "" };
        callers[..callers.len().min(3)].join(", ") + more
    }
}

fn is_known(headers: &HeaderMap, digests: &Digests) -> bool {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer ca_"));
    let Some((id, secret)) = token.and_then(|token| token.split_once('_')) else { return false };
    let digest = Sha256::digest(secret.as_bytes());
    digests.get(id).is_some_and(|known| known.ct_eq(&digest).into())
}

#[handler]
async fn view(
    headers: &HeaderMap,
    Path((tenant, group, user)): Path<(String, String, String)>,
    Data(pool): Data<&PgPool>,
    Data(digests): Data<&Arc<Digests>>,
) -> poem::Result<poem::Response> {
    if !is_known(headers, digests) {
        return Err(StatusCode::UNAUTHORIZED.into());
    }
    let rows: Vec<Row> = sqlx::query_as(STATEMENT)
        .bind(tenant)
        .bind(group)
        .bind(user)
        .fetch_all(pool)
        .await
        .map_err(poem::error::InternalServerError)?;
    let revision = rows.first().map(|row| row.revision).ok_or(StatusCode::NOT_FOUND)?;
    let service = Service { criteria: rows.into_iter().filter_map(Row::criteria).collect() };
    let body = serde_json::to_vec(&service).map_err(poem::error::InternalServerError)?;
    Ok(poem::Response::builder()
        .content_type("application/json")
        .header(header::ETAG, format!("\"{revision}\""))
        .body(body))
}

#[tokio::main]
async fn main() {
    let setting = |name: &str| env::vars().find(|(key, _)| key == name).map(|(_, value)| value).expect("it is set");
    let pool = PgPoolOptions::new().max_connections(10).test_before_acquire(false);
    let pool = pool.connect_lazy(&setting("PEER_DATABASE_URL")).expect("the address of the database can be read");
    let token = setting("PEER_TOKEN");
    let (id, secret) = token.trim_start_matches("ca_").split_once('_').expect("a token has a secret");
    let digests = Digests::from([(id.to_owned(), Sha256::digest(secret.as_bytes()).into())]);
    let constant = setting("PEER_CONSTANT");
    let answer = make_sync(move |_| constant.clone())
        .with(poem::middleware::SetHeader::new().overriding("Content-Type", "application/json"));
    let routes = Route::new()
        .at("/constant", answer)
        .at("/api/v1/tenants/:tenant/groups/:group/users/:user/services/selective_call_acceptance/", view)
        .data(pool)
        .data(Arc::new(digests));
    let listener = TcpListener::bind(format!("127.0.0.1:{}", setting("PEER_PORT")));
    Server::new(listener).run(routes).await.expect("the server runs");
}
