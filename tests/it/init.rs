//! `init` in each of the samples and in bare directories: what it writes, that real sops, age and kustomize take it, and
//! that the private key is nowhere but in its file.

mod flux;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::sandbox::{DATA, Outcome, Sandbox, files_below};
use crate::terminal::Terminal;
use crate::{proof, reference};

/// A recipient of nobody here.
const OTHER: &str = "age17txf6cfea0u3t25tz5z7a3w6g8vqd9myuu2qrenwcjedwg7dpgms36thq7";

/// The files with Secrets in plain text of the sample `nerv-platform`.
const PLATFORM: [&str; 3] = [
    "infrastructure/kubernetes/releases/cert-manager/cloudflare-token-secret.yaml",
    "infrastructure/kubernetes/releases/longhorn/backup-secret.yaml",
    "infrastructure/kubernetes/releases/traefik/dashboard-auth-secret.yaml",
];

/// A sample as it is, nothing encrypted, committed, and nobody has an identity.
fn sample(name: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy(&format!("{DATA}/samples/{name}"), "");
    // Some samples bring theirs.
    let _ = fs::remove_file(sandbox.path("age-test-identity.txt"));
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    sandbox.commit_all("the sample");
    sandbox
}

/// `keywright init` with some arguments.
fn init<'a>(sandbox: &'a Sandbox, args: &[&str]) -> Outcome<'a> {
    sandbox.keywright([&["init"], args].concat()).go()
}

/// Where identities are.
fn keys_file(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join(".config/sops/age/keys.txt")
}

/// The private key in a file of identities.
fn private_key(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap().to_owned()
}

/// The recipient of the identity in a file, as age itself has it.
fn recipient(sandbox: &Sandbox, path: &Path) -> String {
    let told = sandbox.run(reference::age_keygen()).arg("-y").arg(path).go().success();
    told.stdout().trim().to_owned()
}

/// Asserts that the private key is in its file alone.
#[track_caller]
fn assert_kept(sandbox: &Sandbox, path: &Path) {
    let key = private_key(path);
    let kept = fs::read(path).unwrap();
    fs::remove_file(path).unwrap();
    sandbox.assert_no_trace_of(&key, &[]);
    fs::write(path, kept).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Asserts that a second run changes nothing.
#[track_caller]
fn assert_settled(sandbox: &Sandbox) {
    let before = (sandbox.snapshot(), fs::read(keys_file(sandbox)).ok());
    init(sandbox, &["--yes"]).success().prints("nothing to do");
    before.0.assert_untouched(&sandbox.snapshot());
    assert_eq!(before.1, fs::read(keys_file(sandbox)).ok());
}

/// Asserts that both versions of sops encrypt these files by the configuration, and read what we encrypt by it.
#[track_caller]
fn assert_accepted(sandbox: &Sandbox, files: &[&str]) {
    let plain: Vec<String> = files.iter().map(|file| sandbox.read(file)).collect();
    for version in reference::versions("sops") {
        let sops = reference::sops(version);
        for file in files {
            let encrypted = sandbox.run(&sops).args(["--encrypt", file]).go().success();
            assert!(encrypted.stdout().contains("mac_only_encrypted: true"), "{file}");
            assert!(encrypted.stdout().contains("\nkind: Secret\n"), "{file}");
            proof::record(
                "init",
                "sops encrypts by the configuration",
                &format!("{version} {file}"),
            );
        }
    }
    sandbox.keywright([&["encrypt", "-i"], files].concat()).go().success();
    for (file, plain) in files.iter().zip(&plain) {
        assert!(sandbox.read(file).contains("ENC[AES256_GCM"), "{file}");
        for version in reference::versions("sops") {
            sandbox.run(reference::sops(version)).args(["--decrypt", file]).go().success();
        }
        let back = sandbox.keywright(["decrypt", file]).go().success();
        assert_eq!(back.stdout(), *plain);
    }
}

#[test]
fn a_platform_without_sops_gets_a_configuration_and_nothing_else() {
    let sandbox = sample("nerv-platform");
    let dry = init(&sandbox, &["--dry-run"]).success();
    dry.prints("one would be made in").prints("+    age: age1…").prints("1 file would change");
    assert_eq!((sandbox.git_status().as_str(), keys_file(&sandbox).exists()), ("", false));

    let first = init(&sandbox, &["--yes"]).success();
    let first = first.complains("Save this file now").prints("changed 1 file\n  .sops.yaml\n");
    let first = first.prints(&format!("keywright encrypt -i {}", PLATFORM.join(" \\\n    ")));
    let flux = "infrastructure/kubernetes/flux-system";
    let first = first.complains(&format!(
        "warning: {flux}/releases.yaml: the Flux Kustomization `releases` has no `decryption` and applies {} and 2 more",
        PLATFORM[0]
    ));
    let first =
        first.complains(&format!("without Secrets so far: `sources` ({flux}/sources.yaml)"));
    assert_eq!(sandbox.git_status(), "?? .sops.yaml\n");

    let path = keys_file(&sandbox);
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(files_below(&sandbox.home()), [Path::new(".config/sops/age/keys.txt")]);
    let recipient = recipient(&sandbox, &path);
    first.prints(&format!("identity: {recipient} (made, in "));
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("# created: 20") && lines[0].ends_with('Z'), "{}", lines[0]);
    assert_eq!((lines[1], lines.len()), (format!("# public key: {recipient}").as_str(), 3));
    assert!(sandbox.read(".sops.yaml").contains(&format!("    age: {recipient}\n")));

    assert_settled(&sandbox);
    // These files and no others.
    let picked = sandbox.keywright(["encrypt", "-i", "-r", "--dry-run", "."]).go().success();
    picked.prints("dry run: 3 files would change");
    assert_accepted(&sandbox, &PLATFORM);
    sandbox.keywright(["check"]).go().success();
    assert_settled(&sandbox);
    assert_kept(&sandbox, &path);
}

#[test]
fn decryption_is_added_where_secrets_are_applied_when_asked() {
    let sandbox = sample("nerv-platform");
    let releases = "infrastructure/kubernetes/flux-system/releases.yaml";
    let before = sandbox.read(releases);
    let fixed = init(&sandbox, &["--yes", "--fix-decryption"]).success();
    assert!(!fixed.stderr().contains("`releases` has no"), "{}", fixed.describe());
    let block = "  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n";
    let wanted = before.replace("  dependsOn:\n", &format!("{block}  dependsOn:\n"));
    assert_eq!(sandbox.read(releases), wanted);
    assert_eq!(sandbox.git_status(), format!(" M {releases}\n?? .sops.yaml\n"));
    let kustomize = sandbox.run(reference::kustomize());
    let built = kustomize.args(["build", "infrastructure/kubernetes/flux-system"]).go().success();
    built.prints("decryption:\n    provider: sops");
    let schema = "kustomization_kustomize.toolkit.fluxcd.io_v1.json";
    let schema = format!("{DATA}/schemas/{schema}");
    let run = sandbox.run(reference::kubeconform()).args(["-strict", "-schema-location", &schema]);
    run.arg(releases).go().success();
    init(&sandbox, &["--yes", "--fix-decryption"]).success().prints("nothing to do");
}

#[test]
fn a_lab_outside_of_git_gets_a_configuration_and_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.copy(&format!("{DATA}/samples/lab"), "");
    let before = sandbox.snapshot();
    let first = init(&sandbox, &["--yes"]).success().complains("note: not in a Git repository");
    first.complains("clusters/home/apps.yaml: the Flux Kustomization `apps` has no `decryption`");
    assert_eq!(before.changed(&sandbox.snapshot()), [".sops.yaml"]);
    assert_settled(&sandbox);
    assert_accepted(&sandbox, &["apps/nats/secret.yaml"]);
    sandbox.keywright(["check"]).go().success();
    assert_kept(&sandbox, &keys_file(&sandbox));
}

#[test]
fn a_configuration_that_exists_is_checked_and_left() {
    for (name, told) in [
        (
            "nerv",
            "nerv/.sops.yaml: 1 creation rule, for age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf",
        ),
        (
            "k8s-ops",
            ".sops.yaml: 2 creation rules, for age17txf6cfea0u3t25tz5z7a3w6g8vqd9myuu2qrenwcjedwg7dpgms36thq7",
        ),
        (
            "home-ops",
            ".sops.yaml: 1 creation rule, for age1fmzudvf92sl5p0hg66x5llmlckalwaqsp20xlxsfvfr6klw4yeeqpgukyn",
        ),
    ] {
        let sandbox = sample(name);
        let identity = PathBuf::from(format!("{DATA}/samples/{name}/age-test-identity.txt"));
        let run = sandbox.keywright(["init", "--yes"]).env("SOPS_AGE_KEY_FILE", &identity);
        let outcome = run.go().success().prints(told).prints("nothing to do");
        let shown = outcome.stderr();
        assert!(!shown.contains("no creation rule covers"), "{shown}");
        assert!(!shown.contains("cannot read"), "{shown}");
        assert_eq!(shown.contains("grafana/ks.yaml: the Flux"), name == "k8s-ops", "{shown}");
        assert_eq!(sandbox.git_status(), "");
        assert!(!keys_file(&sandbox).exists());
        sandbox.assert_no_trace_of(&private_key(&identity), &[]);
        proof::record("init", "a sample is left as it is", name);
    }
}

#[test]
fn a_newcomer_is_told_how_to_be_added_and_then_reads() {
    let sandbox = Sandbox::nerv();
    let secret = "nerv/main/cluster/apps/grafana/app/secret.yaml";
    let own = sandbox.home().join("own.txt");
    let told = sandbox
        .keywright(["init", "--yes"])
        .env("SOPS_AGE_KEY_FILE", &own)
        .env("XDG_CONFIG_HOME", "/nowhere");
    let told = told.go().success();
    let newcomer = recipient(&sandbox, &own);
    told.complains(&format!(
        "warning: nerv/.sops.yaml:3: {newcomer} cannot read what this rule encrypts; somebody who can adds it with\n  \
         keywright init --add-recipient {newcomer} && keywright -C nerv updatekeys -r ."
    ));
    assert_eq!(sandbox.git_status(), "");

    let before = sandbox.read("nerv/.sops.yaml");
    init(&sandbox, &["--add-recipient", &newcomer, "--yes"])
        .success()
        .prints("  keywright -C nerv updatekeys -r .\n");
    let old = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";
    assert_eq!(sandbox.read("nerv/.sops.yaml"), before.replace(old, &format!("{old},{newcomer}")));
    init(&sandbox, &["--add-recipient", &newcomer, "--yes"]).success().prints("nothing to do");
    sandbox.keywright(["-C", "nerv", "updatekeys", "-y", "-r", "."]).go().success();
    for version in reference::versions("sops") {
        let run = sandbox.run(reference::sops(version)).args(["--decrypt", secret]);
        run.env("SOPS_AGE_KEY_FILE", &own).env("XDG_CONFIG_HOME", "/nowhere").go().success();
    }
    assert_kept(&sandbox, &own);
}

#[test]
fn recipients_may_be_given_and_no_identity_is_needed() {
    let sandbox = sample("lab");
    let second = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";
    let args = ["--recipient", OTHER, "--recipient", second, "--recipient", OTHER, "--yes"];
    init(&sandbox, &args).success();
    assert!(!keys_file(&sandbox).exists());
    let text = sandbox.read(".sops.yaml");
    assert!(text.contains(&format!("    age: >-\n      {OTHER},\n      {second}\n")), "{text}");
    let before = sandbox.snapshot();
    init(&sandbox, &args).success().prints("nothing to do");
    before.assert_untouched(&sandbox.snapshot());
    for version in reference::versions("sops") {
        let run =
            sandbox.run(reference::sops(version)).args(["--encrypt", "apps/nats/secret.yaml"]);
        run.go().success().prints(&format!("recipient: {second}"));
    }
}

#[test]
fn an_identity_is_found_where_sops_looks_and_never_written_to() {
    let made = Sandbox::new();
    made.run(reference::age_keygen()).args(["-o", "keys.txt"]).go().success();
    let (text, key) = (made.read("keys.txt"), private_key(&made.path("keys.txt")));
    let wanted = recipient(&made, &made.path("keys.txt"));
    let apart = made.path("keys.txt");
    let places: [(&str, String, &str); 3] = [
        ("SOPS_AGE_KEY", key.clone(), "SOPS_AGE_KEY"),
        ("SOPS_AGE_KEY_FILE", apart.display().to_string(), "keys.txt"),
        ("SOPS_AGE_KEY_CMD", format!("cat {}", apart.display()), "the output of SOPS_AGE_KEY_CMD"),
    ];
    for (name, value, shown) in places {
        let sandbox = sample("lab");
        let outcome =
            sandbox.keywright(["init", "--yes", "--flux"]).env(name, value).go().success();
        outcome.prints(&format!("identity: {wanted} (in ")).prints(shown);
        assert!(!keys_file(&sandbox).exists(), "{name}");
        assert!(sandbox.read(".sops.yaml").contains(&wanted), "{name}");
        sandbox.assert_no_trace_of(&key, &[]);
    }
    assert_eq!(made.read("keys.txt"), text);

    // The first native one of the file.
    let sandbox = sample("lab");
    sandbox.install_identity();
    let path = keys_file(&sandbox);
    let both = format!("# two\n{text}{}", fs::read_to_string(&path).unwrap());
    fs::write(&path, &both).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let outcome = init(&sandbox, &["--yes", "--flux"]).success().prints(&wanted);
    let outcome = outcome.complains("others can read it (mode 0644); run `chmod 600`");
    let outcome = outcome.complains("`--recipient` chooses another one");
    outcome.complains("Flux would get all of them");
    assert_eq!(fs::read_to_string(&path).unwrap(), both);
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_written() {
    let refused = |prepare: &dyn Fn(&Sandbox), args: &[&str], home: &str, message: &str| {
        let sandbox = sample("lab");
        prepare(&sandbox);
        let before = sandbox.snapshot();
        let home = home.replace("HOME", &sandbox.home().to_string_lossy());
        let run = sandbox.keywright([&["init", "--yes"], args].concat()).env("HOME", home);
        let outcome = run.go().code(2).complains(message);
        assert!(outcome.stderr().contains("hint: "), "{}", outcome.describe());
        before.assert_untouched(&sandbox.snapshot());
        outcome.stderr()
    };
    let nothing = |_: &Sandbox| {};
    refused(&nothing, &[], "", "there is no place for an identity: HOME is not set");
    refused(&nothing, &[], "/dev/null", "an identity cannot be stored there");
    refused(&nothing, &[], "/proc", "an identity cannot be stored there");
    let keys = |content: &'static str| {
        move |sandbox: &Sandbox| {
            let path = keys_file(sandbox);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    };
    for content in ["", "# nothing\n", "AGE-SECRET-KEY-1CANARY\n", "AGE-PLUGIN-X-1QQQ\n"] {
        let told =
            refused(&keys(content), &[], "HOME", "has no age identity that can be used here");
        assert!(!told.contains("CANARY"), "{told}");
    }
    let directory = |sandbox: &Sandbox| fs::create_dir_all(keys_file(sandbox)).unwrap();
    refused(&directory, &[], "HOME", "is a directory");
    let in_git = |sandbox: &Sandbox| {
        sandbox.run("git").args(["init", "--quiet"]).arg(sandbox.home()).go().success();
    };
    refused(&in_git, &[], "HOME", "where an identity must not be");
    let config = |text: &'static str| move |sandbox: &Sandbox| sandbox.write(".sops.yaml", text);
    let folder = |sandbox: &Sandbox| fs::create_dir(sandbox.path(".sops.yaml")).unwrap();
    refused(&folder, &[], "HOME", ".sops.yaml: is there, but is no file of the repository");
    let groups = format!("creation_rules:\n  - key_groups: [{{age: [{OTHER}]}}, {{pgp: [AB]}}]\n");
    let groups = move |sandbox: &Sandbox| sandbox.write(".sops.yaml", &groups);
    let third = "age1fmzudvf92sl5p0hg66x5llmlckalwaqsp20xlxsfvfr6klw4yeeqpgukyn";
    refused(
        &groups,
        &["--add-recipient", third],
        "HOME",
        ".sops.yaml:2:5: the rule has 2 key groups",
    );
    let sandbox = sample("lab");
    for (text, message) in [
        ("creation_rules: [", ".sops.yaml:"),
        ("creation_rules: [{path_regex: '(', age: x}]", "`path_regex`"),
        ("creation_rules: [{age: x}]", "not a recipient"),
    ] {
        config(text)(&sandbox);
        init(&sandbox, &["--yes"]).code(2).complains(message);
        assert_eq!(sandbox.read(".sops.yaml"), text);
        assert!(!keys_file(&sandbox).exists());
    }
    for flag in ["--recipient", "--add-recipient"] {
        init(&sandbox, &[flag, "age1nobody"]).code(2).complains(&format!("{flag}: `age1nobody`"));
        let told = init(&sandbox, &[flag, "AGE-SECRET-KEY-1CANARY"]).code(2);
        assert!(!told.stderr().contains("CANARY"), "{}", told.describe());
    }
}

#[test]
fn a_repository_without_flux_and_secrets_gets_the_usual_names() {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    sandbox.git(&["init", "--quiet"]);
    init(&sandbox, &["--yes", "--fix-decryption", "--flux"])
        .success()
        .prints("kubectl create secret generic sops-age --namespace=flux-system --from-file=age.agekey=")
        .complains("there is no Flux Kustomization");
    for file in ["secret.yaml", "a/b-secret.yaml", "a/b.sops.yaml"] {
        sandbox.write(file, "apiVersion: v1\nkind: Secret\nstringData: {a: TESTonly}\n");
    }
    assert_accepted(&sandbox, &["secret.yaml", "a/b-secret.yaml", "a/b.sops.yaml"]);
}

#[test]
fn at_a_terminal_both_steps_are_asked() {
    let sandbox = sample("nerv-platform");
    let run = sandbox.keywright(["init"]);
    let mut terminal = Terminal::spawn(&run, 120, 50);
    terminal.expect("Make one in");
    terminal.send("n");
    let (code, _) = terminal.finish();
    assert_eq!((code, keys_file(&sandbox).exists()), (130, false));

    let mut terminal = Terminal::spawn(&run, 120, 50);
    terminal.expect("Make one in");
    terminal.send("y");
    terminal.expect("Save this file now");
    terminal.expect("+++ .sops.yaml (new)");
    terminal.expect("Write these changes?");
    terminal.send("n");
    let (code, shown) = terminal.finish();
    assert_eq!((code, sandbox.git_status().as_str()), (130, ""), "{shown}");
    assert!(shown.contains("the identity stays"), "{shown}");

    let mut terminal = Terminal::spawn(&run, 120, 50);
    terminal.expect("identity: age1");
    terminal.expect("Write these changes?");
    terminal.send("y");
    let (code, shown) = terminal.finish();
    assert_eq!((code, sandbox.git_status().as_str()), (0, "?? .sops.yaml\n"), "{shown}");
    assert_kept(&sandbox, &keys_file(&sandbox));
}

#[test]
fn from_a_folder_the_root_is_prepared_and_names_are_from_there() {
    let sandbox = sample("nerv-platform");
    let run = sandbox.keywright(["init", "--yes", "--recipient", OTHER]).within("infrastructure");
    let last = PLATFORM[2].strip_prefix("infrastructure/").unwrap();
    run.go().success().prints(&format!(" \\\n    {last}\n"));
    assert_eq!(sandbox.git_status(), "?? .sops.yaml\n");
}

#[test]
fn a_tree_without_a_configuration_is_told_and_nothing_is_written() {
    let sandbox = Sandbox::nerv();
    sandbox.write("other/secret.yaml", "apiVersion: v1\nkind: Secret\nstringData: {a: TESTonly}\n");
    sandbox.write("other/.sops.yml", "");
    sandbox.write(".sops.yml", "");
    let before = sandbox.snapshot();
    init(&sandbox, &["--yes"])
        .success()
        .complains("warning: other/secret.yaml: has a Secret in plain text, and no creation rule covers it")
        .complains("warning: .sops.yml: sops does not read it");
    before.assert_untouched(&sandbox.snapshot());
}
