//! Random JSON: every spelling of numbers and escapes, free white space, repeated members.

use super::draw::Draw;
use super::sample::{Format, Frame, Sample};

/// One object; a part is a member of it.
pub(super) fn sample(draw: &mut Draw) -> Sample {
    let count = 1 + draw.below(9);
    let part = |number| {
        let name = member_name(draw, number);
        let mut part = blank(draw).to_owned();
        part += &format!("{name}{}:{}", blank(draw), blank(draw));
        value(draw, &mut part, 3);
        part += blank(draw);
        part.into_bytes()
    };
    let parts = (0..count).map(part).collect();
    let frame = Frame {
        head: draw.one(&["{", "{\n", "\n {"]),
        joint: ",",
        foot: draw.one(&["}", "}\n", "\n}\n", " } \n\n"]),
        crlf: draw.percent(10),
        open_end: draw.percent(10),
    };
    Sample { format: Format::Json, frame, parts, flags: Vec::new(), exact: true }
}

/// Numbered, so that names repeat only where that is meant.
fn member_name(draw: &mut Draw, number: usize) -> String {
    let ends = ["", "_secret", "_clear", " b", ".c:d", "\\u00e9", "\\\"", "\u{65e5}", "\\n"];
    let end = draw.one(&ends);
    match draw.below(30) {
        0 => "\"again\"".to_owned(),
        _ => format!("\"k{number}{end}\""),
    }
}

fn value(draw: &mut Draw, out: &mut String, depth: usize) {
    match draw.below(if depth == 0 { 6 } else { 9 }) {
        0 | 1 => *out += number(draw),
        2 => *out += draw.one(&["true", "false", "null"]),
        3..=5 => string(draw, out),
        6 | 7 => object(draw, out, depth),
        _ => array(draw, out, depth),
    }
}

fn object(draw: &mut Draw, out: &mut String, depth: usize) {
    out.push('{');
    for number in 0..draw.below(4) {
        *out += if number > 0 { "," } else { "" };
        *out += blank(draw);
        *out += &member_name(draw, number);
        *out += ":";
        *out += blank(draw);
        value(draw, out, depth - 1);
    }
    *out += blank(draw);
    out.push('}');
}

fn array(draw: &mut Draw, out: &mut String, depth: usize) {
    out.push('[');
    for number in 0..draw.below(4) {
        *out += if number > 0 { "," } else { "" };
        *out += blank(draw);
        value(draw, out, depth - 1);
    }
    *out += blank(draw);
    out.push(']');
}

/// Numbers at the limits of both types, and every way to write them.
fn number(draw: &mut Draw) -> &'static str {
    draw.one(&[
        "0",
        "-0",
        "42",
        "-7",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "18446744073709551616",
        "123456789012345678901234567890",
        "0.0",
        "-0.0",
        "1.0",
        "2.50",
        "3.14",
        "1e3",
        "1E+3",
        "1e-7",
        "1e21",
        "1.7976931348623157e308",
        "5e-324",
        "0.1",
        "9007199254740993",
        "123456789.125",
    ])
}

fn string(draw: &mut Draw, out: &mut String) {
    out.push('"');
    for character in draw.text(true).chars() {
        match character {
            '"' => *out += "\\\"",
            '\\' => *out += "\\\\",
            '/' if draw.percent(50) => *out += "\\/",
            other if draw.percent(3) => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    *out += &format!("\\u{unit:04x}");
                }
            }
            other => out.push(other),
        }
    }
    if draw.percent(20) {
        *out += draw
            .one(&["\\n", "\\t", "\\r\\n", "\\b\\f", "\\u0000", "\\u001f", "\\u2028", "\\u00E4"]);
    }
    out.push('"');
}

/// White space between tokens.
fn blank(draw: &mut Draw) -> &'static str {
    draw.one(&["", "", " ", " ", "\n  ", "\n\t", "  "])
}
