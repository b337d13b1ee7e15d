//! The program starts and ends by itself, whatever it is asked.

use crate::sandbox::Sandbox;

#[test]
fn the_program_answers_without_a_panic() {
    let sandbox = Sandbox::new();
    for args in [&[][..], &["--version"], &["--help"], &["no-such-command"]] {
        let outcome = sandbox.keywright(args).go();
        assert!(outcome.status.code().is_some(), "ended by a signal\n{}", outcome.describe());
        assert!(!outcome.stderr().contains("panicked"), "{}", outcome.describe());
    }
    assert_eq!(sandbox.snapshot().changed(&Sandbox::new().snapshot()), Vec::<String>::new());
}
