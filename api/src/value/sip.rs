//! What a SIP response to a refused call is made of.

use crate::value::text::text;

/// The format of reason phrases; a pattern cannot say what they are not.
pub(crate) const REASON_FORMAT: &str = "sip-reason-phrase";

/// Whether the text is a reason phrase that an operator may choose: it does not claim that the network blocks the call.
pub(crate) fn is_reason(text: &str) -> bool {
    !text.to_ascii_lowercase().contains("network blocked")
}

text! {
    /// The reason phrase of a SIP response (RFC 3261, section 7.2).
    SipReason {
        meaning: "a SIP reason phrase",
        rule: "1 to 50 printable ASCII characters; not `Network Blocked`, which tells callers of a block by law",
        length: 1..=50,
        pattern: "^[ -~]*$",
        format: "sip-reason-phrase",
        holds: is_reason,
        example: "Decline",
    }
}

text! {
    /// The name of an announcement.
    Announcement {
        meaning: "the name of an announcement, as the switch knows it",
        rule: "1 to 100 characters, no control character",
        length: 1..=100,
        pattern: r"^[^\x00-\x1F\x7F-\x9F]*$",
        example: "call_rejected",
    }
}

text! {
    /// Where a refused call is redirected to.
    RedirectTarget {
        meaning: "the target of a redirection",
        rule: "a `tel:` or `sip:` URI of at most 255 characters",
        length: 5..=255,
        pattern: r"^([Tt][Ee][Ll]|[Ss][Ii][Pp]):[A-Za-z0-9._~:?\[\]@!$&'()*+,;=%/-]+$",
        example: "tel:+3225550199",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_phrase_does_not_claim_that_the_network_blocks_the_call() {
        for phrase in ["Decline", "Not Acceptable Here", " ", "~!"] {
            assert!(SipReason::parse(phrase).is_ok(), "{phrase:?}");
        }
        for phrase in ["", "Network Blocked", "NETWORK blocked", "Network Blocked.", "Caf\u{e9}", "a\r\nb"] {
            assert!(SipReason::parse(phrase).is_err(), "{phrase:?}");
        }
    }

    #[test]
    fn a_target_is_a_tel_or_sip_uri() {
        for target in ["tel:+3225550199", "sip:voicemail@example.com;user=phone", "SIP:a@[2001:db8::1]:5060"] {
            assert!(RedirectTarget::parse(target).is_ok(), "{target:?}");
        }
        for target in ["", "tel:", "mailto:a@b", "sips:a@b", "+3225550199", "sip:a b", "sip:a>b", "sip:a\r\nX: y"] {
            assert!(RedirectTarget::parse(target).is_err(), "{target:?}");
        }
    }
}
