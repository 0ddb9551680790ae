//! The position up to which an instance has read the feed.
//!
//! On PostgreSQL a row has the identifier of its transaction, and a reader keeps the snapshot of its last poll: rows
//! that were not visible in it are new, whenever their transaction began. On SQLite writers are serialised, so a rising
//! number is in commit order.

use crate::store::error::StoreError;

/// A snapshot in which nothing is visible.
pub(super) const EMPTY: &str = "1:1:";

/// The position up to which the feed was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    /// PostgreSQL's snapshot, `xmin:xmax:xip,…`, or the highest number on SQLite.
    text: String,
    /// All positions below this one were read, or will never be used.
    first_unread: i64,
    /// No change has this position or a higher one yet.
    next: i64,
    /// The server process that responded, if the database has one.
    server: String,
}

impl Position {
    /// Parses a position in the database's notation.
    pub fn parse(text: &str, server: &str) -> Result<Self, StoreError> {
        let (text, server) = (text.to_owned(), server.to_owned());
        let number = |part: Option<&str>| part.and_then(|part| part.parse::<i64>().ok());
        let mut parts = text.split(':');
        let places = match (number(parts.next()), parts.next()) {
            (Some(newest), None) => newest.checked_add(1).map(|next| (next, next)),
            (Some(xmin), xmax @ Some(_)) => number(xmax).map(|xmax| (xmin, xmax)),
            (None, _) => None,
        };
        match places {
            Some((first_unread, next)) => Ok(Self { text, first_unread, next, server }),
            None => Err(StoreError::Internal(format!("{text:?} is not a position in the feed").into())),
        }
    }

    /// The notation that [`Position::parse`] reads.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first position that may be unread.
    pub fn first_unread(&self) -> i64 {
        self.first_unread
    }

    /// Whether all changes committed between `before` and this position are still present; `oldest` is the first one
    /// present. False if unread changes were deleted, or if the database is not the one that was read before or went
    /// back: after a failover to another server, or a restored backup.
    pub fn follows(&self, before: &Self, oldest: Option<i64>) -> bool {
        let kept = oldest.is_none_or(|oldest| oldest <= before.first_unread);
        kept && self.server == before.server && self.next >= before.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str) -> Position {
        Position::parse(text, "server").expect("a position")
    }

    #[test]
    fn a_position_is_a_snapshot_or_a_number() {
        assert_eq!((position("7:9:7,8").first_unread(), position("7:9:7,8").next), (7, 9));
        assert_eq!((position("7:7:").first_unread(), position("12").first_unread()), (7, 13));
        for wrong in ["", "x", "7:", ":7:", "7:x:"] {
            assert!(Position::parse(wrong, "").is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_poll_follows_the_previous_one_unless_changes_are_missing() {
        let before = position("7:9:7");
        assert!(position("7:9:7").follows(&before, None));
        assert!(position("9:9:").follows(&before, Some(7)));
        assert!(!position("20:20:").follows(&before, Some(8)), "a change that was not read was deleted");
        assert!(!position("8:8:").follows(&before, Some(3)), "transactions of the database were undone");
        let other = Position::parse("20:20:", "another").expect("a position");
        assert!(!other.follows(&before, Some(3)), "another server answers");
        assert!(position("12").follows(&position("10"), Some(11)));
        assert!(!position("12").follows(&position("10"), Some(12)));
        assert!(!position("9").follows(&position("10"), Some(1)));
    }
}
