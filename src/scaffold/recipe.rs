//! Recipes: how the values of a Secret are made, so that they can be made again. No value stands in one.
//!
//! ```yaml
//! secrets:                                  # in `keywright.yaml`
//!   nats-credentials:                       # the name of the Secret
//!     app: apps/nats                        # beside which app it is: its name or directory
//!     type: Opaque                          # or another type
//!     keys:
//!       ADMIN_PASSWORD: {generate: 'alnum:32'}
//!       ADMIN_BCRYPT: {derive: bcrypt(ADMIN_PASSWORD)}
//!       URL: {template: 'nats://admin:{ADMIN_PASSWORD|url}@nats:4222'}
//!       LICENCE: {given: true}              # somebody has to set it
//!       RESTIC_PASSWORD: {generate: 'alnum:40', keep: true}
//! ```
//!
//! `keep` marks what is not to change: who changes it loses data. Refused are fields that are not known, a key that is
//! made in two ways or in none, and a key that is made from one that the recipe does not have.

pub(crate) mod record;

use std::str::FromStr;

use crate::document::Document;
use crate::make::{Derivation, Entry, Policy, Template, is_key};
use crate::settings::{self, Section};

/// The fields of a recipe.
const FIELDS: &[&str] = &["app", "keys", "type"];

/// The fields of a key.
const KEY_FIELDS: &[&str] = &["derive", "generate", "given", "keep", "template"];

/// The type of a Secret that has no other.
pub(crate) const OPAQUE: &str = "Opaque";

/// How the values of one Secret are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipe {
    /// The name of the Secret.
    pub(crate) name: String,
    /// The app beside which it is, by name or directory.
    pub(crate) app: Option<String>,
    /// Its type.
    pub(crate) kind: String,
    /// Its keys in the order in which they are written.
    pub(crate) keys: Vec<Ingredient>,
}

/// How one value is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ingredient {
    /// The key.
    pub(crate) key: String,
    /// How it is made.
    pub(crate) how: How,
    /// Whether who changes it loses data.
    pub(crate) keep: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum How {
    /// It is drawn.
    Generate(Policy),
    /// It is derived from another one.
    Derive(Derivation),
    /// It is composed from others.
    Template(Template),
    /// Somebody has to give it.
    Given,
}

impl How {
    /// The way by which a value is made; whatever is there already was given.
    fn of(entry: &Entry) -> How {
        match entry {
            Entry::Value(_) => How::Given,
            Entry::Generate(policy) => How::Generate(policy.clone()),
            Entry::Template(template) => How::Template(template.clone()),
            Entry::Derive(derivation) => How::Derive(derivation.clone()),
        }
    }

    /// What makes it; `None` where somebody has to give it.
    pub(crate) fn entry(&self) -> Option<Entry> {
        Some(match self {
            How::Generate(policy) => Entry::Generate(policy.clone()),
            How::Derive(derivation) => Entry::Derive(derivation.clone()),
            How::Template(template) => Entry::Template(template.clone()),
            How::Given => return None,
        })
    }

    /// The keys that it is made from.
    pub(crate) fn sources(&self) -> Vec<&str> {
        match self {
            How::Derive(derivation) => derivation.keys().collect(),
            How::Template(template) => template.keys().collect(),
            How::Generate(_) | How::Given => Vec::new(),
        }
    }
}

impl Ingredient {
    /// The keys of a Secret before their values are made, in order.
    pub(crate) fn all(entries: &[(String, Entry)]) -> Vec<Ingredient> {
        let one = |(key, entry): &(String, Entry)| Ingredient {
            key: key.clone(),
            how: How::of(entry),
            keep: false,
        };
        entries.iter().map(one).collect()
    }

    /// The second key that is made with this one: the private key of a certificate.
    pub(crate) fn companion(&self) -> Option<String> {
        match &self.how {
            How::Generate(policy) => policy.companion(&self.key).ok().flatten(),
            _ => None,
        }
    }
}

impl Recipe {
    /// All recipes of a `keywright.yaml`.
    pub(crate) fn all(document: &Document) -> Result<Vec<Recipe>, settings::Error> {
        let Some(top) = Section::root(document)? else { return Ok(Vec::new()) };
        let named = top.named("secrets", "recipes by the names of Secrets", FIELDS)?;
        named.into_iter().map(|(name, section)| recipe(name, &section)).collect()
    }

    /// Whether it makes a key.
    pub(crate) fn makes(&self, key: &str) -> bool {
        let is_it = |one: &Ingredient| one.key == key || one.companion().as_deref() == Some(key);
        self.keys.iter().any(is_it)
    }

    /// A key of it.
    pub(crate) fn ingredient(&self, key: &str) -> Option<&Ingredient> {
        self.keys.iter().find(|known| known.key == key)
    }

    /// The keys that are made from some, over however many steps; without themselves.
    pub(crate) fn dependents(&self, of: &[&str]) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        loop {
            let depends = |one: &&Ingredient| {
                let is_new = !found.contains(&one.key.as_str()) && !of.contains(&one.key.as_str());
                let sources = one.how.sources();
                is_new && sources.iter().any(|source| of.contains(source) || found.contains(source))
            };
            match self.keys.iter().find(depends) {
                Some(one) => found.push(&one.key),
                None => return found,
            }
        }
    }
}

fn recipe(name: &str, section: &Section<'_>) -> Result<Recipe, settings::Error> {
    let filled = |text: &str| !text.is_empty();
    let kind = section.text("type", "a type of Secret", &filled)?;
    let app = section.text("app", "the name or the directory of an app", &filled)?;
    let named = section.named("keys", "keys, each with how it is made", KEY_FIELDS)?;
    let keys = named.into_iter().map(|(key, section)| ingredient(key, &section));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() {
        return Err(section.wrong("keys", "keys, each with how it is made"));
    }
    let kind = kind.unwrap_or_else(|| OPAQUE.to_owned());
    let recipe = Recipe { name: name.to_owned(), app, kind, keys };
    check_sources(&recipe, section)?;
    Ok(recipe)
}

fn ingredient(key: &str, section: &Section<'_>) -> Result<Ingredient, settings::Error> {
    if !is_key(key) {
        return Err(section.refused("a key of a Secret: letters, digits, `-`, `_` and `.`"));
    }
    let keep = section.flag("keep")?.unwrap_or_default();
    let policy: Option<Policy> = parsed(section, "generate", "a policy such as `alnum:40`")?;
    if let Some(Err(problem)) = policy.as_ref().map(|policy| policy.companion(key)) {
        return Err(section.unusable("generate", &problem.to_string()));
    }
    let generate = policy.map(How::Generate);
    let derive =
        parsed(section, "derive", "a derivation such as `bcrypt(OTHER)`")?.map(How::Derive);
    let template = parsed(section, "template", "a text such as `{USER}:{PASSWORD}`")?;
    let given = section.flag("given")?.filter(|given| *given).map(|_| How::Given);
    let ways = [generate, derive, template.map(How::Template), given];
    let mut ways = ways.into_iter().flatten();
    match (ways.next(), ways.next()) {
        (Some(how), None) => Ok(Ingredient { key: key.to_owned(), how, keep }),
        _ => Err(section.refused(
            "one of `generate`, `derive`, `template` and `given: true`, and `keep: true`",
        )),
    }
}

/// A field in a notation of its own.
fn parsed<T: FromStr<Err: ToString>>(
    section: &Section<'_>,
    name: &str,
    wanted: &'static str,
) -> Result<Option<T>, settings::Error> {
    let Some(text) = section.value(name, wanted)? else { return Ok(None) };
    let parsed =
        text.parse().map_err(|error: T::Err| section.unusable(name, &error.to_string()))?;
    Ok(Some(parsed))
}

/// Refuses a key that is made from one that is not there.
fn check_sources(recipe: &Recipe, section: &Section<'_>) -> Result<(), settings::Error> {
    for ingredient in &recipe.keys {
        for source in ingredient.how.sources() {
            if !recipe.makes(source) {
                let problem = format!("is made from `{source}`, which the recipe does not have");
                return Err(section.unusable(&format!("keys.{}", ingredient.key), &problem));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Recipe>, String> {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        Recipe::all(&document).map_err(|error| error.to_string())
    }

    const NATS: &str = "\
secrets:
  nats-credentials:
    app: apps/nats
    keys:
      ADMIN_PASSWORD: {generate: 'alnum:32'}
      ADMIN_BCRYPT: {derive: bcrypt(ADMIN_PASSWORD)}
      URL: {template: 'nats://admin:{ADMIN_PASSWORD|url}@nats:4222'}
      LICENCE: {given: true}
      REPOSITORY_PASSWORD: {generate: 'alnum:40', keep: true}
  web-tls:
    type: kubernetes.io/tls
    keys:
      tls.crt: {generate: 'self-signed:cn=web.example,days=30'}
      PIN: {derive: base64(tls.key)}
";

    #[test]
    fn every_way_to_make_a_value_is_read() {
        let recipes = parse(NATS).unwrap();
        let [nats, tls] = &recipes[..] else { panic!("two recipes") };
        assert_eq!((nats.name.as_str(), nats.kind.as_str()), ("nats-credentials", OPAQUE));
        assert_eq!(nats.app.as_deref(), Some("apps/nats"));
        let how = |key: &str| &nats.ingredient(key).unwrap().how;
        assert_eq!(*how("ADMIN_PASSWORD"), How::Generate("alnum:32".parse().unwrap()));
        assert_eq!(how("ADMIN_BCRYPT").sources(), ["ADMIN_PASSWORD"]);
        assert_eq!(how("URL").sources(), ["ADMIN_PASSWORD"]);
        assert_eq!(*how("LICENCE"), How::Given);
        let kept: Vec<_> = nats.keys.iter().filter(|one| one.keep).map(|one| &one.key).collect();
        assert_eq!(kept, ["REPOSITORY_PASSWORD"]);
        assert_eq!(nats.dependents(&["ADMIN_PASSWORD"]), ["ADMIN_BCRYPT", "URL"]);
        assert!(tls.makes("tls.key") && !tls.makes("ca.crt") && tls.app.is_none());
        assert_eq!(parse("layout: {}\n"), Ok(Vec::new()));
    }

    #[test]
    fn what_cannot_be_made_is_refused_with_its_place() {
        let key = |text: &str| format!("secrets:\n  a:\n    keys:\n      K: {text}\n");
        let cases = [
            (key("{generate: 'alnum:4'}"), "4:21: `secrets.a.keys.K.generate`: "),
            (key("{generate: 'alnum:40', given: true}"), "4:10: `secrets.a.keys.K` must be one of"),
            (key("{}"), "4:10: `secrets.a.keys.K` must be one of"),
            (key("{keep: true}"), "4:10: `secrets.a.keys.K` must be one of"),
            (key("{given: yes please}"), "`secrets.a.keys.K.given` must be `true` or `false`"),
            (
                key("{derive: bcrypt(OTHER)}"),
                "is made from `OTHER`, which the recipe does not have",
            ),
            (key("{generat: 'alnum:40'}"), "4:11: there is no setting `secrets.a.keys.K.generat`"),
            (key("{generate: 'self-signed:cn=a'}"), "`secrets.a.keys.K.generate`: "),
            (key("alnum:40"), "4:10: `secrets.a.keys.K` must be a mapping"),
            ("secrets: {a: {keys: {'K L': {given: true}}}}\n".into(), "must be a key of a Secret"),
            ("secrets: {a: {}}\n".into(), "`secrets.a.keys` must be keys"),
            ("secrets: [a]\n".into(), "`secrets` must be recipes"),
        ];
        for (text, wanted) in cases {
            let error = parse(&text).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }

    #[test]
    fn a_value_in_the_place_of_a_policy_is_not_repeated() {
        for field in ["generate", "derive"] {
            let text = format!("secrets: {{a: {{keys: {{K: {{{field}: hunter2}}}}}}}}\n");
            assert!(!parse(&text).unwrap_err().contains("hunter2"));
        }
    }
}
