//! Lines of files and rows of tables.

mod faults;
mod round_trip;
mod users;

use crate::{
    document,
    resource::transfer::line::Line,
    value::name::TenantId,
    wire::problem::{Failure, Refusal},
};

fn tenant() -> TenantId {
    TenantId::parse("foo").expect("an identifier")
}

fn parse(line: &str) -> Result<Line, Refusal> {
    Line::parse(line.as_bytes(), &tenant(), document::body_schemas()).map_err(Failure::into_refusal)
}
