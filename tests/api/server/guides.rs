//! The sessions in README.md and the pages of docs/ produce the printed responses.
//!
//! The `console` blocks of a page are one session over the demonstration data, in order. Assignments of variables and
//! `curl` commands are run; responses are compared as JSON, so that they may be printed with line breaks.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    database::{ADMIN, Kind},
    harness::{App, Running, config},
};

/// The address that the pages print.
const PRINTED: &str = "http://127.0.0.1:8080";
/// A file of public holidays, as the pages load one.
const HOLIDAYS: &str = "tests/api/schedules/belgian_public_holidays.ics";

/// A printed command, and its response; empty if none is printed.
struct Step {
    command: String,
    answer: String,
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn steps(page: &str) -> Vec<Step> {
    let text = fs::read_to_string(project(page)).expect("the page can be read");
    let blocks = text.split("```console\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let mut steps: Vec<Step> = Vec::new();
    for line in blocks.flat_map(|(block, _)| block.lines()) {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command: command.to_owned(), answer: String::new() }),
            (None, Some(step)) if line.starts_with('{') || !step.answer.is_empty() => step.answer.push_str(line),
            (None, Some(step)) => {
                step.command.push('\n');
                step.command.push_str(line);
            }
            (None, None) => panic!("{page}: {line:?} belongs to no command"),
        }
    }
    steps
}

/// The response without the request identifier, which differs each time.
fn comparable(page: &str, command: &str, answer: &str) -> Value {
    let mut value: Value =
        serde_json::from_str(answer).unwrap_or_else(|error| panic!("{page}: {command}: {error}\n{answer}"));
    value.as_object_mut().and_then(|members| members.remove("instance"));
    value
}

/// A shell in its own folder, in the state that a reader has by then.
struct Shell {
    folder: TempDir,
    url: String,
    variables: String,
}

impl Shell {
    fn new(url: String) -> Self {
        let folder = TempDir::new().expect("a folder can be made");
        fs::copy(project(HOLIDAYS), folder.path().join("holidays.ics")).expect("the file can be copied");
        Self { folder, url, variables: String::new() }
    }

    /// The command for this server and its token.
    fn command(&self, printed: &str) -> String {
        let token = ADMIN.text();
        let (id, secret) = token.trim_start_matches("ca_").split_once('_').expect("a token has two parts");
        printed.replace(PRINTED, &self.url).replace("<id>", id).replace("<secret>", secret)
    }

    /// The output of `curl`; a failure is an error unless a response is printed.
    fn curl(&self, step: &Step) -> String {
        let flags = if step.answer.is_empty() { "--fail" } else { "" };
        let curl = step.command.replacen("curl", &format!("curl --silent --noproxy '*' {flags}"), 1);
        let script = format!("{}\n{}", self.variables, self.command(&curl));
        let mut bash = Command::new("bash");
        bash.arg("-c").arg(script).current_dir(self.folder.path());
        let ran = tokio::task::block_in_place(|| bash.output()).expect("bash runs");
        assert!(ran.status.success(), "{}: {ran:?}", step.command);
        String::from_utf8(ran.stdout).expect("an answer is text")
    }
}

/// Runs the session of a page, which must print this number of responses.
async fn is_answered_as_printed(page: &str, answers: usize) {
    let App { database, .. } = App::start(Kind::Sqlite).await;
    let mut demo = Command::new(env!("CARGO_BIN_EXE_call-acceptance"));
    demo.arg("demo").env("DATABASE_URL", &database.url);
    assert!(demo.output().expect("the command runs").status.success());
    let server = Running::start(config(&database.url)).await;
    let mut shell = Shell::new(server.url());
    let mut compared = 0;
    for step in steps(page) {
        if step.command.starts_with("curl ") {
            let answer = shell.curl(&step);
            if !step.answer.is_empty() {
                let [is, printed] = [&answer, &step.answer].map(|text| comparable(page, &step.command, text));
                assert_eq!(is, printed, "{page}: {}", step.command);
                compared += 1;
            }
        } else if step.command.starts_with(|c: char| c.is_ascii_uppercase()) {
            shell.variables.push_str(&format!("{}\n", shell.command(&step.command)));
        }
    }
    assert_eq!(compared, answers, "{page} prints so many answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_steps_of_the_readme_are_answered_as_printed() {
    is_answered_as_printed("README.md", 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_about_clients_is_answered_as_printed() {
    is_answered_as_printed("docs/clients.md", 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_about_sip_is_answered_as_printed() {
    is_answered_as_printed("docs/sip.md", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_about_warnings_is_answered_as_printed() {
    is_answered_as_printed("docs/warnings.md", 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_about_schedules_is_answered_as_printed() {
    is_answered_as_printed("docs/schedules.md", 2).await;
}
