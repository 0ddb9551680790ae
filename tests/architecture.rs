//! Dependencies go one way: `http → service → {screening, store → entity}`, and the contract in `api/` knows no database.
//!
//! To change a direction, change [`RULES`] and the code map in `src/lib.rs`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What the sources under a path do not name.
struct Rule {
    /// A folder or a file.
    sources: &'static str,
    /// Crates, and modules as `crate::store`.
    names_none_of: &'static [&'static str],
    why: &'static str,
}

const RULES: [Rule; 12] = [
    Rule {
        sources: "src/http",
        names_none_of: &[
            "crate::store",
            "crate::rules::criteria",
            "crate::rules::screening",
            "sea_orm",
            "sea_orm_migration",
            "sqlx",
        ],
        why: "http knows the service only",
    },
    Rule {
        sources: "src/service",
        names_none_of: &["crate::http", "crate::app", "crate::cli", "poem", "poem_openapi", "hyper"],
        why: "the service knows nothing of HTTP",
    },
    Rule {
        sources: "src/service",
        names_none_of: &["sea_orm", "sea_orm_migration", "sqlx", "crate::store::entity"],
        why: "the service names of the database only what the store exports",
    },
    Rule {
        sources: "src/store",
        names_none_of: &[
            "crate::http",
            "crate::service",
            "crate::rules::screening",
            "crate::app",
            "crate::cli",
            "poem",
            "poem_openapi",
            "hyper",
        ],
        why: "the store knows nothing above it",
    },
    Rule { sources: "src/store/entity", names_none_of: &["crate"], why: "entities are the rows as they are" },
    Rule { sources: "src/rules/criteria.rs", names_none_of: EVERYTHING_ELSE, why: "the rules of criteria are pure" },
    Rule { sources: "src/rules/screening", names_none_of: EVERYTHING_ELSE, why: "screening is pure" },
    Rule { sources: "src/rules/screening", names_none_of: &["crate::clock"], why: "screening is told the time" },
    Rule { sources: "src/clock.rs", names_none_of: EVERYTHING_ELSE, why: "the clock is a leaf" },
    Rule {
        sources: "src/identity/oidc",
        names_none_of: &[
            "crate::app",
            "crate::cli",
            "crate::config",
            "crate::http",
            "crate::service",
            "crate::store",
            "sea_orm",
            "sqlx",
            "poem",
            "poem_openapi",
        ],
        why: "the verifier of tokens knows the clock only",
    },
    Rule {
        sources: "src/config",
        names_none_of: &["crate::http", "crate::service", "crate::store", "crate::app", "sea_orm", "sqlx", "poem"],
        why: "the configuration knows the command line only",
    },
    Rule {
        sources: "api/src",
        names_none_of: &["sea_orm", "sea_orm_migration", "sqlx", "call_acceptance"],
        why: "the contract stands without a server or a database",
    },
];

const EVERYTHING_ELSE: &[&str] = &[
    "crate::app",
    "crate::cli",
    "crate::config",
    "crate::demo",
    "crate::http",
    "crate::service",
    "crate::store",
    "crate::telemetry",
    "sea_orm",
    "sea_orm_migration",
    "sqlx",
    "poem",
    "poem_openapi",
    "hyper",
    "tokio",
];

const MOST_LINES_OF_MAIN: usize = 40;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files at `path`, a file or a folder.
fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let paths = entries.map(|entry| entry.expect("a folder can be listed").path());
    paths
        .filter(|path| path.is_dir() || path.extension() == Some("rs".as_ref()))
        .flat_map(|path| rust_files(&path))
        .collect()
}

/// The path of the module that a file of `src/` or `api/src/` holds, `["crate", "store", "user"]`.
fn module_of(file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(root()).unwrap_or(file).with_extension("");
    let parts = relative.iter().map(|part| part.to_string_lossy().into_owned());
    let below = parts.skip_while(|part| part != "src").skip(1).filter(|part| !matches!(part.as_str(), "mod" | "lib"));
    std::iter::once("crate".to_owned()).chain(below).collect()
}

/// A word or a mark of a source, with its line.
type Token = (usize, String);

/// The words, `::`, braces and other marks of `source`, without comments and texts.
fn tokens(source: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut line = 1;
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest, first);
        let (token, after) = rest.split_at(length);
        let skipped =
            first.is_whitespace() || token.starts_with("//") || token.starts_with("/*") || token.ends_with('"');
        if !skipped {
            tokens.push((line, token.to_owned()));
        }
        line += token.matches('\n').count();
        rest = after;
    }
    tokens
}

fn token_length(rest: &str, first: char) -> usize {
    let up_to = |end: &str| rest[1..].find(end).map_or(rest.len(), |at| 1 + at + end.len());
    let word = |rest: &str| rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    if rest.starts_with("//") {
        rest.find('\n').unwrap_or(rest.len())
    } else if rest.starts_with("/*") {
        up_to("*/")
    } else if rest.starts_with("r#\"") {
        up_to("\"#") - 1
    } else if let Some(text) = rest.strip_prefix("r\"") {
        text.find('"').map_or(rest.len(), |at| at + 3)
    } else if first == '"' {
        text_length(rest)
    } else if first == '\'' && (rest.starts_with("'\\") || rest.chars().nth(2) == Some('\'')) {
        let skip = if rest.starts_with("'\\") { 3 } else { 2 };
        rest.char_indices().skip(skip).find(|(_, c)| *c == '\'').map_or(rest.len(), |(at, _)| at + 1)
    } else if first.is_alphanumeric() || first == '_' {
        word(rest)
    } else if rest.starts_with("::") {
        2
    } else {
        first.len_utf8()
    }
}

/// The length of the text in double quotes that `rest` starts with.
fn text_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Every path that the tokens name, `use` trees taken apart, with the line of its last word.
fn paths(tokens: &[Token]) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    // The words before each open brace of a `use` tree; None for any other brace.
    let mut open: Vec<Option<Vec<String>>> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    for (at, (line, token)) in tokens.iter().enumerate() {
        let after_colons = at > 0 && tokens[at - 1].1 == "::";
        let is_word = token.starts_with(|c: char| c.is_alphabetic() || c == '_');
        match token.as_str() {
            "::" => {}
            "{" => open.push(after_colons.then(|| path.clone())),
            "}" => {
                open.pop();
            }
            _ if is_word => {
                if !after_colons {
                    path = open.last().cloned().flatten().unwrap_or_default();
                }
                path.push(token.clone());
                found.push((*line, path.clone()));
            }
            _ => {}
        }
    }
    found
}

/// `path` as seen from the crate's root, when it starts with `self` or `super`.
fn from_root(path: &[String], module: &[String]) -> Vec<String> {
    let supers = path.iter().take_while(|word| *word == "super").count();
    let relative = supers > 0 || path.first().is_some_and(|word| word == "self");
    let base = if relative { &module[..module.len().saturating_sub(supers)] } else { &[] };
    base.iter().chain(path.iter().skip_while(|word| matches!(word.as_str(), "super" | "self"))).cloned().collect()
}

fn breaches(rule: &Rule, file: &Path, source: &str) -> Vec<String> {
    let module = module_of(file);
    let mut breaches = Vec::new();
    for (line, path) in paths(&tokens(source)) {
        let named = from_root(&path, &module).join("::");
        if rule.names_none_of.contains(&named.as_str()) {
            let file = file.strip_prefix(root()).unwrap_or(file).display();
            breaches.push(format!("{file}:{line} names {named}: {}", rule.why));
        }
    }
    breaches.dedup();
    breaches
}

#[test]
fn the_sources_name_only_what_is_below_them() {
    let mut found = Vec::new();
    for rule in &RULES {
        for file in rust_files(&root().join(rule.sources)) {
            let source = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            found.extend(breaches(rule, &file, &source));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_breach_is_found_in_whatever_way_it_is_written() {
    let rule = Rule { sources: "src/http", names_none_of: &["crate::store", "sea_orm"], why: "" };
    let file = root().join("src/http/errors.rs");
    let lines_of = |source: &str| -> Vec<String> {
        let lines = breaches(&rule, &file, source);
        lines.iter().filter_map(|breach| breach.split([':', ' ']).nth(1).map(str::to_owned)).collect()
    };
    for source in [
        "use crate::store;",
        "use crate::{\n    service::{self, Server}, store::user};",
        "use crate::{store as s};",
        "use super::super::store::user;",
        "fn f() { let quote = '\"'; crate::store::ping() }",
        "use sea_orm::EntityTrait;",
        "#[derive(sea_orm::FromQueryResult)] struct Row;",
    ] {
        assert_eq!(lines_of(source).len(), 1, "{source}");
    }
    assert_eq!(lines_of("use crate::{\n    clock,\n    store,\n};"), ["3"]);
    for source in [
        "// crate::store",
        "/* sea_orm */",
        "let text = \"crate::store \\\" sea_orm\";",
        "let text = r#\"sea_orm \" sea_orm\"#;",
        "use super::store;",
        "fn store() {}",
    ] {
        assert!(lines_of(source).is_empty(), "{source}");
    }
}

#[test]
fn the_contract_is_built_without_a_database() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", "call-acceptance-api", "--edges", "normal", "--prefix", "none"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8_lossy(&tree.stdout);
    let databases = tree.lines().filter(|line| line.starts_with("sea-orm") || line.starts_with("sqlx"));
    let databases: Vec<&str> = databases.collect();
    assert!(databases.is_empty(), "api/Cargo.toml brings in {}", databases.join(", "));
}

#[test]
fn main_only_starts() {
    let source = fs::read_to_string(root().join("src/main.rs")).expect("src/main.rs can be read");
    let lines = source.lines().count();
    assert!(
        lines <= MOST_LINES_OF_MAIN,
        "src/main.rs has {lines} lines; at most {MOST_LINES_OF_MAIN}, the rest belongs in modules"
    );
}
