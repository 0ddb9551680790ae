//! Compiled patterns of phone numbers, looked up by the written forms of a number.
//!
//! A pattern matches if it matches one of the forms as a whole; its own `00` or international prefix is read as `+`.
//! `?` and `*` match digits, never `+`. So `+*` matches every number with an E.164 form, and `*` alone every number. A
//! pattern without wildcards is read like a number, and also matches in canonical form.

use std::borrow::Cow;

use call_acceptance_api::value::phone_number::PhoneNumberPattern;

use super::number::{Forms, Packed, Reader, Written, length, nibble, packed, starts_with_plus};

/// The structure of a pattern without its fixed characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    /// Positions at which form and pattern must be equal: fixed characters, and the end if there is no `*`.
    mask: Packed,
    /// Minimum length; 0 if all positions are fixed, so that there is one shape for all numbers without wildcards.
    least: u8,
    /// Whether the first character is a `?`, which does not match `+`.
    starts_with_digit: bool,
}

impl Shape {
    fn fits(&self, form: Packed) -> bool {
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

fn compiled(text: &str) -> (Shape, Packed) {
    let fixed_or_wild = text.strip_suffix('*').unwrap_or(text);
    let least = u8::try_from(fixed_or_wild.len()).unwrap_or(u8::MAX);
    let wild = fixed_or_wild.bytes().enumerate().filter(|(_, byte)| *byte == b'?');
    let wild: Packed = wild.map(|(at, _)| nibble(at, 15)).sum();
    let end = Packed::MAX.checked_shr(4 * u32::from(least)).unwrap_or(0);
    let open = if text.ends_with('*') { end } else { 0 };
    let mask = !(wild | open);
    let least = if mask == Packed::MAX { 0 } else { least };
    let shape = Shape { mask, least, starts_with_digit: text.starts_with('?') };
    (shape, packed(&fixed_or_wild.replace('?', "0")) & shape.mask)
}

/// What the values of patterns are stored as.
trait Value: Copy + Ord {
    /// The value, if it fits.
    fn of(value: Packed) -> Option<Self>;
}

impl Value for Packed {
    fn of(value: Packed) -> Option<Self> {
        Some(value)
    }
}

/// 16 characters: any number in E.164 form.
impl Value for u64 {
    fn of(value: Packed) -> Option<Self> {
        Self::try_from(value >> 64).ok().filter(|_| value << 64 == 0)
    }
}

/// A pattern with its owner, compiled.
type Entry<V> = (Shape, V, u32);

/// The patterns of several owners, grouped by shape. For each shape, one search finds the owners of the patterns that
/// equal a form at the fixed positions.
#[derive(Debug)]
pub(in crate::rules) struct Index {
    short: Table<u64>,
    /// The patterns whose values do not fit into the other table. In a box, since most users have none.
    long: Option<Box<Table<Packed>>>,
}

impl Index {
    /// An index of `patterns` with their owners. The patterns are in the notation of the reader's region.
    pub(in crate::rules) fn of<'a>(
        patterns: impl Iterator<Item = (&'a PhoneNumberPattern, usize)>,
        reader: &Reader,
    ) -> Self {
        let (mut short, mut long) = (Vec::new(), Vec::new());
        for (pattern, owner) in patterns {
            let owner = u32::try_from(owner).unwrap_or(u32::MAX);
            let (canonical, as_it_is) = texts(pattern.as_str(), reader);
            for text in [Some(&*canonical), as_it_is].into_iter().flatten() {
                let (shape, value) = compiled(text);
                match Value::of(value) {
                    Some(value) => short.push((shape, value, owner)),
                    None => long.push((shape, value, owner)),
                }
            }
        }
        let long = (!long.is_empty()).then(|| Box::new(Table::of(long)));
        Self { short: Table::of(short), long }
    }

    /// Whether there are no patterns.
    pub(super) fn is_empty(&self) -> bool {
        self.short.values.is_empty() && self.long.is_none()
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
    pub(super) fn any(&self, forms: &Forms, mut suffices: impl FnMut(u32) -> bool) -> bool {
        self.short.any(forms, &mut suffices) || self.long.as_ref().is_some_and(|long| long.any(forms, &mut suffices))
    }

    /// Memory in bytes.
    pub(super) fn weight(&self) -> usize {
        self.short.weight() + self.long.as_ref().map_or(0, |long| size_of_val(&**long) + long.weight())
    }
}

fn mark(matched: &mut [bool], owner: u32) {
    if let Some(mark) = usize::try_from(owner).ok().and_then(|owner| matched.get_mut(owner)) {
        *mark = true;
    }
}

/// Patterns whose values are stored as `V`.
#[derive(Debug)]
struct Table<V> {
    /// Each shape with the end of its values.
    shapes: Box<[(Shape, usize)]>,
    /// Sorted within each shape.
    values: Box<[V]>,
    /// The owner of each value.
    owners: Box<[u32]>,
}

impl<V: Value> Table<V> {
    fn of(mut entries: Vec<Entry<V>>) -> Self {
        entries.sort_unstable();
        let mut shapes: Vec<(Shape, usize)> = Vec::new();
        for (at, (shape, _, _)) in entries.iter().enumerate() {
            match shapes.last_mut() {
                Some((last, end)) if last == shape => *end = at + 1,
                _ => shapes.push((*shape, at + 1)),
            }
        }
        Self {
            shapes: shapes.into(),
            values: entries.iter().map(|(_, value, _)| *value).collect(),
            owners: entries.iter().map(|(_, _, owner)| *owner).collect(),
        }
    }

    /// See [`Index::covering`].
    fn cover(&self, text: &str, matched: &mut [bool]) {
        let (value, least, starts_with_digit) = template(text);
        let mut start = 0;
        for (shape, end) in &self.shapes {
            if shape.least <= least && (!shape.starts_with_digit || starts_with_digit) {
                self.owners_of(value & shape.mask, start, *end).iter().for_each(|owner| mark(matched, *owner));
            }
            start = *end;
        }
    }

    /// See [`Index::any`].
    fn any(&self, forms: &Forms, suffices: &mut impl FnMut(u32) -> bool) -> bool {
        let mut start = 0;
        for (shape, end) in &self.shapes {
            for form in forms.0.iter().filter(|form| shape.fits(**form)) {
                if self.owners_of(form & shape.mask, start, *end).iter().any(|owner| suffices(*owner)) {
                    return true;
                }
            }
            start = *end;
        }
        false
    }

    /// The owners of the patterns that have this value, in a shape whose values are at these places.
    fn owners_of(&self, value: Packed, start: usize, end: usize) -> &[u32] {
        let Some(value) = V::of(value) else { return &[] };
        let first = start + self.values[start..end].partition_point(|other| *other < value);
        let equal = self.values[first..end].iter().take_while(|other| **other == value).count();
        &self.owners[first..first + equal]
    }

    fn weight(&self) -> usize {
        size_of_val(&*self.shapes) + size_of_val(&*self.values) + size_of_val(&*self.owners)
    }
}
