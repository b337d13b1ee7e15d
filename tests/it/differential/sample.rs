//! A generated file, in parts that can be left out one by one.

use super::draw::Draw;
use super::{flat, json, yaml};

/// The formats, by the ending that makes both programs choose them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    Yaml,
    Json,
    Dotenv,
    Ini,
    Binary,
}

impl Format {
    /// The ending of the file's name.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Format::Yaml => "yaml",
            Format::Json => "json",
            Format::Dotenv => "env",
            Format::Ini => "ini",
            Format::Binary => "bin",
        }
    }
}

/// One file and how it is to be encrypted.
#[derive(Clone)]
pub(super) struct Sample {
    pub(super) format: Format,
    /// What is between the parts, and around them.
    pub(super) frame: Frame,
    /// The cases: entries with their comments, members, variables. In YAML also the marks between documents.
    pub(super) parts: Vec<Vec<u8>>,
    /// Flags of both programs that say which values are encrypted.
    pub(super) flags: Vec<&'static str>,
    /// Whether the values must come back byte for byte; they cannot where aliases are written out.
    pub(super) exact: bool,
}

/// What a file has besides its parts.
#[derive(Clone, Default)]
pub(super) struct Frame {
    pub(super) head: &'static str,
    pub(super) joint: &'static str,
    pub(super) foot: &'static str,
    /// Lines end in CR LF.
    pub(super) crlf: bool,
    /// The last line does not end.
    pub(super) open_end: bool,
}

impl Sample {
    /// Draws a file of a format.
    pub(super) fn draw(format: Format, draw: &mut Draw) -> Sample {
        let mut sample = match format {
            Format::Yaml => yaml::sample(draw),
            Format::Json => json::sample(draw),
            Format::Dotenv => flat::dotenv(draw),
            Format::Ini => flat::ini(draw),
            Format::Binary => flat::binary(draw),
        };
        // Binary files are encrypted as a whole.
        if format != Format::Binary {
            sample.flags = selection(draw, format);
            // A plain block at the end would have to strip its missing line break, and comes back with that header.
            sample.frame.open_end &= format != Format::Yaml || sample.flags.is_empty();
        }
        sample
    }

    /// The bytes of the file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.frame.head.as_bytes().to_vec();
        bytes.extend(self.parts.join(self.frame.joint.as_bytes()));
        bytes.extend(self.frame.foot.as_bytes());
        if self.frame.open_end && bytes.ends_with(b"\n") {
            bytes.pop();
        }
        if self.frame.crlf {
            let text = String::from_utf8(bytes).expect("only text has lines");
            bytes = text.replace('\n', "\r\n").into_bytes();
        }
        bytes
    }

    /// Whether nothing follows a mark between documents; such a file has its own known differences.
    pub(super) fn has_empty_document(&self) -> bool {
        let mark = |part: &Vec<u8>| part.starts_with(b"---");
        self.parts.last().is_some_and(mark) || self.parts.windows(2).any(|two| two.iter().all(mark))
    }

    /// The cases: parts that are more than a mark between documents.
    pub(super) fn cases(&self) -> usize {
        self.parts.iter().filter(|part| !part.starts_with(b"---")).count()
    }
}

/// Half of the files are encrypted as a whole, the others by one of the six settings.
fn selection(draw: &mut Draw, format: Format) -> Vec<&'static str> {
    let mut flags = match draw.below(12) {
        0 => vec!["--encrypted-regex=[3-6]"],
        1 => vec!["--unencrypted-regex=[3-6]$"],
        2 => vec!["--encrypted-suffix=_secret"],
        3 => vec!["--unencrypted-suffix=_clear"],
        4 if format == Format::Yaml => vec!["--encrypted-comment-regex=TEST"],
        5 if format == Format::Yaml => vec!["--unencrypted-comment-regex=TEST"],
        _ => Vec::new(),
    };
    if draw.percent(20) {
        flags.push("--mac-only-encrypted");
    }
    flags
}
