//! Interprets numbers in the notation of a region.

use std::{
    iter,
    sync::{Arc, LazyLock, OnceLock},
};

use call_acceptance_api::value::phone_number::{PhoneNumber, Region};
use quick_cache::{Equivalent, sync::Cache};
use rlibphonenumber::Region as PlanRegion;

use super::{
    form::{Forms, packed},
    plan::{International, Plan, begins_with_country_code},
    text::{Caller, Lead, Written},
};

/// Maximum number of cached callers, of a few hundred bytes each.
const MAX_CACHED: usize = 20_000;
/// Maximum length of the text of a cached caller, in bytes.
const MAX_TEXT: usize = 128;

/// Recent callers. Reading a number by the numbering plans costs more than the rest of a decision.
static RECENT: LazyLock<Cache<CallerKey, Arc<KnownCaller>>> = LazyLock::new(|| Cache::new(MAX_CACHED));

/// A region, and the text of a caller as the network delivers it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct CallerKey(Option<PlanRegion>, Box<str>);

/// A [`CallerKey`] that is looked up.
#[derive(Hash)]
struct Wanted<'a>(Option<PlanRegion>, &'a str);

impl Equivalent<CallerKey> for Wanted<'_> {
    fn equivalent(&self, CallerKey(region, text): &CallerKey) -> bool {
        self.0 == *region && *self.1 == **text
    }
}

/// A caller, with the written forms of the number once they are asked for.
#[derive(Debug)]
pub(in crate::rules) struct KnownCaller {
    /// The caller as the text says.
    pub(in crate::rules) caller: Caller,
    reader: Reader,
    forms: OnceLock<Option<Forms>>,
}

impl KnownCaller {
    fn of(text: &str, reader: Reader) -> Self {
        Self { caller: Caller::of(Some(text)), reader, forms: OnceLock::new() }
    }

    /// The written forms of the number, if there is one.
    pub(in crate::rules) fn forms(&self) -> Option<&Forms> {
        let forms = || match &self.caller {
            Caller::Number(written) => Some(self.reader.forms(written)),
            Caller::Withheld | Caller::NoNumber => None,
        };
        self.forms.get_or_init(forms).as_ref()
    }

    /// The number in E.164 form, else its digits as received, if there is one.
    pub(in crate::rules) fn number(&self) -> Option<String> {
        match &self.caller {
            Caller::Number(written) => {
                Some(self.forms().and_then(Forms::international).unwrap_or_else(|| written.digits.clone()))
            }
            Caller::Withheld | Caller::NoNumber => None,
        }
    }
}

/// Interprets numbers in the notation of a region.
#[derive(Debug, Clone, Copy)]
pub(in crate::rules) struct Reader(Option<&'static Plan>);

impl Reader {
    /// A reader for `region`. Without a region or without a numbering plan it recognises only international numbers.
    pub(in crate::rules) fn of(region: Option<&Region>) -> Self {
        Self(region.and_then(Plan::of))
    }

    /// The written forms of a number.
    pub(in crate::rules) fn forms(&self, written: &Written) -> Forms {
        let mut forms = Forms::default();
        match self.read(written) {
            Some(number) => {
                forms.add(&format!("+{}", number.digits));
                let national = self.0.map(|plan| plan.national_forms(&number)).unwrap_or_default();
                national.iter().for_each(|form| forms.add(form));
            }
            None => forms.add(&written.digits),
        }
        forms
    }

    /// The caller that `text` says, from the cache if there was a call with the same text recently.
    pub(in crate::rules) fn caller(&self, text: &str) -> Arc<KnownCaller> {
        let region = self.0.map(|plan| plan.region);
        if let Some(known) = RECENT.get(&Wanted(region, text)) {
            return known;
        }
        let caller = Arc::new(KnownCaller::of(text, *self));
        if text.len() <= MAX_TEXT {
            RECENT.insert(CallerKey(region, text.into()), caller.clone());
        }
        caller
    }

    /// The number in E.164 form, else its digits as received.
    pub(in crate::rules) fn canonical(&self, written: &Written) -> String {
        self.read(written).map_or_else(|| written.digits.clone(), |number| format!("+{}", number.digits))
    }

    /// The users' numbers that a called number may mean, the most likely first. Digits alone are read as E.164 without
    /// its `+` before they are read as a national number.
    pub(in crate::rules) fn called(&self, written: &Written) -> Vec<PhoneNumber> {
        let mut readings = self.prefixed(written);
        readings.sort_by_key(|number| !number.valid);
        if written.lead == Lead::None {
            if readings.is_empty() {
                readings.extend(International::of(&written.digits));
            }
            readings.extend(self.0.and_then(|plan| plan.dialled(&written.digits).number));
        }
        let mut numbers: Vec<PhoneNumber> = Vec::new();
        for number in readings.iter().filter_map(|number| PhoneNumber::parse(&format!("+{}", number.digits)).ok()) {
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        numbers
    }

    /// Whether there is a caller whose number has the written form `form`. Takes some tens of microseconds.
    pub(in crate::rules) fn can_write(&self, form: &str) -> bool {
        let (digits, lead) = form.strip_prefix('+').map_or((form, Lead::None), |digits| (digits, Lead::Plus));
        let as_it_is = Written { digits: digits.to_owned(), lead };
        let national = self.0.map(|plan| plan.with_code(form)).unwrap_or_default();
        let national = national.into_iter().map(|digits| Written { digits, lead: Lead::Plus });
        let form = packed(form);
        std::iter::once(as_it_is).chain(national).any(|written| self.forms(&written).0.contains(&form))
    }

    /// The number in E.164 form, if it has one.
    fn read(&self, written: &Written) -> Option<International> {
        if written.lead != Lead::None {
            return first(self.prefixed(written));
        }
        let digits = &written.digits;
        let dialled = self.0.map(|plan| plan.dialled(digits));
        let (number, has_prefix) = dialled.map_or((None, false), |dialled| (dialled.number, dialled.has_prefix));
        if has_prefix && number.is_some() {
            return number;
        }
        if has_prefix || digits.starts_with("00") {
            let prefixed = first(self.prefixed(written));
            return match (prefixed, number) {
                (Some(International { valid: false, .. }) | None, Some(number)) => Some(number),
                (None, None) => alone(digits),
                (prefixed, _) => prefixed,
            };
        }
        number.or_else(|| alone(digits))
    }

    /// The readings of a number with an international prefix: the region's own prefix before `00`.
    fn prefixed(&self, written: &Written) -> Vec<International> {
        let digits = &written.digits;
        let zeros = || digits.strip_prefix("00");
        match &written.lead {
            Lead::Plus => International::of(digits).into_iter().collect(),
            Lead::Context(context) => {
                let within = International::of(&format!("{context}{digits}"));
                within.into_iter().chain(zeros().and_then(International::of)).collect()
            }
            Lead::None => {
                let own = self.0.and_then(|plan| plan.without_prefix(digits));
                let readings = own.into_iter().chain(iter::once_with(zeros).flatten());
                readings.filter_map(International::of).collect()
            }
        }
    }

    /// A `pattern` with wildcards, with its `00` or international prefix replaced by `+`. The region's own prefix
    /// applies first, unless no number begins with what follows it.
    pub(in crate::rules) fn with_plus<'a>(&self, pattern: &'a str) -> Option<&'a str> {
        let begins_a_number =
            |rest: &&str| !rest.starts_with(|c: char| c.is_ascii_digit()) || begins_with_country_code(rest);
        let own = self.0.and_then(|plan| plan.without_prefix(pattern)).filter(begins_a_number);
        own.or_else(|| pattern.strip_prefix("00"))
    }
}

/// The first valid reading, else the first one.
fn first(readings: Vec<International>) -> Option<International> {
    let valid = readings.iter().position(|number| number.valid);
    readings.into_iter().nth(valid.unwrap_or(0))
}

/// The international number of digits without a prefix, if it exists.
fn alone(digits: &str) -> Option<International> {
    International::of(digits).filter(|number| number.valid)
}
