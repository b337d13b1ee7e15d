//! How Flux gets the identity: the command, and the Secret that goes past the repository.

use std::fs;

use super::{mode, private_key, sample};
use crate::reference;
use crate::sandbox::{DATA, Sandbox};

#[test]
fn flux_gets_the_identity_past_the_repository() {
    let sandbox = sample("home-ops");
    let identity = sandbox.home().join("own key.txt");
    fs::copy(format!("{DATA}/samples/home-ops/age-test-identity.txt"), &identity).unwrap();
    let key = private_key(&identity);
    let run = |args: &[&str]| {
        sandbox.keywright([&["init"], args].concat()).env("SOPS_AGE_KEY_FILE", &identity)
    };
    let printed = run(&["--yes", "--flux"]).go().success();
    for namespace in ["default", "flux-system"] {
        let printed = printed.stdout();
        let line = format!(
            "kubectl create secret generic sops-age --namespace={namespace} --from-file=age.agekey='{}'",
            identity.display()
        );
        assert!(printed.contains(&line), "{line}\n{printed}");
    }

    // A file outside of Git, for its owner alone, and not over another one.
    let target = sandbox.home().join("secret.yaml");
    let shown = target.display().to_string();
    run(&["--flux-manifest", &shown]).go().success().complains("the private key is in ");
    assert_eq!(mode(&target), 0o600);
    let text = fs::read_to_string(&target).unwrap();
    assert!(text.contains(&format!("  name: sops-age\n  namespace: flux-system\ntype: Opaque\nstringData:\n  age.agekey: {key}\n")));
    let schema = format!("{DATA}/schemas/secret_v1.json");
    let valid =
        sandbox.run(reference::kubeconform()).args(["-strict", "-schema-location", &schema]);
    valid.arg(&target).go().success();
    run(&["--flux-manifest", &shown]).go().code(2).complains("file exists");
    fs::remove_file(&target).unwrap();

    // Not into the repository, not into a file by redirection.
    for inside in ["secret.yaml", "kubernetes/../secret.yaml", "kubernetes/secret.yaml"] {
        run(&["--flux-manifest", inside])
            .go()
            .code(2)
            .complains("where the private key must not be");
    }
    run(&["--flux-manifest", "-"]).go().code(2).complains("standard output is no pipe");
    assert_eq!(sandbox.git_status(), "");
    let script = "\"$0\" init --flux-manifest - | cat > \"$HOME/piped.yaml\"";
    let program = env!("CARGO_BIN_EXE_keywright");
    let piped = sandbox.run("sh").args(["-c", script, program]).env("SOPS_AGE_KEY_FILE", &identity);
    piped.go().success();
    assert_eq!(fs::read_to_string(sandbox.home().join("piped.yaml")).unwrap(), text);
    fs::remove_file(sandbox.home().join("piped.yaml")).unwrap();
    fs::remove_file(&identity).unwrap();
    sandbox.assert_no_trace_of(&key, &[]);
}

#[test]
fn flux_is_given_no_identity_that_reads_nothing() {
    let sandbox = Sandbox::nerv();
    sandbox.remove_identity();
    let own = sandbox.home().join("own.txt");
    sandbox.run(reference::age_keygen()).arg("-o").arg(&own).go().success();
    let run = |args: [&str; 2]| {
        sandbox.keywright([&["init"], &args[..]].concat()).env("SOPS_AGE_KEY_FILE", &own).go()
    };
    let told = run(["--yes", "--flux"])
        .success()
        .complains("put the file of one in the place of `IDENTITY`");
    told.prints("--from-file=age.agekey=IDENTITY");
    let target = sandbox.home().join("secret.yaml");
    run(["--flux-manifest", &target.to_string_lossy()])
        .code(2)
        .complains("none of your identities is for a recipient of `.sops.yaml`");
    assert!(!target.exists());
}
