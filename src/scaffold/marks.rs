//! Labels and annotations as somebody gives them, with the syntax that the API server demands of them.
//!
//! ```text
//! app.kubernetes.io/part-of=grafana                      a label
//! kustomize.toolkit.fluxcd.io/substitute=disabled        an annotation, whose value may be any text
//! ```
//!
//! Refused: what the API server would refuse (`ValidateLabels`, `ValidateAnnotations`), and a key that is given twice.

use crate::kube::{is_label_value, is_qualified_name};

/// How many bytes the annotations of an object may have together: `TotalAnnotationSizeLimitB` of the API server.
const MOST_BYTES: usize = 256 << 10;

/// Why something is no label or annotation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// No `KEY=VALUE`.
    #[error("`{text}` is not `KEY=VALUE`")]
    NoValue {
        /// What was given.
        text: String,
    },
    /// The API server would not take this key.
    #[error(
        "`{key}` is not a key for labels and annotations: `NAME` or `DOMAIN/NAME`, the name of letters, digits, `-`, `_` \
         and `.`, at most 63"
    )]
    Key {
        /// The key.
        key: String,
    },
    /// The API server would not take the value of this label.
    #[error(
        "the value of the label `{key}` is none: letters, digits, `-`, `_` and `.`, at most 63"
    )]
    Value {
        /// The key.
        key: String,
    },
    /// Two values for one key.
    #[error("`{key}` is given twice")]
    Twice {
        /// The key.
        key: String,
    },
    /// The API server would not take so much.
    #[error("the annotations have {bytes} bytes together, at most {MOST_BYTES} are allowed")]
    Size {
        /// What they have.
        bytes: usize,
    },
}

/// Keys and values in their order.
pub(crate) type Marks = Vec<(String, String)>;

/// Labels, each as `KEY=VALUE`.
pub(crate) fn labels(given: &[String]) -> Result<Marks, Error> {
    let marks = read(given, is_qualified_name)?;
    match marks.iter().find(|(_, value)| !is_label_value(value)) {
        Some((key, _)) => Err(Error::Value { key: key.clone() }),
        None => Ok(marks),
    }
}

/// Annotations, each as `KEY=VALUE`.
pub(crate) fn annotations(given: &[String]) -> Result<Marks, Error> {
    let marks = read(given, |key| is_qualified_name(&key.to_ascii_lowercase()))?;
    let bytes = marks.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > MOST_BYTES { Err(Error::Size { bytes }) } else { Ok(marks) }
}

fn read(given: &[String], is_key: impl Fn(&str) -> bool) -> Result<Marks, Error> {
    let mut marks = Marks::new();
    for text in given {
        let (key, value) =
            text.split_once('=').ok_or_else(|| Error::NoValue { text: text.clone() })?;
        let key = key.to_owned();
        if !is_key(&key) {
            return Err(Error::Key { key });
        }
        if marks.iter().any(|(earlier, _)| *earlier == key) {
            return Err(Error::Twice { key });
        }
        marks.push((key, value.to_owned()));
    }
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_annotations_are_read_and_refused_as_the_api_server_does() {
        let given = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            labels(&given(&["a.b/c=true", "D="])).unwrap(),
            [pair("a.b/c", "true"), pair("D", "")]
        );
        // Of an annotation the value is any text, and the case of a domain does not count.
        assert_eq!(
            annotations(&given(&["A.b/c={\"x\"=1} \n"])).unwrap(),
            [pair("A.b/c", "{\"x\"=1} \n")]
        );
        let of_label = |texts: &[&str]| labels(&given(texts)).unwrap_err().to_string();
        assert_eq!(of_label(&["a"]), "`a` is not `KEY=VALUE`");
        assert!(of_label(&["A.b/c=x"]).starts_with("`A.b/c` is not a key"));
        assert!(of_label(&["a=x y"]).starts_with("the value of the label `a` is none"));
        assert_eq!(of_label(&["a=x", "a=y"]), "`a` is given twice");
        let of_annotation = |text: String| annotations(&[text]).unwrap_err().to_string();
        assert!(of_annotation("a b=x".into()).starts_with("`a b` is not a key"));
        assert!(annotations(&[format!("a={}", "x".repeat(MOST_BYTES - 1))]).is_ok());
        assert_eq!(
            of_annotation(format!("a={}", "x".repeat(MOST_BYTES))),
            "the annotations have 262145 bytes together, at most 262144 are allowed"
        );
    }
}
