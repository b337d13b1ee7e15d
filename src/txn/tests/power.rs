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
mod scenario;
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
use scenario::{End, Scenario};

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
    super::recover(&store)?;
    store.lock(&holder(), PATIENCE).map(drop)
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
        let mut lock = place.store().unwrap().lock(&holder(), PATIENCE).unwrap();
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
