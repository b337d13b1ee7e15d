//! What is cut: the four changes in a layout, and how to tell which end came of them.

use super::*;

/// The files of the four changes, and what a plan makes of them.
pub(super) struct Scenario {
    pub(super) layout: Layout,
    pub(super) plain: bool,
    pub(super) plan: Plan,
    /// The files before; kept because a Git directory elsewhere goes with it.
    _sandbox: Sandbox,
    pub(super) start: Disk,
    pub(super) old: Tree,
    pub(super) new: Tree,
}

/// What a recovery made of a state.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum End {
    Old,
    New,
    /// Recovery does not go on.
    Refused,
    /// Files of the plan are old and others are new, or none of these.
    Mixture,
    /// Old or new but for the mode or the owner of a file.
    Mode,
    /// Old or new, and something that does not belong there.
    Leftover,
}

impl Scenario {
    pub(super) fn new(layout: Layout, plain: bool) -> Self {
        Scenario::of(layout, plain, changes(plain))
    }

    pub(super) fn of(layout: Layout, plain: bool, plan: Plan) -> Self {
        let sandbox = Sandbox::new(layout);
        prepare_four(&sandbox);
        // Only the superuser may give files away; for others the owner cannot be lost.
        let _ = std::os::unix::fs::chown(sandbox.root.join("app/run"), Some(12345), None);
        sandbox.set_mode("app/run", 0o750);
        let start = Disk::load(&sandbox.directory);
        let old = tree::read(&sandbox.directory);
        let new = {
            let place = Place::with(&start);
            faults::commit(&place.store().unwrap(), &plan).unwrap();
            tree::read(&place.0)
        };
        assert_ne!(old, new);
        Scenario { layout, plain, plan, _sandbox: sandbox, start, old, new }
    }

    /// Commits, and recovers where that did not end as it should. The run is to be cut after `from` operations.
    pub(super) fn commit(
        &self,
        from: usize,
        verdict: impl FnMut(&Call<'_>, usize) -> Verdict + 'static,
    ) -> Run {
        let place = Place::with(&self.start);
        let tape = Tape::new(&place.0);
        let mut said = 0;
        let result = tape.during(verdict, || {
            let mut lock = place.store()?.lock(&holder(), PATIENCE)?;
            let result = lock.commit(&self.plan, || false);
            said = tape.len();
            result
        });
        // Also after an end that was said: what could not be tidied up is then.
        tape.during(|_, _| Verdict::Go, || recover(&place)).unwrap();
        let left = self.end(&tree::read(&place.0));
        let promised = match &result {
            Ok(_) => Some(End::New),
            Err(Error::Unfinished { .. }) => None,
            Err(Error::Io { source, .. }) if is_death(source) => None,
            Err(_) => Some(End::Old),
        };
        // What an unfinished commit and the dead do not say, the recovery after them does.
        let said = if promised.is_some() { said } else { tape.len() };
        Run { record: tape.record(), said, promised: promised.unwrap_or(left), from }
    }

    /// The number of operations of an undisturbed commit.
    pub(super) fn length(&self) -> usize {
        self.commit(0, |_, _| Verdict::Go).record.ops.len()
    }

    /// All layouts, with and without plain text, by each of `promises`. The least promise has a hundred times the
    /// states: by that one only two, which have all the calls of the others between them.
    pub(super) fn all(promises: &[Promise]) -> impl Iterator<Item = (Scenario, Promise)> {
        let plain = |layout| [(layout, false), (layout, true)];
        let two = [(Layout::Git, false), (Layout::NoGit, true)];
        let is_tried = move |which, promise| promise == Promise::Ordered || two.contains(&which);
        let each = move |which: (Layout, bool)| {
            let promises = promises.iter().filter(move |promise| is_tried(which, **promise));
            promises.map(move |promise| (Scenario::new(which.0, which.1), *promise))
        };
        Layout::ALL.into_iter().flat_map(plain).flat_map(each)
    }

    /// Which end a tree is.
    pub(super) fn end(&self, tree: &Tree) -> End {
        if *tree == self.old {
            return End::Old;
        }
        if *tree == self.new {
            return End::New;
        }
        let files = |tree: &Tree, with_mode: bool| -> Tree {
            let file = |(path, node): (&PathBuf, &Node)| match node {
                Node::File { content, .. } if !with_mode => {
                    let node = Node::File { mode: 0, owner: (0, 0), content: content.clone() };
                    Some((path.clone(), node))
                }
                Node::Directory { .. } => None,
                node => Some((path.clone(), node.clone())),
            };
            let known = |path: &PathBuf| self.old.contains_key(path) || self.new.contains_key(path);
            tree.iter().filter(|(path, _)| known(path)).filter_map(file).collect()
        };
        let is = |with_mode| {
            let there = files(tree, with_mode);
            [&self.old, &self.new].iter().any(|end| there == files(end, with_mode))
        };
        match (is(true), is(false)) {
            (true, _) => End::Leftover,
            (false, true) => End::Mode,
            (false, false) => End::Mixture,
        }
    }
}

/// Whether an error is that of a process that does nothing any more.
fn is_death(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::Other && error.raw_os_error().is_none()
}
