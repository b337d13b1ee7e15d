//! The baseline: findings that are known, and do not count until they are dealt with.
//!
//! ```text
//! # Known findings: rule, path, route. Written by `keywright check --update-baseline`.
//! plaintext-secret⇥apps/a/secret.yaml⇥stringData.password
//! plaintext-secret⇥apps/a/secret.yaml⇥stringData.token
//! private-key⇥docs/old key.pem
//! ```
//!
//! A line for each key that a finding is about, sorted, its fields separated by tabs (`⇥`). It has neither values nor
//! hashes of these, which would let short ones be guessed, nor line numbers, so that it holds when lines move. In a path
//! control characters and the backslash are escaped as in Rust, and bytes that are no UTF-8 as `\xff`. The route of a
//! finding in a text is the name that is given a value; without one the field is left out.
//!
//! A finding is held back if all keys that it is about are there: a Secret with one more value in plain text is found
//! again. Equal lines count: of three equal findings two lines hold back the first two. The order of lines does not
//! matter, so that Git may merge them by `merge=union`; line breaks may be CRLF; empty lines and those with `#` are
//! passed over. Everything else is refused: a file that somebody damaged would hold back nothing.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::finding::Finding;
use super::{Notice, Report};

/// The first line.
const HEAD: &str =
    "# Known findings: rule, path, route. Written by `keywright check --update-baseline`.\n";

/// Why a file is no baseline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// It is not text.
    #[error("not text in UTF-8")]
    Encoding,
    /// A line is no entry.
    #[error("{line}:1: not a line of rule, path and route, separated by tabs")]
    Line {
        /// Its number, from 1.
        line: usize,
    },
}

/// Known findings.
pub(crate) struct Baseline {
    /// Their lines with the numbers of these, from 1.
    entries: Vec<(usize, String)>,
}

impl Baseline {
    /// Reads a file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Baseline, Error> {
        let text = std::str::from_utf8(bytes).map_err(|_| Error::Encoding)?;
        let mut entries = Vec::new();
        for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let fields = line.split('\t').collect::<Vec<_>>();
            if !matches!(fields.len(), 2 | 3) || fields.contains(&"") {
                return Err(Error::Line { line: at + 1 });
            }
            entries.push((at + 1, line.to_owned()));
        }
        Ok(Baseline { entries })
    }

    /// That of the findings of a report.
    pub(crate) fn of(report: &Report) -> Baseline {
        Baseline::with(report.findings.iter().flat_map(fingerprint).collect())
    }

    /// The same with what rules found before that were not asked for this report.
    pub(crate) fn and_unasked(self, old: Baseline, report: &Report) -> Baseline {
        let old = old.entries.into_iter().filter(|(_, entry)| !report.was_asked(rule_of(entry)));
        Baseline::with(self.entries.into_iter().chain(old).map(|(_, entry)| entry).collect())
    }

    /// One with these lines.
    fn with(mut lines: Vec<String>) -> Baseline {
        lines.sort();
        let first = HEAD.lines().count() + 1;
        Baseline { entries: (first..).zip(lines).collect() }
    }

    /// Number of its entries.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The file.
    pub(crate) fn text(&self) -> String {
        let lines = self.entries.iter().flat_map(|(_, entry)| [entry.as_str(), "\n"]);
        std::iter::once(HEAD).chain(lines).collect()
    }
}

impl Report {
    /// Takes out what a baseline has. Returns its stale entries, which match nothing any more; `path` is what it is called.
    pub(crate) fn accept(&mut self, baseline: &Baseline, path: &Path) -> Vec<Notice> {
        let mut unused: HashMap<&str, Vec<usize>> = HashMap::new();
        // The last one is taken first.
        for (line, entry) in baseline.entries.iter().rev() {
            unused.entry(entry).or_default().push(*line);
        }
        let mut matched = HashSet::new();
        let all = self.findings.len();
        self.findings.retain(|finding| {
            let lines = fingerprint(finding);
            let taken: Vec<(&String, usize)> = lines
                .iter()
                .filter_map(|line| Some((line, unused.get_mut(line.as_str())?.pop()?)))
                .collect();
            matched.extend(taken.iter().map(|(_, number)| *number));
            let is_held = taken.len() == lines.len();
            if !is_held {
                // Another finding may need them.
                for (line, number) in taken.into_iter().rev() {
                    unused.get_mut(line.as_str()).into_iter().for_each(|left| left.push(number));
                }
            }
            !is_held
        });
        self.held.baseline += all - self.findings.len();
        let is_stale = |(line, entry): &&(usize, String)| {
            !matched.contains(line) && self.was_asked(rule_of(entry))
        };
        let stale = baseline.entries.iter().filter(is_stale);
        let stale = stale.map(|(line, entry)| Notice {
            is_warning: false,
            path: PathBuf::from(path),
            place: line.to_string(),
            message: format!("nothing is found any more of `{}`", entry.replace('\t', " ")),
        });
        stale.collect()
    }
}

/// The rule of an entry.
fn rule_of(entry: &str) -> &str {
    entry.split('\t').next().unwrap_or_default()
}

/// The lines of a finding: rule, path and route of each key.
fn fingerprint(finding: &Finding) -> Vec<String> {
    let line = |name: &str| {
        let mut line = format!("{}\t{}", finding.rule, escaped(&finding.path));
        if !name.is_empty() {
            line.push('\t');
            line.push_str(name);
        }
        line
    };
    finding.places.iter().map(|place| line(&place.name)).collect()
}

/// A path on one line, in a form that no other path has.
fn escaped(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' || c.is_control() { text.extend(c.escape_default()) } else { text.push(c) }
        }
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::super::tests::{report, secret, verified_after};
    use super::*;

    /// A file with a Secret that has these keys in plain text.
    fn file(path: &'static str, keys: &[&str]) -> (&'static str, String) {
        let entries: String = keys.iter().map(|key| format!("  {key}: canary\n")).collect();
        (path, secret(&format!("stringData:\n{entries}")))
    }

    /// The report on some files.
    fn check(files: &[(&str, String)]) -> Report {
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, &**text)).collect();
        report(&files)
    }

    #[test]
    fn what_was_found_with_values_stays_while_nobody_looks_at_them() {
        let text = secret("stringData: {password: x1y2}\n");
        let found = verified_after(&[("a.enc.yaml", &text)], str::to_owned);
        let known = Baseline::of(&found).text();
        assert!(known.contains("weak-password\ta.enc.yaml\tstringData.password\n"), "{known}");
        let mut report = check(&[]);
        assert_eq!(accepted(&mut report, &known), (0, 0, vec![]));
        let parse = || Baseline::parse(known.as_bytes()).unwrap();
        assert_eq!(Baseline::of(&report).and_unasked(parse(), &report).text(), known);
        let mut report = verified_after(&[], str::to_owned);
        assert_eq!(accepted(&mut report, &known).2.len(), 1);
        assert_eq!(Baseline::of(&report).and_unasked(parse(), &report).len(), 0);
    }

    /// Numbers of findings left and held back, and the lines of stale entries.
    fn accepted(report: &mut Report, baseline: &str) -> (usize, usize, Vec<String>) {
        let baseline = Baseline::parse(baseline.as_bytes()).unwrap();
        let stale = report.accept(&baseline, Path::new("b"));
        let places = stale.into_iter().map(|notice| notice.place).collect();
        (report.findings.len(), report.held.baseline, places)
    }

    #[test]
    fn it_has_a_sorted_line_for_each_key_and_nothing_of_a_value() {
        let text =
            Baseline::of(&check(&[file("b c.yaml", &["z", "a.b"]), file("a.yaml", &["k"])])).text();
        let wanted = "plaintext-secret\ta.yaml\tstringData.k\n\
                      plaintext-secret\tb c.yaml\tstringData.z\n\
                      plaintext-secret\tb c.yaml\tstringData[\"a.b\"]\n";
        assert_eq!(text, format!("{HEAD}{wanted}"));
    }

    #[test]
    fn it_holds_when_lines_move_and_are_in_another_order_with_other_line_breaks() {
        let files = [file("a.yaml", &["k", "l"]), file("b.yaml", &["k"])];
        let text = Baseline::of(&check(&files)).text();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.reverse();
        let shuffled = format!("\u{feff}\r\n{}\r\n", lines.join("\r\n"));
        let moved = files.map(|(path, text)| (path, format!("# moved\n\n{text}")));
        assert_eq!(accepted(&mut check(&moved), &shuffled), (0, 2, vec![]));
    }

    #[test]
    fn a_further_key_is_found_and_a_mended_one_is_stale() {
        let text = Baseline::of(&check(&[file("a.yaml", &["k", "l"])])).text();
        let mut more = check(&[file("a.yaml", &["k", "l", "m"])]);
        assert_eq!(accepted(&mut more, &text), (1, 0, vec![]));
        let mut fewer = check(&[file("a.yaml", &["l"])]);
        assert_eq!(accepted(&mut fewer, &text), (0, 1, vec!["2".to_owned()]));
    }

    #[test]
    fn equal_lines_count() {
        let one = secret("stringData: {k: canary}\n");
        let stream = |number: usize| ("a.yaml", vec![one.as_str(); number].join("---\n"));
        let text = Baseline::of(&check(&[stream(2)])).text();
        assert_eq!(accepted(&mut check(&[stream(2)]), &text), (0, 2, vec![]));
        assert_eq!(accepted(&mut check(&[stream(3)]), &text), (1, 2, vec![]));
        assert_eq!(accepted(&mut check(&[stream(1)]), &text), (0, 1, vec!["3".to_owned()]));
    }

    #[test]
    fn a_finding_that_is_known_in_part_leaves_its_lines_to_others() {
        let known = Baseline::of(&check(&[file("a.yaml", &["k"])])).text();
        let both = [file("a.yaml", &["k", "l"]).1, file("a.yaml", &["k"]).1].join("---\n");
        assert_eq!(accepted(&mut check(&[("a.yaml", both)]), &known), (1, 1, vec![]));
    }

    #[test]
    fn odd_paths_stay_on_their_line_and_differ() {
        let path = |bytes: &'static [u8]| escaped(Path::new(OsStr::from_bytes(bytes)));
        assert_eq!(path(b"a\tb\nc\\d\xff"), r"a\tb\nc\\d\xff");
        assert_eq!(path("größe 1.yaml".as_bytes()), "größe 1.yaml");
        assert_ne!(path(br"a\xff"), path(b"a\xff"));
    }

    #[test]
    fn what_is_no_entry_is_refused_with_its_line() {
        let refused = |bytes: &[u8]| Baseline::parse(bytes).err();
        assert_eq!(refused(b"# a\n<<<<<<< HEAD\n"), Some(Error::Line { line: 2 }));
        assert_eq!(refused(b"rule path route\n"), Some(Error::Line { line: 1 }));
        assert_eq!(refused(b"rule\t\troute\n"), Some(Error::Line { line: 1 }));
        assert_eq!(refused(b"\xff"), Some(Error::Encoding));
    }
}
