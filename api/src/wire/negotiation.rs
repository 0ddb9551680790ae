//! Which of two media types a request prefers (RFC 9110, section 12.5.1).

/// Whether `accept`, the value of an `Accept` header field, prefers `this` media type over `that` one: by its weight,
/// or by its name where only a wildcard lets the other one in with the same weight.
pub(crate) fn prefers(accept: Option<&str>, this: &str, that: &str) -> bool {
    accept.is_some_and(|accept| preference(accept, this) > preference(accept, that))
}

/// The weight of the most specific range of `accept` that has the media type, in thousandths, and how specific it is.
fn preference(accept: &str, media_type: &str) -> (u16, u8) {
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let specificity = specificity(parts.next()?, media_type)?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        Some((specificity, weight.map_or(1000, thousandths)))
    });
    let best = ranges.max_by_key(|(specificity, _)| *specificity).filter(|(_, weight)| *weight > 0);
    best.map_or((0, 0), |(specificity, weight)| (weight, specificity))
}

fn specificity(range: &str, media_type: &str) -> Option<u8> {
    let (kind, _) = media_type.split_once('/')?;
    if range.eq_ignore_ascii_case(media_type) {
        Some(2)
    } else if range.strip_suffix("/*").is_some_and(|of| of.eq_ignore_ascii_case(kind)) {
        Some(1)
    } else {
        (range == "*/*").then_some(0)
    }
}

/// What cannot be read as a weight counts as the least.
fn thousandths(weight: &str) -> u16 {
    let weight: f32 = weight.parse().unwrap_or_default();
    (weight.clamp(0.0, 1.0) * 1000.0) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_with_the_greater_weight_is_preferred_and_then_the_named_one() {
        for (accept, preferred) in [
            (None, false),
            (Some("*/*"), false),
            (Some("application/json"), false),
            (Some("application/json, text/plain, */*"), false),
            (Some("text/plain;q=0.5, application/json;q=0.9"), false),
            (Some("text/plain;q=0"), false),
            (Some("text/html"), false),
            (Some("text/plain"), true),
            (Some("TEXT/PLAIN; charset=utf-8"), true),
            (Some("text/*"), true),
            (Some("text/plain, */*"), true),
            (Some("text/plain, application/json;q=0.1"), true),
        ] {
            assert_eq!(prefers(accept, "text/plain", "application/json"), preferred, "{accept:?}");
        }
    }
}
