use call_acceptance_api::{
    resource::decision::Presentation,
    value::phone_number::{PhoneNumberPattern, Region},
};
use proptest::prelude::*;

use super::{super::pattern::Index, form::PLUS, *};

fn reader(region: &str) -> Reader {
    let region = (!region.is_empty()).then(|| Region::parse(region).expect("a region"));
    Reader::of(region.as_ref())
}

fn written(text: &str) -> Option<Written> {
    match Caller::of(Some(text)) {
        Caller::Number(number) => Some(number),
        _ => None,
    }
}

/// Whether the pattern `text` matches `number` in the region; an empty region means none.
fn matches(region: &str, number: &str, text: &str) -> bool {
    let pattern = PhoneNumberPattern::parse(text).expect("a pattern");
    let reader = reader(region);
    let index: Index = Index::of(std::iter::once((&pattern, 0)), &reader);
    written(number).is_some_and(|number| index.owners(&reader.forms(&number), 1) == [true])
}

/// The written forms of `number` in the region.
fn forms(region: &str, number: &str) -> Vec<String> {
    let Forms(forms) = reader(region).forms(&written(number).expect("a number"));
    let character = |code: u32| if code == u32::from(PLUS) { '+' } else { char::from(b'0' + code as u8 - 1) };
    let nibbles = |form: Packed| (0..32).map(move |at| (form >> (124 - 4 * at)) as u32 & 15);
    forms.into_iter().map(|form| nibbles(form).take_while(|code| *code > 0).map(character).collect()).collect()
}

fn called(region: &str, number: &str) -> Vec<String> {
    let numbers = written(number).map(|number| reader(region).called(&number)).unwrap_or_default();
    numbers.iter().map(ToString::to_string).collect()
}

#[test]
fn numbers_of_every_region_have_the_forms_that_the_reference_gives_them() {
    let lines = include_str!("../../../../tests/data/numbers/regions.tsv").lines();
    let wrong = lines.filter_map(|line| {
        let [region, digits, expected] = line.split('\t').collect::<Vec<_>>().try_into().expect("three columns");
        let found = forms(region, digits).join(" ");
        (found != expected).then(|| format!("{digits} in {region}: {found} instead of {expected}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_number_has_an_international_and_a_national_form_however_it_is_written() {
    let table: [(&str, &[&str], &[&str]); 11] = [
        ("BE", &["+3225126777", "003225126777", "025126777", "25126777", "3225126777"], &["+3225126777", "025126777"]),
        ("BE", &["+32470123456"], &["+32470123456", "0470123456"]),
        ("US", &["+16502530000", "0016502530000"], &["+16502530000", "16502530000", "6502530000"]),
        ("GB", &["+442070313000", "02070313000"], &["+442070313000", "02070313000"]),
        ("IT", &["+390236618300", "390236618300"], &["+390236618300", "0236618300"]),
        ("ES", &["+34912345678"], &["+34912345678", "912345678"]),
        ("FR", &["+33631966543", "0631966543"], &["+33631966543", "0631966543"]),
        ("DE", &["+4930123456", "030123456"], &["+4930123456", "030123456"]),
        ("BY", &["+375152450911", "80152450911"], &["+375152450911", "8152450911", "80152450911"]),
        ("AR", &["+5491123456789", "0111523456789"], &["+5491123456789", "091123456789", "0111523456789"]),
        ("RU", &["+78001234567", "88001234567"], &["+78001234567", "88001234567"]),
    ];
    for (region, numbers, expected) in table {
        for number in numbers {
            assert_eq!(forms(region, number), expected, "{number} in {region}");
        }
    }
}

#[test]
fn a_transform_of_the_metadata_applies_only_if_its_group_matched() {
    assert_eq!(forms("AR", "01123456789")[0], "+541123456789");
    assert_eq!(forms("GG", "614312")[0], "+441481614312");
    assert_eq!(forms("GG", "0614312"), ["0614312"]);
}

#[test]
fn the_numbering_plans_are_those_of_a_late_release() {
    assert_eq!(forms("SE", "0789435331")[0], "+46789435331");
}

#[test]
fn the_release_of_the_numbering_plans_is_that_of_the_crate() {
    // To update the crate, add its version and the release of libphonenumber that its README names, and set
    // `NUMBERING_PLANS`.
    let known = [("2.2.15", "9.0.42")];
    let lock = include_str!("../../../../Cargo.lock");
    let (_, behind) =
        lock.split_once("name = \"rlibphonenumber\"\nversion = \"").expect("the crate is in the lock file");
    let version = behind.split('"').next().unwrap_or_default();
    assert!(known.contains(&(version, NUMBERING_PLANS)), "rlibphonenumber {version} with plans {NUMBERING_PLANS}");
}

#[test]
fn an_international_prefix_is_read_as_a_plus() {
    let expected = "+442070313000";
    for (region, number) in [
        ("US", "011442070313000"),
        ("AU", "0011442070313000"),
        ("JP", "010442070313000"),
        ("RU", "810442070313000"),
        ("KR", "001442070313000"),
        ("SG", "001442070313000"),
        ("BR", "0021442070313000"),
        ("HK", "001442070313000"),
        ("US", "00442070313000"),
        ("KR", "00442070313000"),
    ] {
        assert_eq!(forms(region, number), [expected], "{number} in {region}");
    }
    // The region's own prefix leaves no number, the other does.
    assert_eq!(forms("HK", "00622123456789")[0], "+622123456789");
    assert_eq!(forms("US", "0116"), ["0116"]);
    assert_eq!(forms("US", "01199912345"), ["+99912345"]);
}

#[test]
fn a_trunk_prefix_behind_the_country_code_is_dropped_where_that_makes_a_number() {
    for (number, expected) in [
        ("+32(0)25126777", "+3225126777"),
        ("+32025126777", "+3225126777"),
        ("0032 (0)2 512 67 77", "+3225126777"),
        ("32025126777", "+3225126777"),
        ("+44 (0)20 7031 3000", "+442070313000"),
        ("+49 (0)30 12345678", "+493012345678"),
        ("+330612345678", "+33612345678"),
        ("+39 (0)2 3661 8300", "+390236618300"),
        ("+390236618300", "+390236618300"),
        ("+3209", "+3209"),
    ] {
        assert_eq!(forms("BE", number)[0], expected, "{number}");
    }
}

#[test]
fn a_phone_context_says_where_a_local_number_is() {
    for (text, expected) in [
        ("tel:5126777;phone-context=+322", "+3225126777"),
        ("tel:512-6777;isub=1;Phone-Context=+32-2", "+3225126777"),
        ("sip:5126777;phone-context=%2B322@example.com;user=phone", "+3225126777"),
        ("tel:0475123456;phone-context=+33", "+33475123456"),
        ("tel:00442070313000;phone-context=+32", "+442070313000"),
        ("tel:+3225126777;phone-context=+33", "+3225126777"),
        ("tel:025126777;phone-context=example.com", "+3225126777"),
        ("tel:6777;phone-context=example.com", "6777"),
        ("tel:6777;phone-context=3225", "6777"),
    ] {
        assert_eq!(forms("BE", text)[0], expected, "{text}");
    }
}

#[test]
fn digits_without_a_prefix_are_national_then_international_then_an_extension() {
    assert_eq!(forms("BE", "442070313000"), ["+442070313000"]);
    assert_eq!(forms("", "442070313000"), ["+442070313000"]);
    assert_eq!(forms("", "025126777"), ["025126777"]);
    assert_eq!(forms("US", "6502530000")[0], "+16502530000");
    for extension in ["100", "001", "000", "0001", "5126777", "+0123"] {
        let digits = extension.trim_start_matches('+');
        assert_eq!(forms("BE", extension), [digits], "{extension}");
        assert!(matches("BE", extension, extension), "{extension}");
        assert!(matches("BE", extension, "*") && !matches("BE", extension, "+*"), "{extension}");
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
fn a_number_that_does_not_exist_is_not_an_extension() {
    assert_eq!(forms("BE", "+32100"), ["+32100", "0100"]);
    assert!(!matches("BE", "+32100", "100"));
    assert_eq!(forms("BE", "+99912345"), ["+99912345"]);
}

#[test]
fn a_pattern_matches_national_and_international_forms() {
    for number in ["+3225126777", "003225126777", "025126777", "3225126777", "tel:+32-2-512.67.77"] {
        for text in ["+3225126777", "003225126777", "025126777", "+322*", "02*", "0251267??", "+32?512*", "*", "+*"] {
            assert!(matches("BE", number, text), "{text} on {number}");
        }
        for text in ["025126778", "02512677", "0251267777", "+32251267?", "?3225126777", "+33*", "0?", "32*"] {
            assert!(!matches("BE", number, text), "{text} on {number}");
        }
    }
}

#[test]
fn a_pattern_without_wildcards_is_read_as_numbers_are() {
    for (region, text, number) in [
        ("BE", "3225126777", "+3225126777"),
        ("BE", "25126777", "+3225126777"),
        ("BE", "+32025126777", "+3225126777"),
        ("BE", "442070313000", "+442070313000"),
        ("US", "011442070313000", "+442070313000"),
        ("BY", "80152450911", "+375152450911"),
        ("AR", "01123456789", "+541123456789"),
    ] {
        assert!(matches(region, number, text), "{text} on {number}");
    }
}

#[test]
fn a_pattern_with_wildcards_has_its_own_prefix() {
    for (region, text, number, expected) in [
        ("US", "011*", "+442070313000", true),
        ("US", "01144*", "+442070313000", true),
        ("US", "01144207031300?", "+442070313000", true),
        ("US", "01133*", "+442070313000", false),
        ("AU", "001144*", "+442070313000", true),
        ("AU", "0044*", "+442070313000", true),
        ("KR", "001*", "+442070313000", true),
        ("HK", "0062*", "+622123456789", true),
        ("HK", "0062*", "+27211234567", false),
        ("BE", "011*", "+442070313000", false),
        ("BE", "00*", "+442070313000", true),
    ] {
        assert_eq!(matches(region, number, text), expected, "{text} on {number} in {region}");
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
fn a_star_matches_any_run_of_digits_and_alone_every_number() {
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
fn a_text_without_a_number_matches_no_pattern() {
    for text in ["", "  ", "alice", "sip:alice@example.com", "sip:+3225126777", "12a", "+", "++32", "tel:*21", "٣"] {
        assert_eq!(Caller::of(Some(text)), Caller::NoNumber, "{text}");
    }
}

#[test]
fn a_number_longer_than_any_pattern_is_matched_by_its_start_only() {
    let long = "1".repeat(60);
    assert!(matches("", &long, "11111111111111111111*"));
    assert!(!matches("", &long, &"1".repeat(23)));
    assert!(!matches("", &"1".repeat(24), &"1".repeat(23)));
    assert!(matches("", &"1".repeat(23), &"1".repeat(23)));
}

#[test]
fn numbers_are_extracted_from_uris() {
    let texts = [
        "tel:+32-2-512-67-77",
        "TEL:+3225126777;phone-context=example.com",
        "sip:+3225126777@example.com",
        "sips:+3225126777:secret@example.com;user=phone",
        "SIP:%2B3225126777;isub=1@example.com:5060",
        "<sip:+3225126777@example.com>;tag=1",
        "<sip:+3225126777@example.com>;note=\"<tel:+33123456789>\"",
        "\"Bob <the> \\\"builder\\\"\" <sip:+3225126777@example.com;transport=tcp>;tag=1",
        "\"Anonymous\" <sip:+3225126777@example.com>",
        "Bob <tel:+32(2)5126777>",
        " +32 2 512 67 77 ",
        "+3225126777@10.0.0.1:5060",
        "003225126777",
    ];
    for text in texts {
        assert_eq!(forms("", text), ["+3225126777"], "{text}");
    }
}

#[test]
fn every_caller_is_allowed_or_restricted_or_unavailable() {
    use Presentation::{Allowed, Restricted, Unavailable};
    let table: [(&[&str], Presentation); 3] = [
        (&["+3225126777", "100", "\"anonymous\" <tel:100>", "sip:100@unknown.invalid", "0000"], Allowed),
        (
            &[
                "anonymous",
                "Restricted",
                "PRIVATE",
                "withheld",
                "<sip:Anonymous@10.0.0.1>",
                "\"Anonymous\" <sip:anonymous@Anonymous.Invalid>;tag=1",
                "sip:+3225126777@anonymous.invalid:5060",
                "sip:anonymous.invalid",
                "anonymous@anonymous.invalid",
                "sip:%61nonymous;x=y@example.com",
                "tel:anonymous",
                "266696687",
                "+266696687",
                "tel:+266-696-687",
                "sip:266696687@10.0.0.1",
            ],
            Restricted,
        ),
        (
            &["", " ", "alice", "sip:alice@example.com", "sip:unknown@unknown.invalid", "unknown", "anonymous1", "12a"],
            Unavailable,
        ),
    ];
    for (texts, expected) in table {
        for text in texts {
            let caller = Caller::of(Some(text));
            assert_eq!(caller.presentation(None), expected, "{text}");
            assert_eq!(caller.presentation(Some(Allowed)), expected, "{text}");
            assert_eq!(caller.presentation(Some(Restricted)), Restricted, "{text}");
            assert_eq!(caller.presentation(Some(Unavailable)), Unavailable, "{text}");
        }
    }
    assert_eq!(Caller::of(None).presentation(Some(Allowed)), Unavailable);
}

#[test]
fn a_called_number_is_read_as_e164_before_it_is_national() {
    for text in ["+3225550100", "003225550100", "tel:+32-2-555-01-00", "sip:3225550100@10.0.0.1", "3225550100"] {
        assert_eq!(called("", text), ["+3225550100"], "{text}");
    }
    assert_eq!(called("BE", "025550100"), ["+3225550100"]);
    assert_eq!(called("BE", "sip:+32(0)25550100@example.com"), ["+3225550100"]);
    assert_eq!(called("US", "0113225550100"), ["+3225550100"]);
    assert_eq!(called("BE", "tel:5550100;phone-context=+322"), ["+3225550100"]);
    assert_eq!(called("US", "3225550100"), ["+3225550100"]);
    assert_eq!(called("US", "2125550100"), ["+2125550100", "+12125550100"]);
    for text in ["", "025550100", "alice", "+0225550100", "+3", "+1234567890123456", "anonymous"] {
        assert_eq!(called("", text), Vec::<String>::new(), "{text}");
    }
}

/// Texts that look like addresses, and any other text.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[0-9]{1,12}",
        2 => "\\+?[0-9 ().-]{1,20}",
        1 => prop::sample::select(vec![
            "+", "00", "011", "<", ">", "\"", "\\", ";", "@", ":", "=", "%2B", "%", "tel:", "sip:", "sips:",
            "anonymous",
            "anonymous.invalid", ";phone-context=+", "266696687",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat().chars().take(512).collect())
}

fn region() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "BE", "US", "AR", "BY", "HK", "JP", "AU", "IT", "GG", "RU", "BR", "KR", "WS", "CL"])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_canonical_form_of_a_number_is_read_as_the_same_number(text in text(), region in region()) {
        let caller = Caller::of(Some(&text));
        let shown = caller.presentation(None) == Presentation::Allowed;
        prop_assert_eq!(shown, matches!(caller, Caller::Number(_)));
        if let Some(number) = written(&text) {
            let reader = reader(region);
            let canonical = reader.canonical(&number);
            let again = Written::of(&canonical).expect("a number in canonical form is one");
            // Of an impossible number with `+` only the digits remain, which may be a national number.
            if canonical.starts_with('+') || number.lead == text::Lead::None {
                prop_assert_eq!(&reader.canonical(&again), &canonical, "{} in {}", text, region);
            }
            for _ in ["read", "cached"] {
                let caller = reader.caller(&text);
                prop_assert_eq!(caller.forms(), Some(&reader.forms(&number)));
                prop_assert_eq!(caller.number(), Some(reader.canonical(&number)));
            }
            let forms = forms(region, &text);
            prop_assert!((1..=3).contains(&forms.len()), "{:?}", forms);
            prop_assert_eq!(forms.iter().filter(|form| form.starts_with('+')).count(),
            usize::from(canonical.starts_with('+')));
            prop_assert!(reader.called(&number).len() <= 3);
        }
    }

    #[test]
    fn a_number_matches_the_pattern_of_its_own_text(digits in "\\+?[0-9]{1,22}", region in region()) {
        prop_assert!(matches(region, &digits, &digits) || written(&digits).is_none(), "{} in {}", digits, region);
        prop_assert!(matches(region, &digits, "*") || written(&digits).is_none());
    }
}
