//! Entity tags and conditional requests (RFC 9110, sections 8.8.3 and 13.1).

use headers::{ETag, Header, IfMatch, IfNoneMatch};
use poem::http::HeaderValue;

use crate::value::text::text;

text! {
    /// The value of `If-Match` or `If-None-Match`.
    EntityTags {
        meaning: "a list of entity tags",
        rule: "`*`, or entity tags in double quotes, separated by commas, like `\"1764000000000000\"`",
        length: 1..=1000,
        pattern: r#"^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$"#,
        example: "*",
    }
}

impl EntityTags {
    /// Whether `If-Match` allows a write at `revision` (strong comparison).
    pub fn name_strongly(&self, revision: Revision) -> bool {
        self.decode::<IfMatch>().is_some_and(|tags| revision.tag().is_some_and(|tag| tags.precondition_passes(&tag)))
    }

    /// Whether the client already has `revision` (`If-None-Match`, weak comparison).
    pub fn name_weakly(&self, revision: Revision) -> bool {
        self.decode::<IfNoneMatch>()
            .is_some_and(|tags| revision.tag().is_some_and(|tag| !tags.precondition_passes(&tag)))
    }

    fn decode<H: Header>(&self) -> Option<H> {
        let value = HeaderValue::from_str(self.as_str()).ok()?;
        H::decode(&mut std::iter::once(&value)).ok()
    }
}

/// The revision of a user's service. Every write raises it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(pub i64);

impl Revision {
    /// The strong entity tag of the revision, quotes included.
    pub fn entity_tag(self) -> String {
        format!("\"{}\"", self.0)
    }

    fn tag(self) -> Option<ETag> {
        self.entity_tag().parse().ok()
    }
}

/// A value with its revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The revision.
    pub revision: Revision,
    /// The value.
    pub value: T,
}

impl<T> Versioned<T> {
    /// Applies `f` to the value; the revision stays the same.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Versioned<U> {
        Versioned { revision: self.revision, value: f(self.value) }
    }

    /// As [`Self::map`], for an `f` that may fail.
    ///
    /// # Errors
    /// That of `f`.
    pub fn try_map<U, E>(self, f: impl FnOnce(T) -> Result<U, E>) -> Result<Versioned<U>, E> {
        Ok(Versioned { revision: self.revision, value: f(self.value)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_compares_strongly_and_if_none_match_weakly() {
        let tags = |text| EntityTags::parse(text).unwrap_or_else(|error| panic!("{error}"));
        let revision = Revision(7);
        assert!(tags(r#""7""#).name_strongly(revision));
        assert!(tags(r#""6", "7""#).name_strongly(revision));
        assert!(tags("*").name_strongly(revision));
        assert!(!tags(r#"W/"7""#).name_strongly(revision));
        assert!(!tags(r#""6""#).name_strongly(revision));
        assert!(tags(r#"W/"7""#).name_weakly(revision));
        assert!(tags("*").name_weakly(revision));
        assert!(!tags(r#""6""#).name_weakly(revision));
        assert!(EntityTags::parse("7").is_err());
    }
}
