//! The file formats of SOPS, and how one is chosen.
//!
//! | name | suffix | encrypted | plain |
//! |---|---|---|---|
//! | `binary` | any other | JSON with `data` and `sops` | any bytes |
//! | `dotenv` | `.env` | dotenv, metadata in `sops_…` lines | dotenv |
//! | `ini` | `.ini` | INI, metadata in the section `[sops]` | INI |
//! | `json` | `.json` | JSON | JSON |
//! | `yaml` | `.yaml`, `.yml` | YAML, metadata in every document | YAML |

use std::path::Path;

use crate::document::Syntax;

/// A file format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Anything, as one value.
    Binary,
    /// `KEY=value` lines.
    Dotenv,
    /// Sections of `key = value` lines.
    Ini,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

impl Format {
    /// The format of this name; `None` where SOPS knows none of it.
    pub fn named(name: &str) -> Option<Format> {
        match name {
            "binary" => Some(Format::Binary),
            "dotenv" => Some(Format::Dotenv),
            "ini" => Some(Format::Ini),
            "json" => Some(Format::Json),
            "yaml" => Some(Format::Yaml),
            _ => None,
        }
    }

    /// The format that the name of a file tells, by its last letters and with regard to case, as SOPS does:
    /// `.env` is dotenv, `.env.local` is binary.
    pub fn of_path(path: &Path) -> Format {
        let name = path.as_os_str().as_encoded_bytes();
        let formats: [(&[u8], Format); 5] = [
            (b".yaml", Format::Yaml),
            (b".yml", Format::Yaml),
            (b".json", Format::Json),
            (b".env", Format::Dotenv),
            (b".ini", Format::Ini),
        ];
        formats
            .iter()
            .find(|(suffix, _)| name.ends_with(suffix))
            .map_or(Format::Binary, |(_, format)| *format)
    }

    /// Its name, as [`Format::named`] takes it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Binary => "binary",
            Format::Dotenv => "dotenv",
            Format::Ini => "ini",
            Format::Json => "json",
            Format::Yaml => "yaml",
        }
    }

    /// How an encrypted file of the format is written.
    pub fn syntax(self) -> Syntax {
        match self {
            Format::Dotenv => Syntax::Dotenv,
            Format::Ini => Syntax::Ini,
            Format::Binary | Format::Json => Syntax::Json,
            Format::Yaml => Syntax::Yaml,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_tell_the_format_by_their_end() {
        for (path, format) in [
            ("a/b.yaml", Format::Yaml),
            ("b.yml", Format::Yaml),
            ("b.sops.json", Format::Json),
            (".env", Format::Dotenv),
            ("a.ini", Format::Ini),
            (".env.local", Format::Binary),
            ("A.YAML", Format::Binary),
            ("yaml", Format::Binary),
        ] {
            assert_eq!(Format::of_path(Path::new(path)), format, "{path}");
        }
    }

    #[test]
    fn every_format_has_the_name_it_is_known_by() {
        for format in [Format::Binary, Format::Dotenv, Format::Ini, Format::Json, Format::Yaml] {
            assert_eq!(Format::named(format.name()), Some(format));
        }
        assert_eq!(Format::named("toml"), None);
    }
}
