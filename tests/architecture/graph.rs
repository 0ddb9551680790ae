//! Dependencies between modules, from `use` and paths in the sources, parsed with `syn`, without test code.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{
    Attribute, File, Item, Macro, Path, UseTree,
    visit::{self, Visit},
};

/// The modules of a crate by path, like `service::token`; the crate itself is the empty path.
pub type Sources = BTreeMap<String, File>;

/// The dependencies of a module: modules of its own crate, and the first two segments of paths into other crates.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Modules of its own crate.
    pub modules: BTreeSet<String>,
    /// Other crates like `sea_orm`, and their modules like `call_acceptance_api::value`.
    pub outside: BTreeSet<String>,
}

/// The dependencies of each module of the crate.
pub fn graph(sources: &Sources) -> BTreeMap<String, Named> {
    let named = |(module, file): (&String, &File)| {
        let mut reader = Reader { module, sources, named: Named::default() };
        reader.visit_file(file);
        reader.named.modules.remove(module);
        (module.clone(), reader.named)
    };
    sources.iter().map(named).collect()
}

/// A cycle of dependencies, if there is one.
pub fn circle(graph: &BTreeMap<String, Named>) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    graph.keys().find_map(|start| follow(graph, start, &mut Vec::new(), &mut done))
}

fn follow(
    graph: &BTreeMap<String, Named>,
    module: &str,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(start) = path.iter().position(|before| before == module) {
        return Some(path[start..].to_vec());
    }
    if done.contains(module) {
        return None;
    }
    path.push(module.to_owned());
    let found = graph.get(module)?.modules.iter().find_map(|next| follow(graph, next, path, done));
    path.pop();
    done.insert(module.to_owned());
    found
}

struct Reader<'a> {
    module: &'a str,
    sources: &'a Sources,
    named: Named,
}

impl Reader<'_> {
    /// Records a path as written in the module.
    fn note(&mut self, written: &[String]) {
        let own: Vec<String> = self.module.split("::").filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let supers = written.iter().take_while(|word| *word == "super").count();
        let rest = written[supers..].to_vec();
        let from_root = match written.first().map(String::as_str) {
            Some("crate") => written[1..].to_vec(),
            Some("self") => [&own[..], &written[1..]].concat(),
            Some("super") => [&own[..own.len().saturating_sub(supers)], &rest[..]].concat(),
            Some(first) if self.is_module(&[&own[..], &[first.to_owned()]].concat()) => [&own[..], written].concat(),
            _ => return self.note_outside(written),
        };
        let module = (0..=from_root.len()).rev().map(|length| &from_root[..length]).find(|path| self.is_module(path));
        self.named.modules.extend(module.map(|path| path.join("::")));
    }

    fn is_module(&self, path: &[String]) -> bool {
        self.sources.contains_key(&path.join("::"))
    }

    fn note_outside(&mut self, written: &[String]) {
        if written.len() > 1 {
            self.named.outside.insert(written[0].clone());
            self.named.outside.insert(written[..2].join("::"));
        }
    }

    fn note_tree(&mut self, tree: &UseTree, before: &[String]) {
        let with = |word: &syn::Ident| [before, &[word.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.note_tree(&path.tree, &with(&path.ident)),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.note_tree(item, before)),
            UseTree::Name(name) if name.ident == "self" => self.note(before),
            UseTree::Name(name) => self.note(&with(&name.ident)),
            UseTree::Rename(rename) if rename.ident == "self" => self.note(before),
            UseTree::Rename(rename) => self.note(&with(&rename.ident)),
            UseTree::Glob(_) => self.note(before),
        }
    }

    /// The paths in the tokens of a macro that start at the crate: `crate::…`, `$crate::…`.
    fn note_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(word) if colons == 2 && !path.is_empty() => path.push(word.to_string()),
                TokenTree::Ident(word) => {
                    self.note_rooted(&path);
                    path = vec![word.to_string()];
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => {
                    // `crate::{a, b}` in a macro: the words in the braces go on from the path before them.
                    if colons == 2 && path.first().is_some_and(|first| first == "crate") {
                        self.note_group(&path, &group.stream());
                    }
                    self.note_tokens(group.stream());
                }
                _ => {}
            }
            colons = 0;
        }
        self.note_rooted(&path);
    }

    fn note_group(&mut self, before: &[String], tokens: &TokenStream) {
        let braced = TokenTree::Group(Group::new(Delimiter::Brace, tokens.clone()));
        if let Ok(tree) = syn::parse2::<UseTree>(braced.into()) {
            self.note_tree(&tree, before);
        }
    }

    fn note_rooted(&mut self, path: &[String]) {
        if path.len() > 1 && ["crate", "super", "self", "call_acceptance_api"].contains(&path[0].as_str()) {
            self.note(path);
        }
    }
}

fn only_in_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !only_in_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.note_tree(&item.tree, &[]);
    }

    /// Who may see a thing is not what it names.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast Path) {
        let words: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if words.len() > 1 {
            self.note(&words);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.note_tokens(mac.tokens.clone());
        visit::visit_macro(self, mac);
    }
}
