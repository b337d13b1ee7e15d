//! Signals that would end the program while there is something to clear away, or a child they are for.
//!
//! Taken away are only SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2, and of them only what the program
//! was not started to ignore: below `nohup` a child has to go on ignoring SIGHUP, and does. What a [`Watch`]
//! makes of a signal:
//!
//! | | typed at the terminal | sent to this program |
//! |---|---|---|
//! | a command runs | the terminal gave it to the command as well: nothing | passed on; the command's end is ours |
//! | an editor runs | likewise | passed on; then clear away, and end by the signal |
//! | nothing runs | clear away, and end by the signal | the same |
//!
//! SIGKILL and SIGSTOP cannot be taken.

use std::io;
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpgrp, kill_process, waitid};
use rustix::termios::tcgetpgrp;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::{flag, low_level};

/// How long an editor may take to leave the terminal in order once it was told to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// A signal that ends a program unless somebody holds it.
struct Ending {
    signal: i32,
    /// Whether it ends the program at the moment. What a handler looks at has to be static.
    usual: AtomicBool,
    /// How many hold it.
    holders: Mutex<usize>,
    /// Whether it came since somebody began to hold it.
    arrived: AtomicBool,
}

impl Ending {
    const fn of(signal: i32) -> Ending {
        Ending {
            signal,
            usual: AtomicBool::new(true),
            holders: Mutex::new(0),
            arrived: AtomicBool::new(false),
        }
    }
}

static ENDING: [Ending; 6] = [
    Ending::of(SIGINT),
    Ending::of(SIGQUIT),
    Ending::of(SIGTERM),
    Ending::of(SIGHUP),
    Ending::of(SIGUSR1),
    Ending::of(SIGUSR2),
];

/// By which people and systems end a program.
pub(crate) const ENDS: [i32; 4] = [SIGINT, SIGQUIT, SIGTERM, SIGHUP];

/// From here on a file that may not grow any more (`ulimit -f`) is an error of the write, not the end of the program.
pub(crate) fn outlive_file_limit() {
    static CAME: AtomicBool = AtomicBool::new(false);
    // Where it cannot be taken, the program ends by it: recovery deals with that, too.
    let _ = flag::register(Signal::XFSZ.as_raw(), &CAME);
}

/// Signals that do not end the program by themselves until this is dropped; whoever holds them listens to them.
pub(crate) struct Held(Vec<&'static Ending>);

impl Held {
    /// Holds those of the given signals that are taken at all.
    pub(crate) fn new(signals: &[i32]) -> Held {
        let wanted = taken().iter().copied().filter(|ending| signals.contains(&ending.signal));
        let held = Held(wanted.collect());
        for ending in &held.0 {
            let mut holders = lock(&ending.holders);
            *holders += 1;
            ending.arrived.store(false, Ordering::SeqCst);
            ending.usual.store(false, Ordering::SeqCst);
        }
        held
    }

    /// Whether one of them came since they were held last.
    pub(crate) fn arrived(&self) -> bool {
        self.0.iter().any(|ending| ending.arrived.load(Ordering::SeqCst))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        for ending in &self.0 {
            let mut holders = lock(&ending.holders);
            *holders -= 1;
            ending.usual.store(*holders == 0, Ordering::SeqCst);
        }
    }
}

/// The signals that are not ignored, which from the first call on end the program by way of their flag.
fn taken() -> &'static [&'static Ending] {
    static TAKEN: OnceLock<Vec<&'static Ending>> = OnceLock::new();
    TAKEN.get_or_init(|| {
        let ignored = ignored();
        let taken: Vec<&Ending> =
            ENDING.iter().filter(|ending| ignored & (1 << (ending.signal - 1)) == 0).collect();
        for ending in &taken {
            flag::register_conditional_default(ending.signal, &ending.usual)
                .expect("none of these signals is forbidden to catch");
            // After the other, which ends the program where nobody holds the signal.
            flag::register(ending.signal, &ending.arrived).expect("as the other");
        }
        taken
    })
}

/// The signals that the process ignores, the first in the lowest bit, as Linux tells; none elsewhere.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Takes the signals until it is dropped.
pub(crate) struct Watch {
    shared: Arc<Mutex<Shared>>,
    handle: Handle,
    listener: Option<JoinHandle<()>>,
    held: Option<Held>,
}

/// What a signal finds.
struct Shared {
    child: Option<(Pid, Role)>,
    clear: Box<dyn FnMut() + Send>,
}

/// What a child is to us.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// What the user wants to be run: we stand in for it, and end as it does.
    Command,
    /// A tool of ours: told to end, we end without it.
    Editor,
}

impl Watch {
    /// Begins to listen. `clear` is called before the program ends by a signal.
    pub(crate) fn new(clear: impl FnMut() + Send + 'static) -> io::Result<Watch> {
        let signals: Vec<i32> = taken().iter().map(|ending| ending.signal).collect();
        let mut listening = Signals::new(&signals)?;
        let handle = listening.handle();
        let shared = Arc::new(Mutex::new(Shared { child: None, clear: Box::new(clear) }));
        let seen = Arc::clone(&shared);
        let listener = thread::spawn(move || {
            for signal in listening.forever() {
                lock(&seen).react(signal);
            }
            // What came while the watch was closed.
            for signal in listening.pending() {
                lock(&seen).react(signal);
            }
        });
        let held = Some(Held::new(&signals));
        Ok(Watch { shared, handle, listener: Some(listener), held })
    }

    /// Starts a child and waits for its end, while signals are handled by its role.
    pub(crate) fn run(
        &self,
        role: Role,
        start: impl FnOnce() -> io::Result<Child>,
    ) -> io::Result<ExitStatus> {
        let (mut child, pid) = {
            // Under the lock, so that no signal finds a child that is not known yet.
            let mut shared = lock(&self.shared);
            let child = start()?;
            let pid = Pid::from_child(&child);
            shared.child = Some((pid, role));
            (child, pid)
        };
        // Not reaped before it is forgotten: until then nobody else can have its number.
        while waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
            .is_err_and(|error| error == rustix::io::Errno::INTR)
        {}
        lock(&self.shared).child = None;
        child.wait()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // From here on a signal ends the program as usual; those that came before are still acted on.
        self.held = None;
        self.handle.close();
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

impl Shared {
    fn react(&mut self, signal: i32) {
        if self.child.is_none() && held_by_others(signal) {
            return;
        }
        if let Some((pid, role)) = self.child {
            if typed(signal) {
                return;
            }
            if let Some(signal) = Signal::from_named_raw(signal) {
                // It may have ended at this moment.
                let _ = kill_process(pid, signal);
            }
            if role == Role::Command {
                return;
            }
            wait_shortly(pid);
        }
        (self.clear)();
        // Does not return: each of these signals ends a program by default.
        let _ = low_level::emulate_default_handler(signal);
    }
}

/// Whether somebody else listens to a signal as well, who came later: it is theirs, be it a question or a commit.
fn held_by_others(signal: i32) -> bool {
    ENDING.iter().any(|ending| ending.signal == signal && *lock(&ending.holders) > 1)
}

/// Whether a signal comes from a key: then the terminal has given it to the whole foreground, to which this
/// program belongs together with its child.
fn typed(signal: i32) -> bool {
    matches!(signal, SIGINT | SIGQUIT)
        && std::fs::File::open("/dev/tty")
            .is_ok_and(|terminal| tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp()))
}

fn wait_shortly(pid: Pid) {
    let start = Instant::now();
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    while start.elapsed() < FAREWELL && matches!(waitid(WaitId::Pid(pid), options), Ok(None)) {
        thread::sleep(Duration::from_millis(10));
    }
}

/// The lock, also after a panic elsewhere: what it guards is whole at any time.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_usual_again_when_the_last_holder_goes() {
        // A signal that no other test of this process holds alone.
        let usual = || ENDING[5].usual.load(Ordering::SeqCst);
        let (one, other) = (Held::new(&[SIGUSR2]), Held::new(&[SIGINT, SIGUSR2]));
        drop(one);
        assert!(!usual(), "the other still holds it");
        drop(other);
        let start = Instant::now();
        while !usual() {
            assert!(start.elapsed().as_secs() < 20, "nobody holds it any more");
        }
    }
}
