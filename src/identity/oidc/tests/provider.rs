//! A fake provider on a loopback address, with responses set by tests.

use std::collections::HashMap;

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::*;

const DISCOVERY: &str = "/.well-known/openid-configuration";

/// A provider that runs as long as the test's runtime.
pub struct FakeProvider {
    pub issuer: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// The responses by path, and the paths of all requests.
    state: Mutex<(HashMap<String, String>, Vec<String>)>,
    /// No response is sent while it is locked.
    gate: tokio::sync::Mutex<()>,
}

impl FakeProvider {
    /// Starts a provider that publishes these keys.
    pub async fn start(jwks: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let issuer = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let shared = Arc::<Shared>::default();
        let provider = Self { issuer, shared: Arc::clone(&shared) };
        provider.discovery(&json!({"issuer": provider.issuer, "jwks_uri": format!("{}/jwks", provider.issuer)}));
        provider.publish(jwks);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&shared)));
            }
        });
        provider
    }

    /// Publishes these keys in place of the previous ones.
    pub fn publish(&self, jwks: &[Value]) {
        self.answer("/jwks", "200 OK", &json!({"keys": jwks}).to_string());
    }

    /// Sets the discovery document.
    pub fn discovery(&self, document: &Value) {
        self.answer(DISCOVERY, "200 OK", &document.to_string());
    }

    /// Answers 503 from now on.
    pub fn fail(&self) {
        self.answer(DISCOVERY, "503 Service Unavailable", "");
    }

    /// Sets the response of a path: the status line, which may be followed by header fields, and the body.
    pub fn answer(&self, path: &str, status: &str, body: &str) {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        self.shared.state().0.insert(path.to_owned(), answer);
    }

    /// The number of requests for the discovery document, one in each fetch.
    pub fn fetches(&self) -> usize {
        self.asked_for(DISCOVERY)
    }

    /// The number of requests for a path.
    pub fn asked_for(&self, path: &str) -> usize {
        self.shared.state().1.iter().filter(|asked| *asked == path).count()
    }

    /// Sends no responses until the result is dropped.
    pub async fn hold(&self) -> impl Drop {
        self.shared.gate.lock().await
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, (HashMap<String, String>, Vec<String>)> {
        self.state.lock().expect("nothing panics while it holds the answers")
    }
}

async fn answer(stream: TcpStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.expect("a request can be read") == 0 {
            return;
        }
    }
    let path = head.split(' ').nth(1).expect("a request has a path").to_owned();
    shared.state().1.push(path.clone());
    let _open = shared.gate.lock().await;
    let answer = shared.state().0.get(&path).cloned().unwrap_or_else(|| "HTTP/1.1 404 Not Found\r\n\r\n".to_owned());
    // A client that finds the response too long disconnects in the middle of it.
    let _ = stream.write_all(answer.as_bytes()).await;
}
