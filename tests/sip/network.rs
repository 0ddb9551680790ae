//! The decision servers, Kamailio and the callee, all on loopback and on ports of their own.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::UdpSocket,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    calls::{Call, Verdict},
    processes::Process,
    users,
};

/// Which configuration of Kamailio is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Configuration {
    /// `kamailio.cfg`, a proxy.
    Proxy,
    /// `redirect.cfg`, a redirect server.
    Redirect,
}

impl Configuration {
    fn file(self) -> &'static str {
        match self {
            Self::Proxy => "kamailio.cfg",
            Self::Redirect => "redirect.cfg",
        }
    }
}

/// What plays announcements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaServer {
    /// It answers calls.
    Present,
    /// It takes messages and never answers.
    Frozen,
    /// There is none.
    Absent,
}

/// What differs between networks.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub configuration: Configuration,
    /// The peers that are trusted; calls come from 127.0.0.1.
    pub trusted: &'static str,
    /// The networks of internal callers.
    pub internal: &'static str,
    /// The number of decision servers, at most 2.
    pub decision_servers: usize,
    /// Whether they share a database; else each has one of its own, with the same users.
    pub shared_database: bool,
    pub media_server: MediaServer,
}

impl Setting {
    /// One decision server, and calls from a trusted peer.
    pub fn of(configuration: Configuration) -> Self {
        let media_server = MediaServer::Present;
        Self {
            configuration,
            trusted: "127.0.0.1",
            internal: "192.0.2.0/24",
            decision_servers: 1,
            shared_database: false,
            media_server,
        }
    }
}

/// All that a call passes. The fields are ended in their order.
pub struct Network {
    _kamailio: Process,
    _callees: [Process; 2],
    pub decision_servers: Vec<Process>,
    /// The URL of each decision server's API, and a token of an administrator.
    apis: Vec<(String, String)>,
    configuration: Configuration,
    port: u16,
    callee_port: u16,
    media_port: Option<u16>,
    _frozen_media_server: UdpSocket,
    folder: TempDir,
}

impl Network {
    /// Starts everything, with users who can be called.
    pub async fn start(setting: Setting) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let (callee, callee_port) = start_callee();
        let (media_server, media_port) = start_callee();
        let mut definitions = vec![
            format!("NEXT_HOP=\"sip:127.0.0.1:{callee_port}\""),
            format!("TRUSTED_PEERS=\"{}\"", setting.trusted),
            format!("INTERNAL_NETWORKS=\"{}\"", setting.internal),
            "INTERNAL_DOMAINS=\"pbx.example,second.example\"".to_owned(),
        ];
        let frozen_media_server = socket();
        let media_port = (setting.media_server == MediaServer::Present).then_some(media_port);
        let frozen_port = (setting.media_server == MediaServer::Frozen).then_some(port_of(&frozen_media_server));
        definitions.extend(media_port.or(frozen_port).map(|port| format!("MEDIA_SERVER=\"127.0.0.1:{port}\"")));
        let (mut decision_servers, mut apis) = (Vec::new(), Vec::new());
        for suffix in ["", "2"].into_iter().take(setting.decision_servers) {
            let database = if setting.shared_database { "" } else { suffix };
            let database = folder.path().join(format!("{database}.db"));
            let is_new = apis.is_empty() || !setting.shared_database;
            let (server, api, url) = decision_server(&database, is_new).await;
            apis.push(api);
            let name = if suffix.is_empty() { "DECISION_SERVER" } else { "DECISION_SERVER_2" };
            definitions.push(format!("{name}=\"decisions{suffix}=>{url};timeout=1\""));
            decision_servers.push(server);
        }
        let Setting { configuration, .. } = setting;
        let (kamailio, port) = start_kamailio(folder.path(), configuration, &definitions);
        let network = Self {
            _kamailio: kamailio,
            _callees: [callee, media_server],
            decision_servers,
            apis,
            configuration,
            port,
            callee_port,
            media_port,
            _frozen_media_server: frozen_media_server,
            folder,
        };
        let media_port = media_port.unwrap_or(callee_port);
        for (name, port) in [("callee", callee_port), ("media server", media_port), ("Kamailio", port)] {
            assert!(answers_options(port), "{name} does not answer; the log of Kamailio:\n{}", network.log());
        }
        network
    }

    /// Places the calls, `rate` a second, and gives each one's final answer, empty when there was none.
    pub fn place(&mut self, calls: &[Call], rate: u32) -> Vec<String> {
        self.place_and_do(calls, rate, calls.len(), |_| ())
    }

    /// The same; does something once this many calls have their answers.
    pub fn place_and_do(
        &mut self,
        calls: &[Call],
        rate: u32,
        answered: usize,
        act: impl FnOnce(&mut Self),
    ) -> Vec<String> {
        let csv = self.folder.path().join("calls.csv");
        let lines: String = calls.iter().enumerate().map(|(index, call)| call.csv(index)).collect();
        fs::write(&csv, format!("SEQUENTIAL\n{lines}")).expect("the calls can be written");
        let mut sipp = sipp("caller.xml");
        sipp.arg("-inf").arg(csv).args(["-log_file", "/dev/stderr", "-trace_logs", "-recv_timeout", "10000"]);
        sipp.args(["-timeout", "120", "-r", &rate.to_string(), "-m", &calls.len().to_string()]);
        sipp.arg(format!("127.0.0.1:{}", self.port)).stderr(Stdio::piped());
        let mut caller = Process::start(&mut sipp, "KILL");
        let log = BufReader::new(caller.child.stderr.take().expect("standard error is piped"));
        let mut logged = log.lines().map_while(Result::ok).filter_map(|line| read_answer(&line));
        let mut answers = vec![String::new(); calls.len()];
        for (index, answer) in logged.by_ref().take(answered) {
            answers[index] = answer;
        }
        act(self);
        for (index, answer) in logged {
            answers[index] = answer;
        }
        // What it counts as failed may have its answer all the same: a message out of order is enough.
        caller.child.wait().expect("the caller can be waited for");
        answers
    }

    /// Calls this number and hangs up before there is an answer. Gives the status of the final answers to INVITE and
    /// CANCEL, in the order in which they come.
    pub fn hang_up_early(&self, called: &str) -> Vec<String> {
        let socket = socket();
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket takes a time-out");
        let send = |method| {
            let request = request(method, &format!("sip:{called}@127.0.0.1:{}", self.port), "early", port_of(&socket));
            socket.send_to(request.as_bytes(), ("127.0.0.1", self.port)).expect("loopback takes messages");
        };
        let receive = || {
            let mut message = [0; 2000];
            let length = socket.recv(&mut message).expect("there is an answer");
            String::from_utf8_lossy(&message[..length]).split(' ').nth(1).unwrap_or_default().to_owned()
        };
        send("INVITE");
        assert_eq!(receive(), "100", "the call is in progress");
        send("CANCEL");
        let answers = [receive(), receive()];
        send("ACK");
        answers.into()
    }

    /// The final answer to a call with this verdict, as [`Network::place`] gives it.
    pub fn answer(&self, call: &Call, verdict: Verdict) -> String {
        match (verdict, self.media_port) {
            (Verdict::Accept, _) => self.connected(&call.called, self.callee_port),
            (Verdict::Announce(announcement, _), Some(media_port)) => self.connected(announcement, media_port),
            (Verdict::Refuse(answer) | Verdict::Announce(_, answer), _) => answer.to_owned(),
        }
    }

    /// The answer to a call that is connected to this user at this port.
    fn connected(&self, user: &str, port: u16) -> String {
        let status = match self.configuration {
            Configuration::Proxy => "200 OK",
            Configuration::Redirect => "302 Moved Temporarily",
        };
        format!("{status}, Contact: <sip:{user}@127.0.0.1:{port}>")
    }

    /// Asserts that each call got the answer of its verdict, and lists those that did not.
    pub fn assert_answers(&self, calls: &[Call], answers: &[String], verdict: impl Fn(&Call) -> Verdict) {
        self.assert_answers_but(0, calls, answers, verdict);
    }

    /// The same; so many calls may have been accepted without a verdict.
    pub fn assert_answers_but(
        &self,
        few: usize,
        calls: &[Call],
        answers: &[String],
        verdict: impl Fn(&Call) -> Verdict,
    ) {
        let wrong: Vec<String> = calls
            .iter()
            .zip(answers)
            .filter(|(call, answer)| **answer != self.answer(call, verdict(call)))
            .map(|(call, answer)| format!("{:?} expected, {answer:?} got: {call:?}", self.answer(call, verdict(call))))
            .collect();
        let accepted = |(call, answer): &(&Call, &String)| **answer == self.answer(call, Verdict::Accept);
        let without_verdict = calls.iter().zip(answers).filter(accepted).count();
        let due = calls.iter().filter(|call| verdict(call) == Verdict::Accept).count();
        assert!(
            wrong.len() <= few && without_verdict == due + wrong.len(),
            "{} of {} calls:\n{}\nThe log of Kamailio:\n{}",
            wrong.len(),
            calls.len(),
            wrong.join("\n"),
            self.log()
        );
    }

    /// How many calls to the users of all tenants were accepted and refused, as this decision server's API has it.
    pub async fn counted(&self, decision_server: usize) -> [i64; 2] {
        let (url, token) = &self.apis[decision_server];
        let client = reqwest::Client::builder().no_proxy().build().expect("a client can be built");
        let mut counted = [0; 2];
        for tenant in users::TENANT_IDS {
            let request = client.get(format!("{url}/api/v1/tenants/{tenant}/statistics/")).bearer_auth(token);
            let answer = request.send().await.expect("the server answers");
            let statistics: Value = answer.json().await.expect("statistics are JSON");
            for (counted, verdict) in counted.iter_mut().zip(["accepted", "rejected"]) {
                *counted += statistics[verdict].as_i64().expect("a number");
            }
        }
        counted
    }

    /// The warnings and errors of Kamailio.
    pub fn log(&self) -> String {
        let log = fs::read_to_string(log_file(self.folder.path())).unwrap_or_default();
        log.lines().filter(|line| !line.contains("INFO:")).map(|line| format!("{line}\n")).collect()
    }
}

/// A call's number and its final answer from a line of the caller's log: status and phrase, then Reason and Contact if
/// there are. `None` for other lines.
fn read_answer(line: &str) -> Option<(usize, String)> {
    let parts: Vec<&str> = line.split('|').map(str::trim).collect();
    let [index, status, reason, contact] = parts[..] else { return None };
    let mut answer = status.to_owned();
    for (name, value) in [("Reason", reason), ("Contact", contact)] {
        if !value.is_empty() {
            answer.push_str(&format!(", {name}: {value}"));
        }
    }
    Some((index.parse().ok()?, answer))
}

/// A decision server on a database, which gets users if it is new; the URL of its API with an administrator's token,
/// and the URL with the credentials of a node.
async fn decision_server(database: &Path, is_new: bool) -> (Process, (String, String), String) {
    let database_url = format!("sqlite://{}?mode=rwc", database.display());
    let [admin, node] = ["system_admin", "call_processing"].map(|role| token(&database_url, role));
    let (server, url) = start_decision_server(&database_url);
    if is_new {
        users::provision(&url, &admin).await;
    }
    let with_credentials = with_credentials(&url, &node);
    (server, (url, admin), with_credentials)
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

fn start_kamailio(folder: &Path, configuration: Configuration, definitions: &[String]) -> (Process, u16) {
    let port = free_port();
    let log = File::create(log_file(folder)).expect("the log of Kamailio can be written");
    let mut command = Command::new("kamailio");
    command
        .args(["-DD", "-E", "-m", "256", "-Y"])
        .arg(folder)
        .arg("-f")
        .arg(in_repository("deploy/kamailio").join(configuration.file()))
        .arg("-A")
        .arg(format!("LISTEN=udp:127.0.0.1:{port}"));
    for definition in definitions {
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

fn log_file(folder: &Path) -> PathBuf {
    folder.join("kamailio.log")
}

fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").expect("there is a free port")
}

fn port_of(socket: &UdpSocket) -> u16 {
    socket.local_addr().expect("a bound socket has an address").port()
}

fn free_port() -> u16 {
    port_of(&socket())
}

/// A request from this port. Those with the same name are of one transaction.
fn request(method: &str, uri: &str, name: &str, port: u16) -> String {
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{name}\r\n\
         From: <sip:test@127.0.0.1:{port}>;tag=test\r\nTo: <{uri}>\r\nCall-ID: {name}@127.0.0.1:{port}\r\n\
         CSeq: 1 {method}\r\nContact: <sip:test@127.0.0.1:{port}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Asks until a SIP program answers on the port, for half a minute.
fn answers_options(port: u16) -> bool {
    let socket = socket();
    socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket takes a time-out");
    let deadline = Instant::now() + Duration::from_secs(30);
    (1..).take_while(|_| Instant::now() < deadline).any(|attempt| {
        let uri = format!("sip:127.0.0.1:{port}");
        let request = request("OPTIONS", &uri, &format!("attempt{attempt}"), port_of(&socket));
        let mut answer = [0; 2000];
        socket.send_to(request.as_bytes(), ("127.0.0.1", port)).is_ok()
            && socket.recv(&mut answer).is_ok_and(|length| answer[..length].starts_with(b"SIP/2.0 200 "))
    })
}
