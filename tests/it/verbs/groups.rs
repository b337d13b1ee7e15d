//! `groups add` and `groups delete`: files of several key groups, ours read by sops and the other way round.

use super::*;

/// Adds a group in place.
fn add<'s>(run: Run<'s>, recipient: &str, threshold: usize) -> Outcome<'s> {
    let threshold = threshold.to_string();
    let args = ["groups", "add", "-i", "--file", "a.yaml", "--age", recipient];
    run.args(args).args(["--shamir-secret-sharing-threshold", &threshold]).go().success()
}

fn ours(sandbox: &Sandbox) -> Run<'_> {
    sandbox.keywright::<&str>([])
}

#[test]
fn groups_of_ours_are_read_by_sops_and_those_of_sops_by_us() {
    for theirs in [false, true] {
        let sandbox = sandbox();
        let program = || if theirs { sops(&sandbox, &[]) } else { ours(&sandbox) };
        let (one, other) = (another(&sandbox, true), another(&sandbox, true));
        encrypt(&sandbox, "a.yaml", "a: TESTonly # comment\n");
        add(program(), &one, 2);
        assert!(sandbox.read("a.yaml").contains("shamir_threshold: 2"));
        add(program(), &other, 2);
        let three = sandbox.read("a.yaml");
        assert_eq!(three.matches("recipient: ").count(), 3);
        assert!(values(&sandbox, "a.yaml").contains("TESTonly"));
        assert!(plain(&sandbox, "a.yaml").contains("TESTonly"));

        // The other program takes a group out again.
        let delete = ["groups", "delete", "-i", "--file", "a.yaml"];
        let threshold = ["--shamir-secret-sharing-threshold", "2", "1"];
        let program = || if theirs { ours(&sandbox) } else { sops(&sandbox, &[]) };
        program().args(delete).args(threshold).go().success();
        let two = sandbox.read("a.yaml");
        assert!(!two.contains(&one) && two.contains(&other), "{two}");
        assert!(values(&sandbox, "a.yaml").contains("TESTonly"));
        assert!(plain(&sandbox, "a.yaml").contains("TESTonly"));
    }
}

#[test]
fn as_many_groups_as_the_threshold_says_are_needed() {
    let sandbox = sandbox();
    let (known, unknown) = (another(&sandbox, true), another(&sandbox, false));
    encrypt(&sandbox, "a.yaml", "a: TESTonly\n");
    add(ours(&sandbox), &known, 2);
    add(ours(&sandbox), &unknown, 2);
    assert_eq!(plain(&sandbox, "a.yaml"), "a: TESTonly\n");
    add(ours(&sandbox), &another(&sandbox, false), 3);
    let outcome = sandbox.keywright(["decrypt", "a.yaml"]).go().code(2);
    outcome.complains("2 of the 3 key groups");
    assert!(!sops(&sandbox, &["decrypt", "a.yaml"]).go().status.success());
}

#[test]
fn values_stay_and_layout_does() {
    let sandbox = sandbox();
    encrypt(&sandbox, "a.yaml", "# head\na:   'TESTonly'\n\nb: [1, 2]\n");
    let before = sandbox.read("a.yaml");
    add(ours(&sandbox), &another(&sandbox, true), 2);
    let after = sandbox.read("a.yaml");
    assert_eq!(tokens(&before), tokens(&after));
    let values = |text: &str| text.split("sops:").next().unwrap().to_owned();
    assert_eq!(values(&before), values(&after));
}

#[test]
fn groups_of_a_rule_are_those_of_new_files() {
    let sandbox = sandbox();
    let other = another(&sandbox, true);
    let rule = format!(
        "creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age: [{RECIPIENT}]\n      - age: [{other}]\n"
    );
    sandbox.write(".sops.yaml", rule);
    for (name, content) in PLAIN {
        encrypt(&sandbox, name, content);
        assert_eq!(plain(&sandbox, name), content);
        assert!(values(&sandbox, name).contains("TESTonly1"), "{name}");
        assert!(sandbox.read(name).contains("shamir_threshold"), "{name}");
    }
}

#[test]
fn a_file_keeps_a_group_and_as_many_as_are_needed() {
    let sandbox = sandbox();
    encrypt(&sandbox, "a.yaml", "a: b\n");
    let delete = ["groups", "delete", "-i", "--file", "a.yaml"];
    refused(&sandbox, &[&delete[..], &["0"]].concat()).complains("nobody could decrypt");
    refused(&sandbox, &[&delete[..], &["1"]].concat()).complains("no group 1");
    add(ours(&sandbox), &another(&sandbox, true), 2);
    refused(&sandbox, &[&delete[..], &["0"]].concat()).complains("2 are needed");
    sandbox
        .keywright([&delete[..], &["0", "--shamir-secret-sharing-threshold", "1"]].concat())
        .go()
        .success();
    assert!(!sandbox.read("a.yaml").contains(RECIPIENT));
    assert!(values(&sandbox, "a.yaml").contains('b'));
}
