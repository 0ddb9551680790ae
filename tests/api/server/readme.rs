//! What the README prints is what is there: the answers of its first session, the proxy's configuration.

use std::{fs, path::Path, process::Command};

use crate::{
    database::{ADMIN, Kind},
    harness::{App, Running, config},
};

/// The address that the README's server listens on.
const PRINTED: &str = "http://127.0.0.1:8080";

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("the file can be read")
}

/// The commands of the session with the answers that they print, in order.
fn session() -> Vec<(String, String)> {
    let readme = file("README.md");
    let from = readme.find("## A first session").expect("the README has a first session");
    let to = readme.find("## Using the API").expect("the README goes on after it");
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in readme[from..to].split("```").skip(1).step_by(2).flat_map(str::lines) {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), String::new())),
            (None, Some((_, answer))) if line.starts_with('{') => answer.push_str(line),
            (None, Some((command, answer))) if answer.is_empty() && line != "console" => {
                command.push('\n');
                command.push_str(line);
            }
            _ => {}
        }
    }
    commands
}

/// `answer` without the identifier of its request, which is another one each time.
fn comparable(answer: &str) -> String {
    match answer.split_once("\"instance\":\"") {
        Some((before, after)) => format!("{before}{}", after.split_once('"').map_or("", |(_, rest)| rest)),
        None => answer.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_session_of_the_readme_answers_as_printed() {
    let App { database, .. } = App::start(Kind::Sqlite).await;
    let demo =
        Command::new(env!("CARGO_BIN_EXE_call-acceptance")).arg("demo").env("DATABASE_URL", &database.url).output();
    assert!(demo.expect("the command runs").status.success());
    let server = Running::start(config(&database.url)).await;
    let mut variables = String::new();
    let mut answers = 0;
    for (command, printed) in session() {
        let command = command.replace(PRINTED, &server.url()).replace("ca_<id>_<secret>", &ADMIN.text());
        if printed.is_empty() {
            variables.push_str(&format!("{command}\n"));
            continue;
        }
        let script = format!("{variables}\n{}", command.replacen("curl ", "curl --silent --noproxy '*' ", 1));
        let ran = tokio::task::block_in_place(|| Command::new("bash").arg("-c").arg(script).output());
        let answer = String::from_utf8(ran.expect("bash runs").stdout).expect("an answer is text");
        assert_eq!(comparable(&answer), comparable(&printed), "{command}");
        answers += 1;
    }
    assert_eq!(answers, 9, "the session has nine answers");
}

#[test]
fn the_excerpts_of_the_proxys_configuration_are_in_it() {
    let configuration = file("tests/kamailio/kamailio.cfg");
    let readme = file("README.md");
    let excerpts: Vec<&str> =
        readme.split("```kamailio\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
    assert!(!excerpts.is_empty(), "the README shows some of it");
    for excerpt in excerpts {
        assert!(configuration.contains(excerpt), "this is not in it:\n{excerpt}");
    }
}
