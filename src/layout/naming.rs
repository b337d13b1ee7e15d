//! Names with an app in them: `postgres-pocket-id-user` shows the template `postgres-{app}-user`, and the file
//! `pocket_id.yaml` shows `{app_}.yaml`.

use std::path::{Path, PathBuf};

use super::Fact;

/// Where the name of the app goes.
const PLACEHOLDER: &str = "{app}";

/// Where it goes with underscores for hyphens and dots, as in PostgreSQL.
const UNDERSCORED: &str = "{app_}";

/// A name with the place of the app's name marked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Template(String);

impl Template {
    /// From a text with `{app}` in it.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Template(text.into())
    }

    /// The name for an app.
    pub(crate) fn fill(&self, app: &str) -> String {
        self.0.replace(PLACEHOLDER, app).replace(UNDERSCORED, &app.replace(['-', '.'], "_"))
    }

    /// Whether the name differs from app to app.
    pub(crate) fn has_app(&self) -> bool {
        self.0.contains(PLACEHOLDER) || self.0.contains(UNDERSCORED)
    }

    /// The app for which this is the name; with underscores where it stands nowhere without them.
    pub(crate) fn app_in<'n>(&self, name: &'n str) -> Option<&'n str> {
        let underscored = self.0.matches(UNDERSCORED).count();
        let places = self.0.matches(PLACEHOLDER).count() + underscored;
        let first = self.0.find(PLACEHOLDER).or_else(|| self.0.find(UNDERSCORED))?;
        let constant = self.0.len()
            - places * PLACEHOLDER.len()
            - underscored * (UNDERSCORED.len() - PLACEHOLDER.len());
        let length = name.len().checked_sub(constant)? / places;
        let before = self.0[..first].matches(UNDERSCORED).count();
        let start = first - before * UNDERSCORED.len() + before * length;
        let app = name.get(start..start + length)?;
        (!app.is_empty() && self.fill(app) == name).then_some(app)
    }

    /// A path as the directory that is the same for all apps, and the rest.
    pub(crate) fn split(&self) -> (PathBuf, String) {
        let constant = self.0.find('{').unwrap_or(self.0.len());
        match self.0[..constant].rfind('/') {
            Some(slash) => (PathBuf::from(&self.0[..slash]), self.0[slash + 1..].to_owned()),
            None => (PathBuf::new(), self.0.clone()),
        }
    }

    /// The text with `{app}` in it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name that something of an app has, and the file that shows it.
pub(crate) struct Sample<'s> {
    /// From which the app's name is concluded: a role, a database, a directory.
    pub(crate) identifier: &'s str,
    /// The name to be explained.
    pub(crate) name: &'s str,
    /// Where it was seen.
    pub(crate) file: &'s Path,
}

/// The template that explains most samples; among equals the one of the last sample, because conventions
/// grow at the end of lists, and `{app}` before `{app_}`. `None` if no name holds its app.
pub(crate) fn infer(samples: &[Sample<'_>]) -> Option<Fact<Template>> {
    let mut counted: Vec<(Template, Vec<&Path>)> = Vec::new();
    for sample in samples {
        for template in templates(sample) {
            match counted.iter_mut().find(|(known, _)| *known == template) {
                Some((_, files)) => files.push(sample.file),
                None => counted.push((template, vec![sample.file])),
            }
        }
    }
    let rank = |(template, files): &(Template, Vec<&Path>)| {
        (files.len(), !template.0.contains(UNDERSCORED))
    };
    let (template, files) = counted.into_iter().max_by_key(rank)?;
    Some(Fact::seen_in(template, files))
}

/// All ways to find an app in a name: the role `pocket_id` stands for the app `pocket-id`, and the app `a` is the
/// same with underscores. Where the app stands several times, any one of them or all may be the placeholder.
fn templates(sample: &Sample<'_>) -> Vec<Template> {
    let hyphened = sample.identifier.replace('_', "-");
    let underscored = sample.identifier.replace('-', "_");
    let mut found = Vec::new();
    for (app, placeholder) in [(&hyphened, PLACEHOLDER), (&underscored, UNDERSCORED)] {
        let places = places(sample.name, app);
        if places.len() > 1 {
            found.push(marked(sample.name, app, &places, placeholder));
        }
        found.extend(places.iter().map(|at| marked(sample.name, app, &[*at], placeholder)));
    }
    found
}

/// Where an app stands in a name as a word: `data` does not stand in `databases`.
fn places(name: &str, app: &str) -> Vec<usize> {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let stands_alone = |at: &usize| {
        let (before, after) = (&name[..*at], &name[*at + app.len()..]);
        !is_word(before.chars().next_back()) && !is_word(after.chars().next())
    };
    let found = name.match_indices(app).map(|(at, _)| at).filter(stands_alone);
    if app.is_empty() { Vec::new() } else { found.collect() }
}

/// The name with the app at these places replaced.
fn marked(name: &str, app: &str, places: &[usize], placeholder: &str) -> Template {
    let mut text = String::new();
    let mut done = 0;
    for at in places {
        text.push_str(&name[done..*at]);
        text.push_str(placeholder);
        done = at + app.len();
    }
    text.push_str(&name[done..]);
    Template(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(pairs: &[(&str, &str)]) -> Option<String> {
        let samples: Vec<_> = pairs
            .iter()
            .map(|(identifier, name)| Sample { identifier, name, file: Path::new("f") })
            .collect();
        infer(&samples).map(|fact| fact.value.0)
    }

    #[test]
    fn the_template_that_explains_most_names_wins() {
        assert_eq!(
            inferred(&[("odd", "odd"), ("pocket_id", "pg-pocket-id-user"), ("a", "pg-a-user")]),
            Some("pg-{app}-user".to_owned())
        );
        assert_eq!(inferred(&[("x", "credentials")]), None);
        assert_eq!(inferred(&[("data", "databases.yaml")]), None, "not a word");
    }

    #[test]
    fn an_app_named_like_a_part_of_the_template_does_not_mislead() {
        assert_eq!(
            inferred(&[("user", "pg-user-user"), ("miniflux", "pg-miniflux-user")]),
            Some("pg-{app}-user".to_owned())
        );
    }

    #[test]
    fn an_app_can_stand_in_a_path_several_times() {
        let pairs = [("a_b", "apps/a-b/db/a-b.yaml"), ("c", "apps/c/db/c.yaml")];
        let template = Template(inferred(&pairs).unwrap());
        assert_eq!(template.as_str(), "apps/{app}/db/{app}.yaml");
        assert_eq!(template.app_in("apps/xy/db/xy.yaml"), Some("xy"));
        assert_eq!(template.app_in("apps/xy/db/xz.yaml"), None);
    }
    #[test]
    fn underscores_in_names_are_a_placeholder_of_their_own() {
        let pairs = [("pocket_id", "pocket_id.yaml"), ("miniflux", "miniflux.yaml")];
        let template = Template(inferred(&pairs).unwrap());
        assert_eq!(template.as_str(), "{app_}.yaml");
        assert_eq!(template.fill("my-app.v2"), "my_app_v2.yaml");
        assert_eq!(template.app_in("my_app.yaml"), Some("my_app"));
        assert_eq!(template.app_in("my-app.yaml"), None);
        assert_eq!(inferred(&[("miniflux", "miniflux.yaml")]).unwrap(), "{app}.yaml");
        let both = Template::new("{app_}/x/{app}-{app_}.yaml");
        assert_eq!(both.app_in("a_b/x/a-b-a_b.yaml"), Some("a-b"));
        assert_eq!(both.app_in("a_b/x/a-b-a-b.yaml"), None);
    }
}
