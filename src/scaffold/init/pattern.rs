//! Which paths a new configuration covers: the habits of a repository, as regular expressions.
//!
//! | files with Secrets | pattern |
//! |---|---|
//! | `db.sops.yaml` | `\.sops\.ya?ml$` |
//! | `secret.yaml`, `apps/x/x-secret.yaml` | `(^\|[-_./])secrets?\.ya?ml$` |
//! | `apps/x/db.yaml` | `^apps/x/db\.yaml$`: the name shows nothing, so this file alone |
//!
//! A habit that would also cover a file that must stay readable, such as a ConfigMap, is not taken; its files are
//! then named one by one.

use std::path::Path;

use crate::sops::regex::GoRegex;

/// A way to name files with Secrets.
struct Habit {
    /// What it matches, below the directory of the configuration.
    regex: &'static str,
    /// The same for people.
    meaning: &'static str,
    /// Whether the name says that a file is meant to be encrypted, whatever is in it.
    is_promise: bool,
}

/// All that are known, the wider one before the narrower one.
const HABITS: [Habit; 6] = [
    Habit { regex: r"\.sops\.ya?ml$", meaning: "`*.sops.yaml`", is_promise: true },
    Habit { regex: r"\.enc\.ya?ml$", meaning: "`*.enc.yaml`", is_promise: true },
    Habit {
        regex: r"(^|[-_./])secrets?\.ya?ml$",
        meaning: "`secret.yaml`, `*-secret.yaml`",
        is_promise: false,
    },
    Habit { regex: r"(^|/)secrets?\.ya?ml$", meaning: "`secret.yaml`", is_promise: false },
    Habit {
        regex: r"(^|/)secrets?[-_.][^/]*\.ya?ml$",
        meaning: "`secret-*.yaml`",
        is_promise: false,
    },
    Habit {
        regex: r"(^|/)secrets/[^/]*\.ya?ml$",
        meaning: "everything in a directory `secrets`",
        is_promise: false,
    },
];

/// Those that a repository without Secrets gets.
const USUAL: [usize; 2] = [0, 2];

/// What a rule says about paths.
pub(super) struct Rule {
    /// The pattern.
    pub(super) regex: String,
    /// A line about it.
    pub(super) meaning: String,
}

/// The patterns for a repository.
pub(super) struct Patterns {
    habits: Vec<&'static Habit>,
    /// Files that none of the habits covers.
    single: Vec<String>,
}

impl Patterns {
    /// The habits that the files with Secrets show; none of them covers one of the others.
    pub(super) fn of(secret: &[&Path], others: &[&Path]) -> Patterns {
        let text = |paths: &[&Path]| -> Vec<String> {
            let utf8 = paths.iter().filter_map(|path| path.to_str());
            // YAML could not hold it on a line.
            utf8.filter(|path| !path.contains(char::is_control)).map(str::to_owned).collect()
        };
        let (mut left, others) = (text(secret), text(others));
        if left.is_empty() {
            let habits = USUAL.iter().map(|index| &HABITS[*index]).collect();
            return Patterns { habits, single: Vec::new() };
        }
        let mut habits = Vec::new();
        for habit in &HABITS {
            let regex = GoRegex::new(habit.regex).expect("the patterns of this table compile");
            let is_wide = !habit.is_promise && others.iter().any(|path| regex.is_match(path));
            if !is_wide && left.iter().any(|path| regex.is_match(path)) {
                left.retain(|path| !regex.is_match(path));
                habits.push(habit);
            }
        }
        left.sort();
        left.dedup();
        Patterns { habits, single: left }
    }

    /// One rule for the habits, one for the files that are named one by one.
    pub(super) fn rules(&self) -> Vec<Rule> {
        let mut rules = Vec::new();
        if !self.habits.is_empty() {
            let regex: Vec<_> = self.habits.iter().map(|habit| habit.regex).collect();
            let meaning: Vec<_> = self.habits.iter().map(|habit| habit.meaning).collect();
            let meaning = format!("Files called {}.", meaning.join(", "));
            rules.push(Rule { regex: regex.join("|"), meaning });
        }
        if !self.single.is_empty() {
            let paths: Vec<_> = self.single.iter().map(|path| escaped(path)).collect();
            let regex = match &paths[..] {
                [one] => format!("^{one}$"),
                several => format!("^({})$", several.join("|")),
            };
            let meaning = "Files with Secrets whose names do not show it.".to_owned();
            rules.push(Rule { regex, meaning });
        }
        rules
    }
}

/// A text as a pattern for itself.
fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The patterns for files with Secrets, given files that must stay readable.
    fn patterns(secret: &[&str], others: &[&str]) -> Vec<String> {
        let paths = [secret, others].map(|names| names.iter().map(Path::new).collect::<Vec<_>>());
        let found = Patterns::of(&paths[0], &paths[1]);
        let rules = found.rules();
        for path in secret {
            let matches =
                |rule: &Rule| GoRegex::new(&rule.regex).is_ok_and(|regex| regex.is_match(path));
            assert!(rules.iter().any(matches), "{path} is not covered");
        }
        for path in others {
            let matches = |rule: &Rule| GoRegex::new(&rule.regex).unwrap().is_match(path);
            assert!(!rules.iter().any(matches), "{path} is covered");
        }
        rules.into_iter().map(|rule| rule.regex).collect()
    }

    const SECRET: &str = r"(^|[-_./])secrets?\.ya?ml$";

    #[test]
    fn the_names_of_secrets_become_the_pattern() {
        let cases: [(&[&str], &str); 6] = [
            (&["secret.yaml"], SECRET),
            (&["a/b-secret.yaml", "c/secrets.yml"], SECRET),
            (&["a/db.sops.yaml", "a/db-secret.sops.yaml"], r"\.sops\.ya?ml$"),
            (&["a/db.enc.yml"], r"\.enc\.ya?ml$"),
            (&["a/secret-db.yaml"], r"(^|/)secrets?[-_.][^/]*\.ya?ml$"),
            (&["a/secrets/db.yaml"], r"(^|/)secrets/[^/]*\.ya?ml$"),
        ];
        for (secret, wanted) in cases {
            assert_eq!(patterns(secret, &["a/kustomization.yaml"]), [wanted]);
        }
    }

    #[test]
    fn several_habits_are_one_pattern_and_nameless_files_a_second_one() {
        let secret = ["a/x.sops.yaml", "b/secret.yaml", "c/db (1).yaml", "c/mail.json"];
        assert_eq!(
            patterns(&secret, &["c/config.yaml"]),
            [&format!(r"\.sops\.ya?ml$|{SECRET}"), r"^(c/db \(1\)\.yaml|c/mail\.json)$"]
        );
        assert_eq!(patterns(&["c/db.yaml"], &[]), [r"^c/db\.yaml$"]);
    }

    #[test]
    fn a_habit_that_covers_something_readable_is_narrowed_or_left() {
        assert_eq!(
            patterns(&["a/secret.yaml"], &["a/external-secret.yaml"]),
            [r"(^|/)secrets?\.ya?ml$"]
        );
        assert_eq!(patterns(&["a/secret.yaml"], &["b/secret.yaml"]), [r"^a/secret\.yaml$"]);
        assert_eq!(
            patterns(&["secrets/a.yaml"], &["secrets/kustomization.yaml"]),
            [r"^secrets/a\.yaml$"]
        );
    }

    #[test]
    fn a_repository_without_secrets_gets_the_usual_names() {
        assert_eq!(patterns(&[], &[]), [format!(r"\.sops\.ya?ml$|{SECRET}")]);
    }
}
