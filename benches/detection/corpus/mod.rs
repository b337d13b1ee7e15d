//! Repositories with planted secrets and harmless look-alikes, and the label of each.
//!
//! They are drawn from the templates of `../layouts`, whose lines say in a margin what they are:
//!
//! ```text
//! === apps/‹app›/secret.yaml     a file begins
//!   kind: Secret                 a line that nothing is said about
//! +   password: ‹human›          a secret is planted
//! |     more of it               the secret of the line above goes on
//! -   existingSecret: ‹app›-tls  a harmless look-alike
//! : image                        the kind of the look-alikes from here on
//! @ 8                            what follows up to `@` happens 8 times, drawn anew; blocks may be nested
//! # …                            a remark about the template
//! ```
//!
//! What `‹…›` may stand for is told in [`draw`]. Names are the same throughout one turn of an outermost block.

mod draw;
mod keys;
mod place;
mod tokens;

use std::collections::BTreeMap;
use std::ops::Range;

pub(crate) use draw::Draw;

/// The five layouts: the name of each, and its template.
const LAYOUTS: [(&str, &str); 5] = [
    ("home-ops", include_str!("../layouts/home-ops.txt")),
    ("k8s-ops", include_str!("../layouts/k8s-ops.txt")),
    ("lab", include_str!("../layouts/lab.txt")),
    ("nerv", include_str!("../layouts/nerv.txt")),
    ("nerv-platform", include_str!("../layouts/nerv-platform.txt")),
];

/// A repository.
pub(crate) struct Repository {
    /// That of its layout.
    pub(crate) name: &'static str,
    /// Content by path.
    pub(crate) files: BTreeMap<String, String>,
    /// In the order of the template.
    pub(crate) labels: Vec<Label>,
}

/// A planted secret or a harmless look-alike.
pub(crate) struct Label {
    /// Relative to the root of the repository.
    pub(crate) path: String,
    /// The lines that it stands on, from 1.
    pub(crate) lines: Range<usize>,
    /// The lines of the YAML document around it.
    pub(crate) document: Range<usize>,
    /// The keys that lead to it, such as `stringData.password`; no more than indentation shows.
    pub(crate) route: String,
    /// What it is.
    pub(crate) kind: String,
    /// Whether it is a secret.
    pub(crate) is_planted: bool,
}

/// All repositories of a seed.
pub(crate) fn repositories(seed: u64) -> Vec<Repository> {
    let mut draw = Draw::new(seed);
    LAYOUTS.iter().map(|(name, template)| repository(name, template, &mut draw)).collect()
}

/// The repository of a template.
pub(crate) fn repository(name: &'static str, template: &str, draw: &mut Draw) -> Repository {
    let mut writer = Writer::new(name, draw);
    writer.expand(&template.lines().collect::<Vec<_>>(), true);
    writer.finished()
}

/// Writes a repository from a template.
struct Writer<'d> {
    /// What is written so far.
    repository: Repository,
    /// What the values come from.
    draw: &'d mut Draw,
    /// The file that is written.
    path: String,
    /// Its lines so far.
    lines: Vec<String>,
    /// The kind of the look-alikes without one of their own.
    kind: String,
}

impl<'d> Writer<'d> {
    /// Begins with nothing.
    fn new(name: &'static str, draw: &'d mut Draw) -> Self {
        draw.next_names();
        let repository = Repository { name, files: BTreeMap::new(), labels: Vec::new() };
        let (path, kind) = (String::new(), "name".to_owned());
        Writer { repository, draw, path, lines: Vec::new(), kind }
    }

    /// Writes what some lines of the template say.
    fn expand(&mut self, template: &[&str], is_outermost: bool) {
        let mut at = 0;
        while let Some(line) = template.get(at) {
            at += 1;
            if let Some(count) = line.strip_prefix("@ ") {
                let length = length_of_block(&template[at..]);
                for _ in 0..count.parse().expect("a block has a count") {
                    if is_outermost {
                        self.draw.next_names();
                    }
                    self.expand(&template[at..at + length], false);
                }
                at += length + 1;
            } else if let Some(path) = line.strip_prefix("=== ") {
                self.close();
                (self.path, _) = self.draw.fill(path);
                self.kind = "name".to_owned();
            } else if let Some(kind) = line.strip_prefix(": ") {
                self.kind = kind.to_owned();
            } else if !line.starts_with('#') {
                self.line(line);
            }
        }
    }

    /// Writes a line of the template, which may be several ones of the file.
    fn line(&mut self, line: &str) {
        let text = line.get(2..).unwrap_or_default();
        let (filled, kind) = self.draw.fill(text);
        let margin = text.find('‹').map_or("", |end| &text[..end]);
        let is_margin = margin.chars().all(|c| c == ' ' || c == '#');
        let separator = format!("\n{}", if is_margin { margin } else { "" });
        let first = self.lines.len();
        self.lines.extend(filled.replace('\n', &separator).split('\n').map(str::to_owned));
        let lines = first + 1..self.lines.len() + 1;
        match line.as_bytes().first() {
            Some(b'+') => self.label(lines, kind.unwrap_or_else(|| "text".to_owned()), true),
            Some(b'-') => self.label(lines, self.kind.clone(), false),
            Some(b'|') => {
                let label = self.repository.labels.last_mut().expect("a secret stands above");
                label.lines.end = lines.end;
                label.kind = kind.unwrap_or_else(|| label.kind.clone());
            }
            None | Some(b' ') => {}
            Some(_) => panic!("no margin of a template: `{line}`"),
        }
    }

    /// Says what the lines just written are.
    fn label(&mut self, lines: Range<usize>, kind: String, is_planted: bool) {
        let route = place::route(&self.lines[..lines.start]);
        let path = self.path.clone();
        // Where the document ends is known when the file does.
        let document = place::start_of_document(&self.lines[..lines.start])..0;
        self.repository.labels.push(Label { path, lines, document, route, kind, is_planted });
    }

    /// Ends the file.
    fn close(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        if self.path.is_empty() {
            return;
        }
        for label in self.repository.labels.iter_mut().rev() {
            if label.path != self.path {
                break;
            }
            label.document.end = place::end_of_document(&lines, label.lines.start);
        }
        let before = self.repository.files.insert(self.path.clone(), lines.join("\n") + "\n");
        assert!(before.is_none(), "{} is written twice", self.path);
    }

    /// Ends the last file.
    fn finished(mut self) -> Repository {
        self.close();
        self.repository
    }
}

/// Number of lines up to the end of a block.
fn length_of_block(template: &[&str]) -> usize {
    let mut depth = 1;
    for (number, line) in template.iter().enumerate() {
        depth += i32::from(line.starts_with("@ "));
        depth -= i32::from(*line == "@");
        if depth == 0 {
            return number;
        }
    }
    panic!("a block has no end")
}
