use std::cell::Cell;
use std::fs;

use super::*;

/// A context in which an editor is this shell script, which gets the file as `$0`.
fn context(script: &str) -> (tempfile::TempDir, Context) {
    let directory = tempfile::tempdir().unwrap();
    let editor = format!("sh -c {}", shell_words::quote(script));
    let environment = vec![
        ("SOPS_EDITOR", OsString::from(editor)),
        ("EDITOR", OsString::from("false")),
        ("TMPDIR", directory.path().into()),
    ];
    let path = directory.path().to_owned();
    (directory, Context::apart(path, environment))
}

fn draft(content: &[u8]) -> Draft<'_> {
    Draft { name: OsStr::new("secret.yaml"), comment: Some("#"), content }
}

/// Accepts what has no `bad` in it.
fn accept(content: &[u8], _: &mut Context) -> Result<String, Failure> {
    let text = String::from_utf8(content.to_vec()).unwrap();
    if text.contains("bad") { Err(Failure::new("1:1: it is bad")) } else { Ok(text) }
}

#[test]
fn a_changed_file_is_accepted_as_the_editor_saved_it() {
    let (directory, mut context) = context(
        "test \"$(basename \"$0\")\" = secret.yaml && printf %s \"$0\" > seen && echo b: 2 >> \"$0\"",
    );
    let edited = edit(&draft(b"a: 1\n"), &mut context, accept).unwrap();
    assert_eq!(edited, Edited::Accepted("a: 1\nb: 2\n".to_owned()));
    let copy = fs::read_to_string(directory.path().join("seen")).unwrap();
    assert!(!Path::new(&copy).parent().unwrap().exists(), "{copy} is still there");
}

#[test]
fn a_file_that_is_replaced_by_another_is_read_by_its_name() {
    let script = "cp \"$0\" \"$0.new\" && echo b: 2 >> \"$0.new\" && mv \"$0.new\" \"$0\"";
    let (_directory, mut context) = context(script);
    let edited = edit(&draft(b"a: 1\n"), &mut context, accept).unwrap();
    assert_eq!(edited, Edited::Accepted("a: 1\nb: 2\n".to_owned()));
}

#[test]
fn an_unchanged_file_is_not_even_looked_at() {
    let (_directory, mut context) = context("true");
    let never = |_: &[u8], _: &mut Context| -> Result<(), Failure> { panic!("it is unchanged") };
    assert_eq!(edit(&draft(b"a: bad\n"), &mut context, never).unwrap(), Edited::Unchanged);
}

#[test]
fn without_a_terminal_a_refusal_ends_the_command() {
    let (_directory, mut context) = context("echo bad >> \"$0\"");
    let calls = Cell::new(0);
    let counted = |content: &[u8], context: &mut Context| {
        calls.set(calls.get() + 1);
        accept(content, context)
    };
    let failure = edit(&draft(b"a: 1\n"), &mut context, counted).unwrap_err();
    assert_eq!((failure.message.as_str(), calls.get()), ("1:1: it is bad", 1));
}

#[test]
fn at_a_terminal_the_editor_comes_back_with_the_reason_on_top() {
    // First broken; then the comment is kept for the test, and the fault mended.
    let script = "if grep -q 'it is bad' \"$0\"; then cp \"$0\" shown && sed -i s/bad/good/ \"$0\"; \
                  else echo 'b: bad' >> \"$0\"; fi";
    let (directory, mut context) = context(script);
    context.interactive = true;
    let edited = edit(&draft(b"a: 1\n"), &mut context, accept).unwrap();
    assert_eq!(edited, Edited::Accepted("a: 1\nb: good\n".to_owned()));
    let shown = fs::read_to_string(directory.path().join("shown")).unwrap();
    assert!(shown.starts_with("# [keywright] 1:1: it is bad\n# [keywright] "), "{shown}");
    assert!(shown.ends_with("\na: 1\nb: bad\n"), "{shown}");
}

#[test]
fn saving_a_refused_file_again_gives_up_with_the_reason() {
    let (_directory, mut context) = context("grep -q bad \"$0\" || echo 'b: bad' >> \"$0\"");
    context.interactive = true;
    let failure = edit(&draft(b"a: 1\n"), &mut context, accept).unwrap_err();
    assert_eq!(failure.message, "1:1: it is bad");
}

#[test]
fn going_back_to_the_first_content_changes_nothing() {
    let (_directory, mut context) =
        context("if grep -q bad \"$0\"; then echo 'a: 1' > \"$0\"; else echo bad >> \"$0\"; fi");
    context.interactive = true;
    assert_eq!(edit(&draft(b"a: 1\n"), &mut context, accept).unwrap(), Edited::Unchanged);
}

#[test]
fn the_comment_has_the_line_endings_of_the_file_and_goes_without_a_trace() {
    for content in ["a: 1\r\nb: bad\r\n", "a: 1\nb: bad", "", "\n"] {
        let shown = with_banner(content.as_bytes(), "#", &Failure::new("two\nlines").hint("hint"));
        let text = String::from_utf8(shown.to_vec()).unwrap();
        assert!(text.starts_with("# [keywright] two") && text.contains("\n# [keywright] hint"));
        assert_eq!(text.contains("hint\r\n"), content.contains("\r\n"));
        assert_eq!(*without_banner(&shown, Some("#")), content.as_bytes());
    }
    let other = b"# [keywright] x\n";
    assert_eq!(*without_banner(other, Some(";")), other);
    assert_eq!(*without_banner(other, None), other);
}

#[test]
fn an_editor_that_fails_is_told() {
    let cases = [
        ("exit 3", "the editor `sh` failed: exit status: 3"),
        ("kill -INT $$", "interrupted, nothing changed"),
        ("rm \"$0\"", "the copy to edit: No such file or directory (os error 2)"),
    ];
    for (script, expected) in cases {
        let (_directory, mut context) = context(script);
        assert_eq!(edit(&draft(b"a"), &mut context, accept).unwrap_err().message, expected);
    }
}

#[test]
fn the_editor_is_looked_for_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let choose = |environment: &[(&'static str, &str)]| {
        let environment = environment.iter().map(|(name, value)| (*name, OsString::from(value)));
        let context = Context::apart(directory.path().to_owned(), environment.collect());
        Editor::choose(&context).map(|editor| editor.words).map_err(|error| error.to_string())
    };
    let path = directory.path().to_str().unwrap();
    assert_eq!(choose(&[("EDITOR", "a 'b c'"), ("SOPS_EDITOR", "")]).unwrap(), ["a", "b c"]);
    assert_eq!(choose(&[("EDITOR", "a"), ("SOPS_EDITOR", "s")]).unwrap(), ["s"]);
    assert_eq!(choose(&[("EDITOR", "a 'b")]).unwrap_err(), "EDITOR: is no command line");
    assert_eq!(choose(&[("SOPS_EDITOR", " ")]).unwrap_err(), "SOPS_EDITOR: is no command line");
    assert!(choose(&[("PATH", path)]).unwrap_err().contains("SOPS_EDITOR and EDITOR"));
    let install = |name: &str, mode| {
        let program = directory.path().join(name);
        fs::write(&program, "").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
    };
    install("vi", 0o755);
    install("vim", 0o644);
    assert_eq!(choose(&[("PATH", path)]).unwrap(), ["vi"]);
    install("nano", 0o755);
    assert_eq!(choose(&[("PATH", path)]).unwrap(), ["nano"]);
}

#[test]
fn vim_is_told_to_keep_no_history() {
    let directory = tempfile::tempdir().unwrap();
    let vim = directory.path().join("vim.basic");
    fs::write(&vim, "").unwrap();
    fs::set_permissions(&vim, fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink(&vim, directory.path().join("vi")).unwrap();
    let path = directory.path().as_os_str();
    let words = discreet(vec!["vi".into(), "+3".into()], path);
    assert_eq!(words[..4], ["vi", "-n", "-i", "NONE"]);
    assert_eq!(words.last().unwrap(), "+3");
    assert_eq!(discreet(vec!["vimdiff".into()], path), ["vimdiff"]);
}
