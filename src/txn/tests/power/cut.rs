//! What may be on a disk after the power went, given what was asked of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::SystemTime;

use super::super::tree::Node;
use super::disk::{Disk, Inode};
use super::record::{Name, Op, Record};

/// How much a file system promises. By both, what was synced is there, and a rename happens or does not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Promise {
    /// As ext4 (`data=ordered`, delayed allocation), and XFS much the same: names, modes and owners change in
    /// order, and every sync, of whatever, makes all of these changes before it durable. Content follows when
    /// it is synced, or at some time.
    Ordered,
    /// The least that POSIX allows: each change of a name may be lost by itself until its directory was
    /// synced, each change of a mode or an owner until its file was. A rename over two directories is durable
    /// with the sync of either one. What happened to a name goes with all that had happened to it and to its
    /// file's names before.
    Posix,
}

/// A choice among what may be there: a bit for each operation that is, and how many bytes of each file that
/// was written to.
type Choice = (u128, Vec<(Inode, usize)>);

/// Everything that may be there after a cut at any moment of `record`: after any number of its operations, but
/// not less than `from`. With each the last of these moments at which it may be what is there.
pub(super) fn cuts(record: &Record, promise: Promise, from: usize) -> Vec<(Disk, usize)> {
    let ops: Vec<&Op> = record.ops.iter().map(|(op, _)| op).collect();
    assert!(ops.len() < 128, "a bit for each operation");
    let before = follows(&ops);
    let mut last: HashMap<Choice, usize> = HashMap::new();
    for moment in from..=ops.len() {
        let ops = &ops[..moment];
        let files = written(ops);
        let kept = match promise {
            Promise::Ordered => in_order(ops),
            Promise::Posix => in_any_order(ops, &before),
        };
        for kept in kept {
            lengths(kept, &files).into_iter().for_each(|l| _ = last.insert((kept, l), moment));
        }
    }
    let mut found: Vec<(Choice, usize)> = last.into_iter().collect();
    // Hash maps have no order; a failing run should fail in the same place again.
    found.sort_unstable();
    let files = written(&ops);
    let build = |((kept, lengths), moment): (Choice, usize)| {
        let mut disk = record.start.clone();
        bits(kept).for_each(|number| disk.apply(ops[number]));
        for (inode, length) in lengths {
            let file = &files[&inode];
            let when = (length == file.content.len()).then_some(file.modified).flatten();
            disk.fill(inode, &file.content[..length], when);
        }
        (disk, moment)
    };
    found.into_iter().map(build).collect()
}

/// The numbers of the bits that are set, the lowest first.
fn bits(mut set: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (set != 0).then(|| set.trailing_zeros() as usize);
        set &= set.wrapping_sub(1);
        lowest
    })
}

/// Whether something is a change of a name, a mode or an owner.
fn is_change(op: &Op) -> bool {
    !matches!(op, Op::Write { .. } | Op::SyncFile { .. } | Op::SyncDirectory { .. })
}

/// Each beginning of the changes that has all those before the last sync.
fn in_order(ops: &[&Op]) -> Vec<u128> {
    let is_sync = |op: &&Op| matches!(op, Op::SyncFile { .. } | Op::SyncDirectory { .. });
    let synced = ops.iter().rposition(is_sync).unwrap_or(0);
    let is_change = |number: &usize| is_change(ops[*number]);
    let durable = (0..synced).filter(is_change).fold(0, |set, number| set | 1 << number);
    let mut sets = vec![durable];
    for number in (synced..ops.len()).filter(is_change) {
        sets.push(sets[sets.len() - 1] | 1 << number);
    }
    sets
}

/// Each set of changes that has what was synced, and with a change those that it follows from.
fn in_any_order(ops: &[&Op], before: &[u128]) -> Vec<u128> {
    let durable = |number: &usize| is_change(ops[*number]) && is_synced(ops, *number);
    let durable = (0..ops.len()).filter(durable);
    let durable = durable.fold(0, |set, number| set | 1 << number | before[number]);
    let mut sets = vec![durable];
    for number in (0..ops.len()).filter(|n| is_change(ops[*n]) && durable & 1 << n == 0) {
        let with = sets.iter().filter(|set| **set & before[number] == before[number]);
        let with: Vec<u128> = with.map(|set| set | 1 << number).collect();
        sets.extend(with);
    }
    sets
}

/// Whether change `number` was made durable by a later sync.
fn is_synced(ops: &[&Op], number: usize) -> bool {
    let in_directory = |directory: &Inode| match ops[number] {
        Op::Make { at, .. } | Op::Remove { at } => at.directory == *directory,
        Op::Rename { from, to, .. } => from.directory == *directory || to.directory == *directory,
        _ => false,
    };
    let of_file = |file: &Inode| match ops[number] {
        Op::SetMode { inode, .. } | Op::SetOwner { inode, .. } => inode == file,
        _ => false,
    };
    ops[number..].iter().any(|later| match later {
        Op::SyncDirectory { inode } => in_directory(inode),
        Op::SyncFile { inode, .. } => of_file(inode),
        _ => false,
    })
}

/// For each change those without which it cannot have happened: all before it to the same names, to the names
/// of the same file, or to the same mode, and what these follow from.
fn follows(ops: &[&Op]) -> Vec<u128> {
    let mut follows: Vec<u128> = Vec::new();
    for (number, op) in ops.iter().enumerate() {
        let touched = touches(op);
        let shares = |earlier: &usize| touches(ops[*earlier]).iter().any(|a| touched.contains(a));
        let with = |set, earlier: usize| set | 1 << earlier | follows[earlier];
        let set = (0..number).filter(shares).fold(0, with);
        follows.push(set);
    }
    follows
}

/// What a change is about, so that two changes of one thing keep their order.
#[derive(Eq, PartialEq)]
enum About<'op> {
    Name(&'op Name),
    NameOf(Inode),
    ModeOf(Inode),
}

fn touches(op: &Op) -> Vec<About<'_>> {
    match op {
        Op::Make { at, inode, .. } => vec![About::Name(at), About::NameOf(*inode)],
        Op::Rename { from, to, inode } => {
            vec![About::Name(from), About::Name(to), About::NameOf(*inode)]
        }
        Op::Remove { at } => vec![About::Name(at)],
        Op::SetMode { inode, .. } | Op::SetOwner { inode, .. } => vec![About::ModeOf(*inode)],
        Op::Write { .. } | Op::SyncFile { .. } | Op::SyncDirectory { .. } => Vec::new(),
    }
}

/// A file that was written to; all of them are new, and bytes are only added.
#[derive(Default)]
struct Written {
    /// The bit of the operation that made it.
    made: u128,
    content: Vec<u8>,
    /// How much of it is certainly there.
    synced: usize,
    /// When it was written, if it was synced.
    modified: Option<SystemTime>,
}

/// The files that operations have made.
fn written(ops: &[&Op]) -> BTreeMap<Inode, Written> {
    let mut files: BTreeMap<Inode, Written> = BTreeMap::new();
    for (number, op) in ops.iter().enumerate() {
        match op {
            Op::Make { inode, node: Node::File { .. }, .. } => {
                files.insert(*inode, Written { made: 1 << number, ..Written::default() });
            }
            Op::Write { inode, bytes } => {
                let file = files.get_mut(inode).expect("a commit writes to new files");
                file.content.extend_from_slice(bytes);
            }
            Op::SyncFile { inode, modified } => {
                // Also old ones are synced, for their modes.
                if let Some(file) = files.get_mut(inode) {
                    (file.synced, file.modified) = (file.content.len(), Some(*modified));
                }
            }
            _ => {}
        }
    }
    files
}

/// Every combination of lengths of the files that are there: of those that were not synced since they were
/// written what was synced, half of what came then, or all.
fn lengths(kept: u128, files: &BTreeMap<Inode, Written>) -> Vec<Vec<(Inode, usize)>> {
    let mut all = vec![Vec::new()];
    for (inode, file) in files.iter().filter(|(_, file)| kept & file.made != 0) {
        let (least, most) = (file.synced, file.content.len());
        if least == most {
            all.iter_mut().for_each(|lengths| lengths.push((*inode, most)));
            continue;
        }
        let choices = BTreeSet::from([least, least + (most - least) / 2, most]);
        let with = |before: &Vec<(Inode, usize)>| -> Vec<Vec<(Inode, usize)>> {
            choices.iter().map(|length| [&before[..], &[(*inode, *length)]].concat()).collect()
        };
        all = all.iter().flat_map(with).collect();
    }
    all
}
