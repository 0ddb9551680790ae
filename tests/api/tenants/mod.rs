//! Tenants: one file per verb, and what the tests of groups and users share with them.

use crate::harness::App;

mod cascade;
mod create;
mod delete;
mod list;
mod update;
mod view;

/// Texts that are not identifiers of anything.
pub const NO_IDENTIFIERS: [&str; 12] =
    ["", " a", "a ", "\u{a0}a", "a\u{3000}", "a/b", "a\u{0}b", "a\tb", "a\nb", "a\u{85}b", "\u{200b}", "a\u{202e}b"];

/// Identifiers in the order of their code points, which is neither that of a language nor that of UTF-16.
pub const ORDERED: [&str; 14] = ["+&=%", "0", "10", "9", "A", "Z", "a", "a b", "a-b", "e\u{30d}", "z", "é", "～", "😀"];

/// `text` with every byte percent-encoded.
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The identifiers on each page of the list at `path`, from the first page to the one without `next`.
pub async fn walk(app: &App, path: &str, (member, id): (&str, &str), limit: usize) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut query = format!("limit={limit}");
    loop {
        let page = app.get(&format!("{path}?{query}")).await.expect(200);
        let things = page[member].as_array().expect("a page has a list");
        pages.push(things.iter().map(|thing| thing[id].as_str().expect("each has an identifier").to_owned()).collect());
        let Some(next) = page["next"].as_str() else { return pages };
        query = format!("limit={limit}&after={}", encoded(next));
    }
}

/// Asserts that the list at `path`, which contains [`ORDERED`], is paged correctly.
pub async fn expect_pages(app: &App, path: &str, names: (&str, &str)) {
    for limit in [1, 4, 13, 14, 15, 1000] {
        let pages = walk(app, path, names, limit).await;
        assert_eq!(pages.concat(), ORDERED, "limit {limit}");
        assert_eq!(pages.len(), ORDERED.len().div_ceil(limit), "limit {limit}");
    }
    let page = app.get(&format!("{path}?after=a%21")).await.expect(200);
    assert_eq!(page[names.0][0][names.1], "a-b", "a page starts behind `after`, which need not be there");
    let page = app.get(&format!("{path}?after=%F0%9F%98%80")).await.expect(200);
    assert_eq!(page, serde_json::json!({ names.0: [] }));
}

/// Asserts that the list at `path` refuses invalid page parameters.
pub async fn expect_no_page(app: &App, path: &str) {
    for limit in ["0", "1001", "-1", "1.5", "abc", "", "%2B5", "65537"] {
        app.get(&format!("{path}?limit={limit}")).await.expect_faults(&["limit"]);
    }
    for after in NO_IDENTIFIERS {
        app.get(&format!("{path}?after={}", encoded(after))).await.expect_faults(&["after"]);
    }
    app.get(&format!("{path}?page=2&offset=1")).await.expect_faults(&["page", "offset"]);
    app.get(&format!("{path}?limit=1&limit=1")).await.expect_faults(&["limit"]);
    app.get(&format!("{path}?after=a&after=b")).await.expect_faults(&["after"]);
}
