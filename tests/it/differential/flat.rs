//! Random dotenv, INI and binary files.

use super::draw::Draw;
use super::sample::{Format, Frame, Sample};

/// A part is a variable with the comments and empty lines above it.
pub(super) fn dotenv(draw: &mut Draw) -> Sample {
    let mut parts = Vec::new();
    let crlf = draw.percent(10);
    let mut above = vec!["# comment\n", "#tight # twice\n", "#\n", "#a=b\n"];
    // sops takes the carriage return of an empty line for a variable without a name, and refuses it.
    above.extend(["\n", "\n\n"].iter().filter(|_| !crlf));
    for number in 0..1 + draw.below(10) {
        let mut part = String::new();
        while draw.percent(25) {
            part += draw.one(&above);
        }
        let ends = ["", "_secret", "_clear", ".x", "-y", " ", "\u{e9}"];
        let name = match draw.below(25) {
            0 => "AGAIN".to_owned(),
            1 => format!("export K{number}"),
            _ => format!("K{number}{}", draw.one(&ends)),
        };
        part += &format!("{name}={}\n", dotenv_value(draw));
        parts.push(part.into_bytes());
    }
    let frame = Frame { crlf, open_end: draw.percent(25), ..Frame::default() };
    Sample { format: Format::Dotenv, frame, parts, flags: Vec::new(), exact: true }
}

/// Nothing is quoted or trimmed in a dotenv file, so every line is a value.
fn dotenv_value(draw: &mut Draw) -> String {
    let text = draw.text(true);
    match draw.below(12) {
        0 => format!("\"{text}\""),
        1 => format!("'{text}' # no comment"),
        2 => format!(" {text} "),
        3 => format!("{text}\\n{text}\\n"),
        4 => format!("\\\\n{text}\\t\\"),
        5 => draw.one(&["42", "true", "null", "1.50", "2024-01-02", "~", ""]).to_owned(),
        _ => text,
    }
}

/// A part is a section, or the keys before the first.
pub(super) fn ini(draw: &mut Draw) -> Sample {
    let mut parts = Vec::new();
    for number in 0..1 + draw.below(5) {
        let mut part = String::new();
        if number > 0 || draw.percent(70) {
            ini_comment(draw, &mut part);
            let ends = ["", "_secret", "_clear", ".child", " two words", "\u{e9}"];
            part += &format!("[s{number}{}]\n", draw.one(&ends));
        }
        for key in 0..1 + draw.below(4) {
            ini_comment(draw, &mut part);
            let ends = ["", "_secret", "_clear", ".x", " y", "\u{e9}"];
            let equals = draw.one(&["=", " = ", " : ", "="]);
            part += &format!("k{key}{}{equals}{}\n", draw.one(&ends), ini_value(draw));
        }
        if draw.percent(50) {
            part.push('\n');
        }
        parts.push(part.into_bytes());
    }
    let frame = Frame { crlf: draw.percent(10), open_end: draw.percent(25), ..Frame::default() };
    Sample { format: Format::Ini, frame, parts, flags: Vec::new(), exact: true }
}

fn ini_comment(draw: &mut Draw, part: &mut String) {
    if draw.percent(20) {
        *part += draw.one(&["; comment\n", "# hash\n", ";tight\n", "; two\n; lines\n"]);
    }
}

/// Plain, quoted and spread values. What would be an inline comment or a continued line to sops is
/// protected, because sops itself loses the rest of it.
fn ini_value(draw: &mut Draw) -> String {
    let words = draw.text(false);
    match draw.below(10) {
        0 => format!("\"{words}\""),
        1 => format!("`{words};#`"),
        2 => format!("\"\"\"{words}\ntwo # three\n\"\"\""),
        3 => draw.one(&["42", "true", "1.50", "", "\"\"", "'x'"]).to_owned(),
        4 => format!("{words}=a:b"),
        5 => format!("\"  {words}  \""),
        6 => format!("{words}, \u{65e5}\u{672c} \u{1f510}"),
        _ => words,
    }
}

/// One part, which is everything; it cannot be made smaller by leaving out parts, but by halving.
pub(super) fn binary(draw: &mut Draw) -> Sample {
    let length = match draw.below(20) {
        0 => 0,
        1 => 1,
        2 => 200_000,
        _ => draw.below(2_000),
    };
    let bytes: Vec<u8> = match draw.below(3) {
        0 => draw.line(true).repeat(1 + length / 50).into_bytes(),
        _ => (0..length).map(|_| draw.next().to_le_bytes()[3]).collect(),
    };
    let frame = Frame::default();
    Sample { format: Format::Binary, frame, parts: vec![bytes], flags: Vec::new(), exact: true }
}
