//! Decrypted, perhaps edited, encrypted again: what did not change keeps its bytes.

use super::*;

/// A repository in which all [`PLAIN`] files are committed, encrypted.
fn repository() -> Sandbox {
    let sandbox = sandbox();
    encrypt_all(&sandbox);
    commit(&sandbox);
    sandbox
}

fn decrypt_all(sandbox: &Sandbox) {
    sandbox.keywright(["decrypt", "-i", "-r", "."]).go().success();
    for (name, content) in PLAIN {
        assert_eq!(sandbox.read(name), content);
    }
}

/// An encrypted file without the time of its last change.
fn without_time(text: &str) -> String {
    let time = regex::Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").unwrap();
    time.replace_all(text, "").into_owned()
}

#[test]
fn back_and_forth_changes_nothing_in_any_format() {
    let sandbox = repository();
    decrypt_all(&sandbox);
    sandbox.keywright(["encrypt", "-i", "-r", "."]).go().success();
    sandbox.git(&["diff", "--exit-code"]);
    sandbox.assert_no_trace_of("TESTonly1", &[]);
}

#[test]
fn an_edit_changes_its_token_the_mac_and_the_time() {
    let sandbox = repository();
    decrypt_all(&sandbox);
    for (name, content) in PLAIN {
        sandbox.write(name, content.replace("TESTonly1", "TESTonly2"));
    }
    sandbox.keywright(["encrypt", "-i", "-r", "."]).go().success();
    for (name, _) in PLAIN {
        let (before, after) = (sandbox.git(&["show", &format!("HEAD:{name}")]), sandbox.read(name));
        let (before, after) = (without_time(&before), without_time(&after));
        let (old, new) = (tokens(&before), tokens(&after));
        let changed: Vec<_> = old.iter().zip(&new).filter(|(old, new)| old != new).collect();
        assert_eq!(changed.len(), 2, "{name}: the value and the MAC");
        // Everything around them is the same.
        let mut restored = after.clone();
        for (old, new) in changed {
            restored = restored.replace(new, old);
        }
        assert_eq!(restored, before, "{name}");
        assert!(values(&sandbox, name).contains("TESTonly2"), "{name}");
    }
    sandbox.assert_no_trace_of("TESTonly2", &[]);
    for (name, content) in PLAIN {
        assert_eq!(plain(&sandbox, name), content.replace("TESTonly1", "TESTonly2"));
    }
}

#[test]
fn who_is_no_recipient_any_more_does_not_know_the_new_data_key() {
    let sandbox = sandbox();
    let other = another(&sandbox, false);
    rule(&sandbox, &format!("{RECIPIENT},{other}"));
    encrypt_all(&sandbox);
    commit(&sandbox);
    decrypt_all(&sandbox);
    rule(&sandbox, RECIPIENT);
    let before = PLAIN.map(|(name, _)| sandbox.git(&["show", &format!("HEAD:{name}")]));
    let outcome = sandbox.keywright(["encrypt", "-i", "-r", "."]).go().success();
    for ((name, _), before) in PLAIN.iter().zip(&before) {
        let why = format!("{name}: new data key, as the old one is known to `{other}`");
        assert!(outcome.stderr().contains(&why), "{}", outcome.describe());
        let after = sandbox.read(name);
        assert!(tokens(before).iter().all(|token| !tokens(&after).contains(token)), "{name}");
        assert!(values(&sandbox, name).contains("TESTonly1"));
    }
}

#[test]
fn a_new_recipient_gets_the_data_key_that_is_there() {
    let sandbox = repository();
    decrypt_all(&sandbox);
    let other = another(&sandbox, false);
    rule(&sandbox, &format!("{RECIPIENT},{other}"));
    sandbox.keywright(["encrypt", "-i", "secret.yaml"]).go().success();
    let (before, after) = (sandbox.git(&["show", "HEAD:secret.yaml"]), sandbox.read("secret.yaml"));
    let (before, after_tokens) = (tokens(&before), tokens(&after));
    let (values_before, values_after) =
        (&before[..before.len() - 1], &after_tokens[..before.len() - 1]);
    assert_eq!(values_before, values_after);
    assert!(after.contains(&other));
}

#[test]
fn fresh_takes_a_new_data_key() {
    let sandbox = repository();
    decrypt_all(&sandbox);
    sandbox.keywright(["encrypt", "-i", "-r", "--fresh", "."]).go().success();
    for (name, _) in PLAIN {
        let before = sandbox.git(&["show", &format!("HEAD:{name}")]);
        let after = sandbox.read(name);
        assert!(tokens(&before).iter().all(|token| !tokens(&after).contains(token)), "{name}");
        assert!(values(&sandbox, name).contains("TESTonly1"));
    }
}

#[test]
fn without_an_identity_the_old_data_key_is_unknown_and_a_new_one_does() {
    let sandbox = repository();
    decrypt_all(&sandbox);
    sandbox.remove_identity();
    sandbox.keywright(["encrypt", "-i", "-r", "."]).go().success();
    sandbox.install_identity();
    for (name, _) in PLAIN {
        assert!(values(&sandbox, name).contains("TESTonly1"), "{name}");
    }
}
