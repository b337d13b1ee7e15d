//! The listener of tests: it hears every call of its thread before it is made, and decides about it.

use std::cell::{Cell, RefCell};
use std::io;

use super::Call;

/// What is to become of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::txn) enum Verdict {
    /// It is made.
    Go,
    /// It is not made, and fails with this error number.
    Fail(rustix::io::Errno),
    /// A write takes one byte and leaves the rest to the next one.
    Short,
    /// The process dies before it: from here on nothing is done any more, by nobody.
    Die,
}

type Listener = Box<dyn FnMut(&Call<'_>) -> Verdict>;

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
    static SHORT: Cell<bool> = const { Cell::new(false) };
    static DEAD: Cell<bool> = const { Cell::new(false) };
}

/// Lets `listener` decide about every call of this thread while `work` runs.
pub(in crate::txn) fn during<T>(
    listener: impl FnMut(&Call<'_>) -> Verdict + 'static,
    work: impl FnOnce() -> T,
) -> T {
    DEAD.set(false);
    LISTENER.set(Some(Box::new(listener)));
    let result = work();
    LISTENER.take();
    result
}

/// Asks the listener; the dead do nothing.
pub(super) fn about_to(call: Call<'_>) -> io::Result<()> {
    let verdict = LISTENER.with_borrow_mut(|listener| match listener {
        None => Verdict::Go,
        Some(_) if DEAD.get() => Verdict::Die,
        Some(listener) => listener(&call),
    });
    match verdict {
        Verdict::Go => Ok(()),
        Verdict::Short => {
            SHORT.set(true);
            Ok(())
        }
        Verdict::Fail(errno) => Err(errno.into()),
        Verdict::Die => {
            DEAD.set(true);
            Err(io::Error::other("this process is dead"))
        }
    }
}

/// What of `bytes` the write that was just decided about takes.
pub(super) fn shortened(bytes: &[u8]) -> &[u8] {
    if SHORT.take() { &bytes[..bytes.len().min(1)] } else { bytes }
}
