//! Access tokens of the provider, sent to the server.

use std::{net::SocketAddr, num::NonZeroU32, time::Duration};

use call_acceptance::{
    app::{self, Application},
    config::{
        CascadeConfig, Config, DatabaseLimits, DecisionConfig, ExportConfig, LogFormat, Networks, StatisticsConfig,
    },
    identity::oidc::{ClaimNames, OidcConfig},
};
use call_acceptance_api::{
    access::{Actor, Role},
    resource::token::{TokenCreate, Tokens},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::{
    AUDIENCE,
    provider::{Provider, TokenRequest},
};

const USERS: &str = "/api/v1/tenants/foo/groups/foogroup/users/";

/// A server that takes the tokens of a provider, with a tenant, a group and two users.
struct Server {
    url: String,
    client: reqwest::Client,
    admin: String,
    task: JoinHandle<()>,
    _folder: TempDir,
}

impl Server {
    async fn start(issuer: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let config = config(issuer, &format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display()));
        let server = app::server(&config).await.expect("the database can be made");
        let create = TokenCreate {
            role: Role::SystemAdmin,
            tenant_id: None,
            group_id: None,
            user_id: None,
            read_only: false,
            description: None,
            expires_at: None,
        };
        let admin = server.create(&Actor::command("test", "test"), create).await.expect("a token can be made");
        let application = Application::build(config).await.expect("the server starts");
        let url = format!("http://{}", application.address());
        let task = tokio::spawn(application.run_until(std::future::pending()));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client can be built");
        let server = Self { url, client, admin: admin.token.expect("it is shown"), task, _folder: folder };
        server.change("/api/v1/tenants/", json!({ "tenantId": "foo" })).await;
        server.change("/api/v1/tenants/foo/groups/", json!({ "groupId": "foogroup" })).await;
        for user in ["foouser", "other"] {
            server.change(USERS, json!({ "userId": user })).await;
        }
        server
    }

    async fn change(&self, path: &str, body: Value) {
        assert_eq!(self.post(&self.admin, path, body).await, 201, "{path}");
    }

    async fn post(&self, token: &str, path: &str, body: Value) -> u16 {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(token).json(&body);
        request.send().await.expect("the server answers").status().as_u16()
    }

    async fn status(&self, token: &str, path: &str) -> u16 {
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(token);
        request.send().await.expect("the server answers").status().as_u16()
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.admin);
        request.send().await.expect("the server answers").json().await.expect("it answers JSON")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn config(issuer: &str, database_url: &str) -> Config {
    let claims = ClaimNames {
        role: "/realm_access/roles".to_owned(),
        tenant: "tenant".to_owned(),
        group: "group".to_owned(),
        user: "user".to_owned(),
        read_only: "read_only".to_owned(),
    };
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        metrics_listen: None,
        tls: None,
        database_url: database_url.to_owned(),
        read_database_url: None,
        database_connections: 5,
        database_limits: DatabaseLimits { statement: Duration::from_secs(30), lock: Duration::from_secs(30) },
        // As many as a test likes.
        cascades: CascadeConfig::default(),
        exports: ExportConfig::default(),
        statistics: StatisticsConfig::default(),
        concurrent_writes: NonZeroU32::new(1000).expect("it is not zero"),
        migrate: true,
        request_timeout: Duration::from_secs(30),
        shutdown_delay: Duration::ZERO,
        drain_timeout: Duration::from_secs(1),
        decisions: DecisionConfig {
            deadline: Duration::from_secs(30),
            staleness: Duration::from_secs(60),
            memory: 1 << 20,
            greatest_age: Duration::from_secs(600),
            connections: 4,
        },
        default_region: None,
        open: false,
        failed_authentications: NonZeroU32::MAX,
        trusted_proxies: Networks::default(),
        connections_per_address: 1024,
        write_timeout: Duration::from_secs(30),
        oidc: Some(OidcConfig {
            issuer: issuer.to_owned(),
            audience: AUDIENCE.to_owned(),
            claims,
            max_age: 86_400,
            system_call_processing: false,
        }),
        audit_retention: Duration::from_secs(86_400),
        cors_origins: Vec::new(),
        otlp_endpoint: None,
        log_format: LogFormat::Text,
        log: "off".to_owned(),
    }
}

fn claims(role: &str, user: &str) -> Value {
    json!({ "realm_access": { "roles": ["offline_access", role] }, "tenant": "foo", "group": "foogroup", "user": user })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn role_and_scope_come_from_the_claims() {
    let provider = Provider::start();
    let server = Server::start(provider.issuer()).await;
    let user = provider.token(&TokenRequest::new(AUDIENCE, claims("end_user", "foouser"))).await;
    assert_eq!(server.status(&user, &format!("{USERS}foouser/")).await, 200);
    assert_eq!(server.status(&user, &format!("{USERS}other/")).await, 403);
    assert_eq!(server.status(&user, "/api/v1/tenants/").await, 403);
    // A role takes the claims of its scope and leaves others alone.
    let admin = provider.token(&TokenRequest::new(AUDIENCE, claims("group_admin", "foouser"))).await;
    assert_eq!(server.status(&admin, &format!("{USERS}other/")).await, 200);
    assert_eq!(server.status(&admin, "/api/v1/tenants/foo/groups/").await, 403);
    let mut read_only = claims("group_admin", "foouser");
    read_only["read_only"] = true.into();
    let read_only = provider.token(&TokenRequest::new(AUDIENCE, read_only)).await;
    assert_eq!(server.status(&read_only, &format!("{USERS}other/")).await, 200);
    assert_eq!(server.post(&read_only, USERS, json!({ "userId": "third" })).await, 403);
    let nobody = provider.token(&TokenRequest::new(AUDIENCE, claims("visitor", "foouser"))).await;
    assert_eq!(server.status(&nobody, &format!("{USERS}foouser/")).await, 403);
    let elsewhere =
        provider.token(&TokenRequest::new("https://other.example.com", claims("end_user", "foouser"))).await;
    assert_eq!(server.status(&elsewhere, &format!("{USERS}foouser/")).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_recorded_with_the_subject() {
    let provider = Provider::start();
    let server = Server::start(provider.issuer()).await;
    let admin = provider.token(&TokenRequest::new(AUDIENCE, claims("group_admin", "foouser"))).await;
    assert_eq!(server.post(&admin, USERS, json!({ "userId": "third" })).await, 201);
    let events = server.get("/api/v1/tenants/foo/audit_events/?userId=third").await;
    let event = &events["auditEvents"][0];
    assert_eq!((&event["actorKind"], &event["actor"]), (&json!("subject"), &json!("client")), "{events}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cached_keys_are_used_while_the_provider_is_down_and_without_them_it_is_503() {
    let provider = Provider::start();
    let issuer = provider.issuer().to_owned();
    let (server, late) = (Server::start(&issuer).await, Server::start(&issuer).await);
    let [first, second] = ["foouser", "other"].map(|user| TokenRequest::new(AUDIENCE, claims("end_user", user)));
    let (first, second) = (provider.token(&first).await, provider.token(&second).await);
    assert_eq!(server.status(&first, &format!("{USERS}foouser/")).await, 200);
    provider.stop();
    assert_eq!(server.status(&first, &format!("{USERS}foouser/")).await, 200);
    assert_eq!(server.status(&second, &format!("{USERS}other/")).await, 200);
    assert_eq!(late.status(&first, &format!("{USERS}foouser/")).await, 503);
}
