//! Writes the log without ever blocking on its reader.
//!
//! Lines go through a bounded queue to a thread. Lines that do not fit or cannot be written (the reader is gone, the
//! disk is full) are dropped and counted; the count is logged once lines can be written again. `tracing-appender` 0.2
//! is not suitable: it bounds its queue only in lines, does not count failed writes, and prints at its end, which
//! blocks on the reader or panics without one.

use std::{
    cell::RefCell,
    io::{self, Write},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// Maximum number of queued lines.
const MAX_LINES: usize = 16_384;
/// Maximum number of queued bytes.
const MAX_BYTES: usize = 1 << 20;

/// The writer of the process, once it is initialized.
static WRITER: OnceLock<LogWriter> = OnceLock::new();

thread_local! {
    /// On the writing thread, the line that it logs itself, which must not wait in its own queue.
    static OWN_LINE: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The number of dropped lines since the start.
pub fn dropped_lines() -> u64 {
    WRITER.get().map_or(0, |writer| writer.counts.dropped.load(Ordering::Relaxed))
}

/// Waits until all queued lines are written, at most for `limit`.
pub fn flush(limit: Duration) {
    if let Some(writer) = WRITER.get() {
        let (done, written) = sync_channel(1);
        // Both fail only if the log cannot be written; then there is nothing to wait for.
        let _ = writer.queue.try_send(Entry::Flush(done)).is_ok_and(|()| written.recv_timeout(limit).is_ok());
    }
}

/// The writer of the process, which writes to the `output` of the first call.
pub(super) fn start(output: impl Write + Send + 'static) -> LogWriter {
    WRITER.get_or_init(|| LogWriter::to(output)).clone()
}

enum Entry {
    Line(Vec<u8>),
    /// Acknowledged when all earlier lines are written.
    Flush(SyncSender<()>),
}

#[derive(Default)]
struct Counts {
    /// Bytes in the queue.
    waiting: AtomicUsize,
    /// Dropped lines since the start.
    dropped: AtomicU64,
}

/// Appends lines to the queue.
#[derive(Clone)]
pub(super) struct LogWriter {
    queue: SyncSender<Entry>,
    counts: Arc<Counts>,
}

impl LogWriter {
    fn to(output: impl Write + Send + 'static) -> Self {
        let (queue, lines) = sync_channel(MAX_LINES);
        let counts = Arc::new(Counts::default());
        let of_thread = counts.clone();
        let started =
            thread::Builder::new().name("log".to_owned()).spawn(move || write_all(output, &lines, &of_thread));
        // Without the thread the queue has no receiver, and all lines count as dropped.
        drop(started);
        Self { queue, counts }
    }

    fn put(&self, line: &[u8]) {
        let counts = &self.counts;
        let waiting = counts.waiting.fetch_add(line.len(), Ordering::Relaxed);
        let sent = match waiting + line.len() <= MAX_BYTES {
            true => self.queue.try_send(Entry::Line(line.to_vec())),
            false => Err(TrySendError::Full(Entry::Line(Vec::new()))),
        };
        if sent.is_err() {
            counts.waiting.fetch_sub(line.len(), Ordering::Relaxed);
            counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let own = OWN_LINE.with_borrow_mut(|own| own.as_mut().map(|own| own.extend_from_slice(line)));
        if own.is_none() {
            self.put(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogWriter {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn write_all(mut output: impl Write, lines: &Receiver<Entry>, counts: &Counts) {
    let mut reported = 0;
    for entry in lines {
        match entry {
            Entry::Flush(done) => {
                // Fails if the waiter has left.
                let _ = output.flush().is_ok() && done.try_send(()).is_ok();
            }
            Entry::Line(line) => {
                let written = output.write_all(&line);
                counts.waiting.fetch_sub(line.len(), Ordering::Relaxed);
                if written.is_err() {
                    counts.dropped.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                let dropped = counts.dropped.load(Ordering::Relaxed);
                if dropped > reported && output.write_all(&report(dropped - reported)).is_ok() {
                    reported = dropped;
                }
            }
        }
    }
}

/// The log line that reports dropped lines.
fn report(dropped: u64) -> Vec<u8> {
    OWN_LINE.set(Some(Vec::new()));
    tracing::warn!(dropped, "lines of the log were dropped, because they could not be written in time");
    OWN_LINE.take().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    /// An output in which the test decides the result of every write.
    struct Output {
        outcomes: Receiver<io::Result<()>>,
        written: Sender<String>,
    }

    impl Write for Output {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.outcomes.recv().map_err(io::Error::other)??;
            let line = String::from_utf8_lossy(line).into_owned();
            self.written.send(line.clone()).map_err(io::Error::other)?;
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_do_not_fit_or_cannot_be_written_are_dropped_and_counted() {
        let (outcome, outcomes) = channel();
        let (written, lines) = channel();
        let mut log = LogWriter::to(Output { outcomes, written });
        let line = vec![b'x'; 1 << 10];
        let fitting = MAX_BYTES >> 10;
        for _ in 0..fitting + 5 {
            log.write_all(&line).expect("the log takes all lines");
        }
        let dropped = || log.counts.dropped.load(Ordering::Relaxed);
        assert!((1..=5).contains(&dropped()), "one line may be with the writer: {}", dropped());
        let before = dropped();
        for _ in 0..3 {
            outcome.send(Err(io::ErrorKind::BrokenPipe.into())).expect("the writer goes on");
        }
        // With no subscriber the report is empty, and is written by no call.
        outcome.send(Ok(())).expect("the writer goes on");
        assert_eq!(lines.recv().map(|line| line.len()), Ok(1 << 10));
        assert_eq!(dropped(), before + 3);
    }

    #[test]
    fn the_log_can_be_waited_for_but_not_for_ever() {
        let log = LogWriter::to(io::sink());
        log.put(b"line\n");
        let (done, written) = sync_channel(1);
        log.queue.try_send(Entry::Flush(done)).expect("there is room");
        assert!(written.recv_timeout(Duration::from_secs(30)).is_ok());
        assert_eq!(log.counts.waiting.load(Ordering::Relaxed), 0);
    }
}
