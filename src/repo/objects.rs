//! The content of Git's objects, from one `git cat-file` that answers as long as it is asked.

use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// A running `git cat-file --batch`; it ends when this is dropped.
pub(crate) struct Objects(Mutex<Batch>);

/// The process and its two ends.
struct Batch {
    git: Child,
    /// `None` once it is closed.
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    /// Starts Git in a repository.
    pub(crate) fn open(root: &Path) -> io::Result<Objects> {
        let mut git = Command::new("git")
            .arg("-C")
            .arg(root)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let requests = git.stdin.take();
        let answers = git.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Objects(Mutex::new(Batch { git, requests, answers: BufReader::new(answers) })))
    }

    /// The content of a blob, by its id or as `REVISION:PATH`; of one with more than `most` bytes only one byte more than
    /// that. [`io::ErrorKind::NotFound`] where there is none, and for a name that holds a line break.
    pub(crate) fn read(&self, name: &[u8], most: u64) -> io::Result<Vec<u8>> {
        if name.contains(&b'\n') {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut batch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = batch.requests.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        requests.write_all(&[name, b"\n"].concat())?;
        let blob = answer(&mut batch.answers, most + 1).ok_or(io::ErrorKind::UnexpectedEof)?;
        blob.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // Without requests it ends by itself.
        self.requests.take();
        let _ = self.git.wait();
    }
}

/// `<object> blob <size>` and the content, of which `most` bytes are kept, or `<request> missing`; `None` if Git says no
/// more.
pub(super) fn answer(answers: &mut impl BufRead, most: u64) -> Option<Option<Vec<u8>>> {
    let mut line = Vec::new();
    answers.read_until(b'\n', &mut line).ok().filter(|length| *length > 0)?;
    let line = String::from_utf8_lossy(&line);
    let mut words = line.trim_end().rsplit(' ');
    let (size, kind) = (words.next()?, words.next());
    let Some(size) = size.parse::<u64>().ok().filter(|_| kind.is_some()) else { return Some(None) };
    let mut content = Vec::new();
    let kept = size.min(most);
    answers.take(kept).read_to_end(&mut content).ok()?;
    io::copy(&mut answers.take(size - kept + 1), &mut io::sink()).ok()?;
    Some((kind == Some("blob")).then_some(content))
}
