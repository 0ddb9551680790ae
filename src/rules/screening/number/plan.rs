//! Numbering plans from libphonenumber: which numbers exist, and how they are dialled and written in a region.
//!
//! The crate `rlibphonenumber` contains the metadata and follows its releases. `cargo update -p rlibphonenumber`
//! updates them; [`NUMBERING_PLANS`] states the release.

use std::{
    collections::HashMap,
    sync::{LazyLock, OnceLock},
};

use call_acceptance_api::value::phone_number::Region;
use rlibphonenumber::{
    CountryCodeSource, NumberFormat, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat,
    Region as PlanRegion,
};

/// The release of libphonenumber with these numbering plans.
pub const NUMBERING_PLANS: &str = "9.0.42";

/// More digits than any number has, including prefixes.
pub(super) const MOST_DIGITS: usize = 40;
/// Length of the longest international prefix (`14140011` in Australia).
const LONGEST_PREFIX: usize = 8;
/// A valid number, used to detect international prefixes.
const PROBE: &str = "442070313000";

/// A number in E.164 form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct International {
    /// Its digits, without the `+`.
    pub(super) digits: String,
    /// Whether the number is valid.
    pub(super) valid: bool,
    /// The parsed number, if the metadata recognise it.
    number: Option<PhoneNumber>,
}

impl International {
    /// The number with these digits after `+`. A trunk prefix after the country calling code is dropped if that results
    /// in a valid number. An invalid number is accepted if its length is possible.
    pub(super) fn of(digits: &str) -> Option<Self> {
        if digits.len() > MOST_DIGITS {
            return None;
        }
        let parsed = PHONE_NUMBER_UTIL.parse(format!("+{digits}"), None).ok();
        let as_it_is = || Self { digits: digits.to_owned(), valid: false, number: None };
        let number = parsed.map_or_else(as_it_is, Self::of_parsed);
        if number.valid {
            return Some(number);
        }
        let number = if number.digits == digits { number } else { as_it_is() };
        is_e164(digits).then_some(number)
    }

    fn of_parsed(number: PhoneNumber) -> Self {
        let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164);
        let digits = e164.trim_start_matches('+').to_owned();
        let valid = PHONE_NUMBER_UTIL.is_valid_number(&number) && is_e164(&digits);
        Self { digits, valid, number: Some(number) }
    }
}

fn is_e164(digits: &str) -> bool {
    (2..=15).contains(&digits.len()) && !digits.starts_with('0')
}

/// Whether `digits` begin with a country calling code.
pub(super) fn begins_with_country_code(digits: &str) -> bool {
    let codes = (1..=3).filter_map(|length| digits.get(..length)?.parse().ok());
    codes.into_iter().any(|code| PHONE_NUMBER_UTIL.get_region_for_country_code(code).is_some())
}

/// The numbering plan of a region.
#[derive(Debug)]
pub(super) struct Plan {
    /// The region as libphonenumber names it.
    pub(super) region: PlanRegion,
    /// The country calling code.
    code: String,
    /// The trunk prefix, dialled before national numbers; may be empty.
    trunk_prefix: String,
}

/// The plans of all regions, each made on first use.
static PLANS: LazyLock<HashMap<PlanRegion, OnceLock<Plan>>> =
    LazyLock::new(|| PHONE_NUMBER_UTIL.get_supported_regions().map(|region| (region, OnceLock::new())).collect());

/// Loads the metadata of all regions, so that the first decision does not wait for them.
pub(in crate::rules::screening) fn prepare() {
    LazyLock::force(&PLANS);
}

/// The meaning of digits dialled in a region.
pub(super) struct Dialled {
    /// The valid number, if they are one.
    pub(super) number: Option<International>,
    /// Whether they may begin with an international prefix of the region.
    pub(super) has_prefix: bool,
}

impl Plan {
    /// The plan of `region`, if it has one.
    pub(super) fn of(region: &Region) -> Option<&'static Self> {
        let region = PlanRegion::from_code(region.as_str()).ok()?;
        let code = PHONE_NUMBER_UTIL.get_country_code_for_region(region)?;
        let plan = || Self { region, code: code.to_string(), trunk_prefix: trunk_prefix(code) };
        Some(PLANS.get(&region)?.get_or_init(plan))
    }

    /// Interprets `digits` dialled in the region: a national number with or without trunk prefix, one after the country
    /// calling code, or an international one after a prefix of the region.
    pub(super) fn dialled(&self, digits: &str) -> Dialled {
        if digits.len() > MOST_DIGITS {
            return Dialled { number: None, has_prefix: false };
        }
        match PHONE_NUMBER_UTIL.parse_and_keep_raw_input(digits, Some(self.region)) {
            Ok(number) => Dialled {
                has_prefix: number.country_code_source() == CountryCodeSource::FromNumberWithIdd,
                number: Some(International::of_parsed(number)).filter(|number| number.valid),
            },
            Err(error) => Dialled {
                has_prefix: matches!(
                    error,
                    ParseError::TooShortAfterIdd | ParseError::TooShortNsn | ParseError::InvalidCountryCode
                ),
                number: None,
            },
        }
    }

    /// The digits after the longest international prefix of the region.
    pub(super) fn without_prefix<'a>(&self, digits: &'a str) -> Option<&'a str> {
        let longest = digits.bytes().take_while(u8::is_ascii_digit).count().min(LONGEST_PREFIX);
        (1..=longest).rev().find(|end| self.is_prefix(&digits[..*end])).map(|end| &digits[end..])
    }

    /// The metadata do not list the prefixes, so a probe number is dialled with this one.
    fn is_prefix(&self, digits: &str) -> bool {
        let number = PHONE_NUMBER_UTIL.parse_and_keep_raw_input(format!("{digits}{PROBE}"), Some(self.region));
        number.is_ok_and(|number| {
            number.country_code_source() == CountryCodeSource::FromNumberWithIdd
                && PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).strip_prefix('+') == Some(PROBE)
        })
    }

    /// The digits of the numbers in E.164 form that may have the national form `digits`.
    pub(super) fn with_code(&self, digits: &str) -> Vec<String> {
        let national = digits.strip_prefix(&self.trunk_prefix).filter(|national| *national != digits);
        [Some(digits), national].into_iter().flatten().map(|national| format!("{}{national}", self.code)).collect()
    }

    /// The national forms of a number with the region's country calling code: trunk prefix and national number, and the
    /// digits of libphonenumber's national format, if the number is valid or has a format of its own.
    pub(super) fn national_forms(&self, international: &International) -> Vec<String> {
        let national = international.digits.strip_prefix(&self.code).filter(|national| !national.is_empty());
        let Some(national) = national else { return Vec::new() };
        let mut forms = vec![format!("{}{national}", self.trunk_prefix)];
        if let Some(number) = &international.number {
            let written = PHONE_NUMBER_UTIL.format(number, PhoneNumberFormat::National);
            if international.valid || written != national {
                forms.push(written.chars().filter(char::is_ascii_digit).collect());
            }
        }
        forms
    }
}

/// The trunk prefix of a country calling code, which all its regions share. Only a format made for this purpose reveals
/// it.
fn trunk_prefix(code: i32) -> String {
    const NATIONAL: u64 = 1;
    let number = PhoneNumber { country_code: code, national_number: NATIONAL, ..PhoneNumber::default() };
    #[expect(deprecated, reason = "to be read from the crate's own metadata, but to be set in formats of ours")]
    let format = NumberFormat {
        pattern: r"^(?:(\d+))$".to_owned(),
        format: "$1".to_owned(),
        national_prefix_formatting_rule: Some("$NP$FG".to_owned()),
        ..NumberFormat::default()
    };
    let written = PHONE_NUMBER_UTIL.format_by_pattern(&number, PhoneNumberFormat::National, &[format.into()]);
    written.strip_suffix(&NATIONAL.to_string()).unwrap_or_default().to_owned()
}
