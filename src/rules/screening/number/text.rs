//! Parses the text of a calling or called number, independently of the region.
//!
//! A text is a `tel:` URI (RFC 3966), a `sip:` or `sips:` URI (RFC 3261; its user part), with or without a display name
//! and `<…>` around it, or a plain number. Visual separators (`-`, `.`, `(`, `)`) and spaces are dropped; what remains
//! must be digits with an optional leading `+`. A plain `user@host` is read like a SIP URI.

use call_acceptance_api::resource::decision::Presentation;
use percent_encoding::percent_decode_str;

/// Texts that mean a withheld number, in upper or lower case.
const WITHHELD: [&str; 4] = ["anonymous", "restricted", "private", "withheld"];
/// `ANONYMOUS` on a telephone keypad, as some gateways write it.
const KEYPAD_ANONYMOUS: &str = "266696687";
/// The host of callers that withhold their number (RFC 3323, section 4.1.1.3).
const ANONYMOUS_HOST: &str = "anonymous.invalid";

/// A caller or a called party, as given by a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rules) enum Caller {
    /// There is no text, or it contains no number.
    NoNumber,
    /// The number is withheld.
    Withheld,
    /// The number as written.
    Number(Written),
}

/// A number as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::rules) struct Written {
    /// Its digits, at least one.
    pub(super) digits: String,
    /// What precedes the digits.
    pub(super) lead: Lead,
}

/// What precedes the digits of a number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Lead {
    /// Nothing; they are digits as dialled.
    None,
    /// A `+`.
    Plus,
    /// The digits of the global number in `phone-context` (RFC 3966, section 5.1.5).
    Context(String),
}

impl Caller {
    /// Parses `text`.
    pub(in crate::rules) fn of(text: Option<&str>) -> Self {
        let address = without_display_name(text.unwrap_or_default().trim());
        let (number, host) = parts(address);
        let (number, parameters) = number.split_once(';').unwrap_or((number, ""));
        let number = percent_decode_str(number.trim()).decode_utf8_lossy();
        let host = host.trim_end_matches('.');
        if host.eq_ignore_ascii_case(ANONYMOUS_HOST) || WITHHELD.iter().any(|word| number.eq_ignore_ascii_case(word)) {
            return Self::Withheld;
        }
        match Written::of(&number) {
            Some(written) if written.digits == KEYPAD_ANONYMOUS => Self::Withheld,
            Some(written) => Self::Number(written.within(parameters)),
            None => Self::NoNumber,
        }
    }

    /// The presentation of the caller, if `given` was the presentation in the request.
    pub(in crate::rules) fn presentation(&self, given: Option<Presentation>) -> Presentation {
        match (given, self) {
            (Some(given @ (Presentation::Restricted | Presentation::Unavailable)), _) => given,
            (_, Self::Withheld) => Presentation::Restricted,
            (_, Self::NoNumber) => Presentation::Unavailable,
            (_, Self::Number(_)) => Presentation::Allowed,
        }
    }
}

impl Written {
    /// Parses a number without parameters.
    pub(in crate::rules) fn of(text: &str) -> Option<Self> {
        let separator = |c: char| matches!(c, '-' | '.' | '(' | ')') || c.is_whitespace();
        let number: String = text.chars().filter(|c| !separator(*c)).collect();
        let (digits, lead) = match number.strip_prefix('+') {
            Some(digits) => (digits.to_owned(), Lead::Plus),
            None => (number, Lead::None),
        };
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some(Self { digits, lead })
    }

    /// Applies the parameters of the number's URI: `phone-context` is used for local numbers only. A domain as context
    /// has no effect.
    fn within(self, parameters: &str) -> Self {
        if self.lead != Lead::None {
            return self;
        }
        let context =
            parameters.split(';').filter_map(|parameter| parameter.split_once('=')).find_map(|(name, value)| {
                let value = percent_decode_str(value.trim()).decode_utf8_lossy();
                name.trim().eq_ignore_ascii_case("phone-context").then(|| Self::of(&value)).flatten()
            });
        match context {
            Some(Self { digits: context, lead: Lead::Plus }) => Self { lead: Lead::Context(context), ..self },
            _ => self,
        }
    }
}

/// The part of `text` inside `<…>`, if there is one. A quoted display name may contain any character.
fn without_display_name(text: &str) -> &str {
    let behind_name = text.strip_prefix('"').and_then(behind_quotes).unwrap_or(text);
    match behind_name.split_once('<') {
        Some((_, address)) => cut(address, &['>']).trim(),
        None => text,
    }
}

/// What follows the closing quote of `quoted` (RFC 3261, section 25.1: quotes inside are escaped by `\`).
fn behind_quotes(quoted: &str) -> Option<&str> {
    let mut escaped = false;
    let end = quoted.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    quoted.get(end + 1..)
}

/// The number with its parameters, and the host of an address; both may be empty.
fn parts(address: &str) -> (&str, &str) {
    let of_sip = |text| {
        let (user, host): (&str, &str) = str::split_once(text, '@').unwrap_or(("", text));
        (cut(user, &[':']), cut(host, &[';', ':', '?']))
    };
    match address.split_once(':') {
        Some((scheme, number)) if scheme.eq_ignore_ascii_case("tel") => (number, ""),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips") => {
            of_sip(rest)
        }
        _ if address.contains('@') => of_sip(address),
        _ => (address, ""),
    }
}

/// `text` up to the first of the characters `ends`.
fn cut<'a>(text: &'a str, ends: &[char]) -> &'a str {
    text.split(ends).next().unwrap_or(text)
}
