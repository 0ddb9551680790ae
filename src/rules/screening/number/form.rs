//! Written forms, packed so that thousands of patterns can be compared at once.

/// A written form or the value of a pattern: a nibble for each character from the highest down, 1 to 10 for digits,
/// [`PLUS`] for `+`, 0 after the end. Texts longer than [`LONGEST`] are cut. Patterns are shorter, so a cut form equals
/// no pattern, but still matches by its start.
pub(in crate::rules) type Packed = u128;

pub(super) const PLUS: u8 = 11;
const LONGEST: usize = 31;

pub(in crate::rules) fn nibble(at: usize, value: u8) -> Packed {
    Packed::from(value) << (124 - 4 * at)
}

/// Packs digits with an optional leading `+`.
pub(in crate::rules) fn packed(form: &str) -> Packed {
    let code = |byte: u8| if byte == b'+' { PLUS } else { byte - b'0' + 1 };
    form.bytes().take(LONGEST).enumerate().map(|(at, byte)| nibble(at, code(byte))).sum()
}

pub(in crate::rules) fn length(form: Packed) -> u8 {
    32 - u8::try_from(form.trailing_zeros() / 4).unwrap_or(32)
}

pub(in crate::rules) fn starts_with_plus(form: Packed) -> bool {
    form >> 124 == Packed::from(PLUS)
}

/// The written forms of a number, at least one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::rules) struct Forms(pub(in crate::rules) Vec<Packed>);

impl Forms {
    pub(super) fn add(&mut self, form: &str) {
        let form = packed(form);
        if !self.0.contains(&form) {
            self.0.push(form);
        }
    }

    /// The number in E.164 form, if it has one.
    pub(super) fn international(&self) -> Option<String> {
        let form = self.0.iter().copied().find(|form| starts_with_plus(*form))?;
        let digit = |at| char::from(b'0' + (form >> (124 - 4 * at) & 15) as u8 - 1);
        Some(std::iter::once('+').chain((1..length(form)).map(digit)).collect())
    }
}
