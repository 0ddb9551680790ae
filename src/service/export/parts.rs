//! The file of an export in parts, from the task that makes it to its reader.

use std::{io, time::Duration};

use bytes::Bytes;
use call_acceptance_api::{
    resource::transfer::{export::TenantFile, thing::Thing},
    wire::problem::Failure,
};
use futures_util::{StreamExt, stream};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    time::timeout,
};

use super::broken::Broken;

/// The length of a part.
const PART: usize = 64 << 10;
/// Parts that wait for their reader.
const WAITING: usize = 2;

/// A part of the file, or its end, without which it is not whole.
enum Part {
    Some(Bytes),
    End,
}

/// Where the lines are written to.
pub(super) struct Parts {
    sender: Sender<Part>,
    patience: Duration,
    buffer: Vec<u8>,
    /// The lines that were written.
    pub lines: u64,
    /// The bytes that the reader has taken.
    pub bytes: u64,
}

/// Room for a part and the line that exceeds it.
fn buffer() -> Vec<u8> {
    Vec::with_capacity(PART + PART / 4)
}

/// The two ends of a file whose reader has `patience` for each part.
pub(super) fn parts(patience: Duration) -> (Parts, TenantFile) {
    let (sender, receiver) = channel(WAITING);
    let parts = Parts { sender, patience, buffer: buffer(), lines: 0, bytes: 0 };
    (parts, stream::unfold(Some(receiver), next).boxed())
}

/// The next part; an error, and nothing more, if the task ended before the file did.
async fn next(receiver: Option<Receiver<Part>>) -> Option<(io::Result<Bytes>, Option<Receiver<Part>>)> {
    let mut receiver = receiver?;
    match receiver.recv().await {
        Some(Part::Some(bytes)) => Some((Ok(bytes), Some(receiver))),
        Some(Part::End) => None,
        None => Some((Err(io::Error::other("the export was broken off")), None)),
    }
}

impl Parts {
    /// Writes the line of a thing; waits for the reader when there is enough for a part.
    pub async fn put(&mut self, thing: Thing) -> Result<(), Broken> {
        thing.write(&mut self.buffer).map_err(|error| Failure::Internal(Box::new(error)))?;
        self.lines += 1;
        if self.buffer.len() >= PART { self.send().await } else { Ok(()) }
    }

    /// Hands out what is written.
    pub async fn send(&mut self) -> Result<(), Broken> {
        let mut written = Bytes::from(std::mem::replace(&mut self.buffer, buffer()));
        while !written.is_empty() {
            let part = written.split_to(PART.min(written.len()));
            let length = part.len() as u64;
            match timeout(self.patience, self.sender.send(Part::Some(part))).await {
                Ok(Ok(())) => self.bytes += length,
                Ok(Err(_)) => return Err(Broken::Gone),
                Err(_) => return Err(Broken::Slow),
            }
        }
        Ok(())
    }

    /// Tells the reader that it has the whole file.
    pub async fn complete(self) {
        // A reader that is gone, or takes nothing any more, need not know.
        drop(timeout(self.patience, self.sender.send(Part::End)).await);
    }
}
