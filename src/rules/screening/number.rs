//! Calling numbers in their written forms, which patterns are compared with.
//!
//! # What is read
//! A text is read as a `tel:` URI (RFC 3966), as a `sip:` or `sips:` URI (RFC 3261; its user part), with or without a
//! display name and `<…>` around it, or else as a plain number. Visual separators (`-`, `.`, `(`, `)`) and spaces are
//! dropped. What remains must be digits, with or without a `+` before them; anything else is no number and matches no
//! pattern.
//!
//! # Written forms
//! So that a pattern catches a call whether it is written in national or in international form, it is compared with
//! 1. the number in E.164 form: `+` and 2 to 15 digits of which the first is not 0. A leading `00` counts as `+`. Digits
//!    without either are read as a national number of the region, when they make a valid number there by the metadata of
//!    libphonenumber: with its trunk prefix, without, or behind the country calling code.
//! 2. the national form of a number with the region's country calling code: the trunk prefix (`0` in Belgium, `1` in the
//!    United States, none in Italy and Spain) and the national number; where people of the region write the number
//!    without the prefix (`6502530000`), that too. Regions that share a country calling code (+1, +7, +39, +44, +47)
//!    dial each other nationally, and so a number of any of them has a national form.
//! 3. the digits as they came, when they came without `+` and `00`: extensions.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{LazyLock, OnceLock},
};

use call_acceptance_api::{resource::decision::Presentation, value::phone_number::Region};
use percent_encoding::percent_decode_str;
use phonenumber::metadata::{DATABASE, Format, Metadata};
use regex::{Regex, RegexBuilder};

/// What a calling number's text says, before a region comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// There is no text.
    Nobody,
    /// A SIP URI that says that the number is withheld.
    Anonymous,
    /// A text that is no number.
    NoNumber,
    /// Digits with a `+` or `00` before them; neither is kept.
    International(String),
    /// Digits alone.
    Digits(String),
}

impl Caller {
    /// What `text` says.
    pub(super) fn of(text: Option<&str>) -> Self {
        let text = text.unwrap_or_default().trim();
        if text.is_empty() {
            return Self::Nobody;
        }
        let address = without_display_name(text);
        let (number, host) = match address.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tel") => (Cow::from(cut(rest, &[';'])), ""),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips") => {
                let (user, host) = rest.split_once('@').unwrap_or(("", rest));
                (percent_decode_str(cut(user, &[';', ':'])).decode_utf8_lossy(), cut(host, &[';', ':', '?']))
            }
            _ => (Cow::from(address), ""),
        };
        if host.eq_ignore_ascii_case("anonymous.invalid") { Self::Anonymous } else { Self::of_number(&number) }
    }

    fn of_number(text: &str) -> Self {
        let separator = |c: char| matches!(c, '-' | '.' | '(' | ')') || c.is_whitespace();
        let number: String = text.chars().filter(|c| !separator(*c)).collect();
        let digits = number.strip_prefix('+').unwrap_or(&number);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::NoNumber;
        }
        match number.strip_prefix('+').or_else(|| number.strip_prefix("00")) {
            Some(digits) => Self::International(digits.to_owned()),
            None => Self::Digits(number),
        }
    }

    /// The number in E.164 form, if it came with `+` or `00`.
    pub(super) fn international(&self) -> Option<String> {
        match self {
            Self::International(digits) if is_e164(digits) => Some(format!("+{digits}")),
            _ => None,
        }
    }

    /// Whether the caller shows its number, when nothing else says so.
    pub(super) fn presentation(&self) -> Presentation {
        match self {
            Self::Nobody => Presentation::Unavailable,
            Self::Anonymous => Presentation::Restricted,
            Self::NoNumber | Self::International(_) | Self::Digits(_) => Presentation::Allowed,
        }
    }
}

/// The part of `text` inside `<…>`, where it has one.
fn without_display_name(text: &str) -> &str {
    match text.rsplit_once('<') {
        Some((_, address)) => cut(address, &['>']).trim(),
        None => text,
    }
}

/// `text` up to the first of `ends`.
fn cut<'a>(text: &'a str, ends: &[char]) -> &'a str {
    text.split(ends).next().unwrap_or(text)
}

fn is_e164(digits: &str) -> bool {
    (2..=15).contains(&digits.len()) && !digits.starts_with('0')
}

/// A written form, or the value of a pattern: a nibble for each character from the highest down, 1 to 10 for the digits,
/// [`PLUS`] for the `+`, 0 behind the end. What is longer than [`LONGEST`] is cut: patterns are shorter, and so it equals
/// none as a whole, and starts as it did.
pub(super) type Packed = u128;

const PLUS: u8 = 11;
const LONGEST: usize = 31;

pub(super) fn nibble(at: usize, value: u8) -> Packed {
    Packed::from(value) << (124 - 4 * at)
}

pub(super) fn packed(form: &str) -> Packed {
    let code = |byte: u8| if byte == b'+' { PLUS } else { byte - b'0' + 1 };
    form.bytes().take(LONGEST).enumerate().map(|(at, byte)| nibble(at, code(byte))).sum()
}

pub(super) fn length(form: Packed) -> u8 {
    32 - u8::try_from(form.trailing_zeros() / 4).unwrap_or(32)
}

pub(super) fn starts_with_plus(form: Packed) -> bool {
    form >> 124 == Packed::from(PLUS)
}

/// The written forms of a number; none for what is no number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Forms(pub(super) Vec<Packed>);

impl Forms {
    fn add(&mut self, form: &str) {
        let form = packed(form);
        if !self.0.contains(&form) {
            self.0.push(form);
        }
    }
}

/// Reads numbers as people of one region write them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader(Option<&'static Plan>);

impl Reader {
    /// A reader of the numbers of `region`; without one, or for a region without a numbering plan, of international
    /// numbers only.
    pub(super) fn of(region: Option<&Region>) -> Self {
        Self(region.and_then(|region| Plan::of(region.as_str())))
    }

    /// The written forms of the caller's number.
    pub(super) fn forms(&self, caller: &Caller) -> Forms {
        let mut forms = Forms::default();
        match caller {
            Caller::Nobody | Caller::Anonymous | Caller::NoNumber => return forms,
            Caller::International(digits) => {
                if is_e164(digits) {
                    self.add_e164(&mut forms, digits);
                }
            }
            Caller::Digits(digits) => {
                if let Some(plan) = self.0
                    && let Some(national) = plan.national_number(digits)
                {
                    self.add_e164(&mut forms, &format!("{}{national}", plan.code));
                }
                forms.add(digits);
            }
        }
        if forms.0.is_empty() {
            forms.add("");
        }
        forms
    }

    fn add_e164(&self, forms: &mut Forms, digits: &str) {
        forms.add(&format!("+{digits}"));
        let Some(plan) = self.0 else { return };
        let Some(national) = digits.strip_prefix(&plan.code).filter(|national| !national.is_empty()) else { return };
        forms.add(&format!("{}{national}", plan.trunk_prefix));
        if plan.is_written_without_prefix(national) {
            forms.add(national);
        }
    }
}

/// How people of a region write numbers, by the metadata of libphonenumber.
///
/// The expressions are compiled here since the crate keeps but 100 of them for all regions together, behind one lock.
#[derive(Debug)]
struct Plan {
    /// The country calling code.
    code: String,
    /// What is dialled before a national number; may be empty.
    trunk_prefix: String,
    /// What is taken off a number as it is dialled, and what is put in its place.
    dialled_prefix: Option<(Regex, String)>,
    /// The national numbers of all regions with the country calling code.
    valid: Regex,
    /// For each way to write national numbers, which those are, and whether they go without the trunk prefix.
    writings: Vec<Writing>,
}

#[derive(Debug)]
struct Writing {
    starts: Option<Regex>,
    whole: Regex,
    without_prefix: bool,
}

/// The plans of all regions, each made when it is first asked for.
static PLANS: LazyLock<HashMap<&str, OnceLock<Option<Plan>>>> =
    LazyLock::new(|| DATABASE.iter().map(|metadata| (metadata.id(), OnceLock::new())).collect());

/// Loads the metadata of all regions now rather than at the first question.
pub(super) fn prepare() {
    LazyLock::force(&PLANS);
}

impl Plan {
    /// The plan of the region with the ISO 3166-1 code `region`.
    fn of(region: &str) -> Option<&'static Self> {
        let plan = PLANS.get(region)?;
        plan.get_or_init(|| DATABASE.by_id(region).and_then(|metadata| Self::from_metadata(metadata).ok())).as_ref()
    }

    fn from_metadata(metadata: &Metadata) -> Result<Self, regex::Error> {
        let trunk_prefix = metadata.national_prefix().unwrap_or_default().to_owned();
        let dialled_prefix = match metadata.national_prefix_for_parsing() {
            Some(prefix) => {
                let replaced = metadata.national_prefix_transform_rule().unwrap_or_default();
                Some((anchored(&format!("^(?:{})", prefix.as_str()))?, replaced.to_owned()))
            }
            None => None,
        };
        let code = metadata.country_code();
        let sharing = DATABASE.by_code(&code).unwrap_or_default();
        // The first is the main region of the code; only it has the ways to write numbers.
        let formats = sharing.first().map(|main| main.formats()).unwrap_or_default();
        let writings = formats.iter().map(|format| Writing::of(format, &trunk_prefix));
        let kinds: Vec<String> = sharing.iter().copied().flat_map(kinds_of_numbers).collect();
        Ok(Self {
            code: code.to_string(),
            dialled_prefix,
            valid: anchored(&format!("^(?:{})$", kinds.join("|")))?,
            writings: writings.collect::<Result<_, _>>()?,
            trunk_prefix,
        })
    }

    /// The national number that `digits` stand for in the region, if it is a valid one.
    fn national_number(&self, digits: &str) -> Option<String> {
        let dialled = self.dialled_prefix.as_ref().map(|(prefix, instead)| prefix.replace(digits, instead.as_str()));
        let without_prefix = digits.strip_prefix(&self.trunk_prefix);
        let without_code = digits.strip_prefix(&self.code);
        let readings = [dialled, without_prefix.map(Cow::from), Some(Cow::from(digits)), without_code.map(Cow::from)];
        readings.into_iter().flatten().find(|national| self.valid.is_match(national)).map(Cow::into_owned)
    }

    fn is_written_without_prefix(&self, national: &str) -> bool {
        let fits = |writing: &&Writing| {
            writing.starts.as_ref().is_none_or(|starts| starts.is_match(national)) && writing.whole.is_match(national)
        };
        self.writings.iter().any(|writing| writing.without_prefix)
            && self.writings.iter().find(fits).is_some_and(|writing| writing.without_prefix)
    }
}

impl Writing {
    fn of(format: &Format, trunk_prefix: &str) -> Result<Self, regex::Error> {
        let with_prefix = |rule: &str| rule.contains("$NP") || rule.replace("$1", "").contains(trunk_prefix);
        let starts = format.leading_digits().last().map(|starts| anchored(&format!("^(?:{})", starts.as_str())));
        Ok(Self {
            starts: starts.transpose()?,
            whole: anchored(&format!("^(?:{})$", format.pattern().as_str()))?,
            without_prefix: !trunk_prefix.is_empty() && !format.national_prefix().is_some_and(with_prefix),
        })
    }
}

/// The expressions of the kinds of numbers in a region.
fn kinds_of_numbers(metadata: &Metadata) -> Vec<String> {
    let of = metadata.descriptors();
    let kinds = [
        of.fixed_line(),
        of.mobile(),
        of.toll_free(),
        of.premium_rate(),
        of.shared_cost(),
        of.personal_number(),
        of.voip(),
        of.pager(),
        of.uan(),
        of.voicemail(),
    ];
    kinds.into_iter().flatten().map(|kind| format!("(?:{})", kind.national_number().as_str())).collect()
}

/// The metadata is written with blanks, and its digits are those of ASCII.
fn anchored(expression: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(expression).ignore_whitespace(true).unicode(false).build()
}

#[cfg(test)]
mod tests {
    use call_acceptance_api::value::phone_number::PhoneNumberPattern;

    use super::{super::pattern::Index, *};

    fn region(id: &str) -> Region {
        Region::parse(id).expect("a region")
    }

    fn pattern(text: &str) -> PhoneNumberPattern {
        PhoneNumberPattern::parse(text).expect("a pattern")
    }

    /// Whether `text` from `number` is matched in the region `id`; in none when it is empty.
    fn matches(id: &str, number: &str, text: &str) -> bool {
        let reader = Reader::of(Some(id).filter(|id| !id.is_empty()).map(region).as_ref());
        let pattern = pattern(text);
        let index = Index::of(std::iter::once((&pattern, 0)));
        index.owners(&reader.forms(&Caller::of(Some(number))), 1) == [true]
    }

    /// The written forms of `number` in the region `id`.
    fn forms(id: &str, number: &str) -> Vec<String> {
        let Forms(forms) = Reader::of(Some(&region(id))).forms(&Caller::of(Some(number)));
        let character = |code: u32| if code == u32::from(PLUS) { '+' } else { char::from(b'0' + code as u8 - 1) };
        let nibbles = |form: Packed| (0..32).map(move |at| (form >> (124 - 4 * at)) as u32 & 15);
        forms.into_iter().map(|form| nibbles(form).take_while(|code| *code > 0).map(character).collect()).collect()
    }

    #[test]
    fn a_number_has_an_international_and_a_national_form_however_it_is_written() {
        let table: [(&str, &[&str], &[&str]); 8] = [
            ("BE", &["+3225126777", "003225126777"], &["+3225126777", "025126777"]),
            ("BE", &["+32470123456"], &["+32470123456", "0470123456"]),
            ("US", &["+16502530000", "0016502530000"], &["+16502530000", "16502530000", "6502530000"]),
            ("GB", &["+442070313000"], &["+442070313000", "02070313000"]),
            ("IT", &["+390236618300"], &["+390236618300", "0236618300"]),
            ("ES", &["+34912345678"], &["+34912345678", "912345678"]),
            ("FR", &["+33631966543"], &["+33631966543", "0631966543"]),
            ("DE", &["+4930123456"], &["+4930123456", "030123456"]),
        ];
        for (region, numbers, expected) in table {
            for number in numbers {
                assert_eq!(forms(region, number), expected, "{number} in {region}");
            }
        }
    }

    #[test]
    fn digits_are_read_as_a_national_number_with_and_without_trunk_prefix_and_behind_the_country_code() {
        let table = [
            ("BE", "025126777", "+3225126777"),
            ("BE", "25126777", "+3225126777"),
            ("BE", "3225126777", "+3225126777"),
            ("US", "6502530000", "+16502530000"),
            ("US", "16502530000", "+16502530000"),
            ("GB", "02070313000", "+442070313000"),
            ("IT", "0236618300", "+390236618300"),
            ("IT", "390236618300", "+390236618300"),
            ("ES", "912345678", "+34912345678"),
            ("FR", "0631966543", "+33631966543"),
            ("DE", "030123456", "+4930123456"),
            ("RU", "88001234567", "+78001234567"),
        ];
        for (region, number, expected) in table {
            let forms = forms(region, number);
            assert_eq!(forms[0], expected, "{number} in {region}");
            assert!(forms.contains(&number.to_owned()), "{number} in {region} keeps the digits as they came");
        }
    }

    #[test]
    fn numbers_of_another_country_have_no_national_form() {
        assert_eq!(forms("BE", "+4930123456"), ["+4930123456"]);
        assert_eq!(forms("BE", "004930123456"), ["+4930123456"]);
    }

    #[test]
    fn regions_that_share_a_country_code_dial_each_other_nationally() {
        assert_eq!(forms("CA", "+16502530000"), ["+16502530000", "16502530000", "6502530000"]);
        assert_eq!(forms("KZ", "+79161234567"), ["+79161234567", "89161234567"]);
        assert_eq!(forms("JE", "+442070313000"), ["+442070313000", "02070313000"]);
    }

    #[test]
    fn an_extension_is_compared_as_it_came_only() {
        assert_eq!(forms("BE", "100"), ["100"]);
        assert!(matches("BE", "100", "1??"));
        assert!(!matches("BE", "100", "+*"));
    }

    #[test]
    fn digits_are_digits_only_without_a_region() {
        assert!(matches("", "025126777", "025126777"));
        assert!(!matches("", "025126777", "+3225126777"));
        assert!(matches("", "003225126777", "+3225126777"));
    }

    #[test]
    fn a_pattern_catches_a_call_whether_written_nationally_or_internationally() {
        for number in ["+3225126777", "003225126777", "025126777", "3225126777", "tel:+32-2-512.67.77"] {
            for text in ["+3225126777", "003225126777", "025126777", "+322*", "02*", "0251267??", "+32?512*", "*", "+*"]
            {
                assert!(matches("BE", number, text), "{text} on {number}");
            }
            for text in ["025126778", "02512677", "0251267777", "+32251267?", "?3225126777", "+33*", "0?"] {
                assert!(!matches("BE", number, text), "{text} on {number}");
            }
        }
    }

    #[test]
    fn a_question_mark_is_exactly_one_digit_and_never_the_plus() {
        assert!(matches("", "123", "1?3"));
        assert!(!matches("", "13", "1?3"));
        assert!(!matches("", "123", "1?"));
        assert!(!matches("", "+123", "?123"));
        assert!(!matches("", "+123", "?*"));
        assert!(matches("", "+123", "+?*"));
    }

    #[test]
    fn a_star_is_any_run_of_digits_also_none_and_alone_every_number() {
        assert!(matches("", "123", "123*"));
        assert!(matches("", "12345", "123*"));
        assert!(!matches("", "12", "123*"));
        for number in ["1", "+123", "00", "+0", "0123456789012345678901234567890123456789"] {
            assert!(matches("", number, "*"), "{number}");
        }
        assert!(!matches("", "1", "+*"));
        assert!(matches("", "0012", "00*"));
    }

    #[test]
    fn what_is_no_number_matches_no_pattern() {
        for text in ["", "  ", "alice", "sip:alice@example.com", "sip:+3225126777", "12a", "+", "++32", "tel:*21", "٣"]
        {
            assert!(!matches("BE", text, "*"), "{text}");
        }
    }

    #[test]
    fn a_number_longer_than_any_pattern_equals_none_and_keeps_its_start() {
        let long = "1".repeat(60);
        assert!(matches("", &long, "11111111111111111111*"));
        assert!(!matches("", &long, &"1".repeat(23)));
        assert!(!matches("", &"1".repeat(24), &"1".repeat(23)));
        assert!(matches("", &"1".repeat(23), &"1".repeat(23)));
    }

    #[test]
    fn uris_are_read_for_their_number() {
        let texts = [
            "tel:+32-2-512-67-77",
            "TEL:+3225126777;phone-context=example.com",
            "sip:+3225126777@example.com",
            "sips:+3225126777:secret@example.com;user=phone",
            "SIP:%2B3225126777;isub=1@example.com:5060",
            "<sip:+3225126777@example.com>;tag=1",
            "\"Bob <the> builder\" <sip:+3225126777@example.com;transport=tcp>;tag=1",
            "Bob <tel:+32(2)5126777>",
            " +32 2 512 67 77 ",
            "003225126777",
        ];
        for text in texts {
            assert_eq!(Caller::of(Some(text)).international().as_deref(), Some("+3225126777"), "{text}");
        }
        assert_eq!(Caller::of(Some("tel:6777;phone-context=+3225")), Caller::Digits("6777".to_owned()));
    }

    #[test]
    fn what_a_call_shows_follows_from_its_number_when_it_was_not_said() {
        let presentation = |text| Caller::of(text).presentation();
        assert_eq!(presentation(None), Presentation::Unavailable);
        assert_eq!(presentation(Some(" ")), Presentation::Unavailable);
        assert_eq!(presentation(Some("+3225126777")), Presentation::Allowed);
        assert_eq!(presentation(Some("alice")), Presentation::Allowed);
        assert_eq!(
            presentation(Some("\"Anonymous\" <sip:anonymous@Anonymous.Invalid>;tag=1")),
            Presentation::Restricted
        );
        assert_eq!(presentation(Some("sip:+3225126777@anonymous.invalid:5060")), Presentation::Restricted);
    }

    #[test]
    fn every_region_of_the_contract_reads_the_examples_of_its_metadata() {
        // Digits behind a country code are left out: some are a national number as well, and read as that.
        for metadata in DATABASE.iter().filter(|metadata| metadata.id() != "001") {
            let plan = Plan::of(metadata.id()).expect("the expressions of the metadata compile");
            let kinds = [metadata.descriptors().fixed_line(), metadata.descriptors().toll_free()];
            for example in kinds.into_iter().flatten().filter_map(|kind| kind.example()) {
                let dialled = format!("{}{example}", plan.trunk_prefix);
                let read = plan.national_number(&dialled);
                // Argentina writes numbers of mobiles and of landlines alike but for a 9, and a landline may be either.
                let nine = format!("9{example}");
                assert!(
                    read.as_deref() == Some(example) || read == Some(nine),
                    "{dialled} in {} is {read:?}",
                    metadata.id()
                );
            }
        }
    }
}
