//! How the program behaves: the network, files on the disk, editors and commands.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{given, shown};
use crate::drop_in::{ALICE, BOB, with_both};

#[test]
fn no_network() {
    with_both(|stage| {
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", proxy.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        // Whoever asks is counted and turned away.
        std::thread::spawn(move || {
            for _ in proxy.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        let run = stage.sops(["--version"]).env("HTTPS_PROXY", &address);
        run.go().success().prints("sops 3.13.3");
        assert_eq!(asked.load(Ordering::SeqCst) == 0, stage.ours);
    });
}

#[test]
fn atomic_writes() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        let before = stage.sandbox.read("a.yaml");
        // The size of files is limited to a block, which is less than that of this one.
        let outcome = stage.shell("ulimit -f 1; exec sops rotate -i a.yaml").go();
        assert!(!outcome.status.success(), "{}", outcome.describe());
        let after = stage.sandbox.read("a.yaml");
        assert_eq!(after == before, stage.ours);
        assert_eq!(after.len() < before.len(), !stage.ours);
    });
}

#[test]
fn hard_links() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        std::fs::hard_link(stage.sandbox.path("a.yaml"), stage.sandbox.path("b.yaml")).unwrap();
        let before = stage.sandbox.read("a.yaml");
        let outcome = stage.sops(["rotate", "-i", "a.yaml"]).go();
        if stage.ours {
            outcome.code(3).complains("more than one hard link");
        } else {
            outcome.success();
        }
        assert_eq!(stage.sandbox.read("b.yaml") == before, stage.ours);
        assert_eq!(std::fs::metadata(stage.sandbox.path("a.yaml")).unwrap().nlink(), 2);
    });
}

#[test]
fn special_output() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        let outcome = stage.sops(["decrypt", "--output", "/dev/null", "a.yaml"]).go();
        if stage.ours {
            outcome.code(3).complains("/dev/null: is not a regular file").complains("redirect");
        } else {
            outcome.success();
        }
    });
}

#[test]
fn all_or_none() {
    with_both(|stage| {
        let prepare = || {
            stage.sandbox.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE}\n"));
            given(stage, "a.yaml", "a: x\n");
            stage.sandbox.write("b.yaml", "sops: {}\n");
            let rules = format!("creation_rules:\n  - age: {ALICE},{BOB}\n");
            stage.sandbox.write(".sops.yaml", rules);
        };
        let is_changed = || stage.sandbox.read("a.yaml").contains(BOB);
        prepare();
        stage.sops(["updatekeys", "--yes", "a.yaml", "b.yaml"]).go().code(1);
        assert!(is_changed());
        if stage.ours {
            prepare();
            let args = ["updatekeys", "--yes", "a.yaml", "b.yaml"];
            stage.sandbox.keywright(args).go().code(2).complains("b.yaml");
            assert!(!is_changed());
        }
    });
}

#[test]
fn least_change() {
    with_both(|stage| {
        stage.encrypted("a.yaml", "a: x\nb: y\n");
        let before = stage.sandbox.read("a.yaml");
        stage.sandbox.git(&["init", "--quiet"]);
        stage.sandbox.commit_all("encrypted");
        stage.sops(["decrypt", "-i", "a.yaml"]).go().success();
        stage.encrypted("a.yaml", "a: x\nb: z\n");
        assert_eq!(shown(stage, "a.yaml"), "a: x\nb: z\n");
        let after = stage.sandbox.read("a.yaml");
        // `a`, the wrapped data key and the names stay.
        let kept = after.lines().filter(|line| before.lines().any(|old| old == *line)).count();
        let wanted = after.lines().count() - 2;
        assert_eq!(kept == wanted || kept + 1 == wanted, stage.ours, "{before}\n{after}");
        assert_eq!(after.lines().next() == before.lines().next(), stage.ours);
    });
}

#[test]
fn edit_show_master_keys() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\nb: old\n");
        let run = stage.sops(["edit", "-s", "a.yaml"]);
        run.env("EDITOR", "sed -i 's/^b: old$/b: new/'").go().success();
        let b = if stage.ours { "new" } else { "old" };
        assert_eq!(shown(stage, "a.yaml"), format!("a: x\nb: {b}\n"));
    });
}

#[test]
fn edit_example() {
    with_both(|stage| {
        for name in ["a.yaml", "a.json", "a.env", "a.ini", "a.txt"] {
            let outcome = stage.sops(["edit", name]).env("EDITOR", "cat").go().code(200);
            let of_sops = outcome.stdout().contains("Welcome to SOPS!");
            assert_eq!(of_sops, !stage.ours, "{}", outcome.describe());
            assert!(!outcome.stdout().is_empty());
        }
    });
}

#[test]
fn edit_loop() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        // An editor that needs three attempts; nobody is there to press Enter.
        let script = "echo run >> runs; test $(wc -l < runs) -lt 3 && echo '[' > \"$0\" \
                      || echo 'a: z' > \"$0\"";
        let editor = format!("sh -c {}", shell_words::quote(script));
        let outcome = stage.sops(["edit", "a.yaml"]).env("EDITOR", editor).go();
        outcome.code(if stage.ours { 1 } else { 0 });
        let runs = stage.sandbox.read("runs").lines().count();
        assert_eq!(runs, if stage.ours { 1 } else { 3 });
    });
}

#[test]
fn signals() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        for (signal, number) in [("TERM", 15), ("KILL", 9)] {
            for verb in ["exec-env", "exec-file"] {
                let run = stage.sops([verb, "a.yaml", &format!("kill -{signal} $$")]);
                run.go().code(if stage.ours { 128 + number } else { 255 });
            }
        }
    });
}

#[test]
fn fifo_again() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        let twice = "cat {}; timeout 2 cat {}; test $? -eq 124 && echo waits";
        let printed = stage.sops(["exec-file", "a.yaml", twice]).go().stdout();
        assert_eq!(printed, if stage.ours { "a: x\na: x\n" } else { "a: x\nwaits\n" });
    });
}
