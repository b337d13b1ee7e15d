use std::fs::{read_to_string, symlink_metadata};
use std::thread;

use super::*;

/// A private directory below a fresh one, so that what is left behind is seen.
fn private(parent: &tempfile::TempDir) -> Private {
    Private::at(parent.path().join("p"), None).unwrap()
}

fn mode(path: &Path) -> u32 {
    symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn directory_and_files_are_for_the_user_alone_and_go_together() {
    let parent = tempfile::tempdir().unwrap();
    let private = private(&parent);
    let path = private.write(OsStr::new("a.yaml"), b"a: TESTonly\n").unwrap();
    fs::create_dir(private.path(OsStr::new("below"))).unwrap();
    fs::write(private.path(OsStr::new("below/a.yaml~")), "a: TESTonly\n").unwrap();
    assert_eq!((mode(&parent.path().join("p")), mode(&path)), (0o700, 0o600));
    assert_eq!(*private.read(OsStr::new("a.yaml")).unwrap(), b"a: TESTonly\n");
    drop(private);
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[test]
fn files_are_overwritten_before_they_are_removed() {
    let parent = tempfile::tempdir().unwrap();
    let private = private(&parent);
    let path = private.write(OsStr::new("a"), b"TESTonly").unwrap();
    // A second name shows what becomes of the content.
    let other = parent.path().join("other");
    fs::hard_link(&path, &other).unwrap();
    drop(private);
    assert_eq!(fs::read(other).unwrap(), [0; 8]);
}

#[test]
fn a_panic_removes_the_directory() {
    let parent = tempfile::tempdir().unwrap();
    let private = private(&parent);
    private.write(OsStr::new("a"), b"TESTonly").unwrap();
    let caught = thread::spawn(move || {
        let _private = private;
        panic!("on purpose");
    });
    assert!(caught.join().is_err());
    assert!(!parent.path().join("p").exists());
}

#[test]
fn a_directory_that_exists_is_not_taken() {
    let parent = tempfile::tempdir().unwrap();
    fs::create_dir(parent.path().join("p")).unwrap();
    assert!(Private::at(parent.path().join("p"), None).is_err());
    assert!(parent.path().join("p").exists(), "it is not ours to remove");
}

#[test]
fn every_reader_of_a_fifo_gets_the_whole_content() {
    let parent = tempfile::tempdir().unwrap();
    let private = private(&parent);
    // More than a pipe takes at once.
    let text = "TESTonly\n".repeat(20_000);
    let content = Content::new(text.clone().into_bytes());
    let path = private.fifo(OsStr::new("tmp-file"), content).unwrap();
    assert!(symlink_metadata(&path).unwrap().file_type().is_fifo());
    assert_eq!(mode(&path), 0o600);
    for _ in 0..3 {
        assert!(read_to_string(&path).unwrap() == text);
    }
    // One that goes away at once does no harm.
    drop(File::open(&path).unwrap());
    assert!(read_to_string(&path).unwrap() == text);
}

#[test]
fn a_fifo_that_nobody_opens_ends_with_its_directory() {
    let parent = tempfile::tempdir().unwrap();
    let private = private(&parent);
    let folder = Arc::downgrade(&private.folder);
    private.fifo(OsStr::new("tmp-file"), Content::new(b"TESTonly".to_vec())).unwrap();
    drop(private);
    assert!(!parent.path().join("p").exists());
    let start = std::time::Instant::now();
    while folder.strong_count() > 0 {
        assert!(start.elapsed().as_secs() < 20, "the server of the FIFO does not end");
        thread::sleep(std::time::Duration::from_millis(1));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn only_memory_counts_as_memory() {
    assert!(in_memory(Path::new("/dev/shm")));
    assert!(!in_memory(Path::new("/proc")));
    assert!(!in_memory(Path::new("/no/such/place")));
    assert!(!is_fit(Path::new("relative"), None));
}
