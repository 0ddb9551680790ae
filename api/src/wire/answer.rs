//! What an operation answers when it has done what was asked.

use poem_openapi::{ApiResponse, Object, types::Type};
use serde::Serialize;

use super::{
    payload::JsonAnswer,
    precondition::{EntityTags, Versioned},
};
use crate::value::owner::path;

/// A value that is answered as JSON.
pub trait Answer: Type + Serialize {}
impl<T: Type + Serialize> Answer for T {}

/// 200 with what was asked for.
#[derive(ApiResponse)]
pub enum Found<T: Answer> {
    /// What was asked for.
    #[oai(status = 200)]
    Ok(JsonAnswer<T>),
}

impl<T: Answer> Found<T> {
    /// The answer `value`.
    pub fn with(value: T) -> Self {
        Self::Ok(JsonAnswer(value))
    }
}

/// 200 with a thing as it is after a change.
#[derive(ApiResponse)]
pub enum Updated<T: Answer> {
    /// The change is done; this is what it is now.
    #[oai(status = 200)]
    Ok(JsonAnswer<T>),
}

impl<T: Answer> Updated<T> {
    /// The answer `value`.
    pub fn with(value: T) -> Self {
        Self::Ok(JsonAnswer(value))
    }
}

/// 201 with a new thing and where it is.
#[derive(ApiResponse)]
pub enum Created<T: Answer> {
    /// Created; this is the new thing.
    #[oai(status = 201)]
    Created(
        JsonAnswer<T>,
        /// Where the new thing is.
        #[oai(header = "Location")]
        String,
    ),
}

impl<T: Answer> Created<T> {
    /// The answer for `value`, which is to be found under the path of these segments.
    pub fn at(segments: &[&str], value: T) -> Self {
        Self::Created(JsonAnswer(value), path(segments))
    }
}

/// 200 with an empty object.
#[derive(ApiResponse)]
pub enum Deleted {
    /// It is no longer there.
    #[oai(status = 200)]
    Ok(JsonAnswer<Empty>),
}

impl From<()> for Deleted {
    fn from((): ()) -> Self {
        Self::Ok(JsonAnswer(Empty {}))
    }
}

/// 200 with what was asked for and its revision, or 304 when the caller has it already.
#[derive(ApiResponse)]
pub enum FoundVersion<T: Answer> {
    /// What was asked for.
    #[oai(status = 200)]
    Ok(
        JsonAnswer<T>,
        /// Revision of the user's service.
        #[oai(header = "ETag")]
        String,
    ),
    /// Not changed since the revision in `If-None-Match`.
    #[oai(status = 304)]
    NotModified(
        /// Revision of the user's service.
        #[oai(header = "ETag")]
        String,
    ),
}

impl<T: Answer> FoundVersion<T> {
    /// The answer for `versioned`, without a body when `if_none_match` names its revision.
    pub fn unless_known(versioned: Versioned<T>, if_none_match: Option<EntityTags>) -> Self {
        let tag = versioned.revision.entity_tag();
        match if_none_match {
            Some(tags) if tags.name_weakly(versioned.revision) => Self::NotModified(tag),
            _ => Self::Ok(JsonAnswer(versioned.value), tag),
        }
    }
}

/// 200 with a thing as it is after a change, and the revision after it.
#[derive(ApiResponse)]
pub enum UpdatedVersion<T: Answer> {
    /// The change is done; this is what it is now.
    #[oai(status = 200)]
    Ok(
        JsonAnswer<T>,
        /// Revision of the user's service after the change.
        #[oai(header = "ETag")]
        String,
    ),
}

impl<T: Answer> From<Versioned<T>> for UpdatedVersion<T> {
    fn from(versioned: Versioned<T>) -> Self {
        Self::Ok(JsonAnswer(versioned.value), versioned.revision.entity_tag())
    }
}

/// 200 with a new thing, where it is, and the revision after it.
#[derive(ApiResponse)]
pub enum CreatedVersion<T: Answer> {
    /// Created; this is the new thing.
    #[oai(status = 200)]
    Ok(
        JsonAnswer<T>,
        /// Revision of the user's service after the change.
        #[oai(header = "ETag")]
        String,
        /// Where the new thing is.
        #[oai(header = "Location")]
        String,
    ),
}

impl<T: Answer> CreatedVersion<T> {
    /// The answer for `versioned`, which is to be found under `path`.
    pub fn at(path: String, versioned: Versioned<T>) -> Self {
        Self::Ok(JsonAnswer(versioned.value), versioned.revision.entity_tag(), path)
    }
}

/// 200 with an empty object and the revision after the removal.
#[derive(ApiResponse)]
pub enum DeletedVersion {
    /// It is no longer there.
    #[oai(status = 200)]
    Ok(
        JsonAnswer<Empty>,
        /// Revision of the user's service after the change.
        #[oai(header = "ETag")]
        String,
    ),
}

impl From<Versioned<()>> for DeletedVersion {
    fn from(versioned: Versioned<()>) -> Self {
        Self::Ok(JsonAnswer(Empty {}), versioned.revision.entity_tag())
    }
}

/// An object without members.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct Empty {}
