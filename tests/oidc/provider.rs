//! A real OpenID provider, npm `oidc-provider`, in a process of its own. What it can be told stands in `provider.mjs`.

use std::{
    fmt::Display,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::Value;

/// Where `make test-oidc` installs the provider.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/oidc");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oidc/provider.mjs");

/// What a token is to be like.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// Whom it is for.
    pub audience: String,
    /// Further claims: role, tenant, …
    pub claims: Value,
    /// How it is signed.
    pub algorithm: &'static str,
    /// How many seconds it is valid.
    pub lifetime: u32,
}

impl TokenRequest {
    /// A token for this audience that says this, signed with RS256 and valid for five minutes.
    pub fn new(audience: &str, claims: Value) -> Self {
        Self { audience: audience.to_owned(), claims, algorithm: "RS256", lifetime: 300 }
    }
}

/// A running provider, ended with the test.
pub struct Provider {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    issuer: String,
}

impl Provider {
    /// Starts one on a free port.
    pub fn start() -> Self {
        Self::start_on(0)
    }

    /// Starts one with new keys under the issuer of another that was stopped.
    pub fn start_as(issuer: &str) -> Self {
        let port = issuer.rsplit(':').next().and_then(|port| port.parse().ok());
        Self::start_on(port.expect("an issuer ends with its port"))
    }

    fn start_on(port: u16) -> Self {
        let mut process = Command::new("node")
            .args([SCRIPT, FOLDER, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It warns of what is right in a test: that it keeps everything in memory.
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("node does not start ({error}); run make test-oidc"));
        let commands = process.stdin.take().expect("standard input is piped");
        let answers = BufReader::new(process.stdout.take().expect("standard output is piped"));
        let mut provider = Self { process, commands, answers, issuer: String::new() };
        provider.issuer = provider.line();
        provider
    }

    /// The issuer of its tokens.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A token of its token endpoint.
    pub async fn token(&self, request: &TokenRequest) -> String {
        let members: [(&str, &dyn Display); 5] = [
            ("grant_type", &"client_credentials"),
            ("resource", &request.audience),
            ("claims", &request.claims),
            ("alg", &request.algorithm),
            ("ttl", &request.lifetime),
        ];
        let form: Vec<String> = members.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request =
            reqwest::Client::new().post(format!("{}/token", self.issuer)).basic_auth("client", Some("secret"));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.join("&"));
        let answer: Value = request.send().await.expect("the provider answers").json().await.expect("it answers JSON");
        answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }

    /// Signs with new keys; the old ones remain published.
    pub fn rotate(&mut self) {
        assert_eq!(self.command("rotate"), "rotated");
    }

    /// Stops publishing keys that no longer sign.
    pub fn withdraw(&mut self) {
        assert_eq!(self.command("withdraw"), "withdrawn");
    }

    /// How often its keys were asked for.
    pub fn key_requests(&mut self) -> u32 {
        self.command("requests").parse().expect("it answers a number")
    }

    /// Freezes it: it accepts connections and sends no responses.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it continue with the pending requests.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "the signal reaches the provider");
    }

    /// Ends it and waits until it has. Dropping it does the same.
    pub fn stop(self) {}

    fn command(&mut self, command: &str) -> String {
        writeln!(self.commands, "{command}").expect("the provider takes commands");
        self.line()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the provider's output is text");
        assert!(line.ends_with('\n'), "the provider has ended; run make test-oidc, which installs it");
        line.trim_end().to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn encoded(value: &dyn Display) -> String {
    percent_encoding::utf8_percent_encode(&value.to_string(), percent_encoding::NON_ALPHANUMERIC).to_string()
}
