//! PostgreSQL freezes under a load of decisions: cached users still get decisions, others get 503, and everything
//! recovers by itself.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{DECISIONS, NUMBER, USER_DECISION, create, with_number};
use crate::{
    database::TestDatabase,
    harness::{App, Running, SERVICE, client, config},
};

const FRIEND: &str = "+3225126777";

/// A PostgreSQL of this test alone.
pub struct Cluster {
    url: String,
    standby: Option<String>,
    keeper: Child,
    frozen: Vec<String>,
}

impl Cluster {
    pub fn start() -> Self {
        Self::start_with(false)
    }

    /// With a standby that follows it.
    pub fn with_standby() -> Self {
        Self::start_with(true)
    }

    fn start_with(standby: bool) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/with-postgres");
        let mut keeper = Command::new(script)
            .args(["sh", "-c", "echo \"$TEST_POSTGRES_URL $TEST_STANDBY_URL\"; exec cat"])
            .env_remove("TEST_POSTGRES_URL")
            .env("WITH_STANDBY", if standby { "1" } else { "" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tools/with-postgres can be run");
        let mut urls = String::new();
        let output = keeper.stdout.take().expect("the output is piped");
        BufReader::new(output).read_line(&mut urls).expect("tools/with-postgres prints where the server is");
        let mut urls = urls.split_whitespace().map(str::to_owned);
        Self { url: urls.next().expect("the server runs"), standby: urls.next(), keeper, frozen: Vec::new() }
    }

    /// Where it is: the URL of its first database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where its standby is, if it has one.
    pub fn standby(&self) -> Option<&str> {
        self.standby.as_deref()
    }

    /// Stops every process of the server where it is.
    pub fn freeze(&mut self, data_directory: &str) {
        let file = fs::read_to_string(Path::new(data_directory).join("postmaster.pid")).expect("the server runs");
        let postmaster = file.lines().next().expect("the first line is the process id").to_owned();
        // The postmaster first, so that it starts no processes while its children are listed.
        self.freeze_all(vec![postmaster.clone()]);
        self.freeze_all(children(&postmaster));
    }

    fn freeze_all(&mut self, processes: Vec<String>) {
        self.frozen.extend(processes.clone());
        signal("STOP", &processes);
        while !processes.iter().all(|process| state(process).is_none_or(|state| ["T", "Z"].contains(&state.as_str()))) {
            std::thread::yield_now();
        }
    }

    /// Lets the stopped processes go on.
    pub fn thaw(&mut self) {
        // The postmaster last: it removes children that have ended, and then they could not be signalled.
        self.frozen.reverse();
        signal("CONT", &std::mem::take(&mut self.frozen));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.thaw();
        // The keeper, and with it the server, ends when its input is closed.
        drop(self.keeper.stdin.take());
        let ended = self.keeper.wait();
        assert!(ended.is_ok() || std::thread::panicking(), "the server ends");
    }
}

fn children(parent: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("/proc lists the processes").flatten();
    let ids = processes.filter_map(|entry| entry.file_name().into_string().ok());
    ids.filter(|id| stat(id, 1).as_deref() == Some(parent)).collect()
}

/// The state of a process: `T` if it is stopped, `Z` if it has ended and its parent has not noticed; `None` if it does
/// not exist.
fn state(process: &str) -> Option<String> {
    stat(process, 0)
}

/// A field of the status of a process, counted after its name (proc(5), `/proc/pid/stat`).
fn stat(process: &str, field: usize) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    Some(status.rsplit(')').next()?.split_whitespace().nth(field)?.to_owned())
}

fn signal(name: &str, processes: &[String]) {
    if !processes.is_empty() {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", processes.join(" "))]).status();
        assert!(sent.is_ok_and(|status| status.success()) || std::thread::panicking(), "the signal {name} is sent");
    }
}

/// Repeats the request until the response is as wanted.
async fn until(app: &App, path: &str, wanted: impl Fn(u16, &Value) -> bool) {
    let began = Instant::now();
    loop {
        let answer = app.post(path, json!({ "callingNumber": FRIEND })).await;
        if wanted(answer.status.as_u16(), &answer.json()) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{path} still answers {}", answer.text);
    }
}

/// Sends requests for a cached user without pause until `stop`; counts them, and checks that all verdicts are the same.
async fn load(url: String, stop: Arc<AtomicBool>, asked: Arc<AtomicU64>) {
    let client = client();
    let call = json!({ "calledNumber": NUMBER, "callingNumber": FRIEND }).to_string();
    while !stop.load(Ordering::Relaxed) {
        let sent = client.post(&url).header("Content-Type", "application/json").body(call.clone()).send().await;
        let answer = sent.expect("the server answers");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("the answer arrives whole");
        assert!(status == 200 && text.contains("criteria_matched"), "{status} {text}");
        asked.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_continue_from_the_cache_while_postgres_is_frozen() {
    let mut cluster = Cluster::start();
    let database = TestDatabase::of(cluster.url.clone()).await;
    let data_directory = database.show("data_directory").await;
    let mut configuration = config(&database.url);
    configuration.decisions.deadline = Duration::from_millis(150);
    configuration.decisions.staleness = Duration::from_millis(500);
    configuration.request_timeout = Duration::from_secs(1);
    let app = with_number(App::on(database, Running::start(configuration).await)).await;
    create(&app, "friends", &[FRIEND]).await;
    let users = "/api/v1/tenants/foo/groups/foogroup/users/";
    app.post(users, json!({ "userId": "other" })).await.expect(201);
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    app.post(&format!("{users}other/services/"), services).await.expect(200);
    let (known, unknown) = (USER_DECISION, USER_DECISION.replace("foouser", "other"));
    until(&app, known, |status, _| status == 200).await;

    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let url = app.url(DECISIONS);
    // Before that, the deadline may be exceeded on a busy machine.
    let call = json!({ "calledNumber": NUMBER, "callingNumber": FRIEND });
    while app.post(DECISIONS, call.clone()).await.status != 200 {
        tokio::task::yield_now().await;
    }
    let loads: Vec<_> = (0..4).map(|_| tokio::spawn(load(url.clone(), stop.clone(), asked.clone()))).collect();
    cluster.freeze(&data_directory);
    for _ in 0..3 {
        let answer = app.post(&unknown, json!({})).await;
        answer.expect_problem(503, "database_unavailable");
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    }
    until(&app, known, |status, decision| status == 200 && decision["stale"] == true).await;
    app.post(&unknown, json!({})).await.expect_problem(503, "database_unavailable");
    // A failed write does not invalidate snapshots.
    assert_eq!(app.put("/api/v1/tenants/foo/", json!({ "region": "FR" })).await.status, 503);
    let before = asked.load(Ordering::Relaxed);
    while asked.load(Ordering::Relaxed) < before + 100 {
        tokio::task::yield_now().await;
    }

    cluster.thaw();
    until(&app, known, |status, decision| status == 200 && decision["stale"].is_null()).await;
    until(&app, &unknown, |status, decision| status == 200 && decision["reason"] == "no_active_criteria").await;
    app.put(SERVICE, json!({ "criteria": [{ "name": "family", "fromDnCriteria": { "selection": "Any" } }] }))
        .await
        .expect(200);
    stop.store(true, Ordering::Relaxed);
    for load in loads {
        load.await.expect("every answer under the load was the verdict");
    }
}
