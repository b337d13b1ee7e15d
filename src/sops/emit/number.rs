//! Floats as Go prints them.
//!
//! | | YAML | JSON | dotenv, INI |
//! |---|---|---|---|
//! | 3.0 | `3` | `3` | `3.0` |
//! | 1234567.5 | `1.2345675e+06` | `1234567.5` | `1.2345675E+06` |
//! | 1e-7 | `1e-07` | `1e-7` | `1E-07` |
//! | -0.0 | `-0.0` | `-0.0` | `-0.0` |
//!
//! All have the shortest digits that read back as the same float. They differ in when an exponent is written
//! and how. Negative zero alone is not Go's: its `-0` would be read back as the integer 0.

/// In YAML, as `strconv.FormatFloat(float, 'g', -1, 64)` but for the names of infinities and NaN.
pub(super) fn yaml(float: f64) -> String {
    if float.is_nan() {
        ".nan".to_owned()
    } else if float.is_infinite() {
        if float > 0.0 { ".inf" } else { "-.inf" }.to_owned()
    } else {
        general(float, 'e')
    }
}

/// In JSON, a finite float: an exponent below 1e-6 and from 1e21 on, where ECMAScript has it.
pub(super) fn json(float: f64) -> String {
    match scientific(float) {
        (digits, power) if !(-6..21).contains(&power) => format!("{digits}e{power:+}"),
        _ => plain(float),
    }
}

/// As text: never to be taken for an integer.
pub(super) fn text(float: f64) -> String {
    if float.is_nan() {
        return "NaN".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let text = general(float, 'E');
    if text.contains(['.', 'E']) { text } else { format!("{float:.1}") }
}

/// An exponent below 1e-4 and from 1e6 on, of two digits at least.
fn general(float: f64, exponent: char) -> String {
    match scientific(float) {
        (digits, power) if !(-4..6).contains(&power) => {
            let sign = if power < 0 { '-' } else { '+' };
            format!("{digits}{exponent}{sign}{:02}", power.abs())
        }
        _ => plain(float),
    }
}

fn plain(float: f64) -> String {
    if float == 0.0 {
        return if float.is_sign_negative() { "-0.0" } else { "0" }.to_owned();
    }
    let (digits, power) = scientific(float);
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |rest| ("-", rest));
    let digits = digits.replace('.', "");
    let whole = usize::try_from(power + 1).unwrap_or(0);
    match digits.split_at_checked(whole) {
        Some((_, decimals)) if whole == 0 => {
            let zeros = "0".repeat(usize::try_from(-power - 1).unwrap_or(0));
            format!("{sign}0.{zeros}{decimals}")
        }
        Some((whole, "")) => format!("{sign}{whole}"),
        Some((whole, decimals)) => format!("{sign}{whole}.{decimals}"),
        None => format!("{sign}{digits}{}", "0".repeat(whole - digits.len())),
    }
}

/// Sign and digits with the point behind the first one, and the power of ten; 0 for zero.
///
/// Where two texts of the shortest length are equally near, Rust takes the greater one and Go the even one,
/// as rounding to that length does: 765111875649130.25 is `765111875649130.2` to Go.
fn scientific(float: f64) -> (String, i32) {
    let shortest = format!("{float:e}");
    let digits =
        shortest.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count();
    let even = format!("{float:.*e}", digits - 1);
    // Next to a power of two, what is nearer may be another float.
    let text = if even.parse() == Ok(float) { even } else { shortest };
    let (digits, power) =
        text.split_once('e').expect("a finite float has an exponent in this form");
    (digits.to_owned(), power.parse().expect("it has at most three digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_begin_where_go_begins_them() {
        for (float, in_yaml, in_json, as_text) in [
            (0.0, "0", "0", "0.0"),
            (3.0, "3", "3", "3.0"),
            (-1.5, "-1.5", "-1.5", "-1.5"),
            (123_456.0, "123456", "123456", "123456.0"),
            (999_999.5, "999999.5", "999999.5", "999999.5"),
            (1e6, "1e+06", "1000000", "1E+06"),
            (1_234_567.5, "1.2345675e+06", "1234567.5", "1.2345675E+06"),
            (1e20, "1e+20", "100000000000000000000", "1E+20"),
            (1e21, "1e+21", "1e+21", "1E+21"),
            (0.0001, "0.0001", "0.0001", "0.0001"),
            (0.000_01, "1e-05", "0.00001", "1E-05"),
            (1e-6, "1e-06", "0.000001", "1E-06"),
            (1e-7, "1e-07", "1e-7", "1E-07"),
            (-2.5e-300, "-2.5e-300", "-2.5e-300", "-2.5E-300"),
            (
                f64::MAX,
                "1.7976931348623157e+308",
                "1.7976931348623157e+308",
                "1.7976931348623157E+308",
            ),
        ] {
            assert_eq!(
                (yaml(float), json(float), text(float)),
                (in_yaml.into(), in_json.into(), as_text.into())
            );
        }
    }

    #[test]
    fn of_two_shortest_texts_the_even_one_is_written() {
        for (float, text) in [
            (765_111_875_649_130.2, "765111875649130.2"),
            (765_111_875_649_130.8, "765111875649130.8"),
            (9.790_497_243_790_997e16, "97904972437909970"),
            (-0.001_25, "-0.00125"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(json(float), text);
        }
    }

    #[test]
    fn negative_zero_stays_a_float() {
        assert_eq!([yaml(-0.0), json(-0.0), text(-0.0)], ["-0.0", "-0.0", "-0.0"]);
    }

    #[test]
    fn what_is_not_a_number_has_a_name() {
        let all = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        assert_eq!(all.map(yaml), [".inf", "-.inf", ".nan"]);
        assert_eq!(all.map(text), ["+Inf", "-Inf", "NaN"]);
    }
}
