//! Compiled patterns of phone numbers, looked up by the written forms of a number.
//!
//! A pattern matches if it matches one of the forms as a whole; its own `00` or international prefix is read as `+`.
//! `?` and `*` match digits, never `+`. So `+*` matches every number with an E.164 form, and `*` alone every number. A
//! pattern without wildcards is read like a number, and also matches in canonical form.

use std::{borrow::Cow, ops::Range};

use call_acceptance_api::value::phone_number::PhoneNumberPattern;

use super::number::{Forms, Packed, Reader, Written, length, nibble, packed, starts_with_plus};

/// The structure of a pattern without its fixed characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shape<V> {
    /// Positions at which form and pattern must be equal: fixed characters, and the end if there is no `*`.
    mask: V,
    bounds: Bounds,
}

/// Which forms fit a shape, whatever its fixed characters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Bounds {
    /// Whether forms may be longer than a `V` has positions.
    is_open: bool,
    /// Minimum length; 0 if all positions are fixed, so that there is one shape for all numbers without wildcards.
    least: u8,
    /// Whether the first character is a `?`, which does not match `+`.
    starts_with_digit: bool,
}

impl Bounds {
    fn fit(self, form: Packed) -> bool {
        length(form) >= self.least && !(self.starts_with_digit && starts_with_plus(form))
    }
}

/// The texts that a pattern is compared as: one, or two if it is a number with another canonical form.
pub(in crate::rules) fn texts<'a>(pattern: &'a str, reader: &Reader) -> (Cow<'a, str>, Option<&'a str>) {
    match Written::of(pattern) {
        Some(number) => {
            let canonical = reader.canonical(&number);
            let as_it_is = Some(pattern).filter(|pattern| !pattern.starts_with('+') && **pattern != canonical);
            (Cow::from(canonical), as_it_is)
        }
        None => match reader.with_plus(pattern) {
            Some(rest) => (Cow::from(format!("+{rest}")), None),
            None => (Cow::from(pattern), None),
        },
    }
}

/// Stands in a template where a form may have any digit, or may have ended.
const ANY: u8 = 15;

/// What every form has that the pattern `text` matches: its fixed characters, its least length, and whether it starts
/// with a digit.
fn template(text: &str) -> (Packed, u8, bool) {
    let fixed_or_wild = text.strip_suffix('*').unwrap_or(text);
    let least = u8::try_from(fixed_or_wild.len()).unwrap_or(u8::MAX);
    let wild = fixed_or_wild.bytes().enumerate().filter(|(_, byte)| *byte == b'?');
    let wild: Packed = wild.map(|(at, _)| nibble(at, ANY)).sum();
    let open = if text.ends_with('*') { Packed::MAX.checked_shr(4 * u32::from(least)).unwrap_or(0) } else { 0 };
    let starts_with_digit = text.starts_with(|c: char| c.is_ascii_digit() || c == '?');
    (packed(&fixed_or_wild.replace('?', "0")) | wild | open, least, starts_with_digit)
}

fn compiled(text: &str) -> (Shape<Packed>, Packed) {
    let fixed_or_wild = text.strip_suffix('*').unwrap_or(text);
    let least = u8::try_from(fixed_or_wild.len()).unwrap_or(u8::MAX);
    let wild = fixed_or_wild.bytes().enumerate().filter(|(_, byte)| *byte == b'?');
    let wild: Packed = wild.map(|(at, _)| nibble(at, 15)).sum();
    let end = Packed::MAX.checked_shr(4 * u32::from(least)).unwrap_or(0);
    let open = if text.ends_with('*') { end } else { 0 };
    let mask = !(wild | open);
    let least = if mask == Packed::MAX { 0 } else { least };
    let shape = Shape { mask, bounds: Bounds { is_open: false, least, starts_with_digit: text.starts_with('?') } };
    (shape, packed(&fixed_or_wild.replace('?', "0")) & shape.mask)
}

/// What the values of patterns are stored as.
trait Value: Copy + Ord {
    /// What a form has at the positions of the shape; `None` if it is longer than a form that fits may be.
    fn at(shape: &Shape<Self>, form: Packed) -> Option<Self>;
}

impl Value for Packed {
    fn at(shape: &Shape<Self>, form: Packed) -> Option<Self> {
        Some(form & shape.mask)
    }
}

/// 16 characters: any number in E.164 form.
impl Value for u64 {
    fn at(shape: &Shape<Self>, form: Packed) -> Option<Self> {
        let (first, rest) = halves(form);
        (shape.bounds.is_open || rest == 0).then_some(first & shape.mask)
    }
}

/// The first and the last 16 characters.
fn halves(form: Packed) -> (u64, u64) {
    ((form >> 64) as u64, form as u64)
}

/// A pattern that is stored in 64 bits, if that can be.
fn shortened((shape, value): (Shape<Packed>, Packed)) -> Option<(Shape<u64>, u64)> {
    let (mask, rest) = halves(shape.mask);
    let is_open = match rest {
        0 => true,
        u64::MAX => false,
        _ => return None,
    };
    let (value, rest) = halves(value);
    (rest == 0).then_some((Shape { mask, bounds: Bounds { is_open, ..shape.bounds } }, value))
}

/// The owner of a pattern: a number, in a type that has room for all owners of an index.
pub(in crate::rules) trait Owner: Copy + Ord + TryFrom<usize> {
    /// The greatest number.
    const MAX: Self;

    /// The number.
    fn get(self) -> usize;
}

/// Criteria, of which a user has a few hundred.
impl Owner for u16 {
    const MAX: Self = Self::MAX;

    fn get(self) -> usize {
        self.into()
    }
}

/// Entries of number lists.
impl Owner for u32 {
    const MAX: Self = Self::MAX;

    fn get(self) -> usize {
        self as usize
    }
}

/// The patterns of several owners, grouped by shape. For each shape, one search finds the owners of the patterns that
/// equal a form at the fixed positions.
pub(in crate::rules) struct Index<O = u16> {
    short: Table<u64, O>,
    /// The patterns that do not fit into the other table. In a box, since most users have none.
    long: Option<Box<Table<Packed, O>>>,
}

impl<O: Owner> Index<O> {
    /// An index of `patterns` with their owners. The patterns are in the notation of the reader's region.
    pub(in crate::rules) fn of<'a>(
        patterns: impl Iterator<Item = (&'a PhoneNumberPattern, usize)>,
        reader: &Reader,
    ) -> Self {
        let (mut short, mut long) = (Vec::new(), Vec::new());
        for (pattern, owner) in patterns {
            let owner = O::try_from(owner).unwrap_or(O::MAX);
            let (canonical, as_it_is) = texts(pattern.as_str(), reader);
            for text in [Some(&*canonical), as_it_is].into_iter().flatten() {
                let (shape, value) = compiled(text);
                match shortened((shape, value)) {
                    Some((shape, value)) => short.push((shape, value, owner)),
                    None => long.push((shape, value, owner)),
                }
            }
        }
        let long = (!long.is_empty()).then(|| Box::new(Table::of(long)));
        Self { short: Table::of(short), long }
    }

    /// Whether there are no patterns.
    pub(super) fn is_empty(&self) -> bool {
        self.short.owned.is_empty() && self.long.is_none()
    }

    /// For each of `count` owners, whether one of its patterns matches one of `forms`.
    pub(in crate::rules) fn owners(&self, forms: &Forms, count: usize) -> Vec<bool> {
        let mut matched = vec![false; count];
        self.any(forms, |owner| {
            mark(&mut matched, owner);
            false
        });
        matched
    }

    /// For each of `count` owners, whether one of its patterns matches every form that `text` matches, a pattern as
    /// [`texts`] makes it. False for owners of whom only several patterns together do.
    pub(in crate::rules) fn covering(&self, text: &str, count: usize) -> Vec<bool> {
        let mut matched = vec![false; count];
        self.short.cover(text, &mut matched);
        self.long.iter().for_each(|long| long.cover(text, &mut matched));
        matched
    }

    /// How many shapes the patterns have, which is what a look-up costs.
    pub(in crate::rules) fn shapes(&self) -> usize {
        self.short.shapes.len() + self.long.as_ref().map_or(0, |long| long.shapes.len())
    }

    /// Whether `suffices` says so of the owner of a pattern that matches one of `forms`; each is asked until one does.
    pub(super) fn any(&self, forms: &Forms, mut suffices: impl FnMut(O) -> bool) -> bool {
        self.short.any(forms, &mut suffices) || self.long.as_ref().is_some_and(|long| long.any(forms, &mut suffices))
    }

    /// Memory in bytes.
    pub(super) fn weight(&self) -> usize {
        self.short.weight() + self.long.as_ref().map_or(0, |long| size_of_val(&**long) + long.weight())
    }
}

fn mark(matched: &mut [bool], owner: impl Owner) {
    if let Some(mark) = matched.get_mut(owner.get()) {
        *mark = true;
    }
}

/// Patterns whose values are stored as `V`.
struct Table<V, O> {
    /// The masks and bounds of shapes, each with the end of its values. Apart, so that they take no padding.
    shapes: Box<[(V, Bounds, u32)]>,
    /// The values, sorted within each shape.
    owned: Box<[Owned<V, O>]>,
}

/// A value and its owner, without padding, as there are many in memory.
#[repr(Rust, packed(2))]
struct Owned<V, O> {
    value: V,
    owner: O,
}

impl<V: Value, O: Owner> Table<V, O> {
    fn of(mut entries: Vec<(Shape<V>, V, O)>) -> Self {
        entries.sort_unstable();
        let mut shapes: Vec<(V, Bounds, u32)> = Vec::new();
        for ((shape, _, _), end) in entries.iter().zip(1..) {
            match shapes.last_mut() {
                Some((mask, bounds, last)) if (*mask, *bounds) == (shape.mask, shape.bounds) => *last = end,
                _ => shapes.push((shape.mask, shape.bounds, end)),
            }
        }
        Self {
            // A copy: shrinking in place would keep the spare capacity allocated.
            shapes: shapes.as_slice().into(),
            owned: entries.iter().map(|(_, value, owner)| Owned { value: *value, owner: *owner }).collect(),
        }
    }

    /// See [`Index::covering`].
    fn cover(&self, text: &str, matched: &mut [bool]) {
        let (value, least, starts_with_digit) = template(text);
        for (shape, places) in self.shapes() {
            if shape.bounds.least <= least && (!shape.bounds.starts_with_digit || starts_with_digit) {
                self.owners_of(value, &shape, places).for_each(|owner| mark(matched, owner));
            }
        }
    }

    /// See [`Index::any`].
    fn any(&self, forms: &Forms, suffices: &mut impl FnMut(O) -> bool) -> bool {
        self.shapes().any(|(shape, places)| {
            let mut forms = forms.0.iter().filter(|form| shape.bounds.fit(**form));
            forms.any(|form| self.owners_of(*form, &shape, places.clone()).any(&mut *suffices))
        })
    }

    /// Each shape with the places of its values.
    fn shapes(&self) -> impl Iterator<Item = (Shape<V>, Range<usize>)> {
        let mut start = 0;
        self.shapes.iter().map(move |(mask, bounds, end)| {
            let end = *end as usize;
            (Shape { mask: *mask, bounds: *bounds }, std::mem::replace(&mut start, end)..end)
        })
    }

    /// The owners of the patterns that equal a form at the positions of their shape, whose values are at these places.
    fn owners_of(&self, form: Packed, shape: &Shape<V>, places: Range<usize>) -> impl Iterator<Item = O> {
        let owned = V::at(shape, form).into_iter().flat_map(move |value| {
            let within = &self.owned[places.clone()];
            let first = within.partition_point(|owned| { owned.value } < value);
            within[first..].iter().take_while(move |owned| { owned.value } == value)
        });
        owned.map(|owned| owned.owner)
    }

    fn weight(&self) -> usize {
        size_of_val(&*self.shapes) + size_of_val(&*self.owned)
    }
}
