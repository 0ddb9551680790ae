//! Whole tenants in and out: the file of a tenant, one JSON object a line, and the table of users that spreadsheets
//! write.
//!
//! - [`export`]: the operation that writes a file.
//! - [`mod@line`]: what a line of a file says, and how it is parsed.
//! - [`thing`]: what the server writes on a line.
//! - [`import`]: files into a tenant.
//! - [`users_csv`]: tables of users, whose rows say the same as lines.
//!
//! A line has `kind`, the owner's `groupId` and `userId`, and the thing as GET answers it, which the request that
//! writes the thing takes. It is validated as the body of that request, so that nothing that the API refuses comes in
//! with a file. To add a kind, add it to [`line::Kind`], [`line::Line`] and [`thing::Thing`].

pub mod export;
pub mod import;
pub mod line;
mod parse;
pub mod thing;
pub mod users_csv;

#[cfg(test)]
mod tests;
