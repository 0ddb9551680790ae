//! What shells and `man` know of the command, generated from the declaration of its flags.

use std::{fs, io::Write, path::Path};

use clap::Command;
use clap_complete::{Shell, generate};

use crate::app::StartError;

/// The name of the program.
const NAME: &str = "call-acceptance";

/// Prints the completions of the command for a shell.
pub fn complete(mut command: Command, shell: Shell) -> Result<(), StartError> {
    let mut text = Vec::new();
    generate(shell, &mut command, NAME, &mut text);
    Ok(std::io::stdout().write_all(&text)?)
}

/// Writes a manual page for the command, and for each below it, to `folder`, which is made if it is missing.
pub fn write_pages(command: Command, folder: &Path) -> Result<(), StartError> {
    fs::create_dir_all(folder)?;
    let mut command = command.disable_help_subcommand(true);
    command.build();
    Ok(write_page(&command, folder)?)
}

fn write_page(command: &Command, folder: &Path) -> std::io::Result<()> {
    // `call-acceptance token create` has the page call-acceptance-token-create(1).
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    fs::write(folder.join(format!("{name}.1")), page)?;
    command.get_subcommands().try_for_each(|below| write_page(below, folder))
}
