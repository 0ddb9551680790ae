//! README.md and docs/ agree with the code: paths and links, commands and settings, excerpts of programs.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use call_acceptance::cli::Cli;
use call_acceptance_api::resource::warning::WarningCode;
use clap::{Arg, CommandFactory, Parser};
use regex::Regex;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The pages for people, by their paths from the root.
fn pages() -> Vec<PathBuf> {
    let folders = ["", "docs", "spec"].map(|folder| fs::read_dir(root().join(folder)).expect("the folder is there"));
    let files = folders.into_iter().flatten().map(|entry| entry.expect("a folder can be listed").path());
    let mut pages: Vec<_> = files.filter(|path| path.extension() == Some("md".as_ref())).collect();
    pages.sort();
    assert!(pages.len() > 10, "{pages:?}");
    pages
}

fn text(page: &Path) -> String {
    fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// What `pattern` finds in `text` as its first group.
fn found(pattern: &str, text: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).expect("the pattern is right");
    pattern.captures_iter(text).map(|captures| captures[1].to_owned()).collect()
}

/// The contents of code fences of a language.
fn fenced(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let opened = page.split(&fence).skip(1);
    opened.filter_map(|rest| Some(rest.split_once("```")?.0.to_owned())).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    headings.map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    for page in pages() {
        for link in found(r"\]\(([^)\s]+)\)", &text(&page)) {
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { page.clone() } else { page.with_file_name("").join(path) };
            assert!(target.exists(), "{} links to {link}", page.display());
            assert!(
                anchor.is_empty() || anchors(&text(&target)).contains(anchor),
                "{} links to {link}",
                page.display()
            );
        }
    }
}

#[test]
fn every_path_that_a_page_names_is_there() {
    for page in pages() {
        for path in found(r"`((?:api|src|tests|tools|spec|docs|deploy)/[\w./-]*)`", &text(&page)) {
            assert!(path.contains("NAME") || root().join(&path).exists(), "{} names {path}", page.display());
        }
    }
}

#[test]
fn every_make_command_that_a_page_names_is_there() {
    let commands = found(r"(?m)^([a-z-]+):.* ## ", &file("Makefile"));
    assert!(commands.contains("check"), "{commands:?}");
    for page in pages() {
        for command in found(r"(?:`|\$ )make ([a-z-]+)", &text(&page)) {
            assert!(commands.contains(&command), "{} names make {command}", page.display());
        }
    }
}

/// The rows of the tables whose first cell is code, with their cells.
fn rows(page: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect())
        .collect()
}

#[test]
fn every_warning_stands_with_its_cure_on_its_page() {
    let rows = rows(&file("docs/warnings.md"));
    let codes: Vec<&str> = WarningCode::ALL.iter().map(|code| code.as_str()).collect();
    let printed: Vec<_> =
        rows.iter().filter(|row| row.len() == 3 && row[0] != "code").map(|row| row[0].as_str()).collect();
    assert_eq!(printed, codes, "docs/warnings.md has a row for each warning, in the order of the contract");
}

/// Flag, environment variable and default of a setting.
fn setting(argument: &Arg) -> Option<[String; 3]> {
    let environment = argument.get_env()?.to_string_lossy().into_owned();
    let default = argument.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
    Some([format!("--{}", argument.get_long()?), environment, default.unwrap_or_default()])
}

#[test]
fn the_table_of_settings_is_that_of_the_command_line() {
    let rows = rows(&file("docs/operating.md"));
    let printed = rows.iter().filter(|row| row[0].starts_with("--"));
    let printed: Vec<[String; 3]> = printed.map(|row| [0, 1, 2].map(|cell| row[cell].clone())).collect();
    let settings: Vec<_> = Cli::command().get_arguments().filter_map(setting).collect();
    for setting in &settings {
        assert!(printed.contains(setting), "docs/operating.md has no row that begins {}", setting.join(" | "));
    }
    assert_eq!(printed, settings, "docs/operating.md lists the settings in the order of --help, and no others");
}

/// The settings as a file of environment variables, each commented out with its default.
fn settings_file() -> String {
    let mut text =
        "# Settings of call-acceptance, read by its systemd unit. A line without # sets a variable.\n".to_owned();
    for argument in Cli::command().get_arguments().filter(|argument| argument.get_env().is_some()) {
        let [_, variable, default] = setting(argument).expect("it has a variable");
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        text += &format!("\n{}#{variable}={default}\n", commented(&help));
    }
    text
}

/// The text as lines of a comment.
fn commented(text: &str) -> String {
    let mut lines = vec!["#".to_owned()];
    for word in text.split_whitespace() {
        if lines.last().is_some_and(|line| line.len() + word.len() >= 100) {
            lines.push("#".to_owned());
        }
        let line = lines.last_mut().expect("there is a line");
        *line += &format!(" {word}");
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_file_of_settings_has_all_of_them() {
    let expected = settings_file();
    assert_eq!(file("deploy/systemd/call-acceptance.default"), expected, "it should be:\n{expected}");
}

#[test]
fn the_unit_runs_a_command_and_waits_for_its_end() {
    let unit = file("deploy/systemd/call-acceptance.service");
    let value = |key: &str| found(&format!("(?m)^{key}=(.*)$"), &unit).pop_first().unwrap_or_default();
    let words = value("ExecStart");
    assert!(Cli::try_parse_from(words.split(' ')).is_ok(), "{words}");
    let default = |flag: &str| -> u64 {
        let settings: Vec<_> = Cli::command().get_arguments().filter_map(setting).collect();
        let found = settings.iter().find(|[name, ..]| name == flag).expect("there is such a flag");
        found[2].parse().expect("it is a number")
    };
    let patience: u64 = value("TimeoutStopSec").parse().expect("it is a number");
    assert!(patience > default("--shutdown-delay") + default("--drain-timeout"));
    assert_eq!(value("Type"), "notify");
}

#[test]
fn the_table_of_commands_is_that_of_the_command_line() {
    let page = file("docs/operating.md");
    let table = page.split("### Commands").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("it has a table");
    let printed: Vec<_> = rows(table).into_iter().map(|row| row[0].clone()).collect();
    let commands: Vec<_> = Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    assert_eq!(printed, commands);
}

#[test]
fn the_commands_that_pages_print_are_understood() {
    let word = Regex::new(r#"'([^']*)'|"([^"]*)"|(\S+)"#).expect("the pattern is right");
    let mut understood = 0;
    for page in pages() {
        let blocks = fenced(&text(&page), "console").concat().replace("\\\n", " ");
        let commands = blocks.lines().filter_map(|line| line.strip_prefix("$ ")).filter(|c| c.starts_with("call-acc"));
        for command in commands {
            // What the shell does with the output is its own.
            let command = command.split(" > ").next().unwrap_or_default();
            let words = word.captures_iter(command).filter_map(|word| word.iter().skip(1).flatten().next());
            let parsed = Cli::try_parse_from(words.map(|word| word.as_str()));
            assert!(parsed.is_ok(), "{}: {command}: {:?}", page.display(), parsed.err());
            understood += 1;
        }
    }
    assert!(understood >= 7, "{understood}");
}

#[test]
fn the_excerpts_of_the_proxys_configuration_are_in_it() {
    let configuration = ["kamailio", "redirect", "screening", "announcement", "site"]
        .map(|name| file(&format!("deploy/kamailio/{name}.cfg")))
        .concat();
    let page = file("docs/sip.md");
    let excerpts = fenced(&page, "kamailio");
    assert!(!excerpts.is_empty(), "the page shows some of it");
    for excerpt in excerpts {
        assert!(configuration.contains(&excerpt), "this is not in it:\n{excerpt}");
    }
    for setting in found(r"#!define ([A-Z_0-9]+)", &file("deploy/kamailio/site.cfg")) {
        assert!(page.contains(&format!("| `{setting}` |")), "the page does not explain {setting}");
    }
}

#[test]
fn the_excerpts_of_the_configuration_of_haproxy_are_in_it() {
    let configuration = file("deploy/ha/haproxy.cfg");
    let excerpts = fenced(&file("docs/operating.md"), "haproxy");
    assert!(!excerpts.is_empty(), "the page shows some of it");
    for excerpt in excerpts {
        assert!(configuration.contains(&excerpt), "this is not in it:\n{excerpt}");
    }
}

#[test]
fn the_programs_that_use_generated_clients_are_those_that_are_run() {
    let page = file("docs/clients.md");
    for (language, programs) in [
        ("python", &["python/quickstart.py", "openapi-python-client/quickstart.py"][..]),
        ("typescript", &["typescript-fetch/quickstart.ts", "openapi-fetch/quickstart.ts"]),
        ("java", &["java/Quickstart.java"]),
        ("go", &["go/quickstart/quickstart.go"]),
        ("rust", &["rust/src/bin/quickstart.rs"]),
    ] {
        let programs: Vec<String> = programs.iter().map(|path| file(&format!("tests/clients/{path}"))).collect();
        assert_eq!(fenced(&page, language), programs);
    }
    let printed = fenced(&page, "text").concat();
    assert!(!printed.is_empty() && file("tests/clients/transcript.txt").starts_with(&printed), "{printed}");
}

#[test]
fn the_generators_are_those_that_are_run_with_the_same_options() {
    let run = ["run", "requirements.txt", "package.json"].map(|name| file(&format!("tests/clients/{name}"))).concat();
    let commands = fenced(&file("docs/clients.md"), "console").concat().replace("\\\n", "");
    let commands = commands
        .lines()
        .filter(|line| line.starts_with("$ pip") || line.starts_with("$ npm") || line.contains("spec/openapi.json"));
    let mut pinned = 0;
    for word in commands.flat_map(str::split_whitespace) {
        let (expected, options) = match (word.split_once('@'), word.split_once("properties=")) {
            (Some((name, version)), _) => (format!("\"{name}\": \"{version}\""), false),
            (_, Some((_, options))) => (format!("\"{options}\""), true),
            _ if word.contains("==") => (word.to_owned(), false),
            _ => continue,
        };
        pinned += usize::from(!options);
        assert!(run.contains(&expected), "{expected}");
    }
    assert_eq!(pinned, 8, "every generator has its version");
}
