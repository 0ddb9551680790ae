//! Success responses of operations.

use bytes::Bytes;
use poem_openapi::{ApiResponse, Object, types::Type};
use serde::Serialize;

use super::{
    payload::{JsonAnswer, JsonText},
    precondition::{EntityTags, Revision, Versioned},
};
use crate::value::owner::path;

/// A value that is sent as JSON.
pub trait Answer: Type + Serialize {}
impl<T: Type + Serialize> Answer for T {}

/// 200 with the requested resource.
#[derive(ApiResponse)]
pub enum Found<T: Answer> {
    /// The requested resource.
    #[oai(status = 200)]
    Ok(JsonAnswer<T>),
}

impl<T: Answer> Found<T> {
    /// The response with `value`.
    pub fn with(value: T) -> Self {
        Self::Ok(JsonAnswer(value))
    }
}

/// 200 with a resource after a change.
#[derive(ApiResponse)]
pub enum Updated<T: Answer> {
    /// Changed; the resource after the change.
    #[oai(status = 200)]
    Ok(JsonAnswer<T>),
}

impl<T: Answer> Updated<T> {
    /// The response with `value`.
    pub fn with(value: T) -> Self {
        Self::Ok(JsonAnswer(value))
    }
}

/// 201 with a new resource and its path.
#[derive(ApiResponse)]
pub enum Created<T: Answer> {
    /// Created; the new resource.
    #[oai(status = 201)]
    Created(
        JsonAnswer<T>,
        /// Path of the new resource.
        #[oai(header = "Location")]
        String,
    ),
}

impl<T: Answer> Created<T> {
    /// The response for `value`, whose path has these segments.
    pub fn at(segments: &[&str], value: T) -> Self {
        Self::Created(JsonAnswer(value), path(segments))
    }
}

/// 201 with a new resource and its path, which a dry run leaves out.
#[derive(ApiResponse)]
pub enum CreatedUnlessDryRun<T: Answer> {
    /// Created; the new resource.
    #[oai(status = 201)]
    Created(
        JsonAnswer<T>,
        /// Path of the new resource; not in a dry run.
        #[oai(header = "Location")]
        Option<String>,
    ),
}

impl<T: Answer> CreatedUnlessDryRun<T> {
    /// The response for `value`, whose path has these segments.
    pub fn at(segments: &[&str], value: T, dry_run: bool) -> Self {
        Self::Created(JsonAnswer(value), (!dry_run).then(|| path(segments)))
    }
}

/// 202 with something that goes on in the background, and its path.
#[derive(ApiResponse)]
pub enum Accepted<T: Answer> {
    /// It has begun and goes on in the background; `Location` is where to see how it does.
    #[oai(status = 202)]
    Accepted(
        JsonAnswer<T>,
        /// Path of what has begun.
        #[oai(header = "Location")]
        String,
    ),
}

impl<T: Answer> Accepted<T> {
    /// The response for `value`, whose path has these segments.
    pub fn at(segments: &[&str], value: T) -> Self {
        Self::Accepted(JsonAnswer(value), path(segments))
    }
}

/// 200 with an empty object.
#[derive(ApiResponse)]
pub enum Deleted {
    /// The resource no longer exists.
    #[oai(status = 200)]
    Ok(JsonAnswer<Empty>),
}

impl From<()> for Deleted {
    fn from((): ()) -> Self {
        Self::Ok(JsonAnswer(Empty {}))
    }
}

/// 200 with the requested resource and its revision, or 304 if the client already has this revision.
#[derive(ApiResponse)]
pub enum FoundVersion<T: Answer> {
    /// The requested resource.
    #[oai(status = 200)]
    Ok(
        JsonText<T>,
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
    /// The response for `versioned`, the text of a `T`; without a body if `if_none_match` contains its revision.
    pub fn unless_known(versioned: Versioned<Bytes>, if_none_match: Option<EntityTags>) -> Self {
        let tag = versioned.revision.entity_tag();
        match if_none_match {
            Some(tags) if tags.name_weakly(versioned.revision) => Self::NotModified(tag),
            _ => Self::Ok(JsonText::of(versioned.value), tag),
        }
    }
}

/// 200 with a resource after a change, and the new revision.
#[derive(ApiResponse)]
pub enum UpdatedVersion<T: Answer> {
    /// Changed; the resource after the change.
    #[oai(status = 200)]
    Ok(
        JsonAnswer<T>,
        /// Revision of the user's service after the change; not in a dry run.
        #[oai(header = "ETag")]
        Option<String>,
    ),
}

impl<T: Answer> UpdatedVersion<T> {
    /// The response for `versioned`.
    pub fn with(versioned: Versioned<T>, dry_run: bool) -> Self {
        Self::Ok(JsonAnswer(versioned.value), tag_unless(dry_run, versioned.revision))
    }
}

/// 200 with a new resource, its path, and the new revision.
#[derive(ApiResponse)]
pub enum CreatedVersion<T: Answer> {
    /// Created; the new resource.
    #[oai(status = 200)]
    Ok(
        JsonAnswer<T>,
        /// Revision of the user's service after the change; not in a dry run.
        #[oai(header = "ETag")]
        Option<String>,
        /// Path of the new resource; not in a dry run.
        #[oai(header = "Location")]
        Option<String>,
    ),
}

impl<T: Answer> CreatedVersion<T> {
    /// The response for `versioned`, whose path is `path`.
    pub fn at(path: String, versioned: Versioned<T>, dry_run: bool) -> Self {
        let tag = tag_unless(dry_run, versioned.revision);
        Self::Ok(JsonAnswer(versioned.value), tag, (!dry_run).then_some(path))
    }
}

/// 200 with an empty object and the revision after the deletion.
#[derive(ApiResponse)]
pub enum DeletedVersion {
    /// The resource no longer exists.
    #[oai(status = 200)]
    Ok(
        JsonAnswer<Empty>,
        /// Revision of the user's service after the change; not in a dry run.
        #[oai(header = "ETag")]
        Option<String>,
    ),
}

impl DeletedVersion {
    /// The response for a deletion.
    pub fn with(versioned: Versioned<()>, dry_run: bool) -> Self {
        Self::Ok(JsonAnswer(Empty {}), tag_unless(dry_run, versioned.revision))
    }
}

/// The entity tag of a revision; `None` in a dry run, which has none.
fn tag_unless(dry_run: bool, revision: Revision) -> Option<String> {
    (!dry_run).then(|| revision.entity_tag())
}

/// An object without members.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct Empty {}
