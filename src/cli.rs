//! The command line. Each flag has an environment variable; the flag wins.

use std::io::Write;

use call_acceptance_api::document;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    app::{self, Application, StartError},
    config::Config,
    demo, store, telemetry,
};

/// Selective Call Acceptance server: users keep criteria, calls are accepted or refused by them.
#[derive(Debug, Parser)]
#[command(name = "call-acceptance", version, max_term_width = 120)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Serve the API and its documentation (what is done when no command is given)
    Serve,
    /// Bring the database's schema up to date, and end
    Migrate,
    /// Print the published OpenAPI document, and end; needs no database
    Openapi {
        /// In which form
        #[arg(long, value_enum, default_value_t = DocumentFormat::Json)]
        format: DocumentFormat,
    },
    /// Create the demonstration data, and end: tenant `foo`, group `foogroup`, user `foouser` with the service,
    /// schedules and a criteria. Doing it again changes nothing
    Demo,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DocumentFormat {
    Json,
    Yaml,
}

/// What the operator can set. The values are read as text, so that all that is wrong is told at once.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS:PORT"
    )]
    pub listen: String,
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
    /// The greatest number of connections to the database (1 to 1000)
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_DATABASE_CONNECTIONS",
        default_value = "10",
        value_name = "NUMBER"
    )]
    pub database_connections: String,
    /// Whether to bring the schema up to date at the start
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_MIGRATE", default_value = "true", value_name = "true|false")]
    pub migrate: String,
    /// How long a request may take, in seconds (1 to 300)
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_REQUEST_TIMEOUT", default_value = "10", value_name = "SECONDS")]
    pub request_timeout: String,
    /// How long requests may go on after SIGTERM, in seconds (0 to 300)
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_DRAIN_TIMEOUT", default_value = "20", value_name = "SECONDS")]
    pub drain_timeout: String,
    /// How long a decision on a call may wait for the database, in milliseconds (10 to 10000); beyond it answers 503
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_DECISION_DEADLINE",
        default_value = "150",
        value_name = "MILLISECONDS"
    )]
    pub decision_deadline: String,
    /// How far a decision may be behind what other instances changed, in milliseconds (100 to 60000)
    #[arg(
        long,
        global = true,
        env = "CALL_ACCEPTANCE_DECISION_STALENESS",
        default_value = "2000",
        value_name = "MILLISECONDS"
    )]
    pub decision_staleness: String,
    /// How much memory the users that decisions were asked for may take, in MiB, roughly (1 to 1048576)
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_DECISION_MEMORY", default_value = "256", value_name = "MIB")]
    pub decision_memory: String,
    /// The form of the log, which goes to standard error
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_LOG_FORMAT", default_value = "text", value_name = "text|json")]
    pub log_format: String,
    /// What is logged: a level, or levels by module, as in `info,call_acceptance=debug`
    #[arg(long, global = true, env = "CALL_ACCEPTANCE_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
}

impl Cli {
    /// Does what the command says; `serve` returns when it was told to stop and has drained.
    pub async fn run(self) -> Result<(), StartError> {
        if let Some(Command::Openapi { format }) = self.command {
            let document = match format {
                DocumentFormat::Json => document::json(),
                DocumentFormat::Yaml => document::yaml(),
            };
            return Ok(std::io::stdout().write_all(document.as_bytes())?);
        }
        let config = Config::try_from(self.options)?;
        telemetry::init(&config);
        match self.command {
            Some(Command::Migrate) => Ok(store::migrate(&config.database_url).await?),
            Some(Command::Demo) => demo::create(&config).await,
            _ => serve(config).await,
        }
    }
}

async fn serve(config: Config) -> Result<(), StartError> {
    let application = Application::build(config).await?;
    tracing::info!("serving on http://{0}, documentation at http://{0}/docs/", application.address());
    application.run_until(app::stop_signal()?).await;
    Ok(())
}
