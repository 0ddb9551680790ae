//! The written forms of calling numbers, with which patterns are compared.
//!
//! # Written forms
//! So that a pattern matches a call in national and in international form, it is compared with
//! 1. the number in E.164 form: `+` and 2 to 15 digits of which the first is not 0;
//! 2. the national forms of a number with the region's country calling code: the trunk prefix (`0` in Belgium, `1` in
//!    the United States, none in Italy and Spain) and the national number, and the digits of libphonenumber's national
//!    format if they differ (`6502530000`, `80152450911`). Regions that share a country calling code (+1, +7, +39, +44,
//!    +47) dial each other nationally, so a number of any of them has national forms;
//! 3. the digits as received, if the number has no E.164 form: extensions.
//!
//! # Numbers with an E.164 form
//! - A number with `+`, with `00`, with an international prefix of the region (`011`, `0011`, `010`), or with a global
//!   `phone-context`. If a prefix is ambiguous (`001`), the reading that is a valid number applies, the region's own
//!   prefix first.
//! - Digits without any of these that are a valid national number of the region, else a valid E.164 number without its
//!   `+`.
//!
//! A trunk prefix after the country calling code, as in `+32 (0)2 512 67 77`, is dropped if that results in a valid
//! number.
//!
//! `text.rs` parses texts, `plan.rs` has the numbering plans, `reader.rs` applies them to a text, and `form.rs` has the
//! packed forms. To support a further notation, begin in `text.rs` with how it is recognised.

mod form;
mod plan;
mod reader;
mod text;

#[cfg(test)]
mod tests;

pub(in crate::rules) use form::{Forms, Packed, length, nibble, packed, starts_with_plus};
pub(super) use plan::prepare;
pub(in crate::rules) use reader::{KnownCaller, Reader};
pub(in crate::rules) use text::{Caller, Written};

pub use plan::NUMBERING_PLANS;
