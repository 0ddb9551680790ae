//! A log that cannot be written does not block requests.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStderr, Command, Stdio},
};

use crate::{
    database::{Kind, TestDatabase},
    harness::{client, stranger},
    scrape::Scrape,
};

/// The command with its log in a pipe.
pub struct Server {
    process: Child,
    /// Until its reader is gone.
    log: Option<BufReader<ChildStderr>>,
    url: String,
    /// The lines of the log that were read.
    lines: Vec<String>,
    _database: TestDatabase,
}

impl Server {
    async fn start() -> Self {
        Self::start_with(TestDatabase::create(Kind::Sqlite).await, &[])
    }

    /// Starts with further arguments.
    pub fn start_with(database: TestDatabase, arguments: &[String]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_call-acceptance"))
            .env_clear()
            .args(["--listen", "127.0.0.1:0", "--database-url", &database.url])
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let log = BufReader::new(process.stderr.take().expect("the log is read here"));
        let mut server = Self { process, log: Some(log), url: String::new(), lines: Vec::new(), _database: database };
        let line = server.line_with("serving on ");
        let url = line.split("serving on ").nth(1).and_then(|rest| rest.split(',').next()).expect("it says where");
        url.clone_into(&mut server.url);
        server
    }

    /// Its base URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits for the next line of the log with this in it.
    pub fn line_with(&mut self, part: &str) -> String {
        let log = self.log.as_mut().expect("the log is read here");
        loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).expect("the log is text") > 0, "the log has {part:?}");
            self.lines.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Stops it by SIGTERM, and waits until it has ended.
    pub fn stop(&mut self) {
        let told = Command::new("kill").arg(self.process.id().to_string()).status().expect("the command runs");
        assert!(told.success());
        let ended = self.process.wait().expect("it ends");
        assert!(ended.success(), "{ended}");
    }

    /// Causes this number of long log lines; every request gets a response.
    async fn log_lines(&self, count: usize) {
        let client = client();
        let path = "x".repeat(8_000);
        for _ in 0..count {
            let answer = client.get(format!("{}/{path}", self.url)).send().await.expect("the server answers");
            assert_eq!(answer.status().as_u16(), 404);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Neither fails unless the process has ended already.
        let _ = self.process.kill().is_ok() && self.process.wait().is_ok();
    }
}

// At the start sqlx asks whether PostgreSQL's notices are wanted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_line_is_lost_after_a_library_has_asked_for_one_that_is_not_wanted() {
    let log = ["--log".to_owned(), "call_acceptance=info".to_owned()];
    let server = Server::start_with(TestDatabase::create(Kind::Postgres).await, &log);
    assert!(server.lines.iter().any(|line| line.contains("starting version=")), "{:?}", server.lines);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_nobody_reads_drops_lines_and_reports_how_many() {
    let mut server = Server::start().await;
    // What the pipe and the queue hold, and more.
    server.log_lines(250).await;
    let found = std::thread::scope(|scope| {
        let log = server.log.as_mut().expect("it is there");
        let reader = scope.spawn(move || log.lines().map_while(Result::ok).find(|line| line.contains("were dropped")));
        reader.join().expect("the reader reads")
    });
    let text = stranger().get(format!("{}/metrics", server.url)).send().await.expect("the server answers");
    let scrape = Scrape::parse(&text.text().await.expect("the metrics arrive whole"));
    assert!(scrape.value("call_acceptance_log_lines_dropped_total") > 0.0);
    let found = found.expect("the log says that lines were dropped");
    assert!(found.contains("dropped=") && found.contains("WARN"), "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_continues_when_the_reader_of_its_log_is_gone() {
    let mut server = Server::start().await;
    drop(server.log.take());
    server.log_lines(50).await;
}
