//! `call-acceptance import`: a file into a tenant, over the database directly.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Seek, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use call_acceptance_api::{
    access::Actor,
    document,
    resource::transfer::import::{
        Import, ImportError, ImportErrorList, ImportForm, ImportMode, ImportOptions, ImportStatus, Imports, OnError,
    },
    value::name::TenantId,
    wire::{
        page::{Limit, PageQuery},
        problem::Failure,
    },
};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    app::{self, StartError},
    clock::{Clock, SystemClock},
    config::Config,
};

/// How often the progress is shown on a terminal, and elsewhere.
const ON_TERMINAL: Duration = Duration::from_millis(100);
const ELSEWHERE: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mode {
    Merge,
    Replace,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OnFault {
    Continue,
    Stop,
}

#[derive(Debug, Clone, Args)]
pub struct ImportCommand {
    /// The tenant, which must exist
    #[arg(long, value_parser = TenantId::parse)]
    tenant: TenantId,
    /// What becomes of what the file does not name: it stays, or it is removed
    #[arg(long, value_enum, default_value_t = Mode::Merge)]
    mode: Mode,
    /// What a faulty line does: it is left out, or nothing is applied
    #[arg(long, value_enum, default_value_t = OnFault::Continue)]
    on_error: OnFault,
    /// Count and name faults, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// The file: lines of JSON as the export writes them, or a table of users as comma-separated values; `-` is the
    /// standard input
    file: PathBuf,
}

impl ImportCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// A line failed, or the import did not come to its end.
    pub async fn run(self, config: &Config) -> Result<(), StartError> {
        let mut file = open(&self.file)?;
        let (form, length) = (form(&mut file)?, file.metadata()?.len());
        let server = app::server(config).await?;
        let by = Actor::command("imports_create", SystemClock.new_id().to_string()).trying(self.dry_run);
        let options = ImportOptions {
            mode: match self.mode {
                Mode::Merge => ImportMode::Merge,
                Mode::Replace => ImportMode::Replace,
            },
            on_error: match self.on_error {
                OnFault::Continue => OnError::Continue,
                OnFault::Stop => OnError::Stop,
            },
        };
        let bar = progress_bar(length);
        let schemas = document::body_schemas();
        let pause = if bar.is_some() { ON_TERMINAL } else { ELSEWHERE };
        let imported = server.import_file(
            &by,
            self.tenant.clone(),
            options,
            (file, form, schemas),
            (pause, |progress| {
                show(bar.as_ref(), length, progress.applied(), progress.lines());
            }),
        );
        let imported = imported.await;
        bar.iter().for_each(ProgressBar::finish_and_clear);
        let import = imported.map_err(command_error)?;
        print_errors(&server, &self.tenant, &import).await?;
        report(&import)
    }
}

fn command_error(failure: Failure) -> StartError {
    StartError::Command(failure.to_string())
}

/// The file, which can be read several times; the standard input is copied into one without a name.
fn open(path: &Path) -> io::Result<File> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if path != Path::new("-") {
        return File::open(path).map_err(named);
    }
    let mut copy = tempfile::tempfile()?;
    io::copy(&mut io::stdin().lock(), &mut copy)?;
    copy.rewind()?;
    Ok(copy)
}

/// The form of the file: a line of JSON begins with a brace, a table does not.
fn form(file: &mut File) -> io::Result<ImportForm> {
    let mut reader = BufReader::new(&mut *file);
    let start = reader.fill_buf()?;
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    let is_table = start.first().is_some_and(|byte| *byte != b'{');
    file.rewind()?;
    Ok(if is_table { ImportForm::Users } else { ImportForm::Lines })
}

/// A progress bar, if somebody sees it.
fn progress_bar(length: u64) -> Option<ProgressBar> {
    if !io::stderr().is_terminal() {
        return None;
    }
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} % {bytes} of {total_bytes}, {eta} left");
    Some(ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
}

/// Shows how far the import of a file of this length is.
fn show(bar: Option<&ProgressBar>, length: u64, bytes: u64, lines: u64) {
    match bar {
        Some(bar) => bar.set_position(bytes),
        None => {
            let percent = bytes.saturating_mul(100).checked_div(length).unwrap_or(100);
            // Nobody may be there to read it.
            drop(writeln!(io::stderr(), "{lines} lines read, {percent} %"));
        }
    }
}

async fn print_errors(server: &impl Imports, tenant: &TenantId, import: &Import) -> Result<(), StartError> {
    let mut after = None;
    loop {
        let page = PageQuery { limit: Limit::default(), after };
        let found = server.errors(tenant.clone(), import.import_id.clone(), page).await;
        let ImportErrorList { errors, next } = found.map_err(command_error)?;
        for ImportError { line, code, detail, pointer } in errors {
            let place = pointer.map(|pointer| format!(" at {pointer}")).unwrap_or_default();
            writeln!(io::stderr(), "line {line}{place}: {detail} ({code})")?;
        }
        after = next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Prints the summary.
///
/// # Errors
/// A line failed, or the import did not come to its end.
fn report(import: &Import) -> Result<(), StartError> {
    let counts = import.counts;
    let text = format!(
        "{}: {} lines read, {} created, {} changed, {} unchanged, {} removed, {} failed",
        import.status.as_str(),
        counts.read,
        counts.created,
        counts.changed,
        counts.unchanged,
        counts.deleted,
        counts.failed
    );
    if import.status == ImportStatus::Succeeded {
        return Ok(writeln!(io::stdout(), "{text}")?);
    }
    Err(StartError::Command(text))
}
