//! The command line. Each setting has a flag and an environment variable; the flag wins. To add a command, add it to
//! `Command` and, when it is more than a line, a file beside this one.

mod token;

use std::io::Write;

use call_acceptance_api::document;
use clap::{Parser, Subcommand, ValueEnum};

use crate::{
    app::{self, Application, StartError},
    config::{Config, options::Options},
    demo, store, telemetry,
};

use token::TokenCommand;

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
    /// Create, list or revoke tokens, and end
    #[command(subcommand)]
    Token(TokenCommand),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DocumentFormat {
    Json,
    Yaml,
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
            Some(Command::Token(command)) => command.run(&config).await,
            _ => serve(config).await,
        }
    }
}

async fn serve(config: Config) -> Result<(), StartError> {
    let application = Application::build(config).await?;
    // Before the log says that it serves: from then on it can be told to stop.
    let stop = app::stop_signal()?;
    tracing::info!("serving on http://{0}, documentation at http://{0}/docs/", application.address());
    if application.is_open() {
        tracing::warn!("nobody is asked who it is: everybody on this machine can do everything");
    }
    application.run_until(stop).await;
    Ok(())
}
