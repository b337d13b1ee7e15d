use super::*;

/// The selection one setting makes.
fn selection(name: &str, text: &str) -> Selection {
    let mut settings = Settings::default();
    let setting = match name {
        "unencrypted_suffix" => &mut settings.unencrypted_suffix,
        "encrypted_suffix" => &mut settings.encrypted_suffix,
        "unencrypted_regex" => &mut settings.unencrypted_regex,
        "encrypted_regex" => &mut settings.encrypted_regex,
        "unencrypted_comment_regex" => &mut settings.unencrypted_comment_regex,
        "encrypted_comment_regex" => &mut settings.encrypted_comment_regex,
        other => panic!("no setting `{other}`"),
    };
    *setting = Some(text);
    Selection::new(settings).unwrap()
}

/// Walks a document given as blank-separated steps, `{` in, `}` out, `#text` a comment, `key:` a key, `.` a scalar, and
/// returns what is encrypted: the steps of comments and scalars, `+` or `-` each.
fn walk(selection: &Selection, steps: &str) -> String {
    let mut scope = Scope::new(selection);
    let mut answers = String::new();
    let mut sign = |selected| answers.push(if selected { '+' } else { '-' });
    for step in steps.split_whitespace() {
        match step {
            "{" => scope.enter(),
            "}" => {
                scope.leave();
                scope.finish();
            }
            "." => {
                sign(scope.is_selected());
                scope.finish();
            }
            _ => match (step.strip_prefix('#'), step.strip_suffix(':')) {
                (Some(comment), _) => sign(scope.comment(comment)),
                (None, Some(key)) => scope.key(key),
                _ => panic!("no step `{step}`"),
            },
        }
    }
    answers
}

/// A document in the steps of [`walk`]. The answers below are what sops 3.13.3 encrypts in it, line for line.
const DOCUMENT: &str = "{ #top plain: . #secret password: . user: . \
    db_unencrypted: { inner: . #secret list_enc: { . #secret . . { deep: . #secret deep2: . } . } } \
    data: { #note a_enc: . b: . } #end }";

#[test]
fn each_setting_selects_what_sops_selects() {
    for (name, text, expected) in [
        ("unencrypted_suffix", "_unencrypted", "+++++----------++++"),
        ("encrypted_suffix", "_enc", "-------++++++++-+--"),
        ("unencrypted_regex", "^d", "+++++-------------+"),
        ("encrypted_regex", "^(data|password)$|deep", "---+-------+-+-+++-"),
        ("unencrypted_comment_regex", "secret|note", "++--++-----------++"),
        ("encrypted_comment_regex", "secret", "---+---++++++++----"),
    ] {
        assert_eq!(walk(&selection(name, text), DOCUMENT), expected, "{name}: {text}");
    }
}

#[test]
fn a_marker_covers_further_comments_but_not_itself() {
    let marked = selection("encrypted_comment_regex", "secret");
    assert_eq!(walk(&marked, "{ #secret #more #secret a: . #more b: . }"), "-+++--");
    let marked = selection("unencrypted_comment_regex", "public");
    assert_eq!(walk(&marked, "{ #more #public #more a: . #more b: . }"), "+---++");
}

#[test]
fn a_value_without_text_ends_the_comments_too() {
    let marked = selection("encrypted_comment_regex", "secret");
    assert_eq!(walk(&marked, "{ #secret a: { } b: . }"), "--");
}

#[test]
fn a_list_entry_may_be_reported_as_a_comment() {
    // Second entry: a token that turns out to hold a comment, so it must not end the marker's scope.
    let marked = selection("encrypted_comment_regex", "secret");
    let mut scope = Scope::new(&marked);
    scope.enter();
    assert!(!scope.comment("secret"));
    assert!(scope.is_selected());
    scope.comment("ENC[…,type:comment]");
    assert!(scope.is_selected());
    scope.finish();
    assert!(!scope.is_selected());
}

#[test]
fn keys_alone_are_judged_without_a_walk() {
    assert!(selection("encrypted_regex", "^data$").selects(["data", "a"]));
    assert!(!selection("encrypted_regex", "^data$").selects(["metadata", "name"]));
    assert!(Selection::default().selects([]));
    assert!(!Selection::default().selects(["a_unencrypted", "b"]));
    assert!(!selection("encrypted_comment_regex", "x").selects(["a"]));
    assert!(selection("unencrypted_comment_regex", "x").selects(["a"]));
    assert!(Selection::Everything.selects(["a_unencrypted"]));
}

#[test]
fn no_setting_means_the_default_suffix() {
    let empty =
        Settings { encrypted_regex: Some(""), unencrypted_suffix: Some(""), ..Settings::default() };
    for settings in [Settings::default(), empty] {
        let selection = Selection::new(settings).unwrap();
        assert_eq!(selection.setting(), Some(("unencrypted_suffix", "_unencrypted")));
    }
    assert_eq!(Selection::Everything.setting(), None);
}

#[test]
fn a_setting_keeps_its_name_and_text() {
    for name in [
        "unencrypted_suffix",
        "encrypted_suffix",
        "unencrypted_regex",
        "encrypted_regex",
        "unencrypted_comment_regex",
        "encrypted_comment_regex",
    ] {
        assert_eq!(selection(name, "^a\\d").setting(), Some((name, "^a\\d")));
    }
    assert!(selection("encrypted_regex", "a") == selection("encrypted_regex", "a"));
    assert!(selection("encrypted_regex", "a") != selection("unencrypted_regex", "a"));
    assert!(selection("encrypted_regex", "a") != selection("encrypted_regex", "b"));
}

#[test]
fn two_settings_are_refused_by_name() {
    let settings = Settings {
        encrypted_comment_regex: Some("a"),
        encrypted_regex: Some("("),
        ..Settings::default()
    };
    let error = Selection::new(settings).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`encrypted_regex` and `encrypted_comment_regex` exclude each other"
    );
}

#[test]
fn a_broken_regex_is_an_error_and_never_matches_nothing() {
    let settings = Settings { encrypted_regex: Some("(?!x)"), ..Settings::default() };
    let error = Selection::new(settings).unwrap_err();
    assert_eq!(error.to_string(), "`encrypted_regex` has an unusable pattern");
    let cause = std::error::Error::source(&error).expect("a pattern fails for a reason");
    assert!(cause.to_string().starts_with("invalid regex `(?!x)`"), "{cause}");
}

#[test]
fn a_token_that_looks_like_the_public_marker_is_noticed() {
    assert!(selection("unencrypted_comment_regex", "AES").is_unmarked_by("ENC[AES256_GCM,…]"));
    assert!(!selection("unencrypted_comment_regex", "public").is_unmarked_by("ENC[AES256_GCM,…]"));
    assert!(!selection("encrypted_comment_regex", "AES").is_unmarked_by("ENC[AES256_GCM,…]"));
}
