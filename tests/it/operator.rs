//! Plays Flux and CloudNativePG: builds a directory, decrypts what is encrypted, and makes roles and databases in a real
//! PostgreSQL as the manifests say.
//!
//! What the operator does, and so does this (`cluster_types.go`, `database_types.go`, `roles/runnable.go`): an attribute
//! that is left out is set to its default; a password counts only where `username`, trimmed, is the role; an entry of
//! the Cluster wins over a `DatabaseRole` of the same name; `ensure: absent` drops; what is not listed is left alone;
//! a Database whose owner is missing fails and is tried again.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::postgres::Postgres;
use crate::reference;
use crate::sandbox::Sandbox;
use crate::tree::Tree;

/// A server that is kept as repositories say.
pub(crate) struct Operator {
    pub(crate) postgres: Postgres,
}

/// What a directory asks for.
#[derive(Default)]
struct Wanted {
    /// Role by role: what it is to be.
    roles: BTreeMap<String, Tree>,
    /// Databases by object.
    databases: Vec<Tree>,
    /// Secrets by name: values by key.
    secrets: BTreeMap<String, BTreeMap<String, String>>,
}

impl Operator {
    pub(crate) fn start() -> Operator {
        Operator { postgres: Postgres::start() }
    }

    /// Makes the server what the kustomize directory of a Cluster says; what the operator would complain about.
    pub(crate) fn reconcile(&self, sandbox: &Sandbox, directory: &str) -> Vec<String> {
        let wanted = wanted(sandbox, directory);
        let mut problems = Vec::new();
        // Databases that go before the roles that own them, those that come after.
        let absent = |tree: &&Tree| text(tree, &["spec", "ensure"]) == Some("absent");
        for database in wanted.databases.iter().filter(absent) {
            problems.extend(self.drop_database(database));
        }
        for (name, role) in &wanted.roles {
            problems.extend(self.role(name, role, &wanted.secrets));
        }
        for database in wanted.databases.iter().filter(|tree| !absent(tree)) {
            problems.extend(self.database(database));
        }
        problems
    }

    /// Who a URL of a repository lets in: `user|database`, or what the server says.
    pub(crate) fn login(&self, url: &str) -> Result<String, String> {
        let (head, rest) = url.split_once('@').expect("credentials");
        let (_, path) = rest.split_once('/').expect("a database");
        let path = path.split('?').next().unwrap();
        let here = format!("{head}@{}/{path}", self.postgres.address());
        self.postgres.psql(&here, "SELECT current_user, current_database()")
    }

    fn role(
        &self,
        name: &str,
        role: &Tree,
        secrets: &BTreeMap<String, BTreeMap<String, String>>,
    ) -> Option<String> {
        if text(role, &["ensure"]) == Some("absent") {
            return self.run(&format!("DROP ROLE IF EXISTS {}", quoted(name)));
        }
        let known = format!("SELECT 1 FROM pg_roles WHERE rolname = {}", literal(name));
        if self.postgres.sql(&known).is_empty() {
            self.postgres.sql(&format!("CREATE ROLE {}", quoted(name)));
        }
        let flag = |key: &str, word: &str| match role.at(&[key]) {
            Some(Tree::Bool(true)) => word.to_owned(),
            _ => format!("NO{word}"),
        };
        let limit = match role.at(&["connectionLimit"]) {
            Some(Tree::Int(limit)) => *limit,
            _ => -1,
        };
        let password = match password(name, role, secrets) {
            Ok(password) => password.map(|text| format!("PASSWORD {}", literal(&text))),
            Err(problem) => return Some(problem),
        };
        let attributes = [
            flag("login", "LOGIN"),
            flag("superuser", "SUPERUSER"),
            flag("createdb", "CREATEDB"),
            flag("createrole", "CREATEROLE"),
            format!("CONNECTION LIMIT {limit}"),
            password.unwrap_or_default(),
        ];
        let alter = format!("ALTER ROLE {} WITH {}", quoted(name), attributes.join(" "));
        let members = list(role, "inRoles").into_iter().map(|member| match member {
            Tree::Text(member) => format!("GRANT {} TO {}", quoted(&member), quoted(name)),
            other => panic!("{other:?}"),
        });
        std::iter::once(alter).chain(members).find_map(|sql| self.run(&sql))
    }

    fn database(&self, object: &Tree) -> Option<String> {
        let spec = object.at(&["spec"]).unwrap();
        let (name, owner) = (text(spec, &["name"]).unwrap(), text(spec, &["owner"]).unwrap());
        let known = format!("SELECT 1 FROM pg_database WHERE datname = {}", literal(name));
        let verb = if self.postgres.sql(&known).is_empty() { "CREATE" } else { "ALTER" };
        let own = if verb == "CREATE" { "OWNER" } else { "OWNER TO" };
        let made = self.run(&format!("{verb} DATABASE {} {own} {}", quoted(name), quoted(owner)));
        let parts = [("schemas", "SCHEMA"), ("extensions", "EXTENSION")];
        made.or_else(|| {
            parts.into_iter().find_map(|(key, word)| {
                list(spec, key).iter().find_map(|part| {
                    let part_name = quoted(text(part, &["name"]).unwrap());
                    let owner = text(part, &["owner"]).map(quoted);
                    let owner = owner.map(|owner| format!(" AUTHORIZATION {owner}"));
                    let owner = owner.unwrap_or_default();
                    let sql = format!("CREATE {word} IF NOT EXISTS {part_name}{owner}");
                    self.postgres.run_in(name, &sql).err()
                })
            })
        })
    }

    fn drop_database(&self, object: &Tree) -> Option<String> {
        let name = text(object, &["spec", "name"]).unwrap();
        self.run(&format!("DROP DATABASE IF EXISTS {}", quoted(name)))
    }

    fn run(&self, sql: &str) -> Option<String> {
        self.postgres.run_in("postgres", sql).err()
    }
}

/// The password of a role, if it has one.
fn password(
    name: &str,
    role: &Tree,
    secrets: &BTreeMap<String, BTreeMap<String, String>>,
) -> Result<Option<String>, String> {
    let Some(secret) = text(role, &["passwordSecret", "name"]) else { return Ok(None) };
    let values = secrets.get(secret).ok_or(format!("{name}: no Secret `{secret}`"))?;
    let value = |key: &str| {
        let value = values.get(key).map(|value| value.trim().to_owned());
        value.ok_or(format!("{name}: `{secret}` has no `{key}`"))
    };
    match value("username")? == name {
        true => value("password").map(Some),
        false => Err(format!("{name}: the username in `{secret}` does not match")),
    }
}

fn wanted(sandbox: &Sandbox, directory: &str) -> Wanted {
    let build = [directory, "--load-restrictor", "LoadRestrictionsNone"];
    let built = sandbox.run(reference::kustomize()).arg("build").args(build).go().success();
    let mut wanted = Wanted::default();
    let mut objects = BTreeMap::new();
    for document in built.stdout().split("\n---\n") {
        let tree = Tree::of_yaml(document).unwrap().remove(0);
        match text(&tree, &["kind"]) {
            Some("Secret") => {
                let name = text(&tree, &["metadata", "name"]).unwrap().to_owned();
                wanted.secrets.insert(name, values(sandbox, document, &tree));
            }
            Some("Cluster") => {
                for role in tree.at(&["spec", "managed"]).map_or(Vec::new(), |m| list(m, "roles")) {
                    wanted.roles.insert(text(&role, &["name"]).unwrap().to_owned(), role);
                }
            }
            Some("DatabaseRole") => {
                let spec = tree.at(&["spec"]).unwrap().clone();
                objects.insert(text(&spec, &["name"]).unwrap().to_owned(), spec);
            }
            Some("Database") => wanted.databases.push(tree),
            _ => {}
        }
    }
    objects.into_iter().for_each(|(name, role)| {
        wanted.roles.entry(name).or_insert(role);
    });
    wanted
}

/// The values of a Secret, decrypted as Flux does it: after the build, without a look at the MAC.
fn values(sandbox: &Sandbox, document: &str, tree: &Tree) -> BTreeMap<String, String> {
    let plain = match tree.at(&["sops"]) {
        None => tree.clone(),
        Some(_) => {
            let sops = sandbox.run(reference::current_sops()).args(["--decrypt", "--ignore-mac"]);
            let sops = sops.args(["--input-type", "yaml", "--output-type", "yaml", "/dev/stdin"]);
            let key = sandbox.home().join(".config/sops/age/keys.txt");
            let plain = sops.env("SOPS_AGE_KEY_FILE", key).stdin(document).go().success();
            Tree::of_yaml(&plain.stdout()).unwrap().remove(0)
        }
    };
    let mut values = BTreeMap::new();
    for (block, encoded) in [("data", true), ("stringData", false)] {
        let Some(Tree::Map(entries)) = plain.at(&[block]) else { continue };
        for (key, value) in entries {
            let Tree::Text(value) = value else { panic!("{key} is no text") };
            let value = match encoded {
                true => String::from_utf8(STANDARD.decode(value).unwrap()).unwrap(),
                false => value.clone(),
            };
            values.insert(key.clone(), value);
        }
    }
    values
}

fn text<'t>(tree: &'t Tree, keys: &[&str]) -> Option<&'t str> {
    match tree.at(keys) {
        Some(Tree::Text(text)) => Some(text),
        _ => None,
    }
}

fn list(tree: &Tree, key: &str) -> Vec<Tree> {
    match tree.at(&[key]) {
        Some(Tree::List(items)) => items.clone(),
        _ => Vec::new(),
    }
}

/// An identifier, as the operator always quotes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
