//! Values with a password in them, before and after.

use super::*;

const OLD: &str = "TESTonly+mini/flux=8r:T@1";
const NEW: &str = "NEWpassword0123456789";

fn replaced(old: &str, new: &str, key: &str, value: &str) -> Result<Option<String>, Unsafe> {
    let (old, new) = (Secret::from(old.to_owned()), Secret::from(new.to_owned()));
    let replacement =
        Replacement { old: &old, new: &new, role: "miniflux", others: &["paperless"] };
    let changed = replacement.apply(key, value.as_bytes())?;
    Ok(changed.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()))
}

/// Checks `value` with the new password in the place of `@@`.
#[track_caller]
fn check(old: &str, value: &str, template: &str) {
    let wanted = template.replace("@@", NEW);
    assert_eq!(replaced(old, NEW, "KEY", value), Ok(Some(wanted)), "{value}");
}

#[test]
fn a_whole_value_is_replaced_and_what_is_around_it_stays() {
    for around in ["@@", "@@\n", " @@\r\n", "\"@@\"", "'@@'\n"] {
        check(OLD, &around.replace("@@", OLD), around);
    }
}

#[test]
fn a_url_keeps_everything_but_its_password() {
    let host = "pg-rw.apps:5432/miniflux?sslmode=require";
    for spelled in [
        OLD,
        "TESTonly%2Bmini%2Fflux%3D8r%3AT%401",
        "TESTonly%2bmini%2fflux%3d8r%3aT%401",
        // Go's `url.UserPassword`
        "TESTonly+mini%2Fflux=8r%3AT%401",
    ] {
        let value = format!("postgres://miniflux:{spelled}@{host}");
        check(OLD, &value, &format!("postgres://miniflux:@@@{host}"));
    }
}

#[test]
fn parameters_of_a_jdbc_url_are_found_on_both_sides_of_the_user() {
    for (before, after) in [
        ("jdbc:postgresql://h/d?password=", "&user=miniflux"),
        ("jdbc:postgresql://h/d?user=miniflux&password=", ""),
        ("postgresql:///d?host=h&user=miniflux&password=", "&sslmode=require"),
    ] {
        for spelled in ["a+b%2Fc%3F1D", "a%20b%2fc%3f1D"] {
            check("a b/c?1D", &format!("{before}{spelled}{after}"), &format!("{before}@@{after}"));
        }
    }
}

#[test]
fn words_of_longer_texts_are_found() {
    for (value, template) in [
        ("host=h password='it\\'s-8-1aX' user=u", "host=h password='@@' user=u"),
        ("{\"password\":\"it's-8-1aX\"}", "{\"password\":\"@@\"}"),
        ("password: 'it''s-8-1aX'\nuser: u\n", "password: '@@'\nuser: u\n"),
        ("A=1\nDB_PASS=it's-8-1aX\nB=2\n", "A=1\nDB_PASS=@@\nB=2\n"),
        ("u%3Ait%27s-8-1aX%40h", "u%3A@@%40h"),
        ("{\"env\":\"A=1\\nit's-8-1aX\\n\"}", "{\"env\":\"A=1\\n@@\\n\"}"),
        ("it's-8-1aX and it's-8-1aX", "@@ and @@"),
    ] {
        check("it's-8-1aX", value, template);
    }
}

#[test]
fn a_part_of_a_word_stays() {
    for value in ["xSecretOne1", "SecretOne1x", "SecretOne12", "_SecretOne1", "äSecretOne1"] {
        assert_eq!(replaced("SecretOne1", NEW, "KEY", value), Ok(None), "{value}");
    }
}

#[test]
fn pgpass_lines_are_unescaped_and_escaped() {
    let value = "pg-rw:5432:d:miniflux:a\\:b\\\\c1D\n*:*:*:other:x\n";
    check("a:b\\c1D0", "h:1:d:miniflux:a\\:b\\\\c1D0", "h:1:d:miniflux:@@");
    let wanted = value.replace("a\\:b\\\\c1D", "n\\:e\\\\w#12");
    assert_eq!(replaced("a:b\\c1D", "n:e\\w#12", "pgpass", value), Ok(Some(wanted)));
}

#[test]
fn a_new_password_with_signs_is_encoded_as_its_place_demands() {
    let new = "n/e:w @1#2345";
    let cases = [
        ("SecretOne1", "n/e:w @1#2345"),
        ("postgres://miniflux:SecretOne1@h/d", "postgres://miniflux:n%2Fe%3Aw%20%401%232345@h/d"),
        (
            "jdbc:postgresql://h/d?password=SecretOne1",
            "jdbc:postgresql://h/d?password=n%2Fe%3Aw%20%401%232345",
        ),
        ("h:5432:d:miniflux:SecretOne1", "h:5432:d:miniflux:n/e\\:w @1#2345"),
    ];
    for (value, wanted) in cases {
        assert_eq!(replaced("SecretOne1", new, "KEY", value), Ok(Some(wanted.to_owned())));
    }
    for value in ["password = SecretOne1", "\"SecretOne1\"", "A=SecretOne1\n"] {
        assert_eq!(replaced("SecretOne1", new, "KEY", value), Err(Unsafe), "{value}");
    }
}

#[test]
fn an_ordinary_word_is_replaced_only_where_it_is_the_password_for_certain() {
    for old in ["miniflux", "short1A", "12345678"] {
        let url =
            |user: &str, password: &str| format!("postgres://{user}:{password}@h/{old}?a={old}");
        let wanted = url("miniflux", NEW);
        assert_eq!(replaced(old, NEW, "KEY", &url("miniflux", old)), Ok(Some(wanted)));
        assert_eq!(replaced(old, NEW, "KEY", &url("mailer", old)), Ok(None));
        assert_eq!(replaced(old, NEW, "DB_PASS", old), Ok(Some(NEW.to_owned())));
        for key in ["DB_USER", "POSTGRES_DB_NAME", "dbhost"] {
            assert_eq!(replaced(old, NEW, key, old), Ok(None), "{key}");
        }
        for value in [format!("connect to {old} now"), format!("redis://:{old}@h/0")] {
            assert_eq!(replaced(old, NEW, "KEY", &value), Ok(None), "{value}");
        }
        let line = format!("h:1:{old}:miniflux:{old}");
        let wanted = format!("h:1:{old}:miniflux:{NEW}");
        assert_eq!(replaced(old, NEW, "KEY", &line), Ok(Some(wanted)));
    }
}

#[test]
fn what_stands_beside_another_role_is_its_own() {
    for value in [
        "postgres://paperless:SecretOne1@h/d",
        "jdbc:postgresql://h/d?user=paperless&password=SecretOne1",
        "h:5432:d:paperless:SecretOne1",
    ] {
        assert_eq!(replaced("SecretOne1", NEW, "KEY", value), Ok(None), "{value}");
        assert!(
            replaced("SecretOne1", NEW, "KEY", &value.replace("paperless", "miniflux"))
                .unwrap()
                .is_some()
        );
    }
}
