//! The streams of a connection with HTTP/2. What hyper does not limit there: how long a connection is idle, and how
//! long a client does not take its answers, for it can close the window of a stream and still read the connection.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, sleep_until};

/// The greatest part of an answer that is handed to hyper at once. It asks for the next one when the client has taken
/// this one, which is how progress is seen.
const PART: usize = 16 << 10;

/// The state of the streams of one connection.
#[derive(Clone)]
pub struct Streams(Arc<Mutex<State>>);

struct State {
    /// Requests in progress.
    busy: usize,
    /// When the last request or answer ended.
    quiet_since: Instant,
    /// When each answer that is being sent last made progress.
    answers: HashMap<u64, Instant>,
    next: u64,
}

/// A request in progress.
pub struct Busy(Streams);

impl Streams {
    /// Those of a new connection.
    pub fn new() -> Self {
        let state = State { busy: 0, quiet_since: Instant::now(), answers: HashMap::new(), next: 0 };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Counts a request as in progress until the result is dropped.
    pub fn begin(&self) -> Busy {
        self.state().busy += 1;
        Busy(self.clone())
    }

    /// The body of an answer, whose progress is watched.
    pub fn watched<B>(&self, body: B) -> Watched<B> {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        state.answers.insert(id, Instant::now());
        Watched { body, rest: Bytes::new(), id, streams: self.clone() }
    }

    /// Resolves when nothing was asked and nothing sent for this long.
    pub async fn idle_for(&self, limit: Duration) {
        self.wait(limit, |state| (state.busy == 0 && state.answers.is_empty()).then_some(state.quiet_since)).await;
    }

    /// Resolves when the client has not taken more of an answer for this long.
    pub async fn stalled_for(&self, limit: Duration) {
        self.wait(limit, |state| state.answers.values().min().copied()).await;
    }

    /// Resolves when `limit` has passed since what `since` says; `None` is now.
    async fn wait(&self, limit: Duration, since: impl Fn(&State) -> Option<Instant>) {
        loop {
            let now = Instant::now();
            let due = since(&self.state()).unwrap_or(now) + limit;
            if due <= now {
                return;
            }
            sleep_until(due).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.busy -= 1;
        state.quiet_since = Instant::now();
    }
}

/// The body of an answer, which is handed out in parts.
pub struct Watched<B> {
    body: B,
    /// What is left of the last frame.
    rest: Bytes,
    id: u64,
    streams: Streams,
}

impl<B: Body<Data = Bytes, Error = io::Error> + Unpin> Body for Watched<B> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let (id, now) = (self.id, Instant::now());
        self.streams.state().answers.insert(id, now);
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)).map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(trailers))) => return Poll::Ready(Some(Ok(trailers))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let part = PART.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(part)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, mut hint) = (self.rest.len() as u64, self.body.size_hint());
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}

impl<B> Drop for Watched<B> {
    fn drop(&mut self) {
        let mut state = self.streams.state();
        state.answers.remove(&self.id);
        state.quiet_since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};

    use super::*;

    #[tokio::test]
    async fn an_answer_is_handed_out_in_parts_and_whole() {
        let streams = Streams::new();
        let text: Vec<u8> = (0..100_000_u32).map(|at| at as u8).collect();
        let body = Full::new(Bytes::from(text.clone())).map_err(|never| match never {});
        let mut watched = streams.watched(body);
        assert_eq!(watched.size_hint().exact(), Some(100_000));
        let mut taken = Vec::new();
        while let Some(frame) = watched.frame().await {
            let part = frame.and_then(|frame| frame.into_data().map_err(|_| io::ErrorKind::Other.into()));
            let part = part.expect("it has data");
            assert!((1..=PART).contains(&part.len()));
            taken.extend_from_slice(&part);
            assert_eq!(watched.size_hint().exact(), Some(100_000 - taken.len() as u64));
        }
        assert!(taken == text && watched.is_end_stream());
        assert_eq!(streams.state().answers.len(), 1);
        drop(watched);
        assert!(streams.state().answers.is_empty(), "what is sent is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_after_its_last_answer_and_stalls_with_its_oldest() {
        let (streams, second) = (Streams::new(), Duration::from_secs(1));
        let begun = Instant::now();
        let busy = streams.begin();
        let answer = streams.watched(Full::new(Bytes::new()).map_err(|never| match never {}));
        drop(busy);
        streams.stalled_for(3 * second).await;
        assert_eq!(begun.elapsed().as_secs(), 3);
        drop(answer);
        streams.idle_for(2 * second).await;
        assert_eq!(begun.elapsed().as_secs(), 5);
        let _busy = streams.begin();
        let idle = tokio::time::timeout(10 * second, streams.idle_for(second)).await;
        assert!(idle.is_err(), "a request in progress is not idle");
    }
}
