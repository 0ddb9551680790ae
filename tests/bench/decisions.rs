//! Decisions a second of one instance, beside a poem handler that answers a constant of the same size: both are asked
//! by `wrk` in turn, in one run, on the same processors.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
};

use poem::{EndpointExt, Route, Server, endpoint::make_sync, listener::TcpAcceptor};
use serde_json::{Value, json};
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USER: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/";
const DECISIONS: &str = "/api/v1/decisions/";
const ROUNDS: usize = 3;
const SECONDS: usize = 5;
const CONNECTIONS: usize = 32;

/// The server, ended with the benchmark.
struct Instance {
    process: Child,
    url: String,
    /// A token that may do everything.
    token: String,
    _folder: TempDir,
}

impl Instance {
    fn start(log: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("bench.db").display());
        let token = Command::new(env!("CARGO_BIN_EXE_call-acceptance"))
            .args(["token", "create", "--role", "system_admin", "--log", "warn", "--database-url", &url])
            .output()
            .expect("a token can be made");
        let token = String::from_utf8(token.stdout).expect("a token is text").trim().to_owned();
        let mut process = Command::new(env!("CARGO_BIN_EXE_call-acceptance"))
            .args(["--listen", "127.0.0.1:0", "--database-url", &url, "--log", log])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server can be started");
        let mut lines = BufReader::new(process.stderr.take().expect("its log is piped"));
        let mut line = String::new();
        let url = loop {
            line.clear();
            assert!(lines.read_line(&mut line).is_ok_and(|length| length > 0), "the server says where it listens");
            if let Some((_, rest)) = line.split_once("serving on ") {
                break rest.split(',').next().unwrap_or_default().trim().to_owned();
            }
        };
        // Reads on, so that the server never waits for the pipe.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self { process, url, token, _folder: folder }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let ended = self.process.kill().and_then(|()| self.process.wait());
        assert!(ended.is_ok() || std::thread::panicking(), "the server ends");
    }
}

async fn send(instance: &Instance, path: &str, body: Value) -> String {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client can be built");
    let request = client.post(format!("{}{path}", instance.url)).bearer_auth(&instance.token);
    let request = request.header("Content-Type", "application/json").body(body.to_string());
    let answer = request.send().await.expect("the server answers");
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.text().await.expect("the answer arrives whole")
}

/// A user with three criteria and twenty numbers.
async fn provision(instance: &Instance) {
    let post = async |path: String, body| send(instance, &path, body).await;
    post("/api/v1/tenants/".to_owned(), json!({ "tenantId": "foo", "region": "BE", "timeZone": "Europe/Brussels" }))
        .await;
    post("/api/v1/tenants/foo/groups/".to_owned(), json!({ "groupId": "foogroup" })).await;
    let user = json!({ "userId": "foouser", "phoneNumber": "+3225550100" });
    post("/api/v1/tenants/foo/groups/foogroup/users/".to_owned(), user).await;
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    post(format!("{USER}services/"), services).await;
    let friday = json!({ "name": "Fridays", "periods": [
        { "name": "Friday", "type": "Day of the week", "dayOfWeek": "Friday", "startTime": "9:00", "stopTime": "17:00" }
    ] });
    post(format!("{USER}time_schedules/"), friday).await;
    let numbers: Vec<String> = (0..20).map(|at| format!("+32251267{at:02}")).collect();
    for criteria in [
        json!({
            "name": "sales", "doNotPerformAction": true, "fromDnCriteria": {
                "selection": "Specified Only", "phoneNumbers": ["+3278*"]
            }
        }),
        json!({
            "name": "fridays", "fromDnCriteria": { "selection": "Any" },
            "timeSchedule": { "level": "User", "name": "Fridays" }
        }),
        json!({ "name": "friends", "fromDnCriteria": { "selection": "Specified Only", "phoneNumbers": numbers } }),
    ] {
        post(format!("{USER}services/selective_call_acceptance/criteria/"), criteria).await;
    }
}

/// A handler that answers `text` and nothing else, on poem's own server.
async fn constant(text: String) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.set_nonblocking(true).expect("the listener can be asynchronous");
    let url = format!("http://{}", listener.local_addr().expect("the listener has an address"));
    let answer = make_sync(move |_| text.clone())
        .with(poem::middleware::SetHeader::new().overriding("Content-Type", "application/json"));
    let route = Route::new().at(DECISIONS, answer.map_to_response());
    let acceptor = TcpAcceptor::from_std(listener).expect("the listener can be accepted from");
    tokio::spawn(Server::new_with_acceptor(acceptor).run(route));
    url
}

/// Answers a second, as `wrk` counts them; every one of them must be a success.
fn load(url: &str, script: Option<&std::path::Path>) -> f64 {
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{SECONDS}s")]);
    if let Some(script) = script {
        wrk.arg("-s").arg(script);
    }
    let ran = wrk.arg(url).output().expect("wrk can be run; `make bench` installs it");
    let report = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(!report.contains("Non-2xx"), "{report}");
    let line = report.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    line.and_then(|figure| figure.trim().parse().ok()).unwrap_or_else(|| panic!("{report}"))
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[tokio::main]
async fn main() {
    let call = json!({ "calledNumber": "+3225550100", "callingNumber": "+3225126719", "at": "2026-11-24T12:00:00Z" });
    let query = "calledNumber=%2B3225550100&callingNumber=%2B3225126719&at=2026-11-24T12:00:00Z";
    let (logging, silent) = (Instance::start("info"), Instance::start("call_acceptance::cli=info,warn"));
    let mut answer = String::new();
    for instance in [&logging, &silent] {
        provision(instance).await;
        answer = send(instance, DECISIONS, call.clone()).await;
        assert!(answer.contains("friends"), "{answer}");
    }
    let constant = constant(answer).await;
    let folder = TempDir::new().expect("a temporary folder can be made");
    let script = |name: &str, instance: &Instance, method: &str| {
        let path = folder.path().join(name);
        let body = if method == "POST" { format!("wrk.body = '{call}'\n") } else { String::new() };
        let lua = format!(
            "wrk.method = '{method}'\n{body}wrk.headers['Content-Type'] = 'application/json'\n\
             wrk.headers['Authorization'] = 'Bearer {}'\n",
            instance.token
        );
        std::fs::write(&path, lua).expect("the script can be written");
        Some(path)
    };
    let cases = [
        ("constant", format!("{constant}{DECISIONS}"), None),
        ("decision by POST", format!("{}{DECISIONS}", silent.url), script("post.lua", &silent, "POST")),
        ("decision by GET", format!("{}{DECISIONS}?{query}", silent.url), script("get.lua", &silent, "GET")),
        (
            "decision by POST, each logged",
            format!("{}{DECISIONS}", logging.url),
            script("logged.lua", &logging, "POST"),
        ),
    ];
    let mut figures = vec![Vec::new(); cases.len()];
    for _ in 0..ROUNDS {
        for ((_, url, script), figures) in cases.iter().zip(&mut figures) {
            figures.push(tokio::task::block_in_place(|| load(url, script.as_deref())));
        }
    }
    let medians: Vec<f64> = figures.into_iter().map(median).collect();
    let mut output = std::io::stdout().lock();
    for ((name, ..), figure) in cases.iter().zip(&medians) {
        let ratio = figure / medians[0];
        writeln!(output, "{name:<32} {figure:>9.0} a second   {ratio:.2} of the constant")
            .expect("the output takes it");
    }
}
