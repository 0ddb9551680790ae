//! Identifiers and names.
//!
//! Lengths are those of the field (BroadWorks, Webex Calling): tenant and group 30, user 161, criteria 50,
//! schedule and period 40 characters.

use crate::value::text::text;

/// No control character, no `/`, no white space at either end.
const NAME: &str = r"^[^\s/\x00-\x1F\x7F-\x9F]([^/\x00-\x1F\x7F-\x9F]*[^\s/\x00-\x1F\x7F-\x9F])?$";
/// No control character, no white space at either end.
const LABEL: &str = r"^[^\s\x00-\x1F\x7F-\x9F]([^\x00-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F])?$";

text! {
    /// Identifier of a tenant, unique in the system; case-sensitive.
    TenantId {
        meaning: "a tenant's identifier",
        rule: "1 to 30 characters, no control character, no `/`, no white space at either end",
        length: 1..=30,
        pattern: NAME,
        example: "foo",
    }
}

text! {
    /// Identifier of a group, unique in its tenant; case-sensitive.
    GroupId {
        meaning: "a group's identifier",
        rule: "1 to 30 characters, no control character, no `/`, no white space at either end",
        length: 1..=30,
        pattern: NAME,
        example: "foogroup",
    }
}

text! {
    /// Identifier of a user, unique in its group; case-sensitive.
    UserId {
        meaning: "a user's identifier",
        rule: "1 to 161 characters, no control character, no `/`, no white space at either end",
        length: 1..=161,
        pattern: NAME,
        example: "foouser",
    }
}

text! {
    /// Name of a criteria, unique in its user's service; case-sensitive.
    CriteriaName {
        meaning: "a criteria's name",
        rule: "1 to 50 characters, no control character, no `/`, no white space at either end",
        length: 1..=50,
        pattern: NAME,
        example: "foocriteria",
    }
}

text! {
    /// Name of a schedule, unique among the schedules of its owner and type; case-sensitive.
    ScheduleName {
        meaning: "a schedule's name",
        rule: "1 to 40 characters, no control character, no `/`, no white space at either end",
        length: 1..=40,
        pattern: NAME,
        example: "Every Friday",
    }
}

text! {
    /// Name of a period, unique in its schedule; case-sensitive.
    PeriodName {
        meaning: "a period's name",
        rule: "1 to 40 characters, no control character, no `/`, no white space at either end",
        length: 1..=40,
        pattern: NAME,
        example: "Friday",
    }
}

text! {
    /// A name or label for people to read.
    Label {
        meaning: "a label for people to read",
        rule: "1 to 80 characters, no control character, no white space at either end",
        length: 1..=80,
        pattern: LABEL,
        example: "Foo Telecom",
    }
}

text! {
    /// An e-mail address, checked for its form only.
    EmailAddress {
        meaning: "an e-mail address",
        rule: "3 to 254 characters, a local part, `@` and a domain, without white space",
        length: 3..=254,
        pattern: r"^[^\s@\x00-\x1F\x7F-\x9F]+@[^\s@\x00-\x1F\x7F-\x9F]+$",
        example: "foo.user@example.com",
    }
}

text! {
    /// A text that is accepted in a request and ignored, so that what was read can be sent back.
    Ignored {
        meaning: "accepted and ignored",
        rule: "at most 1,000 characters",
        length: 0..=1000,
        pattern: r"^[\s\S]*$",
        example: "test",
    }
}
