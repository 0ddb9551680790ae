//! The settings: a flag and an environment variable each.

use clap::Args;

/// The settings as text. They are parsed later, so that all faults are reported at once.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Address and port to listen on; port 0 selects a free port
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS:PORT"
    )]
    pub listen: String,
    /// Address and port that has `/metrics` alone; by default `/metrics` is on the address of the API
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<String>,
    /// File with the server's certificate and those of its intermediate authorities (PEM). Then the server speaks
    /// HTTPS, with HTTP/2; it rereads the file when it changes
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_TLS_CERTIFICATE", value_name = "FILE")]
    pub tls_certificate: Option<String>,
    /// File with the private key of the certificate (PEM)
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<String>,
    /// The database: postgres://USER:PASSWORD@HOST:PORT/DATABASE, or sqlite://FILE?mode=rwc
    #[arg(
        long,
        global = true,
        env = "DATABASE_URL",
        hide_env_values = true,
        default_value = "sqlite://call-acceptance.db?mode=rwc",
        value_name = "URL"
    )]
    pub database_url: String,
    /// A standby of the database, for lists and statistics that may be a few seconds old: as `--database-url`,
    /// PostgreSQL only. While it does not respond or is too far behind, they are read from the database
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_READ_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub read_database_url: Option<String>,
    /// Maximum number of connections to the database (1 to 1000)
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_DATABASE_CONNECTIONS",
        default_value = "10",
        value_name = "NUMBER"
    )]
    pub database_connections: String,
    /// Maximum duration of a statement on PostgreSQL, in seconds (1 to 300); exceeding it results in 503
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_DATABASE_STATEMENT_TIMEOUT",
        default_value = "10",
        value_name = "SECONDS"
    )]
    pub database_statement_timeout: String,
    /// Maximum wait of a statement for a lock on PostgreSQL, in seconds (1 to 300); exceeding it results in 503
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_DATABASE_LOCK_TIMEOUT",
        default_value = "5",
        value_name = "SECONDS"
    )]
    pub database_lock_timeout: String,
    /// Maximum number of concurrent changes with one token (1 to 1000); exceeding it results in 429
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_CONCURRENT_WRITES", default_value = "4", value_name = "NUMBER")]
    pub concurrent_writes: String,
    /// Whether to migrate the schema at the start
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_MIGRATE", default_value = "true", value_name = "true|false")]
    pub migrate: String,
    /// Maximum duration of a request, in seconds (1 to 300)
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_REQUEST_TIMEOUT", default_value = "10", value_name = "SECONDS")]
    pub request_timeout: String,
    /// How long connections are still accepted after SIGTERM, while `/health/ready` answers 503, in seconds (0 to 300)
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_SHUTDOWN_DELAY", default_value = "0", value_name = "SECONDS")]
    pub shutdown_delay: String,
    /// Maximum duration of requests after SIGTERM and the shutdown delay, in seconds (0 to 300)
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_DRAIN_TIMEOUT", default_value = "20", value_name = "SECONDS")]
    pub drain_timeout: String,
    /// Maximum wait of a decision for the database, in milliseconds (10 to 10000); exceeding it results in 503
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_DECISION_DEADLINE",
        default_value = "150",
        value_name = "MILLISECONDS"
    )]
    pub decision_deadline: String,
    /// Maximum delay until a change by another instance affects decisions, in milliseconds (100 to 60000)
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_DECISION_STALENESS",
        default_value = "2000",
        value_name = "MILLISECONDS"
    )]
    pub decision_staleness: String,
    /// Approximate memory for cached users of decisions, in MiB (1 to 1048576)
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_DECISION_MEMORY", default_value = "256", value_name = "MIB")]
    pub decision_memory: String,
    /// Maximum age of cached data for decisions, in seconds (1 to 86400); then it is loaded again even if no change is
    /// known
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_DECISION_MAX_AGE",
        default_value = "600",
        value_name = "SECONDS"
    )]
    pub decision_max_age: String,
    /// Connections to PostgreSQL reserved for decisions, authentication and readiness (1 to 100)
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_DECISION_CONNECTIONS",
        default_value = "4",
        value_name = "NUMBER"
    )]
    pub decision_connections: String,
    /// Region whose national numbers are accepted as called numbers if a request has no region (ISO 3166-1 alpha-2, as
    /// in BE); by default called numbers must be international
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_DEFAULT_REGION", value_name = "REGION")]
    pub default_region: Option<String>,
    /// Authentication: `token` requires a token; `none` lets everybody do everything, for trials on a loopback address
    /// only
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_AUTH", default_value = "token", value_name = "token|none")]
    pub auth: String,
    /// Failed authentications allowed for an address per minute (1 to 1000000); exceeding it results in 429
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_FAILED_AUTHENTICATIONS",
        default_value = "30",
        value_name = "NUMBER"
    )]
    pub failed_authentications: String,
    /// Proxies whose `X-Forwarded-For` or, if that is missing, `Forwarded` is trusted: addresses and networks separated
    /// by commas, as in `10.0.0.0/8,2001:db8::1`; by default none. A proxy must set one of the two and remove the other
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_TRUSTED_PROXIES", default_value = "", value_name = "NETWORKS")]
    pub trusted_proxies: String,
    /// Maximum number of open connections from one address, or one /64 network of IPv6 (1 to 4096); further ones are
    /// closed immediately. Not limited for trusted proxies
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_CONNECTIONS_PER_ADDRESS",
        default_value = "1024",
        value_name = "NUMBER"
    )]
    pub connections_per_address: String,
    /// Timeout of a client that does not read the response, in seconds (1 to 300); then its connection is closed
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_WRITE_TIMEOUT", default_value = "30", value_name = "SECONDS")]
    pub write_timeout: String,
    /// Issuer of the OpenID provider whose access tokens are accepted too: its URL, as in `iss` of the tokens
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<String>,
    /// Audience of the access tokens, as in their `aud`; required with an issuer
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_OIDC_AUDIENCE", value_name = "AUDIENCE")]
    pub oidc_audience: Option<String>,
    /// Claim with the role: its name, or a JSON Pointer as in /realm_access/roles
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_OIDC_ROLE_CLAIM", default_value = "role", value_name = "CLAIM")]
    pub oidc_role_claim: String,
    /// Claim with the tenant of the scope
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_OIDC_TENANT_CLAIM",
        default_value = "tenant",
        value_name = "CLAIM"
    )]
    pub oidc_tenant_claim: String,
    /// Claim with the group of the scope
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_OIDC_GROUP_CLAIM",
        default_value = "group",
        value_name = "CLAIM"
    )]
    pub oidc_group_claim: String,
    /// Claim with the user of the scope
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_OIDC_USER_CLAIM", default_value = "user", value_name = "CLAIM")]
    pub oidc_user_claim: String,
    /// Claim that is true if the token may only read
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_OIDC_READ_ONLY_CLAIM",
        default_value = "read_only",
        value_name = "CLAIM"
    )]
    pub oidc_read_only_claim: String,
    /// Maximum age of an access token since it was issued, in seconds (60 to 31536000), even if its own expiry is later
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_OIDC_MAX_AGE", default_value = "86400", value_name = "SECONDS")]
    pub oidc_max_age: String,
    /// Whether an access token with the role call_processing and without a tenant has the whole system as its scope
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_OIDC_SYSTEM_CALL_PROCESSING",
        default_value = "false",
        value_name = "true|false"
    )]
    pub oidc_system_call_processing: String,
    /// Origins whose pages may call the API from a browser (CORS), separated by commas, as in
    /// `https://portal.example.com`; by default none
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_CORS_ORIGINS", default_value = "", value_name = "ORIGINS")]
    pub cors_origins: String,
    /// How long audit events are kept, in days (1 to 36500)
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_AUDIT_RETENTION", default_value = "400", value_name = "DAYS")]
    pub audit_retention: String,
    /// Address of the collector that traces are sent to by OTLP over HTTP, as in `http://127.0.0.1:4318`; by default
    /// none are made
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
    /// Format of the log, which is written to standard error
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_LOG_FORMAT", default_value = "text", value_name = "text|json")]
    pub log_format: String,
    /// Filter of the log: a level, or levels by module, as in `info,call_acceptance=debug`
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
}
