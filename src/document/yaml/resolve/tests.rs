use super::*;

/// How sops 3.13.3 (and 3.9.4, the same) reads plain scalars: `type value <- spelling | spelling`. Types come from the tokens of
/// `sops encrypt`, values from `sops decrypt`; NaN, the infinities and the two refusals were looked up by hand.
const PLAIN: &str = r#"
null <-  | null | Null | NULL | ~
bool true <- true | True | TRUE
bool false <- false | False | FALSE
int 0 <- 0 | 00 | 000 | -0 | +0 | 0b0 | 0__ | 0_ | +0_ | -0_ | 0_0
int 1 <- 1 | 1_ | +_1_ | 0b_1 | 0b+1 | 1__ | 0_b1 | 0b1_ | 0x1_
int 12 <- 12 | +12 | 1___2
int -12 <- -12
int 7 <- 007 | 0o7 | 0O7 | +0o7 | 0o_7 | 0o+7 | 0_o7
int 493 <- 0755 | +0755
int -493 <- -0755
int 511 <- 0777_ | 0_777
int 1000 <- 1_000 | 1__000
int -1 <- -_1 | 0b-1
int 31 <- 0x1F | 0X1f | 0x1_F | 0_x1F | +0x1f
int -31 <- -0x1F
int 9223372036854775807 <- 0x7FFFFFFFFFFFFFFF | 0b111111111111111111111111111111111111111111111111111111111111111 |
    0o777777777777777777777 | 9223372036854775807 | 0777777777777777777777
int -9223372036854775808 <- -0x8000000000000000 |
    -0b1000000000000000000000000000000000000000000000000000000000000000 | -9223372036854775808
int 5 <- 0b101 | 0B101 | +0b101
int -5 <- -0b101
int 2 <- 0b1_0
int -7 <- -0o7 | 0o-7
int 1234554321 <- 12345_54321
int 20010101 <- 2001_01_01
int 483 <- 0x1e3
float NaN <- .nan | .NaN | .NAN
float inf <- .inf | .Inf | .INF | +.inf | +.Inf
float -inf <- -.INF | -.inf
float 0.5 <- .5 | +.5 | 00.5
float 500 <- .5e3 | +.5e3
float 0.0005 <- .5E-3
float 0.1 <- .1_0 | 0.1
float 1e+29 <- .1e3_0
float 0 <- .5e-400 | 1e-400 | 2e-324 | 0.0 | 0. | 0e0
float 8 <- 08 | +08 | 0_8
float 9 <- 09
float -8 <- -08
float 8.5 <- 08.5
float 18 <- 018
float 128 <- 0128
float -9223372036854776000 <- -9223372036854775809
float 9223372036854776000 <- +9223372036854775808
float 18446744073709552000 <- +18446744073709551615 | 18446744073709551616
float 1.2345678901234568e+22 <- 12345678901234567890123
float -1.2345678901234568e+22 <- -12345678901234567890123
float 7.777777777777778e+23 <- 0777777777777777777777777
float 1 <- 1.0 | 1. | 0.1e1 | 1e0
float 1.5 <- 1.50 | +1.5 | 1._5 | 1_.5
float -1 <- -1.
float -0.5 <- -.5 | -._5
float 10.5 <- 1_0.5_0
float 1000 <- 1e3 | 1E3 | 1e+3 | 1.e3 | 1_e3 | 1e_3
float 0.001 <- 1e-3
float -1000 <- -1e3
float 1500 <- 1.5e3
float 1.7976931348623157e+308 <- 1.7976931348623157e308
float 5e-324 <- 4.9e-324
float 10000000000 <- 1e1_0
float 1e+21 <- 1e21
float 123456789 <- 123456789.0
float -0 <- -0.0
float 1.1 <- 1.10
float 80 <- 08e1
float 755.5 <- 0755.5
float 3.141592653589793 <- 3.14159265358979323846
float 9007199254740992 <- 9007199254740993.0
float 1e+38 <- 100000000000000000000000000000000000000
float -0.55 <- -.5_5
float 1.2 <- 1.2 | 1.20
time 2001-01-01T00:00:00Z <- 2001-01-01 | 2001-1-1 | 2001-1-01
time 2001-12-31T00:00:00Z <- 2001-12-31
time 2000-02-29T00:00:00Z <- 2000-02-29
time 2004-02-29T00:00:00Z <- 2004-02-29
time 2001-04-30T00:00:00Z <- 2001-4-30
time 0000-01-01T00:00:00Z <- 0000-01-01
time 0000-02-29T00:00:00Z <- 0000-02-29
time 0001-01-01T00:00:00Z <- 0001-01-01
time 9999-12-31T00:00:00Z <- 9999-12-31
time 2001-12-14T01:02:03Z <- 2001-12-14T01:02:03Z | 2001-12-14t01:02:03Z | 2001-12-14T1:2:3Z |
    2001-12-14T01:02:03.000Z | 2001-12-14T01:02:03.0000000009Z | 2001-12-14T01:02:03+00:00 |
    2001-12-14T01:02:03-00:00 | 2001-12-14 01:02:03 | 2001-12-14 1:2:3 | 2001-12-14  01:02:03 | 2001-12-14      1:2:3
time 2001-12-14T01:02:03.5Z <- 2001-12-14T01:02:03.5Z | 2001-12-14T01:02:03,5Z | 2001-12-14T01:02:03.50Z |
    2001-12-14 01:02:03.5
time 2001-12-14T01:02:03.123456789Z <- 2001-12-14T01:02:03.123456789Z | 2001-12-14T01:02:03.1234567891Z |
    2001-12-14T01:02:03.1234567899Z | 2001-12-14 01:02:03.1234567890
time 2001-12-14T01:02:03.000000001Z <- 2001-12-14T01:02:03.000000001Z
time 2001-12-14T01:02:03.1Z <- 2001-12-14T01:02:03.100000000Z
time 2001-12-14T01:02:03.25+05:30 <- 2001-12-14T1:2:3.25+05:30
time 2001-12-14T01:02:03+05:30 <- 2001-12-14T01:02:03+05:30
time 2001-12-14T01:02:03-05:30 <- 2001-12-14T01:02:03-05:30
time 2001-12-14T01:02:03+06:00 <- 2001-12-14T01:02:03+05:60
time 2001-12-14T01:02:03+23:59 <- 2001-12-14T01:02:03+23:59
time 2001-12-14T01:02:03-23:59 <- 2001-12-14T01:02:03-23:59
time 2001-12-14T01:02:03-00:30 <- 2001-12-14T01:02:03-00:30
time 2001-12-14T01:02:03.5-01:00 <- 2001-12-14t1:2:3.5-01:00
time 2001-12-14T01:02:03.25Z <- 2001-12-14 01:02:03,25
time 2001-01-01T01:01:01Z <- 2001-1-1T1:1:1Z
time 0000-01-01T00:00:00+05:00 <- 0000-01-01T00:00:00+05:00
time 9999-12-31T23:59:59.999999999-01:00 <- 9999-12-31T23:59:59.999999999-01:00
time 2000-02-29T01:02:03Z <- 2000-2-29 1:2:3
too-large <- 9223372036854775808 | 18446744073709551615 | 0xFFFFFFFFFFFFFFFF |
    0b1000000000000000000000000000000000000000000000000000000000000000 | 0o1777777777777777777777 |
    01777777777777777777777 | 9_223_372_036_854_775_808
far-zone <- 2001-12-14T01:02:03+24:00 | 2001-12-14T01:02:03-24:60 | 2001-12-14T01:02:03+23:60
text <- truE | falsE | nulL | yes | Yes | YES | yeS | no | No | NO | nO | on | On | ON | oN | off | Off | OFF | ofF |
    y | Y | n | N | nan | Nan | NAN | naN | inf | Inf | INF | inF | infinity | Infinity | INFINITY | infinitY | ~~ |
    .Nan | +.nan | -.nan | .iNF | NaN | +Inf | -inf | .infinity | +.infinity | << | = | . | .. | .1__0 | ._1 | .1_ |
    .1_e3 | .5. | ..5 | .e5 | .5p3 | .0x1 | .-5 | .5e400 | .1e | .1e+ | .1e+_3 | _1 | + | --1 | +-1 | -+1 | ++1 | 0x |
    0X | 0xG | 0x1.8 | 0x1p-2 | 0x1P3 | 0x.8 | 0x-1 | 0xFFFFFFFFFFFFFFFF0 | -0x8000000000000001 |
    +0xFFFFFFFFFFFFFFFF | 0b | 0b12 | -0b-1 | -0b+1 | 0B-1 | 0b--1 | +0b-1 |
    -0b1111111111111111111111111111111111111111111111111111111111111111 |
    0b11111111111111111111111111111111111111111111111111111111111111111 | 0o | 0o8 | -0o-7 | -0o+7 | 0O-7 | +0o-7 |
    0o2000000000000000000000 | 0o7777777777777777777777777 | 01777777777777777777777x | 1e | 1e+ | 1e3.5 | 1e400 |
    -1e400 | 1.7976931348623159e308 | 1.2.3 | 1,000 | 1,5 | 1:30 | 190:20:30 | 1:30.5 | -1:30 | 12:30:45 | 1 000 |
    1.0f | 1d | 1L | 1n | 1.5. | 1.e | +.e3 | +._ | +. | -. | 2001-12-32 | 2001-13-01 | 2001-0-1 | 2001-00-01 |
    2001-01-00 | 2001-1-0 | 1900-02-29 | 2001-02-29 | 2001-04-31 | 10000-01-01 | 999-01-01 | 2001-001-01 |
    2001-01-001 | 2001-01 | 2001- | 2001-01- | -2001-01-01 | +2001-01-01 | 2001-01-01Z | 2001-01-01+01:00 |
    2001/01/01 | 2001-1-1- | 2001-01-0_1 | 20_01-01-01 | 2001-12-14T01:02:03z | 2001-12-14t01:02:03z |
    2001-12-14T01:02:03 | 2001-12-14t01:02:03 | 2001-12-14T01:02Z | 2001-12-14T01Z | 2001-12-14TZ |
    2001-12-14T24:00:00Z | 2001-12-14T23:59:60Z | 2001-12-14T23:60:00Z | 2001-12-14T01:02:03.Z |
    2001-12-14T01:02:03+0530 | 2001-12-14T01:02:03+05 | 2001-12-14T01:02:03+5:30 | 2001-12-14T01:02:03+05:3 |
    2001-12-14T01:02:03+05:61 | 2001-12-14T01:02:03+05:30:00 | 2001-12-14T01:02:03 +05:30 | 2001-12-14T01:02:03 Z |
    2001-12-14T01:02:03ZZ | 2001-12-14T01:02:03UTC | 2001-12-14T 01:02:03Z | 2001-12-14T001:02:03Z |
    2001-12-14T01:002:03Z | 2001-12-14T01:02:003Z | 2001-12-14T01:02:03.5 | 2001-12-14T01-02-03Z |
    2001-12-14 01:02:03. | 2001-12-14 01:02:03Z | 2001-12-14 01:02:03 Z | 2001-12-14 01:02:03+01:00 |
    2001-12-14 01:02:03 +01:00 | 2001-12-14 01:02 | 2001-12-14 01 | 2001-12-14 24:00:00 | 2001-12-14 T01:02:03Z |
    2001-12-1401:02:03 | 2001-12-14 01:02:03 x | 2001-12-14 01:02:03_ | abc | -x | -1x | +x | a:b | C:\x | a,b | -- |
    ---x | 1x | 0xx | x1 | é | １２ | 𝟙 | +é | 1é | 0b1é | 0xé | 2001-é1-01 | 200é-01-01 | ٣ | null x | tru | TrUe |
    Nulll | NuLL | -true | +null | -~ | .true | None | nil | undefined | 0d10 | 1e3e3 | 1-1 | 1+1 | 1/2 | 50% | 1$ |
    5m | 10Gi | 100m | 0.5s | 1.5Gi | 127.0.0.1 | 10.0.0.0/8 | ::1 | fe80::1 | v1 | 1.2.3-rc.1 | e3 | E5 | -e5 | +e5 |
    1e3f | 0e | 0e+ | 0x1e+3 | 0_x | 0x_ | 0b_ | 0o_ | _0b1 | 00x1 | 0-1 | 00b1 | 0b0.1 | 0o7.5 | 0o7e3 |
    2001-12-14T01:02:03+25:00
"#;

/// The entries of a table as (expected, spelling).
fn entries(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut expected = "";
    table.lines().flat_map(move |line| {
        let spellings = match line.split_once(" <- ") {
            Some((before, spellings)) => {
                expected = before;
                spellings
            }
            None => line.strip_prefix("    ").unwrap_or(""),
        };
        let spellings = spellings.strip_suffix(" |").unwrap_or(spellings);
        spellings
            .split(" | ")
            .filter(|_| !line.is_empty())
            .map(move |spelling| (expected, spelling))
    })
}

/// Whether a result is the one a table expects.
fn agrees(result: &Result<Value, ResolveError>, expected: &str, spelling: &str) -> bool {
    let (kind, value) = expected.split_once(' ').unwrap_or((expected, ""));
    match result {
        Ok(Value::Null) => kind == "null",
        Ok(Value::Bool(flag)) => kind == "bool" && flag.to_string() == value,
        Ok(Value::Int(number)) => kind == "int" && number.to_string() == value,
        Ok(Value::Float(number)) if number.is_nan() => expected == "float NaN",
        Ok(Value::Float(number)) => {
            kind == "float" && value.parse::<f64>().unwrap().to_bits() == number.to_bits()
        }
        Ok(Value::Time(time)) => kind == "time" && time == value,
        Ok(Value::Text(text)) => kind == "text" && text.as_str() == spelling,
        Err(ResolveError::IntegerTooLarge) => kind == "too-large",
        Err(ResolveError::ZoneTooLarge) => kind == "far-zone",
        Err(ResolveError::TagMismatch { tag }) => expected == "mismatch" && !tag.is_empty(),
        Err(ResolveError::NotBase64) => kind == "not-base64",
        Err(ResolveError::BinaryNotText) => kind == "not-text",
    }
}

#[test]
fn plain_scalars_resolve_as_in_sops() {
    let mut count = 0;
    for (expected, spelling) in entries(PLAIN) {
        assert!(
            agrees(&resolve(spelling, None), expected, spelling),
            "`{spelling}` should be {expected}"
        );
        count += 1;
    }
    // A broken table reader must not pass for success.
    assert_eq!(count, 464);
}

#[test]
fn tagged_scalars_resolve_as_in_sops() {
    let table = [
        ("!!int", "3", "int 3"),
        ("tag:yaml.org,2002:int", "0755", "int 493"),
        ("!!int", "0b-1", "int -1"),
        ("!!int", "3.0", "mismatch"),
        ("!!int", "3 ", "mismatch"),
        ("!!int", "", "mismatch"),
        ("!!int", "2001-01-01", "mismatch"),
        ("!!int", "9223372036854775808", "too-large"),
        ("!!float", "3", "float 3"),
        ("!!float", "0x10", "float 16"),
        ("!!float", ".1_0", "float 0.1"),
        ("!!float", "-.inf", "float -inf"),
        ("!!float", "9223372036854775807", "float 9223372036854775807"),
        ("!!float", "1e400", "mismatch"),
        ("!!float", "2001-01-01", "mismatch"),
        ("!!bool", "True", "bool true"),
        ("!!bool", "yes", "mismatch"),
        ("!!null", "", "null"),
        ("!!null", "~", "null"),
        ("!!null", "x", "mismatch"),
        ("!!timestamp", "2001-1-1 1:2:3", "time 2001-01-01T01:02:03Z"),
        ("!!timestamp", "2001-01-01 ", "mismatch"),
        ("!!timestamp", "3", "mismatch"),
        ("!!str", "3", "text"),
        ("!!str", "", "text"),
        ("!!set", "3", "text"),
        ("!!Int", "3", "text"),
        ("!!merge", "<<", "text"),
        ("tag:yaml.org,2002:foo", "true", "text"),
        ("!env", "~", "text"),
        ("!!binary", "abc", "not-base64"),
        ("!!binary", "aGVsbG8", "not-base64"),
        ("!!binary", "aGVs bG8=", "not-base64"),
        ("!!binary", "/+8=", "not-text"),
    ];
    for (tag, text, expected) in table {
        assert!(
            agrees(&resolve_tagged(text, tag), expected, text),
            "`{tag} {text}` should be {expected}"
        );
        assert!(
            agrees(&resolve(text, Some(tag)), expected, text),
            "plain `{tag} {text}` should be {expected}"
        );
    }
}

#[test]
fn binary_is_decoded_as_go_does() {
    // Line breaks are skipped, and bits left over in the last character are not checked.
    for base64 in ["aGVsbG8=", "aGVs\nbG8=", "aGVs\r\nbG8=\n", "aGVsbG9="] {
        assert!(agrees(&resolve_tagged(base64, "!!binary"), "text", "hello"), "{base64:?}");
    }
    assert!(agrees(&resolve_tagged("", "!!binary"), "text", ""));
}

#[test]
fn a_bare_tag_leaves_a_plain_scalar_to_the_rules() {
    assert!(agrees(&resolve("3", Some("!")), "int 3", "3"));
    assert!(agrees(&resolve_tagged("3", "!"), "text", "3"));
}

#[test]
fn no_error_repeats_the_value() {
    for (text, tag) in [
        ("9223372036854775809", "!"),
        ("hunter2", "!!int"),
        ("hunter2", "!!binary"),
        ("/+8=", "!!binary"),
    ] {
        let Err(error) = resolve(text, Some(tag)) else { panic!("{text} under {tag} is no value") };
        assert!(!format!("{error} {error:?}").contains(text), "{error}");
    }
}

#[test]
fn what_resolves_to_something_else_is_never_safe() {
    for (expected, spelling) in entries(PLAIN).filter(|(expected, _)| *expected != "text") {
        assert!(!plain_is_safe(spelling, false), "`{spelling}` is {expected}");
    }
}

#[test]
fn text_is_safe_where_every_parser_keeps_it() {
    for text in [
        "abc",
        "two words",
        "a:b",
        "C:\\x",
        "a,b",
        "-x",
        "--",
        "x#y",
        "pass?word",
        "é",
        "😀",
        "v1.2.3",
        "1.2.3",
        "10.0.0.1",
        "10Gi",
        "1d",
        "http://h/p?q=1",
        "postgres://u@h:5432/d",
        "ENC[AES256_GCM,data:ZPKS,iv:IC8=,tag:h0cB==,type:str]",
        "a'b\"c",
        "=a",
        "2001-01-01x",
        "0xfoo",
        "deadbeef",
        "~x",
        "yes!",
        "-",
        "?",
        ":",
    ]
    .into_iter()
    .filter(|text| text.len() > 1)
    {
        assert!(plain_is_safe(text, false), "`{text}`");
    }
}

#[test]
fn text_is_unsafe_where_some_parser_stumbles() {
    for text in [
        // YAML 1.1 words and numbers, the 1.2 octals, dates with a zone behind a blank.
        "y",
        "N",
        "yes",
        "Off",
        "oN",
        "nULL",
        "=",
        "<<",
        "1:30",
        "-190:20:30",
        "1:30.5",
        "1_000.5",
        "1,000",
        "0o8",
        "0b2",
        "1e400",
        ".",
        "e5",
        "-.e5",
        "2001-1-1 1:2:3 +1",
        "2001-12-14t21:59:43.10-05:00",
        "2001-01-01 x",
        // Syntax.
        "",
        " a",
        "a ",
        "a\n",
        "a\nb",
        "a\tb",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "- a",
        "-",
        "? a",
        "?",
        ": a",
        ":",
        ",a",
        "[a",
        "]a",
        "{a",
        "}a",
        "&a",
        "*a",
        "!a",
        "|a",
        ">a",
        "'a",
        "\"a",
        "%a",
        "@a",
        "`a",
        "---",
        "--- a",
        "...",
        "-,",
        "a\u{85}b",
        "a\u{2028}b",
        "a\u{FEFF}",
        "a\u{7f}",
        "a\u{9b}",
        "\u{FFFE}",
    ] {
        assert!(!plain_is_safe(text, false), "{text:?}");
    }
}

#[test]
fn a_flow_collection_allows_less() {
    for text in ["a,b", "a[b", "a]b", "a{b", "a}b", "a:b", "a?b"] {
        assert!(plain_is_safe(text, false), "`{text}`");
        assert!(!plain_is_safe(text, true), "`{text}`");
    }
    assert!(plain_is_safe("a b-c", true));
}
