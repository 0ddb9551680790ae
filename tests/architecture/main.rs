//! The layers of the code: a module depends only on what its entry in [`ROOMS`] allows, and there are no dependency
//! cycles.
//!
//! `docs/architecture.md` lists the layers from the lowest up. To allow a dependency, add it to the entry of the
//! dependent room; to add a room, add its entry. A file belongs to the entry with the longest prefix of its module's
//! path.

mod graph;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use graph::{Named, Sources, circle, graph};

/// A room, and its allowed dependencies.
struct Room {
    /// The module.
    module: &'static str,
    /// Modules of the same crate.
    may_name: &'static [&'static str],
    /// Crates among [`WATCHED`], and rooms of the contract's crate.
    crates: &'static [&'static str],
}

/// The crates whose use is restricted: they stand for the database, HTTP, and async code.
const WATCHED: [&str; 7] = ["sea_orm", "sea_orm_migration", "sqlx", "poem", "poem_openapi", "hyper", "tokio"];

/// The rooms of the contract, `api/src`.
const CONTRACT: &[Room] = &[
    Room { module: "value", may_name: &[], crates: &["poem_openapi"] },
    Room { module: "wire", may_name: &["value"], crates: &["poem", "poem_openapi", "tokio"] },
    Room { module: "access", may_name: &["value", "wire"], crates: &["poem", "poem_openapi"] },
    Room { module: "resource", may_name: &["value", "wire", "access"], crates: &["poem", "poem_openapi", "tokio"] },
    Room { module: "", may_name: &["value", "wire", "access", "resource"], crates: &["poem_openapi"] },
    Room {
        module: "document",
        may_name: &["", "value", "wire", "access", "resource"],
        crates: &["poem", "poem_openapi"],
    },
];

/// The rooms of the server, `src`.
const SERVER: &[Room] = &[
    Room { module: "clock", may_name: &[], crates: &[] },
    Room { module: "config", may_name: &["identity::oidc"], crates: &["call_acceptance_api::value"] },
    Room {
        module: "rules",
        may_name: &[],
        crates: &["call_acceptance_api::value", "call_acceptance_api::wire", "call_acceptance_api::resource"],
    },
    Room {
        module: "identity",
        may_name: &["clock"],
        crates: &["hyper", "tokio", "call_acceptance_api::value", "call_acceptance_api::resource"],
    },
    Room {
        module: "store",
        may_name: &["rules", "config", "telemetry"],
        crates: &[
            "sea_orm",
            "sea_orm_migration",
            "sqlx",
            "tokio",
            "call_acceptance_api::value",
            "call_acceptance_api::wire",
            "call_acceptance_api::access",
            "call_acceptance_api::resource",
        ],
    },
    Room {
        module: "service",
        may_name: &["clock", "config", "rules", "identity", "store", "telemetry"],
        crates: &[
            "tokio",
            "call_acceptance_api::value",
            "call_acceptance_api::wire",
            "call_acceptance_api::access",
            "call_acceptance_api::resource",
        ],
    },
    Room {
        module: "http",
        may_name: &["clock", "config", "service", "telemetry", "tls"],
        crates: &["hyper", "poem", "poem_openapi", "tokio", "call_acceptance_api"],
    },
    Room { module: "telemetry", may_name: &["config"], crates: &["hyper", "tokio"] },
    Room { module: "systemd", may_name: &[], crates: &["tokio"] },
    Room { module: "tls", may_name: &["clock", "config", "telemetry"], crates: &["tokio"] },
    Room {
        module: "app",
        may_name: &["clock", "config", "rules", "service", "store", "http", "systemd", "telemetry", "tls"],
        crates: &["tokio"],
    },
    Room { module: "demo", may_name: &["clock", "config", "service", "app"], crates: &["call_acceptance_api"] },
    Room {
        module: "cli",
        may_name: &["clock", "config", "identity", "store", "app", "demo", "systemd", "telemetry", "tls"],
        crates: &["call_acceptance_api"],
    },
    Room { module: "", may_name: &[], crates: &[] },
];

const MOST_LINES_OF_MAIN: usize = 40;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a folder can be listed").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false => Vec::from_iter(Some(path).filter(|path| path.extension() == Some("rs".as_ref()))),
        })
        .collect()
}

/// The module of a file below `src`; `None` for programs and test code.
fn module_of(file: &Path, src: &Path) -> Option<String> {
    let relative = file.strip_prefix(src).ok()?.with_extension("");
    let words: Vec<_> = relative.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let hidden = words.iter().any(|word| word == "tests") || ["bin", "main"].contains(&words[0].as_str());
    let words = words.into_iter().filter(|word| !matches!(word.as_str(), "mod" | "lib"));
    (!hidden).then(|| words.collect::<Vec<_>>().join("::"))
}

fn sources(src: &str) -> Sources {
    let src = root().join(src);
    let parsed = |file: &PathBuf| {
        let module = module_of(file, &src)?;
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Some((module, syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))))
    };
    rust_files(&src).iter().filter_map(parsed).collect()
}

/// Whether `module` is `room` or in it.
fn is_in(module: &str, room: &str) -> bool {
    if room.is_empty() { module.is_empty() } else { module == room || module.starts_with(&format!("{room}::")) }
}

fn room_of<'a>(module: &str, rooms: &'a [Room]) -> Option<&'a Room> {
    rooms.iter().filter(|room| is_in(module, room.module)).max_by_key(|room| room.module.len())
}

/// The violations of the rules in the graph, one a line.
fn breaches(graph: &BTreeMap<String, Named>, rooms: &[Room]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (module, named) in graph {
        let Some(room) = room_of(module, rooms) else {
            breaches.push(format!("{module:?} is in no room: give it an entry"));
            continue;
        };
        let inside = |other: &str| !room.module.is_empty() && is_in(other, room.module);
        let allowed = |other: &str| inside(other) || room.may_name.iter().any(|room| is_in(other, room));
        breaches.extend(
            named.modules.iter().filter(|other| !allowed(other)).map(|other| format!("{module:?} names {other:?}")),
        );
        let watched =
            |outside: &&String| WATCHED.contains(&outside.as_str()) || outside.starts_with("call_acceptance_api::");
        let opened = |outside: &&String| {
            room.crates.iter().any(|open| *open == outside.as_str() || outside.starts_with(&format!("{open}::")))
        };
        let closed = named.outside.iter().filter(watched).filter(|outside| !opened(outside));
        breaches.extend(closed.map(|outside| format!("{module:?} names {outside}")));
    }
    breaches
}

#[test]
fn modules_depend_only_on_what_their_room_allows() {
    let found = [("api/src", CONTRACT), ("src", SERVER)].map(|(src, rooms)| breaches(&graph(&sources(src)), rooms));
    let [contract, server] = found.map(|breaches| breaches.join("\n"));
    assert!(contract.is_empty() && server.is_empty(), "in api/src:\n{contract}\nin src:\n{server}");
}

#[test]
fn there_are_no_dependency_cycles() {
    let [contract, server] = ["api/src", "src"].map(|src| circle(&graph(&sources(src))));
    assert_eq!((contract, server), (None, None), "in api/src and in src");
}

fn planted(sources: &[(&str, &str)]) -> BTreeMap<String, Named> {
    let parsed = |(module, source): &(&str, &str)| {
        (module.to_string(), syn::parse_file(source).unwrap_or_else(|error| panic!("{source}: {error}")))
    };
    graph(&sources.iter().map(parsed).collect())
}

#[test]
fn a_planted_dependency_is_found_however_it_is_written() {
    let rooms = [
        Room { module: "low", may_name: &[], crates: &[] },
        Room { module: "high", may_name: &["low"], crates: &[] },
        Room { module: "", may_name: &[], crates: &[] },
    ];
    let breaches_of = |source: &str| {
        let sources = [("", ""), ("high", ""), ("high::roof", ""), ("low", ""), ("low::cellar", source)];
        breaches(&planted(&sources), &rooms)
    };
    for source in [
        "use crate::high;",
        "use crate::{low, high::{self, Roof}};",
        "use crate::{high as h};",
        "use crate::high::*;",
        "use super::super::high::roof::Tile;",
        "pub use crate::high::Roof;",
        "fn f() { let quote = '\"'; crate::high::build() }",
        "fn f() { use crate::high; }",
        "struct Wall { roof: crate::high::Roof }",
        "macro_rules! wall { () => { $crate::high::roof::build() } }",
        "macro_rules! wall { () => { use crate::{low, high::Roof}; } }",
        "fn f() { println!(\"{}\", crate::high::NAME) }",
        "use sea_orm::EntityTrait;",
        "#[cfg(unix)] use sea_orm::EntityTrait;",
        "fn f() { tokio::task::yield_now() }",
        "use call_acceptance_api::value::name::TenantId;",
    ] {
        assert!(!breaches_of(source).is_empty(), "{source}");
    }
    for source in [
        "// crate::high",
        "const TEXT: &str = \"crate::high \\\" sea_orm\";",
        "use super::Wall;",
        "fn high() {}",
        "#[cfg(test)] mod tests { use crate::high; }",
        "use std::fmt;",
    ] {
        assert_eq!(breaches_of(source), Vec::<String>::new(), "{source}");
    }
    let unknown = breaches(&planted(&[("attic", "")]), &rooms);
    assert_eq!(unknown.len(), 1, "{unknown:?}");
}

#[test]
fn a_planted_cycle_is_found() {
    let straight = [("", ""), ("a", "use crate::b::B;"), ("b", "use crate::c::C;"), ("c", "")];
    assert_eq!(circle(&planted(&straight)), None);
    let bent = [("", ""), ("a", "use crate::b::B;"), ("b", "use super::c::C;"), ("c", "fn f() { crate::a::go() }")];
    assert_eq!(circle(&planted(&bent)).map(|modules| modules.len()), Some(3));
    let reexported = [("", ""), ("a", "pub use b::B;"), ("a::b", "use super::A;")];
    assert_eq!(circle(&planted(&reexported)).map(|modules| modules.len()), Some(2));
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
