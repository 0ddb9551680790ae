//! `call-acceptance export`: writes a tenant to standard output, from the database directly.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

use call_acceptance_api::{access::Actor, resource::transfer::export::Exports, value::name::TenantId};
use clap::Args;
use futures_util::StreamExt;

use crate::{
    app::{self, StartError},
    clock::{Clock, SystemClock},
    config::{Config, ExportConfig},
};

/// How often the progress is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, Clone, Args)]
pub struct Export {
    /// The tenant
    #[arg(long, value_parser = TenantId::parse)]
    tenant: TenantId,
}

impl Export {
    /// Runs the command.
    pub async fn run(self, config: &Config) -> Result<(), StartError> {
        let config = Config { exports: ExportConfig::patient(), ..config.clone() };
        let server = app::server(&config).await?;
        let by = Actor::command("tenant_export", SystemClock.new_id().to_string());
        let file = Exports::export(&server, &by, self.tenant).await;
        let mut file = file.map_err(|failure| StartError::Command(failure.to_string()))?;
        let (mut output, mut progress) = (std::io::stdout(), Progress::new());
        while let Some(part) = file.next().await {
            let part = part?;
            output.write_all(&part)?;
            progress.add(&part)?;
        }
        output.flush()?;
        progress.end()
    }
}

/// A line on the terminal, if there is one, with what was written so far.
struct Progress {
    is_shown: bool,
    lines: usize,
    bytes: usize,
    shown: Option<Instant>,
}

impl Progress {
    fn new() -> Self {
        Self { is_shown: std::io::stderr().is_terminal(), lines: 0, bytes: 0, shown: None }
    }

    fn add(&mut self, part: &[u8]) -> Result<(), StartError> {
        self.lines += part.iter().filter(|byte| **byte == b'\n').count();
        self.bytes += part.len();
        if self.shown.is_none_or(|shown| shown.elapsed() >= SHOWN_EVERY) {
            self.shown = Some(Instant::now());
            self.show("")?;
        }
        Ok(())
    }

    fn end(&self) -> Result<(), StartError> {
        self.show("\n")
    }

    fn show(&self, end: &str) -> Result<(), StartError> {
        if self.is_shown {
            let megabytes = self.bytes as f64 / 1e6;
            write!(std::io::stderr(), "\r{} lines, {megabytes:.1} MB{end}", self.lines)?;
        }
        Ok(())
    }
}
