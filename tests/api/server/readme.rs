//! What the README prints is what is there: the answers of its session, the programs that use generated clients, the
//! proxy's configuration.

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
    let to = readme.find("### Generated clients").expect("the README goes on after it");
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
async fn the_session_of_the_readme_answers_as_printed() {
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
    assert_eq!(answers, 11, "so many answers are printed");
}

/// What stands in the README between the fences of code of a language.
fn fenced(readme: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let opened = readme.split(&fence).skip(1);
    opened.filter_map(|rest| Some(rest.split_once("```")?.0.to_owned())).collect()
}

#[test]
fn the_excerpts_of_the_proxys_configuration_are_in_it() {
    let configuration = file("tests/kamailio/kamailio.cfg");
    let excerpts = fenced(&file("README.md"), "kamailio");
    assert!(!excerpts.is_empty(), "the README shows some of it");
    for excerpt in excerpts {
        assert!(configuration.contains(&excerpt), "this is not in it:\n{excerpt}");
    }
}

#[test]
fn the_programs_that_use_generated_clients_are_those_that_are_run() {
    let readme = file("README.md");
    for (language, programs) in [
        ("python", &["python/quickstart.py", "openapi-python-client/quickstart.py"][..]),
        ("typescript", &["typescript-fetch/quickstart.ts", "openapi-fetch/quickstart.ts"]),
        ("java", &["java/Quickstart.java"]),
        ("go", &["go/quickstart/quickstart.go"]),
        ("rust", &["rust/src/bin/quickstart.rs"]),
    ] {
        let programs: Vec<String> = programs.iter().map(|path| file(&format!("tests/clients/{path}"))).collect();
        assert_eq!(fenced(&readme, language), programs);
    }
    let printed = fenced(&readme, "text").concat();
    assert!(!printed.is_empty() && file("tests/clients/transcript.txt").starts_with(&printed), "{printed}");
}

#[test]
fn the_generators_are_those_that_are_run_with_the_same_options() {
    let run = ["run", "requirements.txt", "package.json"].map(|name| file(&format!("tests/clients/{name}"))).concat();
    let commands = fenced(&file("README.md"), "console").concat().replace("\\\n", "");
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
