//! The decision server, the proxy and the callee, all on loopback and on ports of their own.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::UdpSocket,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    calls::{Call, Verdict},
    processes::Process,
    users,
};

/// All that a call passes. The fields are ended in their order.
pub struct Network {
    _proxy: Process,
    _callee: Process,
    pub decision_server: Process,
    proxy_port: u16,
    folder: TempDir,
}

impl Network {
    /// Starts everything, with users who can be called.
    pub async fn start() -> Self {
        Self::start_trusting("127.0.0.1").await
    }

    /// The same with a proxy that trusts these peers.
    pub async fn start_trusting(peers: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let database_url = format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display());
        let [admin, node] = ["system_admin", "call_processing"].map(|role| token(&database_url, role));
        let (decision_server, url) = start_decision_server(&database_url);
        users::provision(&url, &admin).await;
        let (callee, callee_port) = start_callee();
        let (proxy, proxy_port) = start_proxy(folder.path(), &with_credentials(&url, &node), callee_port, peers);
        let network = Self { _proxy: proxy, _callee: callee, decision_server, proxy_port, folder };
        for (name, port) in [("callee", callee_port), ("proxy", proxy_port)] {
            assert!(answers_options(port), "the {name} does not answer; the proxy says:\n{}", network.proxy_log());
        }
        network
    }

    /// Places the calls, `rate` a second, and gives each one's final answer, empty when there was none.
    pub fn place(&self, calls: &[Call], rate: u32) -> Vec<String> {
        let (csv, log) = (self.folder.path().join("calls.csv"), self.folder.path().join("calls.log"));
        let lines: String = calls.iter().enumerate().map(|(index, call)| call.csv(index)).collect();
        fs::write(&csv, format!("SEQUENTIAL\n{lines}")).expect("the calls can be written");
        let mut sipp = sipp("caller.xml");
        sipp.arg("-inf").arg(csv).arg("-log_file").arg(&log).args(["-trace_logs", "-recv_timeout", "10000"]);
        sipp.args(["-timeout", "120", "-r", &rate.to_string(), "-m", &calls.len().to_string()]);
        sipp.arg(format!("127.0.0.1:{}", self.proxy_port));
        let mut caller = Process::start(&mut sipp, "KILL");
        // What it counts as failed may have its answer all the same: a message out of order is enough.
        caller.child.wait().expect("the caller can be waited for");

        let mut answers = vec![String::new(); calls.len()];
        for line in fs::read_to_string(log).expect("the caller logs").lines() {
            let (index, answer) = line.split_once(' ').expect("a line has the call's number and its answer");
            answers[index.parse::<usize>().expect("a call's number is one")] = answer.trim().to_owned();
        }
        answers
    }

    /// Asserts that each call got the answer of its verdict, and lists those that did not.
    pub fn assert_answers(&self, calls: &[Call], answers: &[String], verdict: impl Fn(&Call) -> Verdict) {
        let wrong: Vec<String> = calls
            .iter()
            .zip(answers)
            .filter(|(call, answer)| *answer != verdict(call).answer())
            .map(|(call, answer)| format!("{:?} expected, {answer:?} got: {call:?}", verdict(call).answer()))
            .collect();
        let log = self.proxy_log();
        assert!(
            wrong.is_empty(),
            "{} of {} calls:\n{}\nThe proxy says:\n{log}",
            wrong.len(),
            calls.len(),
            wrong.join("\n")
        );
    }

    /// The warnings and errors of the proxy.
    pub fn proxy_log(&self) -> String {
        let log = fs::read_to_string(proxy_log(self.folder.path())).unwrap_or_default();
        log.lines().filter(|line| !line.contains("INFO:")).map(|line| format!("{line}\n")).collect()
    }
}

/// A new token of this role.
fn token(database_url: &str, role: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_call-acceptance"));
    command.args(["token", "create", "--role", role, "--log", "warn", "--database-url", database_url]);
    let output = command.output().expect("the command runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("a token is text").trim().to_owned()
}

/// The URL with a token as user name and password, as the proxy takes it.
fn with_credentials(url: &str, token: &str) -> String {
    let (id, secret) = token.strip_prefix("ca_").and_then(|token| token.split_once('_')).expect("ca_<id>_<secret>");
    url.replacen("http://", &format!("http://{id}:{secret}@"), 1)
}

fn start_decision_server(database_url: &str) -> (Process, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_call-acceptance"));
    command.args(["--listen", "127.0.0.1:0", "--database-url", database_url]);
    // Which verdict comes is the question here, not how soon on a busy machine.
    command.args(["--decision-deadline", "900"]);
    command.args(["--log", "info", "--log-format", "text"]).stdin(Stdio::null()).stderr(Stdio::piped());
    let mut server = Process::start(&mut command, "KILL");
    let mut lines = BufReader::new(server.child.stderr.take().expect("standard error is piped")).lines();
    let url = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let (_, address) = line.split_once("serving on ")?;
        Some(address.split(',').next()?.to_owned())
    });
    // Read to the end, for a server whose log nobody reads stands still.
    thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    (server, url.expect("the server says where it serves"))
}

fn start_callee() -> (Process, u16) {
    let port = free_port();
    (Process::start(sipp("callee.xml").args(["-p", &port.to_string()]), "KILL"), port)
}

fn start_proxy(folder: &Path, decision_server: &str, next_hop: u16, trusted: &str) -> (Process, u16) {
    let port = free_port();
    let log = File::create(proxy_log(folder)).expect("the proxy's log can be written");
    let mut command = Command::new("kamailio");
    command
        .args(["-DD", "-E", "-m", "256", "-Y"])
        .arg(folder)
        .arg("-f")
        .arg(in_repository("deploy/kamailio/kamailio.cfg"));
    for definition in [
        format!("LISTEN=udp:127.0.0.1:{port}"),
        format!("NEXT_HOP=\"sip:127.0.0.1:{next_hop}\""),
        format!("TRUSTED_PEERS=\"{trusted}\""),
        format!("DECISION_SERVER=\"decisions=>{decision_server};timeout=1\""),
    ] {
        command.arg("-A").arg(definition);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    // Its first process ends the others.
    (Process::start(&mut command, "TERM"), port)
}

fn sipp(file: &str) -> Command {
    let mut command = Command::new("sipp");
    command.arg("-sf").arg(scenario(file)).args([
        "-i",
        "127.0.0.1",
        "-ci",
        "127.0.0.1",
        "-mi",
        "127.0.0.1",
        "-nostdin",
    ]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn scenario(file: &str) -> PathBuf {
    in_repository("tests/sip").join(file)
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn proxy_log(folder: &Path) -> PathBuf {
    folder.join("kamailio.log")
}

fn free_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    socket.local_addr().expect("a bound socket has an address").port()
}

/// Asks until a SIP program answers on the port, for half a minute.
fn answers_options(port: u16) -> bool {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    let own = socket.local_addr().expect("a bound socket has an address");
    socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket takes a time-out");
    let deadline = Instant::now() + Duration::from_secs(30);
    (1..).take_while(|_| Instant::now() < deadline).any(|attempt| {
        let request = format!(
            "OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{attempt}\r\n\
             From: <sip:test@{own}>;tag=test\r\nTo: <sip:127.0.0.1:{port}>\r\nCall-ID: {attempt}@{own}\r\n\
             CSeq: {attempt} OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        let mut answer = [0; 2000];
        socket.send_to(request.as_bytes(), ("127.0.0.1", port)).is_ok()
            && socket.recv(&mut answer).is_ok_and(|length| answer[..length].starts_with(b"SIP/2.0 200 "))
    })
}
