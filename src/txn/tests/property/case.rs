//! A random tree and a random plan for it, with what the plan means.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use super::*;

/// A case.
pub(super) struct Case {
    /// What is there before, beside the Git directory.
    pub(super) tree: Tree,
    /// What is asked for.
    changes: Vec<Wanted>,
    /// Whether it must be refused.
    pub(super) refused: bool,
    /// The files that are asked for, as they are found without links.
    pub(super) touched: BTreeSet<PathBuf>,
    /// What these become; `None`: nothing.
    becomes: Vec<(PathBuf, Option<Vec<u8>>)>,
    /// A new file, and a new directory.
    ordinary: (Node, Node),
    /// Names are not used twice.
    used: usize,
}

/// A change that can be copied.
#[derive(Clone)]
struct Wanted {
    path: PathBuf,
    old: Option<Vec<u8>>,
    new: Option<Vec<u8>>,
    plain: bool,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "to be refused: {}", self.refused)?;
        for (path, node) in &self.tree {
            match node {
                Node::File { mode, content, .. } => {
                    writeln!(f, "  {path:?} {mode:o} {}", shown(Some(content)))?;
                }
                node => writeln!(f, "  {path:?} {node:?}")?,
            }
        }
        for Wanted { path, old, new, plain } in &self.changes {
            let [old, new] = [old, new].map(|side| shown(side.as_deref()));
            writeln!(f, "  change {path:?} from {old} to {new}, plain {plain}")?;
        }
        Ok(())
    }
}

/// The beginning of a content.
fn shown(content: Option<&[u8]>) -> String {
    let Some(content) = content else { return "nothing".to_owned() };
    let beginning = content[..content.len().min(40)].escape_ascii();
    format!("{} bytes \"{beginning}\"", content.len())
}

impl Case {
    /// Draws one for the repository at `root`, where things are made to see how they are made.
    pub(super) fn draw(draw: &mut Draw, root: &Path) -> Case {
        let ordinary = ordinary(root);
        let (tree, touched) = (Tree::new(), BTreeSet::new());
        let (changes, becomes) = (Vec::new(), Vec::new());
        let mut case = Case { tree, changes, refused: false, touched, becomes, ordinary, used: 0 };
        let directories = case.directories(draw);
        for _ in 0..1 + draw.below(4) {
            let path = draw.one(&directories).join(case.name(draw));
            let content = content(draw);
            let mode = draw.one(&[0o644, 0o600, 0o755, 0o664, 0o640]);
            case.tree.insert(path, file(&case.ordinary.0, Some(mode), content));
        }
        let links = case.links(draw, &directories);
        case.changes(draw, &directories, &links);
        if draw.percent(20) {
            case.spoil(draw, &links);
        }
        case
    }

    /// The plan, or its refusal.
    pub(super) fn plan(&self) -> Result<Plan, Error> {
        let mut plan = Plan::new();
        for Wanted { path, old, new, plain } in self.changes.iter().cloned() {
            let [old, new] = [old, new].map(|side| side.map(Content::new));
            plan.push(Change { path, old, new, plain })?;
        }
        Ok(plan)
    }

    /// What is there if the whole plan was done to `before`.
    pub(super) fn after(&self, before: &Tree) -> Tree {
        let mut after = before.clone();
        for (path, content) in &self.becomes {
            let Some(content) = content.clone() else {
                after.remove(path);
                continue;
            };
            for parent in path.ancestors().skip(1).filter(|parent| *parent != Path::new("")) {
                after.entry(parent.to_owned()).or_insert(self.ordinary.1.clone());
            }
            let like = before.get(path).unwrap_or(&self.ordinary.0);
            after.insert(path.clone(), file(like, None, content));
        }
        after
    }

    /// A few directories, some in others; the root is one.
    fn directories(&mut self, draw: &mut Draw) -> Vec<PathBuf> {
        let mut directories = vec![PathBuf::new()];
        for _ in 0..draw.below(3) {
            let path = draw.one(&directories).join(self.name(draw));
            self.tree.insert(path.clone(), self.ordinary.1.clone());
            directories.push(path);
        }
        directories
    }

    /// Links at the root to files and directories, each with what it leads to.
    fn links(&mut self, draw: &mut Draw, directories: &[PathBuf]) -> Vec<(PathBuf, PathBuf)> {
        let mut links = Vec::new();
        for _ in 0..draw.below(3) {
            let to = match draw.percent(60) {
                true => draw.one(&self.files()),
                false => draw.one(directories),
            };
            if to != Path::new("") {
                let link = PathBuf::from(self.name(draw));
                self.tree.insert(link.clone(), Node::Link(to.clone()));
                links.push((link, to));
            }
        }
        links
    }

    /// Replaces and deletes some files, and creates some.
    fn changes(&mut self, draw: &mut Draw, directories: &[PathBuf], links: &[(PathBuf, PathBuf)]) {
        for path in self.files() {
            if draw.percent(70) {
                let new = draw.percent(70).then(|| content(draw));
                self.change(path.clone(), by_a_detour(draw, &path, links), new, draw.percent(40));
            }
        }
        for _ in 0..draw.below(3) {
            let mut path = draw.one(directories);
            for _ in 0..draw.below(3) {
                path.push(self.name(draw));
            }
            path.push(self.name(draw));
            let new = Some(content(draw));
            self.change(path.clone(), by_a_detour(draw, &path, links), new, draw.percent(40));
        }
    }

    /// Adds a change of the file at `path`, which is called `given`.
    fn change(&mut self, path: PathBuf, given: PathBuf, new: Option<Vec<u8>>, plain: bool) {
        let old = match self.tree.get(&path) {
            Some(Node::File { content, .. }) => Some(content.clone()),
            _ => None,
        };
        // A change to the same content is none.
        if old != new {
            self.touched.insert(path.clone());
            self.becomes.push((path, new.clone()));
        }
        self.changes.push(Wanted { path: given, old, new, plain });
    }

    /// Adds something that cannot be done, somewhere in the plan.
    fn spoil(&mut self, draw: &mut Draw, links: &[(PathBuf, PathBuf)]) {
        let free = PathBuf::from(self.name(draw));
        let [file, other] = [(); 2].map(|()| draw.one(&self.files()));
        let new = Some(b"never".to_vec());
        let (path, old) = match draw.below(7) {
            // Not as expected.
            0 => (free, Some(b"something".to_vec())),
            1 if !self.touched.contains(&file) => (file, None),
            2 if !self.touched.contains(&file) => (file, Some(b"something else entirely".to_vec())),
            // Outside.
            3 => (Path::new("..").join(free), None),
            // No directory, and no file.
            4 => (file.join(free), None),
            5 => (PathBuf::new(), None),
            // A file that is already asked for, by another name.
            _ => match links.iter().find(|(link, to)| self.by_name(to) && !self.by_name(link)) {
                Some((link, to)) => {
                    let Some(Node::File { content, .. }) = self.tree.get(to) else { return };
                    (link.clone(), Some(content.clone()))
                }
                None => (other.join("..").join("..").join("..").join("..").join(free), None),
            },
        };
        self.refused = true;
        let at = draw.below(self.changes.len() + 1);
        let plain = draw.percent(40);
        self.changes.insert(at, Wanted { path, old, new, plain });
    }

    /// Whether something that changes is called so.
    fn by_name(&self, path: &Path) -> bool {
        self.changes.iter().any(|change| change.path == path && change.old != change.new)
    }

    /// The files of the tree.
    fn files(&self) -> Vec<PathBuf> {
        let files = self.tree.iter().filter(|(_, node)| matches!(node, Node::File { .. }));
        files.map(|(path, _)| path.clone()).collect()
    }

    /// A name that is not yet used.
    fn name(&mut self, draw: &mut Draw) -> OsString {
        const NAMES: [&[u8]; 9] = [
            b"secret.yaml",
            b" a  b ",
            b"line\nbreak",
            "größe-名前".as_bytes(),
            b"\xff\xfe",
            b"-rf *",
            b".hidden",
            b"\"'$`\\\t",
            &[b'n'; 250],
        ];
        self.used += 1;
        let mut name = format!("{}", self.used).into_bytes();
        name.extend_from_slice(draw.one(&NAMES));
        // The longest name that there is.
        if name.len() > 200 {
            name.resize(255, b'n');
        }
        OsStr::from_bytes(&name).to_owned()
    }
}

/// Some other way to say `path`: through a link, absolute is not among them, or with a detour.
fn by_a_detour(draw: &mut Draw, path: &Path, links: &[(PathBuf, PathBuf)]) -> PathBuf {
    if draw.percent(50) {
        for (link, to) in links {
            if let Ok(rest) = path.strip_prefix(to) {
                // `join` with nothing would add a slash.
                return if rest == Path::new("") { link.clone() } else { link.join(rest) };
            }
        }
    }
    if draw.percent(20) { Path::new(".").join(path) } else { path.to_owned() }
}

/// Some bytes: nothing, text with either line break, anything at all, more than a block.
fn content(draw: &mut Draw) -> Vec<u8> {
    match draw.below(12) {
        0 => Vec::new(),
        1..4 => format!("kind: Secret\r\nnumber: {}\r\n", draw.below(1000)).into_bytes(),
        4..7 => (0..draw.below(64)).map(|_| draw.below(256).to_le_bytes()[0]).collect(),
        7 => format!("{}\n", draw.below(1000)).repeat(1500).into_bytes(),
        _ => format!("kind: Secret\nnumber: {}\n", draw.below(1000)).into_bytes(),
    }
}

/// A file with the owner of another one, and its mode if there is no other.
fn file(like: &Node, other: Option<u32>, content: Vec<u8>) -> Node {
    let Node::File { mode, owner, .. } = like else { panic!("{like:?} is no file") };
    Node::File { mode: other.unwrap_or(*mode), owner: *owner, content }
}

/// A file and a directory as they are made in the ordinary way.
fn ordinary(root: &Path) -> (Node, Node) {
    let (one, other) = (PathBuf::from("probe"), PathBuf::from("probes"));
    fs::write(root.join(&one), "").unwrap();
    fs::create_dir(root.join(&other)).unwrap();
    let mut tree = tree::read(root);
    fs::remove_file(root.join(&one)).unwrap();
    fs::remove_dir(root.join(&other)).unwrap();
    (tree.remove(&one).unwrap(), tree.remove(&other).unwrap())
}
