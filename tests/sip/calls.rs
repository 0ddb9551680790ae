//! The calls, with their expected verdicts.

use crate::users::{
    ANNOUNCED, ANONYMOUS, BUSY, COLLEAGUES, FRIENDS, GONE, INACTIVE, NAMED, NO_SALES, NO_SERVICE, NO_SPAM, NOBODY,
    NOT_FORWARDED, OPEN, OVER, SHORT, UNAVAILABLE, VOICEMAIL,
};

/// The expected verdict of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The call goes on to the next hop.
    Accept,
    /// The caller gets this status and phrase.
    Refuse(&'static str),
    /// The call goes to the media server, to the user that is this announcement, if there is a media server; else the
    /// caller gets this status and phrase.
    Announce(&'static str, &'static str),
}

/// What a refused caller gets by default.
pub const DECLINE: Verdict = Verdict::Refuse("603 Decline");
/// What Anonymous Call Rejection does by default.
const ANONYMITY_DISALLOWED: Verdict = Verdict::Refuse("433 Anonymity Disallowed");

/// What the treatments of the users' group and tenant do.
const BUSY_HERE: Verdict = Verdict::Refuse("486 Busy Here, Reason: Q.850;cause=17");
const GONE_ELSEWHERE: Verdict =
    Verdict::Refuse("302 Gone Elsewhere, Reason: Q.850;cause=23, Contact: <sip:voicemail@mail.example;user=phone>");
const GONE_FOR_GOOD: Verdict = Verdict::Refuse("410 Gone, Reason: Q.850;cause=1");
const ANNOUNCEMENT: Verdict =
    Verdict::Announce("acc%c3%a8s%2b%20%f0%9f%93%b5%2frefus%25%3b", "433 Anonymity Disallowed");

/// A call as its INVITE says it.
#[derive(Debug, Clone)]
pub struct Call {
    pub called: String,
    from: String,
    identity: Option<String>,
    privacy: Option<&'static str>,
    header: Option<&'static str>,
    party_privacy: &'static str,
    history: [&'static str; 2],
    pub verdict: Verdict,
}

impl Call {
    /// Its line in sipp's CSV file.
    pub fn csv(&self, index: usize) -> String {
        let Self { called, from, party_privacy, history: [of_uri, of_entry], .. } = self;
        // An empty field would end the headers.
        let identity =
            self.identity.as_ref().map_or("Organization: ours".to_owned(), |it| format!("P-Asserted-Identity: {it}"));
        let privacy = self.privacy.map_or("Subject: a call".to_owned(), |it| format!("Privacy: {it}"));
        let header = self.header.unwrap_or("Priority: normal");
        format!("{index};{called};{from};{identity};{privacy};{header};{party_privacy};{of_uri};{of_entry}\n")
    }

    /// Whether it says what is believed of trusted peers only, and is therefore accepted.
    pub fn relies_on_trust(&self) -> bool {
        let says = |text: &str| self.header.is_some_and(|header| header.to_ascii_lowercase().contains(text));
        self.verdict == Verdict::Accept && (says("psap-callback") || self.called == COLLEAGUES)
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
    history: [&'static str; 2],
    verdict: Verdict,
}

const fn kind(called: &'static str, from: &'static str, verdict: Verdict) -> Kind {
    let history = ["user=phone", "rc=1"];
    Kind { called, from, identity: None, privacy: None, header: None, party_privacy: "off", history, verdict }
}

const fn relay(called: &'static str, from: &'static str) -> Kind {
    kind(called, from, Verdict::Accept)
}

const fn decline(called: &'static str, from: &'static str) -> Kind {
    kind(called, from, DECLINE)
}

const fn disallow(called: &'static str, from: &'static str) -> Kind {
    kind(called, from, ANONYMITY_DISALLOWED)
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

    /// History-Info has this parameter of the URI, and this one of the entry.
    const fn retargeted(self, of_uri: &'static str, of_entry: &'static str) -> Self {
        Self { history: [of_uri, of_entry], ..self }
    }

    fn call(&self, index: usize) -> Call {
        Call {
            called: self.called.to_owned(),
            from: with_digits(self.from, index),
            identity: self.identity.map(|identity| with_digits(identity, index)),
            privacy: self.privacy,
            header: self.header,
            party_privacy: self.party_privacy,
            history: self.history,
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
    relay(SHORT, "<sip:+32475######@caller.example>"),
    // The time counts too.
    relay(OPEN, "<sip:+32475######@caller.example>"),
    decline(OVER, "<sip:+32475######@caller.example>"),
    decline(OVER, ANONYMOUS_FROM),
    // Selective Call Rejection.
    decline(NO_SPAM, "<sip:+3278######@caller.example>"),
    decline(NO_SPAM, "<sip:078######@caller.example>").asserted("<tel:+3278######>"),
    relay(NO_SPAM, "<sip:+32475######@caller.example>"),
    relay(NO_SPAM, "<sip:+3278######@caller.example>").with("Priority: psap-callback"),
    // Calls that were forwarded.
    decline(NOT_FORWARDED, "<sip:+32475######@caller.example>").with("Diversion: <tel:+3225550100>"),
    decline(NOT_FORWARDED, "<sip:+32475######@caller.example>").retargeted("cause=302", "rc=1"),
    decline(NOT_FORWARDED, "<sip:+32475######@caller.example>").retargeted("cause=486", "mp=1"),
    decline(NOT_FORWARDED, "<sip:+32475######@caller.example>").retargeted("user=phone", "mp=1"),
    relay(NOT_FORWARDED, "<sip:+32475######@caller.example>"),
    relay(NOT_FORWARDED, "<sip:+32475######@caller.example>").retargeted("cause=380", "mp=1"),
    relay(NOT_FORWARDED, "<sip:+32475######@caller.example>").retargeted("cause=4080", "np=1"),
    // Anonymous Call Rejection.
    disallow(NAMED, ANONYMOUS_FROM),
    disallow(NAMED, "<sip:+32475######@caller.example>").private("id"),
    disallow(NAMED, ANONYMOUS_FROM).asserted("<sip:+32475######@network.example>").private("id"),
    relay(NAMED, "<sip:+32475######@caller.example>"),
    relay(NAMED, ALICE),
    relay(NAMED, ANONYMOUS_FROM).asserted("<sip:100@pbx.example>").private("id"),
    relay(NAMED, ANONYMOUS_FROM).with("Priority: psap-callback"),
    // Internal callers.
    relay(COLLEAGUES, "<sip:100@pbx.example>"),
    relay(COLLEAGUES, "\"Colleague\" <sip:anna@PBX.Example>"),
    relay(COLLEAGUES, ALICE).asserted("<sip:100@pbx.example>"),
    relay(COLLEAGUES, ALICE).asserted("<tel:+32475######>, <sip:anna@pbx.example>"),
    relay(COLLEAGUES, "<sip:100@second.example>"),
    decline(COLLEAGUES, "<sip:100@caller.example>"),
    decline(COLLEAGUES, "<sip:100@other.pbx.example>"),
    decline(COLLEAGUES, "<sip:100@pbx.example>").asserted("<sip:100@network.example>"),
    decline(COLLEAGUES, "<sip:100@pbx.example>").asserted("<tel:+32475######>"),
    // Treatments.
    kind(BUSY, "<sip:+32475######@caller.example>", BUSY_HERE),
    kind(BUSY, ANONYMOUS_FROM, BUSY_HERE),
    relay(BUSY, "<sip:+3225126777@caller.example>"),
    kind(VOICEMAIL, "<sip:+32475######@caller.example>", GONE_ELSEWHERE),
    kind(VOICEMAIL, ALICE, GONE_ELSEWHERE),
    kind(GONE, "<sip:+32475######@caller.example>", GONE_FOR_GOOD),
    kind(ANNOUNCED, ANONYMOUS_FROM, ANNOUNCEMENT),
    kind(ANNOUNCED, "<sip:+32475######@caller.example>", ANNOUNCEMENT).private("id"),
    relay(ANNOUNCED, "<sip:+32475######@caller.example>"),
    // Protected callers.
    relay(BUSY, "<sip:+3225550999@caller.example>"),
    relay(VOICEMAIL, "<sip:025550999@caller.example>"),
    relay(VOICEMAIL, ALICE).asserted("<tel:+3225550999>"),
    kind(VOICEMAIL, ANONYMOUS_FROM, GONE_ELSEWHERE).asserted("<tel:+3225550999>"),
    kind(GONE, "<sip:+3225550999@caller.example>", GONE_FOR_GOOD),
];

/// A thousand calls, in which all kinds take turns.
pub fn thousand() -> Vec<Call> {
    KINDS.iter().cycle().take(1000).enumerate().map(|(index, kind)| kind.call(index)).collect()
}

/// A call of each kind whose refusal has an announcement.
pub fn with_announcements() -> Vec<Call> {
    let announced = |call: &Call| matches!(call.verdict, Verdict::Announce(..));
    thousand().into_iter().take(KINDS.len()).filter(announced).collect()
}

/// A call of each kind that is accepted because of what only trusted peers are believed.
pub fn relying_on_trust() -> Vec<Call> {
    thousand().into_iter().take(KINDS.len()).filter(Call::relies_on_trust).collect()
}

fn with_digits(text: &str, index: usize) -> String {
    let places = text.matches('#').count();
    let mut digits = index.to_string().into_bytes().into_iter().rev().chain(std::iter::repeat(b'0'));
    let digits: Vec<u8> = digits.by_ref().take(places).collect();
    let mut digits = digits.into_iter().rev().map(char::from);
    text.chars().map(|char| if char == '#' { digits.next().unwrap_or(char) } else { char }).collect()
}
