//! The kinds of callers between whom criteria make a difference.
//!
//! Every caller is of one of these kinds: withheld, unavailable, with a number that no list names, or with a number
//! that a pattern names. What the criteria say of a kind is exact, but for patterns with wildcards: of those it is
//! known which criteria certainly list all of their numbers, and which may list some. A number that several of them
//! match is of several kinds; what accepts it is certain of one of these.

use std::collections::HashSet;

use call_acceptance_api::value::phone_number::PhoneNumberPattern;

use super::{rule::Rule, set::RuleSet};
use crate::rules::screening::{
    number::{Reader, Written},
    pattern::{Index, texts},
};

/// Look-ups of patterns times the shapes of patterns, beyond which patterns are not compared with one another.
const MOST_COMPARISONS: usize = 4_000_000;
/// Kinds of callers by number, beyond which they are taken for one of which nothing is known.
const MOST_KINDS: usize = 4000;

/// A kind of callers, but for what the network says of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Kind {
    /// The criteria that match every caller of the kind.
    pub(super) sure: RuleSet,
    /// Those that match some of them, and of which no other kind has those callers.
    pub(super) may: RuleSet,
    /// Those that match some of them.
    pub(super) spare: RuleSet,
    /// Whether Anonymous Call Rejection is about them.
    pub(super) withheld: bool,
}

impl Kind {
    fn exact(rules: RuleSet) -> Self {
        Self { sure: rules, may: rules, spare: rules, withheld: false }
    }

    /// The same with the criteria that match whoever calls.
    pub(super) fn and(self, always: RuleSet) -> Self {
        Self { sure: self.sure | always, may: self.may | always, spare: self.spare | always, ..self }
    }
}

/// What the network says of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Route {
    pub(super) internal: bool,
    pub(super) forwarded: bool,
}

impl Route {
    pub(super) const ALL: [Self; 4] = [
        Self { internal: false, forwarded: false },
        Self { internal: true, forwarded: false },
        Self { internal: false, forwarded: true },
        Self { internal: true, forwarded: true },
    ];
}

/// The kinds of callers of a user.
pub(super) struct Callers {
    /// Of those that match whoever calls: every call, internal calls, forwarded calls.
    any: RuleSet,
    internal: RuleSet,
    forwarded: RuleSet,
    withheld: RuleSet,
    unavailable: RuleSet,
    /// An international number, and an extension, that no list names but one that has them all.
    strangers: [Kind; 2],
    listed: Vec<Kind>,
    /// For each criteria, those whose lists have all of its numbers.
    covering: Vec<RuleSet>,
}

impl Callers {
    pub(super) fn of(rules: &[Rule<'_>], reader: &Reader) -> Self {
        let set = |has: &dyn Fn(&Rule<'_>) -> bool| RuleSet::of(&rules.iter().map(has).collect::<Vec<_>>());
        let flag = |has: fn(&Rule<'_>) -> bool| set(&|rule| rule.is_specific() && has(rule));
        use call_acceptance_api::resource::criteria::Selection;
        let lists = Lists::of(rules, reader);
        let universal = ["+?*", "?*"].map(|text| Kind::exact(lists.covering(text)));
        let (listed, covering) = lists.kinds(reader);
        Self {
            any: set(&|rule| rule.kept.from_dn_criteria.selection == Selection::Any),
            forwarded: set(&|rule| rule.kept.from_dn_criteria.selection == Selection::Forwarded),
            internal: flag(|rule| rule.kept.from_dn_criteria.include_internal_callers),
            withheld: flag(|rule| rule.kept.from_dn_criteria.include_anonymous_callers),
            unavailable: flag(|rule| rule.kept.from_dn_criteria.include_unavailable_callers),
            strangers: universal,
            listed,
            covering,
        }
    }

    /// The criteria that match whoever calls.
    pub(super) fn always(&self, route: Route) -> RuleSet {
        let only = |applies: bool, rules: RuleSet| if applies { rules } else { RuleSet::default() };
        self.any | only(route.internal, self.internal) | only(route.forwarded, self.forwarded)
    }

    /// A caller who shows an international number that no list names.
    pub(super) fn stranger(&self, route: Route) -> Kind {
        self.strangers[0].and(self.always(route))
    }

    /// A caller who withholds the number.
    pub(super) fn withheld(&self, route: Route) -> Kind {
        Kind { withheld: !route.internal, ..Kind::exact(self.withheld).and(self.always(route)) }
    }

    /// The kinds of those whom no list names, however they call.
    pub(super) fn unlisted(&self) -> impl Iterator<Item = Kind> {
        Route::ALL.into_iter().flat_map(move |route| {
            let always = self.always(route);
            let shown = self.strangers.iter().map(move |kind| kind.and(always));
            let others = [self.withheld(route), Kind::exact(self.unavailable).and(always)];
            shown.chain(others)
        })
    }

    /// All kinds, however they call.
    pub(super) fn all(&self) -> impl Iterator<Item = Kind> {
        let listed = move |route| self.listed.iter().map(move |kind| kind.and(self.always(route)));
        self.unlisted().chain(Route::ALL.into_iter().flat_map(listed))
    }

    /// Whether every number that the lists of the criteria at `of` have is in those of the one at `by`.
    pub(super) fn covers(&self, by: usize, of: usize) -> bool {
        self.covering[of].has(by)
    }
}

/// The patterns of criteria.
struct Lists<'a> {
    owned: Vec<(&'a PhoneNumberPattern, usize)>,
    index: Index,
    /// The criteria that have patterns with wildcards, or callers that are not known from their own patterns.
    wild: RuleSet,
    open: RuleSet,
    count: usize,
}

impl<'a> Lists<'a> {
    fn of(rules: &[Rule<'a>], reader: &Reader) -> Self {
        let specific = || rules.iter().enumerate().filter(|(_, rule)| rule.is_specific());
        let owned: Vec<_> = specific()
            .flat_map(|(at, rule)| rule.kept.from_dn_criteria.phone_numbers.iter().map(move |pattern| (pattern, at)))
            .collect();
        let index = Index::of(owned.iter().copied(), reader);
        let (mut wild, mut open) = (RuleSet::default(), RuleSet::default());
        owned.iter().filter(|(pattern, _)| is_wild(pattern)).for_each(|(_, at)| wild.put(*at, true));
        specific().filter(|(_, rule)| rule.is_open()).for_each(|(at, _)| open.put(at, true));
        Self { owned, index, wild: wild | open, open, count: rules.len() }
    }

    /// The criteria that list every number that this text of a pattern matches.
    fn covering(&self, text: &str) -> RuleSet {
        RuleSet::of(&self.index.covering(text, self.count))
    }

    /// The kinds of callers whose numbers a pattern names; and for each criteria those that list all of its numbers.
    fn kinds(&self, reader: &Reader) -> (Vec<Kind>, Vec<RuleSet>) {
        let everything = RuleSet::of(&vec![true; self.count]);
        let unknown = |may, spare| Kind { may, spare, ..Kind::default() };
        let mut covering = vec![everything; self.count];
        if self.owned.len() * self.index.shapes() > MOST_COMPARISONS {
            return (vec![unknown(everything, everything)], vec![RuleSet::default(); self.count]);
        }
        let mut kinds = HashSet::new();
        for (pattern, owner) in &self.owned {
            let kind = self.kind(pattern, reader);
            covering[*owner] = covering[*owner] & kind.sure;
            if kinds.len() < MOST_KINDS {
                kinds.insert(kind);
            }
        }
        for (at, covering) in covering.iter_mut().enumerate().filter(|(at, _)| self.open.has(*at)) {
            *covering = RuleSet::default();
            covering.put(at, true);
        }
        if kinds.len() >= MOST_KINDS {
            kinds.insert(unknown(everything, everything));
        }
        if self.open != RuleSet::default() {
            kinds.insert(unknown(self.open, self.wild));
        }
        (kinds.into_iter().collect(), covering)
    }

    fn kind(&self, pattern: &PhoneNumberPattern, reader: &Reader) -> Kind {
        match Written::of(pattern.as_str()) {
            Some(number) => {
                let rules = RuleSet::of(&self.index.owners(&reader.forms(&number), self.count));
                Kind { sure: rules, ..Kind::exact(rules | self.open) }
            }
            None => {
                let sure = self.covering(&texts(pattern.as_str(), reader).0);
                Kind { spare: sure | self.wild, ..Kind::exact(sure) }
            }
        }
    }
}

/// Whether the pattern may match several numbers.
pub(super) fn is_wild(pattern: &PhoneNumberPattern) -> bool {
    pattern.as_str().contains(['?', '*'])
}
