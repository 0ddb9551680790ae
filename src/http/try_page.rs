//! The page at `/try/`: a user's rules in words, the coming week, a call and a change tried. It is plain HTML and ES
//! modules, which use the API as any portal would; `try_page/` has a module for each subject.
//!
//! All texts go into the page as text: the policy forbids the browser to make HTML or scripts of them (Trusted Types).
//! To add a file, name it in [`FILES`]. Its behaviour in a browser is tested in `tests/docs/`.

use std::{collections::HashMap, sync::LazyLock};

use poem::{Endpoint, Request, Response, Route, endpoint::make, error::NotFoundError, get};

use super::{docs, pages::Page};

/// The files with these names in `try_page/`.
macro_rules! files {
    ($($name:literal),+ $(,)?) => { [$(($name, include_str!(concat!("try_page/", $name)))),+] };
}

/// What the page loads, by name.
const FILES: [(&str, &str); 22] = files![
    "api.js",
    "call.js",
    "change.js",
    "cures.js",
    "dom.js",
    "draft.js",
    "faults.js",
    "main.js",
    "outcome.js",
    "picker.js",
    "questions.js",
    "rules.js",
    "schedules.js",
    "services.js",
    "session.js",
    "style.css",
    "trial.js",
    "user.js",
    "warnings.js",
    "week.js",
    "words.js",
    "zone.js",
];

static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let allowed = "script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
                   require-trusted-types-for 'script'; trusted-types 'none'";
    Page::new(include_str!("try_page/index.html").to_owned(), allowed)
});

static PARTS: LazyLock<HashMap<&str, Page>> = LazyLock::new(|| {
    let part = |(name, text): (&'static str, &str)| (name, Page::file(text.to_owned(), media_type(name)));
    FILES.into_iter().map(part).collect()
});

fn media_type(name: &str) -> &'static str {
    if name.ends_with(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" }
}

/// The page and what it loads, at `/try/`.
pub fn page() -> impl Endpoint<Output = Response> {
    Route::new().at("/try/", docs::constant(&PAGE)).at("/try", docs::to("/try/")).at("/try/:file", get(make(find)))
}

async fn find(request: Request) -> poem::Result<Response> {
    let part = request.raw_path_param("file").and_then(|name| PARTS.get(name)).ok_or(NotFoundError)?;
    Ok(part.answer(&request).await)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;

    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/try_page");
        let entries = fs::read_dir(folder).expect("the folder is there");
        let names = entries.map(|entry| entry.expect("a folder can be listed").file_name().into_string());
        let mut names: BTreeSet<String> = names.map(|name| name.expect("it is text")).collect();
        assert!(names.remove("index.html"));
        assert_eq!(names, FILES.iter().map(|(name, _)| (*name).to_owned()).collect());
    }
}
