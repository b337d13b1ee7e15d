//! What a new file begins with in the editor: something to overwrite, not to keep.
//!
//! A YAML file whose creation rule encrypts `data` and `stringData`, and not what names the object, is going
//! to be a Kubernetes Secret:
//!
//! ```yaml
//! apiVersion: v1
//! kind: Secret
//! metadata:
//!   name: grafana        # for apps/grafana/secret.yaml
//! stringData:
//!   key: value
//! ```
//!
//! Anything else begins with an example of what its format can hold.

use std::path::Path;

use crate::sops::Format;
use crate::sops::selection::Selection;

/// File and folder names that tell what something is in every app, but not which app's it is.
const GENERIC: [&str; 9] =
    ["app", "base", "config", "credentials", "env", "manifests", "secret", "secrets", "values"];

/// Longest name of a Kubernetes object (RFC 1123 label).
const LONGEST_NAME: usize = 63;

/// The first content of a new file at `path`, encrypted by `selection`.
pub(crate) fn template(format: Format, path: &Path, selection: &Selection) -> String {
    match format {
        Format::Yaml if is_for_secrets(selection) => secret(&object_name(path)),
        Format::Yaml => YAML.to_owned(),
        Format::Json => JSON.to_owned(),
        Format::Dotenv => DOTENV.to_owned(),
        Format::Ini => INI.to_owned(),
        Format::Binary => BINARY.to_owned(),
    }
}

const YAML: &str = "\
# An example; put your own in its place. Values are encrypted when you save, keys are not.
user: somebody
password: change me
enabled: true
limit: 12.5
hosts:
  - one.example.com
  - two.example.com
";

const JSON: &str = r#"{
  "user": "somebody",
  "password": "change me",
  "enabled": true,
  "limit": 12.5,
  "hosts": ["one.example.com", "two.example.com"]
}
"#;

const DOTENV: &str = "\
# An example; put your own in its place. Values are encrypted when you save, names are not.
APP_USER=somebody
APP_PASSWORD=change me
";

const INI: &str = "\
; An example; put your own in its place. Values are encrypted when you save, names are not.
[database]
user = somebody
password = change me
";

const BINARY: &str =
    "Put your own in the place of this line; all of the file is encrypted when you save.\n";

fn secret(name: &str) -> String {
    format!(
        "apiVersion: v1
kind: Secret
metadata:
  name: {name}
stringData:
  key: value
"
    )
}

/// Whether a selection encrypts the values of Secrets and leaves readable what kubectl and kustomize read.
fn is_for_secrets(selection: &Selection) -> bool {
    let encrypts = |keys: &[&str]| selection.selects(keys.iter().copied());
    encrypts(&["data", "x"])
        && encrypts(&["stringData", "x"])
        && !encrypts(&["apiVersion"])
        && !encrypts(&["kind"])
        && !encrypts(&["metadata", "name"])
}

/// What the object in a file is likely to be called: as the file, if that is not called as in every other
/// folder, else as the nearest folder that is not.
fn object_name(path: &Path) -> String {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // `grafana.sops.yaml`, `grafana.enc.yaml`: the rest is for programs.
    let stem = file.split('.').next().unwrap_or_default().to_owned();
    let folders = path.parent().into_iter().flat_map(Path::iter);
    let folders: Vec<String> = folders.map(|name| name.to_string_lossy().into_owned()).collect();
    let mut candidates = std::iter::once(stem).chain(folders.into_iter().rev()).map(label);
    candidates
        .find(|name| !name.is_empty() && !GENERIC.contains(&name.as_str()))
        .unwrap_or_else(|| "example".to_owned())
}

/// A text as an RFC 1123 label: lower-case letters, digits and hyphens inside.
fn label(text: String) -> String {
    let letters = text.chars().map(|c| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    });
    let label: String = letters.collect();
    let label = label.trim_matches('-');
    label[..label.len().min(LONGEST_NAME)].trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::sops::selection::Settings;

    fn encrypting(regex: &str) -> Selection {
        let settings = Settings { encrypted_regex: Some(regex), ..Settings::default() };
        Selection::new(settings).unwrap()
    }

    fn yaml(path: &str, selection: &Selection) -> String {
        template(Format::Yaml, Path::new(path), selection)
    }

    #[test]
    fn a_rule_for_secrets_gives_a_secret() {
        let made = yaml("apps/grafana/app/secret.sops.yaml", &encrypting("^(data|stringData)$"));
        let document = Document::parse(made.into_bytes()).unwrap();
        let root = document.roots()[0].node;
        let text = |keys: &[&str]| document.text(document.descend(root, keys).unwrap());
        assert_eq!(text(&["kind"]), Some("Secret"));
        assert_eq!(text(&["metadata", "name"]), Some("grafana"));
        assert!(document.descend(root, &["stringData", "key"]).is_some());
    }

    #[test]
    fn any_other_rule_gives_an_example() {
        for selection in [Selection::default(), encrypting("^data$"), encrypting(".*")] {
            let made = yaml("a.yaml", &selection);
            assert!(!made.contains("kind"), "{made}");
            Document::parse(made.into_bytes()).unwrap();
        }
    }

    #[test]
    fn names_come_from_file_or_folder() {
        for (path, name) in [
            ("secret.yaml", "example"),
            ("/secret.yaml", "example"),
            ("apps/miniflux/secret.yaml", "miniflux"),
            ("apps/miniflux/app/secrets.enc.yaml", "miniflux"),
            ("apps/miniflux/miniflux-db.sops.yaml", "miniflux-db"),
            ("a/My_App/values.yml", "my-app"),
            ("-.yaml", "example"),
            ("ü.yaml", "example"),
        ] {
            assert_eq!(object_name(Path::new(path)), name, "{path}");
        }
        assert_eq!(label("a-".repeat(40)).len(), 63);
    }

    #[test]
    fn every_example_is_of_its_format() {
        let of = |format| template(format, Path::new("a"), &Selection::default());
        Document::parse(of(Format::Yaml).into_bytes()).unwrap();
        serde_json::from_str::<serde_json::Value>(&of(Format::Json)).unwrap();
        let is_line = |line: &str| line.starts_with('#') || line.contains('=');
        assert!(of(Format::Dotenv).lines().all(is_line));
        let is_line = |line: &str| line.starts_with([';', '[']) || line.contains(" = ");
        assert!(of(Format::Ini).lines().all(is_line));
        assert!(of(Format::Binary).ends_with(".\n"));
    }
}
