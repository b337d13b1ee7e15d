//! A power cut at every moment of a commit and of its recovery: old or new, and new once it was said.
//!
//! The calls of a commit are recorded, with what they did to names, modes, owners and contents ([`record`]).
//! [`cut`] says what may be on the disk after a cut, by two promises of a file system: one as ext4 gives, one
//! no stronger than POSIX. Every such state is built as real directories and files, and the real recovery is
//! run on it; its own calls are recorded and cut in turn, until no state is left that was not tried before.
//! That the model sees what it should is tested by taking out one sync after the other.
//!
//! Not modelled: a disk that writes half of a rename, or says that it is done when it is not.

mod cut;
mod disk;
mod record;
mod syncs;

use std::collections::{BTreeMap, HashMap};

use rustix::io::Errno;

use super::super::disk::Call;
use super::super::disk::watch::Verdict;
use super::stops::changes;
use super::tree::{Node, Tree};
use super::*;
use cut::{Promise, cuts};
use disk::Disk;
use record::{Record, Tape};

/// The files of the four changes, and what a plan makes of them.
struct Scenario {
    layout: Layout,
    plain: bool,
    plan: Plan,
    /// The files before; kept because a Git directory elsewhere goes with it.
    _sandbox: Sandbox,
    start: Disk,
    old: Tree,
    new: Tree,
}

/// Something that was done in a directory and recorded.
struct Run {
    record: Record,
    /// The number of operations when it had said what it did.
    said: usize,
    /// What it had said by then.
    promised: End,
    /// Before this many operations it is like a run that has been cut already.
    from: usize,
}

/// What a recovery made of a state.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum End {
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
    fn new(layout: Layout, plain: bool) -> Self {
        Scenario::of(layout, plain, changes(plain))
    }

    fn of(layout: Layout, plain: bool, plan: Plan) -> Self {
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
    fn commit(
        &self,
        from: usize,
        verdict: impl FnMut(&Call<'_>, usize) -> Verdict + 'static,
    ) -> Run {
        let place = Place::with(&self.start);
        let tape = Tape::new(&place.0);
        let mut said = 0;
        let result = tape.during(verdict, || {
            let mut lock = place.store()?.lock(&holder(), Wait::Immediately)?;
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
    fn length(&self) -> usize {
        self.commit(0, |_, _| Verdict::Go).record.ops.len()
    }

    /// All layouts, with and without plain text, by each of `promises`. The least promise has a hundred times the
    /// states: by that one only two, which have all the calls of the others between them.
    fn all(promises: &[Promise]) -> impl Iterator<Item = (Scenario, Promise)> {
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
    fn end(&self, tree: &Tree) -> End {
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

/// A directory that goes with this.
struct Place(PathBuf);

impl Place {
    fn with(disk: &Disk) -> Self {
        let place = Place(fresh(Path::new("/dev/shm")));
        disk.build(&place.0);
        place
    }

    fn store(&self) -> Result<Store, Error> {
        Store::open(&self.0.join("root"))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Recovers as a command does that only reads, then as one that writes.
fn recover(place: &Place) -> Result<(), Error> {
    let store = place.store()?;
    store.recover(&holder(), Wait::Immediately)?;
    store.lock(&holder(), Wait::Immediately).map(drop)
}

/// Every state that was tried, and how it ends.
struct Trial<'s> {
    scenario: &'s Scenario,
    promise: Promise,
    /// Whether to cut recoveries as well.
    again: bool,
    ends: HashMap<u64, End>,
    /// What went wrong, and an example of each.
    harm: BTreeMap<String, String>,
    /// Runs that are still to be cut, and what they are.
    todo: Vec<(Run, String)>,
}

impl<'s> Trial<'s> {
    fn new(scenario: &'s Scenario, promise: Promise, again: bool) -> Self {
        let (ends, harm, todo) = (HashMap::new(), Default::default(), Vec::new());
        Trial { scenario, promise, again, ends, harm, todo }
    }

    /// Cuts a run at every moment. What it left must be what is there after each cut that comes after it has
    /// said so.
    fn cut(&mut self, run: Run, what: &str) {
        self.todo.push((run, what.to_owned()));
        while let Some((run, what)) = self.todo.pop() {
            for (disk, moment) in cuts(&run.record, self.promise, run.from) {
                let before = moment.checked_sub(1).map(|last| run.record.ops[last].1.as_str());
                let what = || format!("{what}, cut after {}", before.unwrap_or("nothing"));
                let end = self.end_of(&disk, what);
                let harm = match end {
                    End::Old | End::New if moment < run.said || end == run.promised => continue,
                    End::Old | End::New => "Loss".to_owned(),
                    end => format!("{end:?}"),
                };
                self.harm.entry(harm).or_insert_with(|| format!("{}:\n{}", what(), disk.list()));
            }
        }
    }

    /// How a state ends.
    fn end_of(&mut self, disk: &Disk, what: impl Fn() -> String) -> End {
        let key = disk.key();
        if let Some(end) = self.ends.get(&key) {
            return *end;
        }
        let place = Place::with(disk);
        let tape = Tape::new(&place.0);
        let result = tape.during(|_, _| Verdict::Go, || recover(&place));
        let end = match result {
            Ok(()) => self.scenario.end(&tree::read(&place.0)),
            Err(_) => End::Refused,
        };
        self.ends.insert(key, end);
        if self.again && end != End::Refused {
            let run = Run { record: tape.record(), said: tape.len(), promised: end, from: 0 };
            self.todo.push((run, format!("{}, recovery", what())));
        }
        end
    }

    /// Demands that nothing went wrong, and adds the states to the report; their number.
    #[track_caller]
    fn report(self, what: &str) -> usize {
        let Scenario { layout, plain, .. } = self.scenario;
        let run = format!("{what}, {layout:?}, plain {plain}, {:?}", self.promise);
        let examples: Vec<String> =
            self.harm.iter().map(|(kind, example)| format!("{kind}: {example}")).collect();
        assert!(examples.is_empty(), "{run}\n{}", examples.join("\n"));
        let count = |wanted| self.ends.values().filter(|end| **end == wanted).count();
        assert!(count(End::Old) > 10 && count(End::New) > 10, "{run}");
        let states = (0..self.ends.len()).map(|number| format!("{run}, state {number}"));
        proof::record("transactions", "state after a power cut recovered", states);
        self.ends.len()
    }
}

#[test]
fn a_power_cut_at_any_moment_of_a_commit_or_its_recovery_leaves_old_or_new() {
    let mut states = 0;
    for (scenario, promise) in Scenario::all(&[Promise::Ordered, Promise::Posix]) {
        let mut trial = Trial::new(&scenario, promise, true);
        trial.cut(scenario.commit(0, |_, _| Verdict::Go), "commit");
        states += trial.report("cut");
    }
    assert!(states > 1400, "{states}");
}

#[test]
fn a_power_cut_while_a_killed_commit_is_recovered_leaves_old_or_new() {
    for (scenario, promise) in Scenario::all(&[Promise::Ordered, Promise::Posix]) {
        let mut trial = Trial::new(&scenario, promise, false);
        for killed in 0..=scenario.length() {
            let run = scenario.commit(killed, move |call, done| {
                match is_operation(call) && done == killed {
                    true => Verdict::Die,
                    false => Verdict::Go,
                }
            });
            trial.cut(run, &format!("killed after {killed} operations"));
        }
        trial.report("kill, then cut");
    }
}

#[test]
fn a_power_cut_while_or_after_a_failed_commit_is_undone_leaves_old_or_new() {
    for (scenario, promise) in Scenario::all(&[Promise::Ordered, Promise::Posix]) {
        let mut trial = Trial::new(&scenario, promise, false);
        for failing in 0..scenario.length() {
            let mut failed = false;
            let run = scenario.commit(failing, move |call, done| {
                let fails = !failed && is_operation(call) && done == failing;
                failed |= fails;
                if fails { Verdict::Fail(Errno::IO) } else { Verdict::Go }
            });
            trial.cut(run, &format!("failed after {failing} operations"));
        }
        trial.report("failure, then cut");
    }
}

#[test]
fn a_power_cut_after_recovery_has_made_directories_again_leaves_the_new_files() {
    for (scenario, promise) in Scenario::all(&[Promise::Ordered, Promise::Posix]) {
        let place = Place::with(&scenario.start);
        let mut lock = place.store().unwrap().lock(&holder(), Wait::Immediately).unwrap();
        let mut transaction = lock.begin(&scenario.plan).unwrap();
        while transaction.step().unwrap() != Some(Step::Decide) {}
        transaction.abandon();
        drop(lock);
        // As `git clean` does, some time before the recovery. Where new content waits beside its target, it goes
        // with its directory, and there is no way on.
        if matches!(scenario.layout, Layout::NoGit | Layout::OtherFileSystem) {
            continue;
        }
        fs::remove_dir_all(place.0.join("root/new")).unwrap();
        let tape = Tape::new(&place.0);
        tape.during(|_, _| Verdict::Go, || recover(&place)).unwrap();
        let mut trial = Trial::new(&scenario, promise, false);
        let said = tape.len();
        let run = Run { record: tape.record(), said, promised: End::New, from: 0 };
        trial.cut(run, "directories made again");
        assert!(trial.harm.is_empty(), "{:#?}", trial.harm);
    }
}

/// Whether a call is one that a record has.
fn is_operation(call: &Call<'_>) -> bool {
    !matches!(call, Call::Look(_) | Call::Lock(_))
}

/// Whether an error is that of a process that does nothing any more.
fn is_death(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::Other && error.raw_os_error().is_none()
}
