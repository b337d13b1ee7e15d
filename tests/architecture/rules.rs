//! The tables: layers, crates that one module owns, and the outside world.

use std::path::Path;

use crate::paths::{Named, paths};

/// Room → what it may import of the other rooms. An entry with `::` allows that module only.
///
/// `ALL_BELOW` stands for every room of the layers 0 to 3.
const LAYERS: &[(&str, &[&str])] = &[
    // layer 0
    ("secret", &[]),
    // layer 1
    ("document", &["secret"]),
    ("keys", &["secret"]),
    ("txn", &["secret"]),
    // `keys` only to generate an identity
    ("make", &["secret", "keys"]),
    // layer 2
    ("sops", &["document", "keys", "secret"]),
    ("kube", &["document"]),
    ("repo", &["txn", "document"]),
    // layer 3: settings overrule what a layout infers
    ("settings", &["repo", "document"]),
    ("layout", &["kube", "repo", "document", "settings", "sops::rules"]),
    // values that lead to a database, as several commands read them
    ("connection", &["secret", "make", "layout"]),
    // layer 4: never each other
    ("scaffold", ALL_BELOW),
    ("provision", ALL_BELOW),
    ("check", ALL_BELOW),
    ("team", ALL_BELOW),
    // layer 5 may import everything and is imported by nobody
    ("cli", &["*"]),
];

const ALL_BELOW: &[&str] = &[
    "secret",
    "document",
    "keys",
    "txn",
    "make",
    "sops",
    "kube",
    "repo",
    "settings",
    "layout",
    "connection",
];

/// Crate → the modules that may name it: one place each where its use is to be reviewed.
const CRATES: &[(&str, &[&str])] = &[
    ("age", &["keys"]),
    ("age_core", &["keys"]),
    ("chacha20poly1305", &["keys::hybrid"]),
    ("ml_kem", &["keys::hybrid"]),
    ("sha3", &["keys::hybrid"]),
    ("x25519_dalek", &["keys::hybrid", "make::private_key"]),
    ("ed25519_dalek", &["make::private_key"]),
    ("p256", &["make::private_key"]),
    ("rsa", &["make::private_key"]),
    ("x509_cert", &["make::private_key"]),
    ("argon2", &["make::derivation"]),
    ("bcrypt", &["make::derivation"]),
    ("sha_crypt", &["make::derivation"]),
    ("aes_gcm", &["sops::cipher"]),
    // The operating system's randomness enters in one place and is handed down.
    ("getrandom", &["cli", "secret"]),
    ("granit_parser", &["document::yaml"]),
];

/// What touches the outside world → the modules whose code, tests apart, may name it.
const WORLD: &[(&str, &[&str])] = &[
    ("std::env", &["cli"]),
    ("std::process::exit", &["cli"]),
    ("std::process::abort", &["cli"]),
    ("std::io::stdin", &["cli"]),
    ("std::time::SystemTime::now", &["cli"]),
    ("jiff::Timestamp::now", &["cli"]),
    ("jiff::Zoned::now", &["cli"]),
    ("std::fs::*", WRITERS),
    ("std::fs::write", WRITERS),
    ("std::fs::copy", WRITERS),
    ("std::fs::rename", WRITERS),
    ("std::fs::hard_link", WRITERS),
    ("std::fs::create_dir", WRITERS),
    ("std::fs::create_dir_all", WRITERS),
    ("std::fs::remove_file", WRITERS),
    ("std::fs::remove_dir", WRITERS),
    ("std::fs::remove_dir_all", WRITERS),
    ("std::fs::set_permissions", WRITERS),
    ("std::fs::DirBuilder", WRITERS),
    ("std::fs::OpenOptions", WRITERS),
    ("std::fs::File::create", WRITERS),
    ("std::fs::File::create_new", WRITERS),
    ("std::fs::File::options", WRITERS),
    ("std::os::unix::fs::symlink", WRITERS),
    ("std::os::unix::fs::chown", WRITERS),
    ("std::os::unix::fs::OpenOptionsExt", WRITERS),
    ("rustix::fs", WRITERS),
];

/// Who writes files: the transaction, the private directory for editors and commands, the demo, whose repository nobody
/// had before, `init`, which stores an identity where none was, and the hook of Git, which a worktree has elsewhere and has
/// to be executable. None of the others is a file of a working tree that exists.
const WRITERS: &[&str] =
    &["txn", "cli::private", "cli::demo", "cli::git::hook", "cli::init::identity"];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc"];

/// A file below `src`.
pub(crate) struct File<'a> {
    path: &'a Path,
    text: &'a str,
    /// Names of the module from the root; empty for `lib.rs` and `main.rs`.
    module: Vec<String>,
}

impl<'a> File<'a> {
    pub(crate) fn new(path: &'a Path, text: &'a str) -> Self {
        let mut module: Vec<_> = path
            .with_extension("")
            .iter()
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        if module.last().is_some_and(|last| last == "mod")
            || ["lib.rs", "main.rs"].contains(&text_of(path))
        {
            module.pop();
        }
        File { path, text, module }
    }

    /// The room the file is in; `None` for the root of the crate and for the program.
    fn room(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }

    /// A file of unit tests beside the code.
    fn is_test(&self) -> bool {
        self.module.iter().any(|name| name == "tests")
    }

    /// Whether the file belongs to one of the modules.
    fn is_within(&self, modules: &[&str]) -> bool {
        // The program is the outermost part of the command line.
        let module =
            if text_of(self.path) == "main.rs" { "cli".to_owned() } else { self.module.join("::") };
        modules.iter().any(|allowed| is_below(&module, allowed))
    }
}

fn text_of(path: &Path) -> &str {
    path.to_str().expect("the sources have plain names")
}

/// Whether `path` is `parent` or something in it.
fn is_below(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// What is wrong with a file, one line each.
pub(crate) fn findings(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(name) = file.module.iter().find(|name| EMPTY_NAMES.contains(&name.as_str())) {
        found.push(format!("src/{}: `{name}` does not say what is inside", file.path.display()));
    }
    if let Some(room) = file.room().filter(|room| layer(room).is_none()) {
        found.push(format!(
            "src/{}: `{room}` has no layer in tests/architecture/rules.rs",
            file.path.display()
        ));
    }
    for named in paths(file.text, &file.module) {
        let path = named.segments.join("::");
        let reasons = [import(file, &named), ownership(file, &path), world(file, &named, &path)];
        for reason in reasons.into_iter().flatten() {
            found.push(format!("src/{}:{}: `{path}`: {reason}", file.path.display(), named.line));
        }
    }
    found
}

fn layer(room: &str) -> Option<&'static [&'static str]> {
    LAYERS.iter().find(|(name, _)| *name == room).map(|(_, allowed)| *allowed)
}

/// The layers: what a path may lead to from this file.
fn import(file: &File, named: &Named) -> Option<String> {
    let from = file.room()?;
    let [root, to, ..] = &named.segments[..] else { return None };
    if root != "crate" || to == from {
        return None;
    }
    if to == "*" {
        return Some("import what is needed by name".to_owned());
    }
    if layer(to).is_none() {
        // A re-export at the root would hide which room is meant.
        return Some(format!("`{to}` is no room; name the room it comes from"));
    }
    let target = named.segments[1..].join("::");
    let allowed = layer(from).unwrap_or_default();
    let permitted =
        allowed.iter().any(|room| is_below(&target, room) || (*room == "*" && to != "cli"));
    (!permitted).then(|| format!("`{from}` may not import `{to}`"))
}

/// Crates that belong to one module.
fn ownership(file: &File, path: &str) -> Option<String> {
    let (name, owners) = CRATES.iter().find(|(name, _)| is_below(path, name))?;
    (!file.is_within(owners)).then(|| format!("only {owners:?} may name the crate `{name}`"))
}

/// The outside world, which tests may touch.
fn world(file: &File, named: &Named, path: &str) -> Option<String> {
    if named.in_test || file.is_test() {
        return None;
    }
    let (_, owners) = WORLD.iter().find(|(name, _)| is_below(path, name))?;
    (!file.is_within(owners)).then(|| format!("only {owners:?} may do this"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a snippet as the file `path`, without the place.
    fn wrong(path: &str, text: &str) -> Vec<String> {
        findings(&File::new(Path::new(path), text))
    }

    #[track_caller]
    fn assert_refused(path: &str, text: &str, reason: &str) {
        let found = wrong(path, text);
        assert!(found.len() == 1 && found[0].contains(reason), "{found:?}");
    }

    #[track_caller]
    fn assert_accepted(path: &str, text: &str) {
        assert_eq!(wrong(path, text), Vec::<String>::new());
    }

    #[test]
    fn a_lower_layer_may_not_import_a_higher_one() {
        assert_refused(
            "document/edit.rs",
            "use crate::sops::mac;",
            "`document` may not import `sops`",
        );
        assert_refused(
            "secret.rs",
            "use crate::{document::Route};",
            "`secret` may not import `document`",
        );
        assert_refused(
            "kube/mod.rs",
            "fn f() { crate::repo::open() }",
            "`kube` may not import `repo`",
        );
        assert_refused("repo/git.rs", "use super::super::kube;", "`repo` may not import `kube`");
        assert_accepted("sops/file.rs", "use crate::{document::Route, keys, secret::Secret};");
        assert_accepted("sops/file.rs", "use crate::sops::mac; use super::cipher;");
    }

    #[test]
    fn only_the_named_part_of_a_room_may_be_imported() {
        assert_accepted("layout/mod.rs", "use crate::sops::rules::Rules;");
        assert_refused("layout/mod.rs", "use crate::sops::{rules, file};", "may not import `sops`");
        assert_refused("layout/mod.rs", "use crate::sops;", "may not import `sops`");
    }

    #[test]
    fn layer_four_does_not_import_itself_across_rooms() {
        assert_refused("check/mod.rs", "use crate::team::merge;", "`check` may not import `team`");
        assert_accepted("check/mod.rs", "use crate::{layout::Layout, sops::file, txn::Plan};");
        assert_accepted("provision/roles.rs", "use crate::provision::Request;");
    }

    #[test]
    fn nobody_imports_the_command_line() {
        assert_refused("team/mod.rs", "use crate::cli::Context;", "`team` may not import `cli`");
        assert_accepted("cli/db.rs", "use crate::cli::prompt; use crate::provision;");
        assert_accepted("lib.rs", "pub use crate::cli::run;");
    }

    #[test]
    fn globs_and_detours_over_the_root_are_refused() {
        assert_refused("cli/db.rs", "use crate::*;", "by name");
        assert_refused("cli/db.rs", "use crate::Secret;", "`Secret` is no room");
        assert_refused("kube/mod.rs", "fn f(s: crate::Secret) {}", "`Secret` is no room");
    }

    #[test]
    fn new_rooms_and_empty_names_are_refused() {
        assert_refused("other.rs", "", "`other` has no layer");
        assert_refused("sops/helpers.rs", "", "`helpers` does not say");
        assert_refused("cli/util/text.rs", "", "`util` does not say");
    }

    #[test]
    fn crates_stay_with_their_owner() {
        assert_refused("sops/file.rs", "use age::Encryptor;", "the crate `age`");
        assert_refused("sops/file.rs", "fn f() { age::Encryptor::new() }", "the crate `age`");
        assert_refused("cli/keys.rs", "use age as a;", "the crate `age`");
        assert_refused("sops/mac.rs", "use aes_gcm::Aes256Gcm;", "the crate `aes_gcm`");
        assert_refused(
            "document/json.rs",
            "use granit_parser::Parser;",
            "the crate `granit_parser`",
        );
        assert_accepted("keys/mod.rs", "use age::{Encryptor, x25519::Identity};");
        assert_accepted("sops/cipher.rs", "use aes_gcm::Aes256Gcm;");
        assert_accepted("document/yaml/parse.rs", "use granit_parser::Parser;");
        // A field or a metadata key of that name is something else.
        assert_accepted("sops/metadata.rs", "fn f(age: u8) { self.age.len(); super::age::read() }");
    }

    #[test]
    fn only_the_command_line_reads_environment_input_and_clock() {
        for call in [
            "std::env::var(x)",
            "std::process::exit(1)",
            "std::io::stdin()",
            "jiff::Timestamp::now()",
        ] {
            let text = format!("fn f() {{ {call} }}");
            assert_refused("repo/mod.rs", &text, "only [\"cli\"]");
            assert_accepted("cli/mod.rs", &text);
            assert_accepted("main.rs", &text);
            assert_accepted("repo/mod.rs", &format!("#[cfg(test)] mod tests {{ {text} }}"));
            assert_accepted("repo/git/tests.rs", &text);
        }
        assert_refused("repo/mod.rs", "use std::{env as e};", "only [\"cli\"]");
    }

    #[test]
    fn only_the_transaction_writes_files() {
        let texts = [
            "fn f() { std::fs::write(a, b) }",
            "use std::fs::{self as disk}; fn f() { disk::rename(a, b) }",
            "use std::fs::File; fn f() { File::create(a) }",
            "use std::fs::{read, remove_file};",
            "use std::fs::*;",
        ];
        for text in texts {
            assert_refused(
                "repo/mod.rs",
                text,
                "only [\"txn\", \"cli::private\", \"cli::demo\", \"cli::git::hook\", \"cli::init::identity\"]",
            );
            assert_accepted("txn/replace.rs", text);
        }
        assert_accepted("repo/mod.rs", "use std::fs; fn f() { fs::read(a) }");
        assert_accepted("repo/mod.rs", "use std::fs::File; fn f() { File::open(a) }");
    }
}
