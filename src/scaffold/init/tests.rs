use super::*;

const ANNA: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";
const BERT: &str = "age17txf6cfea0u3t25tz5z7a3w6g8vqd9myuu2qrenwcjedwg7dpgms36thq7";
const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: x}\n";

/// A repository of these files.
fn repository(files: &[(&str, &str)]) -> (tempfile::TempDir, Snapshot) {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let snapshot = Snapshot::take(directory.path()).unwrap();
    (directory, snapshot)
}

/// The content that a plan of one change gives a file.
fn only(plan: &Plan) -> String {
    let [change] = plan.changes() else { panic!("{} changes", plan.len()) };
    String::from_utf8(change.new.as_ref().unwrap().to_vec()).unwrap()
}

/// A configuration with ANNA and BERT after BERT was added to it.
fn with_bert(text: &str) -> Result<String, String> {
    let text = text.replace("ANNA", ANNA);
    let (_directory, snapshot) = repository(&[(".sops.yaml", &text)]);
    let configured = configurations(&snapshot).map_err(|error| error.to_string())?;
    let plan = add_recipients(&snapshot, &configured, &[BERT.to_owned()])
        .map_err(|error| error.to_string())?;
    if plan.is_empty() {
        return Ok("nothing".to_owned());
    }
    let edited = only(&plan);
    let document = Document::parse(edited.clone().into_bytes()).unwrap();
    let config = Config::parse(&document, Path::new(".sops.yaml")).unwrap();
    for rule in config.rules() {
        let groups = &rule.unwrap().groups;
        let names = groups.iter().flat_map(|group| group.names());
        assert_eq!(names.filter(|name| *name == BERT).count(), 1, "{edited}");
    }
    Ok(edited.replace(ANNA, "ANNA").replace(BERT, "BERT"))
}

#[test]
fn a_new_configuration_covers_secrets_and_nothing_that_must_be_read() {
    let (_directory, snapshot) = repository(&[
        ("a/x-secret.yaml", SECRET),
        ("a/kustomization.yaml", "resources: [x-secret.yaml]\n"),
        ("b/db.yaml", SECRET),
        ("c/config.yaml", "apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n"),
        // Nothing to encrypt, but a Secret all the same.
        ("d/empty-secret.yaml", "apiVersion: v1\nkind: Secret\ndata: {a: ''}\n"),
    ]);
    let plain = ["a/x-secret.yaml", "b/db.yaml"].map(PathBuf::from);
    let recipients = [ANNA.to_owned(), BERT.to_owned()];
    let text = only(&new_configuration(&snapshot, &plain, &recipients).unwrap());
    assert!(text.lines().all(|line| line.len() <= 120), "{text}");
    let document = Document::parse(text.into_bytes()).unwrap();
    let config = Config::parse(&document, Path::new(".sops.yaml")).unwrap();
    let rule = |path: &str| config.rule_for(Path::new(path)).unwrap();
    for path in ["a/x-secret.yaml", "b/db.yaml", "d/empty-secret.yaml"] {
        let rule = rule(path).unwrap();
        assert_eq!(rule.selection.setting(), Some(("encrypted_regex", "^(data|stringData)$")));
        assert!(rule.mac_only_encrypted);
        assert_eq!(rule.groups[0].names().collect::<Vec<_>>(), [ANNA, BERT]);
    }
    for path in ["a/kustomization.yaml", "c/config.yaml", "b/other.yaml", ".sops.yaml"] {
        assert!(rule(path).is_none(), "{path}");
    }
    assert_eq!(config.indent(), 2);
}

#[test]
fn a_hostile_file_name_is_quoted() {
    let name = "a/it's: #1 [x].yaml";
    let (_directory, snapshot) = repository(&[(name, SECRET)]);
    let recipients = [ANNA.to_owned()];
    let text = only(&new_configuration(&snapshot, &[name.into()], &recipients).unwrap());
    let document = Document::parse(text.into_bytes()).unwrap();
    let config = Config::parse(&document, Path::new(".sops.yaml")).unwrap();
    assert!(config.rule_for(Path::new(name)).unwrap().is_some());
}

#[test]
fn a_recipient_is_added_in_the_manner_of_the_others() {
    let rules = |age: &str| format!("# c\ncreation_rules:\n  - {age} # behind\n    # below\n");
    for (before, after) in [
        ("age: ANNA", "age: ANNA,BERT"),
        ("age: 'ANNA,'", "age: 'ANNA,BERT'"),
        ("age: [ANNA]", "age: [ANNA, BERT]"),
        ("{path_regex: x, age: ANNA}", "{path_regex: x, age: \"ANNA,BERT\"}"),
        ("key_groups: [{age: [ANNA]}]", "key_groups: [{age: [ANNA, BERT]}]"),
    ] {
        assert_eq!(with_bert(&rules(before)).unwrap(), rules(after));
    }
    let lines = |age: &str| format!("creation_rules:\r\n- age: {age}stores: {{}}\r\n");
    for (before, after) in [
        (">-\r\n    ANNA\r\n", ">-\r\n    ANNA,\r\n    BERT\r\n"),
        ("> # c\r\n      ANNA,\r\n\r\n", "> # c\r\n      ANNA,\r\n      BERT\r\n\r\n"),
        ("|\r\n    ANNA,\r\n", "|\r\n    ANNA,\r\n    BERT\r\n"),
        ("\r\n    - ANNA\r\n", "\r\n    - ANNA\r\n    - BERT\r\n"),
    ] {
        assert_eq!(with_bert(&lines(before)).unwrap(), lines(after));
    }
}

#[test]
fn every_rule_without_the_recipient_gets_it_and_an_anchor_once() {
    let text = "base: &b ANNA\ncreation_rules:\n- path_regex: a\n  age: *b\n- path_regex: b\n  age: *b\n\
                - path_regex: c\n  pgp: ABCD\n- age: ";
    let before = format!("{text}{BERT}\n");
    let after = format!("{text}BERT\n")
        .replace("&b ANNA", "&b ANNA,BERT")
        .replace("  pgp: ABCD\n", "  pgp: ABCD\n  age: BERT\n");
    assert_eq!(with_bert(&before).unwrap(), after);
    assert_eq!(
        with_bert(&format!("creation_rules: [{{age: '{ANNA},{BERT}'}}]\n")).unwrap(),
        "nothing"
    );
}

#[test]
fn what_cannot_be_decided_is_refused() {
    let groups = "creation_rules:\n  - key_groups: [{age: [ANNA]}, {age: [ANNA]}]\n";
    assert_eq!(
        with_bert(groups).unwrap_err(),
        ".sops.yaml:2:5: the rule has 2 key groups, and to which one the recipient belongs is not to be seen"
    );
    assert_eq!(with_bert("stores: {}\n").unwrap_err(), ".sops.yaml: has no creation rules");
    assert!(
        with_bert("creation_rules: [{age: nobody}]\n").unwrap_err().contains("not a recipient")
    );
}

#[test]
fn something_else_in_the_place_of_the_configuration_is_told() {
    let (directory, _) = repository(&[(".gitignore", ".sops.yaml\n"), (".sops.yaml", "")]);
    let snapshot = Snapshot::take(directory.path()).unwrap();
    assert!(matches!(configurations(&snapshot), Err(Error::InTheWay { .. })));
}

#[test]
fn a_kustomization_that_applies_secrets_without_decryption_is_found_and_mended() {
    let flux = |name: &str, path: &str, more: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}}}\n\
             spec:\n  path: {path}\n  sourceRef: {{kind: GitRepository, name: g}}\n{more}"
        )
    };
    let two = format!("{}---\n{}", flux("listed", "./a", ""), flux("plain", "./b", ""));
    let own = "  decryption: {provider: sops, secretRef: {name: key}}\n";
    let token = format!("{}sops: {{mac: m}}\n", SECRET.replace("x}", "'ENC[AES256_GCM,x]'}"));
    let (_directory, snapshot) = repository(&[
        ("flux/two.yaml", &two),
        ("flux/own.yaml", &flux("own", "c", own)),
        ("flux/none.yaml", &flux("none", "d", "")),
        ("a/kustomization.yaml", "resources: [x]\n"),
        ("a/x/kustomization.yaml", "resources: []\n"),
        // Not listed yet.
        ("a/x/secret.yaml", SECRET),
        ("b/deep/secret.yaml", &token),
        ("c/secret.yaml", SECRET),
        ("d/service.yaml", "kind: Service\n"),
    ]);
    let layout = Layout::read(&snapshot).unwrap();
    let plain = ["a/x/secret.yaml", "c/secret.yaml"].map(PathBuf::from);
    let found = undecrypted(&snapshot, &layout, &plain);
    let told: Vec<_> = found
        .iter()
        .map(|one| (one.flux.view.name(), one.secrets.iter().filter_map(|p| p.to_str()).collect()))
        .collect::<Vec<(&str, Vec<&str>)>>();
    assert_eq!(
        told,
        [
            ("none", vec![]),
            ("listed", vec!["a/x/secret.yaml"]),
            ("plain", vec!["b/deep/secret.yaml"]),
        ]
    );
    let mended = only(&fix_decryption(&snapshot, &layout, &found).unwrap());
    let block = "  decryption:\n    provider: sops\n    secretRef:\n      name: key\n";
    let wanted = format!("{}---\n{}", flux("listed", "./a", block), flux("plain", "./b", block));
    assert_eq!(mended, wanted);
}
