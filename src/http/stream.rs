//! The streams of a connection, with what hyper leaves to them.
//!
//! - [`TimedStream`], on TCP: a client that does not read its answer is disconnected, and one that reads much takes
//!   turns with others.
//! - [`ClientStream`], above it or above TLS, for HTTP/1.1: what hyper cannot parse it answers itself, with a status
//!   and an empty body, and it has no hook for that. Its answer is recognised as it is written, and a problem with a
//!   request id takes its place, with a line in the log. What is left: a client that speaks HTTP/2 without having
//!   agreed on it, or sends no head in time, is disconnected without an answer.

use std::{
    future::Future,
    io::{self, IoSlice},
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes};
use call_acceptance_api::wire::problem::{Problem, ProblemCode, Refusal};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Sleep,
};
use tokio_io_timeout::TimeoutStream;

use super::{context::RequestId, head::TOO_LARGE, metrics::METRICS};
use crate::clock::Clock;

/// How long the rest of what a refused client sends is read, so that it gets to read its answer.
const LINGER: Duration = Duration::from_secs(1);
/// The greatest length of an answer that hyper makes itself.
const LONGEST: usize = 256;
/// How hyper's own answers begin, and what each is.
const ANSWERS: [(&[u8], ProblemCode, &str); 3] = [
    (
        b"HTTP/1.1 400 Bad Request\r\n",
        ProblemCode::MalformedRequest,
        "This is not a request of HTTP/1.1: its first line, a header or a length in it cannot be read.",
    ),
    (b"HTTP/1.1 414 URI Too Long\r\n", ProblemCode::HeadTooLarge, TOO_LARGE),
    (b"HTTP/1.1 431 Request Header Fields Too Large\r\n", ProblemCode::HeadTooLarge, TOO_LARGE),
];

/// How many bytes a connection writes before the others have their turn. The copy to the system takes some 20 µs.
const TURN: usize = 64 * 1024;

/// A TCP connection to a client, which has to read what is written.
pub struct TimedStream {
    stream: Pin<Box<TimeoutStream<TcpStream>>>,
    /// The bytes written in this turn.
    written: usize,
}

impl TimedStream {
    /// Over a connection whose client has so long to read more of what is written.
    pub fn over(stream: TcpStream, write_timeout: Duration) -> Self {
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(write_timeout));
        Self { stream: Box::pin(stream), written: 0 }
    }

    /// Writes at most as much as one turn allows.
    fn poll_write_some(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut length = 0;
        let fitting = slices.iter().take_while(|slice| {
            length += slice.len();
            length <= TURN
        });
        match (fitting.count(), slices) {
            (0, [first, ..]) => self.stream.as_mut().poll_write(cx, &first[..TURN]),
            (fitting, _) => self.stream.as_mut().poll_write_vectored(cx, &slices[..fitting]),
        }
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    /// Writes; a client that did not read in time is hung up on, and what waits for it in the system is thrown away.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.written >= TURN {
            self.written = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Poll::Ready(written) = self.poll_write_some(cx, slices) else {
            self.written = 0;
            return Poll::Pending;
        };
        self.written += written.as_ref().copied().unwrap_or_default();
        if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            self.stream.get_ref().set_zero_linger()?;
        }
        Poll::Ready(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(cx)
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(cx, buffer)
    }
}

/// A connection to a client, on which hyper's own answers become problems.
pub struct ClientStream<S> {
    stream: S,
    client: IpAddr,
    /// Makes the identifiers of requests.
    clock: Arc<dyn Clock>,
    /// Whether something was read that nothing was written to yet.
    unanswered: Arc<AtomicBool>,
    /// What is still to be written in place of hyper's answer.
    answer: Bytes,
    linger: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> ClientStream<S> {
    /// Over a stream from this client.
    pub fn over(stream: S, client: IpAddr, clock: Arc<dyn Clock>) -> Self {
        Self { stream, client, clock, unanswered: Arc::default(), answer: Bytes::new(), linger: None }
    }

    /// Whether the client sent something that it got no answer to yet. A connection that is only idle has none.
    pub fn unanswered(&self) -> Arc<AtomicBool> {
        self.unanswered.clone()
    }

    fn poll_write_stream(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.unanswered.store(false, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    /// Writes what there is of the answer.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.answer.has_remaining() {
            let answer = self.answer.clone();
            let written = ready!(self.poll_write_stream(cx, &[IoSlice::new(&answer)]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.answer.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads and forgets, until the client has sent all, or long enough: a connection that is closed with something
    /// unread in it is reset, and the answer lost.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(linger) = &mut self.linger else { return Poll::Ready(()) };
        if linger.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let mut scratch = [0; 8192];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

/// Where in the last of `slices` an answer of hyper's own begins, and which it is.
fn answer_of_hyper(slices: &[IoSlice<'_>]) -> Option<(usize, ProblemCode, &'static str)> {
    let last = slices.iter().rev().find(|slice| !slice.is_empty())?;
    if !last.ends_with(b"\r\n\r\n") {
        return None;
    }
    let tail = last.len().saturating_sub(LONGEST);
    let (at, code, detail) = ANSWERS.into_iter().find_map(|(begin, code, detail)| {
        let found = last[tail..].windows(begin.len()).rposition(|window| window == begin)?;
        Some((tail + found, code, detail))
    })?;
    // Every answer of the server's own has an identifier, and a problem has a body.
    let head = last[at..].to_ascii_lowercase();
    let bare = head.windows(19).any(|window| window == b"content-length: 0\r\n")
        && !head.windows(12).any(|w| w == b"x-request-id");
    bare.then_some((at, code, detail))
}

/// The problem as a whole answer of HTTP/1.1, after which the connection is closed.
fn answer(code: ProblemCode, detail: &str, client: IpAddr, id: &RequestId) -> Bytes {
    let status = code.status();
    METRICS.count_request(None, status, Duration::ZERO);
    tracing::info!(operation = "-", actor = "-", client_address = %client, method = "-", path = "-",
        status = status.as_u16(), request_id = %id, "request");
    let body = serde_json::to_string(&Problem::new(Refusal::new(code, detail), id.as_str())).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nconnection: close\r\n\
         x-request-id: {id}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n\r\n",
        body.len()
    );
    (head + &body).into()
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ClientStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_answer(cx))?;
        let Some((at, code, detail)) = answer_of_hyper(slices) else {
            return self.poll_write_stream(cx, slices);
        };
        // What stands before it, of requests before, is written first.
        match slices.iter().find(|slice| !slice.is_empty()) {
            Some(first) if slices.iter().filter(|slice| !slice.is_empty()).count() > 1 => {
                self.poll_write_stream(cx, &[IoSlice::new(first)])
            }
            Some(only) if at > 0 => self.poll_write_stream(cx, &[IoSlice::new(&only[..at])]),
            only => {
                self.answer = answer(code, detail, self.client, &self.clock.new_id().into());
                self.linger = Some(Box::pin(tokio::time::sleep(LINGER)));
                Poll::Ready(Ok(only.map_or(0, |only| only.len())))
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_answer(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_answer(cx))?;
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        self.poll_linger(cx).map(Ok)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for ClientStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.unanswered.store(true, Ordering::Relaxed);
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answers_that_hyper_makes_itself_are_taken_for_them() {
        let found = |texts: &[&str]| {
            let slices: Vec<_> = texts.iter().map(|text| IoSlice::new(text.as_bytes())).collect();
            answer_of_hyper(&slices).map(|(at, code, _)| (at, code))
        };
        let refused = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: x\r\n\r\n";
        assert_eq!(found(&[refused]), Some((0, ProblemCode::MalformedRequest)));
        assert_eq!(found(&["HTTP/1.1 200 OK\r\n\r\n{}", refused, ""]), Some((0, ProblemCode::MalformedRequest)));
        assert_eq!(found(&[&format!("{{}}{refused}")]), Some((2, ProblemCode::MalformedRequest)));
        let own = refused.replace("date", "x-request-id");
        for other in ["", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", &own, &format!("{refused}{{}}")] {
            assert_eq!(found(&[other]), None, "{other}");
        }
    }

    struct Woken(AtomicBool);

    impl std::task::Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn a_connection_that_writes_much_lets_others_have_their_turn() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let client = std::net::TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
        client.set_nonblocking(true).expect("a socket can be non-blocking");
        let stream = TcpStream::from_std(client).expect("there is a runtime");
        stream.writable().await.expect("it is connected");
        let mut stream = TimedStream::over(stream, Duration::from_secs(60));
        let much = vec![0; 4 * TURN];
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = woken.clone().into();
        let mut cx = Context::from_waker(&waker);
        let mut written = 0;
        while let Poll::Ready(some) = Pin::new(&mut stream).poll_write(&mut cx, &much) {
            written += some.expect("nothing is wrong with the connection");
        }
        assert_eq!((written, woken.0.load(Ordering::Relaxed)), (TURN, true));
        assert!(Pin::new(&mut stream).poll_write(&mut cx, b"more").is_ready());
    }
}
