//! Value types: the published schema accepts exactly the texts that the type accepts.

use std::collections::BTreeSet;

use call_acceptance_api::{
    access::{ActorKind, Role},
    document::{DOCUMENT, operations},
    resource::{
        audit::{AuditCursor, AuditEventId, OperationName, Refused},
        criteria::CriteriaDescription,
        decision::{Outcome, Reason},
        deletion::{DeletionId, DeletionStatus},
        number_list::{NumberListCsv, NumberListDescription, NumberListLines},
        protected_callers::CallerNote,
        refused_call::{CallerNumber, RefusedCallCursor},
        schedule::{
            icalendar::{ExcludedText, Icalendar},
            period::PeriodType,
        },
        token::TokenId,
        transfer::export::TenantLines,
        transfer::import::{ImportErrorCursor, ImportId, ImportLines, ImportStatus, ImportUsers},
        user_service::ServiceName,
        warning::WarningCode,
    },
    value::{
        name::{
            CriteriaName, EmailAddress, GroupId, Ignored, Label, NumberListName, PeriodName, ScheduleName, TenantId,
            UserId,
        },
        open_enum::Form,
        phone_number::{
            CalledNumber, CallingNumber, Extension, PhoneNumber, PhoneNumberPattern, QueriedPattern, Region,
        },
        recurrence::RecurrenceRule,
        sip::{Announcement, RedirectTarget, SipReason},
        text::Rule,
        time::{Date, Instant, TimeOfDay, TimeZone},
    },
    wire::{
        page::{NumberListCursor, ScheduleCursor},
        precondition::EntityTags,
        problem::ProblemCode,
        validation,
    },
};
use serde_json::Value;

use crate::assert_none;

struct TextType {
    rule: Rule,
    takes: fn(&str) -> bool,
}

macro_rules! text_types {
    ($($name:ident),* $(,)?) => {
        vec![$(TextType { rule: $name::RULE, takes: |text| $name::parse(text).is_ok() }),*]
    };
}

fn text_types() -> Vec<TextType> {
    text_types![
        Announcement,
        AuditCursor,
        AuditEventId,
        CalledNumber,
        CallerNote,
        CallerNumber,
        CallingNumber,
        CriteriaDescription,
        CriteriaName,
        Date,
        EmailAddress,
        EntityTags,
        ExcludedText,
        DeletionId,
        Extension,
        GroupId,
        Icalendar,
        Ignored,
        ImportErrorCursor,
        ImportId,
        ImportLines,
        ImportUsers,
        Instant,
        Label,
        NumberListCsv,
        NumberListCursor,
        NumberListDescription,
        NumberListLines,
        NumberListName,
        OperationName,
        PeriodName,
        PhoneNumber,
        PhoneNumberPattern,
        QueriedPattern,
        RecurrenceRule,
        RedirectTarget,
        RefusedCallCursor,
        Region,
        ScheduleCursor,
        ScheduleName,
        SipReason,
        TenantId,
        TenantLines,
        TimeOfDay,
        TimeZone,
        TokenId,
        UserId,
    ]
}

/// Characters that engines of regular expressions and people take differently.
const TRICKY: [char; 32] = [
    'a', '7', '/', '@', '"', '*', '?', '+', '%', ' ', '\t', '\n', '\r', '\0', '\u{1f}', '\u{7f}', '\u{80}', '\u{85}',
    '\u{9f}', '\u{a0}', '\u{ad}', '\u{301}', '\u{1680}', '\u{2003}', '\u{200b}', '\u{2028}', '\u{202e}', '\u{3000}',
    '\u{feff}', 'é', '٣', '😀',
];

/// The greatest length that is tried.
const MOST_TRIED: usize = 64 << 20;

/// Texts around every edge of `rule`: its lengths, and every tricky character alone, at either end and within.
fn texts_around(rule: &Rule) -> Vec<String> {
    let (least, most) = rule.length;
    let mut texts = vec![rule.example.to_owned(), String::new(), "\r\n".to_owned(), "e\u{301}".to_owned()];
    for filler in ["a", "7", "A", "é", "😀"] {
        // A text that is longer than fits into memory is only ever read as it arrives.
        let lengths = [least.saturating_sub(1), least, 1, most, most + 1];
        for length in lengths.into_iter().filter(|length| *length <= MOST_TRIED) {
            texts.push(filler.repeat(length));
        }
    }
    for character in TRICKY {
        texts.push(character.to_string());
        for base in ["aa", "77", rule.example] {
            texts.extend([
                format!("{character}{base}"),
                format!("{base}{character}"),
                format!("{}{character}{}", &base[..1], &base[1..]),
            ]);
        }
    }
    texts
}

/// The schema that the document has of the type: under its name or, for optional parameters, in place.
fn published_schema(rule: &Rule) -> Option<Value> {
    let named = &DOCUMENT["components"]["schemas"][rule.name];
    if named.is_object() {
        return Some(named.clone());
    }
    let shared = DOCUMENT["components"]["parameters"].as_object().into_iter().flat_map(|shared| shared.values());
    let own = operations::all().iter().filter_map(|operation| operation.object()["parameters"].as_array()).flatten();
    let mut schemas = shared.chain(own).map(|parameter| &parameter["schema"]);
    schemas.find(|schema| schema["description"] == rule.description()).cloned()
}

#[test]
fn every_text_type_of_the_document_is_tried() {
    let tried: BTreeSet<&str> = text_types().iter().map(|text_type| text_type.rule.name).collect();
    let schemas = DOCUMENT["components"]["schemas"].as_object().into_iter().flatten();
    let closed = |schema: &Value| ["enum", "x-extensible-enum"].iter().any(|keyword| schema.get(keyword).is_some());
    let published = schemas.filter(|(_, schema)| schema["type"] == "string" && !closed(schema));
    let published: BTreeSet<&str> = published.map(|(name, _)| name.as_str()).collect();
    assert_none(published.difference(&tried).map(|name| format!("{name} is not tried")));
    assert_none(
        text_types().iter().filter(|kind| published_schema(&kind.rule).is_none()).map(|kind| kind.rule.name.to_owned()),
    );
}

#[test]
fn examples_parse() {
    let wrong = text_types().into_iter().filter(|text_type| !(text_type.takes)(text_type.rule.example));
    assert_none(wrong.map(|text_type| format!("{} does not take its example", text_type.rule.name)));
}

#[test]
fn schema_and_type_accept_the_same_texts() {
    let mut faults = Vec::new();
    for TextType { rule, takes } in text_types() {
        let schema = published_schema(&rule).unwrap_or_else(|| panic!("the document has no {}", rule.name));
        let validator = validation::compile(&schema).expect("a schema of the document compiles");
        for text in texts_around(&rule) {
            let (published, parsed) = (validator.is_valid(&Value::from(text.as_str())), takes(&text));
            if published != parsed {
                let verdict = |taken| if taken { "takes" } else { "refuses" };
                faults.push(format!(
                    "{}: the schema {} {text:?}, the type {} it",
                    rule.name,
                    verdict(published),
                    verdict(parsed)
                ));
            }
        }
    }
    assert_none(faults);
}

#[test]
fn names_refuse_what_paths_and_people_cannot_distinguish() {
    let takes = |text: &str| TenantId::parse(text).is_ok();
    for right in ["a", "7", "é", "e\u{301}", "😀", "a b", "a\u{a0}b", "a.b", "a%2Fb", "..a"] {
        assert!(takes(right), "{right:?}");
    }
    for wrong in ["", " ", " a", "a ", "\u{a0}a", "a\u{3000}", "a/b", "a\tb", "a\n", "\u{85}a", "a\0"] {
        assert!(!takes(wrong), "{wrong:?}");
    }
}

#[test]
fn lengths_count_characters_and_not_bytes() {
    assert!(TenantId::parse(&"😀".repeat(30)).is_ok());
    assert!(TenantId::parse(&"a".repeat(31)).is_err());
}

/// An open enumeration: its name, its form and its values.
type OpenEnum = (&'static str, Form, Vec<&'static str>);

macro_rules! open_enums {
    ($($name:ident),* $(,)?) => {
        vec![$((stringify!($name), $name::FORM, $name::ALL.map($name::as_str).to_vec())),*]
    };
}

fn open_enums() -> Vec<OpenEnum> {
    open_enums![
        ActorKind,
        DeletionStatus,
        ImportStatus,
        Outcome,
        PeriodType,
        ProblemCode,
        Reason,
        Refused,
        Role,
        ServiceName,
        WarningCode
    ]
}

#[test]
fn open_enumerations_are_published_with_a_pattern_and_their_known_values() {
    for (name, form, values) in open_enums() {
        let schema = &DOCUMENT["components"]["schemas"][name];
        assert!(schema.get("enum").is_none(), "{name} is closed");
        assert_eq!(schema["pattern"], form.pattern, "{name}");
        assert_eq!(schema["x-extensible-enum"], Value::from(values.clone()), "{name}");
        let validator = validation::compile(schema).expect("a schema of the document compiles");
        let described = schema["description"].as_str().unwrap_or_default();
        for value in values {
            assert!(validator.is_valid(&Value::from(value)), "{name} does not take {value:?}");
            assert!(described.contains(&format!("`{value}`: ")), "{name} does not describe {value:?}");
        }
    }
    let named = DOCUMENT["components"]["schemas"].as_object().into_iter().flatten();
    let open: BTreeSet<&str> =
        named.filter(|(_, schema)| schema.get("x-extensible-enum").is_some()).map(|(name, _)| name.as_str()).collect();
    assert_eq!(open, open_enums().iter().map(|(name, ..)| *name).collect());
}

#[test]
fn clients_must_accept_future_values_and_the_server_need_not() {
    for (name, form, _) in open_enums() {
        let future = if form.pattern.starts_with("^[A-Z]") { "From the future" } else { "from_the_future" };
        let schema = &DOCUMENT["components"]["schemas"][name];
        let takes = |schema: &Value| {
            let validator = validation::compile(schema).expect("a schema of the document compiles");
            validator.is_valid(&Value::from(future))
        };
        assert!(takes(schema), "{name}");
        assert!(!takes(&validation::json_schema(schema)), "{name}");
    }
}
