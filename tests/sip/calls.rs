//! The calls, with their expected verdicts.

use crate::users::{ANONYMOUS, FRIENDS, INACTIVE, NO_SALES, NO_SERVICE, NOBODY, OPEN, OVER, UNAVAILABLE};

/// The expected verdict of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The callee answers.
    Relay,
    /// The caller gets 603.
    Decline,
}

impl Verdict {
    /// The final answer that the caller gets.
    pub fn answer(self) -> &'static str {
        match self {
            Self::Relay => "200 OK",
            Self::Decline => "603 Decline",
        }
    }
}

/// A call as its INVITE says it.
#[derive(Debug, Clone)]
pub struct Call {
    called: String,
    from: String,
    identity: Option<String>,
    privacy: Option<&'static str>,
    header: Option<&'static str>,
    party_privacy: &'static str,
    pub verdict: Verdict,
}

impl Call {
    /// Its line in sipp's CSV file.
    pub fn csv(&self, index: usize) -> String {
        // An empty field would end the headers.
        let identity =
            self.identity.as_ref().map_or("Organization: ours".to_owned(), |it| format!("P-Asserted-Identity: {it}"));
        let privacy = self.privacy.map_or("Subject: a call".to_owned(), |it| format!("Privacy: {it}"));
        let header = self.header.unwrap_or("Priority: normal");
        format!("{index};{};{};{identity};{privacy};{header};{}\n", self.called, self.from, self.party_privacy)
    }

    /// Whether it says that an emergency service calls back.
    pub fn is_emergency_callback(&self) -> bool {
        self.header.is_some_and(|header| header.to_ascii_lowercase().contains("psap-callback"))
    }
}

/// A kind of call. Each `#` of a number is a digit of the call's own.
struct Kind {
    called: &'static str,
    from: &'static str,
    identity: Option<&'static str>,
    privacy: Option<&'static str>,
    header: Option<&'static str>,
    party_privacy: &'static str,
    verdict: Verdict,
}

const fn kind(called: &'static str, from: &'static str, verdict: Verdict) -> Kind {
    Kind { called, from, identity: None, privacy: None, header: None, party_privacy: "off", verdict }
}

const fn relay(called: &'static str, from: &'static str) -> Kind {
    kind(called, from, Verdict::Relay)
}

const fn decline(called: &'static str, from: &'static str) -> Kind {
    kind(called, from, Verdict::Decline)
}

impl Kind {
    /// The network vouches for the caller.
    const fn asserted(self, identity: &'static str) -> Self {
        Self { identity: Some(identity), ..self }
    }

    /// The caller asks for privacy.
    const fn private(self, privacy: &'static str) -> Self {
        Self { privacy: Some(privacy), ..self }
    }

    /// The call has one more header field.
    const fn with(self, header: &'static str) -> Self {
        Self { header: Some(header), ..self }
    }

    /// The caller asks for privacy as was done before RFC 3323.
    const fn private_party(self, privacy: &'static str) -> Self {
        Self { party_privacy: privacy, ..self }
    }

    fn call(&self, index: usize) -> Call {
        Call {
            called: self.called.to_owned(),
            from: with_digits(self.from, index),
            identity: self.identity.map(|identity| with_digits(identity, index)),
            privacy: self.privacy,
            header: self.header,
            party_privacy: self.party_privacy,
            verdict: self.verdict,
        }
    }
}

const ANONYMOUS_FROM: &str = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
const ALICE: &str = "\"Alice\" <sip:alice@caller.example>";
/// The number of [`FRIENDS`] in another form.
const FRIENDS_00: &str = "003225550101";

const KINDS: &[Kind] = &[
    // Listed numbers, however list and call write them.
    relay(FRIENDS, "<sip:+3225126777@caller.example>"),
    relay(FRIENDS, "<sip:003225126777@caller.example>"),
    relay(FRIENDS, "<sip:025126777@caller.example>"),
    relay(FRIENDS_00, "\"Family\" <sip:+3225126777@caller.example>"),
    relay(FRIENDS, "<sip:+3224061234@caller.example>"),
    relay(FRIENDS, "<sip:003224061234@caller.example>"),
    relay(FRIENDS_00, "<sip:024061234@caller.example>"),
    relay(FRIENDS, "<sip:%2B3224061234@caller.example>"),
    relay(FRIENDS, "<tel:+3224061234>"),
    relay(FRIENDS, "<tel:+32-2-406-12-34>"),
    relay(FRIENDS, "<sip:100@caller.example>"),
    relay(FRIENDS, "<sip:+3247512####@caller.example>"),
    relay(FRIENDS, "<sip:047512####@caller.example>"),
    relay(FRIENDS, "<sip:+3248612####@caller.example>"),
    relay(FRIENDS, "<sip:048634####@caller.example>"),
    relay(FRIENDS, "<sip:+31205#####@caller.example>"),
    relay(FRIENDS, "<sip:0031205#####@caller.example>"),
    // Others.
    decline(FRIENDS, "<sip:+3225126778@caller.example>"),
    decline(FRIENDS, "<sip:+3247513####@caller.example>"),
    decline(FRIENDS, "<sip:+3247512###@caller.example>"),
    decline(FRIENDS, "<sip:+3247512#####@caller.example>"),
    decline(FRIENDS, "<sip:047513####@caller.example>"),
    decline(FRIENDS, "<sip:02406123@caller.example>"),
    decline(FRIENDS_00, "<sip:0032475130###@caller.example>"),
    decline(FRIENDS, "<sip:+33486####@caller.example>"),
    decline(FRIENDS, "<sip:101@caller.example>"),
    decline(FRIENDS, ALICE),
    decline(FRIENDS, ANONYMOUS_FROM),
    // What the network says of the caller counts for more than what the caller says.
    relay(FRIENDS, ALICE).asserted("<sip:+3225126777@network.example>"),
    relay(FRIENDS, ALICE).asserted("\"Friend\" <tel:+3247512####>"),
    relay(FRIENDS, ALICE).asserted("<sip:alice@network.example>, <tel:+3225126777>"),
    relay(FRIENDS, "<sip:+33####@caller.example>").asserted("<sip:025126777@network.example>"),
    decline(FRIENDS, "<sip:+3225126777@caller.example>").asserted("<sip:+3247513####@network.example>"),
    decline(FRIENDS, "<sip:+3225126777@caller.example>").asserted("<sip:alice@network.example>"),
    // A withheld number is not looked up, even if the network knows it.
    decline(FRIENDS, "<sip:+3225126777@caller.example>").private("id"),
    decline(FRIENDS, ANONYMOUS_FROM).asserted("<tel:+3225126777>"),
    decline(FRIENDS, ANONYMOUS_FROM).asserted("<sip:+3225126777@network.example>").private("id"),
    decline(FRIENDS, ALICE).asserted("<tel:+3225126777>").private("user"),
    relay(FRIENDS, "<sip:+3225126777@caller.example>").private("none"),
    relay(FRIENDS, "<sip:+3225126777@caller.example>").private("session"),
    relay(ANONYMOUS, ANONYMOUS_FROM),
    relay(ANONYMOUS, ANONYMOUS_FROM).asserted("<tel:+32475######>").private("id"),
    relay(ANONYMOUS, ANONYMOUS_FROM).asserted("<sip:+32475######@network.example>").private("id"),
    relay(ANONYMOUS, "<sip:+32475######@caller.example>").private("id"),
    relay(ANONYMOUS, "<sip:+32475######@caller.example>").private("header"),
    relay(ANONYMOUS, "<sip:+32475######@caller.example>").private("full"),
    relay(ANONYMOUS, ALICE).private("user"),
    relay(ANONYMOUS, "<sip:anonymous@caller.example>"),
    relay(ANONYMOUS, "<sip:Restricted@caller.example>"),
    relay(ANONYMOUS, "<sip:withheld@caller.example>").asserted("<tel:+32475######>"),
    relay(ANONYMOUS, "<sip:+266696687@caller.example>"),
    relay(ANONYMOUS, ALICE).asserted("<sip:anonymous@anonymous.invalid>"),
    relay(ANONYMOUS, "<sip:+32475######@caller.example>").private_party("full"),
    relay(ANONYMOUS, "<sip:+32475######@caller.example>").private("none").with("Privacy: id"),
    relay(ANONYMOUS, "<sip:+32475######@caller.example>").private("session").with("Privacy: critical,user"),
    decline(FRIENDS, "<sip:+3225126777@caller.example>").private_party("full"),
    decline(FRIENDS, "<sip:+3225126777@caller.example>").private("none").with("Privacy: id"),
    decline(FRIENDS, "<sip:restricted@caller.example>").asserted("<tel:+3225126777>"),
    relay(FRIENDS, "<sip:+3225126777@caller.example>").private_party("name"),
    decline(ANONYMOUS, "<sip:+32475######@caller.example>"),
    decline(ANONYMOUS, "<sip:+32475######@caller.example>").private("none"),
    decline(ANONYMOUS, ALICE),
    // No number at all.
    relay(UNAVAILABLE, ALICE),
    relay(UNAVAILABLE, "\"Unavailable\" <sip:unavailable@unknown.invalid>"),
    relay(UNAVAILABLE, "<sip:caller.example>"),
    relay(UNAVAILABLE, ALICE).asserted("<sip:bob@network.example>"),
    decline(UNAVAILABLE, "<sip:+32475######@caller.example>"),
    decline(UNAVAILABLE, ALICE).asserted("<tel:+32475######>"),
    relay(UNAVAILABLE, "<sip:unknown@caller.example>").asserted("<sip:unknown@unknown.invalid>"),
    decline(UNAVAILABLE, ANONYMOUS_FROM),
    decline(UNAVAILABLE, ALICE).asserted("<sip:anonymous@anonymous.invalid>"),
    decline(UNAVAILABLE, "<sip:private@caller.example>"),
    decline(UNAVAILABLE, ALICE).private("id"),
    // Do not accept wins.
    relay(NO_SALES, "<sip:+32475######@caller.example>"),
    relay(NO_SALES, ALICE),
    decline(NO_SALES, "<sip:0900#####@caller.example>"),
    decline(NO_SALES, "<sip:+32900#####@caller.example>"),
    decline(NO_SALES, "<sip:+331########@caller.example>"),
    decline(NO_SALES, ANONYMOUS_FROM),
    decline(NO_SALES, ALICE).asserted("<tel:+331########>"),
    // An emergency service calls back whoever called it.
    relay(FRIENDS, "<sip:+32475######@caller.example>").with("Priority: psap-callback"),
    relay(NO_SALES, ANONYMOUS_FROM).with("Priority: PSAP-Callback"),
    decline(FRIENDS, "<sip:+32475######@caller.example>").with("Priority: emergency"),
    // The number that is called, in other forms.
    decline("3225550101", "<sip:+32475######@caller.example>"),
    relay("3225550101", "<sip:+3225126777@caller.example>"),
    // Users for whom the service does nothing.
    relay(INACTIVE, "<sip:+32475######@caller.example>"),
    relay(INACTIVE, ANONYMOUS_FROM),
    relay(NO_SERVICE, "<sip:+32475######@caller.example>"),
    relay(NO_SERVICE, ALICE),
    relay(NOBODY, "<sip:+32475######@caller.example>"),
    relay("100", "<sip:+32475######@caller.example>"),
    // The time counts too.
    relay(OPEN, "<sip:+32475######@caller.example>"),
    decline(OVER, "<sip:+32475######@caller.example>"),
    decline(OVER, ANONYMOUS_FROM),
];

/// A thousand calls, in which all kinds take turns.
pub fn thousand() -> Vec<Call> {
    KINDS.iter().cycle().take(1000).enumerate().map(|(index, kind)| kind.call(index)).collect()
}

/// A call of each kind in which an emergency service says that it calls back.
pub fn emergency_callbacks() -> Vec<Call> {
    thousand().into_iter().take(KINDS.len()).filter(Call::is_emergency_callback).collect()
}

fn with_digits(text: &str, index: usize) -> String {
    let places = text.matches('#').count();
    let mut digits = index.to_string().into_bytes().into_iter().rev().chain(std::iter::repeat(b'0'));
    let digits: Vec<u8> = digits.by_ref().take(places).collect();
    let mut digits = digits.into_iter().rev().map(char::from);
    text.chars().map(|char| if char == '#' { digits.next().unwrap_or(char) } else { char }).collect()
}
