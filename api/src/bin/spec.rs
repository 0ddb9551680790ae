//! Writes the published document and the list of operations under `spec/`; with `--check` compares instead.

#![expect(clippy::print_stderr, reason = "a command tells its faults there")]

use std::{path::Path, process::ExitCode};

use call_acceptance_api::document;

fn main() -> ExitCode {
    let check = match std::env::args().nth(1).as_deref() {
        None | Some("--write") => false,
        Some("--check") => true,
        Some(other) => {
            eprintln!("unknown argument {other}; known are --write and --check");
            return ExitCode::from(2);
        }
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec");
    let mut same = true;
    for (name, text) in [("openapi.json", document::json()), ("operations.txt", document::operations::list())] {
        let path = folder.join(name);
        if check && std::fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            eprintln!("spec/{name} is not what api/ says; `make spec` writes it anew");
            same = false;
        } else if !check && let Err(error) = std::fs::write(&path, text) {
            eprintln!("cannot write {}: {error}", path.display());
            same = false;
        }
    }
    if same { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
