//! The paths that a file names: imports taken apart, everything else as written.
//!
//! ```text
//! use crate::{repo, sops::rules as r};   →  crate::repo   crate::sops::rules
//! let x = r::find(…);                    →  crate::sops::rules::find
//! ```
//!
//! Comments and strings are no tokens and so no paths; macro arguments are tokens like others.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path in a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Named {
    /// From the root: `crate`, a crate's name, or the name of something in the file; a glob ends in `*`.
    pub(crate) segments: Vec<String>,
    /// 1-based.
    pub(crate) line: usize,
    /// Inside of an item under `#[cfg(test)]`.
    pub(crate) in_test: bool,
}

/// All paths of `text`, a file of the module `module` (its names from the root, empty for the root itself).
pub(crate) fn paths(text: &str, module: &[String]) -> Vec<Named> {
    let tokens: TokenStream = text.parse().expect("the file was compiled");
    let mut reader =
        Reader { module: module.to_vec(), found: Vec::new(), imports: BTreeMap::new() };
    reader.read(&tokens.into_iter().collect::<Vec<_>>(), false);
    let Reader { found, imports, .. } = reader;
    found.into_iter().map(|named| through_imports(named, &imports)).collect()
}

/// Replaces a first segment that was imported by what was imported.
fn through_imports(mut named: Named, imports: &BTreeMap<String, Vec<String>>) -> Named {
    // An import that leads to its own name (`use std::fs; … std::fs::read`) is complete already.
    if let Some(target) =
        imports.get(&named.segments[0]).filter(|target| target[0] != named.segments[0])
    {
        named.segments.splice(..1, target.iter().cloned());
    }
    named
}

struct Reader {
    /// Where we are, inline modules included.
    module: Vec<String>,
    found: Vec<Named>,
    /// Name in this file → imported path. Scopes are not told apart: a name means one thing per file.
    imports: BTreeMap<String, Vec<String>>,
}

impl Reader {
    fn read(&mut self, tokens: &[TokenTree], in_test: bool) {
        let mut at = 0;
        // Whether the item that comes next stands under `#[cfg(test)]`.
        let mut marked = false;
        while at < tokens.len() {
            let here = in_test || marked;
            if is_cfg_test(&tokens[at..]) {
                marked = true;
                at += 2;
            } else if is_ident(tokens.get(at), "use") {
                let end = position(tokens, at, ';');
                self.import(Vec::new(), &tokens[at + 1..end], here);
                at = end;
            } else if let Some((name, body)) = inline_module(&tokens[at..]) {
                self.module.push(name);
                self.read(&body, here);
                self.module.pop();
                marked = false;
                at += 3;
            } else if let Some((segments, length)) =
                self.path(&tokens[at..], at > 0 && is_punct(&tokens[at - 1], '.'))
            {
                let line = tokens[at].span().start().line;
                self.found.push(Named { segments, line, in_test: here });
                at += length;
            } else {
                match &tokens[at] {
                    TokenTree::Group(group) => {
                        self.read(&group.stream().into_iter().collect::<Vec<_>>(), here);
                        // A body ends the marked item; an attribute or an argument list does not.
                        marked &= group.delimiter() != Delimiter::Brace;
                    }
                    token if is_punct(token, ';') => marked = false,
                    _ => {}
                }
                at += 1;
            }
        }
    }

    /// A path of at least two segments at the start of `tokens`, and how many tokens it takes.
    fn path(&self, tokens: &[TokenTree], after_dot: bool) -> Option<(Vec<String>, usize)> {
        let mut at = if is_separator(tokens) { 2 } else { 0 };
        let mut segments = Vec::new();
        while let Some(TokenTree::Ident(name)) = tokens.get(at) {
            segments.push(name.to_string());
            at += 1;
            if !is_separator(&tokens[at..]) {
                break;
            }
            at += 2;
        }
        // `a.b::<T>()` is a method call, and a single name is no path.
        (segments.len() > 1 && !after_dot).then(|| (self.resolved(segments), at))
    }

    /// Takes apart what stands between `use` and `;`, or inside of a group of it.
    fn import(&mut self, mut prefix: Vec<String>, tokens: &[TokenTree], in_test: bool) {
        let mut at = 0;
        while at < tokens.len() {
            let line = tokens[at].span().start().line;
            match &tokens[at] {
                TokenTree::Group(group) => {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    for entry in inner.split(|token| is_punct(token, ',')) {
                        self.import(prefix.clone(), entry, in_test);
                    }
                    return;
                }
                TokenTree::Ident(name) if *name == "as" => {
                    let alias = tokens.get(at + 1).map(ToString::to_string).unwrap_or_default();
                    return self.imported(prefix, alias, line, in_test);
                }
                TokenTree::Ident(name) => prefix.push(name.to_string()),
                token if is_punct(token, '*') => prefix.push("*".to_owned()),
                _ => {}
            }
            at += 1;
        }
        if prefix.last().is_some_and(|last| last == "self") {
            prefix.pop();
        }
        let (Some(name), Some(first)) = (prefix.last().cloned(), tokens.first()) else { return };
        self.imported(prefix, name, first.span().start().line, in_test);
    }

    fn imported(&mut self, mut path: Vec<String>, name: String, line: usize, in_test: bool) {
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        let segments = self.resolved(path);
        self.imports.insert(name, segments.clone());
        self.found.push(Named { segments, line, in_test });
    }

    /// Resolves `self` and `super` at the start of a path.
    fn resolved(&self, segments: Vec<String>) -> Vec<String> {
        let ups = segments.iter().take_while(|segment| *segment == "super").count();
        let relative = ups > 0 || segments[0] == "self";
        if !relative {
            return segments;
        }
        let kept = self.module.len().saturating_sub(ups);
        let rest =
            segments.into_iter().skip_while(|segment| segment == "super" || segment == "self");
        let module = self.module[..kept].iter().cloned();
        std::iter::once("crate".to_owned()).chain(module).chain(rest).collect()
    }
}

fn is_ident(token: Option<&TokenTree>, name: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if *ident == name)
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn is_separator(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [first, second, ..] if is_punct(first, ':') && is_punct(second, ':'))
}

fn position(tokens: &[TokenTree], from: usize, character: char) -> usize {
    let found = tokens[from..].iter().position(|token| is_punct(token, character));
    found.map_or(tokens.len(), |offset| from + offset)
}

/// `#[cfg(test)]`, and not `#[cfg(not(test))]` or `#[cfg_attr(test, …)]`.
fn is_cfg_test(tokens: &[TokenTree]) -> bool {
    let [hash, TokenTree::Group(group), ..] = tokens else { return false };
    is_punct(hash, '#') && group.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// `mod name { … }`: its name and body.
fn inline_module(tokens: &[TokenTree]) -> Option<(String, Vec<TokenTree>)> {
    let [keyword, TokenTree::Ident(name), TokenTree::Group(body), ..] = tokens else { return None };
    is_ident(Some(keyword), "mod").then(|| (name.to_string(), body.stream().into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paths of a snippet in the module `sops::file`, those in test code with a `#` in front.
    fn named(text: &str) -> Vec<String> {
        let module = ["sops".to_owned(), "file".to_owned()];
        let mark = |named: Named| {
            format!("{}{}", if named.in_test { "#" } else { "" }, named.segments.join("::"))
        };
        paths(text, &module).into_iter().map(mark).collect()
    }

    #[test]
    fn imports_are_taken_apart() {
        assert_eq!(named("use crate::repo;"), ["crate::repo"]);
        assert_eq!(named("pub(crate) use crate::repo::Tree;"), ["crate::repo::Tree"]);
        assert_eq!(
            named("use crate::{repo, sops::{self, rules as r}, txn::*};"),
            ["crate::repo", "crate::sops", "crate::sops::rules", "crate::txn::*"]
        );
        assert_eq!(named("use {crate::repo, std::fs};"), ["crate::repo", "std::fs"]);
    }

    #[test]
    fn inline_paths_are_found_wherever_they_stand() {
        assert_eq!(named("fn f() -> crate::txn::Plan { g() }"), ["crate::txn::Plan"]);
        assert_eq!(
            named("fn f() { println!(\"{}\", crate::sops::mac::X); }"),
            ["crate::sops::mac::X"]
        );
        assert_eq!(
            named("struct S { a: Vec<crate::keys::Recipient> }"),
            ["crate::keys::Recipient"]
        );
        assert_eq!(named("fn f() { ::age::Decryptor::new(x) }"), ["age::Decryptor::new"]);
    }

    #[test]
    fn comments_strings_and_methods_are_no_paths() {
        assert_eq!(named("/// [`crate::cli`]\n// crate::cli::x\nfn f() {}"), Vec::<String>::new());
        assert_eq!(named("const A: &str = \"crate::cli::x\";"), Vec::<String>::new());
        assert_eq!(named("fn f() { x.age::<u8>() }"), Vec::<String>::new());
    }

    #[test]
    fn super_and_self_lead_to_the_module_they_mean() {
        assert_eq!(named("use super::mac;"), ["crate::sops::mac"]);
        assert_eq!(named("use super::super::cli;"), ["crate::cli"]);
        assert_eq!(named("use self::inner::X;"), ["crate::sops::file::inner::X"]);
        assert_eq!(named("mod m { use super::super::super::txn; }"), ["crate::txn"]);
    }

    #[test]
    fn imported_names_are_followed() {
        assert_eq!(named("use std::fs; fn f() { fs::write(a, b) }"), ["std::fs", "std::fs::write"]);
        assert_eq!(
            named("use std::fs::File as F; fn f() { F::create(a) }"),
            ["std::fs::File", "std::fs::File::create"]
        );
    }

    #[test]
    fn test_code_is_told_apart() {
        let text = "#[cfg(test)] mod tests { fn f() { std::fs::write(a, b) } } fn g() { std::fs::read(a) }";
        assert_eq!(named(text), ["#std::fs::write", "std::fs::read"]);
        let text = "#[cfg(test)]\nuse a::b;\nuse c::d;";
        assert_eq!(named(text), ["#a::b", "c::d"]);
        assert_eq!(named("#[cfg(not(test))] fn f() { a::b() }"), ["a::b"]);
        assert_eq!(
            named("#[cfg(test)] fn f(a: [u8; 2]) -> b::C { d::e() } f::g!();"),
            ["#b::C", "#d::e", "f::g"]
        );
    }

    #[test]
    fn lines_are_counted_from_one() {
        assert_eq!(paths("\n\nuse crate::a::b;", &[])[0].line, 3);
    }
}
