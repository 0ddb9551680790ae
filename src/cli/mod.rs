//! The command line. Each setting has a flag and an environment variable; the flag takes precedence. To add a command,
//! add it to `Command`; a command of more than a line gets its own file here.

mod check;
mod export;
mod import;
mod manual;
mod token;

use std::{io::Write, path::PathBuf};

use call_acceptance_api::document;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::{
    app::{self, Application, StartError},
    config::{Config, options::Options},
    demo, store, systemd, telemetry,
};

use export::Export;
use token::TokenCommand;

/// Selective Call Acceptance server: accepts or refuses calls by the criteria of users.
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
    /// Serve the API and its documentation (default)
    Serve,
    /// Migrate the schema of the database, and exit
    Migrate,
    /// Check the configuration and the database, print what is wrong and what would be right, and exit with status 1 if
    /// anything is. Changes nothing
    Check,
    /// Print the published OpenAPI document, and exit; needs no database
    Openapi {
        /// Format of the document
        #[arg(long, value_enum, default_value_t = DocumentFormat::Json)]
        format: DocumentFormat,
    },
    /// Create the demonstration data, and exit: tenant `foo`, group `foogroup`, user `foouser` with the service,
    /// schedules and a criteria. Existing data is unchanged
    Demo,
    /// Write a tenant with all that it holds to standard output, each thing a JSON object on a line of its own, and
    /// exit. The file is whole only if the exit status is 0
    Export(Export),
    /// Create, list or revoke tokens, and exit
    #[command(subcommand)]
    Token(TokenCommand),
    /// Import a file of a tenant or a table of users, print faulty lines and a summary, and exit; with status 1 when a
    /// line failed
    Import(import::ImportCommand),
    /// Print the completions of this command for a shell, and exit
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages of this command, and exit
    Man {
        /// The folder that the pages are written to
        folder: PathBuf,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DocumentFormat {
    Json,
    Yaml,
}

impl Cli {
    /// Runs the command; `serve` returns after it was stopped and has drained.
    pub async fn run(self) -> Result<(), StartError> {
        if let Some(Command::Openapi { format }) = self.command {
            let document = match format {
                DocumentFormat::Json => document::json(),
                DocumentFormat::Yaml => document::yaml(),
            };
            return Ok(std::io::stdout().write_all(document.as_bytes())?);
        }
        match self.command {
            Some(Command::Completions { shell }) => return manual::complete(Self::command(), shell),
            Some(Command::Man { folder }) => return manual::write_pages(Self::command(), &folder),
            _ => {}
        }
        let is_check = matches!(self.command, Some(Command::Check));
        let config = match Config::try_from(self.options) {
            Err(error) if is_check => return check::report_faults(&error),
            config => config?,
        };
        telemetry::init(&config);
        match self.command {
            Some(Command::Migrate) => Ok(store::migrate(&config.database_url).await?),
            Some(Command::Check) => check::run(&config).await,
            Some(Command::Demo) => demo::create(&config).await,
            Some(Command::Export(command)) => command.run(&config).await,
            Some(Command::Token(command)) => command.run(&config).await,
            Some(Command::Import(command)) => command.run(&config).await,
            _ => serve(config).await,
        }
    }
}

async fn serve(config: Config) -> Result<(), StartError> {
    let application = Application::build(config).await?;
    // Installed before the log reports that the server is running, since it may be stopped from then on.
    let stop = app::stop_signal()?;
    let (address, is_secure) = (application.address(), application.is_secure());
    let scheme = if is_secure { "https" } else { "http" };
    tracing::info!("serving on {scheme}://{address}, documentation at {scheme}://{address}/docs/");
    if !is_secure && !address.ip().is_loopback() {
        tracing::warn!(
            "requests and tokens are not encrypted: set --tls-certificate, or let a proxy on this machine or a \
                        private network terminate TLS"
        );
    }
    if let Some(address) = application.metrics_address() {
        tracing::info!("metrics are at http://{address}/metrics");
    }
    if application.is_open() {
        tracing::warn!("authentication is off: everybody on this machine can do everything");
    }
    systemd::ready();
    application.run_until(stop).await;
    Ok(())
}
